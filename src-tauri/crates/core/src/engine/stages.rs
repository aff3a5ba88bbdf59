//! What all rooms of the engine share: the journal, the buckets, the limits.

use crate::engine::bucket::same_content::SameContent;
use crate::engine::bucket::stores::Stores;
use crate::engine::shown::previews::Previews;
use crate::folder::WatchedFolder;
use crate::journal::Journal;
use crate::transfer;
use crate::worker::Workers;

/// What all jobs share.
pub(in crate::engine) struct Stages {
    pub(in crate::engine) journal: Journal,
    pub(in crate::engine) stores: Stores,
    pub(in crate::engine) previews: Previews,
    pub(in crate::engine) limits: transfer::Limits,
    pub(in crate::engine) workers: Workers,
    pub(in crate::engine) same_content: SameContent,
    /// This engine's id.
    pub(in crate::engine) engine: String,
    /// Folders that are watched in this run only (command line).
    pub(in crate::engine) passing: std::sync::Mutex<Vec<WatchedFolder>>,
}

impl Stages {
    /// These folders are watched in this run, too.
    pub(in crate::engine) fn pass(&self, folders: &[WatchedFolder]) {
        self.passing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .extend_from_slice(folders);
    }
}
