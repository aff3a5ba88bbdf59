//! What is on record of watched folders: which files were seen, how they looked, and what became of them.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use super::{JobRow, Journal, NewJob, Outcome, record, removals, rows};
use crate::error::{Code, Error, Result};
use crate::folder::{Known, OnRecord, Seen, Skipped, Stamp, WatchedFolder};
use crate::profile::ProfileId;

/// A file that is in the bucket and is to be moved or put into the trash.
#[derive(Debug, Clone)]
pub struct PutAway {
    /// Absolute path.
    pub path: PathBuf,
    /// How it looked when it was sent.
    pub stamp: Stamp,
    /// SHA-256 of what was sent, hex.
    pub sha256: String,
}

/// SQL: the bucket has something that the file relies on.
pub(super) fn relied_on_by(path: &str, folder: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM reliance relied WHERE relied.source = {path} AND relied.watched = {folder})"
    )
}

impl Journal {
    /// What is on record of a folder.
    ///
    /// What went to another profile's bucket, or is not skipped any more as the folder is meant now, is not on record.
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

    /// A folder is watched no more: should it be again, it is looked at as if for the first time, and what was deleted
    /// meanwhile is nobody's affair. Files on their way stay on record until they are in the bucket.
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

    /// Records files that do not go up.
    pub async fn skip(&self, folder: PathBuf, files: Vec<Seen>) -> Result<()> {
        self.writer
            .write(move |tx| {
                files
                    .iter()
                    .try_for_each(|seen| upsert(tx, &folder, seen, None))
            })
            .await
    }

    /// Files have another name, or look another way, and their content is on record. A job that has not sent them yet
    /// goes on with the new name. Returns those of which nothing is on record any more.
    pub async fn moved(
        &self,
        folder: PathBuf,
        files: Vec<(PathBuf, Seen)>,
    ) -> Result<Vec<PathBuf>> {
        self.writer
            .write(move |tx| {
                let mut lost = Vec::new();
                for (from, seen) in &files {
                    if !moved(tx, &folder, from, seen)? {
                        lost.push(seen.path.clone());
                    }
                }
                Ok(lost)
            })
            .await
    }

    /// Files are no longer there: should they come back, they are looked at anew. With `grace` (milliseconds of the
    /// folder's clock), their objects are to be removed then.
    pub async fn gone(
        &self,
        folder: PathBuf,
        files: Vec<PathBuf>,
        grace: Option<i64>,
    ) -> Result<()> {
        self.writer
            .write(move |tx| removals::gone(tx, &folder, &files, grace))
            .await
    }

    /// Files of a folder that are in the bucket and are to be put away; with `job`, that job's only.
    pub async fn to_put_away(&self, folder: &Path, job: Option<i64>) -> Result<Vec<PutAway>> {
        let folder = rows::path_to_blob(folder);
        let all = "SELECT path, size, mtime_ns, inode, sha256 FROM seen WHERE folder = ?1 AND put_away = 1 AND sha256 IS NOT NULL AND ?2 IS NULL";
        let one = "SELECT path, size, mtime_ns, inode, sha256 FROM seen WHERE +folder = ?1 AND put_away = 1 AND sha256 IS NOT NULL AND job = ?2";
        self.read(move |db| {
            let mut statement = db.prepare_cached(if job.is_some() { one } else { all })?;
            let files = statement.query_map(params![folder, job], |row| {
                let (size, inode) = (
                    row.get::<_, i64>(1)?.unsigned_abs(),
                    row.get::<_, i64>(3)?.cast_unsigned(),
                );
                let path = rows::path_from_blob(row.get_ref(0)?.as_blob()?);
                Ok(PutAway {
                    path,
                    stamp: Stamp {
                        size,
                        mtime_ns: row.get(2)?,
                        inode,
                    },
                    sha256: row.get(4)?,
                })
            })?;
            files.collect()
        })
        .await
    }

    /// A file was put away: nothing is on record of its path any more.
    pub async fn is_put_away(&self, folder: &Path, path: &Path) -> Result<()> {
        let (folder, path) = (rows::path_to_blob(folder), rows::path_to_blob(path));
        let sql = "DELETE FROM seen WHERE folder = ?1 AND path = ?2 AND put_away = 1";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![folder, path])
                    .map(|_| ())
            })
            .await
    }

    /// The file of a watched folder's job is not there any more: there is nothing to upload. Nothing remains of it, so
    /// that it is taken anew should it come back; but if the bucket has what it was before, the folder is to find out
    /// that it is gone.
    pub async fn take_back(&self, job: i64) -> Result<()> {
        self.writer
            .write(move |tx| {
                // It may have another name by now.
                if goes_again(tx, job)? {
                    return Ok(());
                }
                record::keep_unheard_of(tx, job)?;
                let relies = relied_on_by("seen.path", "seen.folder");
                // Like no file there is: it is on record, and whatever comes back is new.
                let keep =
                    format!("UPDATE seen SET job = NULL, size = 0, mtime_ns = 0, inode = 0, sha256 = NULL WHERE job = ?1 AND {relies}");
                tx.prepare_cached(&keep)?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM seen WHERE job = ?1")?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute(params![job]).map(|_| ())
            })
            .await
    }

    /// How the file of a watched folder's job looked when it was seen last; nothing if it is not there any more.
    pub async fn seen_by_job(&self, job: i64) -> Result<Option<Stamp>> {
        let sql = "SELECT size, mtime_ns, inode FROM seen WHERE job = ?1 LIMIT 1";
        self.read(move |db| {
            let stamp = |row: &rusqlite::Row<'_>| {
                let (size, inode) = (
                    row.get::<_, i64>(0)?.unsigned_abs(),
                    row.get::<_, i64>(2)?.cast_unsigned(),
                );
                Ok(Stamp {
                    size,
                    mtime_ns: row.get(1)?,
                    inode,
                })
            };
            db.prepare_cached(sql)?
                .query_row(params![job], stamp)
                .optional()
        })
        .await
    }

    /// SHA-256 of what the file of a job was when it was sent before, hex: under that key, or by a watched folder.
    pub async fn former(&self, job: &JobRow, target: &str, key: &str) -> Result<Option<String>> {
        let (id, source) = (job.id, rows::path_to_blob(&job.source));
        let (target, key) = (target.to_owned(), key.to_owned());
        let sql = "SELECT coalesce((SELECT sha256 FROM seen WHERE job = ?1), (SELECT j.sha256 FROM objects o JOIN jobs j ON j.id = o.job \
                   WHERE o.target = ?3 AND o.key = ?4 AND j.source = ?2 AND j.state = 'done' ORDER BY j.id DESC LIMIT 1))";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_row(params![id, source, target, key], |row| row.get(0))
        })
        .await
    }

    /// The unfinished job that goes on with what has become of a job's file since.
    pub async fn goes_on_as(&self, job: &JobRow) -> Result<Option<i64>> {
        let (id, source, watched) = (
            job.id,
            rows::path_to_blob(&job.source),
            job.watched.as_deref().map(rows::path_to_blob),
        );
        let sql = "SELECT j.id FROM seen s JOIN jobs j ON j.id = s.job \
                   WHERE s.folder = ?3 AND s.path = ?2 AND j.id <> ?1 AND j.state = 'queued'";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_row(params![id, source, watched], |row| row.get(0))
                .optional()
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
}

/// Whether anything is on record of it.
fn moved(tx: &Transaction<'_>, folder: &Path, from: &Path, seen: &Seen) -> rusqlite::Result<bool> {
    let (blob, from, to) = (
        rows::path_to_blob(folder),
        rows::path_to_blob(from),
        rows::path_to_blob(&seen.path),
    );
    let Stamp {
        size,
        mtime_ns,
        inode,
    } = seen.stamp;
    let sql = "UPDATE OR REPLACE seen SET path = ?3, size = ?4, mtime_ns = ?5, inode = ?6, skipped = ?7 WHERE folder = ?1 AND path = ?2 RETURNING job";
    let job: Option<Option<i64>> = tx
        .prepare_cached(sql)?
        .query_row(
            params![
                blob,
                from,
                to,
                size as i64,
                mtime_ns,
                inode.cast_signed(),
                seen.skipped.map(Skipped::as_str)
            ],
            |row| row.get(0),
        )
        .optional()?;
    removals::cancel(tx, &blob, &to)?;
    if let Some(job) = job.flatten() {
        let (name, place) = (
            crate::key::file_name(&seen.path),
            crate::folder::place_in(folder, &seen.path),
        );
        tx.prepare_cached(
            "UPDATE jobs SET name = ?3, folder = ?4, again = 1 WHERE id = ?1 AND source <> ?2 AND state IN ('queued', 'planned')",
        )?
        .execute(params![job, to, name, place])?;
        tx.prepare_cached("UPDATE jobs SET source = ?2 WHERE id = ?1 AND source <> ?2")?
            .execute(params![job, to])?;
    }
    tx.prepare_cached("UPDATE OR REPLACE reliance SET source = ?3 WHERE source = ?2 AND watched = ?1 AND source <> ?3")?
        .execute(params![blob, from, to])?;
    Ok(job.is_some())
}

/// The job that a file of a watched folder has already, as it looks now; and whether anything of it was sent before.
pub(super) fn earlier(
    tx: &Transaction<'_>,
    job: &NewJob,
    seen: &Seen,
) -> rusqlite::Result<(Option<i64>, bool)> {
    let sql = "SELECT s.size, s.mtime_ns, s.inode, CASE WHEN j.profile = ?3 THEN j.id END, j.id IS NOT NULL OR s.sha256 IS NOT NULL \
               FROM seen s LEFT JOIN jobs j ON j.id = s.job WHERE s.folder = ?1 AND s.path = ?2";
    let (folder, path) = (
        rows::path_to_blob(&job.watched),
        rows::path_to_blob(&seen.path),
    );
    let found = tx
        .prepare_cached(sql)?
        .query_row(params![folder, path, job.profile], |row| {
            let stamp = Stamp {
                size: row.get::<_, i64>(0)?.unsigned_abs(),
                mtime_ns: row.get(1)?,
                inode: row.get::<_, i64>(2)?.cast_unsigned(),
            };
            Ok((stamp, row.get::<_, Option<i64>>(3)?, row.get(4)?))
        });
    let Some((stamp, earlier, sent)) = found.optional()? else {
        return Ok((None, false));
    };
    Ok((earlier.filter(|_| stamp.is(&seen.stamp)), sent))
}

pub(super) fn upsert(
    tx: &Transaction<'_>,
    folder: &Path,
    seen: &Seen,
    job: Option<i64>,
) -> rusqlite::Result<()> {
    let Stamp {
        size,
        mtime_ns,
        inode,
    } = seen.stamp;
    let (folder, path) = (rows::path_to_blob(folder), rows::path_to_blob(&seen.path));
    removals::cancel(tx, &folder, &path)?;
    tx.prepare_cached(
        "INSERT INTO seen(folder, path, size, mtime_ns, inode, skipped, job) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT(folder, path) DO UPDATE SET size = ?3, mtime_ns = ?4, inode = ?5, skipped = ?6, job = ?7, put_away = 0",
    )?
    .execute(params![folder, path, size as i64, mtime_ns, inode.cast_signed(), seen.skipped.map(Skipped::as_str), job])?;
    Ok(())
}

/// A file is in the bucket with the content it has on record.
pub(super) fn sent(tx: &Transaction<'_>, job: i64, put_away: bool) -> rusqlite::Result<()> {
    let sql = "UPDATE seen SET sha256 = (SELECT sha256 FROM jobs WHERE id = ?1), put_away = ?2 WHERE job = ?1";
    tx.prepare_cached(sql)?
        .execute(params![job, put_away])
        .map(|_| ())
}

/// A file that got new content, or a new name, while its job was under way: what failed is tried once more; whether it
/// is.
pub(super) fn goes_again(tx: &Transaction<'_>, job: i64) -> rusqlite::Result<bool> {
    let sql = "UPDATE jobs SET state = 'queued', again = 0, engine = NULL, error_code = NULL, error_message = NULL, error_hint = NULL WHERE id = ?1 AND again = 1";
    Ok(tx.prepare_cached(sql)?.execute(params![job])? > 0)
}

/// The same where something was sent: if that is not what the file is now, there is a new job for it.
pub(super) fn goes_on(tx: &Transaction<'_>, job: i64, sent: &Outcome) -> rusqlite::Result<()> {
    let next = tx
        .prepare_cached(
            "INSERT INTO jobs(uid, source, name, folder, profile, watched, variants, state, created_at, on_conflict, needs) \
             SELECT ?4, source, name, folder, profile, watched, variants, 'queued', ?5, again_choice, needs FROM jobs \
             WHERE id = ?1 AND again = 1 AND EXISTS (SELECT 1 FROM seen WHERE job = ?1 AND (size <> ?2 OR mtime_ns <> ?3)) RETURNING id",
        )?
        .query_row(params![job, sent.size as i64, sent.mtime_ns, super::new_id(), rows::now_ms()], |row| row.get::<_, i64>(0))
        .optional()?;
    if next.is_some() {
        tx.prepare_cached("UPDATE seen SET job = ?2, put_away = 0 WHERE job = ?1")?
            .execute(params![job, next])?;
    }
    Ok(())
}
