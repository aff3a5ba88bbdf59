//! What becomes of jobs, each in one commit: they end, fail, are put back into the queue, or leave
//! the list.

use rusqlite::params;

use super::access::Journal;
use super::ending::{self, Outcome, SentObject};
use super::{outbox, uploads, watched};
use crate::error::{Error, Result};
use crate::profile::OnConflict;

impl Journal {
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

    /// Puts jobs back into the queue: failed ones, and finished ones of which something is missing.
    /// With a person's choice for keys that are taken, if there is one.
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

    /// Puts finished jobs back into the queue, as one batch: the bucket does not have what it
    /// should. They send what they sent before, and nothing else that may lie under their paths by
    /// now.
    pub async fn redo(&self, batch: String, jobs: Vec<i64>) -> Result<()> {
        // The bucket is to have under the very key what it had; what was seen there instead is what
        // may be replaced.
        let sql = "UPDATE jobs SET state = 'queued', outcome = NULL, finished_at = NULL, error_code = NULL, error_message = NULL, \
                   error_hint = NULL, wanted = sha256, on_conflict = 'overwrite', hidden = 0, paused = 0 WHERE id = ?1 AND (state = 'done' OR state = 'failed' AND wanted IS NOT NULL) \
                   AND foreign_to_here = 0";
        self.writer
            .write(move |tx| {
                for (position, job) in jobs.iter().enumerate() {
                    // What an earlier repair left in the queue is waited for as well.
                    let queued =
                        "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND wanted IS NOT NULL)";
                    tx.prepare_cached(sql)?.execute(params![job])?;
                    if tx
                        .prepare_cached(queued)?
                        .query_row(params![job], |row| row.get(0))?
                    {
                        let add = "INSERT INTO batches(batch, position, job) VALUES (?1, ?2, ?3)";
                        tx.prepare_cached(add)?
                            .execute(params![batch, position as i64, job])?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Takes finished or failed jobs out of the list that people see; what they stand for is not
    /// forgotten. Those that did leave it.
    pub async fn forget(&self, uids: Vec<String>) -> Result<Vec<String>> {
        let sql = "UPDATE jobs SET hidden = 1 WHERE uid = ?1 AND state IN ('done', 'failed')";
        self.writer
            .write(move |tx| {
                let mut gone = Vec::new();
                for uid in uids {
                    if tx.prepare_cached(sql)?.execute(params![uid])? > 0 {
                        gone.push(uid);
                    }
                }
                Ok(gone)
            })
            .await
    }
}
