//! What is done beside the uploads: unfinished uploads nobody goes on with are aborted, objects of
//! deleted files are removed, webhooks are told, and the manifest in the bucket is kept up. All of
//! it is on record, and tried again until it is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::again::{Again, Later, is_due, left};
use crate::engine::aside::Aside;
use crate::engine::later::removals;
use crate::engine::shown::health::Duty;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::home::Home;
use crate::secret::Secrets;
use crate::settings::Settings;

/// How often to look.
const ROUND: Duration = Duration::from_secs(1);
/// Orphans that could not be aborted are tried again so often.
const ORPHANS: Duration = Duration::from_secs(60);
/// So are removals.
const REMOVALS: Duration = Duration::from_secs(60);
/// Messages looked at together; jobs in one object of the manifest.
pub(super) const BATCH: u32 = 100;

/// What the chores are done with.
pub(in crate::engine) struct Chores {
    pub(in crate::engine) stages: Arc<Stages>,
    pub(in crate::engine) home: Home,
    pub(in crate::engine) secrets: Secrets,
    /// Who is told how it went.
    pub(in crate::engine) asides: mpsc::Sender<Aside>,
    /// When to try again what could not be done.
    pub(in crate::engine) later: tokio::sync::Mutex<Later>,
    /// What was said last of what cannot be done.
    pub(in crate::engine) said: tokio::sync::Mutex<BTreeMap<Duty, Error>>,
}

/// Somebody waits until all that can be done now is done.
pub(in crate::engine) type Finish = oneshot::Sender<()>;

impl Chores {
    /// Does them until stopped; at once where somebody is about to end.
    pub(in crate::engine) async fn run(
        self,
        mut finishes: mpsc::Receiver<Finish>,
        stop: CancellationToken,
    ) {
        let mut orphans_at = Instant::now();
        loop {
            let finish = tokio::select! {
                () = stop.cancelled() => return,
                finish = finishes.recv() => finish,
                () = tokio::time::sleep(ROUND) => None,
            };
            let round = async {
                let now = finish.is_some();
                if now {
                    // Nobody may be there later.
                    *self.later.lock().await = Later::default();
                }
                if now || orphans_at <= Instant::now() {
                    self.say(Duty::Uploads, self.orphans().await).await;
                    orphans_at = Instant::now() + ORPHANS;
                }
                // None of them waits for another: each asks somebody else, who may not answer.
                tokio::join!(
                    async { self.say(Duty::Removals, self.removals().await).await },
                    async { self.say(Duty::Webhooks, self.webhooks().await).await },
                    async { self.say(Duty::Manifests, self.manifests(now).await).await },
                );
            };
            if stop.run_until_cancelled(round).await.is_none() {
                return;
            }
            if let Some(finish) = finish {
                // Whoever waited may have given up.
                let _ = finish.send(());
            }
        }
    }

    /// What was not done stays on record; why is shown, as is that it is over.
    async fn say(&self, duty: Duty, done: Result<()>) {
        let mut said = self.said.lock().await;
        let error = done.as_ref().err();
        if said.get(&duty) != error {
            match error {
                Some(error) => said.insert(duty, error.clone()),
                None => said.remove(&duty),
            };
            // Whoever listens may be about to end.
            let _ = self.asides.send(Aside::Chore(duty, done)).await;
        }
    }

    pub(super) fn settings(&self) -> Result<Settings> {
        let path = self.home.settings();
        // Away for the moment in which it is written: nothing may be concluded from that.
        if !path.exists() {
            return Err(Error::new(
                Code::SettingsDamaged,
                format!("{} is away", path.display()),
            ));
        }
        Settings::load(&path)
    }

    async fn removals(&self) -> Result<()> {
        let due = self.stages.journal.due_removals(BATCH).await?;
        self.later
            .lock()
            .await
            .removals
            .retain(|id, _| due.iter().any(|removal| removal.id == *id));
        if due.is_empty() {
            return Ok(());
        }
        let settings = self.settings()?;
        for removal in due.into_iter().filter(|_| !settings.paused) {
            if !is_due(&self.later.lock().await.removals, &removal.id) {
                continue;
            }
            let jobs = self
                .stages
                .journal
                .jobs_with(&self.stages.journal.removable(&removal).await?)
                .await?;
            match removals::remove(&self.stages, &settings, &removal).await {
                Ok(true) => self.tell_removed(jobs).await,
                // One that cannot be carried out does not hold up the others.
                done => {
                    let later = Again {
                        at: Instant::now() + REMOVALS,
                        pause: REMOVALS,
                        error: done.err(),
                    };
                    self.later.lock().await.removals.insert(removal.id, later);
                }
            }
        }
        left(&self.later.lock().await.removals)
    }

    async fn tell_removed(&self, jobs: Vec<i64>) {
        for job in jobs {
            // Whoever listens may be about to end.
            let _ = self.asides.send(Aside::Removed(job)).await;
        }
    }
}
