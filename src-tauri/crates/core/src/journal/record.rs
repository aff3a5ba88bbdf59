//! The record of what buckets have: apart from the history of jobs, and from the list that people
//! see.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Journal, rows};
use crate::error::Result;
use crate::profile::ProfileId;

/// What is on record of an object in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnRecord {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// The ETag it had; empty where that is not known.
    pub etag: String,
    /// SHA-256 of the file it is, or was made of.
    pub source_sha256: String,
    /// Whether this computer sent it.
    pub ours: bool,
    /// This job was given up, and may have put what it sent there instead: the object says so.
    pub upload: Option<String>,
}

/// An object is in the bucket, and a file relies on it.
pub(super) fn keep(
    tx: &Transaction<'_>,
    target: &str,
    key: &str,
    object: &OnRecord,
    relies: Option<(&[u8], &[u8])>,
) -> rusqlite::Result<()> {
    // Of what was only thought to be there nothing is left by now; so nothing relies on it either.
    tx.prepare_cached(
        "DELETE FROM reliance WHERE target = ?1 AND key = ?2 AND EXISTS \
         (SELECT 1 FROM bucket_objects WHERE target = ?1 AND key = ?2 AND sha256 = '' AND upload IS NOT NULL)",
    )?
    .execute(params![target, key])?;
    // What is there by our own hand stays ours, though it was only found there this time.
    tx.prepare_cached(
        "INSERT INTO bucket_objects(target, key, folded, size, sha256, etag, source_sha256, ours) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT (target, key) DO UPDATE SET size = ?4, sha256 = ?5, etag = ?6, source_sha256 = ?7, \
         ours = ?8 OR (ours AND sha256 = ?5), upload = NULL",
    )?
    .execute(params![
        target,
        key,
        crate::key::folded(key),
        object.size as i64,
        object.sha256,
        object.etag,
        object.source_sha256,
        object.ours
    ])?;
    if let Some((source, watched)) = relies {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO reliance(source, watched, target, key) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![source, watched, target, key])?;
    }
    Ok(())
}

/// What there is of a job that is given up, or goes on under other keys, under a key that it
/// planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// It sent what is there, and nobody was told.
    Untold,
    /// It sent what is there; another job, which found it there, told of it.
    Told,
    /// It may have sent what is there, or what comes to be there.
    Perhaps,
}

/// Keeps a trace: what it may be of is known by the job's id.
fn keep_trace(tx: &Transaction<'_>, job: i64, key: &str, trace: Trace) -> rusqlite::Result<()> {
    // No file is said to rely on what another one has put there.
    let relies = "INSERT OR IGNORE INTO reliance(source, watched, target, key) SELECT j.source, coalesce(j.watched, x''), o.target, o.key \
                  FROM objects o JOIN jobs j ON j.id = o.job WHERE j.id = ?1 AND o.key = ?2 \
                  AND (?3 OR NOT EXISTS (SELECT 1 FROM bucket_objects b WHERE b.target = o.target AND b.key = o.key))";
    tx.prepare_cached(relies)?
        .execute(params![job, key, trace != Trace::Perhaps])?;
    let known = match trace {
        Trace::Untold => {
            "size = 0, sha256 = '', etag = '', source_sha256 = excluded.source_sha256, ours = 1, upload = excluded.upload"
        }
        Trace::Told => "ours = 1, upload = excluded.upload",
        Trace::Perhaps => "upload = coalesce(upload, excluded.upload)",
    };
    tx.prepare_cached(&format!(
        "INSERT INTO bucket_objects(target, key, folded, size, sha256, etag, source_sha256, ours, upload) \
         SELECT o.target, o.key, o.folded, 0, '', '', coalesce(j.sha256, ''), 1, j.uid FROM objects o JOIN jobs j ON j.id = o.job \
         WHERE j.id = ?1 AND o.key = ?2 ON CONFLICT (target, key) DO UPDATE SET {known}"
    ))?
    .execute(params![job, key])
    .map(|_| ())
}

/// Whether a file of another name relies on an object.
pub(super) fn is_relied_on(
    db: &Connection,
    source: &[u8],
    target: &str,
    key: &str,
) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM reliance WHERE target = ?2 AND key = ?3 AND source <> ?1)";
    db.prepare_cached(sql)?
        .query_row(params![source, target, key], |row| row.get(0))
}

/// Whether a file of another name relies on an object, or is on its way to it.
pub(super) fn is_shared(
    db: &Connection,
    source: &[u8],
    target: &str,
    key: &str,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job \
               WHERE o.target = ?2 AND o.key = ?3 AND j.source <> ?1 AND j.state IN ('queued', 'planned'))";
    let on_its_way = || {
        db.prepare_cached(sql)?
            .query_row(params![source, target, key], |row| row.get(0))
    };
    Ok(is_relied_on(db, source, target, key)? || on_its_way()?)
}

pub(super) fn select(
    db: &Connection,
    target: &str,
    key: &str,
) -> rusqlite::Result<Option<OnRecord>> {
    db.prepare_cached("SELECT size, sha256, etag, source_sha256, ours, upload FROM bucket_objects WHERE target = ?1 AND key = ?2")?
        .query_row(params![target, key], |row| {
            let size = row.get::<_, i64>(0)?.unsigned_abs();
            Ok(OnRecord {
                size,
                sha256: row.get(1)?,
                etag: row.get(2)?,
                source_sha256: row.get(3)?,
                ours: row.get(4)?,
                upload: row.get(5)?,
            })
        })
        .optional()
}

impl Journal {
    /// What there is of a job under keys of its plan, of which it did not hear.
    pub async fn unheard_of(&self, job: i64, traces: Vec<(String, Trace)>) -> Result<()> {
        self.writer
            .write(move |tx| {
                let mut traces = traces.iter();
                traces.try_for_each(|(key, trace)| keep_trace(tx, job, key, *trace))
            })
            .await
    }

    /// What is on record of an object.
    pub async fn object_on_record(&self, target: &str, key: &str) -> Result<Option<OnRecord>> {
        let (target, key) = (target.to_owned(), key.to_owned());
        self.read(move |db| select(db, &target, &key)).await
    }

    /// Whether all of these objects that are there are this computer's own, and no other file needs
    /// one of them.
    pub async fn may_replace(
        &self,
        source: &std::path::Path,
        target: &str,
        keys: Vec<String>,
    ) -> Result<bool> {
        let (source, target) = (rows::path_to_blob(source), target.to_owned());
        self.read(move |db| {
            for key in &keys {
                let ours = select(db, &target, key)?.is_none_or(|object| object.ours);
                if !ours || is_shared(db, &source, &target, key)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    /// One name for a bucket that may be spelled in many ways: what it was called first. A profile
    /// whose bucket has the name it had before means the same bucket, whatever its address is by
    /// now.
    pub async fn target(&self, profile: &ProfileId, bucket: &str, spelled: &str) -> Result<String> {
        let (profile, bucket, spelled) = (profile.clone(), bucket.to_owned(), spelled.to_owned());
        self.writer
            .write(move |tx| {
                let known = "SELECT target FROM bucket_names WHERE name = ?1";
                let before = "SELECT target FROM profile_buckets WHERE profile = ?1 AND bucket = ?2";
                let known: Option<String> = tx.prepare_cached(known)?.query_row(params![spelled], |row| row.get(0)).optional()?;
                let before: Option<String> = tx.prepare_cached(before)?.query_row(params![profile, bucket], |row| row.get(0)).optional()?;
                let target = known.or(before).unwrap_or_else(|| spelled.clone());
                tx.prepare_cached("INSERT OR IGNORE INTO bucket_names(name, target) VALUES (?1, ?2)")?.execute(params![spelled, target])?;
                let sql = "INSERT INTO profile_buckets(profile, bucket, target) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (profile) DO UPDATE SET bucket = ?2, target = ?3";
                tx.prepare_cached(sql)?.execute(params![profile, bucket, target])?;
                Ok(target)
            })
            .await
    }
}

/// SQL: the bucket has something that the file relies on.
pub(super) fn relied_on_by(path: &str, folder: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM reliance relied WHERE relied.source = {path} AND relied.watched = {folder})"
    )
}
