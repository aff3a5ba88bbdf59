//! Objects of deleted files are removed from the bucket, where a watched folder is meant so and the time to undo it is
//! over. What anything else may need stays.

use std::io::ErrorKind;

use super::job::Stages;
use super::stores::Open;
use crate::error::{Error, Result};
use crate::journal::{ObjectRow, Removal};
use crate::settings::Settings;
use crate::transfer::{Lookup, META_SHA256};

/// Removes the objects of one file; whether that is settled. Not while its folder is away, nor if the file is there.
pub(super) async fn remove(stages: &Stages, settings: &Settings, removal: &Removal, now: i64) -> Result<bool> {
    if !removal.folder.is_dir() {
        return Ok(false);
    }
    match std::fs::symlink_metadata(&removal.path) {
        // It came back unseen, or was not deleted but left out of what is watched.
        Ok(_) => return stages.journal.drop_removal(removal.id).await.map(|()| true),
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::from_io(&error, &removal.path));
        }
        Err(_) => {}
    }
    let Some(job) = stages.journal.jobs(&[removal.job]).await?.pop() else { return Ok(false) };
    let open = stages.stores.get(settings.profile(Some(&job.profile))?).await?;
    // The same content may be on its way again at this moment.
    let alone = stages.same_content.of(&open.target, job.sha256.as_deref().unwrap_or_default());
    let _alone = alone.lock().await;
    // Those of another bucket cannot be reached with this profile any more.
    for object in stages.journal.removable(removal.job).await?.into_iter().filter(|object| object.target == open.target) {
        let there = look(&open, &object).await?;
        // A person may have undone it meanwhile.
        if !stages.journal.stands(removal, now).await? {
            return Ok(true);
        }
        match there {
            There::Ours => open.bucket.call(0, || open.bucket.store.delete(&object.key)).await?,
            There::Nothing => {}
            There::Other => continue,
        }
        stages.journal.object_gone(object).await?;
    }
    stages.journal.removed(removal).await.map(|()| true)
}

/// What the bucket has under an object's key.
enum There {
    Nothing,
    /// What is on record.
    Ours,
    /// Somebody has put something else in its place, or does not let us see it.
    Other,
}

async fn look(open: &Open, object: &ObjectRow) -> Result<There> {
    Ok(match open.bucket.call(0, || open.bucket.store.head(&object.key)).await? {
        Lookup::Absent => There::Nothing,
        Lookup::Found(meta) if object.sha256.is_some() && meta.get(META_SHA256) == object.sha256.as_deref() => There::Ours,
        Lookup::Found(_) | Lookup::Hidden => There::Other,
    })
}
