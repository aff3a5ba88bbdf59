//! What is still to be told to others of finished jobs: webhooks and the bucket's manifest.

use rusqlite::{Transaction, params};

use super::Journal;
use crate::error::Result;
use crate::profile::ProfileId;

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// The profile's webhook.
    Webhook,
    /// The manifest in the bucket.
    Manifest,
}

impl MessageKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Manifest => "manifest",
        }
    }
}

/// Something to be told of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The journal's number for it.
    pub id: i64,
    /// The profile.
    pub profile: ProfileId,
    /// The job's number.
    pub job: i64,
    /// How often it was tried.
    pub tries: u32,
    /// Since when it waits, milliseconds since 1970.
    pub due_at: i64,
}

pub(super) fn add(
    tx: &Transaction<'_>,
    kind: MessageKind,
    profile: &ProfileId,
    job: i64,
) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO outbox(kind, profile, job, due_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            kind.name(),
            profile,
            job,
            jiff::Timestamp::now().as_millisecond()
        ])
        .map(|_| ())
}

impl Journal {
    /// The next messages of a kind, oldest first, so many of each profile: a long queue holds up no
    /// other.
    pub async fn messages(&self, kind: MessageKind, limit: u32) -> Result<Vec<Message>> {
        self.read(move |db| {
            // Each profile is one step through the index.
            let profiles = "WITH RECURSIVE p(profile) AS (SELECT min(profile) FROM outbox WHERE kind = ?1 UNION ALL \
                            SELECT (SELECT min(profile) FROM outbox WHERE kind = ?1 AND profile > p.profile) FROM p WHERE p.profile IS NOT NULL) \
                            SELECT profile FROM p WHERE profile IS NOT NULL";
            let mut profiles = db.prepare_cached(profiles)?;
            let profiles = profiles.query_map(params![kind.name()], |row| row.get::<_, ProfileId>(0))?;
            let sql = "SELECT id, profile, job, tries, due_at FROM outbox WHERE kind = ?1 AND profile = ?2 ORDER BY id LIMIT ?3";
            let (mut statement, mut messages) = (db.prepare_cached(sql)?, Vec::new());
            for profile in profiles {
                let rows = statement.query_map(params![kind.name(), profile?, limit], |row| {
                    Ok(Message { id: row.get(0)?, profile: row.get(1)?, job: row.get(2)?, tries: row.get(3)?, due_at: row.get(4)? })
                })?;
                messages.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            Ok(messages)
        })
        .await
    }

    /// These messages arrived.
    pub async fn told(&self, ids: Vec<i64>) -> Result<()> {
        let sql = "DELETE FROM outbox WHERE id = ?1";
        self.writer
            .write(move |tx| {
                ids.iter()
                    .try_for_each(|id| tx.prepare_cached(sql)?.execute(params![id]).map(|_| ()))
            })
            .await
    }

    /// A message did not arrive.
    pub async fn not_told(&self, id: i64) -> Result<()> {
        let sql = "UPDATE outbox SET tries = tries + 1 WHERE id = ?1";
        self.writer
            .write(move |tx| tx.prepare_cached(sql)?.execute(params![id]).map(|_| ()))
            .await
    }
}
