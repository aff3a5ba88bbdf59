//! People who use Tintype, and interfere with what it does.

mod ending;
mod files;
mod stretches;
mod trouble;
mod wishes;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tintype_core::engine::{EngineHandle, Wish};
use tintype_core::error::{Code, Result};
use tintype_core::folder::WatchedFolder;
use tintype_core::profile::OnConflict;
use tintype_core::settings::Settings;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::bucket::{Reached, Server, Weather};
use crate::computer::{BLOG, Computer, Ways};
use crate::ledger::sha256;

/// Files are called so, in watched folders and elsewhere, on all computers: they meet in the
/// bucket.
const NAMES: [&str; 3] = ["a.txt", "b.txt", "c.txt"];
/// Who waits has that much patience; and whatever is waited for is over by then.
const PATIENCE: Duration = Duration::from_secs(20);
const OVER: Duration = Duration::from_secs(600);
/// Larger files go up in parts.
const LARGE: usize = 17 << 20;

/// Promises that were broken.
type Broken = Arc<Mutex<Vec<String>>>;

fn breaks(broken: &Broken, what: String) {
    broken
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(what);
}

pub(crate) struct People {
    server: Arc<Mutex<Server>>,
    computers: Vec<Computer>,
    dice: fastrand::Rng,
    /// Contents there have been, with the computer.
    contents: Vec<(usize, String)>,
    /// Files given by hand that were not taken.
    refused: Vec<PathBuf>,
    waits: Vec<JoinHandle<()>>,
    broken: Broken,
}

impl People {
    pub(crate) fn new(
        root: &Path,
        server: Arc<Mutex<Server>>,
        mut dice: fastrand::Rng,
    ) -> Result<Self> {
        let on_conflict = match dice.u8(0..12) {
            0 => OnConflict::Overwrite,
            1..=6 => OnConflict::KeepBoth,
            _ => OnConflict::Replace,
        };
        let ways = Ways {
            on_conflict,
            moves: dice.u8(0..5) == 0,
        };
        let told = |server: &mut Server| {
            server.say(&format!(
                "{ways:?}, conditions are {}",
                if server.honours {
                    "honoured"
                } else {
                    "ignored"
                }
            ));
            (server.ledger.overwrites, server.ledger.moves) =
                (on_conflict == OnConflict::Overwrite, ways.moves);
        };
        told(&mut server.lock().unwrap_or_else(PoisonError::into_inner));
        let computers = (0..dice.usize(1..=2)).map(|number| {
            let reached = Reached {
                server: Arc::clone(&server),
                computer: number,
            };
            Computer::new(root, number, reached, ways)
        });
        let computers = computers.collect::<Result<_>>()?;
        let (contents, refused, waits, broken) =
            (Vec::new(), Vec::new(), Vec::new(), Arc::default());
        Ok(Self {
            server,
            computers,
            dice,
            contents,
            refused,
            waits,
            broken,
        })
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, what: &str) {
        self.server().say(what);
    }

    fn breaks(&self, what: String) {
        breaks(&self.broken, what);
    }

    /// Promises that were broken.
    pub(crate) fn told(self) -> Vec<String> {
        std::mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Some minutes of their lives.
    pub(crate) async fn live(&mut self) {
        for computer in &mut self.computers {
            if let Err(error) = computer.start() {
                breaks(&self.broken, format!("it does not start: {error}"));
            }
        }
        for _ in 0..self.dice.usize(8..40) {
            let computer = self.dice.usize(0..self.computers.len());
            if let Err(error) = self.act(computer).await {
                self.say(&format!("  {error}"));
            }
            let pause = match self.dice.u8(0..10) {
                0..=3 => 0,
                4..=7 => self.dice.u64(1..500),
                8 => self.dice.u64(500..3000),
                _ => self.dice.u64(3000..20_000),
            };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn act(&mut self, computer: usize) -> Result<()> {
        match self.dice.u8(0..100) {
            0..=17 => self.give(computer).await,
            18..=33 => self.save(computer),
            34..=43 => self.delete(computer),
            44..=58 => self.compare(computer).await,
            59..=61 => self.rest(computer, true).await,
            62..=66 => self.rest(computer, false).await,
            67..=70 => self.keep(computer).await,
            71..=75 => self.remove_now(computer).await,
            76..=77 => self.rename(computer),
            78..=82 => self.kill(computer).await,
            83..=86 => self.begin(computer),
            87..=91 => self.change_the_weather(),
            92..=93 => self.interfere(),
            94 => self.hide(computer).await,
            95..=96 => self.change_of_mind(computer).await,
            97 => self.no_rest(computer).await,
            _ => self.mend(computer).await,
        }
    }

    /// A content nobody had before; now and then one that is there already.
    fn content(&mut self, computer: usize) -> String {
        let known: Vec<&String> = self
            .contents
            .iter()
            .filter(|(of, _)| *of == computer)
            .map(|(_, content)| content)
            .collect();
        if !known.is_empty() && self.dice.u8(0..8) == 0 {
            return known[self.dice.usize(0..known.len())].clone();
        }
        // Now and then one that goes up in parts.
        let rest = if self.dice.u8(0..80) == 0 {
            " ".repeat(LARGE)
        } else {
            String::new()
        };
        let content = format!(
            "content {} of computer {computer}{rest}",
            self.contents.len()
        );
        self.contents.push((computer, content.clone()));
        content
    }

    fn write(&mut self, computer: usize, path: &Path, watched: bool) -> Result<()> {
        let content = self.content(computer);
        // The ledger first: a look at the folder may come at any time.
        self.server()
            .ledger
            .written(computer, path, &sha256(content.as_bytes()), watched);
        self.say(&format!(
            "{computer}: {} is \"{}\"{}",
            path.display(),
            content.trim_end(),
            if content.len() > LARGE {
                ", in parts"
            } else {
                ""
            }
        ));
        self.computers[computer]
            .write(path, &content)
            .map_err(|error| tintype_core::Error::from_io(&error, path))
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.dice.usize(0..NAMES.len())]
    }

    fn handle(&mut self, computer: usize) -> Option<EngineHandle> {
        self.computers[computer].handle(&mut self.dice)
    }

    fn wait(&mut self, handle: EngineHandle, batch: String) {
        let broken = Arc::clone(&self.broken);
        self.waits.push(tokio::spawn(async move {
            let wait = handle.wait(&batch, Some(PATIENCE), |_| {});
            if tokio::time::timeout(OVER, wait).await.is_err() {
                breaks(&broken, "a wait does not end".into());
            }
        }));
    }
}
