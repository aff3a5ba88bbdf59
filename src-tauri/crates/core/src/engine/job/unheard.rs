//! What an earlier try of a job put into the bucket without hearing of it.

use super::compare::is_of_earlier_try;
use super::plan::names;
use super::work::{Object, Work};
use crate::error::Result;
use crate::transfer::Lookup;

/// Puts on record what an earlier try sent and this one will not send again: its file has other
/// content by now, or its keys are others. Nobody else would remember it.
pub(super) async fn remember(work: &Work<'_>, objects: &[Object]) -> Result<()> {
    let Work {
        stages,
        open,
        job,
        file,
        ..
    } = work;
    // One that was never planned has sent nothing; one that mends goes where it was.
    let Some(before) = job.sha256.as_ref().filter(|_| job.wanted.is_none()) else {
        return Ok(());
    };
    let again = if *before == file.sha256 {
        names(work, objects)?
    } else {
        Vec::new()
    };
    let mut left = Vec::new();
    for object in stages.journal.objects(job.id).await? {
        if object.target == open.target
            && !again.contains(&object.key)
            && is_there(work, &object.key).await?
        {
            left.push(object.key);
        }
    }
    match left.is_empty() {
        true => Ok(()),
        false => stages.journal.unheard_of(job.id, left).await,
    }
}

async fn is_there(work: &Work<'_>, key: &str) -> Result<bool> {
    let bucket = &work.open.bucket;
    match bucket.call(0, || bucket.store.head(key)).await? {
        Lookup::Found(held) => is_of_earlier_try(&held, key, work).await,
        Lookup::Absent | Lookup::Hidden => Ok(false),
    }
}
