//! What one can ask of an engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};

use crate::engine::asked::rebuild;
use crate::engine::asked::sought::sought;
use crate::engine::config::Config;
use crate::engine::queue::request::Request;
use crate::engine::shown::previews::Preview;
use crate::engine::shown::view::{Event, JobReport, JobView, Snapshot};
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::imaging::{Facts, Rendition};
use crate::intake::{self, Found};
use crate::journal::{self, JobRow, NewJob};
use crate::key;
use crate::profile::{DEMO, OnConflict, OnLocation, Profile, ProfileId};
use crate::secret::Secrets;
use crate::settings::{Bandwidth, Settings};
use crate::variant::Variant;
use crate::world::blocking;

/// A program that is about to end waits no longer than this for webhooks, manifests and removals.
const AT_THE_END: Duration = Duration::from_secs(15);

/// Speaks to an engine; cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    requests: mpsc::Sender<Request>,
    events: broadcast::Sender<Event>,
    pub(in crate::engine) stages: Arc<Stages>,
    pub(in crate::engine) secrets: Secrets,
    pub(in crate::engine) home: crate::home::Home,
    /// The engine's own id.
    engine: Arc<str>,
}

/// How files are to be taken, besides what the settings say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// Originals only.
    pub no_variants: bool,
    /// What to do where a key is taken, instead of what the profile says.
    pub on_conflict: Option<OnConflict>,
    /// What to do with originals that tell where they were taken, instead of what the profile says.
    pub on_location: Option<OnLocation>,
}

impl EngineHandle {
    pub(in crate::engine) fn new(
        requests: mpsc::Sender<Request>,
        events: broadcast::Sender<Event>,
        stages: Arc<Stages>,
        config: &Config,
        engine: &str,
    ) -> Self {
        Self {
            requests,
            events,
            stages,
            secrets: config.secrets.clone(),
            home: config.home.clone(),
            engine: engine.into(),
        }
    }

    /// What a picture's file says of itself.
    ///
    /// # Errors
    /// Whatever the disk says; `image-unsupported` for what is no picture.
    pub async fn inspect(&self, path: &std::path::Path) -> Result<Facts> {
        self.stages.workers.inspect(path).await
    }

    /// How one variant of a picture would look: the file that would be uploaded, and its score. The
    /// picture stays decoded meanwhile; see [`Handle::put_down`].
    ///
    /// # Errors
    /// Whatever the disk says; as [`crate::worker::Visit::render`].
    pub async fn try_out(
        &self,
        path: &std::path::Path,
        variant: Variant,
    ) -> Result<Option<Rendition>> {
        self.stages.workers.try_out(path, variant).await
    }

    /// Nobody tries variants any more.
    pub async fn put_down(&self) {
        self.stages.workers.put_down().await;
    }

    pub(in crate::engine) async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let closing = || Error::new(Code::Closing, "Tintype is closing");
        self.requests
            .send(request(answer))
            .await
            .map_err(|_| closing())?;
        answered.await.map_err(|_| closing())
    }

    /// Changes from now on. Who falls behind takes a new [`Self::snapshot`].
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Everything as it is now.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        self.ask(Request::Snapshot).await?
    }

    /// The settings in force.
    pub async fn settings(&self) -> Result<Settings> {
        self.ask(Request::Settings).await
    }

    pub(in crate::engine) async fn edit(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<()> + Send + 'static,
    ) -> Result<Settings> {
        self.ask(|answer| Request::Edit(Box::new(change), answer))
            .await?
    }

    /// Queues files and folders and returns the batch's id once they are safe in the journal.
    ///
    /// # Errors
    /// `profile-missing`; a file that cannot be taken is a failed job of the batch, not an error.
    pub async fn enqueue(
        &self,
        paths: Vec<PathBuf>,
        profile: Option<String>,
        wish: Wish,
    ) -> Result<String> {
        if profile.as_deref() == Some(DEMO) {
            self.use_demo().await?;
        }
        let settings = self.settings().await?;
        let profile = settings.profile(profile.as_deref())?.clone();
        let needs = self.needed_for(&profile);
        let variants = if wish.no_variants {
            Vec::new()
        } else {
            settings.variants
        };
        let found = blocking("listing the files", move || intake::gather(&paths)).await?;
        let jobs = found
            .into_iter()
            .map(|found| new_job(found, &profile.id, &variants, wish, needs.clone()))
            .collect();
        self.enqueue_jobs(jobs).await
    }

    /// This engine, where it alone has the credentials for a profile.
    pub(in crate::engine) fn needed_for(&self, profile: &Profile) -> Option<String> {
        self.secrets
            .are_here(profile)
            .then(|| self.engine.to_string())
    }

    pub(in crate::engine) async fn enqueue_jobs(&self, jobs: Vec<NewJob>) -> Result<String> {
        let batch = journal::new_id();
        self.enqueue_in(batch.clone(), jobs).await?;
        Ok(batch)
    }

    /// Queues jobs as the next ones of a batch.
    pub(in crate::engine) async fn enqueue_in(
        &self,
        batch: String,
        jobs: Vec<NewJob>,
    ) -> Result<()> {
        let ids = self.stages.journal.enqueue(batch, jobs).await?;
        self.ask(|answer| Request::Queued(ids, answer)).await
    }

    /// Jobs of a batch with their objects, in order, from a position on.
    pub async fn batch(&self, batch: &str, from: usize, limit: u32) -> Result<Vec<JobReport>> {
        let rows = self.stages.journal.batch(batch, from, limit).await?;
        self.reports(rows).await
    }

    pub(in crate::engine) async fn reports(&self, rows: Vec<JobRow>) -> Result<Vec<JobReport>> {
        let settings = self.settings().await?;
        let mut reports = Vec::with_capacity(rows.len());
        for row in rows {
            reports.push(self.report(&settings, row).await?);
        }
        Ok(reports)
    }

    async fn report(&self, settings: &Settings, row: JobRow) -> Result<JobReport> {
        let objects = self.stages.journal.objects(row.id).await?;
        let mut report = JobReport {
            job: JobView::of(&row, settings),
            sha256: row.sha256,
            content_type: row.content_type,
            objects: objects.into_iter().map(Into::into).collect(),
        };
        if let Ok(profile) = settings.profile_of(&row.profile)
            && profile.link_hours > 0
            && let Err(error) = self.sign_links(profile, &mut report).await
        {
            // One link that cannot be signed for the moment is no reason to say nothing of all the
            // others.
            report.without_links(error);
        }
        Ok(report)
    }

    /// Links of a private bucket are signed when they are asked for: they do not last.
    async fn sign_links(&self, profile: &Profile, report: &mut JobReport) -> Result<()> {
        let open = self.stages.stores.get(profile).await?;
        for object in report
            .objects
            .iter_mut()
            .filter(|object| object.url.is_some())
        {
            object.url = Some(open.link(profile, &object.key).await?);
        }
        if report.job.url.is_some() {
            report.job.url = report
                .objects
                .first()
                .and_then(|original| original.url.clone());
        }
        Ok(())
    }

    /// A job with its objects.
    pub async fn job(&self, id: &str) -> Result<JobReport> {
        match self.stages.journal.job(id).await? {
            Some(row) => {
                let settings = self.settings().await?;
                self.report(&settings, row).await
            }
            None => Err(Error::new(
                Code::FileMissing,
                "this upload is no longer in the list",
            )),
        }
    }

    /// The newest jobs whose name, key or profile contains `search`, newest first.
    pub async fn history(&self, search: &str, limit: u32) -> Result<Vec<JobReport>> {
        let sought = sought(search, &self.settings().await?);
        let rows = self.stages.journal.found(sought, None, limit).await?;
        self.reports(rows).await
    }

    /// The picture to show for an object, if it is still there.
    pub async fn preview(&self, object: String) -> Option<Preview> {
        let previews = self.stages.previews.clone();
        blocking("reading a preview", move || previews.get(&object))
            .await
            .ok()
            .flatten()
    }

    /// Tries failed jobs again; with a choice for keys that are taken, if a person made one.
    pub async fn retry(&self, ids: Vec<String>, choice: Option<OnConflict>) -> Result<()> {
        self.stages.journal.requeue(ids.clone(), choice).await?;
        let rows = self
            .stages
            .journal
            .jobs_by_uid(&ids)
            .await?
            .iter()
            .map(|row| row.id)
            .collect();
        self.ask(|answer| Request::Queued(rows, answer)).await
    }

    /// Lets jobs rest, or go on where they stopped.
    pub async fn pause(&self, ids: Vec<String>, paused: bool) -> Result<()> {
        self.ask(|answer| Request::Paused(ids, answer, paused))
            .await?
    }

    /// A person's word on jobs that wait for one, because their files tell where they were taken.
    pub async fn answer(&self, ids: Vec<String>, choice: OnLocation) -> Result<()> {
        self.ask(|answer| Request::Answered(ids, answer, choice))
            .await?
    }

    /// Such jobs are not to go up at all.
    pub async fn withdraw(&self, ids: Vec<String>) -> Result<()> {
        self.stages.journal.withdraw(ids.clone()).await?;
        self.ask(|answer| Request::Forgotten(ids, answer)).await
    }

    /// Lets all uploads rest, or go on; remembered over restarts.
    pub async fn pause_all(&self, paused: bool) -> Result<Settings> {
        self.edit(move |settings| {
            settings.paused = paused;
            Ok(())
        })
        .await
    }

    /// Sets how fast bytes may leave.
    pub async fn set_bandwidth(&self, bandwidth: Bandwidth) -> Result<Settings> {
        bandwidth.check()?;
        self.edit(move |settings| {
            settings.bandwidth = bandwidth;
            Ok(())
        })
        .await
    }

    /// Takes finished jobs out of the list; the bucket keeps what it has.
    pub async fn forget(&self, ids: Vec<String>) -> Result<()> {
        let gone = self.stages.journal.forget(ids).await?;
        self.ask(|answer| Request::Forgotten(gone, answer)).await
    }

    /// A file for a picture that has none (from the clipboard); it is kept with Tintype's data.
    pub async fn keep_pasted(&self, picture: Vec<u8>) -> Result<PathBuf> {
        let folder = self.home.pasted();
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H.%M.%S").to_string();
        let kind = image::guess_format(&picture)
            .ok()
            .and_then(|format| format.extensions_str().first())
            .unwrap_or(&"png");
        let path = folder.join(format!(
            "Pasted {now} {}.{kind}",
            &uuid::Uuid::new_v4().simple().to_string()[..4]
        ));
        let written = async {
            tokio::fs::create_dir_all(&folder).await?;
            tokio::fs::write(&path, picture).await
        };
        written
            .await
            .map_err(|error| Error::from_io(&error, &path))?;
        Ok(path)
    }

    /// Does what is due, for a program that is about to end: jobs that can run now, then webhooks,
    /// manifests and removals. What does not go on is waited for no longer than `patience`, and
    /// stays on record.
    pub async fn finish(&self, patience: Duration) -> Result<()> {
        self.idle(patience).await?;
        if tokio::time::timeout(AT_THE_END, self.ask(Request::Finish))
            .await
            .is_err()
        {
            tracing::warn!("some chores are left for the next start");
        }
        Ok(())
    }

    /// Whether the demo bucket is served by this very process: its links open for as long as that
    /// runs.
    pub async fn serves_demo(&self) -> bool {
        self.stages.stores.serves_demo().await
    }

    /// Reads what other computers uploaded from a bucket's manifest into this history: how many
    /// jobs were new, and how many lines could not be read.
    pub async fn rebuild(&self, profile: Option<&str>) -> Result<(u64, u64)> {
        let profile = self.settings().await?.profile(profile)?.clone();
        rebuild::rebuild(&self.stages, &profile).await
    }

    pub(in crate::engine) async fn stop(&self) {
        // An engine that does not answer has stopped already.
        let _ = self.ask(Request::Stop).await;
    }
}

fn new_job(
    found: Found,
    profile: &ProfileId,
    variants: &[Variant],
    wish: Wish,
    needs: Option<String>,
) -> NewJob {
    NewJob {
        name: key::file_name(&found.path),
        source: found.path,
        folder: found.folder,
        profile: profile.clone(),
        watched: PathBuf::new(),
        variants: variants.to_vec(),
        on_conflict: wish.on_conflict,
        location: wish.on_location,
        seen: None,
        refused: found.refused,
        needs,
    }
}
