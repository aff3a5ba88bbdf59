//! Waiting for a batch. The journal is what is waited for, so that it does not matter which engine
//! does the work, or how often that changes; events only make it quick, and show how far things
//! are.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::engine::asked::handle::EngineHandle;
use crate::engine::job::verdict;
use crate::engine::queue::request::Request;
use crate::engine::shown::health::Duty;
use crate::engine::shown::view::{Event, JobReport, JobView, Stage};
use crate::error::{Code, Error, Result};
use crate::journal::{BatchState, Tally};
use crate::profile::ProfileId;

/// What somebody who waits for a batch sees of it.
pub enum Watching<'a> {
    /// So many of its jobs are not finished.
    Open {
        /// Not finished.
        open: usize,
        /// All there are.
        total: usize,
    },
    /// A job of it changed.
    Job(&'a JobView),
    /// How a job ended; in the order in which they were given.
    Ended(Box<JobReport>),
    /// Nobody waits for this job any longer. It stays in the queue.
    GivenUp(Box<JobReport>),
}

/// The journal is asked at least so often, and no more often than that.
const LONGEST: Duration = Duration::from_millis(500);
const SHORTEST: Duration = Duration::from_millis(50);
/// Jobs looked at together.
const PAGE: u32 = 256;
/// What only a person can cure is not waited for longer than that.
const FOR_A_PERSON: Duration = Duration::from_secs(3);
/// A request is not called unanswered before this: it may have been tried again several times.
const UNANSWERED: Duration = Duration::from_secs(10);
/// When all of a file is sent, the service may take its time over it: so long, and a second for each
/// of so many bytes that it may have to put together.
const LAST_WORD: Duration = Duration::from_secs(30);
const PUT_TOGETHER: u64 = 50 << 20;

/// How long to wait for what does not go on.
struct Patience {
    most: Option<Duration>,
    /// When anything went on last.
    moved: Instant,
    tally: Tally,
    /// When the jobs were looked at last.
    looked: Instant,
    /// For how long jobs have been seen to wait. What is done with them in between takes its time,
    /// and takes nothing of this away: they may only have been tried again.
    waited: HashMap<String, Duration>,
    /// How far each job came that this engine has in hand.
    come: HashMap<String, Come>,
}

/// How far a job has come.
struct Come {
    stage: Stage,
    /// The most of its bytes that were on their way: a job that gets further than ever does not
    /// wait.
    furthest: u64,
    total: u64,
    /// When it got further last.
    at: Instant,
}

impl Come {
    /// Whether the bucket has said nothing for longer than it is waited for.
    fn is_silent(&self, most: Duration, now: Instant) -> bool {
        let patience = if self.total > 0 && self.furthest >= self.total {
            most.max(LAST_WORD + Duration::from_secs(self.total / PUT_TOGETHER))
        } else {
            most.max(UNANSWERED)
        };
        self.stage == Stage::Sending && now.saturating_duration_since(self.at) >= patience
    }
}

impl Patience {
    /// Notes how things are; whether all that is left has been waited for long enough.
    fn is_over(&mut self, states: &[BatchState], tally: Tally, rests: bool, now: Instant) -> bool {
        // What is in hand while uploads rest, rests with them.
        if (!rests && states.iter().any(|state| state.works)) || tally != self.tally {
            self.moved = now;
        }
        self.tally = tally;
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

    /// A job is shown to have come so far.
    fn note_come(&mut self, job: &JobView, now: Instant) {
        let come = self.come.entry(job.id.clone()).or_insert(Come {
            stage: job.stage,
            furthest: 0,
            total: 0,
            at: now,
        });
        if job.stage != come.stage {
            (come.stage, come.at) = (job.stage, now);
        }
        come.total = job.total;
        if job.sent > come.furthest {
            (come.furthest, come.at) = (job.sent, now);
            self.waited.remove(&job.id);
        }
    }

    /// Whether the bucket has said nothing of this job for too long.
    fn is_silent(&self, state: &BatchState, now: Instant) -> bool {
        let come = self.come.get(&state.uid).filter(|_| state.works);
        let silent = |most| come.is_some_and(|come| come.is_silent(most, now));
        self.most.is_some_and(silent)
    }

    /// Whether this job has been waited for long enough, whatever the others do.
    fn is_over_for(&self, state: &BatchState, now: Instant) -> bool {
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

impl EngineHandle {
    /// Waits until a batch is finished, and tells of its jobs in the order in which they were
    /// given, each as soon as it and all before it are known. With `patience`: whatever does not go
    /// on is waited for at most that long.
    pub async fn wait(
        &self,
        batch: &str,
        patience: Option<Duration>,
        mut seen: impl FnMut(Watching<'_>),
    ) -> Result<()> {
        let mut events = self.events();
        let tally = self.stages.journal.tally().await?;
        let mut patience = Patience {
            most: patience,
            moved: Instant::now(),
            tally,
            looked: Instant::now(),
            waited: HashMap::new(),
            come: HashMap::new(),
        };
        let mut from = 0;
        loop {
            let (open, total) = self.stages.journal.batch_counts(batch).await?;
            seen(Watching::Open { open, total });
            from = self
                .tell_known(batch, from, &mut patience, &mut seen)
                .await?;
            if self
                .stages
                .journal
                .batch_states(batch, from, 1)
                .await?
                .is_empty()
            {
                return Ok(());
            }
            let mut note = |watching: Watching<'_>| {
                if let Watching::Job(job) = &watching {
                    patience.note_come(job, Instant::now());
                }
                seen(watching);
            };
            let moved = something_happens(&mut events, &mut note).await?;
            if moved {
                patience.moved = Instant::now();
            }
        }
    }

    /// Tells of all jobs from a place on whose end is known; the place of the first whose end is
    /// not.
    async fn tell_known(
        &self,
        batch: &str,
        mut from: usize,
        patience: &mut Patience,
        seen: &mut impl FnMut(Watching<'_>),
    ) -> Result<usize> {
        loop {
            let states = self.stages.journal.batch_states(batch, from, PAGE).await?;
            let (now, tally) = (Instant::now(), self.stages.journal.tally().await?);
            let all_over = patience.is_over(&states, tally, self.stages.limits.is_paused(), now);
            let known =
                |state: &&BatchState| state.ended || all_over || patience.is_over_for(state, now);
            let known: Vec<&BatchState> = states.iter().take_while(known).collect();
            let Some(last) = known.last() else {
                return Ok(from);
            };
            let rows = self
                .stages
                .journal
                .batch(batch, from, u32::try_from(known.len()).unwrap_or(PAGE))
                .await?;
            let profiles: Vec<ProfileId> = rows.iter().map(|row| row.profile.clone()).collect();
            let reports = self.reports(rows).await?.into_iter();
            for ((report, profile), state) in reports.zip(profiles).zip(&known) {
                let ended = state.ended || matches!(report.job.stage, Stage::Done | Stage::Failed);
                if ended {
                    seen(Watching::Ended(Box::new(report)));
                } else {
                    let silent = patience.is_silent(state, now);
                    let report = self.given_up(report, profile, silent).await?;
                    seen(Watching::GivenUp(Box::new(report)));
                }
            }
            from = last.position + 1;
            if known.len() < states.len() {
                return Ok(from);
            }
            if states.is_empty() {
                return Ok(from);
            }
        }
    }

    /// Says why a job that waits does so, where its own row does not.
    async fn given_up(
        &self,
        mut report: JobReport,
        profile: ProfileId,
        silent: bool,
    ) -> Result<JobReport> {
        if report.job.error.is_none() {
            let snapshot = self.snapshot().await?;
            let paused = || {
                Error::new(Code::Paused, "uploads are paused")
                    .hint("let them go on with `tintype resume`, or in the window")
            };
            report.job.error = if snapshot.settings.paused || report.job.stage == Stage::Paused {
                Some(paused())
            } else {
                // What other profiles wait for is no reason of this one.
                let own = match snapshot.settings.profile_of(&profile) {
                    Ok(_) => {
                        self.ask(|answer| Request::WhyWaiting(profile, answer))
                            .await?
                    }
                    Err(error) => Some(error),
                };
                let silence = || {
                    let told = format!("the bucket of \"{}\" does not answer", report.job.profile);
                    Error::new(Code::ServerBusy, told)
                        .hint("look at the connection, and at the service")
                };
                own.or_else(|| silent.then(silence)).or_else(|| {
                    let concerns_all =
                        |duty| matches!(duty, Duty::Lead | Duty::Settings | Duty::Journal);
                    let troubles = snapshot.health.into_iter();
                    let mut troubles = troubles.filter(|trouble| concerns_all(trouble.duty));
                    troubles.next().map(|trouble| trouble.error)
                })
            };
        }
        Ok(report)
    }

    /// Waits until this engine has nothing to do that it could do now, but no longer than that for
    /// what does not go on. For a program that is about to end.
    pub async fn idle(&self, patience: Duration) -> Result<()> {
        let mut events = self.events();
        let (mut moved, mut tally) = (Instant::now(), self.stages.journal.tally().await?);
        while !self.ask(Request::IsIdle).await? {
            let now = self.stages.journal.tally().await?;
            if something_happens(&mut events, &mut |_| {}).await? || now != tally {
                (moved, tally) = (Instant::now(), now);
            }
            if moved.elapsed() >= patience {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Waits until anything happens, or for a moment; whether bytes moved.
async fn something_happens(
    events: &mut broadcast::Receiver<Event>,
    seen: &mut impl FnMut(Watching<'_>),
) -> Result<bool> {
    let mut moved = false;
    let mut until = Instant::now() + LONGEST;
    // All that has happened by now, so that the journal is not asked for each of it.
    while let Ok(event) = tokio::time::timeout_at(until, events.recv()).await {
        match event {
            Ok(Event::Jobs(jobs)) => {
                for job in &jobs {
                    moved |= job.stage == Stage::Imaging
                        || (job.stage == Stage::Sending && job.sent > 0);
                    seen(Watching::Job(job));
                }
                until = until.min(Instant::now() + SHORTEST);
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(Error::new(Code::Closing, "Tintype is closing")),
        }
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job as it is seen at these moments (in seconds), and when its wait is over.
    fn over_at(seen: impl IntoIterator<Item = (u64, Option<Code>)>) -> Option<u64> {
        let start = Instant::now();
        let mut patience = Patience {
            most: Some(Duration::from_secs(20)),
            moved: start,
            tally: Tally::default(),
            looked: start,
            waited: HashMap::new(),
            come: HashMap::new(),
        };
        seen.into_iter().find_map(|(at, waits)| {
            let state = BatchState {
                position: 0,
                uid: "a".into(),
                ended: false,
                works: waits.is_none(),
                waits,
            };
            let now = start + Duration::from_secs(at);
            patience.is_over(std::slice::from_ref(&state), Tally::default(), false, now);
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
            furthest,
            total: 500 << 20,
            at: start,
        };

        let looks = come(Stage::Sending, 0);
        let waits_for_the_last_word = come(Stage::Sending, 500 << 20);

        assert!(!looks.is_silent(most, after(19)) && looks.is_silent(most, after(20)));
        let tried_again = looks.is_silent(Duration::from_secs(1), after(9));
        assert!(!tried_again, "however short the patience is");
        assert!(!come(Stage::Imaging, 0).is_silent(most, after(100)));
        assert!(!waits_for_the_last_word.is_silent(most, after(39)));
        assert!(waits_for_the_last_word.is_silent(most, after(40)));
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
