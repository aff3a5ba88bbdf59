//! Rows and the statements that touch them.

use std::path::{Path, PathBuf};

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::folder::Seen;

use crate::placeholder::Placeholder;
use crate::profile::{OnConflict, OnLocation, ProfileId};
use crate::variant::{Variant, Worth};

/// How far a job has come, as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Accepted.
    Queued,
    /// Its keys are claimed; objects may be in the bucket.
    Planned,
    /// Finished.
    Done,
    /// Waits for a person.
    Failed,
}

/// A source file to be recorded as a job.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Absolute path of the source file.
    pub source: PathBuf,
    /// The file's name, for keys and people.
    pub name: String,
    /// Its folder relative to what was dropped or is watched.
    pub folder: String,
    /// The profile.
    pub profile: ProfileId,
    /// The watched folder that found it; empty if a person gave it.
    pub watched: PathBuf,
    /// What is to be made of it.
    pub variants: Vec<Variant>,
    /// What a person chose for keys that are taken; for a watched folder, what holds for files with
    /// new content.
    pub on_conflict: Option<OnConflict>,
    /// What a person chose for an original that tells where it was taken.
    pub location: Option<OnLocation>,
    /// For a watched folder: what to remember, so that the file is taken once.
    pub seen: Option<Seen>,
    /// Why it cannot be a job at all: then it is recorded as failed.
    pub refused: Option<Error>,
    /// The engine that alone has the credentials for it, if that is so.
    pub needs: Option<String>,
}

/// A job as recorded.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// The journal's number for it; later jobs have larger ones.
    pub id: i64,
    /// The id the outside knows it by.
    pub uid: String,
    /// Absolute path of the source file.
    pub source: PathBuf,
    /// The file's name.
    pub name: String,
    /// Its folder relative to what was dropped or is watched.
    pub folder: String,
    /// The profile.
    pub profile: ProfileId,
    /// The watched folder that found it.
    pub watched: Option<PathBuf>,
    /// What is to be made of it.
    pub variants: Vec<Variant>,
    /// How far it has come.
    pub state: JobState,
    /// Whether it rests.
    pub paused: bool,
    /// What a person chose for keys that are taken.
    pub on_conflict: Option<OnConflict>,
    /// What a person chose for an original that tells where it was taken.
    pub location: Option<OnLocation>,
    /// For a finished job: whether anything was sent.
    pub present: bool,
    /// Bytes of the source, once known.
    pub size: Option<u64>,
    /// SHA-256 of the source, once known.
    pub sha256: Option<String>,
    /// Media type of the source, once known.
    pub content_type: Option<String>,
    /// What stands for the picture while it loads.
    pub placeholder: Option<Placeholder>,
    /// Why it failed or waits, or what is missing from a finished one.
    pub error: Option<Error>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub finished_at: Option<i64>,
    /// Public address of the original, once it is there.
    pub url: Option<String>,
    /// The variant to show in lists, by its object's id.
    pub preview: Option<String>,
    /// Another computer uploaded it: there is no such file here.
    pub foreign: bool,
    /// SHA-256 of what it is to send, if it is to send nothing else.
    pub wanted: Option<String>,
    /// Why it cannot be run: its row was written by a version that knew more, or is damaged.
    pub unreadable: Option<Error>,
}

/// An object that a job is going to send.
#[derive(Debug, Clone)]
pub struct PlannedObject {
    /// Its own opaque id.
    pub uid: String,
    /// The variant; nothing for the original.
    pub variant: Option<Variant>,
    /// Its key.
    pub key: String,
}

/// An object as recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ObjectRow {
    /// Its opaque id.
    pub uid: String,
    /// The variant's name; nothing for the original.
    pub variant: Option<String>,
    /// The bucket it is in.
    pub target: String,
    /// Its key.
    pub key: String,
    /// Pixels, where it is a picture.
    pub pixels: Option<(u32, u32)>,
    /// Bytes, once sent.
    pub size: Option<u64>,
    /// SHA-256 of its bytes, once sent.
    pub sha256: Option<String>,
    /// Its media type, once sent.
    pub content_type: Option<String>,
    /// How well it was encoded.
    pub worth: Worth,
    /// Its public address, as long as it is in the bucket.
    pub url: Option<String>,
    /// The variant as it is specified.
    pub spec: Option<String>,
    /// The ETag it had, where that is known.
    pub etag: Option<String>,
}

const JOB_COLUMNS: &str = "j.id, j.uid, j.source, j.name, j.folder, j.profile, j.watched, j.variants, j.state, \
     j.outcome, j.size, j.sha256, j.content_type, j.error_code, j.error_message, j.error_hint, j.created_at, j.finished_at, \
     (SELECT url FROM objects o JOIN bucket_objects b ON b.target = o.target AND b.key = o.key AND b.sha256 = o.sha256 \
      WHERE o.job = j.id AND o.position = 0), \
     (SELECT uid FROM objects o WHERE o.job = j.id AND o.variant IS NOT NULL AND o.width IS NOT NULL \
      ORDER BY abs(o.width - 400) LIMIT 1), j.paused, j.on_conflict, j.foreign_to_here, j.wanted, j.location, j.thumbhash, j.colour";

pub(super) fn select_jobs(
    db: &Connection,
    clauses: &str,
    values: impl Params,
) -> rusqlite::Result<Vec<JobRow>> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {JOB_COLUMNS} FROM jobs j {clauses}"))?;
    statement.query_map(values, job_from_row)?.collect()
}

fn job_from_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    let state = match row.get_ref(8)?.as_str()? {
        "queued" => JobState::Queued,
        "planned" => JobState::Planned,
        "done" => JobState::Done,
        _ => JobState::Failed,
    };
    // One row that cannot be read is one job that fails, and locks nobody out.
    let (variants, unreadable) = match serde_json::from_str(row.get_ref(7)?.as_str()?) {
        Ok(variants) => (variants, None),
        Err(error) => (Vec::new(), Some(unreadable(&error))),
    };
    Ok(JobRow {
        id: row.get(0)?,
        uid: row.get(1)?,
        source: path_from_blob(&row.get::<_, Vec<u8>>(2)?),
        name: row.get(3)?,
        folder: row.get(4)?,
        profile: row.get(5)?,
        watched: row
            .get::<_, Option<Vec<u8>>>(6)?
            .as_deref()
            .map(path_from_blob),
        variants,
        state,
        paused: row.get(20)?,
        on_conflict: row
            .get::<_, Option<String>>(21)?
            .as_deref()
            .and_then(OnConflict::from_name),
        location: row
            .get::<_, Option<String>>(24)?
            .as_deref()
            .and_then(OnLocation::from_name),
        present: row.get::<_, Option<String>>(9)?.as_deref() == Some("present"),
        size: row.get::<_, Option<i64>>(10)?.map(i64::unsigned_abs),
        sha256: row.get(11)?,
        content_type: row.get(12)?,
        placeholder: placeholder_of(row)?,
        error: error_of(row)?,
        created_at: row.get(16)?,
        finished_at: row.get(17)?,
        url: row.get(18)?,
        preview: row.get(19)?,
        foreign: row.get(22)?,
        wanted: row.get(23)?,
        unreadable,
    })
}

fn unreadable(error: &serde_json::Error) -> Error {
    let told =
        format!("what is to be made of this file is not known to this version of Tintype: {error}");
    Error::new(Code::JobUnreadable, told)
        .hint("update Tintype and try again, or upload the file once more")
}

fn placeholder_of(row: &Row<'_>) -> rusqlite::Result<Option<Placeholder>> {
    let (thumbhash, colour): (Option<String>, Option<String>) = (row.get(25)?, row.get(26)?);
    let both = thumbhash.zip(colour);
    Ok(both.and_then(|(thumbhash, colour)| Placeholder::read(&thumbhash, &colour)))
}

/// Why a job waits or has failed.
fn error_of(row: &Row<'_>) -> rusqlite::Result<Option<Error>> {
    let Some(code) = row.get::<_, Option<String>>(13)? else {
        return Ok(None);
    };
    let message: Option<String> = row.get(14)?;
    let error = Error::new(Code::from_name(&code), message.unwrap_or_default());
    Ok(Some(match row.get::<_, Option<String>>(15)? {
        Some(hint) => error.hint(hint),
        None => error,
    }))
}

/// The objects of a job: the original first, then the variants as specified.
pub(super) fn select_objects(db: &Connection, job: i64) -> rusqlite::Result<Vec<ObjectRow>> {
    select_objects_where(db, "o.job = ?1", params![job])
}

pub(super) fn select_objects_where(
    db: &Connection,
    condition: &str,
    values: impl Params,
) -> rusqlite::Result<Vec<ObjectRow>> {
    let mut statement = db.prepare_cached(&format!(
        // What is in the bucket no more, or is something else by now, has no link.
        "SELECT o.uid, o.variant, o.key, o.width, o.height, o.size, o.sha256, o.content_type, CASE WHEN b.key IS NOT NULL THEN o.url END, \
         o.target, o.spec, b.etag, o.quality, o.score FROM objects o LEFT JOIN bucket_objects b ON b.target = o.target AND b.key = o.key AND b.sha256 = o.sha256 \
         WHERE {condition} ORDER BY o.position",
    ))?;
    let rows = statement.query_map(values, |row| {
        let (width, height): (Option<u32>, Option<u32>) = (row.get(3)?, row.get(4)?);
        Ok(ObjectRow {
            uid: row.get(0)?,
            variant: row.get(1)?,
            target: row.get(9)?,
            key: row.get(2)?,
            pixels: width.zip(height),
            size: row.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
            sha256: row.get(6)?,
            content_type: row.get(7)?,
            worth: Worth {
                quality: row.get(12)?,
                score: row.get(13)?,
            },
            url: row.get(8)?,
            spec: row.get(10)?,
            etag: row
                .get::<_, Option<String>>(11)?
                .filter(|etag| !etag.is_empty()),
        })
    })?;
    rows.collect()
}

impl ToSql for ProfileId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for ProfileId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::named)
    }
}

/// A list for `json_each`.
pub(super) fn json<T: Serialize>(list: &[T]) -> String {
    // Numbers and strings always have a JSON form.
    serde_json::to_string(list).unwrap_or_else(|_| "[]".into())
}

pub(super) fn spec(variant: Option<&Variant>) -> Option<String> {
    variant.map(Variant::to_string)
}

pub(super) fn specs(variants: &[Variant]) -> String {
    // Plain structs of numbers and strings always have a JSON form.
    serde_json::to_string(variants).unwrap_or_else(|_| "[]".into())
}

pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Paths are bytes on Unix: a name that is no Unicode must come back as it was.
#[cfg(unix)]
pub(super) fn path_to_blob(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
pub(super) fn path_from_blob(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn path_to_blob(path: &Path) -> Vec<u8> {
    crate::LocalPath::from(path).to_text().into_bytes()
}

#[cfg(not(unix))]
pub(super) fn path_from_blob(bytes: &[u8]) -> PathBuf {
    crate::LocalPath::from_text(&String::from_utf8_lossy(bytes)).into()
}
