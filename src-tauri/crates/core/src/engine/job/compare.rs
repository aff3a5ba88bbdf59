//! What the bucket has under a job's keys, and how each object is to be sent therefore.

use futures::future::try_join_all;

use super::objects::Object;
use super::unheard::{is_of_earlier_try, is_of_ended_job};
use super::work::Work;
use crate::engine::bucket::free_keys::SMALL;
use crate::error::{Code, Error, Result};
use crate::held::{self, Held, Likeness, META_SHA256, Made, Meant};
use crate::journal::JobState;
use crate::profile::Conditions;
use crate::transfer::{Lookup, Only, in_parts};

/// How an object is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum How {
    /// Not at all: the bucket has it, as it says itself.
    Not(Held),
    /// Only where its key is free.
    IfAbsent,
    /// In the place of what was seen there (its ETag), and of nothing else.
    Over(String),
}

impl How {
    /// The condition under which it is sent; nothing where it is not.
    pub(in crate::engine) fn only(&self) -> Option<Only> {
        match self {
            Self::Not(_) => None,
            Self::IfAbsent => Some(Only::IfAbsent),
            Self::Over(seen) => Some(Only::IfStill(seen.clone())),
        }
    }
}

/// A job's keys, claimed in the journal and compared with the bucket.
pub(in crate::engine) struct Plan {
    /// For each object how it is to be sent, in the order of the objects.
    pub(in crate::engine) send: Vec<How>,
    /// Some keys could not be looked at.
    pub(in crate::engine) hidden: bool,
}

/// Whose content a key has that is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// What the same file was before.
    Former,
    /// Another program's.
    Other,
    /// Another upload's, of this computer or of another one.
    Upload,
}

/// What the bucket has under a job's keys.
pub(super) enum Compared {
    Free(Plan),
    /// One of them holds other content; the plan would take its place.
    Taken {
        key: String,
        plan: Plan,
        by: By,
    },
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
pub(super) async fn compare(
    work: &Work<'_>,
    objects: &[Object],
    former: Option<&str>,
    ask: bool,
) -> Result<Compared> {
    let Work {
        stages, job, file, ..
    } = work;
    let looks = objects.iter().map(|object| look(work, object, ask));
    let mut plan = Plan {
        send: Vec::with_capacity(objects.len()),
        hidden: false,
    };
    let (mut taken, mut by) = (None, By::Former);
    for (object, lookup) in objects.iter().zip(try_join_all(looks).await?) {
        plan.hidden |= matches!(lookup, Lookup::Hidden);
        let how = match free(work, object, lookup).await? {
            Ok(how) => how,
            Err(held) => {
                let is_made_of = |sha256| held.is_made_of(stages.journal.labels(), sha256);
                if former.and_then(is_made_of) != Some(true) {
                    by = if is_made_of(&file.sha256) == Some(false) {
                        By::Upload
                    } else {
                        by.max(By::Other)
                    };
                }
                taken.get_or_insert_with(|| object.key.clone());
                How::Over(held.etag)
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

/// Whether the bucket itself refuses an object of that size under a taken key.
fn refuses_taken(conditions: Conditions, size: u64) -> bool {
    if in_parts(size) {
        conditions.complete
    } else {
        conditions.put
    }
}

/// How an object is sent where its key is free for it; otherwise what has the key.
async fn free(
    work: &Work<'_>,
    object: &Object,
    lookup: Lookup,
) -> Result<std::result::Result<How, Held>> {
    let Work {
        stages,
        open,
        profile,
        job,
        ..
    } = work;
    let held = match lookup {
        Lookup::Absent => return Ok(Ok(How::IfAbsent)),
        Lookup::Hidden if refuses_taken(open.bucket.store.conditions(), object.size) => {
            return Ok(Ok(How::IfAbsent));
        }
        Lookup::Hidden => {
            return Err(Error::new(
                Code::AccessDenied,
                format!(
                    "the credentials of \"{}\" may not see whether {} is taken",
                    profile.name, object.key
                ),
            )
            .hint("give the key the rights to get objects and to list the bucket (s3:GetObject, s3:ListBucket), or nobody can tell what is not there; otherwise something could be overwritten"));
        }
        Lookup::Found(held) => held,
    };
    if same(&held, object, work).await? {
        // A crash between the bucket's file and its headers: the content is there, the headers are
        // not.
        let bare = held.get(META_SHA256).is_none() && job.state == JobState::Planned;
        // What is to be mended looks right from outside.
        return Ok(Ok(if bare || job.wanted.is_some() {
            How::Over(held.etag)
        } else {
            How::Not(held)
        }));
    }
    if is_of_earlier_try(&held, &object.key, stages, open, job).await?
        || is_of_ended_job(&held, &object.key, work).await?
    {
        return Ok(Ok(How::Over(held.etag)));
    }
    Ok(Err(held))
}

/// Whether the bucket's object is this one, or a variant that is as good.
async fn same(held: &Held, object: &Object, work: &Work<'_>) -> Result<bool> {
    let spec = object.variant.as_ref().map(ToString::to_string);
    let made = spec.as_deref().map(|spec| Made {
        labels: work.stages.journal.labels(),
        source: &work.file.sha256,
        spec,
    });
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
