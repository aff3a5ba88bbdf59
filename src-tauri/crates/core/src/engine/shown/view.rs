//! What the engine shows: plain words for a window or a terminal, no handles.

use serde::Serialize;

use crate::engine::shown::health::Trouble;
use crate::error::{Code, Error};
use crate::placeholder::Placeholder;
use crate::variant::Worth;

use crate::journal::{JobRow, JobState, ObjectRow};
use crate::link;
use crate::local_path::LocalPath;
use crate::settings::Settings;
use crate::watch::Following;

/// How far a job has come, live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Stage {
    /// In the queue.
    Queued,
    /// Being read.
    Reading,
    /// Its variants are being made.
    Imaging,
    /// On its way to the bucket.
    Sending,
    /// Waits for a person to say whether the place goes up with it.
    Asks,
    /// Rests until a person lets it go on.
    Paused,
    /// Waits for the network, the server or room on the disk, and goes on by itself.
    Waiting,
    /// In the bucket.
    Done,
    /// Waits for a person.
    Failed,
}

/// A job as a row in a list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JobView {
    /// Opaque.
    pub id: String,
    /// The journal's order: larger is newer.
    pub order: i64,
    /// The file's name.
    pub name: String,
    /// The file's path.
    pub source: LocalPath,
    /// The profile's name.
    pub profile: String,
    /// Whether a watched folder found it.
    pub watched: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Bytes on the network so far.
    pub sent: u64,
    /// Bytes to send; 0 while unknown.
    pub total: u64,
    /// Bytes of the source, once known.
    pub size: Option<u64>,
    /// The bucket had it already.
    pub present: bool,
    /// Public address of the original, once it is there.
    pub url: Option<String>,
    /// Opaque id of the picture to show.
    pub preview: Option<String>,
    /// What to show until that is there.
    pub placeholder: Option<Placeholder>,
    /// Why it failed or waits, or what is missing.
    pub error: Option<Error>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub finished_at: Option<i64>,
}

impl JobView {
    /// A row of the journal, with what its profile is called by now.
    pub(in crate::engine) fn of(row: &JobRow, settings: &Settings) -> Self {
        let state = if row.unreadable.is_some() {
            JobState::Failed
        } else {
            row.state
        };
        let stage = match (state, &row.error) {
            (JobState::Done, _) => Stage::Done,
            (JobState::Failed, _) => Stage::Failed,
            (JobState::Queued | JobState::Planned, Some(error))
                if row.paused && error.code == Code::LocationAsked =>
            {
                Stage::Asks
            }
            (JobState::Queued | JobState::Planned, _) if row.paused => Stage::Paused,
            (JobState::Queued | JobState::Planned, Some(_)) => Stage::Waiting,
            (JobState::Queued | JobState::Planned, None) => Stage::Queued,
        };
        let closed = || {
            settings
                .profile_of(&row.profile)
                .ok()
                .filter(|_| stage == Stage::Done)?
                .links_closed()
        };
        Self {
            id: row.uid.clone(),
            order: row.id,
            name: row.name.clone(),
            source: row.source.clone().into(),
            profile: settings.name_of(&row.profile).to_owned(),
            watched: row.watched.is_some(),
            stage,
            sent: 0,
            total: 0,
            size: row.size,
            present: row.present,
            url: row.url.clone(),
            preview: row.preview.clone(),
            placeholder: row.placeholder.clone(),
            error: row
                .unreadable
                .clone()
                .or_else(|| row.error.clone())
                .or_else(closed),
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// One object of a job: the original or a variant.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ObjectView {
    /// Opaque; also names its preview.
    pub id: String,
    /// The variant's name; nothing for the original.
    pub variant: Option<String>,
    /// Its key.
    pub key: String,
    /// Its public address, once it is there.
    pub url: Option<String>,
    /// Pixels, where it is a picture.
    pub width: Option<u32>,
    /// Pixels, where it is a picture.
    pub height: Option<u32>,
    /// How well it was encoded.
    #[serde(flatten)]
    pub worth: Worth,
    /// Bytes, once sent.
    pub size: Option<u64>,
    /// Media type, once sent.
    pub content_type: Option<String>,
}

impl From<ObjectRow> for ObjectView {
    fn from(row: ObjectRow) -> Self {
        Self {
            id: row.uid,
            variant: row.variant,
            key: row.key,
            url: row.url,
            width: row.pixels.map(|(width, _)| width),
            height: row.pixels.map(|(_, height)| height),
            worth: row.worth,
            size: row.size,
            content_type: row.content_type,
        }
    }
}

/// A job with all its objects.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JobReport {
    /// The job.
    pub job: JobView,
    /// SHA-256 of the source, once known.
    pub sha256: Option<String>,
    /// Media type of the source, once known.
    pub content_type: Option<String>,
    /// The original first.
    pub objects: Vec<ObjectView>,
}

impl JobReport {
    /// What a link template is filled with for one of its objects; nothing while that is not in the
    /// bucket.
    pub fn link_values<'a>(&'a self, object: &'a ObjectView) -> Option<link::Values<'a>> {
        let placeholder = self.job.placeholder.as_ref();
        let variants = self.objects.iter().filter_map(|other| {
            let (name, url) = other.variant.as_deref().zip(other.url.as_deref())?;
            let size = other.width.zip(other.height);
            Some((name, link::Linkable { url, size }))
        });
        Some(link::Values {
            own: link::Linkable {
                url: object.url.as_deref()?,
                size: object.width.zip(object.height),
            },
            name: &self.job.name,
            thumbhash: placeholder.map_or_else(String::new, Placeholder::thumbhash),
            colour: placeholder.map_or_else(String::new, Placeholder::colour),
            variants: variants.collect(),
        })
    }

    /// Its links cannot be had for the moment.
    pub(in crate::engine) fn without_links(&mut self, error: Error) {
        self.objects.iter_mut().for_each(|object| object.url = None);
        self.job.url = None;
        self.job.error.get_or_insert(error);
    }
}

/// All jobs together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Overall {
    /// Not finished.
    pub unfinished: u64,
    /// Of those, held up by network, server or disk.
    pub waiting: u64,
    /// Finished, over everything the journal knows.
    pub done: u64,
    /// Failed, likewise.
    pub failed: u64,
    /// Why uploads wait, if they do.
    pub waiting_for: Option<Error>,
}

/// What a watched folder is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderView {
    /// Absolute path.
    pub path: LocalPath,
    /// Name of the profile that receives its images.
    pub profile: String,
    /// Whether it rests.
    pub paused: bool,
    /// How it is followed at the moment.
    pub following: Following,
    /// Why it cannot be watched at the moment, or what is seen cannot be recorded.
    pub error: Option<Error>,
    /// Files on record.
    pub seen: u64,
    /// Files that are not finished yet.
    pub settling: u64,
    /// Files on their way.
    pub waiting: u64,
    /// Files in the bucket.
    pub uploaded: u64,
    /// Files that wait for a person.
    pub failed: u64,
    /// Files that are not for upload.
    pub skipped: u64,
    /// Files that were deleted, and whose objects are to be removed.
    pub removing: u64,
    /// Of those, so many wait for a person: they were strikingly many at once.
    pub held: u64,
    /// When the next of them is due, milliseconds since 1970.
    pub removing_at: Option<i64>,
    /// When the whole folder was compared last, milliseconds since 1970.
    pub scanned_at: Option<i64>,
    /// Why files do not go up, the latest first.
    pub told: Vec<Error>,
}

/// Everything a window needs to begin with.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Snapshot {
    /// Newest first.
    pub jobs: Vec<JobView>,
    /// All jobs together.
    pub overall: Overall,
    /// Settings in force; no secret in them.
    pub settings: Settings,
    /// Watched folders.
    pub folders: Vec<FolderView>,
    /// Another Tintype on this computer does the uploading at the moment.
    pub standby: bool,
    /// What cannot be done for the moment.
    pub health: Vec<Trouble>,
}

/// A change since the snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Event {
    /// Jobs that are new or changed.
    Jobs(Vec<JobView>),
    /// Jobs that left the list.
    Forgotten(Vec<String>),
    /// All jobs together.
    Overall(Overall),
    /// Settings changed.
    Settings(Settings),
    /// Folders changed.
    Folders(Vec<FolderView>),
    /// What cannot be done for the moment changed.
    Health(Vec<Trouble>),
}
