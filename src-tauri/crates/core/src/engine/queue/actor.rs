//! The actor: owns the queue, decides what runs, tells what changed.

mod following;
mod leading;
mod running;
mod telling;
mod watching;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::request::{Answer, Change, Request};
use crate::engine::aside::Aside;
use crate::engine::config::Config;
use crate::engine::folder::folders::Folders;
use crate::engine::folder::put_away::Porter;
use crate::engine::job::attempt::Answered;
use crate::engine::job::live::Live;
use crate::engine::later::chores::Finish;
use crate::engine::queue::next::Queue;
use crate::engine::queue::outages::Outages;
use crate::engine::queue::presence::{Lead, Presence};
use crate::engine::shown::health::{Duty, Health};
use crate::engine::shown::view::{Event, Overall, Stage};
use crate::engine::stages::Stages;
use crate::error::Result;
use crate::journal::JobRow;
use crate::settings::{Settings, SettingsFile};
use crate::watch::Report;
use crate::world::blocking;

/// How often progress is told and other processes' work is noticed; and how often while there is
/// nothing to do.
const TICK: Duration = Duration::from_millis(100);
const IDLE_TICK: Duration = Duration::from_millis(300);
/// What a snapshot shows; older jobs are found by searching.
const SNAPSHOT_JOBS: u32 = 2000;

/// How often it is put on record for how long folders were seen.
const CLOCKS: Duration = Duration::from_secs(5);

struct Running {
    row: Arc<JobRow>,
    live: Live,
    told: (Stage, u64, u64),
    stop: CancellationToken,
}

pub(in crate::engine) struct Actor {
    config: Config,
    settings: Settings,
    settings_file: SettingsFile,
    stages: Arc<Stages>,
    events: broadcast::Sender<Event>,
    at_once: usize,
    presence: Presence,
    /// Held while this engine is the one that works.
    lead: Option<Lead>,
    health: Health,
    /// When to look again which engines have ended.
    engines_at: Instant,
    /// When to put on record for how long folders were seen.
    clocks_at: Instant,
    queue: Queue,
    running: HashMap<i64, Running>,
    outages: Outages,
    /// Unfinished jobs that another process works on.
    followed: BTreeSet<i64>,
    /// Jobs up to this number are followed.
    newest: i64,
    /// Where among them the next look begins.
    followed_from: i64,
    /// Jobs whose rows are to be told with the next tick.
    news: HashSet<i64>,
    last_tick: SystemTime,
    data_version: i64,
    overall: Overall,
    tasks: JoinSet<(i64, Result<Option<Answered>>)>,
    chores: Option<(AbortOnDropHandle<()>, mpsc::Sender<Finish>)>,
    stop: CancellationToken,
    folders: Folders,
    reports: mpsc::Receiver<Report>,
    /// What is done beside for watched folders tells what became of it here.
    aside: mpsc::Sender<Aside>,
    asides: mpsc::Receiver<Aside>,
    /// Puts away files of watched folders, as ordered.
    porter: Porter,
    /// The folders could not all be followed: when to try again.
    follow_at: Option<Instant>,
    /// Something about the folders is to be told, at most once a second.
    folders_news: bool,
    folders_told: Option<Instant>,
}

impl Actor {
    pub(in crate::engine) fn new(
        config: Config,
        (settings, settings_file): (Settings, SettingsFile),
        presence: Presence,
        stages: Arc<Stages>,
        events: broadcast::Sender<Event>,
        at_once: usize,
    ) -> Self {
        let (report, reports) = mpsc::channel(64);
        let (aside, asides) = mpsc::channel(64);
        Self {
            settings_file,
            config,
            settings,
            events,
            at_once,
            presence,
            lead: None,
            health: Health::default(),
            engines_at: Instant::now(),
            clocks_at: Instant::now(),
            queue: Queue::default(),
            running: HashMap::new(),
            outages: Outages::default(),
            followed: BTreeSet::new(),
            newest: 0,
            followed_from: 0,
            news: HashSet::new(),
            last_tick: SystemTime::now(),
            data_version: -1,
            overall: Overall::default(),
            tasks: JoinSet::new(),
            chores: None,
            stop: CancellationToken::new(),
            folders: Folders::new(report),
            reports,
            porter: Porter::start(Arc::clone(&stages), aside.clone()),
            stages,
            aside,
            asides,
            follow_at: None,
            folders_news: false,
            folders_told: None,
        }
    }

    pub(in crate::engine) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        // Before anything is asked of it: what ended engines left is taken over, or another engine
        // is known to lead.
        self.tick().await;
        let mut tick_at = Instant::now();
        loop {
            let done = tokio::select! {
                // The clock waits for nobody, and who asks how things are learns what was told
                // before.
                biased;
                () = tokio::time::sleep_until(tick_at) => {
                    tick_at = Instant::now() + IDLE_TICK;
                    self.tick().await;
                    Ok(())
                }
                Some(aside) = self.asides.recv() => self.hear_aside(aside).await,
                request = inbox.recv() => match request {
                    Some(Request::Stop(answer)) => { self.close(answer).await; return }
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                Some(ended) = self.tasks.join_next() => self.ended(ended).await,
                Some(report) = self.reports.recv() => self.hear(report).await,
            };
            // The journal could not be used for the moment; nothing that matters is in memory only.
            let done = match done {
                Ok(()) => self.start_jobs().await,
                done => done,
            };
            self.health.note(Duty::Journal, done);
            if self.overall.unfinished > 0 || !self.news.is_empty() {
                tick_at = tick_at.min(Instant::now() + TICK);
            }
        }
    }

    async fn close(&mut self, answer: Answer<()>) {
        self.stop.cancel();
        if let Err(error) = self.folders.keep_clocks(&self.stages.journal).await {
            tracing::warn!(%error, "for how long folders were seen is not on record");
        }
        // Threads that wait for an answer learn that there will be none.
        self.reports.close();
        while self.reports.try_recv().is_ok() {}
        self.folders.stop().await;
        self.asides.close();
        self.porter.stop().await;
        self.tasks.shutdown().await;
        if let Some(Err(error)) = match self.chores.take() {
            Some((chores, _)) => Some(chores.await),
            None => None,
        } {
            tracing::error!(%error, "the chores ended badly");
        }
        // Should that not work, the next leader finds out that this engine has ended.
        if let Err(error) = self.stages.journal.engine_ended(self.presence.id()).await {
            tracing::warn!(%error, "jobs in hand are let go of by the next leader");
        }
        self.lead = None;
        let _ = answer.send(());
    }

    // Whoever asked may have gone; that is all a failed answer means.
    async fn answer(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Snapshot(answer) => drop(answer.send(self.snapshot().await)),
            Request::Settings(answer) => drop(answer.send(self.settings.clone())),
            Request::Edit(change, answer) => drop(answer.send(self.edit(change).await)),
            Request::Queued(ids, answer) => {
                self.config.begin_when_queued = false;
                let taken = self.take_up(ids).await;
                let _ = answer.send(());
                taken?;
            }
            Request::Paused(ids, answer, paused) => {
                drop(answer.send(self.pause(ids, paused).await))
            }
            Request::Answered(ids, answer, choice) => {
                drop(answer.send(self.answered(ids, choice).await))
            }
            Request::Forgotten(ids, answer) => {
                self.tell(Event::Forgotten(ids));
                self.recount().await?;
                let _ = answer.send(());
            }
            Request::Watch(folders, answer) => {
                self.stages.pass(&folders);
                self.folders.add_passing(folders);
                self.follow_folders().await;
                let _ = answer.send(());
            }
            Request::FoldersChanged(answer) => {
                self.folders_news = true;
                let _ = answer.send(());
            }
            Request::PutAway(folders, answer) => self.porter.order_all(folders, answer),
            Request::Look(path, answer) => {
                self.folders.look(Some(&path));
                let _ = answer.send(());
            }
            Request::WhyWaiting(profile, answer) => {
                let _ = answer.send(self.outages.reason(Some(&profile)));
            }
            Request::IsIdle(answer) => {
                self.config.begin_when_queued = false;
                // Whoever led may have ended just now: then there is something to do.
                let led = self.keep_the_lead().await;
                self.health.note(Duty::Lead, led);
                let begun = self.start_jobs().await;
                let _ = answer.send(
                    begun.is_ok()
                        && self.running.is_empty()
                        && (self.queue.is_empty() || self.settings.paused || self.outages.is_all()),
                );
                begun?;
            }
            Request::Finish(answer) => {
                // Another engine does its own.
                match self.chores.as_ref().filter(|_| self.lead.is_some()) {
                    // Where so many were asked for before and are not done yet, this one is given
                    // up by who waits.
                    Some((_, finishes)) => drop(finishes.try_send(answer)),
                    None => drop(answer.send(())),
                }
            }
            Request::Stop(answer) => self.close(answer).await,
        }
        Ok(())
    }

    async fn edit(&mut self, change: Change) -> Result<Settings> {
        let (path, known) = (self.config.home.settings(), self.settings.clone());
        // Another process may hold the settings for a while: that is waited for elsewhere.
        let edited = blocking("changing the settings", move || {
            Settings::edit(&path, &known, change)
        })
        .await;
        (self.settings, self.settings_file) = edited.flatten()?;
        self.settings_changed().await;
        Ok(self.settings.clone())
    }

    async fn settings_changed(&mut self) {
        // New settings may be the cure: try again at once.
        self.outages.look_again(Instant::now());
        self.queue.retry_all();
        self.stages.limits.pause(self.settings.paused);
        self.tell(Event::Settings(self.settings.clone()));
        self.follow_folders().await;
        self.serve_demo().await;
    }

    /// What is due now and then. Each duty is on its own.
    async fn tick(&mut self) {
        let began = std::time::Instant::now();
        self.notice_sleep();
        self.stages
            .limits
            .bandwidth()
            .set(self.settings.bandwidth.at(jiff::Zoned::now().time()));
        let led = self.keep_the_lead().await;
        self.health.note(Duty::Lead, led);
        let read = self.read_settings().await;
        self.health.note(Duty::Settings, read);
        let noticed = self.notice_others().await;
        self.health.note(Duty::Journal, noticed);
        if self.follow_at.is_some_and(|at| at <= Instant::now()) {
            self.follow_folders().await;
        }
        let told = self.tell_news().await;
        self.health.note(Duty::Journal, told);
        let told = self.tell_folders().await;
        self.health.note(Duty::Folders, told);
        if self.clocks_at <= Instant::now() {
            self.clocks_at = Instant::now() + CLOCKS;
            let kept = self.folders.keep_clocks(&self.stages.journal).await;
            self.health.note(Duty::Folders, kept);
        }
        self.tell_progress();
        if let Some(troubles) = self.health.news() {
            self.tell(Event::Health(troubles));
        }
        tracing::trace!(micros = began.elapsed().as_micros(), "a tick");
    }

    /// Follows the settings file. While it is away, empty or damaged, the settings that are known
    /// stay in force.
    async fn read_settings(&mut self) -> Result<()> {
        let path = self.config.home.settings();
        let file = SettingsFile::look(&path);
        if file == self.settings_file {
            return Ok(());
        }
        let settings = Settings::load_known(&path, &self.settings_file)?;
        self.settings_file = file;
        if settings != self.settings {
            self.settings = settings;
            self.settings_changed().await;
        }
        Ok(())
    }
}
