//! Watching folders: events make it fast, the scan makes it true.
//!
//! One task per folder. What has settled is handed out; whoever receives it knows what has been taken before.

mod settle;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::content::{self, Kind};
use crate::error::{Code, Error, Result};
use crate::intake;
use crate::journal::Seen;
use settle::Settle;

/// A file is finished when it has not changed for this long.
const QUIET: Duration = Duration::from_secs(1);
/// How often files that have not settled are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// The whole folder is compared this often: network folders and lost events.
const RECONCILE: Duration = Duration::from_secs(300);

/// What a folder's task tells.
#[derive(Debug)]
pub(crate) enum Report {
    /// Pictures that are finished, perhaps known already.
    Settled(PathBuf, Vec<Seen>),
    /// The folder cannot be watched at the moment; the scan goes on.
    Trouble(PathBuf, Option<Error>),
}

/// Watches one folder until cancelled.
pub(crate) async fn watch(folder: PathBuf, reports: mpsc::Sender<Report>, stop: CancellationToken) {
    let (events, mut changed) = mpsc::unbounded_channel();
    let mut state = Folder { path: folder.clone(), settle: Settle::new(QUIET), delivered: HashMap::new() };
    let mut watcher = None;
    let mut next_scan = Instant::now();
    loop {
        if Instant::now() >= next_scan {
            next_scan = Instant::now() + RECONCILE;
            if watcher.is_none() {
                let opened = open_watcher(&folder, events.clone());
                let trouble = opened.as_ref().err().cloned();
                watcher = opened.ok();
                // Without events the scan has to be quick to notice.
                if watcher.is_none() {
                    next_scan = Instant::now() + Duration::from_secs(5);
                }
                if reports.send(Report::Trouble(folder.clone(), trouble)).await.is_err() {
                    return;
                }
            }
            state = state.look_at(None).await;
        }
        let pause = if state.settle.is_empty() { next_scan.saturating_duration_since(Instant::now()) } else { LOOK };
        tokio::select! {
            () = stop.cancelled() => return,
            event = changed.recv() => {
                let mut paths = Vec::new();
                let mut next = event;
                while let Some(event) = next {
                    match event {
                        Change::Paths(more) => paths.extend(more),
                        Change::Lost => next_scan = Instant::now(),
                    }
                    next = changed.try_recv().ok();
                }
                state = state.look_at(Some(paths)).await;
            }
            () = tokio::time::sleep(pause) => state = state.look_again().await,
        }
        let settled = state.take_settled();
        if !settled.is_empty() && reports.send(Report::Settled(folder.clone(), settled)).await.is_err() {
            return;
        }
    }
}

/// Everything finished in a folder, once: waits for what is still being written.
pub(crate) async fn scan_once(folder: PathBuf) -> Result<Vec<Seen>> {
    check(&folder)?;
    let mut state = Folder { path: folder, settle: Settle::new(QUIET), delivered: HashMap::new() }.look_at(None).await;
    let mut settled = state.take_settled();
    while !state.settle.is_empty() {
        tokio::time::sleep(LOOK).await;
        state = state.look_again().await;
        settled.extend(state.take_settled());
    }
    settled.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(settled)
}

/// Whether a folder is there and readable.
pub(crate) fn check(folder: &Path) -> Result<()> {
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(Error::new(Code::WatchFailed, format!("{} is no folder", folder.display())).hint("choose a folder"))
        }
        Err(error) => Err(Error::from_io(&error, folder)),
    }
}

enum Change {
    Paths(Vec<PathBuf>),
    /// Events were lost: only a scan tells what happened.
    Lost,
}

fn open_watcher(folder: &Path, events: mpsc::UnboundedSender<Change>) -> Result<notify::RecommendedWatcher> {
    check(folder)?;
    let handler = move |event: notify::Result<notify::Event>| {
        let change = match event {
            Ok(event) if event.need_rescan() => Change::Lost,
            Ok(event) if event.kind.is_access() && !is_close_after_write(&event) => return,
            Ok(event) => Change::Paths(event.paths),
            Err(_) => Change::Lost,
        };
        // The task has ended: nobody listens any more.
        let _ = events.send(change);
    };
    let mut watcher = notify::recommended_watcher(handler).map_err(|error| cannot_watch(folder, &error))?;
    watcher.watch(folder, RecursiveMode::Recursive).map_err(|error| cannot_watch(folder, &error))?;
    Ok(watcher)
}

fn is_close_after_write(event: &notify::Event) -> bool {
    use notify::event::{AccessKind, AccessMode, EventKind};
    matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)))
}

fn cannot_watch(folder: &Path, error: &notify::Error) -> Error {
    let told = Error::new(Code::WatchFailed, format!("{} cannot be watched: {error}", folder.display()));
    match error.kind {
        // Linux says "no space left" when the number of watches is used up.
        notify::ErrorKind::MaxFilesWatch => {
            told.hint("raise the limit: sudo sysctl fs.inotify.max_user_watches=524288; meanwhile Tintype scans the folder")
        }
        _ => told.hint("Tintype scans the folder every few seconds meanwhile"),
    }
}

struct Folder {
    path: PathBuf,
    settle: Settle,
    /// What was handed out, so that a scan does not hand it out again.
    delivered: HashMap<PathBuf, (u64, i64)>,
}

impl Folder {
    /// Looks at some paths, or at the whole folder.
    async fn look_at(self, paths: Option<Vec<PathBuf>>) -> Self {
        self.off_runtime(move |folder| {
            let files: Vec<PathBuf> = match paths {
                None => list(&folder.path),
                // A folder that appears may have files in it before it is watched.
                Some(paths) => paths.into_iter().flat_map(|path| if path.is_dir() { list(&path) } else { vec![path] }).collect(),
            };
            for file in files {
                folder.observe(file);
            }
        })
        .await
    }

    /// Looks once more at what has not settled.
    async fn look_again(self) -> Self {
        self.off_runtime(|folder| {
            for path in folder.settle.paths() {
                folder.observe(path);
            }
        })
        .await
    }

    async fn off_runtime(mut self, work: impl FnOnce(&mut Self) + Send + 'static) -> Self {
        let path = self.path.clone();
        let done = tokio::task::spawn_blocking(move || {
            work(&mut self);
            self
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "looking at a watched folder failed");
            Self { path, settle: Settle::new(QUIET), delivered: HashMap::new() }
        })
    }

    fn observe(&mut self, path: PathBuf) {
        if !wanted_name(&self.path, &path) {
            return;
        }
        match std::fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_file() => {
                let now = (meta.len(), intake::mtime_ns(&meta));
                if self.delivered.get(&path) != Some(&now) {
                    let quiet_for = meta.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
                    self.settle.observe(path, now.0, now.1, Instant::now(), quiet_for);
                }
            }
            _ => {
                self.delivered.remove(&path);
                self.settle.forget(&path);
            }
        }
    }

    fn take_settled(&mut self) -> Vec<Seen> {
        let settled = self.settle.take_ready(Instant::now());
        let pictures = settled.into_iter().filter(|seen| {
            self.delivered.insert(seen.path.clone(), (seen.size, seen.mtime_ns));
            is_picture(&seen.path)
        });
        pictures.collect()
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    intake::below(folder).into_iter().filter(|found| found.refused.is_none()).map(|found| found.path).collect()
}

/// Unfinished downloads, editors' and hidden files are not for upload.
fn wanted_name(root: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    let hidden = below.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let partial = [".part", ".partial", ".crdownload", ".download", ".tmp", ".swp", "~"].iter().any(|end| name.ends_with(end));
    !hidden && !partial
}

fn is_picture(path: &Path) -> bool {
    use std::io::Read as _;
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(content::SNIFF_LEN as u64).read_to_end(&mut head));
    let found = content::sniff(&head, &crate::key::file_name(path));
    read.is_ok() && (found.kind != Kind::Other || found.content_type.starts_with("image/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_and_hidden_names_are_left_alone() {
        let root = Path::new("/w/.config");
        for (name, wanted) in [
            ("a.jpg", true),
            ("b/a.JPG", true),
            (".a.jpg", false),
            (".x/a.jpg", false),
            ("a.jpg.part", false),
            ("a.jpg~", false),
            ("a.jpg.crdownload", false),
        ] {
            assert_eq!(wanted_name(root, &root.join(name)), wanted, "{name}");
        }
    }
}
