//! What is to be run next. The journal is the queue; only the next few jobs are in memory, so that a hundred thousand
//! of them cost no more than one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outages::Outages;
use crate::error::Result;
use crate::journal::{JobRow, Journal};

/// Fewer rows than this in memory, and more are fetched.
const LOW: usize = 64;
/// Rows fetched at a time.
const FETCH: u32 = 256;

/// The next few jobs.
#[derive(Default)]
pub(super) struct Queue {
    rows: VecDeque<Arc<JobRow>>,
    /// The journal has no more than what is in memory or known to be running.
    dry: bool,
    /// Jobs that are to be tried again at a certain time, while others of their profile go on.
    later: HashMap<i64, Instant>,
}

impl Queue {
    /// The journal may have something new to do.
    pub(super) fn look_again(&mut self) {
        self.dry = false;
    }

    /// Takes a job that cannot go on by itself for the moment; the others do not wait for it.
    pub(super) fn put_off(&mut self, id: i64, until: Instant) {
        self.later.insert(id, until);
    }

    /// Forgets what is in memory: the order or the state of the jobs has changed.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.dry = false;
    }

    /// Fetches what fits, without the jobs that run and those of profiles in an outage; of those only one each, when
    /// it is time to see whether the bucket is back.
    pub(super) async fn fill(&mut self, journal: &Journal, running: &[i64], outages: &Outages, probes: &[String]) -> Result<()> {
        let now = Instant::now();
        let waited = self.later.len();
        self.later.retain(|_, until| *until > now);
        if self.later.len() < waited {
            self.dry = false;
        }
        let mut known: Vec<i64> = running.iter().chain(self.later.keys()).copied().collect();
        known.extend(self.rows.iter().map(|row| row.id));
        if self.rows.len() < LOW && !self.dry {
            let rows = journal.next(&known, &outages.profiles(), FETCH).await?;
            self.dry = rows.len() < FETCH as usize;
            known.extend(rows.iter().map(|row| row.id));
            self.rows.extend(rows.into_iter().map(Arc::new));
        }
        for profile in probes {
            if let Some(row) = journal.next_of(profile, &known).await? {
                known.push(row.id);
                self.rows.push_front(Arc::new(row));
            }
        }
        Ok(())
    }

    /// The next job that `may_start`; others are left to the journal.
    pub(super) fn take(&mut self, mut may_start: impl FnMut(&JobRow) -> bool) -> Option<Arc<JobRow>> {
        loop {
            let row = self.rows.pop_front()?;
            if may_start(&row) {
                return Some(row);
            }
        }
    }
}

/// How long a single job waits that cannot go on for a reason that may be its own (its file is being written).
pub(super) const OWN_PAUSE: Duration = Duration::from_secs(3);
