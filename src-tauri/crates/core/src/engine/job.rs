//! One job's way through the house: intake → imaging → plan → transfer → journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::check;
use super::free_keys::SMALL;
use super::plan::{HASH_DIGITS, How, Planned, plan};
use super::previews::{Preview, Previews};
use super::record::Record;
use super::same_content::SameContent;
use super::stores::{Open, Stores};
use super::verdict::{Verdict, verdict};
use super::view::Stage;
use crate::content::Kind;
use crate::error::{Code, Error, Result};
use crate::folder::{AfterUpload, WatchedFolder};
use crate::held::label_of;
use crate::imaging::Rendered;
use crate::imaging::worker::Workers;
use crate::intake::{self, Expected, Fingerprint};
use crate::journal::{
    self, JobRow, JobState, Journal, MessageKind, Outcome, SentObject, UploadKey,
};
use crate::link;
use crate::privacy::{self, Originals};
use crate::profile::{OnConflict, Profile};
use crate::transfer::{
    self, Content, Headers, META_SHA256, META_SOURCE, META_UPLOAD, META_VARIANT, Only, Order,
    Progress, Source, Still,
};
use crate::variant::Variant;
use crate::world;

/// Files up to this size are read once and sent from memory; larger ones are read again, part by part.
const IN_MEMORY: u64 = 16 << 20;

/// What all jobs share.
pub(super) struct Stages {
    pub(super) journal: Journal,
    pub(super) stores: Stores,
    pub(super) previews: Previews,
    pub(super) limits: transfer::Limits,
    pub(super) workers: Workers,
    pub(super) same_content: SameContent,
    /// This engine's id.
    pub(super) engine: String,
    /// Folders that are watched in this run only (command line).
    pub(super) passing: std::sync::Mutex<Vec<WatchedFolder>>,
}

impl Stages {
    /// These folders are watched in this run, too.
    pub(super) fn pass(&self, folders: &[WatchedFolder]) {
        self.passing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .extend_from_slice(folders);
    }
}

/// A job as it is shown while it runs.
#[derive(Clone, Default)]
pub(super) struct Live {
    stage: Arc<AtomicU8>,
    total: Arc<AtomicU64>,
    progress: Progress,
}

impl Live {
    const STAGES: [Stage; 4] = [
        Stage::Queued,
        Stage::Reading,
        Stage::Imaging,
        Stage::Sending,
    ];

    fn enter(&self, stage: Stage) {
        let index = Self::STAGES
            .iter()
            .position(|known| *known == stage)
            .unwrap_or_default();
        self.stage
            .store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Stage, bytes sent, bytes to send.
    pub(super) fn look(&self) -> (Stage, u64, u64) {
        let stage =
            Self::STAGES[usize::from(self.stage.load(Ordering::Relaxed)) % Self::STAGES.len()];
        let total = self.total.load(Ordering::Relaxed);
        (stage, self.progress.sent().min(total), total)
    }
}

/// All that is known of a job when its objects are about to be sent.
pub(super) struct Work<'a> {
    pub(super) stages: &'a Stages,
    pub(super) open: &'a Open,
    pub(super) profile: &'a Profile,
    pub(super) job: &'a JobRow,
    pub(super) file: &'a Fingerprint,
    pub(super) rendered: Option<&'a Rendered>,
    /// The watched folder it came from.
    folder: Option<&'a WatchedFolder>,
}

/// An object of the job, with its bytes if they are in memory.
pub(super) struct Object {
    pub(super) uid: String,
    pub(super) variant: Option<Variant>,
    pub(super) key: String,
    pub(super) pixels: Option<(u32, u32)>,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) content_type: String,
    bytes: Option<Bytes>,
}

impl Object {
    /// MD5 of its bytes, hex: what most buckets show as ETag. Rarely needed, so it is made when it is.
    pub(super) async fn md5(&self, source: &Path) -> Result<String> {
        let (bytes, source) = (self.bytes.clone(), source.to_owned());
        blocking(move || match bytes {
            Some(bytes) => Ok(hex::encode(Md5::digest(&bytes))),
            None => intake::md5(&source),
        })
        .await
    }
}

/// Whether the bucket was asked, and answered: then there is a way to it.
pub(super) struct Answered(pub(super) bool);

/// Runs a job to its end, which is recorded.
///
/// # Errors
/// Why it cannot come to its end now: it waits, and is run again.
pub(super) async fn run(
    stages: &Stages,
    profile: Result<Profile>,
    folder: Option<WatchedFolder>,
    job: &JobRow,
    live: &Live,
) -> Result<Answered> {
    let Err(error) = attempt(stages, profile, folder, job, live).await else {
        return Ok(Answered(true));
    };
    // Taken away before it could be sent: should it come back, it is found again.
    if error.code == Code::FileMissing && job.watched.is_some() {
        return stages
            .journal
            .take_back(job.id)
            .await
            .map(|()| Answered(false));
    }
    match verdict(&error) {
        Verdict::Waits(_) => Err(error),
        Verdict::Fails => {
            let answered = Answered(is_answer(error.code));
            stages.journal.fail(job.id, error).await.map(|()| answered)
        }
    }
}

/// Whether only a bucket can have said this.
fn is_answer(code: Code) -> bool {
    matches!(
        code,
        Code::AccessDenied | Code::CredentialsRefused | Code::KeyTaken | Code::RequestRefused
    )
}

async fn attempt(
    stages: &Stages,
    profile: Result<Profile>,
    folder: Option<WatchedFolder>,
    job: &JobRow,
    live: &Live,
) -> Result<()> {
    let profile = profile?;
    let open = stages.stores.get(&profile).await?;
    let folder = folder_of(stages, job, folder).await?;
    let profile = folder
        .as_ref()
        .map_or(profile.clone(), |folder| folder.shape(profile));
    let (
        Made {
            file,
            rendered,
            warning,
            stripped,
            room,
        },
        _turn,
    ) = in_turn(stages, &open, &profile, job, folder.as_ref(), live).await?;
    live.enter(Stage::Sending);
    let mut objects = objects(&file, stripped, rendered.as_ref());
    let work = Work {
        stages,
        open: &open,
        profile: &profile,
        job,
        file: &file,
        rendered: rendered.as_ref(),
        folder: folder.as_ref(),
    };
    let Some(sent) = plan_and_send(&work, &mut objects, live).await? else {
        return stages
            .journal
            .finish(job.id, outcome(&work, &[], Some(skipped(job))), Vec::new())
            .await;
    };
    drop(room);
    if profile.check_links {
        check::links(links(&open, &profile, &objects).await?, &profile.name).await?;
    }
    keep_previews(stages, &objects).await?;
    let outcome = outcome(&work, &sent, warning);
    let objects = objects
        .iter()
        .zip(&sent)
        .map(|(object, sent)| sent_object(object, sent, &open))
        .collect();
    stages.journal.finish(job.id, outcome, objects).await
}

/// What a job sends, held in memory as far as it has to be.
struct Made<'a> {
    file: Fingerprint,
    rendered: Option<Rendered>,
    warning: Option<Error>,
    stripped: Option<Bytes>,
    room: Option<transfer::Room<'a>>,
}

/// Reads the file and makes its variants, when its turn has come among the jobs of the same content.
///
/// The order is: first the turn, then room in memory, then the lanes to the bucket. The turn is known only when the file
/// has been read; so if it is another job's, everything is given back before it is waited for.
async fn in_turn<'a>(
    stages: &'a Stages,
    open: &Open,
    profile: &Profile,
    job: &JobRow,
    folder: Option<&WatchedFolder>,
    live: &Live,
) -> Result<(Made<'a>, tokio::sync::OwnedMutexGuard<()>)> {
    let mut waited: Option<(String, tokio::sync::OwnedMutexGuard<()>)> = None;
    loop {
        let made = make(stages, profile, job, folder, live).await?;
        let content = made.file.sha256.clone();
        match waited.take() {
            Some((known, turn)) if known == content => return Ok((made, turn)),
            // It was saved anew meanwhile: another content, another turn.
            other => drop(other),
        }
        let turn = stages.same_content.of(&open.target, &content);
        match Arc::clone(&turn).try_lock_owned() {
            Ok(turn) => return Ok((made, turn)),
            Err(_) => {
                drop(made);
                waited = Some((content, turn.lock_owned().await));
            }
        }
    }
}

/// What a watched folder saw of a job's file.
async fn expected(
    stages: &Stages,
    job: &JobRow,
    folder: Option<&WatchedFolder>,
) -> Result<Option<Expected>> {
    if job.watched.is_none() {
        return Ok(None);
    }
    match stages.journal.seen_by_job(job.id).await? {
        Some(stamp) => Ok(Some(Expected {
            stamp,
            follow_links: folder.is_some_and(|folder| folder.follow_links),
        })),
        None => Err(Error::new(
            Code::FileMissing,
            format!("{} is not in its folder any more", job.source.display()),
        )),
    }
}

async fn make<'a>(
    stages: &'a Stages,
    profile: &Profile,
    job: &JobRow,
    folder: Option<&WatchedFolder>,
    live: &Live,
) -> Result<Made<'a>> {
    live.enter(Stage::Reading);
    let (path, variants_of, expected) = (
        job.source.clone(),
        job.variants.clone(),
        expected(stages, job, folder).await?,
    );
    let most = blocking(move || intake::held_in_memory(&path, IN_MEMORY, &variants_of)).await?;
    let mut room = Some(stages.limits.memory(most).await?);
    let path = job.source.clone();
    let mut file = blocking(move || intake::read(&path, IN_MEMORY, expected.as_ref())).await?;
    if job
        .wanted
        .as_ref()
        .is_some_and(|wanted| *wanted != file.sha256)
    {
        let told = format!(
            "{} is another file by now than the one that was uploaded",
            job.source.display()
        );
        return Err(Error::new(Code::FileReplaced, told).hint(
            "nothing was uploaded in its place; upload the file anew if it is meant to go up",
        ));
    }
    let (rendered, warning) = variants(stages, job, &file, live).await?;
    let stripped = stripped(profile, job, &mut file).await?;
    if stripped.is_none() && transfer::in_parts(file.size) {
        // Each part asks for room of its own; holding this one meanwhile could starve them all.
        file.bytes = None;
        room = None;
    }
    Ok(Made {
        file,
        rendered,
        warning,
        stripped,
        room,
    })
}

/// The links of objects, as a stranger would open them.
async fn links(open: &Open, profile: &Profile, objects: &[Object]) -> Result<Vec<String>> {
    let mut links = Vec::with_capacity(objects.len());
    for object in objects {
        links.push(open.link(profile, &object.key).await?);
    }
    Ok(links)
}

/// The watched folder a job came from, as it is meant; if nobody watches it any more, as it was.
async fn folder_of(
    stages: &Stages,
    job: &JobRow,
    folder: Option<WatchedFolder>,
) -> Result<Option<WatchedFolder>> {
    match (&job.watched, folder) {
        (Some(path), None) => stages.journal.folder(path).await,
        (_, folder) => Ok(folder),
    }
}

/// Sends what has to be sent: how each object was, or nothing at all if the file is skipped.
async fn plan_and_send(
    work: &Work<'_>,
    objects: &mut [Object],
    live: &Live,
) -> Result<Option<Vec<Sent>>> {
    let choice = work.job.on_conflict.unwrap_or(work.profile.on_conflict);
    let keeps_both = matches!(choice, OnConflict::KeepBoth | OnConflict::Replace);
    let (mut level, mut again) = (0, 0);
    loop {
        let plan = match plan(work, objects, level, again > 0).await? {
            Planned::Skip => return Ok(None),
            Planned::Go(plan) => plan,
        };
        match send_all(work, objects, &plan.send, live).await {
            // Someone else was faster, or took a key that cannot be seen: look again; then take other keys.
            Err(error)
                if error.code == Code::KeyTaken
                    && again < HASH_DIGITS.len()
                    && (keeps_both || !plan.hidden) =>
            {
                again += 1;
                let elsewhere =
                    keeps_both && (plan.hidden || again > 1) && level + 1 < HASH_DIGITS.len();
                level += usize::from(elsewhere);
            }
            other => return other.map(Some),
        }
    }
}

/// How an object came to be in the bucket.
struct Sent {
    /// It was sent; otherwise the bucket had it.
    sent: bool,
    size: u64,
    sha256: String,
    etag: String,
}

fn outcome(work: &Work<'_>, sent: &[Sent], warning: Option<Error>) -> Outcome {
    let Work {
        profile,
        job,
        folder,
        file,
        ..
    } = work;
    let sent_any = sent.iter().any(|object| object.sent);
    let mut tell = Vec::new();
    let skipped = warning
        .as_ref()
        .is_some_and(|warning| warning.code == Code::Skipped);
    if !profile.webhook.is_empty() && !skipped {
        tell.push(MessageKind::Webhook);
    }
    if !profile.manifest.is_empty() && sent_any {
        tell.push(MessageKind::Manifest);
    }
    let content_type = file.content.content_type.clone();
    let goes =
        folder.is_some_and(|folder| folder.after_upload != AfterUpload::Leave) && warning.is_none();
    Outcome {
        present: !sent_any,
        size: file.size,
        mtime_ns: file.mtime_ns,
        content_type,
        warning,
        profile: profile.id.clone(),
        put_away: (job.watched.is_some() && !skipped).then_some(goes),
        tell,
    }
}

fn skipped(job: &JobRow) -> Error {
    Error::new(
        Code::Skipped,
        format!(
            "{} was not uploaded: its key is taken by other content",
            job.name
        ),
    )
    .hint("the profile says to skip such files; rename the file, or choose otherwise for it")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    // A panic in a decoder: the file is to blame, the queue is not.
    let damaged = |error: Error| Error::new(Code::ImageDamaged, error.message);
    world::blocking("reading the file", work)
        .await
        .map_err(damaged)?
}

/// The variants, or why there are none although some were asked for. A picture that cannot be decoded never stops
/// the original from going up.
async fn variants(
    stages: &Stages,
    job: &JobRow,
    file: &Fingerprint,
    live: &Live,
) -> Result<(Option<Rendered>, Option<Error>)> {
    if file.content.false_image {
        let told = format!(
            "{} is named like a picture, but its content is {}",
            job.name, file.content.content_type
        );
        let warning = Error::new(Code::ImageFalse, told)
            .hint("it was uploaded as it is, without variants; check where the file came from");
        return Ok((None, Some(warning)));
    }
    if job.variants.is_empty() || file.content.kind == Kind::Other {
        return Ok((None, None));
    }
    let Some(bytes) = file.bytes.clone() else {
        let told = format!(
            "{} has more than {} MiB: too large for variants",
            job.name,
            intake::LARGEST_PICTURE >> 20
        );
        return Ok((
            None,
            Some(Error::new(Code::ImageTooLarge, told).hint("the original was uploaded as it is")),
        ));
    };
    let Kind::Image(codec) = file.content.kind else {
        let told = format!(
            "{} is a picture of a kind this version cannot decode ({})",
            job.name, file.content.content_type
        );
        let hint =
            "the original was uploaded as it is; convert it to JPEG, PNG or WebP for variants";
        return Ok((
            None,
            Some(Error::new(Code::ImageUnsupported, told).hint(hint)),
        ));
    };
    let _core = stages.workers.core().await?;
    live.enter(Stage::Imaging);
    match stages
        .workers
        .render(
            bytes,
            codec,
            file.metadata.orientation,
            job.variants.clone(),
        )
        .await
    {
        Ok(mut rendered) => {
            let note = rendered.note.take().map(|note| note.about(&job.name));
            Ok((Some(rendered), note))
        }
        Err(error) if error.code == Code::Closing => Err(error),
        Err(error) => Ok((None, Some(error.about(&job.name)))),
    }
}

/// The original without its metadata, where the profile wants that; nothing where it goes up as it is.
///
/// # Errors
/// `cannot-strip`: then nothing of the job goes up.
async fn stripped(
    profile: &Profile,
    job: &JobRow,
    file: &mut Fingerprint,
) -> Result<Option<Bytes>> {
    let originals = profile.originals;
    if originals == Originals::Keep {
        return Ok(None);
    }
    let content = file.content.clone();
    // Pictures and small files are in memory already; nothing else can be cleaned.
    let Some(bytes) = file.bytes.take() else {
        return Err(privacy::refusal(&content).about(&job.name));
    };
    let clean = blocking(move || privacy::strip(bytes.into(), &content, originals));
    clean
        .await
        .map(|clean| Some(clean.into()))
        .map_err(|error| error.about(&job.name))
}

/// The job's objects, the original first.
fn objects(
    file: &Fingerprint,
    stripped: Option<Bytes>,
    rendered: Option<&Rendered>,
) -> Vec<Object> {
    let (size, sha256) = match &stripped {
        Some(clean) => (clean.len() as u64, hex::encode(Sha256::digest(clean))),
        None => (file.size, file.sha256.clone()),
    };
    let original = Object {
        uid: journal::new_id(),
        variant: None,
        key: String::new(),
        pixels: rendered.map(|rendered| rendered.pixels),
        size,
        sha256,
        content_type: file.content.content_type.clone(),
        bytes: stripped.or_else(|| file.bytes.clone()),
    };
    let renditions = rendered
        .map(|rendered| rendered.renditions.as_slice())
        .unwrap_or_default();
    let variants = renditions.iter().map(|rendition| Object {
        uid: journal::new_id(),
        variant: Some(rendition.variant.clone()),
        key: String::new(),
        pixels: Some(rendition.pixels),
        size: rendition.bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&rendition.bytes)),
        content_type: rendition.variant.format.content_type().into(),
        bytes: Some(rendition.bytes.clone()),
    });
    std::iter::once(original).chain(variants).collect()
}

async fn send_all(
    work: &Work<'_>,
    objects: &[Object],
    plan: &[How],
    live: &Live,
) -> Result<Vec<Sent>> {
    live.progress.reset();
    let to_send = objects
        .iter()
        .zip(plan)
        .filter(|(_, how)| how.only().is_some());
    live.total.store(
        to_send.map(|(object, _)| object.size).sum(),
        Ordering::Relaxed,
    );
    try_join_all(
        objects
            .iter()
            .zip(plan)
            .map(|(object, how)| send(work, object, how, live)),
    )
    .await
}

async fn send(work: &Work<'_>, object: &Object, how: &How, live: &Live) -> Result<Sent> {
    let Work {
        stages,
        open,
        job,
        file,
        ..
    } = work;
    let (only, progress) = match how {
        // What the bucket has is what it says itself, whoever made it.
        How::Not(held) => {
            let sha256 = held.get(META_SHA256).unwrap_or(&object.sha256).to_owned();
            // An earlier try of this very job may have sent it, and not have heard of it.
            let sent = held.get(META_UPLOAD) == Some(&label_of(&job.uid));
            return Ok(Sent {
                sent,
                size: held.size,
                sha256,
                etag: held.etag.clone(),
            });
        }
        how => (how.only().unwrap_or(Only::IfAbsent), &live.progress),
    };
    let unchanged = || intake::unchanged(&job.source, file);
    let content = match &object.bytes {
        Some(bytes) => Content::Memory(bytes.clone()),
        None => Content::File(Source {
            path: &job.source,
            size: object.size,
            unchanged: &unchanged,
            log: Box::new(Record {
                journal: &stages.journal,
                key: upload_key(work, object),
            }),
        }),
    };
    let (headers, still) = (headers(work, object), StillMeant { stages, job });
    let order = Order {
        key: &object.key,
        headers: &headers,
        only: &only,
        still: &still,
    };
    let etag = transfer::send(&open.bucket, &order, content, progress).await?;
    match &object.bytes {
        Some(bytes)
            if only == Only::IfAbsent && object.size <= SMALL && open.free_keys.begin_proof() =>
        {
            open.free_keys
                .prove(&open.bucket, &object.key, bytes.clone(), &headers)
                .await;
        }
        _ => {}
    }
    Ok(Sent {
        sent: true,
        size: object.size,
        sha256: object.sha256.clone(),
        etag,
    })
}

struct StillMeant<'a> {
    stages: &'a Stages,
    job: &'a JobRow,
}

#[async_trait]
impl Still for StillMeant<'_> {
    /// A person may have let the job rest, or taken it back, in another process.
    async fn meant(&self) -> Result<()> {
        match self.stages.journal.job(&self.job.uid).await? {
            Some(now)
                if !now.paused
                    && now.state != JobState::Failed
                    && !self.stages.limits.is_paused() =>
            {
                Ok(())
            }
            _ => Err(Error::new(
                Code::Paused,
                "it is not meant to go up at the moment",
            )),
        }
    }
}

fn upload_key(work: &Work<'_>, object: &Object) -> UploadKey {
    UploadKey {
        job: work.job.id,
        profile: work.profile.id.clone(),
        target: work.open.target.clone(),
        key: object.key.clone(),
        sha256: object.sha256.clone(),
    }
}

fn headers(work: &Work<'_>, object: &Object) -> Headers {
    let mut metadata = vec![
        (META_SHA256.to_owned(), object.sha256.clone()),
        (META_UPLOAD.to_owned(), label_of(&work.job.uid)),
    ];
    if object.variant.is_some() || object.sha256 != work.file.sha256 {
        metadata.push((META_SOURCE.to_owned(), work.file.sha256.clone()));
    }
    if let Some(variant) = &object.variant {
        metadata.push((META_VARIANT.to_owned(), variant.to_string()));
    }
    Headers {
        content_type: object.content_type.clone(),
        extra: work.profile.headers(&object.key),
        metadata,
    }
}

fn sent_object(object: &Object, sent: &Sent, open: &Open) -> SentObject {
    SentObject {
        uid: object.uid.clone(),
        key: object.key.clone(),
        sent: sent.sent,
        etag: sent.etag.clone(),
        pixels: object.pixels,
        size: sent.size,
        sha256: sent.sha256.clone(),
        content_type: object.content_type.clone(),
        url: link::url(&open.public_base, &object.key),
    }
}

async fn keep_previews(stages: &Stages, objects: &[Object]) -> Result<()> {
    let variants = objects.iter().filter(|object| object.variant.is_some());
    let pictures: Vec<(String, Preview)> = variants
        .filter_map(|object| {
            let bytes = object.bytes.as_ref()?.to_vec();
            Some((
                object.uid.clone(),
                Preview {
                    content_type: object.content_type.clone(),
                    bytes,
                },
            ))
        })
        .collect();
    if pictures.is_empty() {
        return Ok(());
    }
    let previews = stages.previews.clone();
    blocking(move || {
        previews.keep(&pictures);
        Ok(())
    })
    .await
}
