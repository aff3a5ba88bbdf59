//! Small pictures for the window, by opaque id: a cache that may be lost.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

/// Over this the oldest go.
const MOST_BYTES: i64 = 256 << 20;

/// A picture to show.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Its media type.
    pub content_type: String,
    /// The encoded file.
    pub bytes: Bytes,
}

/// The cache; cheap to clone. Every failure only costs a picture, so none is told.
#[derive(Clone)]
pub(in crate::engine) struct Previews(Arc<Mutex<Option<Connection>>>);

impl Previews {
    pub(in crate::engine) fn open(path: &Path) -> Self {
        let open = || -> rusqlite::Result<Connection> {
            let db = Connection::open(path)?;
            db.busy_timeout(std::time::Duration::from_secs(2))?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            db.execute_batch(
                "CREATE TABLE IF NOT EXISTS previews (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, content_type TEXT NOT NULL, bytes BLOB NOT NULL)",
            )?;
            Ok(db)
        };
        let db = open()
            .inspect_err(|error| tracing::warn!(%error, "no cache for previews"))
            .ok();
        Self(Arc::new(Mutex::new(db)))
    }

    /// Keeps pictures. Blocks.
    pub(in crate::engine) fn keep(&self, previews: &[(String, Preview)]) {
        self.with(|db| {
            let tx = db.unchecked_transaction()?;
            for (uid, preview) in previews {
                tx.prepare_cached("INSERT OR REPLACE INTO previews(uid, content_type, bytes) VALUES (?1, ?2, ?3)")?.execute(params![
                    uid,
                    preview.content_type,
                    &preview.bytes[..]
                ])?;
            }
            tx.commit()?;
            let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let page: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
            let free: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
            if (pages - free) * page > MOST_BYTES {
                db.execute("DELETE FROM previews WHERE id IN (SELECT id FROM previews ORDER BY id LIMIT 256)", [])?;
            }
            Ok(())
        });
    }

    /// The picture of that id. Blocks.
    pub(in crate::engine) fn get(&self, uid: &str) -> Option<Preview> {
        self.with(|db| {
            db.prepare_cached("SELECT content_type, bytes FROM previews WHERE uid = ?1")?
                .query_row(params![uid], |row| {
                    Ok(Preview {
                        content_type: row.get(0)?,
                        bytes: row.get::<_, Vec<u8>>(1)?.into(),
                    })
                })
                .optional()
        })
        .flatten()
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let db = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(db.as_ref()?)
            .inspect_err(|error| tracing::debug!(%error, "preview cache"))
            .ok()
    }
}
