//! What the actor does with what watched folders report.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::Actor;
use crate::engine::aside::Aside;
use crate::engine::folder::folders::{self, Compared};
use crate::engine::shown::health::Duty;
use crate::engine::shown::view::Event;
use crate::error::Result;
use crate::folder::Seen;
use crate::journal::{self, JobRow};
use crate::watch::Report;

/// Folders that could not be followed are tried again after this.
const FOLLOW_AGAIN: Duration = Duration::from_secs(3);
/// Counts are told at most so often.
const FOLDERS: Duration = Duration::from_secs(1);

impl Actor {
    pub(super) async fn follow_folders(&mut self) {
        self.follow_at = None;
        let own = self.config.watch && self.lead.is_some();
        let followed = self
            .folders
            .follow(&self.stages.journal, &self.settings, own)
            .await;
        if self.health.note(Duty::Folders, followed).is_none() {
            self.follow_at = Some(Instant::now() + FOLLOW_AGAIN);
        }
        self.folders_news = true;
    }

    pub(super) async fn hear(&mut self, report: Report) -> Result<()> {
        self.folders_news = true;
        let journal = &self.stages.journal;
        match report {
            Report::State(path, state) => {
                let compared = self.folders.note(&path, state);
                if compared == Compared::FirstTime {
                    journal.begin_folder(&path).await?;
                }
                if compared != Compared::Not {
                    // Somebody may wait for that.
                    self.folders_told = None;
                    if let Some(folder) = self.folders.find(&self.settings, &path) {
                        self.porter.order(&folder, None);
                    }
                }
                Ok(())
            }
            Report::Drives(path, drives) => journal.add_mounts(&path, drives).await,
            Report::Finished(path, finished, answer) => {
                let recorded = self.record(&path, finished).await;
                self.folders.note_recorded(&path, &recorded);
                // A thread that has been told to stop does not listen.
                let _ = answer.send(recorded.is_ok());
                recorded
            }
            Report::Moved(path, files) => {
                let lost = journal.moved(path.clone(), files).await?;
                if !lost.is_empty() {
                    // Their jobs ended between the move and this news of it.
                    lost.into_iter()
                        .for_each(|file| self.folders.forget(&path, file));
                    self.folders.look(Some(&path));
                }
                Ok(())
            }
            Report::Gone(path, files) => {
                let grace = self
                    .folders
                    .find(&self.settings, &path)
                    .and_then(|folder| folder.grace());
                self.folders.keep_clock(journal, &path).await?;
                journal.gone(path, files, grace).await
            }
        }
    }

    /// Takes note of what was done beside.
    pub(super) async fn hear_aside(&mut self, aside: Aside) -> Result<()> {
        self.folders_news |= !matches!(aside, Aside::Chore(..));
        match aside {
            Aside::PutAway(put_down) => self.folders.note_put_away(put_down),
            Aside::Removed(job) => self.tell_rows(vec![job]).await?,
            Aside::Chore(duty, done) => drop(self.health.note(duty, done)),
        }
        Ok(())
    }

    /// Puts finished files on record: as jobs, or as what does not go up.
    async fn record(&mut self, path: &Path, finished: Vec<Seen>) -> Result<()> {
        let Some(folder) = self.folders.find(&self.settings, path) else {
            return Ok(());
        };
        let profile = self.settings.profile_for(&folder)?;
        let alone = self.config.secrets.are_here(profile);
        let (jobs, skipped) = folders::sorted(
            &self.settings,
            (&folder, profile),
            finished,
            alone.then_some(self.presence.id()),
        );
        if !skipped.is_empty() {
            self.stages
                .journal
                .skip(folder.path.into(), skipped)
                .await?;
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let ids = self.stages.journal.enqueue(journal::new_id(), jobs).await?;
        self.take_up(ids).await
    }

    /// A job of a watched folder has ended: another may go on with what its file is now, the file
    /// may be to be put away, or there may be nothing left of it.
    pub(super) async fn after_watched(&mut self, row: &JobRow) -> Result<()> {
        let Some(folder) = &row.watched else {
            return Ok(());
        };
        self.folders_news = true;
        self.queue.look_again();
        if let Some(next) = self.stages.journal.goes_on_as(row).await? {
            self.take_up(vec![next]).await?;
        }
        let meant = match self.folders.find(&self.settings, folder) {
            None => self.stages.journal.folder(folder).await?,
            meant => meant,
        };
        if let Some(meant) = meant {
            self.porter.order(&meant, Some(row.id));
        }
        if self.stages.journal.job(&row.uid).await?.is_none() {
            self.folders.forget(folder, row.source.clone());
            self.tell(Event::Forgotten(vec![row.uid.clone()]));
        }
        Ok(())
    }

    pub(super) async fn tell_folders(&mut self) -> Result<()> {
        if self.folders_news
            && self
                .folders_told
                .is_none_or(|told| told.elapsed() >= FOLDERS)
        {
            (self.folders_news, self.folders_told) = (false, Some(Instant::now()));
            self.tell(Event::Folders(
                self.folders
                    .views(&self.stages.journal, &self.settings)
                    .await?,
            ));
        }
        Ok(())
    }
}
