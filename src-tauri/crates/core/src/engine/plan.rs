//! Under which keys a job's objects go, so that nothing is overwritten and nothing is sent twice.

use futures::future::try_join_all;

use super::free_keys::SMALL;
use super::job::{Object, Work};
use crate::error::{Code, Error, Result, Retry};
use crate::held::{self, Held, Likeness, META_SHA256, META_SOURCE, META_UPLOAD, Meant};
use crate::journal::{Claim, JobState, PlannedObject};
use crate::key::{self, Source, Subject, Template};
use crate::profile::{Duplicates, OnConflict};
use crate::transfer::{Lookup, Only};

/// How many digits of the content's hash go into the keys: none at first, more at each conflict.
pub(super) const HASH_DIGITS: [usize; 4] = [0, 8, 16, 64];

/// How an object is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// Not at all: the bucket has it, as it says itself.
    Not(Held),
    /// Only where its key is free.
    IfAbsent,
    /// In the place of what was seen there (its ETag), and of nothing else.
    Over(String),
}

impl How {
    /// The condition under which it is sent; nothing where it is not.
    pub(super) fn only(&self) -> Option<Only> {
        match self {
            Self::Not(_) => None,
            Self::IfAbsent => Some(Only::IfAbsent),
            Self::Over(seen) => Some(Only::IfStill(seen.clone())),
        }
    }
}

/// A job's keys, claimed in the journal and compared with the bucket.
pub(super) struct Plan {
    /// For each object how it is to be sent, in the order of the objects.
    pub(super) send: Vec<How>,
    /// Some keys could not be looked at.
    pub(super) hidden: bool,
}

/// What is to become of a job.
pub(super) enum Planned {
    Go(Plan),
    /// A key is taken, and the profile says to leave it so.
    Skip,
}

/// Whose content a key has that is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// What the same file was before.
    Former,
    /// Another program's.
    Other,
    /// Another upload's, of this computer or of another one.
    Upload,
}

/// What the bucket has under a job's keys.
enum Compared {
    Free(Plan),
    /// One of them holds other content; the plan would take its place.
    Taken {
        key: String,
        plan: Plan,
        by: By,
    },
}

/// Finds keys for all objects of a job together, as the profile says for keys that are taken: if all are to be kept,
/// all get a piece of the content's hash. Fills in the objects' keys.
/// With `ask`, the bucket is asked for every key, even for those that are most likely free.
pub(super) async fn plan(
    work: &Work<'_>,
    objects: &mut [Object],
    first_level: usize,
    ask: bool,
) -> Result<Planned> {
    let Work {
        stages,
        open,
        profile,
        job,
        file,
        ..
    } = work;
    if job.wanted.is_some() {
        return mended(work, objects).await.map(Planned::Go);
    }
    if let Some(plan) = linked(work, objects).await? {
        return Ok(Planned::Go(plan));
    }
    let choice = job.on_conflict.unwrap_or(profile.on_conflict);
    let plain = keys(work, objects)?;
    let former = match choice {
        OnConflict::Replace => stages.journal.former(job, &open.target, &plain[0]).await?,
        _ => None,
    };
    for digits in HASH_DIGITS.into_iter().skip(first_level) {
        for (object, key) in objects.iter_mut().zip(&plain) {
            object.key = if digits == 0 {
                key.clone()
            } else {
                key::with_hash(key, &file.sha256, digits)
            };
        }
        let taken = match claim(work, objects).await? {
            claim @ (Claim::New | Claim::Granted) => {
                match compare(work, objects, former.as_deref(), ask || claim != Claim::New).await? {
                    Compared::Free(plan) => return Ok(Planned::Go(plan)),
                    Compared::Taken { plan, .. } if choice == OnConflict::Overwrite => {
                        return Ok(Planned::Go(plan));
                    }
                    // Another file, or another computer, may have it, too: what it has is not taken from it.
                    Compared::Taken {
                        plan,
                        by: By::Former,
                        ..
                    } if may_replace(work, objects).await? => return Ok(Planned::Go(plan)),
                    Compared::Taken { key, .. } => key,
                }
            }
            Claim::Leaving => return Err(busy(work)),
            Claim::Busy if choice != OnConflict::KeepBoth => return Err(busy(work)),
            Claim::Busy | Claim::Twin => plain[0].clone(),
        };
        match choice {
            OnConflict::Skip => return Ok(Planned::Skip),
            OnConflict::Ask => {
                return Err(Error::new(Code::KeyTaken, format!("the key {taken} is taken by other content"))
                    .hint("choose for this file: keep both, overwrite or skip (in the window, or with `tintype upload --on-conflict`)"));
            }
            OnConflict::KeepBoth | OnConflict::Overwrite | OnConflict::Replace => {}
        }
    }
    Err(Error::new(
        Code::KeyTaken,
        format!("every key for {} is taken by other content", job.name),
    )
    .hint("rename the file, or put {uuid} into the profile's key template"))
}

/// What is to be mended goes where it was, and nowhere else: under the keys on record.
async fn mended(work: &Work<'_>, objects: &mut [Object]) -> Result<Plan> {
    let before = work.stages.journal.objects(work.job.id).await?;
    for object in objects.iter_mut() {
        let name = object.variant.as_ref().map(|variant| &variant.name);
        let Some(there) = before.iter().find(|there| there.variant.as_ref() == name) else {
            let told = format!(
                "{} has other variants by now than when it was uploaded",
                work.job.name
            );
            return Err(Error::new(Code::FileReplaced, told).hint("upload the file anew"));
        };
        object.key.clone_from(&there.key);
    }
    match claim(work, objects).await? {
        Claim::New | Claim::Granted | Claim::Twin => {}
        Claim::Busy | Claim::Leaving => return Err(busy(work)),
    }
    match compare(work, objects, None, true).await? {
        Compared::Taken {
            key,
            by: By::Upload,
            ..
        } => {
            let told = format!(
                "{key} is another upload by now, perhaps of another computer; it was left as it is"
            );
            Err(Error::new(Code::KeyTaken, told).hint(format!(
                "upload {} anew: it gets a key of its own",
                work.job.name
            )))
        }
        Compared::Free(plan) | Compared::Taken { plan, .. } => Ok(plan),
    }
}

/// Another file on its way has the key: when it has arrived, the bucket decides.
fn busy(work: &Work<'_>) -> Error {
    Error::new(
        Code::KeyTaken,
        format!(
            "another file with the key of {} is on its way",
            work.job.name
        ),
    )
    .retry(Retry::Soon)
}

async fn may_replace(work: &Work<'_>, objects: &[Object]) -> Result<bool> {
    let keys = objects.iter().map(|object| object.key.clone()).collect();
    work.stages
        .journal
        .may_replace(&work.job.source, &work.open.target, keys)
        .await
}

async fn claim(work: &Work<'_>, objects: &[Object]) -> Result<Claim> {
    let planned = objects.iter().map(|object| PlannedObject {
        uid: object.uid.clone(),
        variant: object.variant.clone(),
        key: object.key.clone(),
    });
    let Work {
        stages,
        open,
        job,
        file,
        ..
    } = work;
    stages
        .journal
        .plan(
            job.id,
            open.target.clone(),
            file.sha256.clone(),
            planned.collect(),
        )
        .await
}

/// Where the profile wants it so: the keys under which the same content is in the bucket already, all of it.
async fn linked(work: &Work<'_>, objects: &mut [Object]) -> Result<Option<Plan>> {
    let Work {
        stages,
        open,
        profile,
        file,
        ..
    } = work;
    if profile.duplicates != Duplicates::Link {
        return Ok(None);
    }
    let Some((_, earlier)) = stages
        .journal
        .same_content(&open.target, &file.sha256)
        .await?
    else {
        return Ok(None);
    };
    for object in objects.iter_mut() {
        let name = object.variant.as_ref().map(|variant| &variant.name);
        let Some(there) = earlier.iter().find(|there| there.variant.as_ref() == name) else {
            return Ok(None);
        };
        object.key.clone_from(&there.key);
    }
    if !matches!(claim(work, objects).await?, Claim::New | Claim::Granted) {
        return Ok(None);
    }
    match compare(work, objects, None, true).await? {
        Compared::Free(plan) if plan.send.iter().all(|how| how.only().is_none()) => Ok(Some(plan)),
        _ => Ok(None),
    }
}

fn keys(work: &Work<'_>, objects: &[Object]) -> Result<Vec<String>> {
    let Work {
        profile,
        job,
        file,
        rendered,
        ..
    } = work;
    let source = Source {
        file_name: &job.name,
        folder: &job.folder,
        sha256: &file.sha256,
        uuid: &job.uid,
        date: file.date,
    };
    // A template that cannot be read is the profile's fault, and no file's.
    let parse = |text: &str| {
        Template::parse(text).map_err(|error| Error {
            code: Code::ProfileInvalid,
            ..error
        })
    };
    let (original, variant) = (parse(&profile.original_key)?, parse(&profile.variant_key)?);
    let keys: Vec<String> = objects
        .iter()
        .map(|object| match &object.variant {
            None => original.render(
                &source,
                Subject::Original(rendered.map(|rendered| rendered.pixels)),
            ),
            Some(spec) => variant.render(
                &source,
                Subject::Variant(spec, object.pixels.unwrap_or_default()),
            ),
        })
        .collect::<Result<_>>()?;
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].contains(key) {
            return Err(Error::new(
                Code::KeyInvalid,
                format!(
                    "the profile \"{}\" gives two objects of one file the key {key}",
                    profile.name
                ),
            )
            .hint("put {variant} into the variant key template"));
        }
    }
    Ok(keys)
}

/// Looks at a key, or takes it for free where the bucket itself will say if it is not.
async fn look(work: &Work<'_>, object: &Object, ask: bool) -> Result<Lookup> {
    let Work { open, job, .. } = work;
    if !ask && job.state == JobState::Queued && object.size <= SMALL && open.free_keys.may_assume()
    {
        return Ok(Lookup::Absent);
    }
    let found = open
        .bucket
        .call(0, || open.bucket.store.head(&object.key))
        .await?;
    if found != Lookup::Hidden {
        open.free_keys.note(found == Lookup::Absent);
    }
    Ok(found)
}

/// Looks at all keys. `former`: SHA-256 of what the same file was before.
async fn compare(
    work: &Work<'_>,
    objects: &[Object],
    former: Option<&str>,
    ask: bool,
) -> Result<Compared> {
    let Work {
        open,
        profile,
        job,
        file,
        ..
    } = work;
    let looks = objects.iter().map(|object| look(work, object, ask));
    let mut plan = Plan {
        send: Vec::with_capacity(objects.len()),
        hidden: false,
    };
    let (mut taken, mut by) = (None, By::Former);
    for (object, lookup) in objects.iter().zip(try_join_all(looks).await?) {
        let how = match lookup {
            Lookup::Absent => How::IfAbsent,
            Lookup::Found(held) if same(&held, object, work).await? => {
                // A crash between the bucket's file and its headers: the content is there, the headers are not.
                let bare = held.get(META_SHA256).is_none() && job.state == JobState::Planned;
                // What is to be mended looks right from outside.
                if bare || job.wanted.is_some() {
                    How::Over(held.etag)
                } else {
                    How::Not(held)
                }
            }
            Lookup::Found(held) if is_of_earlier_try(&held, object, work).await? => {
                How::Over(held.etag)
            }
            Lookup::Found(held) => {
                let source = held.get(META_SOURCE).or_else(|| held.get(META_SHA256));
                if former.is_none() || source != former {
                    by = if source.is_some_and(|source| source != file.sha256) {
                        By::Upload
                    } else {
                        by.max(By::Other)
                    };
                }
                taken.get_or_insert_with(|| object.key.clone());
                How::Over(held.etag)
            }
            Lookup::Hidden if open.bucket.store.honours_conditions() => {
                plan.hidden = true;
                How::IfAbsent
            }
            Lookup::Hidden => {
                return Err(Error::new(
                    Code::AccessDenied,
                    format!("the credentials of \"{}\" may not see whether {} is taken", profile.name, object.key),
                )
                .hint("give the key the right to get objects (s3:GetObject); otherwise something could be overwritten"));
            }
        };
        plan.send.push(how);
    }
    tracing::trace!(
        name = job.name,
        sha256 = file.sha256,
        taken,
        "compared with the bucket"
    );
    Ok(match taken {
        Some(key) => Compared::Taken { key, plan, by },
        None => Compared::Free(plan),
    })
}

/// Whether an earlier try of this very job sent it, and nobody was ever told: the file has other content by now.
async fn is_of_earlier_try(held: &Held, object: &Object, work: &Work<'_>) -> Result<bool> {
    let Work {
        stages, open, job, ..
    } = work;
    Ok(held.get(META_UPLOAD) == Some(&held::label_of(&job.uid))
        && stages
            .journal
            .object_on_record(&open.target, &object.key)
            .await?
            .is_none())
}

/// Whether the bucket's object is this one, or a variant that is as good.
async fn same(held: &Held, object: &Object, work: &Work<'_>) -> Result<bool> {
    let spec = object.variant.as_ref().map(ToString::to_string);
    let made = spec
        .as_deref()
        .map(|spec| (work.file.sha256.as_str(), spec));
    let meant = Meant {
        size: object.size,
        sha256: &object.sha256,
        etag: None,
        made,
    };
    Ok(match held.compare(&meant) {
        Likeness::Same | Likeness::MadeAlike => true,
        Likeness::Other => false,
        // Put there by another program: the ETag tells, where it is an MD5.
        Likeness::Unlabelled if held::is_md5(&held.etag) => {
            let md5 = object.md5(&work.job.source).await?;
            held.compare(&Meant {
                etag: Some(&md5),
                ..meant
            }) == Likeness::Same
        }
        Likeness::Unlabelled => false,
    })
}
