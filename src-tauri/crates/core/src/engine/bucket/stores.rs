//! From a profile to its bucket: credentials looked up, client made, the demo bucket started.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tintype_demo_bucket::{BUCKET, DemoBucket, Elsewhere};
use tokio::sync::Mutex;

use crate::engine::bucket::free_keys::FreeKeys;
use crate::error::{Code, Error, Result};
use crate::journal::Journal;
use crate::link;
use crate::profile::{CredentialSource, Profile, ProfileId};
use crate::secret::{Credentials, Secret, Secrets};
use crate::transfer::{Bucket, Lane, Limits, ObjectStore, S3, Signer};
use crate::world::blocking;

/// Somebody may have to type a password first.
const KEYRING: Duration = Duration::from_secs(60);

fn silent_keyring() -> Error {
    Error::new(
        Code::KeyringLocked,
        format!("the keyring says nothing for {} s", KEYRING.as_secs()),
    )
    .hint("unlock it, or sign in to the desktop again; uploads then go on by themselves")
}

fn silent_chain(profile: &Profile) -> Error {
    let told = format!(
        "nobody says AWS' credentials for the profile \"{}\" for {} s",
        profile.name,
        KEYRING.as_secs()
    );
    Error::new(Code::CredentialsMissing, told)
        .hint("look into ~/.aws/config: a program or a server that it names does not answer")
}

/// A bucket that is ready to be used.
#[derive(Clone)]
pub(in crate::engine) struct Open {
    profile: Profile,
    pub(in crate::engine) bucket: Bucket,
    /// The service's address, where it is known.
    pub(in crate::engine) endpoint: Option<String>,
    /// What links begin with.
    pub(in crate::engine) public_base: String,
    /// One name for the bucket, whatever the profile.
    pub(in crate::engine) target: String,
    pub(in crate::engine) free_keys: Arc<FreeKeys>,
    /// The process that serves it, if that is another one: it may end, and the next has other keys.
    served: Option<Elsewhere>,
}

impl Open {
    /// The link of an object: signed, where the profile wants that.
    pub(in crate::engine) async fn link(&self, profile: &Profile, key: &str) -> Result<String> {
        match profile.link_hours {
            0 => Ok(link::url(&self.public_base, key)),
            hours => {
                self.bucket
                    .store
                    .presign(key, Duration::from_secs(u64::from(hours) * 3600))
                    .await
            }
        }
    }

    /// See [`Bucket::awake`].
    pub(in crate::engine) fn awake(self) -> Self {
        Self {
            bucket: self.bucket.awake(),
            ..self
        }
    }
}

/// How buckets are reached.
#[derive(Clone, Default)]
pub enum Buckets {
    /// As services offer them.
    #[default]
    Services,
    /// As a simulation makes them up.
    Simulated(Arc<Make>),
}

/// Makes up the bucket of a profile.
type Make = dyn Fn(&Profile) -> Arc<dyn ObjectStore> + Send + Sync;

/// Buckets that are open, by profile.
pub(in crate::engine) struct Stores {
    buckets: Buckets,
    secrets: Secrets,
    demo_dir: PathBuf,
    limits: Limits,
    /// Requests in flight to one bucket, at most.
    most: usize,
    /// One place for each profile: one that cannot be opened yet holds up no other.
    open: std::sync::Mutex<HashMap<ProfileId, Arc<Mutex<Option<Open>>>>>,
    demo: Mutex<Option<DemoBucket>>,
    journal: Journal,
}

impl Stores {
    pub(in crate::engine) fn new(
        reached: (Buckets, Secrets, PathBuf),
        journal: Journal,
        limits: Limits,
        most: usize,
    ) -> Self {
        let (buckets, secrets, demo_dir) = reached;
        Self {
            journal,
            buckets,
            secrets,
            demo_dir,
            limits,
            most,
            open: std::sync::Mutex::default(),
            demo: Mutex::default(),
        }
    }

    fn place(&self, profile: &ProfileId) -> Arc<Mutex<Option<Open>>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(profile.clone()).or_default())
    }

    /// The bucket of a profile; opened once, and again when the profile has changed.
    pub(in crate::engine) async fn get(&self, profile: &Profile) -> Result<Open> {
        let place = self.place(&profile.id);
        let mut open = place.lock().await;
        let still = |known: &&Open| {
            known.profile == *profile
                && (known.served.is_none() || known.served == Elsewhere::find(&self.demo_dir))
        };
        if let Some(known) = open.as_ref().filter(still) {
            return Ok(known.clone());
        }
        Ok(open.insert(self.open(profile).await?).clone())
    }

    /// Forgets a client, so that new credentials are used.
    pub(in crate::engine) fn close(&self, profile: &ProfileId) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(profile);
    }

    /// Opens a bucket without remembering it.
    pub(in crate::engine) async fn open(&self, profile: &Profile) -> Result<Open> {
        let (in_force, served, store) = match &self.buckets {
            Buckets::Services => self.reach(profile).await?,
            Buckets::Simulated(make) => (profile.clone(), None, make(profile)),
        };
        Ok(Open {
            bucket: Bucket {
                store,
                lane: Arc::new(Lane::new(self.most)),
                limits: self.limits.clone(),
                rests: true,
            },
            endpoint: in_force.endpoint()?,
            public_base: in_force.public_base()?,
            // The demo bucket may come up on another port; it is the same bucket all the same.
            target: match profile.id.is_empty() {
                // It is tried out only: nothing is known of it, and nothing is to be.
                true => profile.target()?,
                false => {
                    self.journal
                        .target(&profile.id, &profile.bucket, &profile.target()?)
                        .await?
                }
            },
            profile: profile.clone(),
            free_keys: Arc::new(FreeKeys::new(profile.if_none_match == Some(true))),
            served,
        })
    }

    /// A client for the bucket, and the profile with what is known only now (the demo bucket's
    /// address).
    async fn reach(
        &self,
        profile: &Profile,
    ) -> Result<(Profile, Option<Elsewhere>, Arc<dyn ObjectStore>)> {
        let (in_force, served, signer) = match profile.credentials {
            CredentialSource::Demo => {
                let (in_force, served, credentials) = self.demo(profile).await?;
                (in_force, served, Signer::from(&credentials))
            }
            CredentialSource::Aws => {
                let found = tokio::time::timeout(KEYRING, Signer::of_aws(profile)).await;
                (
                    profile.clone(),
                    None,
                    found.map_err(|_| silent_chain(profile))??,
                )
            }
            CredentialSource::Keyring | CredentialSource::Env => {
                let asked = self.secrets.credentials(profile);
                let credentials = tokio::time::timeout(KEYRING, asked)
                    .await
                    .map_err(|_| silent_keyring())??;
                (profile.clone(), None, Signer::from(&credentials))
            }
        };
        let (for_client, limits) = (in_force.clone(), self.limits.clone());
        // It may read a file of certificates, from wherever that is.
        let store = blocking("opening a bucket", move || {
            S3::new(&for_client, signer, &limits)
        })
        .await??;
        Ok((in_force, served, Arc::new(store)))
    }

    /// Whether the demo bucket runs in this process.
    pub(in crate::engine) async fn serves_demo(&self) -> bool {
        self.demo.lock().await.is_some()
    }

    /// The demo bucket: the one that runs in this process or in another one, or else a new one.
    async fn demo(&self, profile: &Profile) -> Result<(Profile, Option<Elsewhere>, Credentials)> {
        let failed = match self.start_demo(profile).await {
            Ok((in_force, credentials)) => return Ok((in_force, None, credentials)),
            Err(error) => error,
        };
        let there = Elsewhere::find(&self.demo_dir).ok_or(failed)?;
        let in_force = Profile {
            public_url: format!("{}/{BUCKET}", there.endpoint),
            endpoint: there.endpoint.clone(),
            ..profile.clone()
        };
        let credentials = Credentials {
            access_key_id: there.access_key_id.clone(),
            secret_access_key: Secret::new(&there.secret_access_key),
            session_token: None,
        };
        Ok((in_force, Some(there), credentials))
    }

    /// Starts the demo bucket if it does not run yet.
    pub(in crate::engine) async fn start_demo(
        &self,
        profile: &Profile,
    ) -> Result<(Profile, Credentials)> {
        let mut demo = self.demo.lock().await;
        let running = match demo.take() {
            Some(running) => running,
            None => DemoBucket::start(&self.demo_dir, None)
                .await
                .map_err(|error| {
                    Error::new(
                        Code::DemoUnavailable,
                        format!("the demo bucket cannot start: {error}"),
                    )
                    .hint("end the app, or the `tintype demo`, that serves it; `tintype demo` can serve another folder or port (--dir, --port)")
                })?,
        };
        let in_force = Profile {
            endpoint: running.endpoint(),
            public_url: running.public_url(),
            ..profile.clone()
        };
        let credentials = Credentials {
            access_key_id: running.access_key_id().into(),
            secret_access_key: Secret::new(running.secret_access_key()),
            session_token: None,
        };
        *demo = Some(running);
        Ok((in_force, credentials))
    }
}
