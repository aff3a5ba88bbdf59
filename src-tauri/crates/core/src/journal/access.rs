//! A handle on the journal: one writer, and readers that hold up nobody.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::failure::sql_error;
use super::schema;
use super::writer::Writer;
use crate::error::{Error, Result};
use crate::held::Labels;
use crate::world::blocking;

/// A handle on the journal; cheap to clone.
#[derive(Clone)]
pub struct Journal {
    pub(super) writer: Writer,
    reader: Arc<Mutex<Connection>>,
    /// For what people look for: a long search holds up nobody else.
    pub(super) people: Arc<Mutex<Connection>>,
    labels: Labels,
}

impl Journal {
    /// Opens the journal, makes it if there is none, and brings an older layout up to date.
    pub fn open(path: &Path) -> Result<Self> {
        Self::over(
            [
                schema::open(path)?,
                schema::open(path)?,
                schema::open(path)?,
            ],
            path,
        )
    }

    /// The same over connections that are open: to write, to read, and for what people look for.
    pub(super) fn over([writer, reader, people]: [Connection; 3], path: &Path) -> Result<Self> {
        let labels = reader
            .query_row("SELECT key FROM label_key", [], |row| row.get(0))
            .map(Labels::new)
            .map_err(|error| sql_error(&error))?;
        let share = |connection| Arc::new(Mutex::new(connection));
        Ok(Self {
            writer: Writer::start(writer, path)?,
            reader: share(reader),
            people: share(people),
            labels,
        })
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        read_on(Arc::clone(&self.reader), work).await
    }

    /// How this installation marks its objects.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Why it takes nothing now, or lately took nothing: its disk is full, or another program keeps
    /// it to itself.
    pub fn refuses(&self) -> Option<Error> {
        self.writer.refuses()
    }

    /// A number that changes whenever another process has written.
    pub async fn data_version(&self) -> Result<i64> {
        self.writer
            .look(|db| db.query_row("PRAGMA data_version", [], |row| row.get(0)))
            .await
    }
}

pub(super) async fn read_on<T: Send + 'static>(
    connection: Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T> {
    let read = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    blocking("reading the journal", read)
        .await?
        .map_err(|error| sql_error(&error))
}

/// An id for a job, an object or a batch. Later ones sort behind earlier ones (RFC 9562, version
/// 7), so that an index grows at its end and a commit touches few pages of it.
pub(crate) fn new_id() -> String {
    // A clock that was never set may stand before 1970, where ids in order cannot be made.
    let id = match std::time::SystemTime::now() {
        now if now < std::time::SystemTime::UNIX_EPOCH => uuid::Uuid::new_v4(),
        _ => uuid::Uuid::now_v7(),
    };
    id.simple().to_string()
}
