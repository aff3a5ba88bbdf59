//! The S3 side of [`ObjectStore`].

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ObjectCannedAcl,
    ServerSideEncryption, StorageClass,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::body::Counted;
use super::client::client;
use super::clock::ServerClock;
use super::failure::{self, Context};
use super::flow::Limits;
use super::watchdog::{self, Watched};
use super::{Headers, Held, Lookup, ObjectStore, Only, Page, Part, PartRules, Progress, Receipt};
use crate::error::{Code, Error, Result, Retry};
use crate::profile::{Checksum, Profile};
use crate::secret::Credentials;
use crate::world::blocking;

/// A question is answered within this time, or not at all.
const ANSWER: Duration = Duration::from_secs(30);
/// The server may have to read the whole object before it answers.
const COMPLETE: Duration = Duration::from_secs(600);
/// A link waits no longer than this to learn the server's time.
const TIME: Duration = Duration::from_secs(3);

/// One bucket, reached as one profile says.
pub struct S3 {
    client: Client,
    clock: ServerClock,
    bucket: String,
    context: Context,
    limits: Limits,
    checksum: Checksum,
    honours_conditions: bool,
    part_rules: PartRules,
}

impl S3 {
    /// Makes the client; nothing is sent yet.
    pub fn new(profile: &Profile, credentials: &Credentials, limits: &Limits) -> Result<Self> {
        let (endpoint, region, provider) = (
            profile.endpoint()?,
            profile.region()?.to_owned(),
            profile.provider()?,
        );
        let clock = ServerClock::default();
        Ok(Self {
            client: client(profile, endpoint.as_deref(), credentials, clock.clone())?,
            clock,
            bucket: profile.bucket.clone(),
            context: Context {
                profile: profile.name.clone(),
                bucket: profile.bucket.clone(),
                endpoint: endpoint.unwrap_or_else(|| format!("AWS S3 in {region}")),
                region,
            },
            limits: limits.clone(),
            checksum: profile.checksum.unwrap_or(provider.checksum),
            honours_conditions: profile
                .if_none_match
                .unwrap_or(provider.honours_if_none_match),
            part_rules: PartRules {
                least: u64::from(provider.least_part_mib) << 20,
                most: u64::from(provider.most_parts),
            },
        })
    }

    fn if_none_match(&self, only: &Only) -> Option<String> {
        (self.honours_conditions && *only == Only::IfAbsent).then(|| "*".into())
    }

    fn if_match(&self, only: &Only) -> Option<String> {
        match only {
            Only::IfStill(etag) if self.honours_conditions && !etag.is_empty() => {
                Some(format!("\"{etag}\""))
            }
            _ => None,
        }
    }

    fn explain<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        failure::explain(&self.context, error)
    }

    /// Waits for an answer to a request without a body.
    async fn answer<T, E>(
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
    async fn moving<T, E>(
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

    async fn read(&self, key: &str, range: Option<String>) -> Result<Bytes> {
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
    async fn why_hidden(&self, key: &str) -> Result<Lookup> {
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

    fn stream(&self, body: Bytes, progress: &Progress) -> ByteStream {
        ByteStream::new(SdkBody::from_body_1_x(Counted::new(
            body,
            progress.clone(),
            self.limits.clone(),
        )))
    }

    /// The checksums that go along with a body: the server refuses other bytes than were meant.
    async fn sums(&self, body: &Bytes) -> Result<Sums> {
        if self.checksum == Checksum::Crc32 {
            return Ok(Sums {
                crc32: Some(BASE64.encode(crc32fast::hash(body).to_be_bytes())),
                md5: None,
            });
        }
        let body = body.clone();
        let md5 = blocking("a checksum", move || Md5::digest(&body)).await?;
        Ok(Sums {
            crc32: None,
            md5: Some(md5.to_vec()),
        })
    }
}

/// See [`S3::sums`].
struct Sums {
    crc32: Option<String>,
    md5: Option<Vec<u8>>,
}

impl Sums {
    fn content_md5(&self) -> Option<String> {
        self.md5.as_ref().map(|md5| BASE64.encode(md5))
    }

    /// Whether the answer shows that the bucket has these very bytes. The ETag is their MD5 unless the object is
    /// encrypted with a key of its own, or the service makes ETags in a way of its own.
    fn proven_by(&self, etag: &str, crc32: Option<&str>, body: &Bytes) -> bool {
        match (&self.crc32, crc32) {
            (Some(sent), Some(stored)) => sent == stored,
            _ if etag.len() != 32 => false,
            _ => {
                self.md5
                    .as_ref()
                    .map_or_else(|| hex::encode(Md5::digest(body)), hex::encode)
                    == etag
            }
        }
    }
}

fn bare(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

fn length(body: &Bytes) -> i64 {
    i64::try_from(body.len()).unwrap_or(i64::MAX)
}

/// What the profile wants for an object, on a request that begins one: `PutObject` and `CreateMultipartUpload` have
/// the same setters, but no trait in common.
macro_rules! with_headers {
    ($request:expr, $headers:expr) => {{
        let (mut request, extra) = (
            $request.content_type(&$headers.content_type),
            &$headers.extra,
        );
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        request = request
            .set_cache_control(some(&extra.cache_control))
            .set_content_disposition(some(&extra.content_disposition))
            .set_storage_class(
                some(&extra.storage_class).map(|class| StorageClass::from(class.as_str())),
            )
            .set_server_side_encryption(
                some(&extra.encryption).map(|kind| ServerSideEncryption::from(kind.as_str())),
            )
            .set_ssekms_key_id(some(&extra.kms_key))
            .set_acl(some(&extra.acl).map(|acl| ObjectCannedAcl::from(acl.as_str())))
            .set_tagging(some(&extra.tagging()));
        for (name, value) in &extra.metadata {
            request = request.metadata(name, value);
        }
        for (name, value) in &$headers.metadata {
            request = request.metadata(name, value);
        }
        request
    }};
}

#[async_trait]
impl ObjectStore for S3 {
    async fn head(&self, key: &str) -> Result<Lookup> {
        let asked = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send();
        let Watched::Ended(asked) = watchdog::answer(ANSWER, asked).await else {
            return Err(failure::stalled(&self.context));
        };
        match asked {
            Ok(found) => Ok(Lookup::Found(Held {
                size: found.content_length().unwrap_or_default().unsigned_abs(),
                etag: bare(found.e_tag()),
                metadata: found
                    .metadata()
                    .map(|all| {
                        all.iter()
                            .map(|(k, v)| (k.to_ascii_lowercase(), v.clone()))
                            .collect()
                    })
                    .unwrap_or_default(),
            })),
            Err(error) => match error
                .raw_response()
                .map(|response| response.status().as_u16())
            {
                Some(404) => Ok(Lookup::Absent),
                Some(301 | 307 | 400 | 401 | 403) => self.why_hidden(key).await,
                _ => Err(self.explain(&error)),
            },
        }
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        headers: &Headers,
        only: &Only,
        progress: &Progress,
    ) -> Result<Receipt> {
        let sums = self.sums(&body).await?;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(length(&body))
            // Signed with the headers, so the body is protected although its signature is left out.
            .set_content_md5(sums.content_md5())
            .set_checksum_crc32(sums.crc32.clone())
            .set_if_none_match(self.if_none_match(only))
            .set_if_match(self.if_match(only))
            .body(self.stream(body.clone(), progress));
        let sent = with_headers!(request, headers)
            .customize()
            .disable_payload_signing()
            .send();
        let receipt = self.moving(body.len() as u64, progress, sent).await?;
        let etag = bare(receipt.e_tag());
        Ok(Receipt {
            proven: sums.proven_by(&etag, receipt.checksum_crc32(), &body),
            etag,
        })
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        self.read(key, None).await
    }

    async fn get_range(&self, key: &str, from: u64, until: u64) -> Result<Bytes> {
        self.read(
            key,
            Some(format!("bytes={from}-{}", until.saturating_sub(1))),
        )
        .await
    }

    async fn list(&self, prefix: &str, from: Option<String>) -> Result<Page> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_continuation_token(from.clone());
        let page = self.answer(ANSWER, request.send()).await?;
        let keys: Vec<String> = page
            .contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect();
        let more = page.is_truncated() == Some(true) && !keys.is_empty();
        // A service that gives the same page again would never come to an end.
        let next = page
            .next_continuation_token()
            .filter(|next| more && Some(*next) != from.as_deref());
        Ok(Page {
            next: next.map(str::to_owned),
            keys,
        })
    }

    async fn delete(&self, key: &str, only: &Only) -> Result<()> {
        let request = || self.client.delete_object().bucket(&self.bucket).key(key);
        let condition = self.if_match(only);
        let conditional = condition.is_some();
        match self
            .answer(ANSWER, request().set_if_match(condition).send())
            .await
        {
            // Not every service that knows conditions knows them here; what is there has just been looked at.
            Err(error) if conditional && error.code == Code::RequestRefused => {
                self.answer(ANSWER, request().send()).await.map(|_| ())
            }
            Err(error) if error.code == Code::ObjectMissing => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String> {
        let algorithm = (self.checksum == Checksum::Crc32).then_some(ChecksumAlgorithm::Crc32);
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .set_checksum_algorithm(algorithm);
        let begun = self
            .answer(ANSWER, with_headers!(request, headers).send())
            .await?;
        begun.upload_id.ok_or_else(|| {
            Error::new(
                Code::EndpointNotS3,
                format!("{} gave no upload id", self.context.endpoint),
            )
        })
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
        progress: &Progress,
    ) -> Result<Part> {
        let (sums, size) = (self.sums(&body).await?, body.len() as u64);
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(number)
            .content_length(length(&body))
            .set_content_md5(sums.content_md5())
            .set_checksum_crc32(sums.crc32.clone())
            .body(self.stream(body, progress));
        let sent = self
            .moving(
                size,
                progress,
                request.customize().disable_payload_signing().send(),
            )
            .await?;
        Ok(Part {
            number,
            size,
            etag: bare(sent.e_tag()),
            crc32: sums.crc32,
        })
    }

    async fn list_parts(&self, key: &str, upload: &str) -> Result<Option<Vec<Part>>> {
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let request = self
                .client
                .list_parts()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload)
                .set_part_number_marker(after);
            let page = match self.answer(ANSWER, request.send()).await {
                Err(error) if matches!(error.code, Code::UploadLost | Code::ObjectMissing) => {
                    return Ok(None);
                }
                page => page?,
            };
            parts.extend(page.parts().iter().map(|part| Part {
                number: part.part_number().unwrap_or_default(),
                size: part.size().unwrap_or_default().unsigned_abs(),
                etag: bare(part.e_tag()),
                crc32: part.checksum_crc32().map(str::to_owned),
            }));
            match page.next_part_number_marker() {
                Some(next) if page.is_truncated() == Some(true) => after = Some(next.to_owned()),
                _ => return Ok(Some(parts)),
            }
        }
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
        only: &Only,
    ) -> Result<String> {
        let parts = parts.iter().map(|part| {
            let builder = CompletedPart::builder()
                .part_number(part.number)
                .e_tag(format!("\"{}\"", part.etag));
            builder.set_checksum_crc32(part.crc32.clone()).build()
        });
        let list = CompletedMultipartUpload::builder()
            .set_parts(Some(parts.collect()))
            .build();
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .multipart_upload(list);
        let request = request
            .set_if_none_match(self.if_none_match(only))
            .set_if_match(self.if_match(only));
        self.answer(COMPLETE, request.send())
            .await
            .map(|receipt| bare(receipt.e_tag()))
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()> {
        let request = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload);
        match self.answer(ANSWER, request.send()).await {
            Err(error) if matches!(error.code, Code::UploadLost | Code::ObjectMissing) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn unfinished_uploads(&self, key: &str) -> Result<Vec<String>> {
        // One page will do: these are uploads of one key.
        let page = self
            .answer(
                ANSWER,
                self.client
                    .list_multipart_uploads()
                    .bucket(&self.bucket)
                    .prefix(key)
                    .send(),
            )
            .await?;
        let of_key = page
            .uploads()
            .iter()
            .filter(|upload| upload.key() == Some(key));
        Ok(of_key
            .filter_map(|upload| upload.upload_id().map(str::to_owned))
            .collect())
    }

    async fn presign(&self, key: &str, lifetime: Duration) -> Result<String> {
        if !self.clock.is_known() {
            // Any answer tells the time, also one that refuses.
            let asked = self
                .answer(TIME, self.client.head_bucket().bucket(&self.bucket).send())
                .await;
            asked.map(|_| ()).unwrap_or_else(
                |error| tracing::debug!(%error, "the server's time may not be known"),
            );
            self.clock.give_up();
        }
        let config = PresigningConfig::builder()
            .start_time(self.clock.now())
            .expires_in(lifetime)
            .build()
            .map_err(|error| {
                Error::new(
                    Code::ProfileInvalid,
                    format!("a link cannot be good for that long: {error}"),
                )
                .hint("at most 168 hours (7 days)")
            })?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(config)
            .await;
        request
            .map(|request| request.uri().to_owned())
            .map_err(|error| self.explain(&error))
    }

    fn honours_conditions(&self) -> bool {
        self.honours_conditions
    }

    fn part_rules(&self) -> PartRules {
        self.part_rules
    }
}
