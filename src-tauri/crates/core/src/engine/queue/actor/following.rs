//! What people and other engines do to jobs meanwhile: new ones are taken up, and what becomes of
//! the others is told.

use super::{Actor, SNAPSHOT_JOBS};
use crate::engine::shown::view::Event;
use crate::error::Result;
use crate::journal::JobState;
use crate::profile::OnLocation;

/// Jobs of other engines that are looked at in one tick.
const FOLLOWED: usize = 256;

impl Actor {
    /// Another process may have written: new jobs to do, or news of jobs that it does.
    pub(super) async fn notice_others(&mut self) -> Result<()> {
        let version = self.stages.journal.data_version().await?;
        if version != self.data_version {
            self.data_version = version;
            self.queue.look_again();
            self.stop_what_rests().await?;
            self.recount().await?;
            self.follow().await?;
        }
        self.tell_of_followed().await
    }

    async fn stop_what_rests(&mut self) -> Result<()> {
        let running: Vec<i64> = self.running.keys().copied().collect();
        for row in self
            .stages
            .journal
            .jobs(&running)
            .await?
            .iter()
            .filter(|row| row.paused)
        {
            if let Some(running) = self.running.get(&row.id) {
                running.stop.cancel();
            }
        }
        Ok(())
    }

    /// Tells what has become of jobs that another engine does: of some at a time, so that many cost
    /// no more than few.
    async fn tell_of_followed(&mut self) -> Result<()> {
        if self.followed.is_empty() {
            return Ok(());
        }
        let behind = self
            .followed
            .range(self.followed_from..)
            .chain(self.followed.range(..self.followed_from));
        let some: Vec<i64> = behind.take(FOLLOWED).copied().collect();
        self.followed_from = some.last().map_or(0, |last| last + 1);
        let rows = self.stages.journal.news_of(&some).await?;
        for row in rows
            .iter()
            .filter(|row| matches!(row.state, JobState::Done | JobState::Failed))
        {
            self.followed.remove(&row.id);
        }
        if !rows.is_empty() {
            self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
            self.recount().await?;
        }
        Ok(())
    }

    /// Unfinished jobs that another process may do: what becomes of them is told here, too. Of very
    /// many, only as many as a list shows.
    async fn follow(&mut self) -> Result<()> {
        let fresh = self
            .stages
            .journal
            .unfinished_after(self.newest, SNAPSHOT_JOBS)
            .await?;
        self.newest = fresh.first().copied().unwrap_or(self.newest);
        self.followed.extend(fresh);
        while self.followed.len() > SNAPSHOT_JOBS as usize {
            self.followed.pop_first();
        }
        Ok(())
    }

    /// Jobs that were just put into the journal by this process, or back into its queue.
    pub(super) async fn take_up(&mut self, ids: Vec<i64>) -> Result<()> {
        // Of a very large batch only as much is told as a list shows.
        let shown = ids.len().saturating_sub(SNAPSHOT_JOBS as usize);
        let rows = self.stages.journal.jobs(&ids[shown..]).await?;
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        self.followed.extend(&ids[shown..]);
        ids.iter().for_each(|id| self.queue.ended(*id));
        self.queue.look_again();
        self.recount().await
    }

    /// Lets jobs rest, or go on. What a resting job has sent stays: it goes on from there.
    pub(super) async fn pause(&mut self, uids: Vec<String>, paused: bool) -> Result<()> {
        self.stages.journal.pause(uids.clone(), paused).await?;
        self.decided(uids).await
    }

    pub(super) async fn answered(&mut self, uids: Vec<String>, choice: OnLocation) -> Result<()> {
        self.stages.journal.answer(uids.clone(), choice).await?;
        self.decided(uids).await
    }

    /// A person decided about jobs: those that rest now stop, the others go on.
    async fn decided(&mut self, uids: Vec<String>) -> Result<()> {
        let rows = self.stages.journal.jobs_by_uid(&uids).await?;
        for running in rows
            .iter()
            .filter(|row| row.paused)
            .filter_map(|row| self.running.get(&row.id))
        {
            running.stop.cancel();
        }
        self.queue.look_again();
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        self.recount().await
    }
}
