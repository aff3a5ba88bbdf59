//! The platform's news of a folder, as hints. They make it fast; nothing depends on them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RenameMode};
use notify::{RecursiveMode, Watcher as _};

use super::settle::Hint;
use crate::error::{Code, Error, Result};
use crate::folder::WatchedFolder;

/// inotify tells when a file is closed; the others do not.
const TELLS_CLOSE: bool = cfg!(target_os = "linux");

/// What wakes a folder's thread.
#[derive(Debug)]
pub(crate) enum Wake {
    /// The platform has news.
    Event(notify::Result<notify::Event>),
    /// Compare the whole folder now.
    Look,
    /// Nothing is on record of this file any more.
    Forget(PathBuf),
    /// End.
    Stop,
}

/// What happened since the last look.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Paths to look at.
    pub(super) paths: HashMap<PathBuf, Hint>,
    /// Folders that appeared: files may be in them that nobody told of.
    pub(super) folders: Vec<PathBuf>,
    /// Events were lost: only a scan tells what happened.
    pub(super) lost: bool,
}

impl Changes {
    fn note(&mut self, path: PathBuf, hint: Hint) {
        let known = self.paths.entry(path).or_insert(hint);
        // A file that is written to again after it was closed is open.
        *known = if hint == Hint::Writing && *known == Hint::Closed {
            hint
        } else {
            hint.max(*known)
        };
    }

    pub(super) fn add(&mut self, event: notify::Result<notify::Event>) {
        let Ok(event) = event else {
            self.lost = true;
            return;
        };
        // A rescan may come without a path.
        if event.need_rescan() {
            self.lost = true;
            return;
        }
        let writing = if TELLS_CLOSE {
            Hint::Writing
        } else {
            Hint::Found
        };
        let hint = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Hint::Closed,
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Hint::Renamed,
            EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
                let mut paths = event.paths.into_iter();
                paths
                    .next()
                    .into_iter()
                    .for_each(|from| self.note(from, Hint::Found));
                paths.for_each(|to| self.note(to, Hint::Renamed));
                return;
            }
            EventKind::Modify(ModifyKind::Data(_)) => writing,
            EventKind::Create(CreateKind::Folder) => {
                self.folders.extend(event.paths);
                return;
            }
            _ => Hint::Found,
        };
        event
            .paths
            .into_iter()
            .for_each(|path| self.note(path, hint));
    }
}

/// Asks the platform for news of a folder.
///
/// # Errors
/// `watch-failed`, naming the limit that was reached.
pub(super) fn open(
    folder: &WatchedFolder,
    waker: Sender<Wake>,
) -> Result<notify::RecommendedWatcher> {
    let path = &folder.path;
    let handler = move |event| {
        // The thread has ended: nobody listens any more.
        let _ = waker.send(Wake::Event(event));
    };
    let config = notify::Config::default().with_follow_symlinks(folder.follow_links);
    let mut watcher = notify::RecommendedWatcher::new(handler, config)
        .map_err(|error| cannot_watch(path, &error))?;
    let mode = if folder.recursive {
        RecursiveMode::Recursive
    } else {
        RecursiveMode::NonRecursive
    };
    watcher
        .watch(path, mode)
        .map_err(|error| cannot_watch(path, &error))?;
    Ok(watcher)
}

fn cannot_watch(folder: &Path, error: &notify::Error) -> Error {
    let limit = |name: &str, value: u32| {
        let told = format!(
            "{} has more folders than this system lets programs watch ({name})",
            folder.display()
        );
        let hint = format!(
            "raise the limit: sudo sysctl {name}={value}; until then Tintype looks for itself every few seconds"
        );
        Error::new(Code::WatchFailed, told).hint(hint)
    };
    match &error.kind {
        // Linux says "no space left on device" when the number of watches is used up.
        notify::ErrorKind::MaxFilesWatch => limit("fs.inotify.max_user_watches", 524_288),
        notify::ErrorKind::Io(io) if io.raw_os_error() == Some(28) => {
            limit("fs.inotify.max_user_watches", 524_288)
        }
        // "Too many open files": the number of inotify instances.
        notify::ErrorKind::Io(io) if io.raw_os_error() == Some(24) => {
            limit("fs.inotify.max_user_instances", 1024)
        }
        _ => Error::new(
            Code::WatchFailed,
            format!("{} sends no news: {error}", folder.display()),
        )
        .hint("Tintype looks for itself every few seconds meanwhile"),
    }
}

#[cfg(test)]
mod tests {
    use notify::Event;
    use notify::event::{DataChange, Flag};

    use super::*;

    fn event(kind: EventKind, paths: &[&str]) -> notify::Result<Event> {
        Ok(paths
            .iter()
            .fold(Event::new(kind), |event, path| event.add_path(path.into())))
    }

    #[test]
    fn a_save_by_temporary_and_rename_is_one_finished_file() {
        let mut changes = Changes::default();
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        changes.add(event(EventKind::Create(CreateKind::File), &["a.tmp"]));
        changes.add(event(written, &["a.tmp"]));
        changes.add(event(
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            &["a.tmp"],
        ));
        changes.add(event(
            EventKind::Modify(ModifyKind::Name(RenameMode::Both)),
            &["a.tmp", "a.jpg"],
        ));
        assert_eq!(changes.paths[Path::new("a.jpg")], Hint::Renamed);
        changes.add(event(
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            &["b.jpg"],
        ));
        changes.add(event(written, &["b.jpg"]));
        if TELLS_CLOSE {
            assert_eq!(
                changes.paths[Path::new("b.jpg")],
                Hint::Writing,
                "it was opened again"
            );
        }
        assert!(!changes.lost);
    }

    #[test]
    fn a_rescan_without_a_path_means_everything() {
        let mut changes = Changes::default();
        changes.add(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(changes.lost);
    }

    #[test]
    fn row_03_a_used_up_limit_is_named_with_its_cure() {
        let told = |error: notify::Error| {
            cannot_watch(Path::new("/w"), &error)
                .hint
                .unwrap_or_default()
        };
        assert!(
            told(notify::Error::new(notify::ErrorKind::MaxFilesWatch))
                .contains("sudo sysctl fs.inotify.max_user_watches=524288")
        );
        assert!(
            told(notify::Error::io(std::io::Error::from_raw_os_error(28)))
                .contains("max_user_watches"),
            "no space left on device"
        );
        assert!(
            told(notify::Error::io(std::io::Error::from_raw_os_error(24)))
                .contains("max_user_instances"),
            "too many open files"
        );
    }
}
