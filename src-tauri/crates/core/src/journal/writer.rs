//! The one writer: a thread that groups what arrives together into one commit.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::failure::sql_error;
use crate::error::{Code, Error, Result};
use crate::world;

/// More than this and the first in the group would wait for the last.
const LARGEST_GROUP: usize = 512;
/// Where many write, a moment's wait makes larger groups: fewer flushes of the disk, for all of
/// them. Whoever writes alone does not wait.
const GATHER: Duration = Duration::from_millis(5);

pub(super) type Reply = Box<dyn FnOnce(Result<()>) + Send>;
/// Gets the transaction, or why there is none; gives back what to tell the asker once the outcome
/// is known.
pub(super) type Change = Box<dyn FnOnce(Result<&Transaction<'_>>) -> Reply + Send>;

pub(super) enum Work {
    Change(Change),
    /// A look with the writer's own eyes: no commit for that.
    Look(Box<dyn FnOnce(&Connection) + Send>),
}

/// Sends work to the writing thread.
#[derive(Clone)]
pub(super) enum Writer {
    Thread(Sender<Work>),
    /// In a simulation: each request is a group of its own, done where it is asked for.
    Here(Arc<Mutex<Connection>>),
}

impl Writer {
    pub(super) fn start(connection: Connection, path: &Path) -> Result<Self> {
        // What a savepoint may have to take back is never more than one group: it stays in memory,
        // instead of going through a file of its own, page by page.
        connection
            .pragma_update(None, "temp_store", "MEMORY")
            .map_err(|error| sql_error(&error))?;
        if world::is_simulated() {
            return Ok(Self::Here(Arc::new(Mutex::new(connection))));
        }
        let (queue, work) = channel();
        std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || run(connection, &work))
            .map_err(|error| Error::from_io(&error, path))?;
        Ok(Self::Thread(queue))
    }

    /// Does the work in a transaction and answers when it is safe on disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let change: Change = Box::new(move |tx| {
            let done = tx.and_then(|tx| in_savepoint(tx, work).map_err(|error| sql_error(&error)));
            Box::new(move |committed| {
                // The asker may have gone (cancelled); what is written stays written.
                let _ = answer.send(committed.and(done));
            })
        });
        self.hand_over(Work::Change(change)).await?;
        answered.await.map_err(|_| closed())?
    }

    async fn hand_over(&self, work: Work) -> Result<()> {
        match self {
            Self::Thread(queue) => queue.send(work).map_err(|_| closed()),
            Self::Here(connection) => {
                tokio::task::yield_now().await;
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                match work {
                    Work::Change(change) => commit(&mut connection, vec![change]),
                    Work::Look(look) => look(&connection),
                }
                Ok(())
            }
        }
    }

    /// Looks at the database as this connection sees it: what others have written is news to it,
    /// its own is not.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let look = Box::new(move |db: &Connection| {
            // The asker may have gone (cancelled).
            let _ = answer.send(look(db).map_err(|error| sql_error(&error)));
        });
        self.hand_over(Work::Look(look)).await?;
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> Error {
    Error::new(Code::Closing, "the journal is closed")
}

/// One request's failure must not take the others of its group with it.
fn in_savepoint<T>(
    tx: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let step = |sql| tx.prepare_cached(sql)?.execute([]).map(|_| ());
    step("SAVEPOINT request")?;
    let done = work(tx);
    if done.is_err() {
        step("ROLLBACK TO request")?;
    }
    step("RELEASE request")?;
    done
}

fn run(mut connection: Connection, queue: &Receiver<Work>) {
    let mut company = false;
    while let Ok(first) = queue.recv() {
        if company {
            std::thread::sleep(GATHER);
        }
        let mut changes = Vec::new();
        for work in std::iter::once(first).chain(queue.try_iter().take(LARGEST_GROUP - 1)) {
            match work {
                Work::Change(change) => changes.push(change),
                Work::Look(look) => look(&connection),
            }
        }
        company = changes.len() > 1;
        if !changes.is_empty() {
            commit(&mut connection, changes);
        }
    }
}

fn commit(connection: &mut Connection, group: Vec<Change>) {
    let (replies, committed): (Vec<Reply>, _) =
        match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => (
                group.into_iter().map(|work| work(Ok(&tx))).collect(),
                tx.commit().map_err(|error| sql_error(&error)),
            ),
            Err(error) => {
                let error = sql_error(&error);
                (
                    group
                        .into_iter()
                        .map(|work| work(Err(error.clone())))
                        .collect(),
                    Err(error),
                )
            }
        };
    for reply in replies {
        reply(committed.clone());
    }
}
