//! One job's way through the house: intake → imaging → plan → transfer → journal.

use super::live::Live;
use super::making::in_turn;
use super::objects::{Object, Objects};
use super::sending::{Sent, plan_and_send, sent_object};
use super::unheard;
use super::verdict::{Verdict, Waits, verdict};
use super::work::{Work, blocking, tell_reason};
use crate::engine::bucket::check;
use crate::engine::bucket::stores::Open;
use crate::engine::shown::previews::Preview;
use crate::engine::shown::view::Stage;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::{AfterUpload, WatchedFolder};
use crate::journal::{JobRow, MessageKind, Outcome};
use crate::profile::Profile;

/// Whether the bucket was asked, and answered: then there is a way to it.
pub(in crate::engine) struct Answered(pub(in crate::engine) bool);

/// Runs a job to its end, which is recorded.
///
/// # Errors
/// Why it cannot come to its end now: it waits, and is run again.
pub(in crate::engine) async fn run(
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
    if error.code == Code::LocationAsked {
        let asked = stages.journal.ask_about(&stages.engine, job.id, error);
        return asked.await.map(|()| Answered(false));
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
    let Err(error) = upload(stages, &open, profile, folder, job, live).await else {
        return Ok(());
    };
    if verdict(&error) == Verdict::Fails {
        // It ends here, and with it what its plan tells: of what it sent before, too.
        unheard::remember(stages, &open, job, true).await?;
    }
    Err(error)
}

async fn upload(
    stages: &Stages,
    open: &Open,
    profile: Profile,
    folder: Option<WatchedFolder>,
    job: &JobRow,
    live: &Live,
) -> Result<()> {
    let folder = folder_of(stages, job, folder).await?;
    is_there_a_way(stages, open, job).await?;
    // While its file is read and its variants are made, it waits for nothing.
    tell_reason(stages, job, None).await?;
    let profile = folder
        .as_ref()
        .map_or(profile.clone(), |folder| folder.shape(profile));
    let (mut made, _turn) = in_turn(stages, open, &profile, job, folder.as_ref(), live).await?;
    tell_reason(stages, job, job.error.clone()).await?;
    live.enter(Stage::Sending);
    let mut objects = Objects::of(&mut made);
    let work = Work {
        stages,
        open,
        profile: &profile,
        job,
        file: &made.file,
        rendered: made.rendered.as_ref(),
        folder: folder.as_ref(),
    };
    let Some(sent) = plan_and_send(&work, &mut objects.all, live).await? else {
        return stages
            .journal
            .finish(job.id, outcome(&work, &[], Some(skipped(job))), Vec::new())
            .await;
    };
    keep_previews(stages, &objects.all).await?;
    // A link may take its time to open; the next file need not wait for that.
    objects.let_go();
    if profile.check_links {
        check::links(links(open, &profile, &objects.all).await?, &profile.name).await?;
    }
    let outcome = outcome(&work, &sent, made.warning.take());
    let objects = objects
        .all
        .iter()
        .zip(&sent)
        .map(|(object, sent)| sent_object(object, sent, open))
        .collect();
    stages.journal.finish(job.id, outcome, objects).await
}

/// A job that waited for its bucket asks for a way there first: to read a large file, and to make
/// its variants, at every try of a long outage would cost a day's battery.
async fn is_there_a_way(stages: &Stages, open: &Open, job: &JobRow) -> Result<()> {
    let waited = job.error.as_ref().map(verdict);
    if waited != Some(Verdict::Waits(Waits::Profile)) {
        return Ok(());
    }
    let objects = stages.journal.objects(job.id).await?;
    match objects.first() {
        Some(object) => {
            let bucket = &open.bucket;
            let asked = bucket.call(0, || bucket.store.head(&object.key));
            asked.await.map(|_| ())
        }
        None => Ok(()),
    }
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

fn outcome(work: &Work<'_>, sent: &[Sent], warning: Option<Error>) -> Outcome {
    let Work {
        profile,
        job,
        folder,
        file,
        rendered,
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
        placeholder: rendered.and_then(|rendered| rendered.placeholder.clone()),
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

async fn keep_previews(stages: &Stages, objects: &[Object]) -> Result<()> {
    let variants = objects.iter().filter(|object| object.variant.is_some());
    let pictures: Vec<(String, Preview)> = variants
        .filter_map(|object| {
            let bytes = object.bytes.clone()?;
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
