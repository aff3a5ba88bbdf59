//! Which jobs run, and what is done when one has ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::{Actor, Running};
use crate::engine::job::{self, Answered, Live};
use crate::engine::outages::Outages;
use crate::engine::queue::OWN_PAUSE;
use crate::engine::view::Stage;
use crate::error::{Code, Error, Result, Retry};
use crate::journal::JobRow;

impl Actor {
    /// Starts what may run: as many as there is room for, and of a profile in an outage only one, to see.
    pub(super) async fn start_jobs(&mut self) -> Result<()> {
        if self.lock.is_none() || self.stop.is_cancelled() || self.settings.paused || self.running.len() >= self.at_once {
            return Ok(());
        }
        let running: Vec<i64> = self.running.keys().copied().collect();
        let probes: Vec<String> =
            self.outages.profiles().into_iter().filter(|profile| may_probe(&self.outages, &self.running, profile)).collect();
        self.queue.fill(&self.stages.journal, &running, &self.outages, &probes).await?;
        while self.running.len() < self.at_once {
            let (outages, running) = (&self.outages, &self.running);
            let may_start =
                |row: &JobRow| !running.contains_key(&row.id) && (!outages.has(&row.profile) || may_probe(outages, running, &row.profile));
            let Some(row) = self.queue.take(may_start) else { break };
            self.outages.probe(&row.profile, row.id);
            self.start(row);
        }
        Ok(())
    }

    fn start(&mut self, row: Arc<JobRow>) {
        let live = Live::default();
        let profile = self.settings.profile(Some(&row.profile)).cloned();
        let folder = row.watched.as_ref().and_then(|path| self.folders.find(&self.settings, path));
        let stop = self.stop.child_token();
        let (stages, job, shown, stopped) = (Arc::clone(&self.stages), Arc::clone(&row), live.clone(), stop.clone());
        self.tasks.spawn(async move {
            let run = job::run(&stages, profile, folder, &job, &shown);
            match stopped.run_until_cancelled(run).await {
                Some(result) => (job.id, result),
                None => (job.id, Ok(Answered(false))),
            }
        });
        self.running.insert(row.id, Running { row, live, told: (Stage::Queued, 0, 0), stop });
    }

    pub(super) async fn ended(&mut self, ended: Result<(i64, Result<Answered>), tokio::task::JoinError>) -> Result<()> {
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(error) => return self.clean_up_after(&error).await,
        };
        let Some(running) = self.running.remove(&id) else { return Ok(()) };
        self.news.insert(id);
        self.after_watched(&running.row).await?;
        match result {
            // The bucket answered: whatever was out is back.
            Ok(Answered(true)) => {
                if self.outages.end(&running.row.profile) {
                    self.queue.look_again();
                }
            }
            // It rests, or its file is at fault: nothing is known of its bucket.
            Ok(Answered(false)) => self.queue.look_again(),
            Err(error) => self.put_off(running.row, error).await?,
        }
        // The last one is told at once: somebody waits for it.
        if self.running.is_empty() { self.tell_news().await } else { Ok(()) }
    }

    /// A job's task panicked: a defect, but the file is not lost and the others go on.
    async fn clean_up_after(&mut self, error: &tokio::task::JoinError) -> Result<()> {
        tracing::error!(%error, "a job ended badly");
        let gone: Vec<i64> = self.running.iter().filter(|(_, running)| Arc::strong_count(&running.row) == 1).map(|(id, _)| *id).collect();
        for id in &gone {
            self.running.remove(id);
            self.stages.journal.fail(*id, Error::new(Code::Internal, format!("a defect in Tintype stopped this upload: {error}"))).await?;
        }
        self.tell_rows(gone).await
    }

    /// The job waits: alone, if the reason is its own; with all of its profile, if it is the bucket's.
    async fn put_off(&mut self, row: Arc<JobRow>, error: Error) -> Result<()> {
        let now = Instant::now();
        if error.retry_class() != Retry::WhenOnline {
            // Should the reason be its own after all, another job goes to see.
            self.queue.put_off(row.id, now + OWN_PAUSE);
        }
        if !matches!(error.code, Code::FileChanging | Code::KeyTaken) {
            self.outages.note(&row.profile, &error, now);
        }
        self.queue.look_again();
        self.stages.journal.note_waiting(row.id, error).await
    }
}

/// Whether it is time for one job of a profile in an outage to see if its bucket is back; one at a time.
fn may_probe(outages: &Outages, running: &HashMap<i64, Running>, profile: &str) -> bool {
    outages.is_due(profile, Instant::now()) && !outages.probed_by(profile).is_some_and(|job| running.contains_key(&job))
}
