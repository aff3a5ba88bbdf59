//! What is on record of the files of watched folders: how they looked, and what became of them.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use super::{JobRow, Journal, NewJob, Outcome, record, removals, rows, words};
use crate::error::Result;
use crate::folder::{Seen, Skipped, Stamp};

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

impl Journal {
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

    /// Files have another name, or look another way, and their content is on record. A job that has
    /// not sent them yet goes on with the new name. Returns those of which nothing is on record any
    /// more.
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

    /// Files are no longer there: should they come back, they are looked at anew. With `grace`
    /// (milliseconds of the folder's clock), their objects are to be removed then.
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

    /// Files of a folder that are in the bucket and are to be put away; with `job`, that job's
    /// only.
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

    /// The file of a watched folder's job is not there any more: there is nothing to upload.
    /// Nothing remains of it, so that it is taken anew should it come back; but if the bucket has
    /// what it was before, the folder is to find out that it is gone.
    pub async fn take_back(&self, job: i64) -> Result<()> {
        self.writer
            .write(move |tx| {
                // It may have another name by now.
                if goes_again(tx, job)? {
                    return Ok(());
                }
                let relies = record::relied_on_by("seen.path", "seen.folder");
                // Like no file there is: it is on record, and whatever comes back is new.
                let keep =
                    format!("UPDATE seen SET job = NULL, size = 0, mtime_ns = 0, inode = 0, sha256 = NULL WHERE job = ?1 AND {relies}");
                tx.prepare_cached(&keep)?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM seen WHERE job = ?1")?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute(params![job]).map(|_| ())
            })
            .await
    }

    /// How the file of a watched folder's job looked when it was seen last; nothing if it is not
    /// there any more.
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

    /// SHA-256 of what the file of a job was when it was sent before, hex: under that key, or by a
    /// watched folder.
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

/// The job that a file of a watched folder has already, as it looks now; and whether anything of it
/// was sent before.
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

/// A file that got new content, or a new name, while its job was under way: what failed is tried
/// once more; whether it is.
pub(super) fn goes_again(tx: &Transaction<'_>, job: i64) -> rusqlite::Result<bool> {
    // What a person said was said of what the file was.
    let sql = "UPDATE jobs SET state = 'queued', again = 0, engine = NULL, location = NULL, error_code = NULL, error_message = NULL, error_hint = NULL \
               WHERE id = ?1 AND again = 1";
    Ok(tx.prepare_cached(sql)?.execute(params![job])? > 0)
}

/// The same where something was sent: if that is not what the file is now, there is a new job for
/// it.
pub(super) fn goes_on(tx: &Transaction<'_>, job: i64, sent: &Outcome) -> rusqlite::Result<()> {
    let next = tx
        .prepare_cached(
            "INSERT INTO jobs(uid, source, name, folder, profile, watched, variants, state, created_at, on_conflict, needs) \
             SELECT ?4, source, name, folder, profile, watched, variants, 'queued', ?5, again_choice, needs FROM jobs \
             WHERE id = ?1 AND again = 1 AND EXISTS (SELECT 1 FROM seen WHERE job = ?1 AND (size <> ?2 OR mtime_ns <> ?3)) RETURNING id",
        )?
        .query_row(params![job, sent.size as i64, sent.mtime_ns, super::access::new_id(), rows::now_ms()], |row| row.get::<_, i64>(0))
        .optional()?;
    if let Some(next) = next {
        words::note(tx, next)?;
        tx.prepare_cached("UPDATE seen SET job = ?2, put_away = 0 WHERE job = ?1")?
            .execute(params![job, next])?;
    }
    Ok(())
}
