//! The journal: the durable record of jobs and their objects. History is its finished part.
//!
//! SQLite with WAL and `synchronous=FULL`: what is acknowledged survives a power cut. One thread of one process
//! writes at a time; requests that arrive together share a commit, so durability costs one disk flush for many jobs.

mod adopt;
mod batches;
mod ending;
mod outbox;
mod queue;
mod record;
mod removals;
mod rows;
mod schema;
mod search;
mod uploads;
mod watched;
mod writer;

pub use batches::BatchState;
pub use ending::{Outcome, SentObject};
pub use outbox::{Message, MessageKind};
pub use queue::{InHand, Tally, Unfinished, Wanted};
pub use record::OnRecord;
pub use removals::{Leave, Removable, Removal, Removals};
pub use uploads::{Orphan, PartRow, UploadKey, UploadRow};
pub use watched::PutAway;

pub use rows::{JobRow, JobState, NewJob, ObjectRow, PlannedObject};

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Code, Error, Result};
use crate::profile::{OnConflict, ProfileId};
use crate::world::blocking;
use writer::Writer;

/// A handle on the journal; cheap to clone.
#[derive(Clone)]
pub struct Journal {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
    /// For what people look for: a long search holds up nobody else.
    people: Arc<Mutex<Connection>>,
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
    /// What is under one of them is being taken away at this moment.
    Leaving,
}

impl Journal {
    /// Opens the journal, makes it if there is none, and brings an older layout up to date.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = schema::open(path)?;
        let (reader, people) = (schema::open(path)?, schema::open(path)?);
        search::prepare(&people).map_err(|error| sql_error(&error))?;
        let share = |connection| Arc::new(Mutex::new(connection));
        Ok(Self {
            writer: Writer::start(connection, path)?,
            reader: share(reader),
            people: share(people),
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        read_on(Arc::clone(&self.reader), work).await
    }

    /// Numbers of the unfinished jobs after a number, the newest first.
    pub async fn unfinished_after(&self, after: i64, limit: u32) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM jobs WHERE state IN ('queued', 'planned') AND id > ?1 ORDER BY id DESC LIMIT ?2";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_map(params![after, limit], |row| row.get(0))?
                .collect()
        })
        .await
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

    /// The newest jobs of the list, newest first, whose name or key contains `search`, or whose profile is one of these.
    /// It may take its time over a long history; nothing else waits for it.
    pub async fn recent(&self, search: &str, of: &[ProfileId], limit: u32) -> Result<Vec<JobRow>> {
        let (search, of) = (search::folded(search), rows::json(of));
        let people = Arc::clone(&self.people);
        let find = move |db: &Connection| {
            if search.is_empty() {
                return rows::select_jobs(
                    db,
                    "WHERE j.hidden = 0 ORDER BY j.id DESC LIMIT ?1",
                    params![limit],
                );
            }
            rows::select_jobs(
                db,
                "WHERE j.hidden = 0 AND (contains(j.name, ?1) OR j.profile IN (SELECT value FROM json_each(?3)) OR EXISTS \
                 (SELECT 1 FROM objects o WHERE o.job = j.id AND contains(o.key, ?1))) ORDER BY j.id DESC LIMIT ?2",
                params![search, limit, of],
            )
        };
        read_on(people, find).await
    }

    /// The jobs of those ids, in no particular order.
    pub async fn jobs(&self, ids: &[i64]) -> Result<Vec<JobRow>> {
        let ids = rows::json(ids);
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE j.id IN (SELECT value FROM json_each(?1))",
                params![ids],
            )
        })
        .await
    }

    /// The jobs of those public ids, in no particular order.
    pub async fn jobs_by_uid(&self, uids: &[String]) -> Result<Vec<JobRow>> {
        let uids = rows::json(uids);
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE j.uid IN (SELECT value FROM json_each(?1))",
                params![uids],
            )
        })
        .await
    }

    /// A finished job of the same content in the same bucket, with all its objects, if there is one.
    pub async fn same_content(
        &self,
        target: &str,
        sha256: &str,
    ) -> Result<Option<(JobRow, Vec<ObjectRow>)>> {
        let (target, sha256) = (target.to_owned(), sha256.to_owned());
        self.read(move |db| {
            let clauses = "WHERE j.sha256 = ?1 AND j.state = 'done' AND EXISTS \
                 (SELECT 1 FROM objects o JOIN bucket_objects b ON b.target = o.target AND b.key = o.key AND b.sha256 = o.sha256 \
                 WHERE o.job = j.id AND o.target = ?2) ORDER BY j.id DESC LIMIT 1";
            let Some(job) = rows::select_jobs(db, clauses, params![sha256, target])?.pop() else { return Ok(None) };
            let objects = rows::select_objects(db, job.id)?;
            Ok(Some((job, objects)))
        })
        .await
    }

    /// Finished jobs of a profile after a number, oldest first: for checking them against the bucket.
    pub async fn done_after(
        &self,
        profile: &ProfileId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        let profile = profile.clone();
        self.read(move |db| {
            let clauses =
                "WHERE j.state = 'done' AND j.profile = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3";
            rows::select_jobs(db, clauses, params![profile, after, limit])
        })
        .await
    }

    /// The job with that public id.
    pub async fn job(&self, uid: &str) -> Result<Option<JobRow>> {
        let uid = uid.to_owned();
        self.read(move |db| Ok(rows::select_jobs(db, "WHERE j.uid = ?1", params![uid])?.pop()))
            .await
    }

    /// The objects of a job: the original first, then the variants as specified.
    pub async fn objects(&self, job: i64) -> Result<Vec<ObjectRow>> {
        self.read(move |db| rows::select_objects(db, job)).await
    }

    /// Claims keys for a job and records its plan, in one commit: either all keys are the job's, or nothing changed.
    ///
    /// Only unfinished jobs hold claims; for finished ones the bucket itself is asked.
    pub async fn plan(
        &self,
        job: i64,
        target: String,
        sha256: String,
        objects: Vec<PlannedObject>,
    ) -> Result<Claim> {
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
                outcome
                    .tell
                    .iter()
                    .try_for_each(|kind| outbox::add(tx, *kind, &outcome.profile, job))
            })
            .await
    }

    /// Records that a job failed, and lets go of the keys it had not filled.
    pub async fn fail(&self, job: i64, error: Error) -> Result<()> {
        self.writer
            .write(move |tx| {
                if watched::goes_again(tx, job)? {
                    Ok(())
                } else {
                    ending::fail(tx, job, &error)
                }
            })
            .await
    }

    /// Puts jobs back into the queue: failed ones, and finished ones of which something is missing. With a person's
    /// choice for keys that are taken, if there is one.
    pub async fn requeue(&self, uids: Vec<String>, choice: Option<OnConflict>) -> Result<()> {
        let sql = "UPDATE jobs SET state = 'queued', error_code = NULL, error_message = NULL, error_hint = NULL, finished_at = NULL, \
                   hidden = 0, paused = 0, on_conflict = coalesce(?2, on_conflict) \
                   WHERE uid = ?1 AND foreign_to_here = 0 AND (state = 'failed' OR (state = 'done' AND error_code IS NOT NULL))";
        let choice = choice.map(OnConflict::as_str);
        self.writer
            .write(move |tx| {
                uids.iter().try_for_each(|uid| {
                    tx.prepare_cached(sql)?
                        .execute(params![uid, choice])
                        .map(|_| ())
                })
            })
            .await
    }

    /// Puts finished jobs back into the queue, as one batch: the bucket does not have what it should. They send what
    /// they sent before, and nothing else that may lie under their paths by now.
    pub async fn redo(&self, batch: String, jobs: Vec<i64>) -> Result<()> {
        // The bucket is to have under the very key what it had; what was seen there instead is what may be replaced.
        let sql = "UPDATE jobs SET state = 'queued', outcome = NULL, finished_at = NULL, error_code = NULL, error_message = NULL, \
                   error_hint = NULL, wanted = sha256, on_conflict = 'overwrite', hidden = 0, paused = 0 WHERE id = ?1 AND state = 'done' AND foreign_to_here = 0";
        self.writer
            .write(move |tx| {
                for (position, job) in jobs.iter().enumerate() {
                    if tx.prepare_cached(sql)?.execute(params![job])? > 0 {
                        let add = "INSERT INTO batches(batch, position, job) VALUES (?1, ?2, ?3)";
                        tx.prepare_cached(add)?
                            .execute(params![batch, position as i64, job])?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Takes finished or failed jobs out of the list that people see; what they stand for is not forgotten.
    pub async fn forget(&self, uids: Vec<String>) -> Result<()> {
        let sql = "UPDATE jobs SET hidden = 1 WHERE uid = ?1 AND state IN ('done', 'failed')";
        self.writer
            .write(move |tx| {
                uids.iter()
                    .try_for_each(|uid| tx.prepare_cached(sql)?.execute(params![uid]).map(|_| ()))
            })
            .await
    }

    /// A number that changes whenever another process has written.
    pub async fn data_version(&self) -> Result<i64> {
        self.writer
            .look(|db| db.query_row("PRAGMA data_version", [], |row| row.get(0)))
            .await
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

async fn read_on<T: Send + 'static>(
    connection: Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T> {
    let read = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    blocking("reading the journal", read)
        .await?
        .map_err(|error| sql_error(&error))
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
            Error::new(Code::DiskFull, "the disk has no room for the journal")
                .hint("free some space; Tintype goes on where it stopped")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::new(
            Code::JournalDamaged,
            format!("the journal is damaged: {error}"),
        )
        .hint("move journal.sqlite away to start afresh; what is in the bucket stays there"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::new(
            Code::JournalBusy,
            "another program keeps the journal to itself for the moment",
        )
        .hint("end the program that has journal.sqlite open; Tintype goes on by itself"),
        _ => Error::new(
            Code::JournalDamaged,
            format!("the journal could not be used: {error}"),
        )
        .hint("check the rights of Tintype's data folder and the room on its disk"),
    }
}

#[cfg(test)]
mod tests;
