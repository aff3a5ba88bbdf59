//! The end: the weather is calm, everything may go on, and everything is looked at.

use super::*;

impl People {
    /// The weather is calm, everything may go on, and everything is looked at.
    pub(crate) async fn end(&mut self) {
        self.say("the end");
        self.server().weather = Weather {
            slow: 20,
            ..Weather::default()
        };
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

    pub(super) async fn settle(&mut self, computer: usize) -> Result<()> {
        if self.computers[computer].engines.is_empty() {
            self.computers[computer].start()?;
        }
        self.rest(computer, false).await?;
        let handle = self.computers[computer].engines[0].handle();
        let refused = std::mem::take(&mut self.refused);
        let (here, elsewhere): (Vec<PathBuf>, Vec<PathBuf>) = refused
            .into_iter()
            .partition(|path| path.starts_with(self.computers[computer].given()));
        self.refused = elsewhere;
        here.iter()
            .for_each(|path| self.server().ledger.goes(computer, path, false));
        let given = handle.enqueue(here, None, Wish::default()).await?;
        self.waited(&handle, &given).await?;
        let gone = self.server().ledger.gone(computer);
        let found = handle
            .reconcile(Vec::new(), None, &WatchedFolder::default())
            .await?;
        match found.blind.first() {
            None => self.server().ledger.noticed(computer, &gone),
            // A folder from which everything went may be that of a drive that is away: nothing is
            // concluded from that.
            Some(error) if error.code == Code::FileMissing => {
                self.server().ledger.keep(computer, true)
            }
            Some(error) => return Err(error.clone()),
        }
        self.waited(&handle, &found.batch).await?;
        self.all_done(&handle).await?;
        self.mend(computer).await?;
        for wait in self.waits.drain(..) {
            // It tells itself what became of it.
            let _ = wait.await;
        }
        self.all_done(&handle).await?;
        handle
            .remove_now(self.computers[computer].watched())
            .await?;
        // What is due is done by the one that leads, whichever that is.
        for engine in &self.computers[computer].engines {
            engine.handle().finish(PATIENCE).await?;
        }
        Ok(())
    }

    /// Waits until nothing is left in the queue: what was put off is tried again.
    pub(super) async fn all_done(&self, handle: &EngineHandle) -> Result<()> {
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

    pub(super) async fn waited(&self, handle: &EngineHandle, batch: &str) -> Result<()> {
        match tokio::time::timeout(OVER, handle.wait(batch, None, |_| {})).await {
            Ok(waited) => waited,
            Err(_) => {
                for job in handle
                    .batch(batch, 0, 100)
                    .await?
                    .into_iter()
                    .map(|report| report.job)
                    .filter(|job| job.finished_at.is_none())
                {
                    let error = job.error.map(|error| error.message).unwrap_or_default();
                    self.breaks(format!(
                        "a wait does not end in calm weather: {} is {:?}: {error}",
                        job.source.display(),
                        job.stage
                    ));
                }
                Ok(())
            }
        }
    }

    /// Whether what should be in the bucket is there, and nothing that should not.
    pub(super) async fn judge(&self) {
        let (missing, left, taken) = {
            let ledger = &self.server().ledger;
            (ledger.missing(), ledger.leftovers(), ledger.taken())
        };
        taken.into_iter().for_each(|what| self.breaks(what));
        for (computer, path, _) in missing {
            self.breaks(format!(
                "{computer}: {} is not in the bucket",
                path.display()
            ));
        }
        for (computer, path, _) in left {
            self.breaks(format!(
                "{computer}: what {} was is left in the bucket",
                path.display()
            ));
        }
        let there = self.server().ledger.there();
        for (computer, path, content) in there {
            if !self.computers[computer].has(&content) {
                self.breaks(format!(
                    "{computer}: what {} is is nowhere on the computer any more",
                    path.display()
                ));
            }
        }
        for (id, upload) in &self.server().unfinished {
            self.breaks(format!(
                "{id} of {} is neither whole nor given up",
                upload.key
            ));
        }
    }
}
