//! People who use Tintype, and interfere with what it does.

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
use crate::computer::Computer;
use crate::ledger::sha256;

/// Files are called so, in watched folders and elsewhere, on all computers: they meet in the bucket.
const NAMES: [&str; 3] = ["a.txt", "b.txt", "c.txt"];
/// Who waits has that much patience; and whatever is waited for is over by then.
const PATIENCE: Duration = Duration::from_secs(20);
const OVER: Duration = Duration::from_secs(600);

pub(crate) struct People {
    server: Arc<Mutex<Server>>,
    computers: Vec<Computer>,
    dice: fastrand::Rng,
    start: Instant,
    /// Contents there have been, with the computer.
    contents: Vec<(usize, String)>,
    /// Files given by hand that were not taken.
    refused: Vec<PathBuf>,
    waits: Vec<JoinHandle<()>>,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    broken: Vec<String>,
    trace: Vec<String>,
}

impl People {
    pub(crate) fn new(root: &Path, server: Arc<Mutex<Server>>, mut dice: fastrand::Rng) -> Result<Self> {
        let on_conflict = if dice.bool() { OnConflict::KeepBoth } else { OnConflict::Replace };
        let computers = (0..dice.usize(1..=2)).map(|number| {
            let reached = Reached { server: Arc::clone(&server), computer: number };
            Computer::new(root, number, reached, on_conflict)
        });
        let computers = computers.collect::<Result<_>>()?;
        let (start, told) = (Instant::now(), Arc::default());
        Ok(Self { server, computers, dice, start, contents: Vec::new(), refused: Vec::new(), waits: Vec::new(), told })
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, what: String) {
        let line = format!("{:>8.3} {what}", self.start.elapsed().as_secs_f64());
        self.told.lock().unwrap_or_else(PoisonError::into_inner).trace.push(line);
    }

    fn breaks(&self, what: String) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).broken.push(what);
    }

    pub(crate) fn told(self) -> (Vec<String>, Vec<String>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut told.broken), std::mem::take(&mut told.trace))
    }

    /// Some minutes of their lives.
    pub(crate) async fn live(&mut self) {
        for computer in &mut self.computers {
            if let Err(error) = computer.start() {
                self.told.lock().unwrap_or_else(PoisonError::into_inner).broken.push(format!("it does not start: {error}"));
            }
        }
        self.say(format!("conditions are {}", if self.server().honours { "honoured" } else { "ignored" }));
        for _ in 0..self.dice.usize(8..40) {
            let computer = self.dice.usize(0..self.computers.len());
            if let Err(error) = self.act(computer).await {
                self.say(format!("  {error}"));
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
            87..=94 => self.change_the_weather(),
            95..=96 => self.interfere(),
            97 => self.hide(computer).await,
            _ => self.mend(computer).await,
        }
    }

    /// A content nobody had before; now and then one that is there already.
    fn content(&mut self, computer: usize) -> String {
        let known: Vec<&String> = self.contents.iter().filter(|(of, _)| *of == computer).map(|(_, content)| content).collect();
        if !known.is_empty() && self.dice.u8(0..8) == 0 {
            return known[self.dice.usize(0..known.len())].clone();
        }
        let content = format!("content {} of computer {computer}", self.contents.len());
        self.contents.push((computer, content.clone()));
        content
    }

    fn write(&mut self, computer: usize, path: &Path, watched: bool) -> Result<()> {
        let content = self.content(computer);
        // The ledger first: a look at the folder may come at any time.
        self.server().ledger.written(computer, path, &sha256(content.as_bytes()), watched);
        self.say(format!("{computer}: {} is \"{content}\"", path.display()));
        self.computers[computer].write(path, &content).map_err(|error| tintype_core::Error::from_io(&error, path))
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.dice.usize(0..NAMES.len())]
    }

    fn handle(&mut self, computer: usize) -> Option<EngineHandle> {
        self.computers[computer].handle(&mut self.dice)
    }

    /// Somebody drops a file on the window, or runs `tintype upload`.
    async fn give(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].given().join(self.name());
        self.write(computer, &path, false)?;
        self.refused.retain(|refused| *refused != path);
        let Some(handle) = self.handle(computer) else {
            self.refused.push(path);
            return Ok(());
        };
        match handle.enqueue(vec![path.clone()], None, Wish::default()).await {
            Ok(batch) => self.wait(handle, batch),
            Err(error) => {
                self.refused.push(path);
                return Err(error);
            }
        }
        Ok(())
    }

    fn wait(&mut self, handle: EngineHandle, batch: String) {
        let told = Arc::clone(&self.told);
        self.waits.push(tokio::spawn(async move {
            let wait = handle.wait(&batch, Some(PATIENCE), |_| {});
            if tokio::time::timeout(OVER, wait).await.is_err() {
                told.lock().unwrap_or_else(PoisonError::into_inner).broken.push("a wait does not end".into());
            }
        }));
    }

    fn save(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        self.write(computer, &path, true)
    }

    fn delete(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        if path.exists() {
            self.say(format!("{computer}: {} is deleted", path.display()));
            std::fs::remove_file(&path).map_err(|error| tintype_core::Error::from_io(&error, &path))?;
            self.server().ledger.removed(computer, &path);
        }
        Ok(())
    }

    /// `tintype watch --once`.
    async fn compare(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        self.say(format!("{computer}: the folder is compared"));
        let gone = self.server().ledger.gone(computer);
        let found = handle.reconcile(Vec::new(), None, &WatchedFolder::default()).await?;
        self.server().ledger.noticed(computer, &gone);
        self.wait(handle, found.batch);
        Ok(())
    }

    async fn rest(&mut self, computer: usize, paused: bool) -> Result<()> {
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        self.say(format!("{computer}: uploads {}", if paused { "rest" } else { "go on" }));
        if !paused {
            self.server().ledger.pause(computer, false);
        }
        handle.pause_all(paused).await?;
        // Another engine of this computer follows with its next look at the settings.
        tokio::time::sleep(Duration::from_secs(1)).await;
        if paused {
            self.server().ledger.pause(computer, true);
        }
        Ok(())
    }

    /// `tintype folder keep`.
    async fn keep(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        self.say(format!("{computer}: what was deleted is to be kept"));
        self.server().ledger.keep(computer, true);
        handle.keep_removed(self.computers[computer].watched()).await?;
        self.server().ledger.keep(computer, false);
        Ok(())
    }

    async fn remove_now(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        self.say(format!("{computer}: what was deleted is to be removed now"));
        handle.remove_now(self.computers[computer].watched()).await
    }

    /// Another program writes the settings.
    fn rename(&mut self, computer: usize) -> Result<()> {
        let name = format!("photos {}", self.dice.u8(0..100));
        self.say(format!("{computer}: the profile is called {name}"));
        let path = self.computers[computer].settings();
        let rename = |settings: &mut Settings| {
            let old = settings.profile(None)?.clone();
            let renamed = tintype_core::profile::Profile { name, ..old.clone() };
            settings.put_profile(renamed, Some(&old.name))
        };
        Settings::edit(&path, &Settings::default(), rename).map(|_| ())
    }

    async fn kill(&mut self, computer: usize) -> Result<()> {
        let engines = &mut self.computers[computer].engines;
        if engines.is_empty() {
            return Ok(());
        }
        let (engine, hard) = (engines.remove(self.dice.usize(0..engines.len())), self.dice.bool());
        self.say(format!("{computer}: an engine is {}", if hard { "killed" } else { "ended" }));
        // Who waits is in the same process; where there is another engine, its own wait on.
        self.waits.drain(..).for_each(|wait| wait.abort());
        if hard {
            engine.kill().await
        } else {
            engine.shutdown().await
        }
        Ok(())
    }

    fn begin(&mut self, computer: usize) -> Result<()> {
        if self.computers[computer].engines.len() < 2 {
            self.say(format!("{computer}: another engine begins"));
            self.computers[computer].start()?;
        }
        Ok(())
    }

    fn change_the_weather(&mut self) -> Result<()> {
        let dice = &mut self.dice;
        let calm = dice.u8(0..3) == 0;
        let mut some = |most: u32| if calm || dice.bool() { 0 } else { dice.u32(0..most) };
        let (busy, broken, lost) = (some(500), some(300), some(300));
        let slow = if calm { 50 } else { dice.u64(1..8000) };
        let weather = Weather { away: !calm && dice.u8(0..6) == 0, busy, broken, lost, slow };
        self.say(format!("{weather:?}"));
        self.server().weather = weather;
        Ok(())
    }

    /// Somebody with another program does something to the bucket.
    fn interfere(&mut self) -> Result<()> {
        let keys = self.server().ledger.keys("");
        if keys.is_empty() {
            return Ok(());
        }
        let key = &keys[self.dice.usize(0..keys.len())];
        let body = self.dice.bool().then(|| format!("a stranger's {}", self.dice.u32(..)).into_bytes().into());
        self.say(format!("a stranger {} {key}", if body.is_some() { "replaces" } else { "deletes" }));
        self.server().ledger.touch(key, body);
        Ok(())
    }

    /// Something private takes a path of which nothing is on its way any more.
    async fn hide(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].given().join(self.name());
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        if !path.exists() || handle.snapshot().await?.overall.unfinished > 0 {
            return Ok(());
        }
        let content = format!("private {}", self.dice.u64(..));
        self.say(format!("{computer}: {} is private from now on", path.display()));
        self.server().ledger.hide(computer, &path, &sha256(content.as_bytes()));
        self.refused.retain(|refused| *refused != path);
        self.computers[computer].write(&path, &content).map_err(|error| tintype_core::Error::from_io(&error, &path))
    }

    /// `tintype verify --repair`.
    async fn mend(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else { return Ok(()) };
        self.say(format!("{computer}: what is not as it was is to be mended"));
        self.server().ledger.mends(computer);
        let found = tokio::time::timeout(OVER, handle.verify(None, false, true, |_| {})).await;
        let Ok(found) = found else {
            self.breaks("looking at all that was uploaded does not end".into());
            return Ok(());
        };
        if let Some(batch) = found?.repairing {
            self.wait(handle, batch);
        }
        Ok(())
    }

    /// The weather is calm, everything may go on, and everything is looked at.
    pub(crate) async fn end(&mut self) {
        self.say("the end".into());
        self.server().weather = Weather { slow: 20, ..Weather::default() };
        for wait in std::mem::take(&mut self.waits) {
            if wait.is_finished() || tokio::time::timeout(OVER, wait).await.is_ok() {
                continue;
            }
            self.breaks("a wait does not end, even in the end".into());
        }
        for computer in 0..self.computers.len() {
            if let Err(error) = self.settle(computer).await {
                self.breaks(format!("{computer}: in the end: {error}"));
            }
        }
        self.judge().await;
        for computer in &mut self.computers {
            for engine in computer.engines.drain(..) {
                engine.shutdown().await;
            }
        }
    }

    async fn settle(&mut self, computer: usize) -> Result<()> {
        if self.computers[computer].engines.is_empty() {
            self.computers[computer].start()?;
        }
        self.rest(computer, false).await?;
        let handle = self.computers[computer].engines[0].handle();
        let refused = std::mem::take(&mut self.refused);
        let (here, elsewhere) = refused.into_iter().partition(|path| path.starts_with(self.computers[computer].given()));
        self.refused = elsewhere;
        let given = handle.enqueue(here, None, Wish::default()).await?;
        self.waited(&handle, &given).await?;
        let gone = self.server().ledger.gone(computer);
        match handle.reconcile(Vec::new(), None, &WatchedFolder::default()).await {
            Ok(found) => {
                self.server().ledger.noticed(computer, &gone);
                self.waited(&handle, &found.batch).await?;
            }
            // A folder from which everything went may be that of a drive that is away: nothing is concluded from that.
            Err(error) if error.code == Code::FileMissing => self.server().ledger.keep(computer, true),
            Err(error) => return Err(error),
        }
        self.all_done(&handle).await?;
        self.mend(computer).await?;
        for wait in self.waits.drain(..) {
            // It tells itself what became of it.
            let _ = wait.await;
        }
        self.all_done(&handle).await?;
        handle.remove_now(self.computers[computer].watched()).await?;
        handle.finish(PATIENCE).await
    }

    /// Waits until nothing is left in the queue: what was put off is tried again.
    async fn all_done(&self, handle: &EngineHandle) -> Result<()> {
        let start = Instant::now();
        while handle.snapshot().await?.overall.unfinished > 0 {
            if start.elapsed() > OVER {
                self.breaks("a queue does not empty in calm weather".into());
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        handle.finish(PATIENCE).await
    }

    async fn waited(&self, handle: &EngineHandle, batch: &str) -> Result<()> {
        match tokio::time::timeout(OVER, handle.wait(batch, None, |_| {})).await {
            Ok(waited) => waited,
            Err(_) => {
                for job in handle.batch(batch, 0, 100).await?.into_iter().map(|report| report.job).filter(|job| job.finished_at.is_none()) {
                    let error = job.error.map(|error| error.message).unwrap_or_default();
                    self.breaks(format!("a wait does not end in calm weather: {} is {:?}: {error}", job.source.display(), job.stage));
                }
                Ok(())
            }
        }
    }

    /// Whether what should be in the bucket is there, and nothing that should not.
    async fn judge(&self) {
        let (missing, left) = {
            let ledger = &self.server().ledger;
            (ledger.missing(), ledger.leftovers())
        };
        for (computer, path, _) in missing {
            self.breaks(format!("{computer}: {} is not in the bucket", path.display()));
        }
        for (computer, path, _) in left {
            self.breaks(format!("{computer}: what {} was is left in the bucket", path.display()));
        }
    }
}
