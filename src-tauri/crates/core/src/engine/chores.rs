//! What is done beside the uploads: unfinished uploads nobody goes on with are aborted, objects of deleted files are
//! removed, webhooks are told, and the manifest in the bucket is kept up. All of it is on record, and tried again until it is done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::folders::Aside;
use super::health::Duty;
use super::job::Stages;
use super::stores::Open;
use super::{check, removals};
use crate::error::{Code, Error, Result};
use crate::home::Home;
use crate::journal::{JobRow, Message, MessageKind, ObjectRow, Orphan};
use crate::manifest::{self, ManifestEntry, ManifestObject};
use crate::profile::{Profile, ProfileId};
use crate::secret::Secrets;
use crate::settings::Settings;
use crate::transfer::{Headers, Lookup, Only, Progress};

/// How often to look.
const ROUND: Duration = Duration::from_secs(1);
/// Orphans that could not be aborted are tried again so often.
const ORPHANS: Duration = Duration::from_secs(60);
/// So are removals.
const REMOVALS: Duration = Duration::from_secs(60);
/// Jobs in one object of the manifest, and how long the first of them waits for others.
const BATCH: u32 = 100;
const BATCH_WAIT: Duration = Duration::from_secs(30);
/// Profiles whose webhooks are told at once.
const WEBHOOKS: usize = 8;
/// A webhook that does not answer is tried again after this, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What the chores are done with.
pub(super) struct Chores {
    pub(super) stages: Arc<Stages>,
    pub(super) home: Home,
    pub(super) secrets: Secrets,
    /// Who is told how it went.
    pub(super) asides: mpsc::Sender<Aside>,
    /// When to try again what could not be done.
    pub(super) later: tokio::sync::Mutex<Later>,
    /// What was said last of what cannot be done.
    pub(super) said: tokio::sync::Mutex<BTreeMap<Duty, Error>>,
}

/// When to try again what could not be done: by time that passed, whatever the clock on the wall says.
#[derive(Default)]
pub(super) struct Later {
    removals: HashMap<i64, Again>,
    webhooks: HashMap<ProfileId, Again>,
    manifests: HashMap<ProfileId, Again>,
    /// Since when the first of a profile's entries waits for others.
    gathering: HashMap<ProfileId, Instant>,
}

/// What could not be done is tried again.
struct Again {
    at: Instant,
    /// Twice that after the next failure.
    pause: Duration,
    /// Why; nothing where it was only put off.
    error: Option<Error>,
}

fn again(later: &mut HashMap<ProfileId, Again>, profile: &ProfileId, error: Error) {
    let pause = later
        .get(profile)
        .map_or(FIRST_PAUSE, |known| (known.pause * 2).min(LONGEST_PAUSE));
    later.insert(
        profile.clone(),
        Again {
            at: Instant::now() + pause,
            pause,
            error: Some(error),
        },
    );
}

fn is_due<K: Eq + std::hash::Hash>(later: &HashMap<K, Again>, what: &K) -> bool {
    later
        .get(what)
        .is_none_or(|known| known.at <= Instant::now())
}

/// Why any of it is not done yet, if that is so.
fn left<K>(later: &HashMap<K, Again>) -> Result<()> {
    later
        .values()
        .find_map(|known| known.error.clone())
        .map_or(Ok(()), Err)
}

/// Somebody waits until all that can be done now is done.
pub(super) type Finish = oneshot::Sender<()>;

impl Chores {
    /// Does them until stopped; at once where somebody is about to end.
    pub(super) async fn run(self, mut finishes: mpsc::Receiver<Finish>, stop: CancellationToken) {
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
                self.say(Duty::Removals, self.removals().await).await;
                self.say(Duty::Webhooks, self.webhooks().await).await;
                self.say(Duty::Manifests, self.manifests(now).await).await;
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

    fn settings(&self) -> Result<Settings> {
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

    async fn orphans(&self) -> Result<()> {
        let orphans = self.stages.journal.orphans().await?;
        if orphans.is_empty() {
            return Ok(());
        }
        let settings = self.settings()?;
        let mut wrong = Ok(());
        for orphan in orphans.into_iter().filter(|_| !settings.paused) {
            // One that cannot be aborted does not hold up the others.
            wrong = self.abort(&settings, orphan).await.and(wrong);
        }
        wrong
    }

    async fn abort(&self, settings: &Settings, orphan: Orphan) -> Result<()> {
        let Ok(profile) = settings.profile_of(&orphan.profile) else {
            return Ok(());
        };
        let open = self.stages.stores.get(profile).await?;
        // Another bucket by now: the upload cannot be reached any more.
        if open.target == orphan.target {
            for upload in self.uploads_of(&open, &orphan).await? {
                open.bucket
                    .call(0, || open.bucket.store.abort_upload(&orphan.key, &upload))
                    .await?;
            }
        }
        self.stages.journal.forget_orphan(orphan.id).await
    }

    /// Its id; or, where the bucket's answer was lost, whatever was begun under its key that was not there before.
    async fn uploads_of(&self, open: &Open, orphan: &Orphan) -> Result<Vec<String>> {
        if let Some(upload) = &orphan.upload {
            return Ok(vec![upload.clone()]);
        }
        let Some(before) = &orphan.before else {
            return Ok(Vec::new());
        };
        let known = self
            .stages
            .journal
            .known_uploads(&orphan.target, &orphan.key)
            .await?;
        let now = open
            .bucket
            .call(0, || open.bucket.store.unfinished_uploads(&orphan.key))
            .await?;
        Ok(now
            .into_iter()
            .filter(|id| !before.contains(id) && !known.contains(id))
            .collect())
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

    async fn webhooks(&self) -> Result<()> {
        let messages = self
            .stages
            .journal
            .messages(MessageKind::Webhook, BATCH)
            .await?;
        self.later
            .lock()
            .await
            .webhooks
            .retain(|profile, _| messages.iter().any(|message| message.profile == *profile));
        if messages.is_empty() {
            return Ok(());
        }
        let settings = self.settings()?;
        // Each profile's in order; one that does not answer does not hold up the others.
        let mut due = by_profile(messages);
        {
            let later = self.later.lock().await;
            due.retain(|profile, _| is_due(&later.webhooks, profile));
        }
        let profiles = due
            .into_values()
            .map(|messages| self.webhooks_of(&settings, messages));
        let told = futures::stream::iter(profiles)
            .buffer_unordered(WEBHOOKS)
            .fold(Ok(()), async |wrong, told: Result<()>| told.and(wrong));
        told.await.and(left(&self.later.lock().await.webhooks))
    }

    async fn webhooks_of(&self, settings: &Settings, messages: Vec<Message>) -> Result<()> {
        for message in messages {
            self.webhook(settings, message).await?;
        }
        Ok(())
    }

    async fn webhook(&self, settings: &Settings, message: Message) -> Result<()> {
        let profile = settings
            .profile_of(&message.profile)
            .ok()
            .filter(|profile| !profile.webhook.is_empty());
        let job = self.stages.journal.jobs(&[message.job]).await?.pop();
        let (Some(profile), Some(job)) = (profile, job) else {
            // The webhook, or the job itself, was taken away: there is nothing left to tell.
            return self.stages.journal.told(vec![message.id]).await;
        };
        let objects = self.stages.journal.objects(message.job).await?;
        let secret = self.secrets.webhook(profile).await?;
        let objects = self.with_links(profile, objects).await?;
        match check::post(&profile.webhook, secret, body(&job, &objects)?).await {
            Ok(()) => {
                self.later.lock().await.webhooks.remove(&message.profile);
                self.stages.journal.told(vec![message.id]).await
            }
            Err(error) => {
                again(
                    &mut self.later.lock().await.webhooks,
                    &message.profile,
                    error.clone(),
                );
                self.stages
                    .journal
                    .not_told(message.id)
                    .await
                    .and(Err(error))
            }
        }
    }

    /// Links of a private bucket are good for a while only: whoever is told gets them signed at that moment.
    async fn with_links(
        &self,
        profile: &Profile,
        mut objects: Vec<ObjectRow>,
    ) -> Result<Vec<ObjectRow>> {
        if profile.link_hours > 0 {
            let open = self.stages.stores.get(profile).await?;
            for object in objects.iter_mut().filter(|object| object.url.is_some()) {
                object.url = Some(open.link(profile, &object.key).await?);
            }
        }
        Ok(objects)
    }

    async fn manifests(&self, now: bool) -> Result<()> {
        let messages = self
            .stages
            .journal
            .messages(MessageKind::Manifest, BATCH)
            .await?;
        if self.settings()?.paused {
            return Ok(());
        }
        for (profile, messages) in by_profile(messages) {
            if !self.may_list(&profile, messages.len(), now).await {
                continue;
            }
            let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
            let listed = self.list(&profile, messages).await;
            let mut later = self.later.lock().await;
            later.gathering.remove(&profile);
            if let Err(error) = listed {
                again(&mut later.manifests, &profile, error);
                for id in ids {
                    self.stages.journal.not_told(id).await?;
                }
            } else {
                later.manifests.remove(&profile);
            }
        }
        left(&self.later.lock().await.manifests)
    }

    /// Whether a profile's entries are listed now: there are many, the first has waited long enough, or nobody waits.
    async fn may_list(&self, profile: &ProfileId, entries: usize, now: bool) -> bool {
        let mut later = self.later.lock().await;
        if !now && !is_due(&later.manifests, profile) {
            return false;
        }
        let since = *later
            .gathering
            .entry(profile.clone())
            .or_insert_with(Instant::now);
        now || since.elapsed() >= BATCH_WAIT || entries >= BATCH as usize
    }

    /// Appends jobs to a profile's manifest: an object of its own, so that two computers never tear it.
    async fn list(&self, id: &ProfileId, messages: Vec<Message>) -> Result<()> {
        let settings = self.settings()?;
        let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
        if let Ok(profile) = settings.profile_of(id)
            && !profile.manifest.is_empty()
        {
            let mut entries = Vec::new();
            for message in &messages {
                let objects = self.stages.journal.objects(message.job).await?;
                entries.extend(
                    self.stages
                        .journal
                        .jobs(&[message.job])
                        .await?
                        .pop()
                        .map(|job| entry(job, objects)),
                );
            }
            let now = jiff::Timestamp::now();
            let key = format!(
                "{}/{}-{}.jsonl",
                profile.manifest,
                now.strftime("%Y/%m/%d/%H%M%S"),
                uuid::Uuid::new_v4().simple()
            );
            let headers = Headers {
                content_type: "application/jsonl".into(),
                ..Headers::default()
            };
            let open = self.stages.stores.get(profile).await?;
            let text = Bytes::from(manifest::write(&entries));
            let progress = Progress::default();
            open.bucket
                .call(text.len() as u64, || {
                    open.bucket
                        .store
                        .put(&key, text.clone(), &headers, &Only::Always, &progress)
                })
                .await?;
        }
        self.stages.journal.told(ids).await
    }
}

/// Reads a bucket's manifest into the journal; returns how many jobs were new, and how many lines were damaged.
pub(super) async fn rebuild(stages: &Stages, profile: &Profile) -> Result<(u64, u64)> {
    if profile.manifest.is_empty() {
        return Err(Error::new(
            Code::ProfileInvalid,
            format!("the profile \"{}\" keeps no manifest", profile.name),
        )
        .hint("set its manifest prefix, as on the computer that uploaded"));
    }
    let open = stages.stores.get(profile).await?.awake();
    let prefix = format!("{}/", profile.manifest);
    let (mut new, mut damaged, mut from) = (0, 0, None);
    loop {
        let page = open
            .bucket
            .call(0, || open.bucket.store.list(&prefix, from.clone()))
            .await?;
        for key in page.keys {
            let Some(text) = small(&open, &key).await? else {
                damaged += 1;
                continue;
            };
            let (entries, bad) = manifest::read(&text);
            damaged += bad as u64;
            new += stages
                .journal
                .adopt(
                    profile.id.clone(),
                    open.target.clone(),
                    open.public_base.clone(),
                    entries,
                )
                .await?;
        }
        match page.next {
            Some(next) => from = Some(next),
            None => return Ok((new, damaged)),
        }
    }
}

/// No manifest that we write is nearly as large; somebody else may have put anything there.
const LARGEST_MANIFEST: u64 = 16 << 20;

async fn small(open: &Open, key: &str) -> Result<Option<Bytes>> {
    match open.bucket.call(0, || open.bucket.store.head(key)).await? {
        Lookup::Found(held) if held.size > LARGEST_MANIFEST => Ok(None),
        Lookup::Absent => Ok(None),
        Lookup::Found(_) | Lookup::Hidden => open
            .bucket
            .call(0, || open.bucket.store.get(key))
            .await
            .map(Some),
    }
}

fn by_profile(messages: Vec<Message>) -> BTreeMap<ProfileId, Vec<Message>> {
    let mut by_profile: BTreeMap<ProfileId, Vec<Message>> = BTreeMap::new();
    for message in messages {
        by_profile
            .entry(message.profile.clone())
            .or_default()
            .push(message);
    }
    by_profile
}

fn entry(job: JobRow, objects: Vec<ObjectRow>) -> ManifestEntry {
    let object = |object: ObjectRow| ManifestObject {
        variant: object.variant,
        key: object.key,
        size: object.size.unwrap_or_default(),
        sha256: object.sha256.unwrap_or_default(),
        content_type: object.content_type.unwrap_or_default(),
        url: object.url.unwrap_or_default(),
        width: object.pixels.map(|(width, _)| width),
        height: object.pixels.map(|(_, height)| height),
    };
    ManifestEntry {
        name: job.name,
        sha256: job.sha256.unwrap_or_default(),
        finished_at: job.finished_at.unwrap_or_default(),
        objects: objects.into_iter().map(object).collect(),
    }
}

/// What a webhook is told of a job.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    content_length: u64,
    content_type: String,
    method: &'static str,
    status: &'static str,
    url: String,
    key: String,
    sha256: String,
    variants: Vec<ManifestObject>,
}

fn body(job: &JobRow, objects: &[ObjectRow]) -> Result<String> {
    let entry = entry(job.clone(), objects.to_vec());
    let original = entry.original();
    let told = Told {
        content_length: original.size,
        content_type: original.content_type,
        method: "PUT",
        status: if job.present { "present" } else { "uploaded" },
        url: original.url,
        key: original.key,
        sha256: entry.sha256,
        variants: entry.objects.into_iter().skip(1).collect(),
    };
    serde_json::to_string(&told).map_err(|error| {
        Error::new(
            Code::Internal,
            format!("a message has no JSON form: {error}"),
        )
    })
}
