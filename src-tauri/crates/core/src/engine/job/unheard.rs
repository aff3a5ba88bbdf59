//! What a try of a job put into the bucket without hearing of it.

use futures::future::try_join_all;

use super::compare::is_of_earlier_try;
use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::Result;
use crate::journal::JobRow;
use crate::transfer::Lookup;

/// Puts on record what lies under the keys of the plan before, as far as this job sent it and
/// nobody was told: the next plan may have other keys, and a job that ends has no next one. To be
/// asked before each plan of a job that had one, and where a job ends without its work done.
pub(super) async fn remember(stages: &Stages, open: &Open, job: &JobRow) -> Result<()> {
    // What is in a bucket that the profile no longer means cannot be looked at from here.
    let before = stages.journal.objects(job.id).await?;
    let here = before
        .into_iter()
        .filter(|object| object.target == open.target);
    let looks = here.map(|object| left_under(object.key, stages, open, job));
    let left: Vec<String> = try_join_all(looks).await?.into_iter().flatten().collect();
    match left.is_empty() {
        true => Ok(()),
        false => stages.journal.unheard_of(job.id, left).await,
    }
}

/// The key, if what lies under it is the job's own and nobody was told.
async fn left_under(
    key: String,
    stages: &Stages,
    open: &Open,
    job: &JobRow,
) -> Result<Option<String>> {
    let bucket = &open.bucket;
    let is_left = match bucket.call(0, || bucket.store.head(&key)).await? {
        Lookup::Found(held) => is_of_earlier_try(&held, &key, stages, open, job).await?,
        Lookup::Absent | Lookup::Hidden => false,
    };
    Ok(is_left.then_some(key))
}
