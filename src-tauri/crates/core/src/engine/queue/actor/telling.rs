//! What the actor tells: the snapshot, and what has changed since, in few words a second.

use std::sync::Arc;

use super::{Actor, SNAPSHOT_JOBS};
use crate::engine::shown::view::{Event, JobView, Overall, Snapshot};
use crate::error::Result;
use crate::journal::{JobRow, Sought, Unfinished};
use crate::profile::ProfileId;

impl Actor {
    pub(super) fn tell(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    pub(super) async fn snapshot(&mut self) -> Result<Snapshot> {
        self.recount().await?;
        let rows = self
            .stages
            .journal
            .found(Sought::default(), None, SNAPSHOT_JOBS)
            .await?;
        Ok(Snapshot {
            jobs: rows.iter().map(|row| self.view(row)).collect(),
            overall: self.overall.clone(),
            settings: self.settings.clone(),
            folders: self
                .folders
                .views(&self.stages.journal, &self.settings)
                .await?,
            standby: self.lead.is_none(),
            health: self.health.troubles(),
        })
    }

    pub(super) fn view(&self, row: &JobRow) -> JobView {
        let view = JobView::of(row, &self.settings);
        match self.running.get(&row.id) {
            Some(running) => {
                let (stage, sent, total) = running.live.look();
                JobView {
                    stage,
                    sent,
                    total,
                    error: None,
                    ..view
                }
            }
            None => view,
        }
    }

    pub(super) async fn recount(&mut self) -> Result<()> {
        let tally = self.stages.journal.tally().await?;
        self.outages.keep_only(&tally.profiles());
        let out = self.outages.profiles();
        let is_out = |profile: &ProfileId| self.outages.is_all() || out.contains(profile);
        let sum = |count: &dyn Fn(&(ProfileId, Unfinished)) -> u64| {
            tally.unfinished.iter().map(count).sum()
        };
        let overall = Overall {
            unfinished: sum(&|(_, jobs)| jobs.held + jobs.free),
            waiting: sum(&|(profile, jobs)| {
                jobs.held + if is_out(profile) { jobs.free } else { 0 }
            }),
            done: tally.done,
            failed: tally.failed,
            waiting_for: self.outages.reason(None),
        };
        if overall != self.overall {
            self.overall = overall;
            self.tell(Event::Overall(self.overall.clone()));
        }
        Ok(())
    }

    /// Tells of what has ended since the last time, in one go.
    pub(super) async fn tell_news(&mut self) -> Result<()> {
        if self.news.is_empty() {
            return Ok(());
        }
        let ids = std::mem::take(&mut self.news).into_iter().collect();
        self.tell_rows(ids).await
    }

    pub(super) async fn tell_rows(&mut self, ids: Vec<i64>) -> Result<()> {
        let rows = self.stages.journal.jobs(&ids).await?;
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        self.recount().await
    }

    pub(super) fn tell_progress(&mut self) {
        let mut changed = Vec::new();
        for running in self.running.values_mut() {
            let now = running.live.look();
            if now != running.told {
                running.told = now;
                changed.push(Arc::clone(&running.row));
            }
        }
        if !changed.is_empty() {
            self.tell(Event::Jobs(
                changed.iter().map(|row| self.view(row)).collect(),
            ));
        }
    }
}
