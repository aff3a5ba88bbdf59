//! The watched folders of an engine: one thread each, as the settings say.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::put_away::bring_all_back;
use crate::engine::aside::PutDown;
use crate::engine::shown::view::FolderView;
use crate::error::{Error, Result};
use crate::folder::{Inner, Seen, WatchedFolder, place_in};
use crate::journal::{Journal, NewJob};
use crate::key;
use crate::profile::Profile;
use crate::settings::Settings;
use crate::watch::{self, FolderState, Following, Report, Start, Wake};

/// A thread that does not end within this time is left behind.
const STOP: Duration = Duration::from_secs(1);
/// Reasons that are shown.
const TOLD: usize = 50;

struct Watched {
    folder: WatchedFolder,
    /// Watched folders in it.
    inner: Vec<Inner>,
    waker: Sender<Wake>,
    state: FolderState,
    /// While it is seen.
    clock: Option<Clock>,
    /// Why what it found could not be recorded.
    unrecorded: Option<Error>,
    /// Files that could not be put away, and why.
    stuck: BTreeMap<PathBuf, Error>,
}

/// How far a folder's clock was when it was kept last, and since when it is seen beyond that.
#[derive(Clone, Copy)]
struct Clock {
    since: Instant,
    /// Not known before it is kept for the first time.
    at: Option<i64>,
}

impl Clock {
    fn begins() -> Self {
        Self {
            since: Instant::now(),
            at: None,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.waker.send(Wake::Stop);
    }
}

/// Whether a folder has just been compared as a whole with what is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Compared {
    Not,
    /// For the first time in this run.
    FirstTime,
    Again,
}

/// The threads, and what they said last.
pub(in crate::engine) struct Folders {
    reports: mpsc::Sender<Report>,
    threads: TaskTracker,
    running: HashMap<PathBuf, Watched>,
    /// Folders of this run only (command line).
    passing: Vec<WatchedFolder>,
}

impl Folders {
    pub(in crate::engine) fn new(reports: mpsc::Sender<Report>) -> Self {
        Self {
            reports,
            threads: TaskTracker::new(),
            running: HashMap::new(),
            passing: Vec::new(),
        }
    }

    /// Adds folders for this run.
    pub(in crate::engine) fn add_passing(&mut self, folders: Vec<WatchedFolder>) {
        self.passing.extend(folders);
    }

    /// The folder of that path, as it is meant now.
    pub(in crate::engine) fn find(
        &self,
        settings: &Settings,
        path: &Path,
    ) -> Option<WatchedFolder> {
        self.passing
            .iter()
            .chain(&settings.folders)
            .find(|folder| folder.path == *path)
            .cloned()
    }

    /// Starts and stops threads until they are as the settings say (`own`: those of the settings,
    /// too).
    pub(in crate::engine) async fn follow(
        &mut self,
        journal: &Journal,
        settings: &Settings,
        own: bool,
    ) -> Result<()> {
        let from_settings = settings
            .folders
            .iter()
            .filter(|folder| own && !folder.paused);
        // One that rests, or is not watched in this run, keeps what is its own.
        let known = self.passing.iter().chain(&settings.folders);
        let with_inner = |folder: &WatchedFolder| (folder.clone(), folder.inner(known.clone()));
        let wanted: Vec<(WatchedFolder, Vec<Inner>)> = self
            .passing
            .iter()
            .chain(from_settings)
            .map(with_inner)
            .collect();
        // A folder that is meant otherwise from now on begins anew.
        self.running.retain(|_, running| {
            wanted
                .iter()
                .any(|(folder, inner)| *folder == running.folder && *inner == running.inner)
        });
        let mut followed = Ok(());
        for (folder, inner) in wanted {
            if !self.running.contains_key(&*folder.path) {
                // One that cannot be followed keeps none of the others from it.
                followed = self
                    .begin(journal, settings, folder, inner)
                    .await
                    .and(followed);
            }
        }
        followed
    }

    async fn begin(
        &mut self,
        journal: &Journal,
        settings: &Settings,
        folder: WatchedFolder,
        inner: Vec<Inner>,
    ) -> Result<()> {
        journal.keep_folder(&folder).await?;
        bring_all_back(journal, &folder.path).await?;
        let on_record = journal
            .on_record(&folder, &settings.profile_for(&folder)?.id)
            .await?;
        let (waker, wakes) = channel();
        let start = Start {
            folder: folder.clone(),
            on_record,
            inner: inner.clone(),
        };
        let (reports, for_events) = (self.reports.clone(), waker.clone());
        self.threads
            .spawn_blocking(move || watch::watch(start, reports, for_events, &wakes));
        let path = folder.path.to_path_buf();
        self.running.insert(
            path,
            Watched {
                folder,
                inner,
                waker,
                state: FolderState::default(),
                clock: None,
                unrecorded: None,
                stuck: BTreeMap::new(),
            },
        );
        Ok(())
    }

    fn wake(&self, path: &Path, wake: Wake) {
        if let Some(watched) = self.running.get(path) {
            // It may have ended by itself.
            let _ = watched.waker.send(wake);
        }
    }

    /// Compares all folders, or one, with what is on record, now.
    pub(in crate::engine) fn look(&self, path: Option<&Path>) {
        self.running
            .keys()
            .filter(|known| path.is_none_or(|path| path == known.as_path()))
            .for_each(|path| self.wake(path, Wake::Look));
    }

    /// Nothing is on record of a file any more.
    pub(in crate::engine) fn forget(&self, folder: &Path, file: PathBuf) {
        self.wake(folder, Wake::Forget(file));
    }

    /// Notes how a folder is, and whether it was just compared.
    pub(in crate::engine) fn note(&mut self, path: &Path, state: FolderState) -> Compared {
        let Some(watched) = self.running.get_mut(path) else {
            return Compared::Not;
        };
        let compared = match (watched.state.scanned_at, state.scanned_at) {
            (None, Some(_)) => Compared::FirstTime,
            (before, now) if before != now => Compared::Again,
            _ => Compared::Not,
        };
        let sees = matches!(state.following, Following::Watching | Following::Polling);
        watched.clock = if sees {
            watched.clock.or_else(|| Some(Clock::begins()))
        } else {
            None
        };
        watched.state = state;
        compared
    }

    /// Puts on record for how long a folder has been seen since the last time.
    pub(in crate::engine) async fn keep_clock(
        &mut self,
        journal: &Journal,
        path: &Path,
    ) -> Result<()> {
        let Some(watched) = self.running.get_mut(path) else {
            return Ok(());
        };
        if let Some(clock) = &mut watched.clock {
            let now = Instant::now();
            let millis = i64::try_from(now.saturating_duration_since(clock.since).as_millis())
                .unwrap_or(i64::MAX);
            let at = journal.keep_clock(path, clock.at, millis).await?;
            *clock = Clock { since: now, at };
        }
        Ok(())
    }

    /// The same for all folders.
    pub(in crate::engine) async fn keep_clocks(&mut self, journal: &Journal) -> Result<()> {
        for path in self.running.keys().cloned().collect::<Vec<_>>() {
            self.keep_clock(journal, &path).await?;
        }
        Ok(())
    }

    /// Notes whether what a folder found could be recorded.
    pub(in crate::engine) fn note_recorded(&mut self, path: &Path, recorded: &Result<()>) {
        if let Some(watched) = self.running.get_mut(path) {
            watched.unrecorded = recorded.as_ref().err().cloned();
        }
    }

    /// Notes what became of a file that was to be put away.
    pub(in crate::engine) fn note_put_away(
        &mut self,
        PutDown {
            folder,
            file,
            result,
        }: PutDown,
    ) {
        if result == Ok(true) {
            self.forget(&folder, file.clone());
        }
        if let Some(watched) = self.running.get_mut(&folder) {
            match result {
                Ok(_) => drop(watched.stuck.remove(&file)),
                Err(error) => drop(watched.stuck.insert(file, error)),
            }
        }
    }

    pub(in crate::engine) async fn views(
        &self,
        journal: &Journal,
        settings: &Settings,
    ) -> Result<Vec<FolderView>> {
        let mut views = Vec::new();
        let passing = self.passing.iter().filter(|folder| {
            !settings
                .folders
                .iter()
                .any(|known| known.path == folder.path)
        });
        for folder in settings.folders.iter().chain(passing) {
            let (waiting, failed) = journal.folder_counts(&folder.path).await?;
            let removals = journal.removals(&folder.path).await?;
            let watched = self.running.get(&*folder.path);
            let state = watched
                .map(|watched| watched.state.clone())
                .unwrap_or_default();
            let unrecorded = watched.and_then(|watched| watched.unrecorded.clone());
            let profile = settings.profile_for(folder);
            let stuck = watched
                .into_iter()
                .flat_map(|watched| watched.stuck.values().cloned());
            views.push(FolderView {
                path: folder.path.clone(),
                profile: profile
                    .as_ref()
                    .map_or(&folder.profile, |profile| &profile.name)
                    .clone(),
                paused: folder.paused,
                following: state.following,
                error: unrecorded.or(state.trouble).or_else(|| profile.err()),
                seen: state.seen,
                settling: state.settling,
                waiting,
                uploaded: state.seen.saturating_sub(state.skipped + waiting + failed),
                failed,
                skipped: state.skipped,
                scanned_at: state.scanned_at,
                removing: removals.files,
                held: removals.held,
                removing_at: removals
                    .next_in
                    .map(|millis| jiff::Timestamp::now().as_millisecond() + millis),
                told: stuck.chain(state.told).take(TOLD).collect(),
            });
        }
        Ok(views)
    }

    /// Ends all threads. Nobody must wait for an answer any more; one that reads a large file, or a
    /// share that is away, is left behind: it has nothing to say that is not found again.
    pub(in crate::engine) async fn stop(&mut self) {
        self.running.clear();
        self.threads.close();
        if tokio::time::timeout(STOP, self.threads.wait())
            .await
            .is_err()
        {
            tracing::debug!("a folder's thread is left behind");
        }
    }
}

/// Jobs for finished files of a folder, and the files that are none.
pub(in crate::engine) fn sorted(
    settings: &Settings,
    (folder, profile): (&WatchedFolder, &Profile),
    finished: Vec<Seen>,
    needs: Option<&str>,
) -> (Vec<NewJob>, Vec<Seen>) {
    let (skipped, wanted): (Vec<Seen>, Vec<Seen>) = finished
        .into_iter()
        .partition(|file| file.skipped.is_some());
    let job = |file: Seen| NewJob {
        source: file.path.clone(),
        name: key::file_name(&file.path),
        folder: place_in(&folder.path, &file.path),
        profile: profile.id.clone(),
        watched: folder.path.to_path_buf(),
        variants: folder
            .variants
            .clone()
            .unwrap_or_else(|| settings.variants.clone()),
        on_conflict: folder.choice_for_changed(),
        location: None,
        seen: Some(file),
        refused: None,
        needs: needs.map(str::to_owned),
    };
    (wanted.into_iter().map(job).collect(), skipped)
}
