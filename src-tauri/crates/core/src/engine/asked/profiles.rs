//! What one can ask of an engine about profiles.

use serde::Deserialize;

use crate::engine::asked::handle::EngineHandle;
use crate::engine::bucket::doctor::{Doctor, StepResult};
use crate::engine::bucket::rights;
use crate::error::{Code, Error, Result};
use crate::profile::{CredentialSource, DEMO, Fix, Profile};
use crate::secret::{Credentials, Secret, webhook_name};
use crate::settings::Settings;

/// A profile as a form gives it.
#[derive(Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProfileDraft {
    /// The profile.
    pub profile: Profile,
    /// The secret access key, where it is new or changed.
    pub secret: Option<String>,
    /// The webhook's secret, where it is new or changed.
    pub webhook_secret: Option<String>,
    /// Keep the secret in memory only.
    pub session_only: bool,
    /// The name of the profile this one takes the place of.
    pub replaces: Option<String>,
}

impl EngineHandle {
    /// Adds or changes a profile; its secret goes into the keyring, or stays in memory if asked.
    pub async fn save_profile(&self, draft: ProfileDraft) -> Result<Settings> {
        let profile = self.check_draft(&draft).await?;
        if let Some(secret) = draft.secret.filter(|secret| !secret.is_empty()) {
            self.secrets
                .keep(&profile.secret_ref, Secret::new(secret), draft.session_only)
                .await?;
        }
        if let Some(secret) = draft.webhook_secret.filter(|secret| !secret.is_empty()) {
            self.secrets
                .keep(
                    &webhook_name(&profile.secret_ref),
                    Secret::new(secret),
                    draft.session_only,
                )
                .await?;
        }
        self.stages.stores.close(&profile.id);
        self.edit(move |settings| settings.put_profile(profile, draft.replaces.as_deref()))
            .await
    }

    /// The profile a draft stands for, with a place for its secret.
    async fn check_draft(&self, draft: &ProfileDraft) -> Result<Profile> {
        let mut profile = draft.profile.clone();
        profile.normalise()?;
        let settings = self.settings().await?;
        let old = draft
            .replaces
            .as_deref()
            .and_then(|name| settings.profiles.iter().find(|old| old.name == name));
        profile.id = old.map(|old| old.id.clone()).unwrap_or_default();
        profile.secret_ref = match old {
            Some(old) if !old.secret_ref.is_empty() => old.secret_ref.clone(),
            _ => uuid::Uuid::new_v4().simple().to_string(),
        };
        let taken = settings.profiles.iter().any(|other| {
            other.name == profile.name && Some(&other.name) != draft.replaces.as_ref()
        });
        if taken {
            return Err(Error::new(
                Code::ProfileExists,
                format!("there is a profile \"{}\" already", profile.name),
            )
            .hint("choose another name, or remove that profile first"));
        }
        let needs_key = profile.credentials == CredentialSource::Keyring;
        if needs_key && profile.access_key_id.is_empty() {
            return Err(
                Error::new(Code::ProfileInvalid, "the access key id is missing")
                    .hint("the provider's console shows it when a key is made"),
            );
        }
        if needs_key && old.is_none() && draft.secret.as_deref().unwrap_or_default().is_empty() {
            return Err(
                Error::new(Code::ProfileInvalid, "the secret access key is missing")
                    .hint("the provider's console shows it once, when a key is made"),
            );
        }
        Ok(profile)
    }

    /// Removes a profile and forgets its secret.
    pub async fn remove_profile(&self, name: String) -> Result<Settings> {
        let settings = self.settings().await?;
        let profile = settings.profile(Some(&name))?.clone();
        if profile.credentials == CredentialSource::Keyring
            && let Err(error) = self.forget_secrets(&profile).await
        {
            // Without a keyring there is no secret to forget.
            tracing::warn!(%error, "the secret of a removed profile could not be deleted");
        }
        self.stages.stores.close(&profile.id);
        self.edit(move |settings| settings.remove_profile(&name).map(|_| ()))
            .await
    }

    async fn forget_secrets(&self, profile: &Profile) -> Result<()> {
        self.secrets
            .forget(&webhook_name(&profile.secret_ref))
            .await?;
        self.secrets.forget(&profile.secret_ref).await
    }

    /// Makes a profile the one that is used when none is named.
    pub async fn set_default_profile(&self, name: String) -> Result<Settings> {
        self.edit(move |settings| {
            let name = settings.profile(Some(&name))?.name.clone();
            settings.default_profile = name;
            Ok(())
        })
        .await
    }

    /// Makes sure there is a profile for the bucket on this computer.
    pub async fn use_demo(&self) -> Result<Settings> {
        let settings = self.settings().await?;
        if settings.profile(Some(DEMO)).is_ok() {
            return Ok(settings);
        }
        self.edit(|settings| {
            settings.ensure_demo();
            if settings.default_profile.is_empty() {
                settings.default_profile = DEMO.into();
            }
            Ok(())
        })
        .await
    }

    /// Serves the bucket on this computer for as long as this engine runs: its profile with the
    /// address, and what signs its requests. The settings stay as they are.
    pub async fn serve_demo(&self) -> Result<(Profile, Credentials)> {
        self.stages.stores.start_demo(&Profile::demo()).await
    }

    /// Sends a small object all the way through a profile; with `cors`, also asks whether pages of
    /// that origin may read it.
    pub async fn test_profile(&self, name: &str, cors: Option<String>) -> Result<Vec<StepResult>> {
        if name == DEMO {
            self.use_demo().await?;
        }
        let profile = self.settings().await?.profile(Some(name))?.clone();
        self.examine(&profile, cors).await
    }

    /// The same for a profile that is not saved yet.
    pub async fn test_draft(&self, draft: ProfileDraft) -> Result<Vec<StepResult>> {
        let mut profile = self.check_draft(&draft).await?;
        if let Some(secret) = draft.secret.filter(|secret| !secret.is_empty()) {
            profile.secret_ref = uuid::Uuid::new_v4().simple().to_string();
            self.secrets
                .keep(&profile.secret_ref, Secret::new(secret), true)
                .await?;
        }
        self.examine(&profile, None).await
    }

    async fn examine(&self, profile: &Profile, cors: Option<String>) -> Result<Vec<StepResult>> {
        Doctor {
            stores: &self.stages.stores,
            profile,
            cors,
            results: Vec::new(),
        }
        .examine()
        .await
    }

    /// Sets what the doctor found to be right.
    pub async fn fix_profile(&self, name: &str, fixes: Vec<Fix>) -> Result<Settings> {
        let name = name.to_owned();
        self.stages
            .stores
            .close(&self.settings().await?.profile(Some(&name))?.id);
        self.edit(move |settings| {
            let mut profile = settings.profile(Some(&name))?.clone();
            fixes.iter().for_each(|fix| profile.apply(fix));
            settings.put_profile(profile, Some(&name))
        })
        .await
    }

    /// The rights a profile's key needs, to be copied to the provider: JSON where it takes
    /// policies, else a sentence.
    pub async fn rights(&self, name: &str) -> Result<String> {
        rights::rights(self.settings().await?.profile(Some(name))?)
    }
}
