//! How a file becomes a job: the one that is on its way already, or a new one.

use rusqlite::{OptionalExtension, Transaction, params};

use super::access::new_id;
use super::rows::{NewJob, now_ms, path_to_blob, specs};
use super::{asking, ending, watched as folder, words};
use crate::profile::{OnConflict, OnLocation};

/// The job for a source: the one that is on its way already, or a new one.
pub(super) fn take(tx: &Transaction<'_>, job: &NewJob) -> rusqlite::Result<i64> {
    let Some(seen) = &job.seen else {
        let Some(id) = find_alike(tx, job)? else {
            return insert_job(tx, job, job.on_conflict);
        };
        // What an ended engine left may have to be run by the one that asks now.
        tx.prepare_cached("UPDATE jobs SET needs = ?2 WHERE id = ?1")?
            .execute(params![id, job.needs])?;
        // Given once more with an answer, one that was asked about has it.
        if job.location.is_some() {
            asking::settle(tx, id, job.location)?;
        }
        return Ok(id);
    };
    let (same, changed) = folder::earlier(tx, job, seen)?;
    if let Some(id) = same {
        return Ok(id);
    }
    let id = match find_unfinished(tx, job)? {
        Some(id) => {
            // What a person said of its place was said of what the file was.
            let again =
                "UPDATE jobs SET again = 1, again_choice = ?2, location = NULL WHERE id = ?1";
            tx.prepare_cached(again)?
                .execute(params![id, job.on_conflict.map(OnConflict::as_str)])?;
            asking::settle(tx, id, None)?;
            id
        }
        None => insert_job(tx, job, job.on_conflict.filter(|_| changed))?,
    };
    folder::upsert(tx, &job.watched, seen, Some(id))?;
    Ok(id)
}

/// A job for the same file, wanted in the very same way, that nobody has in hand: whoever takes it
/// reads the file as it is now, or later.
fn find_alike(tx: &Transaction<'_>, job: &NewJob) -> rusqlite::Result<Option<i64>> {
    if job.refused.is_some() {
        return Ok(None);
    }
    tx.prepare_cached(
        "SELECT id FROM jobs WHERE source = ?1 AND profile = ?2 AND variants = ?3 AND watched IS ?4 AND folder = ?5 AND on_conflict IS ?6 \
         AND (location IS ?8 OR error_code = 'location-asked') \
         AND (needs IS NULL OR needs = ?7) AND wanted IS NULL AND engine IS NULL AND state IN ('queued', 'planned')",
    )?
    .query_row(
        params![
            path_to_blob(&job.source),
            job.profile,
            specs(&job.variants),
            watched(job),
            job.folder,
            job.on_conflict.map(OnConflict::as_str),
            job.needs,
            job.location.map(OnLocation::as_str)
        ],
        |row| row.get(0),
    )
    .optional()
}

fn find_unfinished(tx: &Transaction<'_>, job: &NewJob) -> rusqlite::Result<Option<i64>> {
    if job.refused.is_some() {
        return Ok(None);
    }
    tx.prepare_cached(
        "SELECT id FROM jobs WHERE source = ?1 AND profile = ?2 AND variants = ?3 AND watched IS ?4 AND state IN ('queued', 'planned')",
    )?
    .query_row(params![path_to_blob(&job.source), job.profile, specs(&job.variants), watched(job)], |row| row.get(0))
    .optional()
}

fn watched(job: &NewJob) -> Option<Vec<u8>> {
    (!job.watched.as_os_str().is_empty()).then(|| path_to_blob(&job.watched))
}

fn insert_job(
    tx: &Transaction<'_>,
    job: &NewJob,
    choice: Option<OnConflict>,
) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO jobs(uid, source, name, folder, profile, watched, variants, state, created_at, on_conflict, needs, location) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        new_id(),
        path_to_blob(&job.source),
        job.name,
        job.folder,
        job.profile,
        watched(job),
        specs(&job.variants),
        now_ms(),
        choice.map(OnConflict::as_str),
        job.needs,
        job.location.map(OnLocation::as_str),
    ])?;
    let id = tx.last_insert_rowid();
    words::note(tx, id)?;
    if let Some(error) = &job.refused {
        ending::fail(tx, id, error)?;
    }
    Ok(id)
}
