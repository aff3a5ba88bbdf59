//! Who signs requests: keys that are known, or whatever AWS' own chain finds, and renews before it
//! ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::config::{BehaviorVersion, Region};
use tokio::sync::Mutex;

use super::failure::innermost;
use super::http::http_client;
use crate::error::{Code, Error, Result};
use crate::profile::Profile;
use crate::secret::Credentials;

/// A request that is signed now may be on its way for so long.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// Signs the requests of one profile.
#[derive(Debug, Clone)]
pub struct Signer {
    provider: SharedCredentialsProvider,
    /// What a chain found; nothing for keys that are known, which nobody renews.
    found: Option<Arc<Found>>,
}

impl From<&Credentials> for Signer {
    fn from(credentials: &Credentials) -> Self {
        let token = credentials.session_token.as_ref();
        let keys = Keys::new(
            &credentials.access_key_id,
            credentials.secret_access_key.expose(),
            token.map(|token| token.expose().to_owned()),
            None,
            "tintype",
        );
        Self {
            provider: SharedCredentialsProvider::new(keys),
            found: None,
        }
    }
}

impl Signer {
    /// As AWS' own programs find credentials: by a profile of theirs (keys, SSO, a program, a role),
    /// or where none is named by their whole chain (environment, profile, web identity, container,
    /// machine).
    ///
    /// # Errors
    /// `credentials-missing`
    pub async fn of_aws(profile: &Profile) -> Result<Self> {
        let name = profile.aws_profile.as_str();
        let http = http_client(None, "")?;
        // The machine's own region is not asked for: elsewhere nobody answers, for seconds.
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .or_else(Region::from_static("us-east-1"));
        let provider = if name.is_empty() {
            let loader = aws_config::defaults(BehaviorVersion::latest());
            let found = loader.http_client(http).region(region).load().await;
            found.credentials_provider()
        } else {
            // What is in the environment may be another account's.
            let config = ProviderConfig::default()
                .with_http_client(http)
                .with_region(region.region().await);
            let of_profile = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(name);
            Some(SharedCredentialsProvider::new(of_profile.build()))
        };
        let Some(provider) = provider else {
            return Err(missing(profile, "nothing has any"));
        };
        let found = Arc::new(Found::new(provider));
        let keys = found.provide_credentials().await;
        keys.map_err(|error| missing(profile, &innermost(Some(&error))))?;
        Ok(Self {
            provider: SharedCredentialsProvider::new(Shared(Arc::clone(&found))),
            found: Some(found),
        })
    }

    pub(super) fn provider(&self) -> SharedCredentialsProvider {
        self.provider.clone()
    }

    /// A service does not take them any more: the next request has new ones. Whether there can be
    /// any.
    pub(super) fn let_go(&self) -> bool {
        let found = self.found.as_ref();
        found
            .map(|found| found.refused.store(true, Ordering::Relaxed))
            .is_some()
    }
}

/// What a chain found last.
#[derive(Debug)]
struct Found {
    provider: SharedCredentialsProvider,
    held: Mutex<Option<Keys>>,
    /// A service does not take them any more.
    refused: AtomicBool,
}

impl Found {
    fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            held: Mutex::default(),
            refused: AtomicBool::default(),
        }
    }

    async fn provide_credentials(&self) -> provider::Result {
        let mut held = self.held.lock().await;
        if self.refused.swap(false, Ordering::Relaxed) {
            *held = None;
        }
        let lasts = |keys: &&Keys| {
            keys.expiry()
                .is_none_or(|end| end > SystemTime::now() + AHEAD)
        };
        if let Some(keys) = held.as_ref().filter(lasts) {
            return Ok(keys.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(keys) => Ok(held.insert(keys).clone()),
            // Those that there are last for a while yet, whatever is wrong with renewing them.
            Err(error) => match held.as_ref() {
                Some(keys) if keys.expiry().is_some_and(|end| end > SystemTime::now()) => {
                    tracing::warn!(
                        error = innermost(Some(&error)),
                        "credentials are not renewed yet"
                    );
                    Ok(keys.clone())
                }
                _ => Err(error),
            },
        }
    }
}

#[derive(Debug)]
struct Shared(Arc<Found>);

impl ProvideCredentials for Shared {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.0.provide_credentials())
    }
}

fn missing(profile: &Profile, why: &str) -> Error {
    let told = format!(
        "AWS' credentials for the profile \"{}\" cannot be had: {why}",
        profile.name
    );
    Error::new(Code::CredentialsMissing, told).hint(sign_in(&profile.aws_profile))
}

/// What a person can do about credentials that AWS' own programs keep.
pub(super) fn sign_in(aws_profile: &str) -> String {
    let named = match aws_profile {
        "" => String::new(),
        name => format!(" --profile {name}"),
    };
    format!(
        "sign in again (`aws sso login{named}`), or look into ~/.aws/config; `aws sts get-caller-identity{named}` shows whether it works"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use aws_credential_types::provider::error::CredentialsError;

    use super::*;

    /// Hands out keys that last so many seconds, until it has no more.
    #[derive(Debug, Default)]
    struct Hands {
        out: AtomicU32,
        most: u32,
        lasts: u64,
    }

    impl ProvideCredentials for Hands {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let count = self.out.fetch_add(1, Ordering::SeqCst) + 1;
            let end = SystemTime::now() + Duration::from_secs(self.lasts);
            let name = format!("key {count}");
            future::ProvideCredentials::ready(if count > self.most {
                Err(CredentialsError::not_loaded("no more"))
            } else {
                Ok(Keys::new(name, "secret", None, Some(end), "test"))
            })
        }
    }

    async fn asked(most: u32, lasts: u64, lets_go: bool) -> Vec<Option<String>> {
        let hands = Hands {
            most,
            lasts,
            ..Hands::default()
        };
        let found = Arc::new(Found::new(SharedCredentialsProvider::new(hands)));
        let signer = Signer {
            provider: SharedCredentialsProvider::new(Shared(Arc::clone(&found))),
            found: Some(found),
        };
        let mut keys = Vec::new();
        for _ in 0..2 {
            let given = signer.provider().provide_credentials().await.ok();
            keys.push(given.map(|keys| keys.access_key_id().to_owned()));
            if lets_go {
                assert!(signer.let_go());
            }
        }
        keys
    }

    #[tokio::test]
    async fn what_lasts_is_kept_and_what_ends_soon_is_renewed() {
        let (first, second) = (Some("key 1".to_owned()), Some("key 2".to_owned()));

        let lasting = asked(9, 3600, false).await;
        let ending = asked(9, 60, false).await;
        let ending_for_good = asked(1, 60, false).await;
        let refused = asked(9, 3600, true).await;
        let refused_for_good = asked(1, 3600, true).await;

        assert_eq!(lasting, [first.clone(), first.clone()]);
        assert_eq!(ending, [first.clone(), second.clone()]);
        assert_eq!(ending_for_good, [first.clone(), first.clone()]);
        assert_eq!(refused, [first.clone(), second]);
        assert_eq!(refused_for_good, [first, None]);
    }
}
