//! What is to be run next. The journal is the queue; only the next few jobs are in hand, and of
//! those no more than their numbers: whatever is started is read anew, so that what a person
//! decided meanwhile holds.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Result;
use crate::journal::{InHand, Journal, Wanted};
use crate::profile::ProfileId;

/// Fewer jobs than this in hand, and more are taken.
const LOW: usize = 16;
/// Jobs taken in hand at a time.
const TAKE: u32 = 64;
/// How long a single job waits that cannot go on for a reason that may be its own (its file is
/// being written): longer each time.
const OWN_PAUSE: Duration = Duration::from_secs(3);
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(300);

struct Later {
    until: Instant,
    pause: Duration,
    /// Its time has come, and the journal was asked for it.
    asked: bool,
}

/// The next few jobs.
#[derive(Default)]
pub(in crate::engine) struct Queue {
    /// What a person gave.
    given: VecDeque<InHand>,
    /// What watched folders found.
    found: VecDeque<InHand>,
    /// The journal has no more than what is in hand.
    dry: bool,
    /// Whatever the journal has, other engines do it.
    of_others: bool,
    /// Jobs that are to be tried again at a certain time, while others of their profile go on.
    later: HashMap<i64, Later>,
    /// Jobs of which this engine wants to let go.
    let_go: Vec<i64>,
}

impl Queue {
    /// The journal may have something new to do.
    pub(in crate::engine) fn look_again(&mut self) {
        self.dry = false;
    }

    /// A job cannot go on by itself for the moment; the others do not wait for it.
    pub(in crate::engine) fn put_off(&mut self, id: i64, now: Instant) {
        let pause = self
            .later
            .get(&id)
            .map_or(OWN_PAUSE, |later| (later.pause * 2).min(LONGEST_OWN_PAUSE));
        self.later.insert(
            id,
            Later {
                until: now + pause,
                pause,
                asked: false,
            },
        );
    }

    /// A job has ended: should its number be met again, it is a new beginning.
    pub(in crate::engine) fn ended(&mut self, id: i64) {
        self.later.remove(&id);
    }

    /// Something changed that may be the cure of whatever jobs wait for.
    pub(in crate::engine) fn retry_all(&mut self) {
        self.later.clear();
        self.dry = false;
    }

    /// A job is not to be run by this engine now.
    pub(in crate::engine) fn let_go(&mut self, id: i64) {
        self.let_go.push(id);
    }

    /// Nothing is to be run for the moment: whoever can may take what is in hand.
    pub(in crate::engine) fn let_go_of_all(&mut self) {
        self.let_go.extend(
            self.given
                .drain(..)
                .chain(self.found.drain(..))
                .map(|job| job.id),
        );
        self.dry = false;
    }

    /// Whatever there is, other engines do it.
    pub(in crate::engine) fn leave_to_others(&mut self) {
        self.let_go_of_all();
        self.of_others = true;
    }

    /// Nothing is in hand, and the journal has nothing more for this engine.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        (self.dry || self.of_others) && self.given.is_empty() && self.found.is_empty()
    }

    /// Lets go of what is not to be run here.
    pub(in crate::engine) async fn give_back(
        &mut self,
        journal: &Journal,
        engine: &str,
    ) -> Result<()> {
        if !self.let_go.is_empty() {
            // Kept until it worked: what stays in hand and is not known here would never be run.
            journal.let_go(engine, self.let_go.clone()).await?;
            self.let_go.clear();
            // Some of them may be to be run here all the same, by now.
            self.dry = false;
        }
        Ok(())
    }

    /// Takes more jobs in hand if there are few; of the profiles in `probes` one each, to see
    /// whether their bucket is back.
    pub(in crate::engine) async fn fill(
        &mut self,
        journal: &Journal,
        engine: &str,
        wanted: Wanted,
        probes: &[ProfileId],
    ) -> Result<()> {
        let now = Instant::now();
        self.of_others = false;
        for later in self
            .later
            .values_mut()
            .filter(|later| later.until <= now && !later.asked)
        {
            later.asked = true;
            self.dry = false;
        }
        let waiting: Vec<i64> = self
            .later
            .iter()
            .filter(|(_, later)| later.until > now)
            .map(|(id, _)| *id)
            .collect();
        if self.given.len() + self.found.len() < LOW && !self.dry {
            let taken = journal
                .take_in_hand(
                    engine,
                    Wanted {
                        later: waiting.clone(),
                        limit: TAKE,
                        ..wanted.clone()
                    },
                )
                .await?;
            self.dry = taken.len() < TAKE as usize;
            for job in taken {
                if job.watched {
                    self.found.push_back(job)
                } else {
                    self.given.push_back(job)
                }
            }
        }
        for profile in probes {
            let wanted = Wanted {
                only: Some(profile.clone()),
                without: Vec::new(),
                later: waiting.clone(),
                limit: 1,
                ..wanted.clone()
            };
            for job in journal.take_in_hand(engine, wanted).await? {
                self.given.push_front(job);
            }
        }
        Ok(())
    }

    /// The next job that `may_start`; of the others it lets go.
    pub(in crate::engine) fn take(
        &mut self,
        mut may_start: impl FnMut(&InHand) -> bool,
    ) -> Option<InHand> {
        loop {
            let job = self.given.pop_front().or_else(|| self.found.pop_front())?;
            if may_start(&job) {
                return Some(job);
            }
            self.let_go.push(job.id);
        }
    }
}
