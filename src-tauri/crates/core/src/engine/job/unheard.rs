//! What an earlier try of a job put into the bucket without hearing of it.

use super::compare::is_of_earlier_try;
use super::work::Work;
use crate::error::Result;
use crate::transfer::Lookup;

/// Puts on record what lies under the keys of the plan before, as far as this job sent it and
/// nobody was told: the next plan may have other keys, and forgets these. To be asked before each
/// plan of a job that had one.
pub(super) async fn remember(work: &Work<'_>) -> Result<()> {
    let (journal, bucket) = (&work.stages.journal, &work.open.bucket);
    let mut left = Vec::new();
    for object in journal.objects(work.job.id).await? {
        if object.target != work.open.target {
            continue;
        }
        let found = bucket.call(0, || bucket.store.head(&object.key)).await?;
        if let Lookup::Found(held) = found
            && is_of_earlier_try(&held, &object.key, work).await?
        {
            left.push(object.key);
        }
    }
    match left.is_empty() {
        true => Ok(()),
        false => journal.unheard_of(work.job.id, left).await,
    }
}
