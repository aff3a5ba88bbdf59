//! Files of watched folders that were deleted, and whose objects are to be removed from the bucket in a while.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Journal, ObjectRow, rows};
use crate::error::Result;

/// So many files at once are not removed unasked if they are more than are left: rather a drive is away, or somebody
/// made a mistake.
const MANY: i64 = 20;

/// The objects of a deleted file, on their way out of the bucket.
#[derive(Debug, Clone)]
pub struct Removal {
    /// Its number.
    pub id: i64,
    /// The watched folder.
    pub folder: PathBuf,
    /// The file that was deleted.
    pub path: PathBuf,
    /// The job that sent the file's last content.
    pub job: i64,
}

/// The removals of a folder, for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removals {
    /// Files.
    pub files: u64,
    /// Of those, so many wait for a person.
    pub held: u64,
    /// When the next one is due, milliseconds since 1970.
    pub next_at: Option<i64>,
}

/// Files are no longer there. With `due_at` (milliseconds since 1970): their objects are to be removed then.
pub(super) fn gone(tx: &Transaction<'_>, folder: &Path, files: &[PathBuf], due_at: Option<i64>) -> rusqlite::Result<()> {
    let folder = rows::path_to_blob(folder);
    let mut added = false;
    for path in files {
        let path = rows::path_to_blob(path);
        let job: Option<i64> = tx
            .prepare_cached("DELETE FROM seen WHERE folder = ?1 AND path = ?2 RETURNING CASE WHEN put_away = 0 THEN job END")?
            .query_row(params![folder, path], |row| row.get(0))
            .optional()?
            .flatten();
        if let (Some(due_at), Some(job)) = (due_at, job) {
            let sql = "INSERT OR REPLACE INTO removals(folder, path, job, due_at) SELECT ?1, ?2, id, ?4 FROM jobs WHERE id = ?3";
            added |= tx.prepare_cached(sql)?.execute(params![folder, path, job, due_at])? > 0;
        }
    }
    if added {
        let count = |sql| tx.prepare_cached(sql)?.query_row(params![folder], |row| row.get::<_, i64>(0));
        let removals = count("SELECT count(*) FROM removals WHERE folder = ?1")?;
        if removals > MANY && removals > count("SELECT count(*) FROM seen WHERE folder = ?1 AND job IS NOT NULL")? {
            tx.prepare_cached("UPDATE removals SET due_at = NULL WHERE folder = ?1")?.execute(params![folder])?;
        }
    }
    Ok(())
}

fn is_shared(db: &Connection, job: i64, target: &str, key: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job JOIN jobs own ON own.id = ?1 \
               WHERE o.target = ?2 AND o.key = ?3 AND j.id <> ?1 AND j.source <> own.source \
               AND ((j.state = 'done' AND o.url IS NOT NULL) OR j.state IN ('queued', 'planned')))";
    db.prepare_cached(sql)?.query_row(params![job, target, key], |row| row.get(0))
}

/// The file is there again.
pub(super) fn cancel(tx: &Transaction<'_>, folder: &[u8], path: &[u8]) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM removals WHERE folder = ?1 AND path = ?2")?.execute(params![folder, path]).map(|_| ())
}

impl Journal {
    /// Removals that are due, of finished jobs.
    pub async fn due_removals(&self, now: i64, limit: u32) -> Result<Vec<Removal>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT r.id, r.folder, r.job, r.path FROM removals r JOIN jobs j ON j.id = r.job \
                 WHERE r.due_at <= ?1 AND j.state IN ('done', 'failed') ORDER BY r.due_at LIMIT ?2",
            )?;
            let removals = statement.query_map(params![now, limit], |row| {
                let path = |index| Ok::<_, rusqlite::Error>(rows::path_from_blob(row.get_ref(index)?.as_blob()?));
                Ok(Removal { id: row.get(0)?, folder: path(1)?, path: path(3)?, job: row.get(2)? })
            })?;
            removals.collect()
        })
        .await
    }

    /// Whether a removal still stands and is due.
    pub async fn stands(&self, removal: &Removal, now: i64) -> Result<bool> {
        let id = removal.id;
        let sql = "SELECT EXISTS (SELECT 1 FROM removals WHERE id = ?1 AND due_at <= ?2)";
        self.read(move |db| db.prepare_cached(sql)?.query_row(params![id, now], |row| row.get(0))).await
    }

    /// Objects of a job that nobody else needs: no other file's job has the key, and no other file of a watched folder
    /// the content.
    pub async fn removable(&self, job: i64) -> Result<Vec<ObjectRow>> {
        let twin = "SELECT EXISTS (SELECT 1 FROM seen s JOIN jobs own ON own.id = ?1 WHERE s.sha256 = own.sha256 AND s.job IS NULL)";
        self.read(move |db| {
            if db.prepare_cached(twin)?.query_row(params![job], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let mut removable = Vec::new();
            for object in rows::select_objects(db, job)?.into_iter().filter(|object| object.url.is_some()) {
                if !is_shared(db, job, &object.target, &object.key)? {
                    removable.push(object);
                }
            }
            Ok(removable)
        })
        .await
    }

    /// Whether another file's job has one of these keys, too.
    pub async fn is_shared(&self, job: i64, target: &str, keys: Vec<String>) -> Result<bool> {
        let target = target.to_owned();
        self.read(move |db| keys.iter().try_fold(false, |shared, key| Ok(shared || is_shared(db, job, &target, key)?))).await
    }

    /// An object is in the bucket no more; the jobs that had it stay in the history without its link.
    pub async fn object_gone(&self, object: ObjectRow) -> Result<()> {
        let sql = "UPDATE objects SET url = NULL WHERE target = ?1 AND key = ?2";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![object.target, object.key]).map(|_| ())).await
    }

    /// A removal is carried out. What others need is still in the bucket, but no longer for this job.
    pub async fn removed(&self, removal: &Removal) -> Result<()> {
        let (id, job) = (removal.id, removal.job);
        self.writer
            .write(move |tx| {
                tx.prepare_cached("UPDATE objects SET url = NULL WHERE job = ?1")?.execute(params![job])?;
                tx.prepare_cached("DELETE FROM removals WHERE id = ?1")?.execute(params![id]).map(|_| ())
            })
            .await
    }

    /// The file is there after all: nothing is removed.
    pub async fn drop_removal(&self, id: i64) -> Result<()> {
        let sql = "DELETE FROM removals WHERE id = ?1";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![id]).map(|_| ())).await
    }

    /// A removal cannot be carried out at the moment.
    pub async fn postpone_removal(&self, id: i64, due_at: i64) -> Result<()> {
        let sql = "UPDATE removals SET due_at = ?2 WHERE id = ?1 AND due_at IS NOT NULL";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![id, due_at]).map(|_| ())).await
    }

    /// The objects of a folder's deleted files stay in the bucket after all.
    pub async fn keep_removals(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "DELETE FROM removals WHERE folder = ?1";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ())).await
    }

    /// The objects of a folder's deleted files are to be removed now.
    pub async fn hasten_removals(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "UPDATE removals SET due_at = 0 WHERE folder = ?1";
        self.writer.write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ())).await
    }

    /// What is to be removed of a folder's files.
    pub async fn removals(&self, folder: &Path) -> Result<Removals> {
        let folder = rows::path_to_blob(folder);
        let sql = "SELECT count(*), count(*) FILTER (WHERE due_at IS NULL), min(due_at) FROM removals WHERE folder = ?1";
        self.read(move |db| {
            db.prepare_cached(sql)?.query_row(params![folder], |row| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                Ok(Removals { files: count(0)?, held: count(1)?, next_at: row.get(2)? })
            })
        })
        .await
    }
}
