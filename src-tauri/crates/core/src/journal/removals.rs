//! Files of watched folders that were deleted, and whose objects are to be removed from the bucket
//! in a while.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};

use super::record::{self, OnRecord};
use super::{Journal, rows};
use crate::error::Result;

/// So many files at once are not removed unasked if they are more than are left: rather a drive is
/// away, or somebody made a mistake.
const MANY: i64 = 20;

/// The objects of a deleted file, on their way out of the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its number.
    pub id: i64,
    /// The watched folder.
    pub folder: PathBuf,
    /// The file that was deleted.
    pub path: PathBuf,
}

/// An object that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removable {
    /// The bucket it is in.
    pub target: String,
    /// Its key.
    pub key: String,
    /// What is on record of it.
    pub object: OnRecord,
}

/// Whether an object may be taken away at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may: nobody else may use its key until that is over.
    Now,
    /// Not now: another file with that key is on its way.
    Later,
    /// It is not meant any more.
    Never,
}

/// The removals of a folder, for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removals {
    /// Files.
    pub files: u64,
    /// Of those, so many wait for a person.
    pub held: u64,
    /// Milliseconds by the folder's clock until the next one is due.
    pub next_in: Option<i64>,
}

/// Files are no longer there. With `grace` (milliseconds of the folder's clock): their objects are
/// to be removed then.
pub(super) fn gone(
    tx: &Transaction<'_>,
    folder: &Path,
    files: &[PathBuf],
    grace: Option<i64>,
) -> rusqlite::Result<()> {
    let folder = rows::path_to_blob(folder);
    let mut added = false;
    for path in files {
        let path = rows::path_to_blob(path);
        let put_away: Option<bool> = tx
            .prepare_cached("DELETE FROM seen WHERE folder = ?1 AND path = ?2 RETURNING put_away")?
            .query_row(params![folder, path], |row| row.get(0))
            .optional()?;
        if let (Some(grace), Some(false)) = (grace, put_away) {
            let sql = "INSERT OR REPLACE INTO removals(folder, path, due_at) \
                       SELECT ?1, ?2, coalesce((SELECT watched_ms FROM folders WHERE path = ?1), 0) + ?3 \
                       WHERE EXISTS (SELECT 1 FROM reliance WHERE source = ?2 AND watched = ?1) \
                       OR EXISTS (SELECT 1 FROM jobs WHERE source = ?2 AND watched = ?1 AND state IN ('queued', 'planned'))";
            added |= tx
                .prepare_cached(sql)?
                .execute(params![folder, path, grace])?
                > 0;
        }
    }
    if added {
        let count = |sql| {
            tx.prepare_cached(sql)?
                .query_row(params![folder], |row| row.get::<_, i64>(0))
        };
        let removals = count("SELECT count(*) FROM removals WHERE folder = ?1")?;
        if removals > MANY
            && removals
                > count(
                    "SELECT count(*) FROM seen WHERE folder = ?1 AND (job IS NOT NULL OR sha256 IS NOT NULL)",
                )?
        {
            tx.prepare_cached("UPDATE removals SET due_at = NULL WHERE folder = ?1")?
                .execute(params![folder])?;
        }
    }
    Ok(())
}

/// The file is there again.
pub(super) fn cancel(tx: &Transaction<'_>, folder: &[u8], path: &[u8]) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM removals WHERE folder = ?1 AND path = ?2")?
        .execute(params![folder, path])
        .map(|_| ())
}

impl Journal {
    /// Removals that are due by their folder's clock, but for those whose file is on its way still.
    pub async fn due_removals(&self, limit: u32) -> Result<Vec<Removal>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT r.id, r.folder, r.path FROM removals r JOIN folders f ON f.path = r.folder WHERE r.due_at <= f.watched_ms \
                 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.source = r.path AND j.watched = r.folder AND j.state IN ('queued', 'planned')) \
                 ORDER BY r.due_at LIMIT ?1",
            )?;
            let removals = statement.query_map(params![limit], |row| {
                let path = |index| Ok::<_, rusqlite::Error>(rows::path_from_blob(row.get_ref(index)?.as_blob()?));
                Ok(Removal { id: row.get(0)?, folder: path(1)?, path: path(2)? })
            })?;
            removals.collect()
        })
        .await
    }

    /// The objects that a deleted file relied on, of whatever content it ever had: those that this
    /// computer sent, and that no other file needs.
    pub async fn removable(&self, removal: &Removal) -> Result<Vec<Removable>> {
        let (source, folder) = (
            rows::path_to_blob(&removal.path),
            rows::path_to_blob(&removal.folder),
        );
        self.read(move |db| {
            let mut keys = db.prepare_cached("SELECT target, key FROM reliance WHERE source = ?1 AND watched = ?2 ORDER BY target, key")?;
            let keys = keys.query_map(params![source, folder], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut removable = Vec::new();
            for key in keys {
                let (target, key): (String, String) = key?;
                if let Some(object) = record::select(db, &target, &key)?
                    && object.ours
                    // One that is on its way there is waited for: it may come to lie elsewhere.
                    && !record::is_relied_on(db, &source, &target, &key)?
                {
                    removable.push(Removable { target, key, object });
                }
            }
            Ok(removable)
        })
        .await
    }

    /// Asked right before an object is taken away, in one step with everything that speaks against
    /// it: a person who keeps it, the file that is back, another file that takes its key.
    pub async fn begin_leaving(
        &self,
        removal: &Removal,
        object: &Removable,
        engine: &str,
    ) -> Result<Leave> {
        let (id, source, engine) = (
            removal.id,
            rows::path_to_blob(&removal.path),
            engine.to_owned(),
        );
        let Removable { target, key, .. } = object.clone();
        self.writer
            .write(move |tx| {
                let stands = "SELECT EXISTS (SELECT 1 FROM removals r JOIN folders f ON f.path = r.folder WHERE r.id = ?1 AND r.due_at <= f.watched_ms)";
                if !tx.prepare_cached(stands)?.query_row(params![id], |row| row.get::<_, bool>(0))? {
                    return Ok(Leave::Never);
                }
                let wanted = "SELECT EXISTS (SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job \
                              WHERE o.target = ?1 AND o.key = ?2 AND j.state IN ('queued', 'planned'))";
                if tx.prepare_cached(wanted)?.query_row(params![target, key], |row| row.get::<_, bool>(0))? {
                    return Ok(Leave::Later);
                }
                if record::is_relied_on(tx, &source, &target, &key)? {
                    return Ok(Leave::Never);
                }
                tx.prepare_cached("INSERT OR REPLACE INTO leaving(target, key, removal, engine) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![target, key, id, engine])?;
                Ok(Leave::Now)
            })
            .await
    }

    /// The moment is over. With `gone`: nothing is in the bucket under that key of what was on
    /// record.
    pub async fn end_leaving(&self, object: &Removable, gone: bool) -> Result<()> {
        let Removable {
            target,
            key,
            object,
        } = object.clone();
        self.writer
            .write(move |tx| {
                tx.prepare_cached("DELETE FROM leaving WHERE target = ?1 AND key = ?2")?
                    .execute(params![target, key])?;
                if gone {
                    tx.prepare_cached(
                        "DELETE FROM bucket_objects WHERE target = ?1 AND key = ?2 AND sha256 = ?3",
                    )?
                    .execute(params![target, key, object.sha256])?;
                }
                Ok(())
            })
            .await
    }

    /// Whether anything of a folder's files is being taken away at this moment.
    pub async fn is_leaving(&self, folder: &Path) -> Result<bool> {
        let folder = rows::path_to_blob(folder);
        // A removal that was taken off the record may have an object in hand all the same.
        let sql = "SELECT EXISTS (SELECT 1 FROM leaving l LEFT JOIN removals r ON r.id = l.removal WHERE r.folder = ?1 OR r.id IS NULL)";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_row(params![folder], |row| row.get(0))
        })
        .await
    }

    /// A removal is carried out: the file relies on nothing any more.
    pub async fn removed(&self, removal: &Removal) -> Result<()> {
        let (id, source, folder) = (
            removal.id,
            rows::path_to_blob(&removal.path),
            rows::path_to_blob(&removal.folder),
        );
        self.writer
            .write(move |tx| {
                // It may be back by now: then what it relies on is another matter.
                if tx
                    .prepare_cached("DELETE FROM removals WHERE id = ?1")?
                    .execute(params![id])?
                    > 0
                {
                    tx.prepare_cached("DELETE FROM reliance WHERE source = ?1 AND watched = ?2")?
                        .execute(params![source, folder])?;
                }
                Ok(())
            })
            .await
    }

    /// The jobs that have these objects.
    pub async fn jobs_with(&self, objects: &[Removable]) -> Result<Vec<i64>> {
        let objects = objects.to_vec();
        self.read(move |db| {
            let mut jobs = Vec::new();
            for Removable { target, key, .. } in &objects {
                let mut statement =
                    db.prepare_cached("SELECT job FROM objects WHERE target = ?1 AND key = ?2")?;
                let found =
                    statement.query_map(params![target, key], |row| row.get::<_, i64>(0))?;
                jobs.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            jobs.sort_unstable();
            jobs.dedup();
            Ok(jobs)
        })
        .await
    }

    /// Nothing is removed. Where the file `came_back`, it may go again before it was seen: that is
    /// to be found out.
    pub async fn drop_removal(&self, id: i64, came_back: bool) -> Result<()> {
        let remember = format!(
            "INSERT OR IGNORE INTO seen(folder, path, size, mtime_ns) SELECT folder, path, 0, 0 FROM removals r WHERE r.id = ?1 AND {}",
            record::relied_on_by("r.path", "r.folder")
        );
        self.writer
            .write(move |tx| {
                if came_back {
                    tx.prepare_cached(&remember)?.execute(params![id])?;
                }
                tx.prepare_cached("DELETE FROM removals WHERE id = ?1")?
                    .execute(params![id])
                    .map(|_| ())
            })
            .await
    }

    /// The objects of a folder's deleted files stay in the bucket after all.
    pub async fn keep_removals(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "DELETE FROM removals WHERE folder = ?1";
        self.writer
            .write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ()))
            .await
    }

    /// The objects of a folder's deleted files are to be removed now.
    pub async fn hasten_removals(&self, folder: &Path) -> Result<()> {
        let folder = rows::path_to_blob(folder);
        let sql = "UPDATE removals SET due_at = 0 WHERE folder = ?1";
        self.writer
            .write(move |tx| tx.prepare_cached(sql)?.execute(params![folder]).map(|_| ()))
            .await
    }

    /// What is to be removed of a folder's files.
    pub async fn removals(&self, folder: &Path) -> Result<Removals> {
        let folder = rows::path_to_blob(folder);
        let sql = "SELECT count(*), count(*) FILTER (WHERE due_at IS NULL), \
                   max(0, min(due_at) - coalesce((SELECT watched_ms FROM folders WHERE path = ?1), 0)) FROM removals WHERE folder = ?1";
        self.read(move |db| {
            db.prepare_cached(sql)?.query_row(params![folder], |row| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                Ok(Removals {
                    files: count(0)?,
                    held: count(1)?,
                    next_in: row.get(2)?,
                })
            })
        })
        .await
    }
}
