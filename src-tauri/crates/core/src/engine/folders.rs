//! The watched folders of an engine: one task each, as the settings say.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::view::FolderView;
use crate::error::{Error, Result};
use crate::intake;
use crate::journal::{Journal, NewJob, Seen};
use crate::key;
use crate::settings::{Settings, WatchedFolder};
use crate::watch::{self, Report};

/// The tasks, and what they said last.
pub(super) struct Folders {
    reports: mpsc::Sender<Report>,
    tasks: TaskTracker,
    running: HashMap<PathBuf, CancellationToken>,
    trouble: HashMap<PathBuf, Error>,
    /// Folders of this run only (command line).
    passing: Vec<WatchedFolder>,
}

impl Folders {
    pub(super) fn new(reports: mpsc::Sender<Report>) -> Self {
        Self { reports, tasks: TaskTracker::new(), running: HashMap::new(), trouble: HashMap::new(), passing: Vec::new() }
    }

    /// Adds folders for this run.
    pub(super) fn add_passing(&mut self, folders: Vec<WatchedFolder>) {
        self.passing.extend(folders);
    }

    /// The folder of that path, as it is meant now.
    pub(super) fn find(&self, settings: &Settings, path: &PathBuf) -> Option<WatchedFolder> {
        self.passing.iter().chain(&settings.folders).find(|folder| folder.path == *path).cloned()
    }

    /// Starts and stops tasks until they are as the settings say (`own`: those of the settings, too).
    pub(super) fn follow(&mut self, settings: &Settings, own: bool) {
        let from_settings = settings.folders.iter().filter(|folder| own && !folder.paused);
        let wanted: Vec<PathBuf> = self.passing.iter().chain(from_settings).map(|folder| folder.path.clone()).collect();
        let trouble = &mut self.trouble;
        self.running.retain(|path, stop| {
            let keep = wanted.contains(path);
            if !keep {
                stop.cancel();
                trouble.remove(path);
            }
            keep
        });
        for path in wanted {
            self.running.entry(path.clone()).or_insert_with(|| {
                let stop = CancellationToken::new();
                self.tasks.spawn(watch::watch(path, self.reports.clone(), stop.clone()));
                stop
            });
        }
    }

    /// Notes what a task said of its folder; true if that is news.
    pub(super) fn note(&mut self, path: PathBuf, trouble: Option<Error>) -> bool {
        match trouble {
            Some(error) => self.trouble.insert(path, error.clone()) != Some(error),
            None => self.trouble.remove(&path).is_some(),
        }
    }

    pub(super) fn views(&self, settings: &Settings) -> Vec<FolderView> {
        let view = |folder: &WatchedFolder| FolderView {
            path: folder.path.clone(),
            profile: folder.profile.clone(),
            paused: folder.paused,
            error: self.trouble.get(&folder.path).cloned(),
        };
        settings.folders.iter().map(view).collect()
    }

    pub(super) async fn stop(&mut self) {
        self.running.drain().for_each(|(_, stop)| stop.cancel());
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Jobs for the files of a folder that the journal has not seen as they are now.
pub(super) async fn new_jobs(journal: &Journal, settings: &Settings, folder: &WatchedFolder, settled: Vec<Seen>) -> Result<Vec<NewJob>> {
    let seen = journal.seen(&folder.path).await?;
    let fresh = settled.into_iter().filter(|file| !seen.contains(&(file.path.clone(), file.size, file.mtime_ns)));
    let job = |file: Seen| NewJob {
        source: file.path.clone(),
        name: key::file_name(&file.path),
        folder: intake::relative(&folder.path, file.path.parent().unwrap_or(&folder.path)),
        profile: folder.profile.clone(),
        watched: folder.path.clone(),
        variants: settings.variants.clone(),
        on_conflict: None,
        seen: Some(file),
        refused: None,
    };
    Ok(fresh.map(job).collect())
}
