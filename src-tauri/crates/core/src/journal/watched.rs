//! What is on record of watched folders: which files were seen, how they looked, and what became of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Journal, NewJob, rows};
use crate::error::Result;
use crate::folder::{Known, Seen, Skipped, Stamp};

impl Journal {
    /// What is on record of a folder, and whether it was never watched before.
    pub async fn known(&self, folder: &Path) -> Result<(BTreeMap<PathBuf, Known>, bool)> {
        let folder = rows::path_to_blob(folder);
        self.read(move |db| {
            let begun: Option<i64> = db.query_row("SELECT 1 FROM folders WHERE path = ?1", params![folder], |row| row.get(0)).optional()?;
            let mut statement = db.prepare_cached(
                "SELECT s.path, s.size, s.mtime_ns, s.inode, s.skipped, CASE WHEN j.state = 'done' THEN j.sha256 END \
                 FROM seen s LEFT JOIN jobs j ON j.id = s.job WHERE s.folder = ?1",
            )?;
            let known = statement.query_map(params![folder], |row| {
                let (size, inode) = (row.get::<_, i64>(1)?.unsigned_abs(), row.get::<_, i64>(3)?.cast_unsigned());
                let sha256 = row.get_ref(5)?.as_str_or_null()?.and_then(|sum| hex::decode(sum).ok()).and_then(|sum| sum.try_into().ok());
                let skipped = row.get_ref(4)?.as_str_or_null()?.and_then(Skipped::from_name);
                let known = Known { stamp: Stamp { size, mtime_ns: row.get(2)?, inode }, sha256, skipped };
                Ok((rows::path_from_blob(row.get_ref(0)?.as_blob()?), known))
            })?;
            Ok((known.collect::<rusqlite::Result<_>>()?, begun.is_none()))
        })
        .await
    }

    /// A folder was compared as a whole for the first time.
    pub async fn begin_folder(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "INSERT OR IGNORE INTO folders(path) VALUES (?1)";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ())).await
    }

    /// Records files that do not go up.
    pub async fn skip(&self, folder: PathBuf, files: Vec<Seen>) -> Result<()> {
        self.writer.write(move |tx| files.iter().try_for_each(|seen| upsert(tx, &folder, seen, None))).await
    }

    /// Files have another name, or look another way, and their content is on record. A job that has not sent them yet
    /// goes on with the new name.
    pub async fn moved(&self, folder: PathBuf, files: Vec<(PathBuf, Seen)>) -> Result<()> {
        self.writer
            .write(move |tx| {
                let blob = rows::path_to_blob(&folder);
                for (from, seen) in &files {
                    let (from, to) = (rows::path_to_blob(from), rows::path_to_blob(&seen.path));
                    let job: Option<i64> = tx
                        .prepare_cached("DELETE FROM seen WHERE folder = ?1 AND path = ?2 RETURNING job")?
                        .query_row(params![blob, from], |row| row.get(0))
                        .optional()?
                        .flatten();
                    upsert(tx, &folder, seen, job)?;
                    tx.prepare_cached(
                        "UPDATE jobs SET source = ?2, name = ?3, folder = ?4, again = 1 \
                         WHERE id = ?1 AND source <> ?2 AND state IN ('queued', 'planned')",
                    )?
                    .execute(params![
                        job,
                        to,
                        crate::key::file_name(&seen.path),
                        crate::folder::place_in(&folder, &seen.path)
                    ])?;
                }
                Ok(())
            })
            .await
    }

    /// Files are no longer there: should they come back, they are looked at anew.
    pub async fn gone(&self, folder: PathBuf, files: Vec<PathBuf>) -> Result<()> {
        let folder = rows::path_to_blob(&folder);
        let sql = "DELETE FROM seen WHERE folder = ?1 AND path = ?2";
        self.writer
            .write(move |tx| {
                files.iter().try_for_each(|path| tx.prepare_cached(sql)?.execute(params![folder, rows::path_to_blob(path)]).map(|_| ()))
            })
            .await
    }

    /// The file of a watched folder's job is not there any more: there is nothing to upload. Nothing remains of it, so
    /// that it is taken anew should it come back.
    pub async fn take_back(&self, job: i64) -> Result<()> {
        self.writer
            .write(move |tx| {
                // It may have another name by now.
                if goes_again(tx, job, None)? {
                    return Ok(());
                }
                tx.prepare_cached("DELETE FROM seen WHERE job = ?1")?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute(params![job]).map(|_| ())
            })
            .await
    }

    /// Jobs of a folder: (unfinished, failed).
    pub async fn folder_counts(&self, folder: &Path) -> Result<(u64, u64)> {
        let folder = rows::path_to_blob(folder);
        let unfinished = "SELECT count(*) FROM jobs WHERE watched = ?1 AND watched IS NOT NULL AND state IN ('queued', 'planned')";
        let failed = "SELECT count(*) FROM jobs WHERE watched = ?1 AND watched IS NOT NULL AND state = 'failed'";
        self.read(move |db| {
            let count = |sql| db.prepare_cached(sql)?.query_row(params![folder], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            Ok((count(unfinished)?, count(failed)?))
        })
        .await
    }
}

/// The job that a file of a watched folder has already, as it looks now; and whether an earlier content of it has one.
pub(super) fn earlier(tx: &Transaction<'_>, job: &NewJob, seen: &Seen) -> rusqlite::Result<(Option<i64>, bool)> {
    let found: Option<(Option<i64>, i64, i64, i64)> = tx
        .prepare_cached("SELECT job, size, mtime_ns, inode FROM seen WHERE folder = ?1 AND path = ?2")?
        .query_row(params![rows::path_to_blob(&job.watched), rows::path_to_blob(&seen.path)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((Some(earlier), size, mtime_ns, inode)) = found else { return Ok((None, false)) };
    let stamp = Stamp { size: size.unsigned_abs(), mtime_ns, inode: inode.cast_unsigned() };
    Ok((stamp.is(&seen.stamp).then_some(earlier), true))
}

pub(super) fn upsert(tx: &Transaction<'_>, folder: &Path, seen: &Seen, job: Option<i64>) -> rusqlite::Result<()> {
    let Stamp { size, mtime_ns, inode } = seen.stamp;
    tx.prepare_cached(
        "INSERT INTO seen(folder, path, size, mtime_ns, inode, skipped, job) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT(folder, path) DO UPDATE SET size = ?3, mtime_ns = ?4, inode = ?5, skipped = ?6, job = ?7",
    )?
    .execute(params![
        rows::path_to_blob(folder),
        rows::path_to_blob(&seen.path),
        size as i64,
        mtime_ns,
        inode.cast_signed(),
        seen.skipped.map(Skipped::as_str),
        job
    ])?;
    Ok(())
}

/// A file that got new content, or a new name, while its job was under way is sent once more; whether it is. `sent`:
/// size and time of what was sent, if anything was.
pub(super) fn goes_again(tx: &Transaction<'_>, job: i64, sent: Option<(u64, i64)>) -> rusqlite::Result<bool> {
    let (size, mtime_ns) = sent.map(|(size, mtime_ns)| (size as i64, mtime_ns)).unzip();
    let requeued = tx
        .prepare_cached(
            "UPDATE jobs SET state = 'queued', again = 0, on_conflict = CASE WHEN ?2 IS NULL THEN on_conflict ELSE coalesce(again_choice, on_conflict) END, error_code = NULL, error_message = NULL, error_hint = NULL \
             WHERE id = ?1 AND again = 1 AND (?2 IS NULL OR EXISTS \
             (SELECT 1 FROM seen WHERE job = ?1 AND (size <> ?2 OR mtime_ns <> ?3)))",
        )?
        .execute(params![job, size, mtime_ns])?;
    Ok(requeued > 0)
}
