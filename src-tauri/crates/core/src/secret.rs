//! Secrets: in the operating system's keyring, or for this session only. Never in a file, a log or
//! the page.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Code, Error, Result};
use crate::profile::{CredentialSource, Profile};
use crate::world::blocking;

const SERVICE: &str = "tintype";

/// A text that must not be shown: it prints as `•••`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that signs or stores it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// What signs requests.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Secret,
    /// For temporary credentials.
    pub session_token: Option<Secret>,
}

/// A place that keeps secrets by name.
pub trait SecretStore: Send + Sync {
    /// The secret of that name, if there is one.
    fn get(&self, name: &str) -> Result<Option<Secret>>;
    /// Keeps a secret under a name.
    fn set(&self, name: &str, secret: &Secret) -> Result<()>;
    /// Forgets a secret; that there is none is fine.
    fn delete(&self, name: &str) -> Result<()>;
}

/// The operating system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
#[derive(Debug, Default)]
pub struct Keyring;

impl Keyring {
    fn entry(name: &str) -> Result<keyring::Entry> {
        if let Err(error) = keyring::Entry::store_status() {
            return Err(keyring_error(error));
        }
        keyring::Entry::new(SERVICE, name).map_err(|error| keyring_error(&error))
    }
}

impl SecretStore for Keyring {
    fn get(&self, name: &str) -> Result<Option<Secret>> {
        match Self::entry(name)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(keyring_error(&error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        Self::entry(name)?
            .set_password(secret.expose())
            .map_err(|error| keyring_error(&error))
    }

    fn delete(&self, name: &str) -> Result<()> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(keyring_error(&error)),
        }
    }
}

fn keyring_error(error: &keyring::Error) -> Error {
    match error {
        keyring::Error::NoStorageAccess(cause) => {
            Error::new(Code::KeyringLocked, format!("the keyring is locked or refused access: {cause}"))
                .hint("unlock the keyring (log in to the desktop, or open its password program) and try again")
        }
        other => Error::new(Code::KeyringMissing, format!("this system offers no keyring: {other}")).hint(
            "start one (on Linux a Secret Service such as gnome-keyring or KWallet), keep the secret for this session only, \
             or use --credentials env",
        ),
    }
}

/// Secrets in this process's memory, gone when it ends.
#[derive(Debug, Default)]
pub struct SessionOnly(Mutex<HashMap<String, Secret>>);

impl SecretStore for SessionOnly {
    fn get(&self, name: &str) -> Result<Option<Secret>> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.into(), secret.clone());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        Ok(())
    }
}

/// Where secrets are looked for: this session first, then the keyring.
#[derive(Clone)]
pub struct Secrets {
    session: Arc<SessionOnly>,
    keyring: Arc<dyn SecretStore>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self::with_keyring(Arc::new(Keyring))
    }
}

impl Secrets {
    /// Uses another store as the keyring.
    pub fn with_keyring(keyring: Arc<dyn SecretStore>) -> Self {
        Self {
            session: Arc::default(),
            keyring,
        }
    }

    /// Files a profile's secret: in the keyring, or for this session only.
    pub async fn keep(&self, name: &str, secret: Secret, session_only: bool) -> Result<()> {
        if session_only {
            return self.session.set(name, &secret);
        }
        let name_owned = name.to_owned();
        self.on_keyring(move |keyring| keyring.set(&name_owned, &secret))
            .await?;
        self.session.delete(name)
    }

    /// Forgets a profile's secret everywhere.
    pub async fn forget(&self, name: &str) -> Result<()> {
        self.session.delete(name)?;
        let name = name.to_owned();
        self.on_keyring(move |keyring| keyring.delete(&name)).await
    }

    /// The credentials of a profile that keeps them in the keyring or the environment.
    ///
    /// One never stands in for the other: what is in the environment may be another account's.
    pub async fn credentials(&self, profile: &Profile) -> Result<Credentials> {
        if profile.credentials == CredentialSource::Env {
            return from_env().ok_or_else(|| {
                missing(
                    profile,
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                    "set both variables",
                )
            });
        }
        if let Some(secret) = self.session.get(&profile.secret_ref)? {
            return Ok(pair(profile, secret));
        }
        let name = profile.secret_ref.clone();
        match self.on_keyring(move |keyring| keyring.get(&name)).await? {
            Some(secret) => Ok(pair(profile, secret)),
            None => Err(missing(
                profile,
                "the keyring has no secret for it",
                "enter the secret access key again in the profile",
            )),
        }
    }

    /// Whether this process has a profile's credentials, and others may not have them: they are in
    /// its environment, or kept for this session only.
    pub fn are_here(&self, profile: &Profile) -> bool {
        match profile.credentials {
            CredentialSource::Env => from_env().is_some(),
            CredentialSource::Keyring => self
                .session
                .get(&profile.secret_ref)
                .is_ok_and(|secret| secret.is_some()),
            CredentialSource::Aws | CredentialSource::Demo => false,
        }
    }

    /// What a profile's webhook is told with every message, so that it knows who speaks.
    ///
    /// From `TINTYPE_WEBHOOK_SECRET` where it is set, else from the keyring; nothing where neither
    /// has one.
    pub async fn webhook(&self, profile: &Profile) -> Result<Option<Secret>> {
        if let Some(secret) = std::env::var("TINTYPE_WEBHOOK_SECRET")
            .ok()
            .filter(|secret| !secret.is_empty())
        {
            return Ok(Some(Secret::new(secret)));
        }
        if profile.credentials != CredentialSource::Keyring {
            return Ok(None);
        }
        let name = webhook_name(&profile.secret_ref);
        if let Some(secret) = self.session.get(&name)? {
            return Ok(Some(secret));
        }
        self.on_keyring(move |keyring| keyring.get(&name)).await
    }

    /// The keyring may ask the user, and its calls block: never on the runtime's threads.
    async fn on_keyring<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn SecretStore) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let keyring = Arc::clone(&self.keyring);
        blocking("the keyring call", move || work(&*keyring)).await?
    }
}

/// What a profile's webhook secret is filed under.
pub fn webhook_name(secret_ref: &str) -> String {
    format!("{secret_ref}-webhook")
}

fn pair(profile: &Profile, secret: Secret) -> Credentials {
    Credentials {
        access_key_id: profile.access_key_id.clone(),
        secret_access_key: secret,
        session_token: None,
    }
}

fn missing(profile: &Profile, why: &str, hint: &str) -> Error {
    Error::new(
        Code::CredentialsMissing,
        format!("the profile \"{}\" has no credentials: {why}", profile.name),
    )
    .hint(hint)
}

fn from_env() -> Option<Credentials> {
    // What was read from a file often ends with a line break.
    let read = |name| {
        std::env::var(name)
            .ok()
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    Some(Credentials {
        access_key_id: read("AWS_ACCESS_KEY_ID")?,
        secret_access_key: Secret::new(read("AWS_SECRET_ACCESS_KEY")?),
        session_token: read("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let credentials = Credentials {
            access_key_id: "AKIA".into(),
            secret_access_key: Secret::new("canary"),
            session_token: Some(Secret::new("canary")),
        };
        assert!(!format!("{credentials:?}").contains("canary"));
    }

    #[tokio::test]
    async fn session_secrets_never_reach_the_keyring() -> Result<()> {
        let keyring = Arc::new(SessionOnly::default());
        let secrets = Secrets::with_keyring(keyring.clone());
        secrets.keep("a", Secret::new("s"), true).await?;
        assert_eq!(keyring.get("a")?, None);
        let profile = Profile {
            secret_ref: "a".into(),
            access_key_id: "id".into(),
            ..Profile::default()
        };
        assert_eq!(
            secrets
                .credentials(&profile)
                .await?
                .secret_access_key
                .expose(),
            "s"
        );
        Ok(())
    }
}
