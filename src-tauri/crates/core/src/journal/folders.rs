//! What is on record of watched folders: how they are meant, for how long they were seen, and what
//! is known in them.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, params};

use super::access::Journal;
use super::rows;
use crate::error::{Code, Error, Result};
use crate::folder::{Known, OnRecord, Skipped, Stamp, WatchedFolder};
use crate::profile::ProfileId;

impl Journal {
    /// What is on record of a folder.
    ///
    /// What went to another profile's bucket, or is not skipped any more as the folder is meant
    /// now, is not on record.
    pub async fn on_record(&self, folder: &WatchedFolder, profile: &ProfileId) -> Result<OnRecord> {
        let (profile, meant) = (profile.clone(), folder.clone());
        let folder = rows::path_to_blob(&folder.path);
        self.read(move |db| {
            let begun: Option<bool> =
                db.query_row("SELECT begun FROM folders WHERE path = ?1", params![folder], |row| row.get(0)).optional()?;
            let mut mounts = db.prepare_cached("SELECT path FROM mounts WHERE folder = ?1")?;
            let mounts = mounts.query_map(params![folder], |row| Ok(rows::path_from_blob(row.get_ref(0)?.as_blob()?)))?;
            let mut statement = db.prepare_cached(
                "SELECT s.path, s.size, s.mtime_ns, s.inode, s.skipped, CASE WHEN coalesce(j.state, 'done') = 'done' THEN s.sha256 END \
                 FROM seen s LEFT JOIN jobs j ON j.id = s.job WHERE s.folder = ?1 AND coalesce(j.profile, ?2) = ?2",
            )?;
            let known = statement.query_map(params![folder, profile], |row| {
                let (size, inode) = (row.get::<_, i64>(1)?.unsigned_abs(), row.get::<_, i64>(3)?.cast_unsigned());
                let sha256 = row.get_ref(5)?.as_str_or_null()?.and_then(|sum| hex::decode(sum).ok()).and_then(|sum| sum.try_into().ok());
                let skipped = row.get_ref(4)?.as_str_or_null()?.and_then(Skipped::from_name);
                let known = Known { stamp: Stamp { size, mtime_ns: row.get(2)?, inode }, sha256, skipped };
                Ok((rows::path_from_blob(row.get_ref(0)?.as_blob()?), known))
            })?;
            Ok(OnRecord {
                first_time: begun != Some(true),
                mounts: mounts.collect::<rusqlite::Result<_>>()?,
                known: known
                    .filter(|known| known.as_ref().map_or(true, |(_, known)| known.skipped.is_none_or(|reason| meant.skips(reason))))
                    .collect::<rusqlite::Result<_>>()?,
            })
        })
        .await
    }

    /// Records how a folder is meant.
    pub async fn keep_folder(&self, folder: &WatchedFolder) -> Result<()> {
        let path = rows::path_to_blob(&folder.path);
        let meant = serde_json::to_string(folder).map_err(|error| {
            Error::new(
                Code::Internal,
                format!("a folder has no JSON form: {error}"),
            )
        })?;
        let sql = "INSERT INTO folders(path, meant, begun) VALUES (?1, ?2, 0) ON CONFLICT(path) DO UPDATE SET meant = ?2";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![path, meant])
                    .map(|_| ())
            })
            .await
    }

    /// How a folder was meant when it was watched last.
    pub async fn folder(&self, path: &Path) -> Result<Option<WatchedFolder>> {
        let path = rows::path_to_blob(path);
        let sql = "SELECT meant FROM folders WHERE path = ?1";
        let meant = self
            .read(move |db| {
                db.prepare_cached(sql)?
                    .query_row(params![path], |row| row.get::<_, Option<String>>(0))
                    .optional()
            })
            .await?;
        Ok(meant
            .flatten()
            .and_then(|meant| serde_json::from_str(&meant).ok()))
    }

    /// A folder was compared as a whole for the first time.
    pub async fn begin_folder(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "INSERT INTO folders(path) VALUES (?1) ON CONFLICT(path) DO UPDATE SET begun = 1 WHERE begun = 0";
        self.writer
            .write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ()))
            .await
    }

    /// A folder is watched no more: should it be again, it is looked at as if for the first time,
    /// and what was deleted meanwhile is nobody's affair. Files on their way stay on record until
    /// they are in the bucket.
    pub async fn end_folder(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let seen = "DELETE FROM seen WHERE folder = ?1 \
                    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = seen.job AND j.state IN ('queued', 'planned'))";
        self.writer
            .write(move |tx| {
                tx.prepare_cached("UPDATE folders SET begun = 0 WHERE path = ?1")?
                    .execute(params![folder])?;
                tx.prepare_cached(seen)?
                    .execute(params![folder])
                    .map(|_| ())
            })
            .await
    }

    /// Drives were found in a folder.
    pub async fn add_mounts(&self, folder: &Path, mounts: Vec<PathBuf>) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "INSERT OR IGNORE INTO mounts(folder, path) VALUES (?1, ?2)";
        self.writer
            .write(move |tx| {
                mounts.iter().try_for_each(|path| {
                    tx.prepare_cached(sql)?
                        .execute(params![folder, rows::path_to_blob(path)])
                        .map(|_| ())
                })
            })
            .await
    }

    /// Jobs of a folder: (unfinished, failed).
    pub async fn folder_counts(&self, folder: &Path) -> Result<(u64, u64)> {
        let folder = rows::path_to_blob(folder);
        // In the words of the index, so that it is used.
        let sql = "SELECT state, count(*) FROM jobs WHERE watched = ?1 AND watched IS NOT NULL AND state IN ('queued', 'planned', 'failed') GROUP BY state";
        self.read(move |db| {
            let mut statement = db.prepare_cached(sql)?;
            let counts = statement.query_map(params![folder], |row| {
                Ok((
                    row.get::<_, String>(0)? == "failed",
                    row.get::<_, i64>(1)?.unsigned_abs(),
                ))
            })?;
            counts
                .into_iter()
                .try_fold((0, 0), |(unfinished, failed), counted| {
                    let (is_failed, count) = counted?;
                    Ok(if is_failed {
                        (unfinished, failed + count)
                    } else {
                        (unfinished + count, failed)
                    })
                })
        })
        .await
    }

    /// A folder's clock goes on: an engine has seen it for so long since the clock said `from`. What
    /// the clock says now; nothing, if the folder is on no record.
    ///
    /// Engines that see a folder at the same time do not add up: each only sees to it that the
    /// clock is no further behind than its own seeing.
    pub async fn keep_clock(
        &self,
        folder: &Path,
        from: Option<i64>,
        millis: i64,
    ) -> Result<Option<i64>> {
        let folder = rows::path_to_blob(folder);
        // Who looks once, meanwhile, has nothing to add.
        let (now, sql) = (
            rows::now_ms(),
            "UPDATE folders SET watched_ms = max(watched_ms, coalesce(?2 + ?3, 0)), \
             looked_at = iif(looked_at IS NULL, NULL, ?4) WHERE path = ?1 RETURNING watched_ms",
        );
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .query_row(params![folder, from, millis, now], |row| row.get(0))
                    .optional()
            })
            .await
    }

    /// A folder was looked at once. Its clock goes on by what has passed since the last look, but
    /// by no more than `most`: a clock that jumps must not hurry anything.
    pub async fn looked_once(&self, folder: &Path, most: i64) -> Result<()> {
        let (folder, now) = (rows::path_to_blob(folder), rows::now_ms());
        let sql = "UPDATE folders SET watched_ms = watched_ms + max(0, min(?3, ?2 - coalesce(looked_at, ?2))), looked_at = ?2 WHERE path = ?1";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![folder, now, most])
                    .map(|_| ())
            })
            .await
    }
}
