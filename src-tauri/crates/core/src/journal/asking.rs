//! Jobs that wait for a person's word, because their file tells where it was taken.

use rusqlite::{Transaction, params};

use super::access::Journal;
use crate::error::{Code, Error, Result};
use crate::profile::OnLocation;

/// SQL: a job that was asked about, and nobody has answered.
pub(super) const ASKED: &str =
    "paused = 1 AND error_code = 'location-asked' AND state IN ('queued', 'planned')";

/// A person's word on a job that was asked about; without one it is looked at once more, as its file
/// is another by now.
pub(super) fn settle(
    tx: &Transaction<'_>,
    job: i64,
    word: Option<OnLocation>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE jobs SET paused = 0, location = ?2, error_code = NULL, error_message = NULL, error_hint = NULL WHERE id = ?1 AND {ASKED}"
    );
    tx.prepare_cached(&sql)?
        .execute(params![job, word.map(OnLocation::as_str)])
        .map(|_| ())
}

impl Journal {
    /// A job rests until a person says what is to happen to its file.
    pub async fn ask_about(&self, engine: &str, job: i64, question: Error) -> Result<()> {
        debug_assert_eq!(question.code, Code::LocationAsked);
        let engine = engine.to_owned();
        let sql = "UPDATE jobs SET paused = 1, error_code = ?3, error_message = ?4, error_hint = ?5, engine = NULL, state = 'queued' \
                   WHERE id = ?1 AND engine = ?2 AND state IN ('queued', 'planned')";
        self.writer
            .write(move |tx| {
                let Error {
                    code,
                    message,
                    hint,
                    ..
                } = &question;
                tx.prepare_cached(sql)?
                    .execute(params![job, engine, code.as_str(), message, hint])
                    .map(|_| ())
            })
            .await
    }

    /// A person's word on jobs that were asked about; those that were not stay as they are.
    pub async fn answer(&self, uids: Vec<String>, choice: OnLocation) -> Result<()> {
        self.writer
            .write(move |tx| {
                for uid in &uids {
                    let id = tx
                        .prepare_cached("SELECT id FROM jobs WHERE uid = ?1")?
                        .query_map(params![uid], |row| row.get(0))?
                        .collect::<rusqlite::Result<Vec<i64>>>()?;
                    id.into_iter()
                        .try_for_each(|id| settle(tx, id, Some(choice)))?;
                }
                Ok(())
            })
            .await
    }

    /// What was asked about is not to go up at all. In a watched folder it is not found again
    /// before it changes.
    pub async fn withdraw(&self, uids: Vec<String>) -> Result<()> {
        let sql = format!("DELETE FROM jobs WHERE uid = ?1 AND {ASKED}");
        self.writer
            .write(move |tx| {
                uids.iter()
                    .try_for_each(|uid| tx.prepare_cached(&sql)?.execute(params![uid]).map(|_| ()))
            })
            .await
    }
}
