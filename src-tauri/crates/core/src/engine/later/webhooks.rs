//! Webhooks are told of jobs that have ended.

use futures::StreamExt as _;
use serde::Serialize;

use super::again::{again, is_due, left};
use super::chores::{BATCH, Chores};
use super::told::{by_profile, entry};
use crate::engine::bucket::check;
use crate::error::{Code, Error, Result};
use crate::journal::{JobRow, Message, MessageKind, ObjectRow};
use crate::manifest::ManifestObject;
use crate::profile::Profile;
use crate::settings::Settings;

/// Profiles whose webhooks are told at once.
const WEBHOOKS: usize = 8;

impl Chores {
    pub(super) async fn webhooks(&self) -> Result<()> {
        let messages = self
            .stages
            .journal
            .messages(MessageKind::Webhook, BATCH)
            .await?;
        self.later
            .lock()
            .await
            .webhooks
            .retain(|profile, _| messages.iter().any(|message| message.profile == *profile));
        if messages.is_empty() {
            return Ok(());
        }
        let settings = self.settings()?;
        // Each profile's in order; one that does not answer does not hold up the others.
        let mut due = by_profile(messages);
        {
            let later = self.later.lock().await;
            due.retain(|profile, _| is_due(&later.webhooks, profile));
        }
        let profiles = due
            .into_values()
            .map(|messages| self.webhooks_of(&settings, messages));
        let told = futures::stream::iter(profiles)
            .buffer_unordered(WEBHOOKS)
            .fold(Ok(()), async |wrong, told: Result<()>| told.and(wrong));
        told.await.and(left(&self.later.lock().await.webhooks))
    }

    async fn webhooks_of(&self, settings: &Settings, messages: Vec<Message>) -> Result<()> {
        let (mut wrong, profile) = (Ok(()), messages.first().map(|one| one.profile.clone()));
        for message in messages {
            let told = self.webhook(settings, message).await;
            // One that it does not take holds up no other; one that does not answer does.
            let is_its_own = matches!(&told, Err(error) if error.code == Code::RequestRefused);
            if told.is_err() {
                wrong = told;
            }
            if wrong.is_err() && !is_its_own {
                break;
            }
        }
        let later = &mut self.later.lock().await.webhooks;
        match (&wrong, profile) {
            (Err(error), Some(profile)) => again(later, &profile, error.clone()),
            (Ok(()), Some(profile)) => drop(later.remove(&profile)),
            (_, None) => {}
        }
        wrong
    }

    async fn webhook(&self, settings: &Settings, message: Message) -> Result<()> {
        let profile = settings
            .profile_of(&message.profile)
            .ok()
            .filter(|profile| !profile.webhook.is_empty());
        let job = self.stages.journal.jobs(&[message.job]).await?.pop();
        let (Some(profile), Some(job)) = (profile, job) else {
            // The webhook, or the job itself, was taken away: there is nothing left to tell.
            return self.stages.journal.told(vec![message.id]).await;
        };
        let objects = self.stages.journal.objects(message.job).await?;
        let secret = self.secrets.webhook(profile).await?;
        let objects = self.with_links(profile, objects).await?;
        match check::post(&profile.webhook, secret, body(&job, &objects)?).await {
            Ok(()) => self.stages.journal.told(vec![message.id]).await,
            Err(error) => {
                let error = error.about(&job.name);
                self.stages
                    .journal
                    .not_told(message.id)
                    .await
                    .and(Err(error))
            }
        }
    }

    /// Links of a private bucket are good for a while only: whoever is told gets them signed at
    /// that moment.
    async fn with_links(
        &self,
        profile: &Profile,
        mut objects: Vec<ObjectRow>,
    ) -> Result<Vec<ObjectRow>> {
        if profile.link_hours > 0 {
            let open = self.stages.stores.get(profile).await?;
            for object in objects.iter_mut().filter(|object| object.url.is_some()) {
                object.url = Some(open.link(profile, &object.key).await?);
            }
        }
        Ok(objects)
    }
}

/// What a webhook is told of a job.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    content_length: u64,
    content_type: String,
    method: &'static str,
    status: &'static str,
    url: String,
    key: String,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbhash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<String>,
    variants: Vec<ManifestObject>,
}

fn body(job: &JobRow, objects: &[ObjectRow]) -> Result<String> {
    let entry = entry(job.clone(), objects.to_vec());
    let original = entry.original();
    let told = Told {
        content_length: original.size,
        content_type: original.content_type,
        method: "PUT",
        status: if job.present { "present" } else { "uploaded" },
        url: original.url,
        key: original.key,
        sha256: entry.sha256,
        thumbhash: entry.thumbhash,
        colour: entry.colour,
        variants: entry.objects.into_iter().skip(1).collect(),
    };
    serde_json::to_string(&told).map_err(|error| {
        Error::new(
            Code::Internal,
            format!("a message has no JSON form: {error}"),
        )
    })
}
