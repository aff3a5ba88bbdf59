//! The engine as a whole: put together, and taken apart.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc};

use crate::engine::asked::handle::EngineHandle;
use crate::engine::bucket::same_content::SameContent;
use crate::engine::bucket::stores::Stores;
use crate::engine::config::Config;
use crate::engine::queue::actor::Actor;
use crate::engine::queue::presence::Presence;
use crate::engine::shown::previews::Previews;
use crate::engine::stages::Stages;
use crate::error::Result;
use crate::journal::Journal;
use crate::settings::{Settings, SettingsFile};
use crate::transfer;
use crate::worker::Workers;

/// Events fit in here while a listener is busy; one that falls further behind takes a new snapshot.
const EVENTS: usize = 4096;

/// A running engine.
pub struct Engine {
    handle: EngineHandle,
    task: tokio::task::JoinHandle<()>,
}

impl Engine {
    /// Opens settings and journal and starts to work on what is unfinished. Must be called inside a
    /// tokio runtime.
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
        // What is given back is not to be held by the allocator.
        tintype_confine::give_back_large_memory();
        let limits = transfer::Limits::new(settings.memory_mib);
        limits.pause(settings.paused);
        let stages = Arc::new(Stages {
            stores: Stores::new(
                (
                    config.buckets.clone(),
                    config.secrets.clone(),
                    config.home.demo_bucket(),
                ),
                journal.clone(),
                limits.clone(),
                uploads,
            ),
            journal,
            previews: Previews::open(&config.home.previews()),
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

/// Reads the settings; a file that is empty for the moment in which it is written is read once
/// more.
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

/// Files that the journal, the settings, the keyring and the window have open.
#[cfg(unix)]
const OWN_FILES: u64 = 44;

/// How many uploads this process may have open files for: each has its own, and a connection that
/// stays open for the next one. Where more are begun, those that wait for a file to be closed wait
/// for connections that nobody closes.
#[cfg(unix)]
fn uploads_by_open_files() -> usize {
    // As many as the system lets a process ask for; a shell's usual 256 or 1,024 are no limit of
    // the system.
    let open = rlimit::increase_nofile_limit(8192).unwrap_or(1024);
    usize::try_from((open.saturating_sub(OWN_FILES) / 2).max(2)).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn uploads_by_open_files() -> usize {
    usize::MAX
}
