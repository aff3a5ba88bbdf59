//! What people want of Tintype.

use super::*;

impl People {
    pub(super) async fn rest(&mut self, computer: usize, paused: bool) -> Result<()> {
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        self.say(&format!(
            "{computer}: uploads {}",
            if paused { "rest" } else { "go on" }
        ));
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
    pub(super) async fn keep(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        self.say(&format!("{computer}: what was deleted is to be kept"));
        self.server().ledger.keep(computer, true);
        handle
            .keep_removed(self.computers[computer].watched())
            .await?;
        self.server().ledger.keep(computer, false);
        Ok(())
    }

    pub(super) async fn remove_now(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        self.say(&format!(
            "{computer}: what was deleted is to be removed now"
        ));
        handle.remove_now(self.computers[computer].watched()).await
    }

    /// Another program writes the settings.
    pub(super) fn rename(&mut self, computer: usize) -> Result<()> {
        let name = format!("photos {}", self.dice.u8(0..100));
        self.say(&format!("{computer}: the profile is called {name}"));
        let path = self.computers[computer].settings();
        let rename = |settings: &mut Settings| {
            let old = settings.profile(None)?.clone();
            let renamed = tintype_core::profile::Profile {
                name,
                ..old.clone()
            };
            settings.put_profile(renamed, Some(&old.name))
        };
        Settings::edit(&path, &Settings::default(), rename).map(|_| ())
    }

    /// `tintype verify --repair`.
    pub(super) async fn mend(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        self.say(&format!(
            "{computer}: what is not as it was is to be mended"
        ));
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
}
