//! The doctor: walks a small object the whole way through a profile, step by step, and names the
//! setting at fault. It needs no right to list anything.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::check;
use super::steps::{
    Finding, behind_proxy, check_get, check_head, clock, conditional, connect, cors, host_and_port,
    parts, public_link, put, resolve,
};
use crate::engine::bucket::stores::{Open, Stores};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::profile::{Checksum, Fix, Profile};
use crate::transfer::Only;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Step {
    /// Find the service's address.
    Resolve,
    /// Reach it.
    Connect,
    /// Compare clocks.
    Clock,
    /// Ask for a key that is not there: credentials, region and bucket are right.
    Ask,
    /// Store a small object.
    Put,
    /// Ask for its size.
    Head,
    /// Read it back.
    Get,
    /// Open its link as a stranger.
    Link,
    /// Store it again only if it is not there: honoured or not.
    Conditional,
    /// Store an object in parts.
    Parts,
    /// May a page of that origin read it?
    Cors,
    /// Take it away again.
    Delete,
}

/// How a step went.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StepResult {
    /// What was tried.
    pub step: Step,
    /// Milliseconds it took.
    pub millis: u32,
    /// Why it failed; nothing if it worked.
    pub error: Option<Error>,
    /// What a person should know although it worked.
    pub note: Option<String>,
    /// The setting that would be right.
    pub fix: Option<Fix>,
}

/// One examination.
pub(in crate::engine) struct Doctor<'a> {
    pub(in crate::engine) stores: &'a Stores,
    pub(in crate::engine) profile: &'a Profile,
    /// Where pages come from that are to read the objects.
    pub(in crate::engine) cors: Option<String>,
    pub(in crate::engine) results: Vec<StepResult>,
}

impl Doctor<'_> {
    /// Takes all steps; stops where nothing further can work, but always cleans up.
    pub(in crate::engine) async fn examine(mut self) -> Result<Vec<StepResult>> {
        let mut open = self.stores.open(self.profile).await?.awake();
        if let Some((host, port)) = open
            .endpoint
            .as_deref()
            .filter(|_| !behind_proxy())
            .and_then(host_and_port)
            && !(self.step(Step::Resolve, resolve(&host, port)).await
                && self.step(Step::Connect, connect(&host, port)).await)
        {
            return Ok(self.results);
        }
        if let Some(endpoint) = open.endpoint.clone() {
            self.step(Step::Clock, clock(endpoint)).await;
        }
        let key = format!(".tintype-test/{}.txt", uuid::Uuid::new_v4().simple());
        let asked = async {
            open.bucket
                .store
                .head(&key)
                .await
                .map(|_| Finding::default())
        };
        if !self.step(Step::Ask, asked).await {
            return Ok(self.results);
        }
        if !self.put(&mut open, &key).await? {
            return Ok(self.results);
        }
        self.look(&open, &key).await?;
        let store = &*open.bucket.store;
        self.step(Step::Delete, async {
            store
                .delete(&key, &Only::Always)
                .await
                .map(|()| Finding::default())
        })
        .await;
        Ok(self.results)
    }

    async fn step(&mut self, step: Step, attempt: impl Future<Output = Result<Finding>>) -> bool {
        let start = Instant::now();
        let result = attempt.await;
        let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
        let (error, finding) = match result {
            Ok(finding) => (None, finding),
            Err(error) => {
                let fix = error
                    .right_region
                    .clone()
                    .map(|region| Fix::Region { region });
                (
                    Some(error),
                    Finding {
                        fix,
                        ..Finding::default()
                    },
                )
            }
        };
        let well = error.is_none();
        self.results.push(StepResult {
            step,
            millis,
            error,
            note: finding.note,
            fix: finding.fix,
        });
        well
    }

    /// Stores the object; where the provider's way of protecting bodies is refused, the other way
    /// is tried.
    async fn put(&mut self, open: &mut Open, key: &str) -> Result<bool> {
        let checksum = self
            .profile
            .checksum
            .unwrap_or(self.profile.provider()?.checksum);
        let first = put(&*open.bucket.store, key, &Only::Always).await;
        let refused = first.as_ref().is_err_and(|error| {
            matches!(error.code, Code::RequestRefused | Code::ChecksumMismatch)
        });
        if !refused {
            return Ok(self.step(Step::Put, async { first }).await);
        }
        let other = if checksum == Checksum::Crc32 {
            Checksum::Md5
        } else {
            Checksum::Crc32
        };
        let second = self
            .stores
            .open(&Profile {
                checksum: Some(other),
                ..self.profile.clone()
            })
            .await?
            .awake();
        let tried = put(&*second.bucket.store, key, &Only::Always).await;
        if tried.is_err() {
            return Ok(self.step(Step::Put, async { first }).await);
        }
        *open = second;
        let note = Some(format!(
            "the service refuses {checksum} checksums, and takes {other}"
        ));
        let fix = Some(Fix::Checksum { checksum: other });
        Ok(self
            .step(Step::Put, async { Ok(Finding { note, fix }) })
            .await)
    }

    /// Everything that is done with an object once it is there.
    async fn look(&mut self, open: &Open, key: &str) -> Result<()> {
        let store = &*open.bucket.store;
        self.step(Step::Head, check_head(store, key)).await;
        self.step(Step::Get, check_get(store, key)).await;
        let link = link::url(&open.public_base, key);
        if self.profile.link_hours > 0 {
            let signed = async {
                let link = store.presign(key, Duration::from_secs(3600)).await?;
                check::links(vec![link], &self.profile.name)
                    .await
                    .map(|()| Finding::default())
            };
            self.step(Step::Link, signed).await;
        } else {
            self.step(Step::Link, public_link(link.clone(), self.profile))
                .await;
        }
        let assumed = store.conditions();
        let asking = self
            .stores
            .open(&Profile {
                if_none_match: Some(true),
                if_none_match_complete: Some(true),
                ..self.profile.clone()
            })
            .await?
            .awake();
        self.step(Step::Conditional, conditional(&asking.bucket, key, assumed))
            .await;
        self.step(Step::Parts, parts(store, &format!("{key}.parts")))
            .await;
        if let Some(origin) = self.cors.clone() {
            self.step(Step::Cors, cors(link, origin)).await;
        }
        Ok(())
    }
}
