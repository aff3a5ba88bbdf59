//! The journal: the durable record of jobs and their objects. History is its finished part.
//!
//! SQLite with WAL and `synchronous=FULL`: what is acknowledged survives a power cut. One thread of one process
//! writes at a time; requests that arrive together share a commit, so durability costs one disk flush for many jobs.

mod rows;
mod schema;
mod writer;

pub use rows::{JobRow, JobState, NewJob, ObjectRow, Outcome, PlannedObject, SentObject};

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Code, Error, Result};
use writer::Writer;

/// A handle on the journal; cheap to clone.
#[derive(Clone)]
pub struct Journal {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

/// A source file and its size and time, as a watched folder saw it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Absolute path.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// The answer to a claim on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The keys belong to the job until it is finished.
    Granted,
    /// Another unfinished job has one of them for other content.
    Taken,
}

impl Journal {
    /// Opens the journal, makes it if there is none, and brings an older layout up to date.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = schema::open(path)?;
        let reader = schema::open(path)?;
        Ok(Self { writer: Writer::start(connection, path)?, reader: Arc::new(Mutex::new(reader)) })
    }

    async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static) -> Result<T> {
        let reader = Arc::clone(&self.reader);
        tokio::task::spawn_blocking(move || work(&reader.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
            .map_err(|error| Error::new(Code::Internal, format!("reading the journal ended early: {error}")))?
            .map_err(|error| sql_error(&error))
    }

    /// Records jobs, in order, as one batch; returns their ids once they are safe on disk.
    ///
    /// A source that is already on its way with the same profile and variants is not queued twice: the batch
    /// shares that job.
    pub async fn enqueue(&self, batch: String, jobs: Vec<NewJob>) -> Result<Vec<i64>> {
        self.writer
            .write(move |tx| {
                let mut ids = Vec::with_capacity(jobs.len());
                for (position, job) in jobs.iter().enumerate() {
                    let id = match rows::find_unfinished(tx, job)? {
                        Some(id) => id,
                        None => rows::insert_job(tx, job)?,
                    };
                    tx.prepare_cached("INSERT INTO batches(batch, position, job) VALUES (?1, ?2, ?3)")?.execute(params![
                        batch,
                        position as i64,
                        id
                    ])?;
                    if let Some(seen) = &job.seen {
                        rows::upsert_seen(tx, &job.watched, seen, Some(id))?;
                    }
                    ids.push(id);
                }
                Ok(ids)
            })
            .await
    }

    /// The jobs of a batch in the order given.
    pub async fn batch(&self, batch: &str) -> Result<Vec<JobRow>> {
        let batch = batch.to_owned();
        self.read(move |db| rows::select_jobs(db, "JOIN batches b ON b.job = j.id WHERE b.batch = ?1 ORDER BY b.position", params![batch]))
            .await
    }

    /// Every job that is not finished, oldest first.
    pub async fn unfinished(&self) -> Result<Vec<JobRow>> {
        self.read(|db| rows::select_jobs(db, "WHERE j.state IN ('queued', 'planned') ORDER BY j.id", [])).await
    }

    /// Unfinished jobs with an id above `after`, oldest first.
    pub async fn unfinished_after(&self, after: i64) -> Result<Vec<JobRow>> {
        self.read(move |db| rows::select_jobs(db, "WHERE j.state IN ('queued', 'planned') AND j.id > ?1 ORDER BY j.id", params![after]))
            .await
    }

    /// The newest jobs, newest first, whose name, key or profile contains `search`.
    pub async fn recent(&self, search: &str, limit: u32) -> Result<Vec<JobRow>> {
        let pattern = format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE (?1 = '%%' OR j.name LIKE ?1 ESCAPE '\\' OR j.profile LIKE ?1 ESCAPE '\\' OR EXISTS \
                 (SELECT 1 FROM objects o WHERE o.job = j.id AND o.key LIKE ?1 ESCAPE '\\')) ORDER BY j.id DESC LIMIT ?2",
                params![pattern, limit],
            )
        })
        .await
    }

    /// The jobs of those ids, in no particular order.
    pub async fn jobs(&self, ids: Vec<i64>) -> Result<Vec<JobRow>> {
        self.read(move |db| {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.extend(rows::select_jobs(db, "WHERE j.id = ?1", params![id])?);
            }
            Ok(found)
        })
        .await
    }

    /// The job with that public id.
    pub async fn job(&self, uid: &str) -> Result<Option<JobRow>> {
        let uid = uid.to_owned();
        self.read(move |db| Ok(rows::select_jobs(db, "WHERE j.uid = ?1", params![uid])?.pop())).await
    }

    /// The objects of a job: the original first, then the variants as specified.
    pub async fn objects(&self, job: i64) -> Result<Vec<ObjectRow>> {
        self.read(move |db| rows::select_objects(db, job)).await
    }

    /// Jobs by state, over everything the journal knows: (unfinished, done, failed).
    pub async fn counts(&self) -> Result<(u64, u64, u64)> {
        self.read(|db| {
            let count = |states: &str| {
                db.query_row(&format!("SELECT count(*) FROM jobs WHERE state IN ({states})"), [], |row| row.get::<_, i64>(0))
                    .map(|n| n.unsigned_abs())
            };
            Ok((count("'queued','planned'")?, count("'done'")?, count("'failed'")?))
        })
        .await
    }

    /// Claims keys for a job and records its plan, in one commit: either all keys are the job's, or nothing changed.
    ///
    /// Only unfinished jobs hold claims; for finished ones the bucket itself is asked.
    pub async fn plan(&self, job: i64, target: String, sha256: String, objects: Vec<PlannedObject>) -> Result<Claim> {
        self.writer
            .write(move |tx| {
                for object in &objects {
                    if rows::claimed_by_other(tx, job, &target, &sha256, object)? {
                        return Ok(Claim::Taken);
                    }
                }
                rows::store_plan(tx, job, &target, &sha256, &objects)?;
                Ok(Claim::Granted)
            })
            .await
    }

    /// Records a finished job and all its objects, in one commit.
    pub async fn finish(&self, job: i64, outcome: Outcome, sent: Vec<SentObject>) -> Result<()> {
        self.writer.write(move |tx| rows::finish(tx, job, &outcome, &sent)).await
    }

    /// Records that a job failed, and lets go of the keys it had not filled.
    pub async fn fail(&self, job: i64, error: Error) -> Result<()> {
        self.writer.write(move |tx| rows::fail(tx, job, &error)).await
    }

    /// Records why an unfinished job waits, so that everyone can see it.
    pub async fn note_waiting(&self, job: i64, error: Error) -> Result<()> {
        self.writer.write(move |tx| rows::note_waiting(tx, job, &error)).await
    }

    /// Puts failed jobs back into the queue; returns how many there were.
    pub async fn requeue(&self, uids: Vec<String>) -> Result<usize> {
        self.writer
            .write(move |tx| {
                let mut count = 0;
                for uid in &uids {
                    count += tx
                        .prepare_cached(
                            "UPDATE jobs SET state = 'queued', error_code = NULL, error_message = NULL, error_hint = NULL, \
                         finished_at = NULL WHERE uid = ?1 AND (state = 'failed' OR (state = 'done' AND error_code IS NOT NULL))",
                        )?
                        .execute(params![uid])?;
                }
                Ok(count)
            })
            .await
    }

    /// Takes finished or failed jobs out of the list.
    pub async fn forget(&self, uids: Vec<String>) -> Result<()> {
        self.writer
            .write(move |tx| {
                for uid in &uids {
                    tx.prepare_cached("DELETE FROM jobs WHERE uid = ?1 AND state IN ('done', 'failed')")?.execute(params![uid])?;
                }
                Ok(())
            })
            .await
    }

    /// What a watched folder has already been through, as (path, size, time).
    pub async fn seen(&self, folder: &Path) -> Result<HashSet<(PathBuf, u64, i64)>> {
        let folder = rows::path_to_blob(folder);
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT path, size, mtime_ns FROM seen WHERE folder = ?1")?;
            let rows = statement.query_map(params![folder], |row| {
                Ok((rows::path_from_blob(&row.get::<_, Vec<u8>>(0)?), row.get::<_, i64>(1)?.unsigned_abs(), row.get(2)?))
            })?;
            rows.collect()
        })
        .await
    }

    /// A number that changes whenever another process has written.
    pub async fn data_version(&self) -> Result<i64> {
        self.read(|db| db.query_row("PRAGMA data_version", [], |row| row.get(0))).await
    }

    /// Whether a key of a target belongs to an unfinished job (for tests and checks).
    pub async fn is_claimed(&self, target: &str, key: &str) -> Result<bool> {
        let (target, key) = (target.to_owned(), key.to_owned());
        self.read(move |db| {
            db.query_row(
                "SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job WHERE o.target = ?1 AND o.key = ?2 AND j.state = 'planned'",
                params![target, key],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
        })
        .await
    }
}

/// A database failure, told in a sentence.
pub(crate) fn sql_error(error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::new(Code::DiskFull, "the disk has no room for the journal").hint("free some space; Tintype goes on where it stopped")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Error::new(Code::JournalDamaged, format!("the journal is damaged: {error}"))
                .hint("move journal.sqlite away to start afresh; what is in the bucket stays there")
        }
        _ => Error::new(Code::JournalDamaged, format!("the journal could not be used: {error}"))
            .hint("check the rights of Tintype's data folder and the room on its disk"),
    }
}

#[cfg(test)]
mod tests;
