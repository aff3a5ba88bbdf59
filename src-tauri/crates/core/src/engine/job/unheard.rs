//! What a try of a job put into the bucket without hearing of it.

use futures::future::try_join_all;

use super::verdict::{Verdict, verdict};
use super::work::Work;
use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::{Error, Result};
use crate::held::{Held, META_SHA256, META_UPLOAD, label_of};
use crate::journal::{JobRow, ObjectRow, OnRecord, Trace};
use crate::transfer::Lookup;

/// Puts on record what this job sent and nobody was told of, and what it may have sent: the next
/// plan may have other keys, and a job that `ends` has no next one. To be asked before each plan of
/// a job that had one, and where a job ends without its work done.
pub(super) async fn remember(stages: &Stages, open: &Open, job: &JobRow, ends: bool) -> Result<()> {
    let before = stages.journal.objects(job.id).await?;
    let looks = before.into_iter().map(async |object| {
        let trace = match look(&object, stages, open, job).await {
            // There is nobody who could ask again.
            Err(error) if ends && verdict(&error) == Verdict::Fails => Some(Trace::Perhaps),
            seen => seen?,
        };
        Ok::<_, Error>(trace.map(|trace| (object.key, trace)))
    });
    let traces: Vec<_> = try_join_all(looks).await?.into_iter().flatten().collect();
    match traces.is_empty() {
        true => Ok(()),
        false => stages.journal.unheard_of(job.id, traces).await,
    }
}

/// What there is of a job under a key of its plan.
async fn look(
    object: &ObjectRow,
    stages: &Stages,
    open: &Open,
    job: &JobRow,
) -> Result<Option<Trace>> {
    // What is in a bucket that the profile no longer means cannot be looked at from here.
    if object.target != open.target {
        return Ok(Some(Trace::Perhaps));
    }
    let bucket = &open.bucket;
    let held = match bucket.call(0, || bucket.store.head(&object.key)).await? {
        Lookup::Found(held) => held,
        // What was under way when an engine was killed may arrive yet.
        Lookup::Absent | Lookup::Hidden => return Ok(Some(Trace::Perhaps)),
    };
    if held.get(META_UPLOAD) != Some(&label_of(&job.uid)) {
        return Ok(None);
    }
    let on_record = stages
        .journal
        .object_on_record(&open.target, &object.key)
        .await?;
    Ok(match on_record {
        Some(known) if is_told(&held, &known) => (!known.ours).then_some(Trace::Told),
        _ => Some(Trace::Untold),
    })
}

/// Whether somebody was told of it: it is on record as it is.
fn is_told(held: &Held, known: &OnRecord) -> bool {
    held.get(META_SHA256) == Some(known.sha256.as_str())
}

/// Whether an earlier try of this very job sent it, and nobody was ever told: the file has other
/// content by now. What is on record may be what it took the place of.
pub(super) async fn is_of_earlier_try(
    held: &Held,
    key: &str,
    stages: &Stages,
    open: &Open,
    job: &JobRow,
) -> Result<bool> {
    if held.get(META_UPLOAD) != Some(&label_of(&job.uid)) {
        return Ok(false);
    }
    let on_record = stages.journal.object_on_record(&open.target, key).await?;
    Ok(on_record.is_none_or(|known| !is_told(held, &known)))
}

/// Whether a job of this very file that ended without its work done sent it, and nobody was ever
/// told: no other file relies on it.
pub(super) async fn is_of_ended_job(held: &Held, key: &str, work: &Work<'_>) -> Result<bool> {
    let Work {
        stages, open, job, ..
    } = work;
    let journal = &stages.journal;
    let on_record = journal.object_on_record(&open.target, key).await?;
    if !on_record.is_some_and(|known| is_by(held, &known) && !is_told(held, &known)) {
        return Ok(false);
    }
    journal
        .may_replace(&job.source, &open.target, vec![key.to_owned()])
        .await
}

/// Whether another job of this computer sent it, and did not hear of it.
pub(super) async fn is_unheard_of(work: &Work<'_>, key: &str, held: &Held) -> Result<bool> {
    let (journal, target) = (&work.stages.journal, &work.open.target);
    let on_record = journal.object_on_record(target, key).await?;
    Ok(on_record.is_some_and(|known| is_by(held, &known)))
}

/// Whether the job that is on record as one that may have sent it did so.
fn is_by(held: &Held, known: &OnRecord) -> bool {
    let upload = known.upload.as_deref().map(label_of);
    upload.is_some() && held.get(META_UPLOAD) == upload.as_deref()
}
