//! The one writer: a thread that groups what arrives together into one commit. While the journal
//! takes nothing (its disk is full, another program keeps it to itself), whoever writes is told so
//! at once instead of waiting behind the others.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
/// Longer than any writer of ours takes; what takes longer is told, and waited for.
pub(super) const WAIT: Duration = Duration::from_secs(5);
/// So long whoever comes to see whether it still takes nothing waits for it.
const SEE: Duration = Duration::from_millis(200);
/// So long it is not asked again, when it took nothing.
const ANEW: Duration = Duration::from_secs(1);
/// So long it counts as taking nothing after the last time: one small thing may find room where the
/// next one does not.
const LATELY: Duration = Duration::from_secs(3);

/// When the journal took nothing last, and why.
#[derive(Clone, Default)]
pub(super) struct Refusing(Arc<Mutex<Refused>>);

#[derive(Default)]
struct Refused {
    last: Option<(Instant, Error)>,
    /// Nothing has been taken since.
    still: bool,
}

impl Refusing {
    fn state(&self) -> std::sync::MutexGuard<'_, Refused> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it takes nothing now, or lately took nothing.
    pub(super) fn lately(&self) -> Option<Error> {
        let state = self.state();
        let (at, error) = state.last.as_ref()?;
        (state.still || at.elapsed() < LATELY).then(|| error.clone())
    }

    /// Why it is not even asked.
    fn now(&self) -> Option<Error> {
        let state = self.state();
        let (at, error) = state.last.as_ref().filter(|_| state.still)?;
        (at.elapsed() < ANEW).then(|| error.clone())
    }

    fn note(&self, committed: &Result<()>) {
        let mut state = self.state();
        match committed {
            Ok(()) => state.still = false,
            Err(error) if matches!(error.code, Code::JournalBusy | Code::DiskFull) => {
                state.last = Some((Instant::now(), error.clone()));
                state.still = true;
            }
            // What is wrong otherwise is no matter of waiting.
            Err(_) => {}
        }
    }

    fn patience(&self) -> Duration {
        if self.state().still { SEE } else { WAIT }
    }
}

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
    Thread(Sender<Work>, Refusing),
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
        let refusing = Refusing::default();
        let noted = refusing.clone();
        std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || run(connection, &work, &noted))
            .map_err(|error| Error::from_io(&error, path))?;
        Ok(Self::Thread(queue, refusing))
    }

    /// Why the journal takes nothing now, or lately took nothing.
    pub(super) fn refuses(&self) -> Option<Error> {
        match self {
            Self::Thread(_, refusing) => refusing.lately(),
            Self::Here(_) => None,
        }
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
            Self::Thread(queue, _) => queue.send(work).map_err(|_| closed()),
            Self::Here(connection) => {
                tokio::task::yield_now().await;
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                match work {
                    Work::Change(change) => {
                        // Whoever asked is told.
                        let _ = commit(&mut connection, vec![change]);
                    }
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

fn run(mut connection: Connection, queue: &Receiver<Work>, refusing: &Refusing) {
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
        if changes.is_empty() {
            continue;
        }
        if let Some(error) = refusing.now() {
            refuse(changes, &error);
            continue;
        }
        // It only sets a number.
        let _ = connection.busy_timeout(refusing.patience());
        refusing.note(&commit(&mut connection, changes));
    }
}

fn refuse(group: Vec<Change>, error: &Error) {
    for change in group {
        change(Err(error.clone()))(Err(error.clone()));
    }
}

fn commit(connection: &mut Connection, group: Vec<Change>) -> Result<()> {
    let (replies, committed): (Vec<Reply>, _) =
        match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => (
                group.into_iter().map(|work| work(Ok(&tx))).collect(),
                tx.commit().map_err(|error| sql_error(&error)),
            ),
            Err(error) => {
                let error = sql_error(&error);
                refuse(group, &error);
                return Err(error);
            }
        };
    for reply in replies {
        reply(committed.clone());
    }
    committed
}
