//! When a file is finished. Pure: the clock is handed in.
//!
//! A file that was renamed into place is finished at once, one that its writer closed a moment
//! later; where nobody tells, size and time must stay as they are for a while. That while grows
//! with the pauses its writer makes, so that a slow one is waited for, however long it takes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::folder::Stamp;

/// After its writer closed it: some programs open a file once more, to set its time or to add
/// metadata.
const CLOSED: Duration = Duration::from_millis(200);
/// Unchanged for this long, where the platform does not tell when a file is closed.
const QUIET: Duration = Duration::from_secs(1);
/// Being written, or nobody can tell: without the news that it was closed only a long rest means
/// the end.
pub(super) const OPEN: Duration = Duration::from_secs(10);
/// Nobody is waited for longer than this after the last change.
const LONGEST: Duration = Duration::from_secs(120);
/// A file that changes again so soon after it was taken was not finished: its writer makes pauses.
const AFTERMATH: Duration = Duration::from_secs(30);

/// What is known of a file besides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hint {
    /// Nothing: a scan found it.
    Found,
    /// It is being written, or may be: the platform will tell when it is closed, if it can.
    Writing,
    /// Its writer closed it.
    Closed,
    /// It was renamed into place.
    Renamed,
}

struct Observed {
    stamp: Stamp,
    hint: Hint,
    changed_at: Instant,
    /// The longest pause between two changes so far.
    pause: Duration,
}

impl Observed {
    fn due(&self) -> Instant {
        let least = match self.hint {
            // It was written under another name, whole.
            Hint::Renamed => return self.changed_at,
            Hint::Closed => CLOSED,
            Hint::Found => QUIET,
            Hint::Writing => OPEN,
        };
        self.changed_at + least.max(self.pause * 2).min(LONGEST)
    }
}

/// Files that may still be being written.
#[derive(Default)]
pub(super) struct Settle {
    files: HashMap<PathBuf, Observed>,
    /// Files taken lately, and when they had changed.
    taken: HashMap<PathBuf, (Instant, Duration)>,
}

impl Settle {
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn forget(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Notes how a file looks at `now`; `age` is how long ago its own time says it last changed.
    pub(super) fn observe(
        &mut self,
        path: PathBuf,
        stamp: Stamp,
        hint: Hint,
        now: Instant,
        age: Duration,
    ) {
        match self.files.get_mut(&path) {
            Some(known) if known.stamp == stamp => known.hint = known.hint.max(hint),
            Some(known) => {
                let pause = known
                    .pause
                    .max(now.saturating_duration_since(known.changed_at));
                *known = Observed {
                    stamp,
                    hint,
                    changed_at: now,
                    pause,
                };
            }
            None => {
                // An old file found by a scan has been quiet long enough already.
                let rested = match hint {
                    Hint::Found => age.min(QUIET),
                    Hint::Writing => age.min(OPEN),
                    Hint::Closed | Hint::Renamed => Duration::ZERO,
                };
                let changed_at = now.checked_sub(rested).unwrap_or(now);
                let pause = self.taken.get(&path).map_or(Duration::ZERO, |(at, pause)| {
                    (*pause).max(now.saturating_duration_since(*at))
                });
                let pause = if pause < AFTERMATH {
                    pause
                } else {
                    Duration::ZERO
                };
                self.files.insert(
                    path,
                    Observed {
                        stamp,
                        hint,
                        changed_at,
                        pause,
                    },
                );
            }
        }
    }

    /// Hands out everything, finished or not.
    pub(super) fn drain(&mut self) -> Vec<(PathBuf, Stamp)> {
        self.files
            .drain()
            .map(|(path, file)| (path, file.stamp))
            .collect()
    }

    /// When to look again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.files.values().map(Observed::due).min()
    }

    /// Files to be looked at once more: if they are as they were, they are finished.
    pub(super) fn due(&self, now: Instant) -> Vec<PathBuf> {
        self.files
            .iter()
            .filter(|(_, file)| file.due() <= now)
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Hands out what is finished, by path.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<(PathBuf, Stamp)> {
        self.taken
            .retain(|_, (at, _)| now.saturating_duration_since(*at) < AFTERMATH);
        let ready = self.files.extract_if(|_, file| file.due() <= now);
        let mut ready: Vec<(PathBuf, Stamp)> = ready
            .map(|(path, file)| {
                self.taken
                    .insert(path.clone(), (file.changed_at, file.pause));
                (path, file.stamp)
            })
            .collect();
        ready.sort_by(|(a, _), (b, _)| a.cmp(b));
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn stamp(size: u64) -> Stamp {
        Stamp {
            size,
            mtime_ns: 7,
            inode: 1,
        }
    }

    fn taken(settle: &mut Settle, now: Instant) -> usize {
        settle.take_ready(now).len()
    }

    #[test]
    fn a_growing_file_waits_and_is_never_given_up() {
        let (mut settle, start) = (Settle::default(), Instant::now());
        for tick in 0..3600 {
            let now = start + SECOND / 2 * tick;
            settle.observe(
                "slow".into(),
                stamp(1 + u64::from(tick)),
                Hint::Found,
                now,
                Duration::ZERO,
            );
            assert_eq!(taken(&mut settle, now), 0);
        }
        assert_eq!(taken(&mut settle, start + SECOND * 1801), 1);
        assert_eq!(settle.len(), 0);
    }

    #[test]
    fn what_is_counted_can_be_forgotten_and_handed_out() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        for name in ["a", "b", "c"] {
            settle.observe(name.into(), stamp(5), Hint::Found, now, Duration::ZERO);
        }
        assert_eq!(settle.len(), 3);
        assert!(settle.due(now).is_empty());
        assert_eq!(settle.due(now + SECOND * 3600).len(), 3);
        assert!(settle.due(now + SECOND * 3600).contains(&"a".into()));

        settle.forget(Path::new("b"));

        assert_eq!(settle.len(), 2);
        let mut all = settle.drain();
        all.sort_by(|one, next| one.0.cmp(&next.0));
        assert_eq!(all, [("a".into(), stamp(5)), ("c".into(), stamp(5))]);
        assert_eq!(settle.len(), 0);
    }

    #[test]
    fn an_old_file_is_finished_at_once() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe("old".into(), stamp(5), Hint::Found, now, SECOND * 3600);
        assert_eq!(taken(&mut settle, now), 1);
    }

    #[test]
    fn a_fresh_file_that_may_be_written_rests_longer() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe("fresh".into(), stamp(5), Hint::Writing, now, SECOND * 4);
        assert_eq!(taken(&mut settle, now + SECOND * 5), 0);
        assert_eq!(
            taken(&mut settle, now + SECOND * 6),
            1,
            "ten seconds after it changed"
        );
    }

    #[test]
    fn what_is_renamed_into_place_is_finished_and_what_is_closed_almost() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe(
            "renamed".into(),
            stamp(5),
            Hint::Renamed,
            now,
            Duration::ZERO,
        );
        settle.observe(
            "closed".into(),
            stamp(5),
            Hint::Writing,
            now,
            Duration::ZERO,
        );
        settle.observe("closed".into(), stamp(5), Hint::Closed, now, Duration::ZERO);
        assert_eq!(settle.take_ready(now)[0].0, Path::new("renamed"));
        assert_eq!(settle.next_due(), Some(now + CLOSED));
        assert_eq!(taken(&mut settle, now + CLOSED), 1);
    }

    #[test]
    fn a_file_that_somebody_writes_is_not_taken_in_a_pause() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe("a".into(), stamp(1), Hint::Writing, now, Duration::ZERO);
        assert_eq!(taken(&mut settle, now + SECOND * 8), 0);
        settle.observe(
            "a".into(),
            stamp(2),
            Hint::Writing,
            now + SECOND * 8,
            Duration::ZERO,
        );
        assert_eq!(
            taken(&mut settle, now + SECOND * 23),
            0,
            "it has made pauses of eight seconds"
        );
        settle.observe(
            "a".into(),
            stamp(2),
            Hint::Closed,
            now + SECOND * 23,
            Duration::ZERO,
        );
        assert_eq!(taken(&mut settle, now + SECOND * 24), 1);
    }

    #[test]
    fn what_was_taken_is_remembered_for_a_while() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe("a".into(), stamp(1), Hint::Closed, now, Duration::ZERO);
        assert_eq!(taken(&mut settle, now + SECOND), 1);

        let remembered = [AFTERMATH - SECOND, AFTERMATH].map(|later| {
            taken(&mut settle, now + later);
            settle.taken.len()
        });

        assert_eq!(remembered, [1, 0]);
    }

    #[test]
    fn a_writer_that_comes_back_is_given_more_time() {
        let (mut settle, now) = (Settle::default(), Instant::now());
        settle.observe("a".into(), stamp(1), Hint::Closed, now, Duration::ZERO);
        assert_eq!(taken(&mut settle, now + SECOND), 1);
        settle.observe(
            "a".into(),
            stamp(2),
            Hint::Closed,
            now + SECOND * 3,
            Duration::ZERO,
        );
        assert_eq!(
            taken(&mut settle, now + SECOND * 8),
            0,
            "it came back after three seconds"
        );
        assert_eq!(taken(&mut settle, now + SECOND * 9), 1);
    }
}
