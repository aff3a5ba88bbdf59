//! Files that have just vanished: they may turn up under another name, or be there again in a
//! moment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::folder::{Known, Stamp};

/// After this a file is gone.
const LENGTH: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Limbo {
    files: HashMap<PathBuf, (Known, Instant)>,
    by_stamp: HashMap<Stamp, PathBuf>,
}

impl Limbo {
    pub(super) fn add(&mut self, path: PathBuf, known: Known, now: Instant) {
        self.by_stamp.insert(known.stamp, path.clone());
        self.files.insert(path, (known, now));
    }

    /// A file that looks like this has turned up: what it was called, and what is known of it.
    pub(super) fn take_alike(&mut self, stamp: &Stamp) -> Option<(PathBuf, Known)> {
        let path = self.by_stamp.remove(stamp)?;
        let (known, _) = self.files.remove(&path)?;
        Some((path, known))
    }

    /// A file of that name is there again.
    pub(super) fn take(&mut self, path: &Path) -> Option<Known> {
        let (known, _) = self.files.remove(path)?;
        self.by_stamp.remove(&known.stamp);
        Some(known)
    }

    /// What is gone by now.
    pub(super) fn take_gone(&mut self, now: Instant) -> Vec<(PathBuf, Known)> {
        let gone: Vec<(PathBuf, Known)> = self
            .files
            .extract_if(|_, (_, since)| now.saturating_duration_since(*since) >= LENGTH)
            .map(|(path, (known, _))| (path, known))
            .collect();
        gone.iter()
            .for_each(|(_, known)| drop(self.by_stamp.remove(&known.stamp)));
        gone
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.files.values().map(|(_, since)| *since + LENGTH).min()
    }
}
