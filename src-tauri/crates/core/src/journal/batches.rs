//! Batches: what somebody gave together, and waits for together.

use rusqlite::params;

use super::{JobRow, Journal, NewJob, rows, taking};
use crate::error::{Code, Result};

/// How far a job of a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchState {
    /// Its place in the batch.
    pub position: usize,
    /// The job's public id.
    pub uid: String,
    /// Finished, or failed.
    pub ended: bool,
    /// An engine has it in hand, and nothing has gone wrong with it yet.
    pub works: bool,
    /// Why it waits, if it does.
    pub waits: Option<Code>,
    /// Parts of it that are in the bucket.
    pub parts: u64,
}

impl Journal {
    /// Records jobs, in order, as one batch; returns their ids once they are safe on disk.
    ///
    /// A source that is queued already and wanted in the very same way is not queued twice: the
    /// batch shares that job.
    pub async fn enqueue(&self, batch: String, jobs: Vec<NewJob>) -> Result<Vec<i64>> {
        self.writer
            .write(move |tx| {
                let mut ids = Vec::with_capacity(jobs.len());
                let behind = "SELECT coalesce(max(position) + 1, 0) FROM batches WHERE batch = ?1";
                let behind: i64 = tx
                    .prepare_cached(behind)?
                    .query_row(params![batch], |row| row.get(0))?;
                for (job, position) in jobs.iter().zip(behind..) {
                    let id = taking::take(tx, job)?;
                    tx.prepare_cached(
                        "INSERT INTO batches(batch, position, job) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![batch, position, id])?;
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
        self.read(move |db| rows::select_jobs(db, clauses, params![batch, from as i64, limit]))
            .await
    }

    /// How far the jobs of a batch are, in the order given, from a position on.
    pub async fn batch_states(
        &self,
        batch: &str,
        from: usize,
        limit: u32,
    ) -> Result<Vec<BatchState>> {
        let batch = batch.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT b.position, j.uid, j.state IN ('done', 'failed'), j.engine IS NOT NULL AND j.error_code IS NULL, j.error_code, j.paused, \
                 (SELECT count(*) FROM uploads u JOIN parts p ON p.upload = u.id WHERE u.job = j.id) \
                 FROM batches b JOIN jobs j ON j.id = b.job WHERE b.batch = ?1 AND b.position >= ?2 ORDER BY b.position LIMIT ?3",
            )?;
            let states = statement.query_map(params![batch, from as i64, limit], |row| {
                let error = row.get_ref(4)?.as_str_or_null()?.map(Code::from_name);
                let (position, ended) = (row.get::<_, i64>(0)?, row.get(2)?);
                Ok(BatchState {
                    position: usize::try_from(position).unwrap_or_default(),
                    uid: row.get(1)?,
                    ended,
                    works: row.get(3)?,
                    waits: match error.filter(|_| !ended) {
                        error if !row.get::<_, bool>(5)? => error,
                        Some(Code::LocationAsked) => Some(Code::LocationAsked),
                        _ => Some(Code::Paused),
                    },
                    parts: row.get::<_, i64>(6)?.unsigned_abs(),
                })
            })?;
            states.collect()
        })
        .await
    }

    /// Jobs of a batch: (unfinished, all).
    pub async fn batch_counts(&self, batch: &str) -> Result<(usize, usize)> {
        let batch = batch.to_owned();
        let sql = "SELECT count(DISTINCT j.id) FILTER (WHERE j.state NOT IN ('done', 'failed')), count(DISTINCT j.id) \
                   FROM batches b JOIN jobs j ON j.id = b.job WHERE b.batch = ?1";
        self.read(move |db| {
            let count = |row: &rusqlite::Row<'_>, index| {
                row.get::<_, i64>(index)
                    .map(|count| usize::try_from(count).unwrap_or_default())
            };
            db.prepare_cached(sql)?
                .query_row(params![batch], |row| Ok((count(row, 0)?, count(row, 1)?)))
        })
        .await
    }
}
