//! Unfinished uploads that nobody goes on with are aborted: they are billed.

use super::chores::Chores;
use crate::engine::bucket::stores::Open;
use crate::error::Result;
use crate::journal::Orphan;
use crate::settings::Settings;

impl Chores {
    pub(super) async fn orphans(&self) -> Result<()> {
        let orphans = self.stages.journal.orphans().await?;
        if orphans.is_empty() {
            return Ok(());
        }
        let settings = self.settings()?;
        let mut wrong = Ok(());
        for orphan in orphans.into_iter().filter(|_| !settings.paused) {
            // One that cannot be aborted does not hold up the others.
            wrong = self.abort(&settings, orphan).await.and(wrong);
        }
        wrong
    }

    async fn abort(&self, settings: &Settings, orphan: Orphan) -> Result<()> {
        let Ok(profile) = settings.profile_of(&orphan.profile) else {
            return Ok(());
        };
        let open = self.stages.stores.get(profile).await?;
        // Another bucket by now: the upload cannot be reached any more.
        if open.target == orphan.target {
            for upload in self.uploads_of(&open, &orphan).await? {
                open.bucket
                    .call(0, || open.bucket.store.abort_upload(&orphan.key, &upload))
                    .await?;
            }
        }
        self.stages.journal.forget_orphan(orphan.id).await
    }

    /// Its id; or, where the bucket's answer was lost, whatever was begun under its key that was
    /// not there before.
    async fn uploads_of(&self, open: &Open, orphan: &Orphan) -> Result<Vec<String>> {
        if let Some(upload) = &orphan.upload {
            return Ok(vec![upload.clone()]);
        }
        let Some(before) = &orphan.before else {
            return Ok(Vec::new());
        };
        let known = self
            .stages
            .journal
            .known_uploads(&orphan.target, &orphan.key)
            .await?;
        let now = open
            .bucket
            .call(0, || open.bucket.store.unfinished_uploads(&orphan.key))
            .await?;
        Ok(now
            .into_iter()
            .filter(|id| !before.contains(id) && !known.contains(id))
            .collect())
    }
}
