//! The actor: owns the queue, decides what runs, tells what changed.

mod running;
mod telling;
mod watching;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Config;
use super::chores::Chores;
use super::folders::{Aside, Folders};
use super::job::{Answered, Live, Stages};
use super::lock::EngineLock;
use super::outages::Outages;
use super::put_away::Porter;
use super::queue::Queue;
use super::view::{Event, JobView, Overall, Snapshot, Stage};
use crate::error::Result;
use crate::folder::WatchedFolder;
use crate::journal::{JobRow, JobState};
use crate::profile::{DEMO, Profile};
use crate::settings::Settings;
use crate::watch::Report;

/// How often progress is told and other processes' work is noticed; and how often while there is nothing to do.
const TICK: Duration = Duration::from_millis(100);
const IDLE_TICK: Duration = Duration::from_millis(300);
/// What a snapshot shows; older jobs are found by searching.
const SNAPSHOT_JOBS: u32 = 2000;
/// The clock on the wall went on by more than this between two ticks: the computer slept.
const SLEPT: Duration = Duration::from_secs(10);

type Answer<T> = oneshot::Sender<T>;
type Change = Box<dyn FnOnce(&mut Settings) -> Result<()> + Send>;

pub(super) enum Request {
    Snapshot(Answer<Result<Snapshot>>),
    Settings(Answer<Settings>),
    Edit(Change, Answer<Result<Settings>>),
    /// A profile is to be kept, perhaps in the place of another one.
    KeepProfile(Box<Profile>, Option<String>, Answer<Result<Settings>>),
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
    settings_time: Option<SystemTime>,
    stages: Arc<Stages>,
    events: broadcast::Sender<Event>,
    at_once: usize,
    /// Held while this engine is the one that works.
    lock: Option<EngineLock>,
    queue: Queue,
    running: HashMap<i64, Running>,
    outages: Outages,
    /// Unfinished jobs that another process works on.
    followed: HashSet<i64>,
    /// Jobs up to this number are followed.
    newest: i64,
    /// Jobs whose rows are to be told with the next tick.
    news: HashSet<i64>,
    last_tick: SystemTime,
    data_version: i64,
    overall: Overall,
    tasks: JoinSet<(i64, Result<Answered>)>,
    chores: Option<tokio::task::JoinHandle<()>>,
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
    pub(super) fn new(config: Config, settings: Settings, stages: Arc<Stages>, events: broadcast::Sender<Event>, at_once: usize) -> Self {
        let (report, reports) = mpsc::channel(64);
        let (aside, asides) = mpsc::channel(64);
        Self {
            settings_time: settings_time(&config),
            config,
            settings,
            events,
            at_once,
            lock: None,
            queue: Queue::default(),
            running: HashMap::new(),
            outages: Outages::default(),
            followed: HashSet::new(),
            newest: 0,
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
        let mut tick_at = tokio::time::Instant::now();
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
                    tick_at = tokio::time::Instant::now() + IDLE_TICK;
                    self.tick().await
                }
            };
            // The journal or the settings could not be used for the moment; nothing that matters is in memory only.
            if let Err(error) = done {
                tracing::error!(%error, "the engine could not do this");
            }
            if let Err(error) = self.start_jobs().await {
                tracing::error!(%error, "the queue could not be read");
            }
            if self.overall.unfinished > 0 || !self.news.is_empty() {
                tick_at = tick_at.min(tokio::time::Instant::now() + TICK);
            }
        }
    }

    async fn close(&mut self, answer: Answer<()>) {
        self.stop.cancel();
        // Threads that wait for an answer learn that there will be none.
        self.reports.close();
        while self.reports.try_recv().is_ok() {}
        self.folders.stop().await;
        self.asides.close();
        self.porter.stop().await;
        self.tasks.shutdown().await;
        if let Some(Err(error)) = match self.chores.take() {
            Some(chores) => Some(chores.await),
            None => None,
        } {
            tracing::error!(%error, "the chores ended badly");
        }
        let _ = answer.send(());
    }

    // Whoever asked may have gone; that is all a failed answer means.
    async fn answer(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Snapshot(answer) => drop(answer.send(self.snapshot().await)),
            Request::Settings(answer) => drop(answer.send(self.settings.clone())),
            Request::Edit(change, answer) => drop(answer.send(self.edit(change).await)),
            Request::KeepProfile(profile, replaces, answer) => drop(answer.send(self.keep_profile(*profile, replaces).await)),
            Request::Queued(ids, answer) => {
                let taken = self.take_up(ids).await;
                let _ = answer.send(());
                taken?;
            }
            Request::Paused(ids, answer, paused) => drop(answer.send(self.pause(ids, paused).await)),
            Request::Forgotten(ids, answer) => {
                self.tell(Event::Forgotten(ids));
                self.recount().await?;
                let _ = answer.send(());
            }
            Request::Watch(folders, answer) => {
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
            Request::Stop(answer) => self.close(answer).await,
        }
        Ok(())
    }

    async fn edit(&mut self, change: Change) -> Result<Settings> {
        let path = self.config.home.settings();
        self.settings = Settings::edit(&path, change)?;
        self.settings_time = settings_time(&self.config);
        self.settings_changed().await;
        Ok(self.settings.clone())
    }

    /// A renamed profile takes its jobs along before any of them is started under the name that is gone.
    async fn keep_profile(&mut self, profile: Profile, replaces: Option<String>) -> Result<Settings> {
        let name = profile.name.clone();
        let old = replaces.clone().filter(|old| *old != name);
        let settings = self.edit(Box::new(move |settings| settings.put_profile(profile, replaces.as_deref()))).await?;
        if let Some(old) = old {
            self.stages.journal.rename_profile(old, name).await?;
            self.queue.clear();
            // They asked for what is on record under the new name before it was there.
            self.folders.look_anew();
            self.follow_folders().await;
        }
        Ok(settings)
    }

    async fn settings_changed(&mut self) {
        // New settings may be the cure: try again at once.
        self.outages.look_again(Instant::now());
        self.queue.look_again();
        self.stages.limits.pause(self.settings.paused);
        self.tell(Event::Settings(self.settings.clone()));
        self.follow_folders().await;
        self.serve_demo().await;
    }

    async fn serve_demo(&self) {
        if let (true, true, Ok(profile)) = (self.config.serve_demo, self.lock.is_some(), self.settings.profile(Some(DEMO)))
            && let Err(error) = self.stages.stores.start_demo(profile).await
        {
            tracing::warn!(%error, "no demo bucket");
        }
    }

    async fn tick(&mut self) -> Result<()> {
        self.notice_sleep();
        self.stages.limits.bandwidth().set(self.settings.bandwidth.at(jiff::Zoned::now().time()));
        if self.lock.is_none() {
            self.try_to_lead().await?;
        }
        let time = settings_time(&self.config);
        if time != self.settings_time {
            self.settings_time = time;
            match Settings::load(&self.config.home.settings()) {
                Ok(settings) if settings != self.settings => {
                    self.settings = settings;
                    self.settings_changed().await;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "changed settings are not used"),
            }
        }
        let version = self.stages.journal.data_version().await?;
        if version != self.data_version {
            self.data_version = version;
            self.notice_others().await?;
        }
        if self.follow_at.is_some_and(|at| at <= Instant::now()) {
            self.follow_folders().await;
        }
        self.tell_news().await?;
        self.tell_folders().await?;
        self.tell_progress();
        Ok(())
    }

    /// After a sleep nothing is as it was: connections are gone, and the network may be another.
    fn notice_sleep(&mut self) {
        let now = SystemTime::now();
        if now.duration_since(self.last_tick).is_ok_and(|gap| gap > SLEPT) {
            tracing::info!("the computer slept");
            self.folders.look(None);
            self.outages.look_again(Instant::now());
        }
        self.last_tick = now;
    }

    /// Becomes the engine that works, if no other is.
    async fn try_to_lead(&mut self) -> Result<()> {
        let Some(lock) = EngineLock::try_take(&self.config.home.engine_lock())? else { return Ok(()) };
        self.lock = Some(lock);
        self.followed.clear();
        self.serve_demo().await;
        self.follow_folders().await;
        let (stages, home, secrets) = (Arc::clone(&self.stages), self.config.home.clone(), self.config.secrets.clone());
        let asides = Some(self.aside.clone());
        self.chores = Some(tokio::spawn(Chores { stages, home, secrets, asides }.run(self.stop.child_token())));
        self.queue.look_again();
        self.recount().await
    }

    /// Another process has written: new jobs to do, or news of jobs that it does.
    async fn notice_others(&mut self) -> Result<()> {
        self.queue.look_again();
        let running: Vec<i64> = self.running.keys().copied().collect();
        for row in self.stages.journal.jobs(&running).await?.iter().filter(|row| row.paused) {
            if let Some(running) = self.running.get(&row.id) {
                running.stop.cancel();
            }
        }
        if self.lock.is_none() {
            self.follow().await?;
            let followed: Vec<i64> = self.followed.iter().copied().collect();
            let rows = self.stages.journal.news_of(&followed).await?;
            for row in rows.iter().filter(|row| matches!(row.state, JobState::Done | JobState::Failed)) {
                self.followed.remove(&row.id);
            }
            self.tell(Event::Jobs(rows.iter().map(JobView::from).collect()));
        }
        self.recount().await
    }

    /// Unfinished jobs are another process's affair; what becomes of them is told here, too.
    async fn follow(&mut self) -> Result<()> {
        let fresh = self.stages.journal.unfinished_after(self.newest).await?;
        self.newest = fresh.last().copied().unwrap_or(self.newest);
        self.followed.extend(fresh);
        Ok(())
    }

    /// Jobs that were just put into the journal by this process, or back into its queue.
    async fn take_up(&mut self, ids: Vec<i64>) -> Result<()> {
        // Of a very large batch only as much is told as a list shows.
        let shown = ids.len().saturating_sub(SNAPSHOT_JOBS as usize);
        let rows = self.stages.journal.jobs(&ids[shown..]).await?;
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        if self.lock.is_none() {
            self.followed.extend(ids);
        }
        self.queue.look_again();
        self.recount().await
    }

    /// Lets jobs rest, or go on. What a resting job has sent stays: it goes on from there.
    async fn pause(&mut self, uids: Vec<String>, paused: bool) -> Result<()> {
        self.stages.journal.pause(uids.clone(), paused).await?;
        let rows = self.stages.journal.jobs_by_uid(&uids).await?;
        for running in rows.iter().filter(|row| row.paused).filter_map(|row| self.running.get(&row.id)) {
            running.stop.cancel();
        }
        self.queue.clear();
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        self.recount().await
    }
}

fn settings_time(config: &Config) -> Option<SystemTime> {
    std::fs::metadata(config.home.settings()).and_then(|meta| meta.modified()).ok()
}
