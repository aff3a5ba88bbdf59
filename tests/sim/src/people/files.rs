//! What people do with their files.

use super::*;

impl People {
    /// Somebody drops a file on the window, or runs `tintype upload`.
    pub(super) async fn give(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].given().join(self.name());
        let blog = self.dice.u8(0..4) == 0;
        self.server().ledger.goes(computer, &path, blog);
        self.write(computer, &path, false)?;
        self.refused.retain(|refused| *refused != path);
        let Some(handle) = self.handle(computer) else {
            self.refused.push(path);
            return Ok(());
        };
        let profile = blog.then(|| BLOG.to_owned());
        match handle
            .enqueue(vec![path.clone()], profile, Wish::default())
            .await
        {
            Ok(batch) => self.wait(handle, batch),
            Err(error) => {
                self.refused.push(path);
                return Err(error);
            }
        }
        Ok(())
    }

    pub(super) fn save(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        self.write(computer, &path, true)
    }

    pub(super) fn delete(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        self.delete_file(computer, &path)
    }

    pub(super) fn delete_file(&mut self, computer: usize, path: &Path) -> Result<()> {
        if path.exists() {
            self.say(&format!("{computer}: {} is deleted", path.display()));
            std::fs::remove_file(path)
                .map_err(|error| tintype_core::Error::from_io(&error, path))?;
            self.server().ledger.removed(computer, path);
        }
        Ok(())
    }

    /// `tintype watch --once`.
    pub(super) async fn compare(&mut self, computer: usize) -> Result<()> {
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        self.say(&format!("{computer}: the folder is compared"));
        let gone = self.server().ledger.gone(computer);
        let found = handle
            .reconcile(Vec::new(), None, &WatchedFolder::default())
            .await?;
        if let Some(error) = found.blind.first() {
            return Err(error.clone());
        }
        self.server().ledger.noticed(computer, &gone);
        self.wait(handle, found.batch);
        Ok(())
    }

    /// Something private takes a path of which nothing is on its way any more.
    pub(super) async fn hide(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].given().join(self.name());
        let Some(handle) = self.handle(computer) else {
            return Ok(());
        };
        if !path.exists() || handle.snapshot().await?.overall.unfinished > 0 {
            return Ok(());
        }
        let content = format!("private {}", self.dice.u64(..));
        self.say(&format!(
            "{computer}: {} is private from now on",
            path.display()
        ));
        self.server()
            .ledger
            .hide(computer, &path, &sha256(content.as_bytes()));
        self.refused.retain(|refused| *refused != path);
        self.computers[computer]
            .write(&path, &content)
            .map_err(|error| tintype_core::Error::from_io(&error, &path))
    }
}
