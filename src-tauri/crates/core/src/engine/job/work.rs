//! What the stations of a job's way hand on: all that is known of it.

use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::WatchedFolder;
use crate::imaging::Rendered;
use crate::intake::Fingerprint;
use crate::journal::JobRow;
use crate::profile::Profile;
use crate::world;

/// All that is known of a job when its objects are about to be sent.
pub(super) struct Work<'a> {
    pub(super) stages: &'a Stages,
    pub(super) open: &'a Open,
    pub(super) profile: &'a Profile,
    pub(super) job: &'a JobRow,
    pub(super) file: &'a Fingerprint,
    pub(super) rendered: Option<&'a Rendered>,
    /// The watched folder it came from.
    pub(super) folder: Option<&'a WatchedFolder>,
}

/// Says why a job waits that is tried again: until it goes on, that is as it was.
pub(super) async fn tell_reason(
    stages: &Stages,
    job: &JobRow,
    reason: Option<Error>,
) -> Result<()> {
    if job.error.is_none() {
        return Ok(());
    }
    let journal = &stages.journal;
    journal.tell_reason(&stages.engine, job.id, reason).await
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    // A panic in a decoder: the file is to blame, the queue is not.
    let damaged = |error: Error| Error::new(Code::ImageDamaged, error.message);
    world::blocking("reading the file", work)
        .await
        .map_err(damaged)?
}
