//! The journal: the durable record of jobs and their objects. History is its finished part.
//!
//! SQLite with WAL and `synchronous=FULL`: what is acknowledged survives a power cut. One thread of one process
//! writes at a time; requests that arrive together share a commit, so durability costs one disk flush for many jobs.

mod adopt;
mod ending;
mod outbox;
mod removals;
mod rows;
mod schema;
mod uploads;
mod watched;
mod writer;

pub use ending::{Outcome, SentObject};
pub use outbox::{Message, MessageKind};
pub use removals::{Removal, Removals};
pub use uploads::{Orphan, PartRow, UploadKey, UploadRow};
pub use watched::PutAway;

pub use rows::{JobRow, JobState, NewJob, ObjectRow, PlannedObject};

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Code, Error, Result};
use crate::profile::OnConflict;
use writer::Writer;

/// A handle on the journal; cheap to clone.
#[derive(Clone)]
pub struct Journal {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

/// The answer to a claim on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The keys belong to the job until it is finished, and no other is known to have had them.
    New,
    /// The keys belong to the job until it is finished.
    Granted,
    /// Another unfinished job has one of them for other content.
    Busy,
    /// Other content is in the bucket under a key that differs in case or composition only.
    Twin,
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
                    let id = rows::take(tx, job)?;
                    tx.prepare_cached("INSERT INTO batches(batch, position, job) VALUES (?1, ?2, ?3)")?.execute(params![
                        batch,
                        position as i64,
                        id
                    ])?;
                    ids.push(id);
                }
                Ok(ids)
            })
            .await
    }

    /// Jobs of a batch in the order given, from a position on.
    pub async fn batch(&self, batch: &str, from: usize, limit: u32) -> Result<Vec<JobRow>> {
        let batch = batch.to_owned();
        let clauses = "JOIN batches b ON b.job = j.id WHERE b.batch = ?1 AND b.position >= ?2 ORDER BY b.position LIMIT ?3";
        self.read(move |db| rows::select_jobs(db, clauses, params![batch, from as i64, limit])).await
    }

    /// How far the jobs of a batch are: (public id, finished, held up), in the order given.
    pub async fn batch_states(&self, batch: &str) -> Result<Vec<(String, bool, bool)>> {
        let batch = batch.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT j.uid, j.state IN ('done', 'failed'), j.error_code IS NOT NULL OR j.paused = 1 FROM batches b JOIN jobs j ON j.id = b.job \
                 WHERE b.batch = ?1 ORDER BY b.position",
            )?;
            statement.query_map(params![batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .await
    }

    /// The jobs to be run next: those a person gave before those a watched folder found, older ones first. Without
    /// those of `known`, and without those of `profiles` that cannot be used at the moment.
    pub async fn next(&self, known: &[i64], profiles: &[String], limit: u32) -> Result<Vec<JobRow>> {
        let (known, profiles) = (rows::json(known), rows::json(profiles));
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE j.state IN ('queued', 'planned') AND j.paused = 0 AND j.id NOT IN (SELECT value FROM json_each(?1)) \
                 AND j.profile NOT IN (SELECT value FROM json_each(?2)) ORDER BY j.watched IS NOT NULL, j.id LIMIT ?3",
                params![known, profiles, limit],
            )
        })
        .await
    }

    /// The job of a profile to be run next, to see whether its bucket is back.
    pub async fn next_of(&self, profile: &str, known: &[i64]) -> Result<Option<JobRow>> {
        let (profile, known) = (profile.to_owned(), rows::json(known));
        self.read(move |db| {
            let clauses = "WHERE j.state IN ('queued', 'planned') AND j.paused = 0 AND j.profile = ?1 \
                 AND j.id NOT IN (SELECT value FROM json_each(?2)) ORDER BY j.watched IS NOT NULL, j.id LIMIT 1";
            Ok(rows::select_jobs(db, clauses, params![profile, known])?.pop())
        })
        .await
    }

    /// Numbers of the unfinished jobs after a number.
    pub async fn unfinished_after(&self, after: i64) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM jobs WHERE state IN ('queued', 'planned') AND id > ?1 ORDER BY id";
        self.read(move |db| db.prepare_cached(sql)?.query_map(params![after], |row| row.get(0))?.collect()).await
    }

    /// Those of these jobs that have finished, or have something to say.
    pub async fn news_of(&self, ids: &[i64]) -> Result<Vec<JobRow>> {
        let ids = rows::json(ids);
        self.read(move |db| {
            let clauses = "WHERE j.id IN (SELECT value FROM json_each(?1)) AND (j.state IN ('done', 'failed') OR j.error_code IS NOT NULL)";
            rows::select_jobs(db, clauses, params![ids])
        })
        .await
    }

    /// Unfinished jobs that wait: they rest, have something to say, or are of these profiles.
    pub async fn count_waiting(&self, profiles: &[String]) -> Result<u64> {
        let profiles = rows::json(profiles);
        let held = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'planned') AND (paused = 1 OR error_code IS NOT NULL)";
        let out = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'planned') AND NOT (paused = 1 OR error_code IS NOT NULL) \
                   AND profile IN (SELECT value FROM json_each(?1))";
        self.read(move |db| {
            let held: i64 = db.prepare_cached(held)?.query_row([], |row| row.get(0))?;
            let out: i64 = if profiles == "[]" { 0 } else { db.prepare_cached(out)?.query_row(params![profiles], |row| row.get(0))? };
            Ok((held + out).unsigned_abs())
        })
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
    pub async fn jobs(&self, ids: &[i64]) -> Result<Vec<JobRow>> {
        let ids = rows::json(ids);
        self.read(move |db| rows::select_jobs(db, "WHERE j.id IN (SELECT value FROM json_each(?1))", params![ids])).await
    }

    /// The jobs of those public ids, in no particular order.
    pub async fn jobs_by_uid(&self, uids: &[String]) -> Result<Vec<JobRow>> {
        let uids = rows::json(uids);
        self.read(move |db| rows::select_jobs(db, "WHERE j.uid IN (SELECT value FROM json_each(?1))", params![uids])).await
    }

    /// A finished job of the same content in the same bucket, with all its objects, if there is one.
    pub async fn same_content(&self, target: &str, sha256: &str) -> Result<Option<(JobRow, Vec<ObjectRow>)>> {
        let (target, sha256) = (target.to_owned(), sha256.to_owned());
        self.read(move |db| {
            let clauses = "WHERE j.sha256 = ?1 AND j.state = 'done' AND EXISTS \
                 (SELECT 1 FROM objects o WHERE o.job = j.id AND o.target = ?2 AND o.url IS NOT NULL) ORDER BY j.id DESC LIMIT 1";
            let Some(job) = rows::select_jobs(db, clauses, params![sha256, target])?.pop() else { return Ok(None) };
            let objects = rows::select_objects(db, job.id)?;
            Ok(Some((job, objects)))
        })
        .await
    }

    /// Finished jobs of a profile after a number, oldest first: for checking them against the bucket.
    pub async fn done_after(&self, profile: &str, after: i64, limit: u32) -> Result<Vec<JobRow>> {
        let profile = profile.to_owned();
        self.read(move |db| {
            let clauses = "WHERE j.state = 'done' AND j.profile = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3";
            rows::select_jobs(db, clauses, params![profile, after, limit])
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
            let mut counts = (0, 0, 0);
            let mut statement = db.prepare_cached("SELECT state, jobs FROM tally")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            for row in rows {
                match row? {
                    (state, jobs) if state == "done" => counts.1 = jobs,
                    (state, jobs) if state == "failed" => counts.2 = jobs,
                    (_, jobs) => counts.0 += jobs,
                }
            }
            Ok(counts)
        })
        .await
    }

    /// Claims keys for a job and records its plan, in one commit: either all keys are the job's, or nothing changed.
    ///
    /// Only unfinished jobs hold claims; for finished ones the bucket itself is asked.
    pub async fn plan(&self, job: i64, target: String, sha256: String, objects: Vec<PlannedObject>) -> Result<Claim> {
        self.writer
            .write(move |tx| {
                let mut claim = Claim::New;
                for object in &objects {
                    match rows::claimed(tx, job, &target, &sha256, object)? {
                        Claim::New => {}
                        Claim::Granted => claim = Claim::Granted,
                        refused => return Ok(refused),
                    }
                }
                rows::store_plan(tx, job, &target, &sha256, &objects)?;
                Ok(claim)
            })
            .await
    }

    /// Records a finished job and all its objects, in one commit.
    pub async fn finish(&self, job: i64, outcome: Outcome, sent: Vec<SentObject>) -> Result<()> {
        self.writer
            .write(move |tx| {
                uploads::finish_upload(tx, job)?;
                if let Some(put_away) = outcome.put_away {
                    watched::sent(tx, job, put_away)?;
                }
                watched::goes_on(tx, job, &outcome)?;
                ending::finish(tx, job, &outcome, &sent)?;
                outcome.tell.iter().try_for_each(|kind| outbox::add(tx, *kind, &outcome.profile, job))
            })
            .await
    }

    /// Records that a job failed, and lets go of the keys it had not filled.
    pub async fn fail(&self, job: i64, error: Error) -> Result<()> {
        self.writer.write(move |tx| if watched::goes_again(tx, job)? { Ok(()) } else { ending::fail(tx, job, &error) }).await
    }

    /// Records why an unfinished job waits, so that everyone can see it.
    pub async fn note_waiting(&self, job: i64, error: Error) -> Result<()> {
        self.writer.write(move |tx| ending::note_waiting(tx, job, &error)).await
    }

    /// Puts jobs back into the queue: failed ones, and finished ones of which something is missing. With a person's
    /// choice for keys that are taken, if there is one.
    pub async fn requeue(&self, uids: Vec<String>, choice: Option<OnConflict>) -> Result<()> {
        let sql = "UPDATE jobs SET state = 'queued', error_code = NULL, error_message = NULL, error_hint = NULL, finished_at = NULL, \
                   on_conflict = coalesce(?2, on_conflict) \
                   WHERE uid = ?1 AND (state = 'failed' OR (state = 'done' AND error_code IS NOT NULL))";
        let choice = choice.map(OnConflict::as_str);
        self.writer.write(move |tx| uids.iter().try_for_each(|uid| tx.prepare_cached(sql)?.execute(params![uid, choice]).map(|_| ()))).await
    }

    /// Puts a finished job back into the queue: the bucket does not have what it should.
    pub async fn redo(&self, job: i64) -> Result<()> {
        let sql = "UPDATE jobs SET state = 'queued', outcome = NULL, finished_at = NULL, error_code = NULL, error_message = NULL, \
                   error_hint = NULL WHERE id = ?1 AND state = 'done'";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![job]).map(|_| ())).await
    }

    /// Lets unfinished jobs rest, or go on.
    pub async fn pause(&self, uids: Vec<String>, paused: bool) -> Result<()> {
        let sql = "UPDATE jobs SET paused = ?2 WHERE uid = ?1 AND state IN ('queued', 'planned')";
        self.writer.write(move |tx| uids.iter().try_for_each(|uid| tx.prepare_cached(sql)?.execute(params![uid, paused]).map(|_| ()))).await
    }

    /// A profile has another name: its jobs, uploads and messages go with it.
    pub async fn rename_profile(&self, old: String, new: String) -> Result<()> {
        let tables = ["jobs", "uploads", "outbox"];
        self.writer
            .write(move |tx| {
                let rename = |table| tx.execute(&format!("UPDATE {table} SET profile = ?2 WHERE profile = ?1"), params![old, new]);
                tables.into_iter().try_for_each(|table| rename(table).map(|_| ()))
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

/// An id for a job, an object or a batch. Later ones sort behind earlier ones (RFC 9562, version 7), so that an index
/// grows at its end and a commit touches few pages of it.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
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
