//! The workers: as many as cores, started when needed, replaced when they die or take too long.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::process::Process;
use super::trial::Trial;
use crate::error::{Code, Error, Result};
use crate::settings::Limits;

/// Who decodes.
#[derive(Debug, Clone, Default)]
pub enum Program {
    /// This process: for tests, and where a caller trusts its pictures.
    #[default]
    Here,
    /// Processes of that program, which calls [`super::serve_if_asked`] first.
    Own(PathBuf),
}

impl Program {
    /// The program that is running now: on Linux itself, whatever has taken the place of its file
    /// since. Where it cannot be found nothing is decoded, rather than here.
    pub fn current() -> Self {
        Self::Own(if cfg!(target_os = "linux") {
            "/proc/self/exe".into()
        } else {
            std::env::current_exe().unwrap_or_default()
        })
    }
}

/// Looks at files with all cores, within the memory budget.
pub struct Workers {
    program: Program,
    limits: Limits,
    /// One permit for each core.
    cores: Semaphore,
    /// One permit for each MiB of pixels.
    memory: Semaphore,
    idle: Mutex<Vec<Process>>,
    /// The picture that a person tries variants on.
    trial: tokio::sync::Mutex<Option<Trial>>,
    /// How many variants were asked for so far.
    trials: AtomicU64,
}

impl Workers {
    /// No process is started yet.
    pub fn new(program: Program, limits: Limits) -> Self {
        let memory = Semaphore::new(limits.memory_mib.max(1) as usize);
        Self {
            program,
            limits,
            cores: Semaphore::new(cores()),
            memory,
            idle: Mutex::default(),
            trial: tokio::sync::Mutex::default(),
            trials: AtomicU64::new(0),
        }
    }

    /// How many pictures are worked on at once.
    pub fn cores(&self) -> usize {
        cores()
    }

    /// Waits for a free core.
    pub(super) async fn core(&self) -> Result<SemaphorePermit<'_>> {
        self.cores.acquire().await.map_err(|_| closing())
    }

    /// Waits for room for the pixels of a picture.
    pub(super) async fn memory(&self, bytes: u64) -> Result<SemaphorePermit<'_>> {
        let mib = u32::try_from(bytes >> 20)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let most = self.limits.memory_mib.max(1);
        self.memory
            .acquire_many(mib.min(most))
            .await
            .map_err(|_| closing())
    }

    pub(super) const fn program(&self) -> &Program {
        &self.program
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) const fn trial(&self) -> &tokio::sync::Mutex<Option<Trial>> {
        &self.trial
    }

    /// The number of this question; those with smaller ones are outdated.
    pub(super) fn asked_once_more(&self) -> u64 {
        self.trials.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn is_outdated(&self, own: u64) -> bool {
        self.trials.load(Ordering::Relaxed) != own
    }

    pub(super) fn idle(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    pub(super) fn rest(&self, worker: Option<Process>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(worker);
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn closing() -> Error {
    Error::new(Code::Closing, "Tintype is closing")
}
