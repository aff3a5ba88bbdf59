//! Being the one engine that works: taking the lead, and what its leader owes to engines that have
//! ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::Actor;
use crate::engine::later::chores::Chores;
use crate::engine::queue::presence::Lead;
use crate::engine::shown::health::Duty;
use crate::error::Result;
use crate::profile::DEMO;

/// The clock on the wall went on by more than this between two ticks: the computer slept.
const SLEPT: Duration = Duration::from_secs(10);
/// How often the leader looks which engines have ended.
const ENGINES: Duration = Duration::from_secs(2);

impl Actor {
    /// After a sleep nothing is as it was: connections are gone, and the network may be another.
    pub(super) fn notice_sleep(&mut self) {
        let now = SystemTime::now();
        if now
            .duration_since(self.last_tick)
            .is_ok_and(|gap| gap > SLEPT)
        {
            tracing::info!("the computer slept");
            self.folders.look(None);
            self.outages.look_again(Instant::now());
        }
        self.last_tick = now;
    }

    /// Becomes the engine that works, if no other is; and sees to it that what ended engines had is
    /// done.
    pub(super) async fn keep_the_lead(&mut self) -> Result<()> {
        if !self.config.may_lead {
            return Ok(());
        }
        let leads = self.lead.as_ref().is_some_and(Lead::is_held);
        if !leads && self.lead.take().is_some() {
            tracing::warn!("the lead was taken away: its file is another one");
            self.queue.let_go_of_all();
            // The other engine does them.
            self.chores = None;
        }
        if self.lead.is_none() {
            let Some(lead) = Lead::try_take(&self.config.home.engine_lock())? else {
                return Ok(());
            };
            self.lead = Some(lead);
            self.engines_at = Instant::now();
            self.begin_to_lead().await;
        }
        if self.engines_at <= Instant::now() {
            self.engines_at = Instant::now() + ENGINES;
            self.clear_up_after_engines().await?;
        }
        Ok(())
    }

    async fn begin_to_lead(&mut self) {
        self.serve_demo().await;
        self.follow_folders().await;
        if self.chores.is_none() {
            let (stages, home, secrets) = (
                Arc::clone(&self.stages),
                self.config.home.clone(),
                self.config.secrets.clone(),
            );
            let (chores, (finish, finishes)) = (
                Chores {
                    stages,
                    home,
                    secrets,
                    asides: self.aside.clone(),
                    later: Default::default(),
                    said: Default::default(),
                },
                mpsc::channel(8),
            );
            let task = tokio::spawn(chores.run(finishes, self.stop.child_token()));
            self.chores = Some((AbortOnDropHandle::new(task), finish));
        }
        self.queue.look_again();
    }

    /// What engines had in hand that have ended is for this one.
    async fn clear_up_after_engines(&mut self) -> Result<()> {
        for engine in self.stages.journal.engines().await? {
            if self.presence.has_ended(&engine) {
                self.stages.journal.engine_ended(&engine).await?;
                self.queue.look_again();
            }
        }
        Ok(())
    }

    pub(super) async fn serve_demo(&mut self) {
        if let (true, true, Ok(profile)) = (
            self.config.serve_demo,
            self.lead.is_some(),
            self.settings.profile(Some(DEMO)),
        ) {
            let served = self.stages.stores.start_demo(profile).await;
            self.health.note(Duty::Demo, served);
        }
    }
}
