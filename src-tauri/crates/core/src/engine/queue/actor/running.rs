//! Which jobs run, and what is done when one has ended.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Actor, Running};
use crate::engine::job::attempt::{self, Answered};
use crate::engine::job::live::Live;
use crate::engine::job::verdict::{Verdict, Waits, verdict};
use crate::engine::shown::view::Stage;
use crate::error::{Code, Error, Result, Retry};
use crate::journal::{InHand, JobRow, Wanted};
use crate::profile::{CredentialSource, Profile, ProfileId};

impl Actor {
    /// Starts what may run: as many as there is room for, and of a profile in an outage only one,
    /// to see.
    pub(super) async fn start_jobs(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.stop.is_cancelled() || self.settings.paused || self.config.begin_when_queued {
            self.queue.let_go_of_all();
        } else if self.running.len() < self.at_once {
            self.fill(now).await?;
            while self.running.len() < self.at_once {
                let (outages, running) = (&self.outages, &self.running);
                let runs = |job| running.contains_key(&job);
                let Some(next) = self
                    .queue
                    .take(|job| !runs(job.id) && outages.may_start(&job.profile, now, runs))
                else {
                    break;
                };
                self.start(next).await?;
            }
        }
        self.queue
            .give_back(&self.stages.journal, self.presence.id())
            .await
    }

    async fn fill(&mut self, now: Instant) -> Result<()> {
        let runs = |job| self.running.contains_key(&job);
        let profiles = self.settings.profiles.iter();
        let (demos, others): (Vec<&Profile>, Vec<&Profile>) =
            profiles.partition(|profile| profile.credentials == CredentialSource::Demo);
        let serves = if demos.is_empty() || !self.stages.stores.serves_demo().await {
            Vec::new()
        } else {
            demos.iter().map(|profile| profile.id.clone()).collect()
        };
        let can_open: Vec<ProfileId> = others
            .into_iter()
            // One that never leads does nobody else's work.
            .filter(|profile| self.config.may_lead && self.config.secrets.are_here(profile))
            .map(|profile| profile.id.clone())
            .collect();
        let leads = self.lead.is_some();
        // An engine that does not lead, and has no credentials of its own, has nothing to do.
        if !leads && can_open.is_empty() && serves.is_empty() {
            self.queue.leave_to_others();
            return Ok(());
        }
        let probes = self.outages.to_probe(now, runs);
        if self.outages.is_all() && !self.outages.may_probe_all(now, runs) {
            return Ok(());
        }
        let wanted = Wanted {
            leads,
            serves,
            can_open,
            without: self.outages.profiles(),
            ..Wanted::default()
        };
        self.queue
            .fill(&self.stages.journal, self.presence.id(), wanted, &probes)
            .await
    }

    /// Starts a job, if nothing speaks against it by now.
    async fn start(&mut self, next: InHand) -> Result<()> {
        let row = match self
            .stages
            .journal
            .to_run(self.presence.id(), next.id)
            .await
        {
            Ok(Some(row)) => row,
            other => {
                self.queue.let_go(next.id);
                return other.map(|_| ());
            }
        };
        if let Some(error) = &row.unreadable {
            self.news.insert(row.id);
            let failed = self.stages.journal.fail(row.id, error.clone()).await;
            return failed.inspect_err(|_| self.queue.let_go(row.id));
        }
        self.outages.started(&row.profile, row.id);
        self.run_job(Arc::new(row));
        Ok(())
    }

    fn run_job(&mut self, row: Arc<JobRow>) {
        let live = Live::default();
        let profile = self.settings.profile_of(&row.profile).cloned();
        let folder = row
            .watched
            .as_ref()
            .and_then(|path| self.folders.find(&self.settings, path));
        let stop = self.stop.child_token();
        let (stages, job, shown, stopped) = (
            Arc::clone(&self.stages),
            Arc::clone(&row),
            live.clone(),
            stop.clone(),
        );
        self.tasks.spawn(async move {
            let run = attempt::run(&stages, profile, folder, &job, &shown);
            match stopped.run_until_cancelled(run).await {
                Some(result) => (job.id, result.map(Some)),
                None => (job.id, Ok(None)),
            }
        });
        self.running.insert(
            row.id,
            Running {
                row,
                live,
                told: (Stage::Queued, 0, 0),
                stop,
            },
        );
    }

    pub(super) async fn ended(
        &mut self,
        ended: Result<(i64, Result<Option<Answered>>), tokio::task::JoinError>,
    ) -> Result<()> {
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(error) => return self.clean_up_after(&error).await,
        };
        let Some(running) = self.running.remove(&id) else {
            return Ok(());
        };
        self.news.insert(id);
        match result {
            Ok(Some(answered)) => {
                self.queue.ended(id);
                if self.outages.end(&running.row.profile, answered.0) {
                    self.queue.look_again();
                }
            }
            // It rests: nothing is known of its bucket.
            Ok(None) => self.queue.let_go(id),
            Err(error) => self.put_off(&running.row, error).await,
        }
        self.after_watched(&running.row).await?;
        // The last one is told at once: somebody waits for it.
        if self.running.is_empty() {
            self.tell_news().await
        } else {
            Ok(())
        }
    }

    /// A job's task panicked: a defect, but the file is not lost and the others go on.
    async fn clean_up_after(&mut self, error: &tokio::task::JoinError) -> Result<()> {
        tracing::error!(%error, "a job ended badly");
        let gone: Vec<i64> = self
            .running
            .iter()
            .filter(|(_, running)| Arc::strong_count(&running.row) == 1)
            .map(|(id, _)| *id)
            .collect();
        for id in &gone {
            self.running.remove(id);
            let defect = Error::new(
                Code::Internal,
                format!("a defect in Tintype stopped this upload: {error}"),
            );
            if let Err(unsaid) = self.stages.journal.fail(*id, defect).await {
                tracing::error!(error = %unsaid, "the end of a job could not be recorded");
                self.queue.let_go(*id);
            }
        }
        self.tell_rows(gone).await
    }

    /// The job waits: alone, with all of its profile, or with all there are.
    async fn put_off(&mut self, row: &JobRow, error: Error) {
        let now = Instant::now();
        tracing::debug!(job = row.id, %error, "a job waits");
        let verdict = verdict(&error);
        let own = matches!(verdict, Verdict::Waits(Waits::Job));
        match verdict {
            Verdict::Waits(Waits::All) => self.outages.note_all(&error, now),
            Verdict::Waits(Waits::Profile) => {
                self.outages.note(&row.profile, &error, now);
                if error.retry_class() != Retry::WhenOnline {
                    // Should the reason be its own after all, another job goes to see.
                    self.queue.put_off(row.id, now);
                }
            }
            Verdict::Waits(Waits::Job) | Verdict::Fails => self.queue.put_off(row.id, now),
        }
        self.queue.look_again();
        if let Err(unsaid) = self
            .stages
            .journal
            .note_waiting(self.presence.id(), row.id, error, own)
            .await
        {
            // The journal itself is what is waited for: the job is let go of as soon as it can be
            // used again.
            tracing::warn!(error = %unsaid, job = row.id, "why a job waits could not be recorded");
            self.queue.let_go(row.id);
        }
    }
}
