//! Uploads that other computers made, from the bucket's manifest.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Journal;
use super::record::{self, OnRecord};
use super::rows::path_to_blob;
use super::words;
use crate::error::Result;
use crate::key;
use crate::link;
use crate::manifest::ManifestEntry;
use crate::profile::ProfileId;

impl Journal {
    /// Records uploads that another computer made, unless this journal knows them; how many are
    /// new. What the entries say is taken for words only: their names are no paths here, and their
    /// links are made anew, beginning with `base`.
    pub async fn adopt(
        &self,
        profile: ProfileId,
        target: String,
        base: String,
        entries: Vec<ManifestEntry>,
    ) -> Result<u64> {
        let adopt_all = move |tx: &Transaction<'_>| {
            entries.iter().try_fold(0, |new, entry| {
                Ok(new + u64::from(adopt(tx, &profile, &target, &base, entry)?))
            })
        };
        self.writer.write(adopt_all).await
    }
}

fn adopt(
    tx: &Transaction<'_>,
    profile: &ProfileId,
    target: &str,
    base: &str,
    entry: &ManifestEntry,
) -> rusqlite::Result<bool> {
    let known = tx
        .prepare_cached("SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job WHERE o.target = ?1 AND o.key = ?2 AND j.sha256 = ?3")?
        .query_row(params![target, entry.original().key, entry.sha256], |_| Ok(()))
        .optional()?;
    if known.is_some() {
        return Ok(false);
    }
    let name = key::file_name(Path::new(&entry.name));
    tx.prepare_cached(
        "INSERT INTO jobs(uid, source, name, folder, profile, variants, state, outcome, size, sha256, content_type, created_at, finished_at, foreign_to_here, thumbhash, colour, day) \
         VALUES (?1, ?2, ?3, '', ?4, '[]', 'done', 'uploaded', ?5, ?6, ?7, ?8, ?8, 1, ?9, ?10, day_of(?8))",
    )?
    .execute(params![
        super::access::new_id(),
        path_to_blob(Path::new(&name)),
        name,
        profile,
        entry.original().size as i64,
        entry.sha256,
        entry.original().content_type,
        entry.finished_at,
        entry.placeholder().map(|placeholder| placeholder.thumbhash()),
        entry.placeholder().map(|placeholder| placeholder.colour()),
    ])?;
    let job = tx.last_insert_rowid();
    for (position, object) in entry.objects.iter().enumerate() {
        tx.prepare_cached(
            "INSERT INTO objects(job, position, uid, variant, target, key, folded, width, height, size, sha256, content_type, url, quality, score) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            job,
            position as i64,
            super::access::new_id(),
            object.variant,
            target,
            object.key,
            key::folded(&object.key),
            object.width,
            object.height,
            object.size as i64,
            object.sha256,
            object.content_type,
            link::url(base, &object.key),
            object.worth.quality,
            object.worth.score,
        ])?;
        if record::select(tx, target, &object.key)?.is_none() {
            let (sha256, source_sha256) = (object.sha256.clone(), entry.sha256.clone());
            let there = OnRecord {
                size: object.size,
                sha256,
                etag: String::new(),
                source_sha256,
                ours: false,
                upload: None,
            };
            record::keep(tx, target, &object.key, &there, None)?;
        }
    }
    words::note(tx, job)?;
    Ok(true)
}
