//! The actor: owns the queue, decides what runs, tells what changed.

mod running;
mod telling;
mod watching;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Config;
use super::chores::{Chores, Finish};
use super::folders::{Aside, Folders};
use super::health::{Duty, Health};
use super::job::{Answered, Live, Stages};
use super::outages::Outages;
use super::presence::{Lead, Presence};
use super::put_away::Porter;
use super::queue::Queue;
use super::view::{Event, Overall, Snapshot, Stage};
use crate::error::Result;
use crate::folder::WatchedFolder;
use crate::journal::{JobRow, JobState};
use crate::profile::DEMO;
use crate::settings::{Settings, SettingsFile};
use crate::watch::Report;
use crate::world::blocking;

/// How often progress is told and other processes' work is noticed; and how often while there is nothing to do.
const TICK: Duration = Duration::from_millis(100);
const IDLE_TICK: Duration = Duration::from_millis(300);
/// What a snapshot shows; older jobs are found by searching.
const SNAPSHOT_JOBS: u32 = 2000;
/// The clock on the wall went on by more than this between two ticks: the computer slept.
const SLEPT: Duration = Duration::from_secs(10);

/// How often the leader looks which engines have ended.
const ENGINES: Duration = Duration::from_secs(2);
/// How often it is put on record for how long folders were seen.
const CLOCKS: Duration = Duration::from_secs(5);
/// Jobs of other engines that are looked at in one tick.
const FOLLOWED: usize = 256;

type Answer<T> = oneshot::Sender<T>;
type Change = Box<dyn FnOnce(&mut Settings) -> Result<()> + Send>;

pub(super) enum Request {
    Snapshot(Answer<Result<Snapshot>>),
    Settings(Answer<Settings>),
    Edit(Change, Answer<Result<Settings>>),
    /// Jobs were put into the journal.
    Queued(Vec<i64>, Answer<()>),
    /// Jobs are to rest, or to go on.
    Paused(Vec<String>, Answer<Result<()>>, bool),
    /// Jobs were taken out of it.
    Forgotten(Vec<String>, Answer<()>),
    /// Watch these as well, in this run.
    Watch(Vec<WatchedFolder>, Answer<()>),
    /// What is on record of watched folders was changed.
    FoldersChanged(Answer<()>),
    /// Put away what these folders have in the bucket.
    PutAway(Vec<WatchedFolder>, Answer<()>),
    /// Compare this watched folder with what is on record, now.
    Look(PathBuf, Answer<()>),
    /// Whether this engine has nothing to do that it could do now.
    IsIdle(Answer<bool>),
    /// All that is due beside the jobs is to be done now, as far as that is possible.
    Finish(Answer<()>),
    Stop(Answer<()>),
}

struct Running {
    row: Arc<JobRow>,
    live: Live,
    told: (Stage, u64, u64),
    stop: CancellationToken,
}

pub(super) struct Actor {
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
    pub(super) fn new(
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

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        // Before anything is asked of it: what ended engines left is taken over, or another engine is known to lead.
        self.tick().await;
        let mut tick_at = Instant::now();
        loop {
            let done = tokio::select! {
                request = inbox.recv() => match request {
                    Some(Request::Stop(answer)) => { self.close(answer).await; return }
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                Some(ended) = self.tasks.join_next() => self.ended(ended).await,
                Some(report) = self.reports.recv() => self.hear(report).await,
                Some(aside) = self.asides.recv() => self.hear_aside(aside).await,
                () = tokio::time::sleep_until(tick_at) => {
                    tick_at = Instant::now() + IDLE_TICK;
                    self.tick().await;
                    Ok(())
                }
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
            Request::IsIdle(answer) => {
                self.config.begin_when_queued = false;
                self.start_jobs().await?;
                let _ = answer.send(
                    self.running.is_empty()
                        && (self.queue.is_empty() || self.settings.paused || self.outages.is_all()),
                );
            }
            Request::Finish(answer) => {
                // Another engine does its own.
                match self.chores.as_ref().filter(|_| self.lead.is_some()) {
                    // Where so many were asked for before and are not done yet, this one is given up by who waits.
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

    async fn serve_demo(&mut self) {
        if let (true, true, Ok(profile)) = (
            self.config.serve_demo,
            self.lead.is_some(),
            self.settings.profile(Some(DEMO)),
        ) {
            let served = self.stages.stores.start_demo(profile).await;
            self.health.note(Duty::Demo, served);
        }
    }

    /// What is due now and then. Each duty is on its own.
    async fn tick(&mut self) {
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
    }

    /// Follows the settings file. While it is away, empty or damaged, the settings that are known stay in force.
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

    /// After a sleep nothing is as it was: connections are gone, and the network may be another.
    fn notice_sleep(&mut self) {
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

    /// Becomes the engine that works, if no other is; and sees to it that what ended engines had is done.
    async fn keep_the_lead(&mut self) -> Result<()> {
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

    /// Another process may have written: new jobs to do, or news of jobs that it does.
    async fn notice_others(&mut self) -> Result<()> {
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

    /// Tells what has become of jobs that another engine does: of some at a time, so that many cost no more than few.
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

    /// Unfinished jobs that another process may do: what becomes of them is told here, too. Of very many, only as many
    /// as a list shows.
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
    async fn take_up(&mut self, ids: Vec<i64>) -> Result<()> {
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
    async fn pause(&mut self, uids: Vec<String>, paused: bool) -> Result<()> {
        self.stages.journal.pause(uids.clone(), paused).await?;
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
