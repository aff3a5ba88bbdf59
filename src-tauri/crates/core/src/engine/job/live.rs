//! How far a job has come, while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::engine::shown::view::Stage;
use crate::transfer::Progress;

/// A job as it is shown while it runs.
#[derive(Clone, Default)]
pub(in crate::engine) struct Live {
    stage: Arc<AtomicU8>,
    pub(super) total: Arc<AtomicU64>,
    pub(super) progress: Progress,
}

impl Live {
    const STAGES: [Stage; 4] = [
        Stage::Queued,
        Stage::Reading,
        Stage::Imaging,
        Stage::Sending,
    ];

    pub(super) fn enter(&self, stage: Stage) {
        let index = Self::STAGES
            .iter()
            .position(|known| *known == stage)
            .unwrap_or_default();
        self.stage
            .store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Stage, bytes sent, bytes to send.
    pub(in crate::engine) fn look(&self) -> (Stage, u64, u64) {
        let stage =
            Self::STAGES[usize::from(self.stage.load(Ordering::Relaxed)) % Self::STAGES.len()];
        let total = self.total.load(Ordering::Relaxed);
        (stage, self.progress.sent().min(total), total)
    }
}
