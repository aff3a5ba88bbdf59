//! When a file is finished: not empty, and unchanged for a while. Pure: the clock is handed in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::journal::Seen;

struct Observed {
    size: u64,
    mtime_ns: i64,
    unchanged_since: Instant,
}

/// Files that may still be being written.
pub(super) struct Settle {
    quiet: Duration,
    files: HashMap<PathBuf, Observed>,
}

impl Settle {
    pub(super) fn new(quiet: Duration) -> Self {
        Self { quiet, files: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.files.keys().cloned().collect()
    }

    pub(super) fn forget(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Notes how a file looks at `now`; `quiet_for` is how long ago its own time says it last changed.
    pub(super) fn observe(&mut self, path: PathBuf, size: u64, mtime_ns: i64, now: Instant, quiet_for: Duration) {
        if size == 0 {
            self.files.remove(&path);
            return;
        }
        match self.files.get_mut(&path) {
            Some(known) if known.size == size && known.mtime_ns == mtime_ns => {}
            Some(known) => *known = Observed { size, mtime_ns, unchanged_since: now },
            None => {
                // An old file found by a scan has been quiet long enough already.
                let unchanged_since = now.checked_sub(quiet_for.min(self.quiet)).unwrap_or(now);
                self.files.insert(path, Observed { size, mtime_ns, unchanged_since });
            }
        }
    }

    /// Hands out what has been unchanged long enough.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<Seen> {
        let quiet = self.quiet;
        let ready = self.files.extract_if(|_, seen| now.saturating_duration_since(seen.unchanged_since) >= quiet);
        let mut ready: Vec<Seen> = ready.map(|(path, seen)| Seen { path, size: seen.size, mtime_ns: seen.mtime_ns }).collect();
        ready.sort_by(|a, b| a.path.cmp(&b.path));
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn names(ready: &[Seen]) -> Vec<String> {
        ready.iter().map(|seen| seen.path.display().to_string()).collect()
    }

    #[test]
    fn a_growing_file_waits_and_is_never_given_up() {
        let (mut settle, start) = (Settle::new(SECOND), Instant::now());
        for tick in 0..3600 {
            let now = start + SECOND / 2 * tick;
            settle.observe("slow".into(), 1 + u64::from(tick), i64::from(tick), now, Duration::ZERO);
            assert!(settle.take_ready(now).is_empty());
        }
        let end = start + SECOND * 1801;
        assert_eq!(names(&settle.take_ready(end)), ["slow"]);
        assert!(settle.is_empty());
    }

    #[test]
    fn an_old_file_is_ready_at_once_and_an_empty_one_never() {
        let (mut settle, now) = (Settle::new(SECOND), Instant::now());
        settle.observe("old".into(), 5, 1, now, SECOND * 3600);
        settle.observe("empty".into(), 0, 1, now, SECOND * 3600);
        assert_eq!(names(&settle.take_ready(now)), ["old"]);
        assert!(settle.take_ready(now + SECOND * 3600).is_empty());
    }

    #[test]
    fn a_file_that_changes_while_quiet_begins_again() {
        let (mut settle, now) = (Settle::new(SECOND), Instant::now());
        settle.observe("a".into(), 5, 1, now, Duration::ZERO);
        settle.observe("a".into(), 5, 2, now + SECOND, Duration::ZERO);
        assert!(settle.take_ready(now + SECOND).is_empty());
        assert_eq!(settle.take_ready(now + SECOND * 2).len(), 1);
    }
}
