//! What is made of a job's file before anything is sent: it is read, its variants are made, it is
//! cleaned.

use std::sync::Arc;

use bytes::Bytes;

use super::live::Live;
use super::policy;
use super::work::blocking;
use crate::content::Kind;
use crate::engine::bucket::stores::Open;
use crate::engine::shown::view::Stage;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::WatchedFolder;
use crate::imaging::Rendered;
use crate::intake::{self, Expected, Fingerprint};
use crate::journal::JobRow;
use crate::key::Template;
use crate::privacy::{self, Left, Originals};
use crate::profile::Profile;
use crate::transfer;
use crate::worker::Visit;

/// Files up to this size are read once and sent from memory; larger ones are read again, part by
/// part.
const IN_MEMORY: u64 = 16 << 20;

/// What a job sends, held in memory as far as it has to be.
pub(super) struct Made<'a> {
    pub(super) file: Fingerprint,
    pub(super) rendered: Option<Rendered>,
    pub(super) warning: Option<Error>,
    pub(super) stripped: Option<Bytes>,
    pub(super) room: Option<transfer::Room<'a>>,
}

/// Reads the file and makes its variants, when its turn has come among the jobs of the same
/// content.
///
/// The order is: first the turn, then room in memory, then the lanes to the bucket. The turn is
/// known only when the file has been read; so if it is another job's, everything is given back
/// before it is waited for.
pub(super) async fn in_turn<'a>(
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
    let mut visit = visit(stages, profile, job, &file).await?;
    let originals = policy::of(stages, profile, job, &file, visit.as_mut()).await?;
    if let Some(visit) = visit.as_mut().filter(|_| tells_day(profile)) {
        file.date = day(visit).await?.unwrap_or(file.date);
    }
    let (rendered, warning) = variants(job, &file, visit.as_mut(), live).await?;
    let (stripped, left) = stripped(originals, job, &mut file, visit).await?;
    let left = left.map(|left| left.note().about(&job.name));
    let warning = match (warning, left) {
        (Some(warning), Some(left)) => Some(warning.and(&left)),
        (warning, left) => warning.or(left),
    };
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

/// A visit with the file, where there is anything to ask about it.
async fn visit<'a>(
    stages: &'a Stages,
    profile: &Profile,
    job: &JobRow,
    file: &Fingerprint,
) -> Result<Option<Visit<'a>>> {
    let asks = match file.content.kind {
        Kind::Image(_) => {
            !job.variants.is_empty() || tells_day(profile) || policy::looks(profile, job)
        }
        Kind::UnknownImage | Kind::Other => false,
    };
    match &file.bytes {
        Some(bytes) if asks || profile.originals != Originals::Keep || policy::strips(job) => {
            let visit = stages.workers.visit(bytes.clone(), file.content.clone());
            visit.await.map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether the profile's keys depend on when a picture was taken. What cannot be read is said where
/// keys are planned.
fn tells_day(profile: &Profile) -> bool {
    [&profile.original_key, &profile.variant_key]
        .into_iter()
        .any(|key| Template::parse(key).is_ok_and(|template| template.tells_day()))
}

/// The day a picture was taken, if it tells one that can be read.
async fn day(visit: &mut Visit<'_>) -> Result<Option<(i16, i8, i8)>> {
    match visit.facts().await {
        Ok(facts) => Ok(facts.day()),
        // What is wrong with the file is said where something is made of it.
        Err(error) if is_of_the_file(error.code) => Ok(None),
        Err(error) => Err(error),
    }
}

const fn is_of_the_file(code: Code) -> bool {
    matches!(
        code,
        Code::ImageDamaged | Code::ImageTooSlow | Code::ImageUnsupported
    )
}

/// The variants, or why there are none although some were asked for. A picture that cannot be
/// decoded never stops the original from going up.
async fn variants(
    job: &JobRow,
    file: &Fingerprint,
    visit: Option<&mut Visit<'_>>,
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
    if file.bytes.is_none() {
        let told = format!(
            "{} has more than {} MiB: too large for variants",
            job.name,
            intake::LARGEST_PICTURE >> 20
        );
        return Ok((
            None,
            Some(Error::new(Code::ImageTooLarge, told).hint("the original was uploaded as it is")),
        ));
    }
    let (Kind::Image(_), Some(visit)) = (file.content.kind, visit) else {
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
    live.enter(Stage::Imaging);
    match visit.render(job.variants.clone()).await {
        Ok(rendered) => {
            let told = rendered.told().map(|told| told.about(&job.name));
            Ok((Some(rendered), told))
        }
        Err(error) if error.code == Code::Closing => Err(error),
        Err(error) => Ok((None, Some(error.about(&job.name)))),
    }
}

/// The original without its metadata, where the profile wants that; nothing where it goes up as it
/// is.
///
/// # Errors
/// `cannot-strip`: then nothing of the job goes up.
async fn stripped(
    originals: Originals,
    job: &JobRow,
    file: &mut Fingerprint,
    visit: Option<Visit<'_>>,
) -> Result<(Option<Bytes>, Option<Left>)> {
    if originals == Originals::Keep {
        return Ok((None, None));
    }
    // Pictures and small files are in memory already; nothing else can be cleaned.
    let Some(visit) = visit else {
        return Err(privacy::refusal(&file.content).about(&job.name));
    };
    file.bytes = None;
    let cleaned = visit.clean(originals).await;
    let (bytes, left) = cleaned.map_err(|error| error.about(&job.name))?;
    Ok((Some(bytes), left))
}
