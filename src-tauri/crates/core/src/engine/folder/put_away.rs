//! What becomes of a file of a watched folder once it is in the bucket, if it is not to stay: it is
//! moved, or put into the trash. No file is ever deleted, and none that is not what was sent is
//! touched.

use std::ffi::OsString;
use std::fs::{FileTimes, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::digest;
use crate::engine::aside::{Aside, PutDown};
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::{AfterUpload, Stamp, WatchedFolder, place_in};
use crate::journal::{Journal, PutAway};
use crate::regular;
use crate::world::blocking;

/// Folders whose files are to be put away: all that are on record for them, or that of one job.
struct Order {
    folders: Vec<WatchedFolder>,
    job: Option<i64>,
    /// Told when it is carried out, and what could not be.
    done: Option<oneshot::Sender<Vec<Error>>>,
}

/// Carries out orders, one after the other.
pub(in crate::engine) struct Porter {
    orders: mpsc::UnboundedSender<Order>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Porter {
    pub(in crate::engine) fn start(stages: Arc<Stages>, done: mpsc::Sender<Aside>) -> Self {
        let (orders, mut received) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            while let Some(Some(order)) = stopped.run_until_cancelled(received.recv()).await {
                if let Err(error) = carry_out(&stages, order, &done, &stopped).await {
                    tracing::error!(%error, "uploaded files could not be put away");
                }
            }
        }));
        Self { orders, stop, task }
    }

    /// Orders to put away all that a folder has on record for it, or the file of one job.
    pub(in crate::engine) fn order(&self, folder: &WatchedFolder, job: Option<i64>) {
        if folder.after_upload != AfterUpload::Leave {
            // What is not carried out stays on record.
            let _ = self.orders.send(Order {
                folders: vec![folder.clone()],
                job,
                done: None,
            });
        }
    }

    /// Orders to put away all that these folders have on record for it, and says when that is done,
    /// and what could not be.
    pub(in crate::engine) fn order_all(
        &self,
        folders: Vec<WatchedFolder>,
        answer: oneshot::Sender<Vec<Error>>,
    ) {
        let _ = self.orders.send(Order {
            folders,
            job: None,
            done: Some(answer),
        });
    }

    /// Ends after the file that is in hand; the others stay on record.
    pub(in crate::engine) async fn stop(&mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "putting files away ended badly");
        }
    }
}

async fn carry_out(
    stages: &Stages,
    Order {
        folders,
        job,
        done: answer,
    }: Order,
    done: &mpsc::Sender<Aside>,
    stop: &CancellationToken,
) -> Result<()> {
    let mut left = Vec::new();
    for folder in folders {
        left.extend(empty(stages, &folder, job, done, stop).await?);
    }
    if let Some(answer) = answer {
        // Whoever asked may be gone.
        let _ = answer.send(left);
    }
    Ok(())
}

/// Puts away what a folder has on record for it; what could not be.
async fn empty(
    stages: &Stages,
    folder: &WatchedFolder,
    job: Option<i64>,
    done: &mpsc::Sender<Aside>,
    stop: &CancellationToken,
) -> Result<Vec<Error>> {
    let mut left = Vec::new();
    for file in stages.journal.to_put_away(&folder.path, job).await? {
        if stop.is_cancelled() {
            break;
        }
        let (meant, path) = (folder.clone(), file.path.clone());
        let result = blocking("moving a file", move || put_away(&meant, &file))
            .await
            .flatten();
        if result == Ok(true) {
            stages.journal.is_put_away(&folder.path, &path).await?;
        }
        left.extend(result.as_ref().err().cloned());
        // Whoever listens may be about to end; what is on record is what counts.
        let _ = done
            .send(Aside::PutAway(PutDown {
                folder: folder.path.to_path_buf(),
                file: path,
                result,
            }))
            .await;
    }
    Ok(left)
}

/// Whether the file is away now.
fn put_away(folder: &WatchedFolder, file: &PutAway) -> Result<bool> {
    let path = file.path.as_path();
    bring_back(path)?;
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(Error::from_io(&error, path)),
        Ok(meta) if meta.is_symlink() => {
            let told = format!(
                "{} was uploaded and stays where it is: it is a link",
                path.display()
            );
            return Err(Error::new(Code::Skipped, told).hint("move or remove the link yourself"));
        }
        // It has changed since: its new content goes up first.
        Ok(meta) if !Stamp::of(&meta).is(&file.stamp) => return Ok(false),
        Ok(_) => {}
    }
    match &folder.after_upload {
        AfterUpload::Leave => return Ok(false),
        AfterUpload::Trash => to_trash(path),
        AfterUpload::Move(to) => to_folder(file, &to.join(place_in(&folder.path, path))),
    }
    .map(|()| true)
    .map_err(|error| Error {
        message: format!(
            "{} was uploaded, but stays where it is: {}",
            path.display(),
            error.message
        ),
        ..error
    })
}

fn to_trash(path: &Path) -> Result<()> {
    #[cfg_attr(
        not(target_os = "macos"),
        expect(unused_mut, reason = "only macOS has a choice of methods")
    )]
    let mut context = trash::TrashContext::new();
    #[cfg(target_os = "macos")]
    {
        use trash::macos::TrashContextExtMacos as _;
        // Finder would ask the person for the right to be told what to do.
        context.set_delete_method(trash::macos::DeleteMethod::NsFileManager);
    }
    context.delete(path).map_err(|error| {
        Error::new(
            Code::FileUnreadable,
            format!("the trash does not take it ({error})"),
        )
        .hint("let the folder move uploaded files instead")
    })
}

/// Moves a file into a folder under a name that is free there.
fn to_folder(file: &PutAway, folder: &Path) -> Result<()> {
    let path = file.path.as_path();
    std::fs::create_dir_all(folder).map_err(|error| Error::from_io(&error, folder))?;
    let own = path.parent().and_then(|own| own.canonicalize().ok());
    if own.is_some() && own == folder.canonicalize().ok() {
        // It lies there, by whatever spelling.
        return Ok(());
    }
    let place = reserve(folder, path)?;
    let moved = match std::fs::rename(path, &place) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => copy(file, &place),
        Err(error) => Err(Error::from_io(&error, path)),
        Ok(()) => take_back_if_new(file, &place),
    };
    if moved.is_err() && std::fs::metadata(&place).is_ok_and(|meta| meta.len() == 0) {
        // Nothing is in it but its name.
        let _ = std::fs::remove_file(&place);
    }
    moved
}

fn changed() -> Error {
    Error::new(Code::FileChanging, "it was written to while it was moved")
        .hint("its new content goes up first")
}

/// Somebody wrote to the file in the moment before it was moved: what is not in the bucket yet goes
/// back to its place.
fn take_back_if_new(file: &PutAway, place: &Path) -> Result<()> {
    let moved = std::fs::symlink_metadata(place).map_err(|error| Error::from_io(&error, place))?;
    if Stamp::of(&moved).is(&file.stamp) {
        return Ok(());
    }
    if !file.path.exists() {
        std::fs::rename(place, &file.path).map_err(|error| Error::from_io(&error, place))?;
    }
    Err(changed())
}

/// Where a file waits while its copy takes its place on another drive: beside it, under a name that
/// is nobody's. Nobody who saves under the file's own name meets it there, so what is taken away in
/// the end is what was copied.
fn aside(path: &Path) -> PathBuf {
    let name = Sha256::digest(path.as_os_str().as_encoded_bytes());
    path.with_file_name(format!(".tintype-{}.aside", hex::encode(&name[..8])))
}

/// Files that were aside when a move to another drive broke off go back to their places, before
/// anybody looks for them there.
pub(in crate::engine) async fn bring_all_back(journal: &Journal, folder: &Path) -> Result<()> {
    let files = journal.to_put_away(folder, None).await?;
    let back = move || files.iter().try_for_each(|file| bring_back(&file.path));
    blocking("bringing files back", back).await?
}

/// An earlier move to another drive broke off when the file was aside already: it goes back, if its
/// name is free.
fn bring_back(path: &Path) -> Result<()> {
    let aside = aside(path);
    if std::fs::symlink_metadata(&aside).is_err() {
        return Ok(());
    }
    match std::fs::hard_link(&aside, path) {
        // That was done before, all but the last step.
        Err(_) if is_same(&aside, path) => {}
        // There is a newer one; this is in the bucket, and yet nobody's to throw away.
        Err(_) if std::fs::symlink_metadata(path).is_ok() => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let place = reserve(folder, path)?;
            return std::fs::rename(&aside, &place).map_err(|error| Error::from_io(&error, &place));
        }
        // Not every drive has hard links.
        Err(_) => {
            return std::fs::rename(&aside, path).map_err(|error| Error::from_io(&error, path));
        }
        Ok(()) => {}
    }
    std::fs::remove_file(&aside).map_err(|error| Error::from_io(&error, &aside))
}

/// Whether two names are one and the same file's.
fn is_same(one: &Path, other: &Path) -> bool {
    let stamp = |path: &Path| {
        std::fs::symlink_metadata(path)
            .ok()
            .map(|meta| Stamp::of(&meta))
    };
    match (stamp(one), stamp(other)) {
        (Some(one), Some(other)) => one.inode != 0 && one == other,
        _ => false,
    }
}

/// A name in a folder that was free and is taken now, by an empty file.
fn reserve(folder: &Path, path: &Path) -> Result<PathBuf> {
    for number in 1u32.. {
        let place = match number {
            1 => folder.join(path.file_name().unwrap_or_default()),
            _ => folder.join(numbered(path, number)),
        };
        match OpenOptions::new().write(true).create_new(true).open(&place) {
            Ok(_) => return Ok(place),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::from_io(&error, &place)),
        }
    }
    Err(Error::new(
        Code::FileUnreadable,
        format!("{} has no free name left", folder.display()),
    ))
}

/// A file's name with a number before its ending: names are bytes, whether they are text or not.
fn numbered(path: &Path, number: u32) -> OsString {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(" ({number})"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    name
}

/// To another drive: the file goes once its copy is on that drive, byte by byte what is in the
/// bucket.
fn copy(file: &PutAway, place: &Path) -> Result<()> {
    let path = file.path.as_path();
    let folder = place.parent().unwrap_or(Path::new(""));
    // Under a name that is nobody's until it is whole; it goes if anything fails.
    let part = tempfile::Builder::new()
        .prefix(".tintype-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(|error| Error::from_io(&error, folder))?;
    let copied = || -> std::io::Result<String> {
        let meta = std::fs::metadata(path)?;
        std::io::copy(&mut regular::open(path)?, &mut part.as_file())?;
        part.as_file()
            .set_times(FileTimes::new().set_modified(meta.modified()?))?;
        part.as_file().set_permissions(meta.permissions())?;
        part.as_file().sync_all()?;
        Ok(hex::encode(digest::sha256(part.path())?))
    };
    if copied().map_err(|error| Error::from_io(&error, place))? != file.sha256 {
        return Err(changed());
    }
    let aside = aside(path);
    match std::fs::rename(path, &aside) {
        // Somebody took it away in this moment: here it is.
        Err(error) if error.kind() == ErrorKind::NotFound => return persist(part, place),
        // It cannot be moved, only copied.
        Err(error) => return Err(Error::from_io(&error, path)),
        Ok(()) => {}
    }
    let moved = leave(file, &aside).and_then(|()| persist(part, place));
    if moved.is_err() {
        bring_back(path)?;
        return moved;
    }
    std::fs::remove_file(&aside).or_else(|error| {
        // It cannot be moved, only copied; one copy more at each attempt would fill the drive.
        let _ = std::fs::remove_file(place);
        bring_back(path)?;
        Err(Error::from_io(&error, &aside))
    })
}

/// Whether what was put aside is what was copied: an editor may have saved in that moment.
fn leave(file: &PutAway, aside: &Path) -> Result<()> {
    let meta = std::fs::symlink_metadata(aside).map_err(|error| Error::from_io(&error, aside))?;
    if Stamp::of(&meta).is(&file.stamp) {
        Ok(())
    } else {
        Err(changed())
    }
}

fn persist(part: tempfile::NamedTempFile, place: &Path) -> Result<()> {
    part.persist(place)
        .map(|_| ())
        .map_err(|error| Error::from_io(&error.error, place))
}

#[cfg(test)]
mod tests;
