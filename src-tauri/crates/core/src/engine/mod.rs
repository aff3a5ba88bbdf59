//! The engine: one actor owns all state; handles send it requests and hear its events.
//!
//! One engine at a time works on a journal. A second one (the command line beside the window) stands by: what it
//! queues is done by the first, and it takes over when the first ends.

mod actor;
mod check;
mod chores;
mod doctor;
mod folders;
mod free_keys;
mod handle;
mod health;
mod job;
mod outages;
mod plan;
mod presence;
mod previews;
mod profiles;
mod put_away;
mod queue;
mod record;
mod removals;
mod same_content;
mod stores;
mod verdict;
mod verify;
mod view;
mod waiting;
mod watched;

pub use doctor::{Step, StepResult};
pub use handle::{EngineHandle, Wish};
pub use health::{Duty, Trouble};
pub use previews::Preview;
pub use profiles::ProfileDraft;
pub use stores::Buckets;
pub use verify::{Fault, Finding, Verified};
pub use view::{Event, FolderView, JobReport, JobView, ObjectView, Overall, Snapshot, Stage};
pub use waiting::Watching;
pub use watched::Reconciled;

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc};

use crate::error::Result;
use crate::home::Home;
use crate::imaging::worker::{Program, Workers};
use crate::journal::Journal;
use crate::secret::Secrets;
use crate::settings::{Settings, SettingsFile};
use crate::transfer;
use actor::Actor;
use job::Stages;
use presence::Presence;
use same_content::SameContent;

/// What an engine is started with.
#[derive(Clone)]
pub struct Config {
    /// Where its files are.
    pub home: Home,
    /// Who decodes pictures.
    pub imaging: Program,
    /// How buckets are reached.
    pub buckets: Buckets,
    /// Where its secrets are.
    pub secrets: Secrets,
    /// Watch the watched folders.
    pub watch: bool,
    /// Serve the demo bucket, if there is a profile for it, for as long as the engine runs.
    pub serve_demo: bool,
    /// Begin to work when the first files have been queued: then what an earlier run left unfinished of the very same
    /// files is not done twice.
    pub begin_when_queued: bool,
}

impl Config {
    /// For one-off work: no folders are watched, the demo bucket runs only when it is needed.
    pub fn new(home: Home, secrets: Secrets) -> Self {
        Self {
            home,
            secrets,
            imaging: Program::Here,
            buckets: Buckets::default(),
            watch: false,
            serve_demo: false,
            begin_when_queued: false,
        }
    }
}

/// Events fit in here while a listener is busy; one that falls further behind takes a new snapshot.
const EVENTS: usize = 4096;

/// A running engine.
pub struct Engine {
    handle: EngineHandle,
    task: tokio::task::JoinHandle<()>,
}

impl Engine {
    /// Opens settings and journal and starts to work on what is unfinished. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `settings-damaged`, `settings-newer`, `journal-damaged`, `journal-newer` and whatever the disk says.
    pub fn start(config: Config) -> Result<Self> {
        let settings_file = SettingsFile::look(&config.home.settings());
        let settings = load(&config.home.settings())?;
        let presence = Presence::announce(&config.home.engines(), crate::journal::new_id())?;
        let journal = Journal::open(&config.home.journal())?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let uploads =
            usize::from(settings.uploads_at_once.clamp(1, 256)).min(uploads_by_open_files());
        let limits = transfer::Limits::new(settings.memory_mib);
        limits.pause(settings.paused);
        let stages = Arc::new(Stages {
            stores: stores::Stores::new(&config, journal.clone(), limits.clone(), uploads),
            journal,
            previews: previews::Previews::open(&config.home.previews()),
            limits,
            workers: Workers::new(config.imaging.clone(), settings.limits),
            same_content: SameContent::default(),
            engine: presence.id().to_owned(),
            passing: std::sync::Mutex::default(),
        });
        let (requests, inbox) = mpsc::channel(256);
        let (events, _) = broadcast::channel(EVENTS);
        let handle = EngineHandle::new(
            requests,
            events.clone(),
            Arc::clone(&stages),
            &config,
            presence.id(),
        );
        let actor = Actor::new(
            config,
            (settings, settings_file),
            presence,
            stages,
            events,
            uploads + cores,
        );
        Ok(Self {
            handle,
            task: tokio::spawn(actor.run(inbox)),
        })
    }

    /// A handle; clone it freely.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Ends at once, with nothing written any more: what a killed process leaves behind.
    #[doc(hidden)]
    pub async fn kill(self) {
        self.task.abort();
        // That it was ended is what is meant.
        let _ = self.task.await;
    }

    /// Stops taking up jobs, lets go of what is under way (it goes on at the next start), and ends.
    pub async fn shutdown(self) {
        self.handle.stop().await;
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the engine ended badly");
        }
    }
}

/// Files that the journal, the settings, the keyring and the window have open.
#[cfg(unix)]
const OWN_FILES: u64 = 44;

/// How many uploads this process may have open files for: each has its own, and a connection that stays open for the
/// next one. Where more are begun, those that wait for a file to be closed wait for connections that nobody closes.
#[cfg(unix)]
fn uploads_by_open_files() -> usize {
    // As many as the system lets a process ask for; a shell's usual 256 or 1,024 are no limit of the system.
    let open = rlimit::increase_nofile_limit(8192).unwrap_or(1024);
    usize::try_from((open.saturating_sub(OWN_FILES) / 2).max(2)).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn uploads_by_open_files() -> usize {
    usize::MAX
}

/// Reads the settings; a file that is empty for the moment in which it is written is read once more.
fn load(path: &std::path::Path) -> Result<Settings> {
    let again = || {
        std::thread::sleep(std::time::Duration::from_millis(500));
        Settings::load(path)
    };
    Settings::load(path).or_else(|error| {
        if error.code == crate::Code::SettingsDamaged {
            again()
        } else {
            Err(error)
        }
    })
}
