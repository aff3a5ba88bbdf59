//! Under which keys a job's objects go, so that nothing is overwritten and nothing is sent twice.

use super::compare::{By, Compared, Plan, compare};
use super::objects::Object;
use super::work::Work;
use crate::error::{Code, Error, Result, Retry};
use crate::journal::{Claim, PlannedObject};
use crate::key::{self, Source, Subject, Template};
use crate::profile::{Duplicates, OnConflict};

/// How many digits of the content's hash go into the keys: none at first, more at each conflict.
pub(in crate::engine) const HASH_DIGITS: [usize; 4] = [0, 8, 16, 64];

/// What is to become of a job.
pub(in crate::engine) enum Planned {
    Go(Plan),
    /// A key is taken, and the profile says to leave it so.
    Skip,
}

/// Finds keys for all objects of a job together, as the profile says for keys that are taken: if
/// all are to be kept, all get a piece of the content's hash. Fills in the objects' keys. With
/// `ask`, the bucket is asked for every key, even for those that are most likely free.
pub(in crate::engine) async fn plan(
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
        ..
    } = work;
    if job.wanted.is_some() {
        return mended(work, objects).await.map(Planned::Go);
    }
    if let Some(plan) = linked(work, objects).await? {
        return Ok(Planned::Go(plan));
    }
    let choice = job.on_conflict.unwrap_or(profile.on_conflict);
    let (plain, hash) = (keys(work, objects)?, public_hash(objects)?.to_owned());
    let former = match choice {
        OnConflict::Replace => stages.journal.former(job, &open.target, &plain[0]).await?,
        _ => None,
    };
    for digits in HASH_DIGITS.into_iter().skip(first_level) {
        name_all(objects, &plain, &hash, digits);
        let taken = match claim(work, objects).await? {
            claim @ (Claim::New | Claim::Granted) => {
                match compare(work, objects, former.as_deref(), ask || claim != Claim::New).await? {
                    Compared::Free(plan) => return Ok(Planned::Go(plan)),
                    Compared::Taken { plan, .. } if choice == OnConflict::Overwrite => {
                        return Ok(Planned::Go(plan));
                    }
                    // Another file, or another computer, may have it, too: what it has is not taken
                    // from it.
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
            OnConflict::Ask => return Err(asks(&taken)),
            OnConflict::KeepBoth | OnConflict::Overwrite | OnConflict::Replace => {}
        }
    }
    Err(Error::new(
        Code::KeyTaken,
        format!("every key for {} is taken by other content", job.name),
    )
    .hint("rename the file, or put {uuid} into the profile's key template"))
}

/// The hash of what goes up, for names: of what was taken out of it they tell nothing.
fn public_hash(objects: &[Object]) -> Result<&str> {
    let original = objects.iter().find(|object| object.variant.is_none());
    let original = original.ok_or_else(|| {
        Error::new(Code::Internal, "a job has no original to send").hint("report this")
    })?;
    Ok(&original.sha256)
}

fn name_all(objects: &mut [Object], plain: &[String], sha256: &str, digits: usize) {
    for (object, key) in objects.iter_mut().zip(plain) {
        object.key = if digits == 0 {
            key.clone()
        } else {
            key::with_hash(key, sha256, digits)
        };
    }
}

fn asks(taken: &str) -> Error {
    Error::new(Code::KeyTaken, format!("the key {taken} is taken by other content")).hint(
        "choose for this file: keep both, overwrite or skip (in the window, or with `tintype upload --on-conflict`)",
    )
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
        if there.target != work.open.target {
            let told = format!(
                "{} went to another bucket than \"{}\" means by now",
                work.job.name, work.profile.name
            );
            return Err(Error::new(Code::FileReplaced, told).hint("upload the file anew"));
        }
        object.key.clone_from(&there.key);
        object.uid.clone_from(&there.uid);
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

/// Where the profile wants it so: the keys under which the same content is in the bucket already,
/// all of it.
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
        sha256: public_hash(objects)?,
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
    let provider = profile.provider()?;
    let rendered_keys = objects.iter().map(|object| match &object.variant {
        None => original.render(
            &source,
            Subject::Original(rendered.map(|rendered| rendered.pixels)),
        ),
        Some(spec) => variant.render(
            &source,
            Subject::Variant(spec, object.pixels.unwrap_or_default()),
        ),
    });
    let keys: Vec<String> = rendered_keys
        .map(|key| key.map(|key| provider.spelled(key)))
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
