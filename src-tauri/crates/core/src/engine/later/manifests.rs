//! The manifest in the bucket: kept up.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::again::{again, is_due, left};
use super::chores::{BATCH, Chores};
use super::told::{by_profile, entry};
use crate::error::Result;
use crate::journal::{Message, MessageKind};
use crate::manifest;
use crate::profile::ProfileId;
use crate::transfer::{Headers, Only, Progress};

/// How long the first entry waits for others.
const BATCH_WAIT: Duration = Duration::from_secs(30);

impl Chores {
    pub(super) async fn manifests(&self, now: bool) -> Result<()> {
        let messages = self
            .stages
            .journal
            .messages(MessageKind::Manifest, BATCH)
            .await?;
        if self.settings()?.paused {
            return Ok(());
        }
        for (profile, messages) in by_profile(messages) {
            if !self.may_list(&profile, messages.len(), now).await {
                continue;
            }
            let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
            let listed = self.list(&profile, messages).await;
            let mut later = self.later.lock().await;
            later.gathering.remove(&profile);
            if let Err(error) = listed {
                again(&mut later.manifests, &profile, error);
                for id in ids {
                    self.stages.journal.not_told(id).await?;
                }
            } else {
                later.manifests.remove(&profile);
            }
        }
        left(&self.later.lock().await.manifests)
    }

    /// Whether a profile's entries are listed now: there are many, the first has waited long
    /// enough, or nobody waits.
    async fn may_list(&self, profile: &ProfileId, entries: usize, now: bool) -> bool {
        let mut later = self.later.lock().await;
        if !now && !is_due(&later.manifests, profile) {
            return false;
        }
        let since = *later
            .gathering
            .entry(profile.clone())
            .or_insert_with(Instant::now);
        now || since.elapsed() >= BATCH_WAIT || entries >= BATCH as usize
    }

    /// Appends jobs to a profile's manifest: an object of its own, so that two computers never tear
    /// it.
    async fn list(&self, id: &ProfileId, messages: Vec<Message>) -> Result<()> {
        let settings = self.settings()?;
        let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
        if let Ok(profile) = settings.profile_of(id)
            && !profile.manifest.is_empty()
        {
            let mut entries = Vec::new();
            for message in &messages {
                let objects = self.stages.journal.objects(message.job).await?;
                entries.extend(
                    self.stages
                        .journal
                        .jobs(&[message.job])
                        .await?
                        .pop()
                        .map(|job| entry(job, objects)),
                );
            }
            let now = jiff::Timestamp::now();
            let key = format!(
                "{}/{}-{}.jsonl",
                profile.manifest,
                now.strftime("%Y/%m/%d/%H%M%S"),
                uuid::Uuid::new_v4().simple()
            );
            let headers = Headers {
                content_type: "application/jsonl".into(),
                ..Headers::default()
            };
            let open = self.stages.stores.get(profile).await?;
            let text = Bytes::from(manifest::write(&entries));
            let progress = Progress::default();
            open.bucket
                .call(text.len() as u64, || {
                    open.bucket
                        .store
                        .put(&key, text.clone(), &headers, &Only::Always, &progress)
                })
                .await?;
        }
        self.stages.journal.told(ids).await
    }
}
