//! Under which keys a job's objects go, so that nothing is overwritten and nothing is sent twice.

use futures::future::try_join_all;

use super::job::{Object, Work};
use crate::error::{Code, Error, Result};
use crate::journal::{Claim, JobState, PlannedObject};
use crate::key::{self, Source, Subject, Template};
use crate::transfer::{Lookup, META_SHA256, META_SOURCE, META_VARIANT, ObjectMeta, retrying};

/// How many digits of the content's hash go into the keys: none at first, more at each conflict.
pub(super) const HASH_DIGITS: [usize; 4] = [0, 8, 16, 64];

/// A job's keys, claimed in the journal and compared with the bucket.
pub(super) struct Plan {
    /// For each object whether it has to be sent, in the order of the objects.
    pub(super) send: Vec<bool>,
    /// Some keys could not be looked at.
    pub(super) hidden: bool,
}

/// Finds free keys for all objects of a job together: if one is taken by other content, all get a piece of the
/// content's hash. Fills in the objects' keys.
pub(super) async fn plan(work: &Work<'_>, objects: &mut [Object], first_level: usize) -> Result<Plan> {
    let Work { stages, open, job, file, .. } = work;
    let plain = keys(work, objects)?;
    for digits in HASH_DIGITS.into_iter().skip(first_level) {
        for (object, key) in objects.iter_mut().zip(&plain) {
            object.key = if digits == 0 { key.clone() } else { key::with_hash(key, &file.sha256, digits) };
        }
        let planned = objects.iter().map(|object| PlannedObject {
            uid: object.uid.clone(),
            variant: object.variant.clone(),
            key: object.key.clone(),
        });
        let claim = stages.journal.plan(job.id, open.target.clone(), file.sha256.clone(), planned.collect()).await?;
        if claim == Claim::Taken {
            continue;
        }
        if let Some(plan) = compare(work, objects).await? {
            return Ok(plan);
        }
    }
    Err(Error::new(Code::KeyTaken, format!("every key for {} is taken by other content", job.name))
        .hint("rename the file, or put {uuid} into the profile's key template"))
}

fn keys(work: &Work<'_>, objects: &[Object]) -> Result<Vec<String>> {
    let Work { profile, job, file, rendered, .. } = work;
    let source = Source { file_name: &job.name, folder: &job.folder, sha256: &file.sha256, uuid: &job.uid, date: file.date };
    let original = Template::parse(&profile.original_key)?;
    let variant = Template::parse(&profile.variant_key)?;
    let keys: Vec<String> = objects
        .iter()
        .map(|object| match &object.variant {
            None => original.render(&source, Subject::Original(rendered.map(|rendered| rendered.pixels))),
            Some(spec) => variant.render(&source, Subject::Variant(spec, object.pixels.unwrap_or_default())),
        })
        .collect::<Result<_>>()?;
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].contains(key) {
            return Err(Error::new(
                Code::KeyInvalid,
                format!("the profile \"{}\" gives two objects of one file the key {key}", profile.name),
            )
            .hint("put {variant} into the variant key template"));
        }
    }
    Ok(keys)
}

/// What the bucket has under the keys: nothing if one of them holds other content.
async fn compare(work: &Work<'_>, objects: &[Object]) -> Result<Option<Plan>> {
    let Work { stages, open, job, file, .. } = work;
    let looks = objects.iter().map(|object| async {
        retrying(|| async {
            let _permit = stages.limits.request().await?;
            open.store.head(&object.key).await
        })
        .await
    });
    let mut plan = Plan { send: Vec::with_capacity(objects.len()), hidden: false };
    for (object, lookup) in objects.iter().zip(try_join_all(looks).await?) {
        let send = match lookup {
            Lookup::Absent => true,
            Lookup::Found(meta) if same(&meta, object, &file.sha256) => {
                // A crash between the bucket's file and its headers: the content is there, the headers are not.
                meta.get(META_SHA256).is_none() && job.state == JobState::Planned
            }
            Lookup::Found(_) => return Ok(None),
            Lookup::Hidden if open.store.honours_if_absent() => {
                plan.hidden = true;
                true
            }
            Lookup::Hidden => {
                return Err(Error::new(
                    Code::AccessDenied,
                    format!("the credentials of \"{}\" may not see whether {} is taken", job.profile, object.key),
                )
                .hint("give the key the right to get objects (s3:GetObject); otherwise something could be overwritten"));
            }
        };
        plan.send.push(send);
    }
    Ok(Some(plan))
}

/// Whether the bucket's object is this one. A variant is also the same if it was made of the same file in the same
/// way, by whatever version.
fn same(meta: &ObjectMeta, object: &Object, source: &str) -> bool {
    let made_alike = object
        .variant
        .as_ref()
        .is_some_and(|variant| meta.get(META_SOURCE) == Some(source) && meta.get(META_VARIANT) == Some(variant.to_string().as_str()));
    match meta.get(META_SHA256) {
        Some(sha256) => sha256 == object.sha256 || made_alike,
        // Put there by another program: ETag and size tell, where the ETag is an MD5.
        None => meta.size == object.size && meta.etag == object.md5,
    }
}
