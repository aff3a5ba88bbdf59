//! Objects of deleted files are removed from the bucket, where a watched folder is meant so and the
//! time to undo it is over. What anything else may need stays; and whether it is meant is asked
//! again right before each object goes.

use std::io::ErrorKind;
use std::path::Path;

use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::{Deleted, WatchedFolder};
use crate::held::{Likeness, META_UPLOAD, Meant, label_of};
use crate::journal::{Leave, Removable, Removal};
use crate::settings::Settings;
use crate::transfer::{Lookup, Only};

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    /// It is not there any more.
    Gone,
    /// Somebody has put something else in its place.
    Other,
    /// It is not to go now; perhaps later.
    Stays(Leave),
}

/// Removes the objects of one file; whether that is settled. Not while its folder is away or rests,
/// nor if the file is there, nor if the folder is not meant so any more.
pub(in crate::engine) async fn remove(
    stages: &Stages,
    settings: &Settings,
    removal: &Removal,
) -> Result<bool> {
    let Some(folder) = meant(stages, settings, removal) else {
        return stages
            .journal
            .drop_removal(removal.id, false)
            .await
            .map(|()| true);
    };
    if folder.paused || !removal.folder.is_dir() {
        return Ok(false);
    }
    if is_there(&removal.path)? {
        // It came back unseen, or was not deleted but left out of what is watched.
        return stages
            .journal
            .drop_removal(removal.id, true)
            .await
            .map(|()| true);
    }
    for object in stages.journal.removable(removal).await? {
        let open = bucket_of(stages, settings, &folder, &object).await?;
        match take_away(stages, &open, removal, &object).await? {
            Became::Gone | Became::Other => {}
            Became::Stays(Leave::Never) => return Ok(true),
            Became::Stays(_) => return Ok(false),
        }
    }
    stages.journal.removed(removal).await.map(|()| true)
}

/// The service says that the object is not what was looked at.
async fn refused(open: &Open, object: &Removable, meant: &Meant<'_>) -> Result<Became> {
    match open.bucket.store.look(&object.key).await? {
        Lookup::Absent => Ok(Became::Gone),
        Lookup::Found(held) if held.compare(meant) == Likeness::Same => {
            let told = format!(
                "the service does not remove {}: it says that it changed, and it did not",
                object.key
            );
            Err(Error::new(Code::RequestRefused, told)
                .hint("remove it by hand, or keep what was deleted (`tintype folder keep`)"))
        }
        // Somebody was faster.
        Lookup::Found(_) | Lookup::Hidden => Ok(Became::Other),
    }
}

/// Whether there is anything under a path.
fn is_there(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(error) => Err(Error::from_io(&error, path)),
    }
}

/// The folder as it is meant now; nothing if deleted files are to stay in the bucket, or nobody
/// watches it any more.
fn meant(stages: &Stages, settings: &Settings, removal: &Removal) -> Option<WatchedFolder> {
    let passing = stages
        .passing
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut folders = settings.folders.iter().chain(passing.iter());
    folders
        .find(|folder| folder.path == removal.folder && folder.deleted == Deleted::Remove)
        .cloned()
}

/// The bucket an object is in, as the folder's profile or another one reaches it.
async fn bucket_of(
    stages: &Stages,
    settings: &Settings,
    folder: &WatchedFolder,
    object: &Removable,
) -> Result<Open> {
    let own = settings.profile_for(folder).ok();
    let first = settings
        .profiles
        .iter()
        .filter(|profile| Some(*profile) == own);
    let others = settings
        .profiles
        .iter()
        .filter(|profile| Some(*profile) != own);
    let mut unreached = None;
    for profile in first.chain(others) {
        match stages.stores.get(profile).await {
            Ok(open) if open.target == object.target => return Ok(open),
            Ok(_) => {}
            Err(error) => unreached = unreached.or(Some(error)),
        }
    }
    Err(unreached.unwrap_or_else(|| {
        let told = format!(
            "{} is to be removed from a bucket that no profile reaches any more ({})",
            object.key, object.target
        );
        Error::new(Code::ProfileMissing, told)
            .hint("connect that bucket again, or keep what was deleted (`tintype folder keep`)")
    }))
}

/// Takes one object away. Everything that speaks against it is asked inside each attempt, after its
/// turn has come.
async fn take_away(
    stages: &Stages,
    open: &Open,
    removal: &Removal,
    object: &Removable,
) -> Result<Became> {
    open.bucket
        .call(0, || async {
            match stages
                .journal
                .begin_leaving(removal, object, &stages.engine)
                .await?
            {
                Leave::Now => {}
                stays => return Ok(Became::Stays(stays)),
            }
            let became = delete_if_same(stages, open, removal, object).await;
            let gone = matches!(became, Ok(Became::Gone | Became::Other));
            stages.journal.end_leaving(object, gone).await?;
            became
        })
        .await
}

async fn delete_if_same(
    stages: &Stages,
    open: &Open,
    removal: &Removal,
    object: &Removable,
) -> Result<Became> {
    let record = &object.object;
    let etag = Some(record.etag.as_str()).filter(|etag| !etag.is_empty());
    let meant = Meant {
        size: record.size,
        sha256: &record.sha256,
        etag,
        made: None,
    };
    let held = match open.bucket.store.look(&object.key).await? {
        Lookup::Absent => return Ok(Became::Gone),
        Lookup::Found(held) => held,
        Lookup::Hidden => {
            let told = format!(
                "{} is to be removed, but the credentials may not look at it",
                object.key
            );
            return Err(Error::new(Code::AccessDenied, told)
                .hint("give the key the rights to get and delete objects"));
        }
    };
    let unheard_of = record
        .upload
        .as_deref()
        .is_some_and(|job| held.get(META_UPLOAD) == Some(&label_of(job)));
    if !unheard_of && held.compare(&meant) != Likeness::Same {
        return Ok(Became::Other);
    }
    // Last of all: the look took its time, in which a person may have changed their mind.
    if stages.limits.is_paused() {
        return Ok(Became::Stays(Leave::Later));
    }
    match stages
        .journal
        .begin_leaving(removal, object, &stages.engine)
        .await?
    {
        Leave::Now => {}
        stays => return Ok(Became::Stays(stays)),
    }
    if is_there(&removal.path)? {
        return Ok(Became::Stays(Leave::Later));
    }
    match open
        .bucket
        .store
        .delete(&object.key, &Only::IfStill(held.etag))
        .await
    {
        Ok(()) => Ok(Became::Gone),
        Err(error) if error.code == Code::KeyTaken => refused(open, object, &meant).await,
        Err(error) => Err(error),
    }
}
