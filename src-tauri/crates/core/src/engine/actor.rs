//! The actor: owns the queue, decides what runs, tells what changed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Config;
use super::folders::{self, Folders};
use super::job::{self, Live, Stages};
use super::lock::EngineLock;
use super::outages::Outages;
use super::view::{Event, JobView, Overall, Snapshot, Stage};
use crate::error::{Error, Result};
use crate::journal::{JobRow, JobState};
use crate::profile::DEMO;
use crate::settings::{Settings, WatchedFolder};
use crate::watch::Report;

/// How often progress is told and other processes' work is noticed.
const TICK: Duration = Duration::from_millis(100);
/// What a snapshot shows; older jobs are found by searching.
const SNAPSHOT_JOBS: u32 = 2000;

type Answer<T> = oneshot::Sender<T>;
type Change = Box<dyn FnOnce(&mut Settings) -> Result<()> + Send>;

pub(super) enum Request {
    Snapshot(Answer<Result<Snapshot>>),
    Settings(Answer<Settings>),
    Edit(Change, Answer<Result<Settings>>),
    /// Jobs were put into the journal.
    Queued(Vec<i64>, Answer<()>),
    /// Jobs were taken out of it.
    Forgotten(Vec<String>, Answer<()>),
    /// Watch these as well, in this run.
    Watch(Vec<WatchedFolder>, Answer<()>),
    Stop(Answer<()>),
}

struct Running {
    row: Arc<JobRow>,
    live: Live,
    told: (Stage, u64, u64),
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
    /// To be run, in order.
    queue: VecDeque<Arc<JobRow>>,
    running: HashMap<i64, Running>,
    /// Ran into an outage; back in the queue when it is over.
    waiting: HashMap<i64, Arc<JobRow>>,
    outages: Outages,
    /// Unfinished jobs that another process works on.
    followed: HashSet<i64>,
    /// Jobs up to this id are known.
    newest: i64,
    data_version: i64,
    overall: Overall,
    tasks: JoinSet<(i64, Result<()>)>,
    stop: CancellationToken,
    folders: Folders,
    reports: mpsc::Receiver<Report>,
}

impl Actor {
    pub(super) fn new(config: Config, settings: Settings, stages: Arc<Stages>, events: broadcast::Sender<Event>, at_once: usize) -> Self {
        let (report, reports) = mpsc::channel(64);
        Self {
            settings_time: settings_time(&config),
            config,
            settings,
            stages,
            events,
            at_once,
            lock: None,
            queue: VecDeque::new(),
            running: HashMap::new(),
            waiting: HashMap::new(),
            outages: Outages::default(),
            followed: HashSet::new(),
            newest: 0,
            data_version: -1,
            overall: Overall::default(),
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            folders: Folders::new(report),
            reports,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                request = inbox.recv() => match request {
                    Some(Request::Stop(answer)) => { self.close(answer).await; return }
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                Some(ended) = self.tasks.join_next() => self.ended(ended).await,
                Some(report) = self.reports.recv() => self.hear(report).await,
                _ = tick.tick() => self.tick().await,
            };
            // The journal or the settings could not be used for the moment; nothing that matters is in memory only.
            if let Err(error) = done {
                tracing::error!(%error, "the engine could not do this");
            }
            self.start_jobs();
        }
    }

    async fn close(&mut self, answer: Answer<()>) {
        self.stop.cancel();
        self.folders.stop().await;
        self.tasks.shutdown().await;
        let _ = answer.send(());
    }

    // Whoever asked may have gone; that is all a failed answer means.
    async fn answer(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Snapshot(answer) => drop(answer.send(self.snapshot().await)),
            Request::Settings(answer) => drop(answer.send(self.settings.clone())),
            Request::Edit(change, answer) => drop(answer.send(self.edit(change).await)),
            Request::Queued(ids, answer) => {
                let taken = self.take_up(ids).await;
                let _ = answer.send(());
                taken?;
            }
            Request::Forgotten(ids, answer) => {
                self.tell(Event::Forgotten(ids));
                self.recount().await?;
                let _ = answer.send(());
            }
            Request::Watch(folders, answer) => {
                self.folders.add_passing(folders);
                self.follow_folders();
                let _ = answer.send(());
            }
            Request::Stop(answer) => self.close(answer).await,
        }
        Ok(())
    }

    fn tell(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        self.recount().await?;
        let rows = self.stages.journal.recent("", SNAPSHOT_JOBS).await?;
        Ok(Snapshot {
            jobs: rows.iter().map(|row| self.view(row)).collect(),
            overall: self.overall.clone(),
            settings: self.settings.clone(),
            folders: self.folders.views(&self.settings),
            standby: self.lock.is_none(),
        })
    }

    fn view(&self, row: &JobRow) -> JobView {
        let view = JobView::from(row);
        match self.running.get(&row.id) {
            Some(running) => {
                let (stage, sent, total) = running.live.look();
                JobView { stage, sent, total, error: None, ..view }
            }
            None => view,
        }
    }

    async fn recount(&mut self) -> Result<()> {
        let (unfinished, done, failed) = self.stages.journal.counts().await?;
        let waiting_for = self.outages.reason();
        let overall = Overall { unfinished, waiting: self.waiting.len() as u64, done, failed, waiting_for };
        if overall != self.overall {
            self.overall = overall;
            self.tell(Event::Overall(self.overall.clone()));
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

    async fn settings_changed(&mut self) {
        // New settings may be the cure: try again at once.
        self.outages.look_again(Instant::now());
        self.tell(Event::Settings(self.settings.clone()));
        self.follow_folders();
        self.serve_demo().await;
    }

    fn follow_folders(&mut self) {
        self.folders.follow(&self.settings, self.config.watch && self.lock.is_some());
        self.tell(Event::Folders(self.folders.views(&self.settings)));
    }

    async fn serve_demo(&self) {
        if let (true, true, Ok(profile)) = (self.config.serve_demo, self.lock.is_some(), self.settings.profile(Some(DEMO)))
            && let Err(error) = self.stages.stores.start_demo(profile).await
        {
            tracing::warn!(%error, "no demo bucket");
        }
    }

    async fn tick(&mut self) -> Result<()> {
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
        self.end_outages();
        self.tell_progress();
        Ok(())
    }

    /// Becomes the engine that works, if no other is.
    async fn try_to_lead(&mut self) -> Result<()> {
        let Some(lock) = EngineLock::try_take(&self.config.home.engine_lock())? else { return Ok(()) };
        self.lock = Some(lock);
        self.followed.clear();
        self.serve_demo().await;
        self.follow_folders();
        let rows = self.stages.journal.unfinished().await?;
        self.enlist(rows);
        self.recount().await
    }

    /// Another process has written: new jobs to do, or news of jobs that it does.
    async fn notice_others(&mut self) -> Result<()> {
        let fresh = self.stages.journal.unfinished_after(self.newest).await?;
        self.enlist(fresh);
        if self.lock.is_none() && !self.followed.is_empty() {
            let rows = self.stages.journal.jobs(self.followed.iter().copied().collect()).await?;
            for row in rows.iter().filter(|row| matches!(row.state, JobState::Done | JobState::Failed)) {
                self.followed.remove(&row.id);
            }
            self.tell(Event::Jobs(rows.iter().map(JobView::from).collect()));
        }
        self.recount().await
    }

    /// Jobs that were just put into the journal by this process.
    async fn take_up(&mut self, ids: Vec<i64>) -> Result<()> {
        let rows = self.stages.journal.jobs(ids).await?;
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        let unfinished = rows.into_iter().filter(|row| matches!(row.state, JobState::Queued | JobState::Planned));
        self.enlist(unfinished.collect());
        self.recount().await
    }

    /// Puts unfinished jobs where they belong: into the queue, or among those another process does.
    fn enlist(&mut self, rows: Vec<JobRow>) {
        let queued: HashSet<i64> = self.queue.iter().map(|row| row.id).collect();
        for row in rows {
            self.newest = self.newest.max(row.id);
            let known = queued.contains(&row.id) || self.running.contains_key(&row.id) || self.waiting.contains_key(&row.id);
            if self.lock.is_none() {
                self.followed.insert(row.id);
            } else if !known {
                self.queue.push_back(Arc::new(row));
            }
        }
    }

    /// Starts what may run: as many as there is room for, and of a profile in an outage only one, to see.
    fn start_jobs(&mut self) {
        if self.lock.is_none() || self.stop.is_cancelled() {
            return;
        }
        let mut held_back = VecDeque::new();
        while self.running.len() < self.at_once {
            let Some(row) = self.queue.pop_front() else { break };
            if self.outages.has(&row.profile) && !self.may_probe(&row.profile) {
                held_back.push_back(row);
                continue;
            }
            self.start(row);
        }
        held_back.append(&mut self.queue);
        self.queue = held_back;
    }

    fn may_probe(&self, profile: &str) -> bool {
        self.outages.is_due(profile, Instant::now()) && !self.running.values().any(|running| running.row.profile == profile)
    }

    fn start(&mut self, row: Arc<JobRow>) {
        let live = Live::default();
        let profile = self.settings.profile(Some(&row.profile)).cloned();
        let (stages, job, shown, stop) = (Arc::clone(&self.stages), Arc::clone(&row), live.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let run = job::run(&stages, profile, &job, &shown);
            match stop.run_until_cancelled(run).await {
                Some(result) => (job.id, result),
                None => (job.id, Ok(())),
            }
        });
        self.running.insert(row.id, Running { row, live, told: (Stage::Queued, 0, 0) });
    }

    async fn ended(&mut self, ended: Result<(i64, Result<()>), tokio::task::JoinError>) -> Result<()> {
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(error) => return self.clean_up_after(&error).await,
        };
        let Some(running) = self.running.remove(&id) else { return Ok(()) };
        match result {
            Ok(()) => {
                // The bucket answered: whatever was out is back.
                self.outages.end(&running.row.profile);
            }
            Err(error) => self.put_off(running.row, error).await?,
        }
        self.tell_rows(vec![id]).await
    }

    async fn tell_rows(&mut self, ids: Vec<i64>) -> Result<()> {
        let rows = self.stages.journal.jobs(ids).await?;
        self.tell(Event::Jobs(rows.iter().map(|row| self.view(row)).collect()));
        self.recount().await
    }

    /// A job's task panicked: a defect, but the file is not lost and the others go on.
    async fn clean_up_after(&mut self, error: &tokio::task::JoinError) -> Result<()> {
        tracing::error!(%error, "a job ended badly");
        let gone: Vec<i64> = self.running.iter().filter(|(_, running)| Arc::strong_count(&running.row) == 1).map(|(id, _)| *id).collect();
        for id in &gone {
            self.running.remove(id);
            self.stages
                .journal
                .fail(*id, Error::new(crate::Code::Internal, format!("a defect in Tintype stopped this upload: {error}")))
                .await?;
        }
        self.tell_rows(gone).await
    }

    /// The job waits; its profile is tried again after a pause that grows.
    async fn put_off(&mut self, row: Arc<JobRow>, error: Error) -> Result<()> {
        self.outages.note(&row.profile, &error, Instant::now());
        let id = row.id;
        self.waiting.insert(id, row);
        self.stages.journal.note_waiting(id, error).await
    }

    /// Brings one waiting job per profile back when its pause is over; the others follow when it succeeds.
    fn end_outages(&mut self) {
        let mut back: Vec<i64> = Vec::new();
        let mut probed: HashSet<String> = HashSet::new();
        for (id, row) in &self.waiting {
            let free = !self.outages.has(&row.profile);
            if free || (self.may_probe(&row.profile) && probed.insert(row.profile.clone())) {
                back.push(*id);
            }
        }
        back.sort_unstable();
        for id in back.into_iter().rev() {
            if let Some(row) = self.waiting.remove(&id) {
                self.queue.push_front(row);
            }
        }
    }

    fn tell_progress(&mut self) {
        let mut changed = Vec::new();
        for running in self.running.values_mut() {
            let now = running.live.look();
            if now != running.told {
                running.told = now;
                changed.push(Arc::clone(&running.row));
            }
        }
        if !changed.is_empty() {
            self.tell(Event::Jobs(changed.iter().map(|row| self.view(row)).collect()));
        }
    }

    async fn hear(&mut self, report: Report) -> Result<()> {
        match report {
            Report::Trouble(path, trouble) => {
                if self.folders.note(path, trouble) {
                    self.tell(Event::Folders(self.folders.views(&self.settings)));
                }
                Ok(())
            }
            Report::Settled(path, settled) => {
                let Some(folder) = self.folders.find(&self.settings, &path) else { return Ok(()) };
                let jobs = folders::new_jobs(&self.stages.journal, &self.settings, &folder, settled).await?;
                if jobs.is_empty() {
                    return Ok(());
                }
                let batch = uuid::Uuid::new_v4().simple().to_string();
                let ids = self.stages.journal.enqueue(batch, jobs).await?;
                self.take_up(ids).await
            }
        }
    }
}

fn settings_time(config: &Config) -> Option<SystemTime> {
    std::fs::metadata(config.home.settings()).and_then(|meta| meta.modified()).ok()
}
