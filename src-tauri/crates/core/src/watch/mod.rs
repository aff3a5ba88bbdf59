//! Watching folders: events make it fast, the scan makes it true.
//!
//! One thread per folder, since all it does is look at the disk. What is finished is handed out,
//! and counts as known only when whoever receives it says that it is on record.

mod events;
mod files;
mod known;
mod limbo;
mod place;
mod settle;
mod walk;
mod writers;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::folder::Seen;
use events::Changes;
pub(crate) use events::Wake;
use files::Files;
pub(crate) use files::{News, Start};
use settle::Hint;

pub(crate) use place::check;

/// The whole folder is compared so often at first, to find out whether events come at all, and
/// where none come; less and less often while nothing is found that was not announced.
const POLL: Duration = Duration::from_secs(10);
/// And at least this often: nothing depends on events alone.
const SCAN: Duration = Duration::from_secs(300);
/// A folder that is away is looked for so often; so is a file that cannot be read.
const AWAY: Duration = Duration::from_secs(5);
/// A new folder is looked into once more after this: files may come before the platform watches it.
const AFTERWARDS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];
/// Files handed out at once.
const BATCH: usize = 1000;
/// What could not be recorded is handed out again after this.
const AGAIN: Duration = Duration::from_secs(3);

/// How a folder is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Following {
    /// The first comparison is under way.
    #[default]
    Starting,
    /// The platform tells what happens.
    Watching,
    /// Tintype looks for itself.
    Polling,
    /// It is not there: a drive that was taken out, a share that is not mounted.
    Away,
}

/// How a folder is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FolderState {
    pub(crate) following: Following,
    pub(crate) trouble: Option<Error>,
    /// Files on record.
    pub(crate) seen: u64,
    /// Of those, not for upload.
    pub(crate) skipped: u64,
    /// Files that are not finished yet.
    pub(crate) settling: u64,
    /// When the whole folder was compared last, milliseconds since 1970.
    pub(crate) scanned_at: Option<i64>,
    /// Why files do not go up, the latest first.
    pub(crate) told: Vec<Error>,
}

/// What a folder's thread tells.
#[derive(Debug)]
pub(crate) enum Report {
    State(PathBuf, FolderState),
    /// Files that are finished; the answer is whether they are on record.
    Finished(PathBuf, Vec<Seen>, oneshot::Sender<bool>),
    /// Files whose content is on record, under the first path.
    Moved(PathBuf, Vec<(PathBuf, Seen)>),
    /// Files that are no longer there, while their folder is.
    Gone(PathBuf, Vec<PathBuf>),
    /// Drives that were found in a folder: when one is away, its files are not gone.
    Drives(PathBuf, Vec<PathBuf>),
}

/// Watches one folder until told to stop. Blocks: it has a thread of its own.
pub(crate) fn watch(
    start: Start,
    reports: mpsc::Sender<Report>,
    waker: Sender<Wake>,
    wakes: &Receiver<Wake>,
) {
    let path = start.folder.path.to_path_buf();
    let mut watch = match Files::new(start) {
        Ok(files) => Watch {
            path,
            files,
            watcher: None,
            waker,
            identity: None,
            state: FolderState::default(),
            told: None,
            scan_at: Instant::now(),
            poll: POLL,
            scan_took: Duration::ZERO,
            afterwards: Vec::new(),
            unreadable_at: Instant::now(),
            announced: false,
            reports,
        },
        Err(error) => {
            let state = FolderState {
                following: Following::Away,
                trouble: Some(error),
                ..FolderState::default()
            };
            // Nobody may listen any more.
            let _ = reports.blocking_send(Report::State(path, state));
            return;
        }
    };
    while watch.step(wakes).is_ok() {}
}

/// One look at a folder. Blocks.
pub(crate) struct Once(Files);

impl Once {
    /// Compares the folder with what is on record.
    pub(crate) fn look(start: Start) -> Result<Self> {
        let mut files = Files::new(start)?;
        files.scan()?;
        Ok(Self(files))
    }

    /// What has become of its files by now; each is told once, when it is finished.
    pub(crate) fn news(&mut self) -> News {
        let mut news = self.0.news();
        news.finished.sort_by(|a, b| a.path.cmp(&b.path));
        news
    }

    /// When there may be more, if not all is known.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.0.next_due()
    }

    /// Files that are still being written.
    pub(crate) fn writing(&self) -> usize {
        self.0.settle.len()
    }

    /// What could not be looked at, and why.
    pub(crate) fn blind(&self) -> Vec<Error> {
        let told = self.0.told().into_iter();
        told.filter(|error| !error.code.is_note()).collect()
    }
}

/// It is to stop, or nobody listens any more.
struct Ended;

struct Watch {
    path: PathBuf,
    files: Files,
    watcher: Option<notify::RecommendedWatcher>,
    waker: Sender<Wake>,
    /// Which folder the watcher watches.
    identity: Option<place::Identity>,
    state: FolderState,
    told: Option<FolderState>,
    scan_at: Instant,
    poll: Duration,
    scan_took: Duration,
    /// New folders that are looked into once more.
    afterwards: Vec<(Instant, PathBuf)>,
    unreadable_at: Instant,
    /// Events announced something since the last scan.
    announced: bool,
    reports: mpsc::Sender<Report>,
}

impl Watch {
    /// Waits for something to happen, looks at it, and tells.
    fn step(&mut self, wakes: &Receiver<Wake>) -> Result<(), Ended> {
        if Instant::now() >= self.scan_at {
            self.scan();
        }
        self.hand_out()?;
        self.tell()?;
        let mut changes = Changes::default();
        let mut next =
            wakes.recv_timeout(self.next_due().saturating_duration_since(Instant::now()));
        loop {
            match next {
                Ok(Wake::Event(event)) => changes.add(event),
                Ok(Wake::Forget(path)) => self.files.forget(&path),
                Ok(Wake::Look) => self.scan_at = Instant::now(),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Ended),
                Err(RecvTimeoutError::Timeout) => break,
            }
            next = wakes.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        self.take_up(changes);
        Ok(())
    }

    fn next_due(&self) -> Instant {
        let unreadable = self.files.has_unreadable().then_some(self.unreadable_at);
        let afterwards = self.afterwards.iter().map(|(at, _)| *at).min();
        let due = self
            .files
            .next_due()
            .into_iter()
            .chain(unreadable)
            .chain(afterwards);
        due.fold(self.scan_at.min(Instant::now() + AWAY), Instant::min)
    }

    fn take_up(&mut self, changes: Changes) {
        let now = Instant::now();
        if changes.lost {
            // Where events are lost again and again, scanning must not be all that is done.
            self.scan_at = self.scan_at.min(now + self.scan_took * 4);
        }
        self.announced |= !changes.paths.is_empty() || !changes.folders.is_empty() || changes.lost;
        changes
            .paths
            .iter()
            .for_each(|(path, hint)| self.files.look(path, *hint));
        for folder in changes.folders {
            self.files.look(&folder, Hint::Found);
            self.afterwards
                .extend(AFTERWARDS.map(|pause| (now + pause, folder.clone())));
        }
        for (_, folder) in self.afterwards.extract_if(.., |(at, _)| *at <= now) {
            self.files.look(&folder, Hint::Found);
        }
        if self.unreadable_at <= now {
            self.files.try_unreadable();
            self.unreadable_at = now + AWAY;
        }
        if self.identity.is_some() && place::identity(&self.path).ok() != self.identity {
            // Another folder is there now, or none.
            self.scan_at = now;
        }
    }

    /// Compares the whole folder, and opens or closes the way events come.
    fn scan(&mut self) {
        let began = Instant::now();
        // Whether events come is not known of a way that has just been opened.
        let mut first = matches!(self.state.following, Following::Starting | Following::Away);
        let scanned = place::identity(&self.path).and_then(|identity| {
            first |= self.open_watcher(identity);
            self.files.scan()
        });
        self.scan_took = began.elapsed();
        match scanned {
            Ok(fresh) => {
                self.follow(first, fresh);
                self.state.scanned_at = Some(jiff::Timestamp::now().as_millisecond());
            }
            Err(error) => {
                (self.watcher, self.identity) = (None, None);
                (self.state.following, self.state.trouble) = (Following::Away, Some(error));
                self.scan_at = Instant::now() + AWAY;
            }
        }
        self.announced = false;
    }

    /// Has events come from that folder; whether they did not before.
    fn open_watcher(&mut self, identity: place::Identity) -> bool {
        if self.watcher.is_some() && self.identity == Some(identity) {
            return false;
        }
        self.identity = Some(identity);
        (self.watcher, self.state.trouble) =
            match events::open(&self.files.folder, self.waker.clone()) {
                Ok(watcher) => (Some(watcher), None),
                Err(error) => (None, Some(error)),
            };
        self.watcher.is_some()
    }

    /// Decides how the folder is followed from now on: a share sends no events, and neither does a
    /// folder in which a scan finds what nobody announced.
    fn follow(&mut self, first: bool, fresh: usize) {
        let silent =
            !self.announced && !first && (fresh > 0 || self.state.following == Following::Polling);
        let polling = self.watcher.is_none() || place::is_remote(&self.path) || silent;
        self.state.following = if polling {
            Following::Polling
        } else {
            Following::Watching
        };
        self.files.sees_writers = !polling;
        let longer = if polling {
            self.poll * 3 / 2
        } else {
            self.poll * 3
        };
        self.poll = if first || silent && fresh > 0 {
            POLL
        } else {
            longer.min(SCAN)
        };
        // As soon as there is room for watches again, there are events again.
        self.scan_at = Instant::now()
            + if self.watcher.is_none() {
                POLL
            } else {
                self.poll
            };
    }

    fn hand_out(&mut self) -> Result<(), Ended> {
        let News {
            drives,
            finished,
            moved,
            gone,
        } = self.files.news();
        if !drives.is_empty() {
            self.send(Report::Drives(self.path.clone(), drives))?;
        }
        if !moved.is_empty() {
            self.send(Report::Moved(self.path.clone(), moved))?;
        }
        let mut rest = finished.as_slice();
        for batch in finished.chunks(BATCH) {
            let (answer, recorded) = oneshot::channel();
            self.send(Report::Finished(self.path.clone(), batch.to_vec(), answer))?;
            if !recorded.blocking_recv().map_err(|_| Ended)? {
                // They are not on record, so a scan finds them again.
                self.files.not_recorded(rest);
                self.scan_at = Instant::now() + AGAIN;
                self.state.scanned_at = None;
                break;
            }
            self.files.recorded(batch);
            rest = &rest[batch.len()..];
        }
        if !gone.is_empty() {
            self.send(Report::Gone(self.path.clone(), gone))?;
        }
        Ok(())
    }

    fn tell(&mut self) -> Result<(), Ended> {
        self.state.seen = self.files.known.len() as u64;
        self.state.settling = self.files.settle.len() as u64;
        self.state.skipped = self.files.known.skipped() as u64;
        self.state.told = self.files.told();
        if self.told.as_ref() == Some(&self.state) {
            return Ok(());
        }
        self.told = Some(self.state.clone());
        self.send(Report::State(self.path.clone(), self.state.clone()))
    }

    fn send(&self, report: Report) -> Result<(), Ended> {
        self.reports.blocking_send(report).map_err(|_| Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::folder::{OnRecord, WatchedFolder};

    #[test]
    fn one_look_tells_what_it_could_not_see_and_nothing_of_what_is_left_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let start = Start {
            folder: WatchedFolder::new(folder.path(), "p".into()),
            on_record: OnRecord::default(),
            inner: Vec::new(),
        };
        let mut once = Once::look(start).expect("there");
        let path = |name: &str| folder.path().join(name);
        let unreadable = Error::new(Code::FileUnreadable, "a.jpg cannot be read");

        once.0.tell(path("a.jpg"), unreadable.clone());
        once.0.tell(
            path("b.txt"),
            Error::new(Code::Skipped, "b.txt is no picture"),
        );

        assert_eq!(once.blind(), [unreadable]);
    }
}
