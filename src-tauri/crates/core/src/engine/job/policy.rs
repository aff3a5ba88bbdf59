//! What happens to a job's original, where that depends on what the file tells.

use crate::content::Kind;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::intake::{self, Fingerprint};
use crate::journal::JobRow;
use crate::privacy::Originals;
use crate::profile::{OnLocation, Profile};
use crate::worker::Visit;

use super::work::blocking;

/// Bytes at each end of a film that are looked at: what tells a place stands before or behind the
/// pictures.
const END_OF_FILM: u64 = 8 << 20;

/// What holds for a job's original: what its profile says, or else what a person said for this one.
///
/// # Errors
/// `location-asked`: a person is to say it.
pub(super) async fn of(
    stages: &Stages,
    profile: &Profile,
    job: &JobRow,
    file: &Fingerprint,
    visit: Option<&mut Visit<'_>>,
) -> Result<Originals> {
    match choice(profile, job) {
        None => Ok(profile.originals),
        Some(OnLocation::Keep) => Ok(Originals::Keep),
        Some(OnLocation::Strip) => Ok(Originals::StripLocation),
        Some(OnLocation::Ask) if tells(stages, job, file, visit).await? => Err(question(job)),
        Some(OnLocation::Ask) => Ok(Originals::Keep),
    }
}

/// Whether the file is to be looked at, whatever else is asked of it.
pub(super) fn looks(profile: &Profile, job: &JobRow) -> bool {
    choice(profile, job) == Some(OnLocation::Ask)
}

/// Whether a person said that the place goes.
pub(super) fn strips(job: &JobRow) -> bool {
    job.location == Some(OnLocation::Strip)
}

/// A profile that strips does so; one that keeps leaves room for a choice.
fn choice(profile: &Profile, job: &JobRow) -> Option<OnLocation> {
    // What is mended was up before.
    let usual = if profile.warn_location && job.wanted.is_none() {
        OnLocation::Ask
    } else {
        OnLocation::Keep
    };
    (profile.originals == Originals::Keep).then(|| job.location.unwrap_or(usual))
}

/// Whether a picture or film tells where it was taken, or cannot be looked at so that it may.
async fn tells(
    stages: &Stages,
    job: &JobRow,
    file: &Fingerprint,
    visit: Option<&mut Visit<'_>>,
) -> Result<bool> {
    let told = match (file.content.kind, visit) {
        (Kind::Image(_), Some(visit)) => visit.tells_location().await,
        // Too large to be looked into.
        (Kind::Image(_), None) => return Ok(true),
        (Kind::Other, _) if file.content.content_type.starts_with("video/") => {
            let (path, bytes) = (job.source.clone(), file.bytes.clone());
            let ends = match bytes {
                Some(bytes) => bytes,
                None => blocking(move || intake::ends(&path, END_OF_FILM)).await?,
            };
            let content = file.content.clone();
            stages
                .workers
                .visit(ends, content)
                .await?
                .tells_location()
                .await
        }
        (Kind::UnknownImage, _) => return Ok(true),
        (Kind::Other, _) => return Ok(false),
    };
    match told {
        Err(error) if matches!(error.code, Code::ImageDamaged | Code::ImageTooSlow) => Ok(true),
        told => told,
    }
}

fn question(job: &JobRow) -> Error {
    Error::new(
        Code::LocationAsked,
        format!("{} tells where it was taken", job.name),
    )
    .hint(
        "say what is to happen: in the window, or by `tintype upload --location strip` (or `keep`) with the same file",
    )
}
