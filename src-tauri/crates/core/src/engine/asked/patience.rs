//! How long whoever waits for jobs does so. Pure: the clock is handed in.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::job::verdict;
use crate::engine::shown::view::{JobView, Stage};
use crate::journal::BatchState;

/// What only a person can cure is not waited for longer than that.
const FOR_A_PERSON: Duration = Duration::from_secs(3);
/// A request is not called unanswered before this: it may have been tried again several times.
const UNANSWERED: Duration = Duration::from_secs(10);
/// When all of a file is sent, the service may take its time over it: so long, and a second for each
/// of so many bytes that it may have to put together.
const LAST_WORD: Duration = Duration::from_secs(30);
const PUT_TOGETHER: u64 = 50 << 20;

/// How long to wait for what does not go on.
pub(super) struct Patience {
    most: Option<Duration>,
    /// When anything went on last.
    moved: Instant,
    /// Jobs that have ended.
    ended: u64,
    /// When the jobs were looked at last.
    looked: Instant,
    /// For how long jobs have been seen to wait. What is done with them in between takes its time,
    /// and takes nothing of this away: they may only have been tried again.
    waited: HashMap<String, Duration>,
    /// Parts of each job that were seen in the bucket.
    parts: HashMap<String, u64>,
    pub(super) way: Way,
}

/// How far the jobs came that this engine has in hand.
pub(super) struct Way {
    jobs: HashMap<String, Come>,
    /// When any came further than ever.
    pub(super) moved: Instant,
}

/// How far a job has come.
struct Come {
    stage: Stage,
    was_made: bool,
    /// The most of its bytes that were on their way: a job that gets further than ever does not
    /// wait.
    furthest: u64,
    total: u64,
    /// When it got further last.
    at: Instant,
}

impl Come {
    /// Whether the bucket has said nothing for longer than it is waited for, since it was asked or
    /// since `moved`.
    fn is_silent(&self, most: Duration, moved: Instant, now: Instant) -> bool {
        let patience = if self.total > 0 && self.furthest >= self.total {
            most.max(LAST_WORD + Duration::from_secs(self.total / PUT_TOGETHER))
        } else {
            most.max(UNANSWERED)
        };
        let since = self.at.max(moved);
        self.stage == Stage::Sending && now.saturating_duration_since(since) >= patience
    }
}

impl Way {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            jobs: HashMap::new(),
            moved: now,
        }
    }

    /// A job is shown to have come so far; whether that is further than ever. What is only tried
    /// again is not.
    pub(super) fn note(&mut self, job: &JobView, now: Instant) -> bool {
        let come = self.jobs.entry(job.id.clone()).or_insert(Come {
            stage: job.stage,
            was_made: false,
            furthest: 0,
            total: 0,
            at: now,
        });
        if job.stage != come.stage {
            (come.stage, come.at) = (job.stage, now);
        }
        come.total = job.total;
        let is_made = job.stage == Stage::Imaging && !come.was_made;
        let further = is_made || (job.stage == Stage::Sending && job.sent > come.furthest);
        if further {
            come.was_made |= is_made;
            come.furthest = come.furthest.max(job.sent);
            (come.at, self.moved) = (now, now);
        }
        further
    }
}

impl Patience {
    pub(super) fn new(most: Option<Duration>, ended: u64, now: Instant) -> Self {
        Self {
            most,
            moved: now,
            ended,
            looked: now,
            waited: HashMap::new(),
            parts: HashMap::new(),
            way: Way::new(now),
        }
    }

    /// Notes how things are; whether all that is left has been waited for long enough.
    pub(super) fn is_over(
        &mut self,
        states: &[BatchState],
        ended: u64,
        rests: bool,
        now: Instant,
    ) -> bool {
        for state in states.iter().filter(|state| state.parts > 0) {
            if self.parts.insert(state.uid.clone(), state.parts) < Some(state.parts) {
                self.goes_on(&state.uid, now);
            }
        }
        // What is in hand while uploads rest, rests with them; what has waited may only be tried
        // again.
        let works = |state: &BatchState| state.works && !self.waited.contains_key(&state.uid);
        if (!rests && states.iter().any(works)) || ended != self.ended {
            self.moved = now;
        }
        self.ended = ended;
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        for state in states.iter().filter(|state| state.waits.is_some()) {
            let waited = self.waited.entry(state.uid.clone());
            waited
                .and_modify(|waited| *waited += passed)
                .or_insert(Duration::ZERO);
        }
        self.most
            .is_some_and(|most| now.saturating_duration_since(self.moved) >= most)
    }

    /// A job came further than ever: it does not wait.
    pub(super) fn goes_on(&mut self, uid: &str, now: Instant) {
        self.waited.remove(uid);
        self.moved = now;
    }

    /// Whether the bucket has said nothing of this job for too long, while nothing else went on
    /// that it might have waited for.
    pub(super) fn is_silent(&self, state: &BatchState, now: Instant) -> bool {
        let come = self.way.jobs.get(&state.uid).filter(|_| state.works);
        let silent = |most| come.is_some_and(|come| come.is_silent(most, self.way.moved, now));
        self.most.is_some_and(silent)
    }

    /// Whether this job has been waited for long enough, whatever the others do.
    pub(super) fn is_over_for(&self, state: &BatchState, now: Instant) -> bool {
        let Some(most) = self.most else { return false };
        if self.is_silent(state, now) {
            return true;
        }
        let person = state.waits.is_some_and(verdict::needs_a_person);
        let most = if person { most.min(FOR_A_PERSON) } else { most };
        self.waited
            .get(&state.uid)
            .is_some_and(|waited| *waited >= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    /// A job as it is seen at these moments (in seconds), and when its wait is over.
    fn over_at(seen: impl IntoIterator<Item = (u64, Option<Code>)>) -> Option<u64> {
        let start = Instant::now();
        let mut patience = Patience::new(Some(Duration::from_secs(20)), 0, start);
        seen.into_iter().find_map(|(at, waits)| {
            let state = BatchState {
                position: 0,
                uid: "a".into(),
                ended: false,
                works: waits.is_none(),
                waits,
                parts: 0,
            };
            let now = start + Duration::from_secs(at);
            patience.is_over(std::slice::from_ref(&state), 0, false, now);
            patience.is_over_for(&state, now).then_some(at)
        })
    }

    #[test]
    fn a_bucket_that_says_nothing_is_not_waited_for_longer_than_one_that_says_no() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let most = Duration::from_secs(20);
        let come = |stage, furthest| Come {
            stage,
            was_made: true,
            furthest,
            total: 500 << 20,
            at: start,
        };

        let looks = come(Stage::Sending, 0);
        let waits_for_the_last_word = come(Stage::Sending, 500 << 20);

        assert!(
            !looks.is_silent(most, start, after(19)) && looks.is_silent(most, start, after(20))
        );
        let tried_again = looks.is_silent(Duration::from_secs(1), start, after(9));
        assert!(!tried_again, "however short the patience is");
        let waits_its_turn = looks.is_silent(most, after(50), after(60));
        assert!(!waits_its_turn, "others move");
        assert!(!come(Stage::Imaging, 0).is_silent(most, start, after(100)));
        assert!(!waits_for_the_last_word.is_silent(most, start, after(39)));
        assert!(waits_for_the_last_word.is_silent(most, start, after(40)));
    }

    #[test]
    fn what_is_done_with_a_job_is_no_waiting_and_makes_up_for_none() {
        let busy = Some(Code::ServerBusy);
        let waits_on = (0..60).map(|at| (at, busy));
        let is_tried_every_other_second = (0..60).map(|at| (at, busy.filter(|_| at % 2 == 0)));
        let is_read_for_long = (0..60).map(|at| (at, busy.filter(|_| !(5..50).contains(&at))));

        assert_eq!(over_at(waits_on), Some(20));
        assert_eq!(over_at(is_tried_every_other_second), Some(40));
        assert_eq!(over_at(is_read_for_long), None, "it waited for less");
    }
}
