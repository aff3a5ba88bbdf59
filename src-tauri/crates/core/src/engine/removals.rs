//! Objects of deleted files are removed from the bucket, where a watched folder is meant so and the time to undo it is
//! over. What anything else may need stays.

use super::job::Stages;
use super::stores::Open;
use crate::error::Result;
use crate::journal::{ObjectRow, Removal};
use crate::settings::Settings;
use crate::transfer::{Lookup, META_SHA256};

/// Removes the objects of one file, unless the file is back, or its folder away.
pub(super) async fn remove(stages: &Stages, settings: &Settings, removal: &Removal) -> Result<bool> {
    let (Some(job), true) = (stages.journal.jobs(&[removal.job]).await?.pop(), removal.folder.is_dir()) else { return Ok(false) };
    let open = stages.stores.get(settings.profile(Some(&job.profile))?).await?;
    // The same content may be on its way again at this moment.
    let alone = stages.same_content.of(&open.target, job.sha256.as_deref().unwrap_or_default());
    let _alone = alone.lock().await;
    let Some(objects) = stages.journal.removable(removal).await? else { return Ok(false) };
    // Those of another bucket cannot be reached with this profile any more.
    for object in objects.iter().filter(|object| object.target == open.target) {
        remove_object(&open, object).await?;
    }
    stages.journal.removed(removal.id, objects).await.map(|()| true)
}

/// Only what this computer put there: somebody else may have put something else in its place.
async fn remove_object(open: &Open, object: &ObjectRow) -> Result<()> {
    let found = open.bucket.call(0, || open.bucket.store.head(&object.key)).await?;
    match found {
        Lookup::Found(meta) if meta.get(META_SHA256) == object.sha256.as_deref() => {
            open.bucket.call(0, || open.bucket.store.delete(&object.key)).await
        }
        _ => Ok(()),
    }
}
