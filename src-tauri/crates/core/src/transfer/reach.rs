//! One bucket, reached as its profile says: the client, and how long it is waited for.

use super::body::Counted;
use super::client::client;
use super::clock::ServerClock;
use super::failure::{self, Context};
use super::flow::Limits;
use super::signer::{self, Signer};
use super::watchdog::{self, Watched};
use super::{Lookup, Only, PartRules, Progress};
use crate::error::{Code, Error, Result, Retry};
use crate::profile::{Checksum, Conditions, CredentialSource, Profile};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use std::time::Duration;

/// A question is answered within this time, or not at all.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// The server may have to read the whole object before it answers.
pub(super) const COMPLETE: Duration = Duration::from_secs(600);

/// One bucket, reached as one profile says.
pub struct S3 {
    pub(super) client: Client,
    pub(super) clock: ServerClock,
    signer: Signer,
    pub(super) bucket: String,
    pub(super) context: Context,
    pub(super) limits: Limits,
    pub(super) checksum: Checksum,
    pub(super) conditions: Conditions,
    /// Conditions name ETags without quotation marks.
    pub(super) bare_etags: bool,
    pub(super) part_rules: PartRules,
}

/// What to do where the service does not take the credentials.
fn cure(profile: &Profile) -> String {
    match profile.credentials {
        CredentialSource::Aws => signer::sign_in(&profile.aws_profile),
        CredentialSource::Env => "give this program AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that are good, and AWS_SESSION_TOKEN if they are for a session".into(),
        CredentialSource::Keyring | CredentialSource::Demo => {
            "enter the access key id and the secret access key again in the profile".into()
        }
    }
}

/// What services say to credentials that were good.
const ENDED: [&str; 3] = ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"];

impl S3 {
    /// Makes the client; nothing is sent yet.
    pub fn new(profile: &Profile, signer: Signer, limits: &Limits) -> Result<Self> {
        let (endpoint, region, provider) = (
            profile.endpoint()?,
            profile.region()?.to_owned(),
            profile.provider()?,
        );
        let clock = ServerClock::default();
        Ok(Self {
            client: client(profile, endpoint.as_deref(), &signer, clock.clone())?,
            clock,
            bucket: profile.bucket.clone(),
            context: Context {
                profile: profile.name.clone(),
                bucket: profile.bucket.clone(),
                endpoint: endpoint.unwrap_or_else(|| format!("AWS S3 in {region}")),
                elsewhere: provider.elsewhere.replace("{region}", &region),
                region,
                cure: cure(profile),
            },
            signer,
            limits: limits.clone(),
            checksum: profile.checksum.unwrap_or(provider.checksum),
            conditions: profile.conditions()?,
            bare_etags: provider.bare_etags,
            part_rules: PartRules {
                least: u64::from(provider.least_part_mib) << 20,
                most: u64::from(provider.most_parts),
            },
        })
    }

    /// `If-None-Match`, where the operation honours conditions.
    pub(super) fn if_none_match(only: &Only, honoured: bool) -> Option<String> {
        (honoured && *only == Only::IfAbsent).then(|| "*".into())
    }

    /// `If-Match`, where the operation honours conditions.
    pub(super) fn if_match(&self, only: &Only, honoured: bool) -> Option<String> {
        match only {
            Only::IfStill(etag) if honoured && !etag.is_empty() => Some(if self.bare_etags {
                etag.clone()
            } else {
                format!("\"{etag}\"")
            }),
            _ => None,
        }
    }

    /// What went wrong. Credentials that have ended are let go of, where there may be new ones: then
    /// the request is made again.
    pub(super) fn explain<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let explained = failure::explain(&self.context, error);
        let ended = error.code().is_some_and(|code| ENDED.contains(&code));
        if ended && self.signer.let_go() {
            return Error {
                code: Code::CredentialsMissing,
                ..explained
            }
            .retry(Retry::Soon);
        }
        explained
    }

    /// Waits for an answer to a request without a body.
    pub(super) async fn answer<T, E>(
        &self,
        limit: Duration,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match watchdog::answer(limit, request).await {
            Watched::Ended(ended) => ended.map_err(|error| self.explain(&error)),
            Watched::Stalled => Err(failure::stalled(&self.context)),
        }
    }

    /// Waits for a request with a body for as long as its bytes move.
    pub(super) async fn moving<T, E>(
        &self,
        bytes: u64,
        progress: &Progress,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match watchdog::moving(bytes, progress, request).await {
            Watched::Ended(ended) => ended.map_err(|error| self.explain(&error)),
            Watched::Stalled => Err(failure::stalled(&self.context)),
        }
    }

    pub(super) async fn read(&self, key: &str, range: Option<String>) -> Result<Bytes> {
        let object = self
            .answer(
                ANSWER,
                self.client
                    .get_object()
                    .bucket(&self.bucket)
                    .key(key)
                    .set_range(range)
                    .send(),
            )
            .await?;
        let broken = |why: String| {
            Error::new(Code::ServerBusy, format!("reading {key} broke off: {why}"))
                .retry(Retry::Soon)
        };
        match tokio::time::timeout(COMPLETE, object.body.collect()).await {
            Ok(body) => body
                .map(|body| body.into_bytes())
                .map_err(|error| broken(error.to_string())),
            Err(_) => Err(broken("it does not move".into())),
        }
    }

    /// A HEAD answer has no body that could say why: a one-byte GET has.
    pub(super) async fn why_hidden(&self, key: &str) -> Result<Lookup> {
        let asked = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .range("bytes=0-0")
            .send();
        match self.answer(ANSWER, asked).await {
            Err(error) if error.code == Code::ObjectMissing => Ok(Lookup::Absent),
            Err(error) if error.code == Code::AccessDenied => Ok(Lookup::Hidden),
            Err(error) => Err(error),
            Ok(_) => Ok(Lookup::Hidden),
        }
    }

    /// Whether an S3 server answers at this address: it does so in XML, whatever it says.
    pub(super) async fn is_s3(&self) -> Result<()> {
        let request = self.client.list_objects_v2().bucket(&self.bucket);
        match watchdog::answer(ANSWER, request.max_keys(1).send()).await {
            Watched::Ended(Err(error)) if error.code().is_none() => Err(self.explain(&error)),
            Watched::Ended(_) => Ok(()),
            Watched::Stalled => Err(failure::stalled(&self.context)),
        }
    }

    pub(super) fn stream(&self, body: Bytes, progress: &Progress) -> ByteStream {
        ByteStream::new(SdkBody::from_body_1_x(Counted::new(
            body,
            progress.clone(),
            self.limits.clone(),
        )))
    }
}
