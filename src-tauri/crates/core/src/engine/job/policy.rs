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
        Some(OnLocation::Ask) => match tells(stages, job, file, visit).await? {
            Told::Nothing => Ok(Originals::Keep),
            told => Err(question(job, told)),
        },
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

/// What is known of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Place,
    /// It cannot be looked into, so that it may tell one.
    Unknown,
}

async fn tells(
    stages: &Stages,
    job: &JobRow,
    file: &Fingerprint,
    visit: Option<&mut Visit<'_>>,
) -> Result<Told> {
    let told = match (file.content.kind, visit) {
        (Kind::Image(_), Some(visit)) => visit.tells_location().await,
        (Kind::Image(_) | Kind::UnknownImage, _) => return Ok(Told::Unknown),
        (Kind::Other, _) if file.content.content_type.starts_with("video/") => {
            let (path, bytes) = (job.source.clone(), file.bytes.clone());
            let ends = match bytes {
                Some(bytes) => bytes,
                None => blocking(move || intake::ends(&path, END_OF_FILM)).await?,
            };
            let mut visit = stages.workers.visit(ends, file.content.clone()).await?;
            visit.tells_location().await
        }
        (Kind::Other, _) => return Ok(Told::Nothing),
    };
    match told {
        Ok(true) => Ok(Told::Place),
        Ok(false) => Ok(Told::Nothing),
        Err(error) if matches!(error.code, Code::ImageDamaged | Code::ImageTooSlow) => {
            Ok(Told::Unknown)
        }
        Err(error) => Err(error),
    }
}

fn question(job: &JobRow, told: Told) -> Error {
    let name = &job.name;
    let asked = match told {
        Told::Unknown => {
            format!(
                "{name} may tell where it was taken: it is of a kind that cannot be looked into"
            )
        }
        Told::Place | Told::Nothing => format!("{name} tells where it was taken"),
    };
    Error::new(Code::LocationAsked, asked).hint(
        "say what is to happen: in the window, or by `tintype upload --location strip` (or `keep`) with the same file",
    )
}
