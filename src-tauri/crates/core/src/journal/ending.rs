//! How a job ends, well or badly, or why it waits.

use rusqlite::{Transaction, params};

use super::MessageKind;
use super::record::{self, OnRecord};
use super::rows::now_ms;
use super::words;
use crate::error::Error;
use crate::placeholder::Placeholder;
use crate::variant::Worth;

use crate::profile::ProfileId;

/// An object that is in the bucket.
#[derive(Debug, Clone)]
pub struct SentObject {
    /// Its opaque id, as planned.
    pub uid: String,
    /// Its key.
    pub key: String,
    /// Whether this computer sent it; otherwise the bucket had it.
    pub ours: bool,
    /// Its ETag, as far as it is known.
    pub etag: String,
    /// Pixels, where it is a picture.
    pub pixels: Option<(u32, u32)>,
    /// How well it was encoded.
    pub worth: Worth,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its media type.
    pub content_type: String,
    /// Its public address.
    pub url: String,
}

/// How a job ended well.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Nothing had to be sent.
    pub present: bool,
    /// Bytes of the source.
    pub size: u64,
    /// Its modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Media type of the source.
    pub content_type: String,
    /// What stands for it while it loads.
    pub placeholder: Option<Placeholder>,
    /// What is missing all the same (variants of a damaged picture).
    pub warning: Option<Error>,
    /// The profile.
    pub profile: ProfileId,
    /// For a file of a watched folder that is in the bucket now: whether it is to be put away.
    pub put_away: Option<bool>,
    /// Who is to be told of it.
    pub tell: Vec<MessageKind>,
}

pub(super) fn finish(
    tx: &Transaction<'_>,
    job: i64,
    outcome: &Outcome,
    sent: &[SentObject],
) -> rusqlite::Result<()> {
    let warning = outcome.warning.as_ref();
    tx.prepare_cached(
        "UPDATE jobs SET state = 'done', outcome = ?2, size = ?3, content_type = ?4, finished_at = ?5, error_code = ?6, \
         error_message = ?7, error_hint = ?8, on_conflict = NULL, again = 0, engine = NULL, needs = NULL, wanted = NULL, \
         thumbhash = ?9, colour = ?10, day = day_of(?5) WHERE id = ?1",
    )?
    .execute(params![
        job,
        if outcome.present { "present" } else { "uploaded" },
        outcome.size as i64,
        outcome.content_type,
        now_ms(),
        warning.map(|error| error.code.as_str()),
        warning.map(|error| &error.message),
        warning.and_then(|error| error.hint.as_ref()),
        outcome.placeholder.as_ref().map(Placeholder::thumbhash),
        outcome.placeholder.as_ref().map(Placeholder::colour),
    ])?;
    let (source, watched, target, source_sha256): (Vec<u8>, Option<Vec<u8>>, Option<String>, Option<String>) = tx
        .prepare_cached("SELECT source, watched, (SELECT target FROM objects WHERE job = ?1 LIMIT 1), sha256 FROM jobs WHERE id = ?1")?
        .query_row(params![job], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let (target, source_sha256) = (
        target.unwrap_or_default(),
        source_sha256.unwrap_or_default(),
    );
    let relies = (source.as_slice(), watched.as_deref().unwrap_or_default());
    for object in sent {
        tx.prepare_cached(
            "UPDATE objects SET width = ?2, height = ?3, size = ?4, sha256 = ?5, content_type = ?6, url = ?7, \
             quality = ?8, score = ?9 WHERE uid = ?1",
        )?
        .execute(params![
            object.uid,
            object.pixels.map(|(width, _)| width),
            object.pixels.map(|(_, height)| height),
            object.size as i64,
            object.sha256,
            object.content_type,
            object.url,
            object.worth.quality,
            object.worth.score,
        ])?;
        let on_record = OnRecord {
            size: object.size,
            sha256: object.sha256.clone(),
            etag: object.etag.clone(),
            source_sha256: source_sha256.clone(),
            ours: object.ours,
            upload: None,
        };
        record::keep(tx, &target, &object.key, &on_record, Some(relies))?;
    }
    words::note(tx, job)
}

pub(super) fn fail(tx: &Transaction<'_>, job: i64, error: &Error) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE jobs SET state = 'failed', error_code = ?2, error_message = ?3, error_hint = ?4, finished_at = ?5, engine = NULL, needs = NULL \
         WHERE id = ?1 AND state IN ('queued', 'planned')",
    )?
    .execute(params![job, error.code.as_str(), error.message, error.hint, now_ms()])?;
    // By now it may have another name, and a key.
    words::note(tx, job)
}
