//! Uploads in parts: what is in the bucket of objects that are not whole yet.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Journal, rows};
use crate::error::Result;
use crate::profile::ProfileId;

/// An object that goes up in parts, by the job and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadKey {
    /// The job's number.
    pub job: i64,
    /// The profile.
    pub profile: ProfileId,
    /// The bucket's name, whatever the profile.
    pub target: String,
    /// The object's key.
    pub key: String,
    /// SHA-256 of the whole file.
    pub sha256: String,
}

/// A part as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    /// From 1.
    pub number: i32,
    /// Bytes.
    pub size: u64,
    /// As the bucket gave it.
    pub etag: String,
    /// Base64, where the bucket checks those.
    pub crc32: Option<String>,
}

/// An upload as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// The journal's number for it.
    pub id: i64,
    /// The id the bucket gave it; nothing where it was about to begin.
    pub upload: Option<String>,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// The uploads of its key that others had begun before, where the bucket told.
    pub before: Option<Vec<String>>,
    /// The parts in the bucket.
    pub parts: Vec<PartRow>,
}

/// An upload that nobody goes on with, and that is to be aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The profile.
    pub profile: ProfileId,
    /// The bucket's name, whatever the profile.
    pub target: String,
    /// The object's key.
    pub key: String,
    /// The id the bucket gave it; nothing where its answer was lost.
    pub upload: Option<String>,
    /// The uploads of its key that others had begun before, where the bucket told.
    pub before: Option<Vec<String>>,
    /// The journal's number for it.
    pub id: i64,
}

impl Journal {
    /// The upload on record for these very bytes under this key. One for other bytes, or another
    /// key, is given up.
    pub async fn upload(&self, key: UploadKey) -> Result<Option<UploadRow>> {
        self.writer
            .write(move |tx| {
                tx.prepare_cached("UPDATE uploads SET job = NULL WHERE job = ?1 AND NOT (target = ?2 AND key = ?3 AND sha256 = ?4)")?
                    .execute(params![key.job, key.target, key.key, key.sha256])?;
                let row = tx
                    .prepare_cached("SELECT id, upload, part_size, before FROM uploads WHERE job = ?1")?
                    .query_row(params![key.job], |row| {
                        let part_size = row.get::<_, i64>(2)?.unsigned_abs();
                        Ok(UploadRow { id: row.get(0)?, upload: row.get(1)?, part_size, before: list(row, 3)?, parts: Vec::new() })
                    })
                    .optional()?;
                row.map(|row| Ok(UploadRow { parts: select_parts(tx, row.id)?, ..row })).transpose()
            })
            .await
    }

    /// Records that an upload is about to begin.
    pub async fn intend_upload(&self, key: UploadKey, before: Option<Vec<String>>) -> Result<()> {
        let before = before.map(|before| rows::json(&before));
        self.writer
            .write(move |tx| {
                tx.prepare_cached("DELETE FROM uploads WHERE job = ?1")?.execute(params![key.job])?;
                tx.prepare_cached(
                    "INSERT INTO uploads(job, profile, target, key, sha256, part_size, began_at, before) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
                )?
                .execute(params![key.job, key.profile, key.target, key.key, key.sha256, jiff::Timestamp::now().as_second(), before])
                .map(|_| ())
            })
            .await
    }

    /// Records the id the bucket gave.
    pub async fn begin_upload(&self, job: i64, upload: String, part_size: u64) -> Result<()> {
        let sql = "UPDATE uploads SET upload = ?2, part_size = ?3 WHERE job = ?1";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![job, upload, part_size as i64])
                    .map(|_| ())
            })
            .await
    }

    /// Records a part that is in the bucket.
    pub async fn add_part(&self, job: i64, part: PartRow) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO parts(upload, number, size, etag, crc32) SELECT id, ?2, ?3, ?4, ?5 FROM uploads WHERE job = ?1";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![
                        job,
                        part.number,
                        part.size as i64,
                        part.etag,
                        part.crc32
                    ])
                    .map(|_| ())
            })
            .await
    }

    /// Gives a job's upload up: it is an orphan from now on.
    pub async fn discard_upload(&self, job: i64) -> Result<()> {
        let sql = "UPDATE uploads SET job = NULL WHERE job = ?1";
        self.writer
            .write(move |tx| tx.prepare_cached(sql)?.execute(params![job]).map(|_| ()))
            .await
    }

    /// Nothing is left in the bucket of an upload that the bucket knew by this id.
    pub async fn forget_upload(&self, target: String, upload: String) -> Result<()> {
        let sql = "DELETE FROM uploads WHERE target = ?1 AND upload = ?2";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![target, upload])
                    .map(|_| ())
            })
            .await
    }

    /// The bucket has an upload that nobody goes on with.
    pub async fn add_orphan(&self, key: UploadKey, upload: String) -> Result<()> {
        let sql = "INSERT INTO uploads(profile, target, key, sha256, upload, part_size, began_at) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
        let now = jiff::Timestamp::now().as_second();
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![
                        key.profile,
                        key.target,
                        key.key,
                        key.sha256,
                        upload,
                        now
                    ])
                    .map(|_| ())
            })
            .await
    }

    /// Nothing is left of an orphan.
    pub async fn forget_orphan(&self, id: i64) -> Result<()> {
        self.writer
            .write(move |tx| {
                tx.prepare_cached("DELETE FROM uploads WHERE id = ?1")?
                    .execute(params![id])
                    .map(|_| ())
            })
            .await
    }

    /// The ids of all uploads of a key that are on record: those are nobody's strays.
    pub async fn known_uploads(&self, target: &str, key: &str) -> Result<Vec<String>> {
        let (target, key) = (target.to_owned(), key.to_owned());
        let sql =
            "SELECT upload FROM uploads WHERE target = ?1 AND key = ?2 AND upload IS NOT NULL";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_map(params![target, key], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Uploads that nobody goes on with.
    pub async fn orphans(&self) -> Result<Vec<Orphan>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT u.profile, u.target, u.key, u.upload, u.before, u.id FROM uploads u LEFT JOIN jobs j ON j.id = u.job \
                 WHERE j.id IS NULL OR j.state IN ('done', 'failed') ORDER BY u.id LIMIT 1000",
            )?;
            let orphan = |row: &rusqlite::Row<'_>| {
                let (profile, target, key, upload) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Orphan { profile, target, key, upload, before: list(row, 4)?, id: row.get(5)? })
            };
            statement.query_map([], orphan)?.collect()
        })
        .await
    }
}

/// A list that was written as JSON; nothing where there is none.
fn list(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Option<Vec<String>>> {
    Ok(row
        .get_ref(index)?
        .as_str_or_null()?
        .and_then(|text| serde_json::from_str(text).ok()))
}

/// A job is finished: what it had begun in parts and did not need is given up.
pub(super) fn finish_upload(tx: &Transaction<'_>, job: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE uploads SET job = NULL WHERE job = ?1")?
        .execute(params![job])
        .map(|_| ())
}

fn select_parts(db: &Connection, upload: i64) -> rusqlite::Result<Vec<PartRow>> {
    let mut statement = db.prepare_cached(
        "SELECT number, size, etag, crc32 FROM parts WHERE upload = ?1 ORDER BY number",
    )?;
    let rows = statement.query_map(params![upload], |row| {
        Ok(PartRow {
            number: row.get(0)?,
            size: row.get::<_, i64>(1)?.unsigned_abs(),
            etag: row.get(2)?,
            crc32: row.get(3)?,
        })
    })?;
    rows.collect()
}
