//! Waiting for a batch. The journal is what is waited for, so that it does not matter which engine
//! does the work, or how often that changes; events only make it quick, and show how far things
//! are.

use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::engine::asked::handle::EngineHandle;
use crate::engine::asked::patience::{Patience, Way};
use crate::engine::queue::request::Request;
use crate::engine::shown::health::Duty;
use crate::engine::shown::view::{Event, JobReport, JobView, Stage};
use crate::error::{Code, Error, Result};
use crate::journal::BatchState;
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
        let ended = self.stages.journal.tally().await?.ended();
        let mut patience = Patience::new(patience, ended, Instant::now());
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
            something_happens(&mut events, |job| {
                let now = Instant::now();
                if patience.way.note(job, now) {
                    patience.goes_on(&job.id, now);
                }
                seen(Watching::Job(job));
            })
            .await?;
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
            // What is in hand while the journal takes nothing cannot be told apart from what waits.
            let rests = self.stages.limits.is_paused() || self.stages.journal.refuses().is_some();
            let all_over = patience.is_over(&states, tally.ended(), rests, now);
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
                let refused = self.stages.journal.refuses();
                own.or(refused)
                    .or_else(|| silent.then(silence))
                    .or_else(|| {
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
        let mut ended = self.stages.journal.tally().await?.ended();
        let mut way = Way::new(Instant::now());
        while !self.ask(Request::IsIdle).await? {
            something_happens(&mut events, |job| {
                way.note(job, Instant::now());
            })
            .await?;
            let now = self.stages.journal.tally().await?.ended();
            if now != ended {
                (way.moved, ended) = (Instant::now(), now);
            }
            if way.moved.elapsed() >= patience {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Waits until anything happens, or for a moment.
async fn something_happens(
    events: &mut broadcast::Receiver<Event>,
    mut seen: impl FnMut(&JobView),
) -> Result<()> {
    let mut until = Instant::now() + LONGEST;
    // All that has happened by now, so that the journal is not asked for each of it.
    while let Ok(event) = tokio::time::timeout_at(until, events.recv()).await {
        match event {
            Ok(Event::Jobs(jobs)) => {
                jobs.iter().for_each(&mut seen);
                until = until.min(Instant::now() + SHORTEST);
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(Error::new(Code::Closing, "Tintype is closing")),
        }
    }
    Ok(())
}
