//! How many bytes are on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts bytes on their way, for progress.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    job: Arc<AtomicU64>,
    attempt: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes handed to the network so far.
    pub fn sent(&self) -> u64 {
        self.job.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.job.fetch_add(bytes, Ordering::Relaxed);
        self.attempt.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of this attempt alone.
    pub(super) fn of_attempt(&self) -> u64 {
        self.attempt.load(Ordering::Relaxed)
    }

    /// Nothing moves because nothing may: the bandwidth limit is reached.
    pub(super) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Back to nothing, for a new try at the whole job.
    pub(crate) fn reset(&self) {
        self.job.store(0, Ordering::Relaxed);
    }

    /// One request's share: shown as it goes, taken back if the request comes to nothing.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt(Self {
            job: Arc::clone(&self.job),
            ..Self::default()
        })
    }
}

/// See [`Progress::attempt`].
pub(crate) struct Attempt(Progress);

impl Attempt {
    pub(crate) fn progress(&self) -> &Progress {
        &self.0
    }

    pub(crate) fn keep(self) {
        self.0.attempt.store(0, Ordering::Relaxed);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let counted = self.0.attempt.load(Ordering::Relaxed);
        // A reset may have come between; progress never goes below nothing.
        let _ = self
            .0
            .job
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| {
                Some(sent.saturating_sub(counted))
            });
    }
}
