//! The S3 side of [`ObjectStore`].

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials as SdkCredentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::body::Counted;
use super::failure::{Context, explain};
use super::{Headers, Lookup, ObjectMeta, ObjectStore, Part, Progress};
use crate::error::{Code, Error, Result};
use crate::profile::Profile;
use crate::secret::Credentials;

/// One bucket, reached as one profile says.
pub struct S3 {
    client: Client,
    bucket: String,
    context: Context,
    honours_if_absent: bool,
}

impl S3 {
    /// Makes the client; nothing is sent yet.
    pub fn new(profile: &Profile, credentials: &Credentials) -> Result<Self> {
        let endpoint = profile.endpoint()?;
        let region = profile.region()?.to_owned();
        let keys = SdkCredentials::new(
            &credentials.access_key_id,
            credentials.secret_access_key.expose(),
            credentials.session_token.as_ref().map(|token| token.expose().to_owned()),
            None,
            "tintype",
        );
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(keys)
            .http_client(http_client(endpoint.as_deref()))
            .force_path_style(profile.path_style()?)
            // Most services but AWS refuse the SDK's default checksums, or store them inside the object.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // Retries are ours: they know what a job is.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(10)).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(endpoint.clone());
        let context = Context {
            profile: profile.name.clone(),
            bucket: profile.bucket.clone(),
            endpoint: endpoint.unwrap_or_else(|| format!("AWS S3 in {region}")),
            region,
        };
        Ok(Self {
            client: Client::from_conf(config.build()),
            bucket: profile.bucket.clone(),
            context,
            honours_if_absent: profile.provider()?.honours_if_none_match,
        })
    }

    fn explain<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        explain(&self.context, error)
    }

    /// A HEAD answer has no body that could say why: a one-byte GET has.
    async fn why_hidden(&self, key: &str) -> Result<Lookup> {
        let asked = self.client.get_object().bucket(&self.bucket).key(key).range("bytes=0-0").send().await;
        match asked.map_err(|error| self.explain(&error)) {
            Err(error) if error.code == Code::ObjectMissing => Ok(Lookup::Absent),
            Err(error) if error.code == Code::AccessDenied => Ok(Lookup::Hidden),
            Err(error) => Err(error),
            Ok(_) => Ok(Lookup::Hidden),
        }
    }
}

/// Proxies as the environment says, but never for this computer itself.
fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    let local = endpoint.is_some_and(|endpoint| ["://127.", "://localhost", "://[::1]"].iter().any(|host| endpoint.contains(host)));
    aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, _| {
        let proxy = if local { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let mut connector = Connector::builder().enable_tcp_nodelay(true).proxy_config(proxy);
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build()
    })
}

fn content_md5(body: &[u8]) -> String {
    BASE64.encode(Md5::digest(body))
}

fn stream(body: Bytes, progress: &Progress) -> ByteStream {
    ByteStream::new(SdkBody::from_body_1_x(Counted::new(body, progress.clone())))
}

/// Long enough for a slow line (20 KB/s), short enough to notice a dead one.
fn patience(bytes: usize) -> aws_sdk_s3::config::Builder {
    let timeout = Duration::from_secs(30) + Duration::from_secs(bytes as u64 / 20_000);
    Config::builder().timeout_config(TimeoutConfig::builder().operation_attempt_timeout(timeout).build())
}

fn bare(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

fn length(body: &Bytes) -> i64 {
    i64::try_from(body.len()).unwrap_or(i64::MAX)
}

#[async_trait]
impl ObjectStore for S3 {
    async fn head(&self, key: &str) -> Result<Lookup> {
        let asked = self.client.head_object().bucket(&self.bucket).key(key).customize().config_override(patience(0)).send().await;
        match asked {
            Ok(found) => Ok(Lookup::Found(ObjectMeta {
                size: found.content_length().unwrap_or_default().unsigned_abs(),
                etag: bare(found.e_tag()),
                kms: matches!(found.server_side_encryption(), Some(ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse)),
                metadata: found
                    .metadata()
                    .map(|all| all.iter().map(|(k, v)| (k.to_ascii_lowercase(), v.clone())).collect())
                    .unwrap_or_default(),
            })),
            Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
                Some(404) => Ok(Lookup::Absent),
                Some(301 | 307 | 400 | 401 | 403) => self.why_hidden(key).await,
                _ => Err(self.explain(&error)),
            },
        }
    }

    async fn put(&self, key: &str, body: Bytes, headers: &Headers, if_absent: bool, progress: &Progress) -> Result<String> {
        let bytes = body.len();
        let mut request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(&headers.content_type)
            .content_length(length(&body))
            // Signed with the headers, so the body is protected although its signature is left out.
            .content_md5(content_md5(&body))
            .body(stream(body, progress));
        if !headers.cache_control.is_empty() {
            request = request.cache_control(&headers.cache_control);
        }
        for (name, value) in &headers.metadata {
            request = request.metadata(*name, value);
        }
        if if_absent && self.honours_if_absent {
            request = request.if_none_match("*");
        }
        let sent = request.customize().disable_payload_signing().config_override(patience(bytes)).send().await;
        sent.map(|receipt| bare(receipt.e_tag())).map_err(|error| self.explain(&error))
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await.map_err(|error| self.explain(&error))?;
        let broken = |error| Error::new(Code::ServerBusy, format!("reading {key} broke off: {error}")).retry(crate::error::Retry::Soon);
        object.body.collect().await.map(|body| body.into_bytes()).map_err(broken)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let done = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        done.map(|_| ()).map_err(|error| self.explain(&error))
    }

    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String> {
        let mut request = self.client.create_multipart_upload().bucket(&self.bucket).key(key).content_type(&headers.content_type);
        if !headers.cache_control.is_empty() {
            request = request.cache_control(&headers.cache_control);
        }
        for (name, value) in &headers.metadata {
            request = request.metadata(*name, value);
        }
        let begun = request.customize().config_override(patience(0)).send().await.map_err(|error| self.explain(&error))?;
        begun.upload_id.ok_or_else(|| Error::new(Code::EndpointNotS3, format!("{} gave no upload id", self.context.endpoint)))
    }

    async fn put_part(&self, key: &str, upload: &str, number: i32, body: Bytes, progress: &Progress) -> Result<Part> {
        let bytes = body.len();
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(number)
            .content_length(length(&body))
            .content_md5(content_md5(&body))
            .body(stream(body, progress));
        let sent = request.customize().disable_payload_signing().config_override(patience(bytes)).send().await;
        sent.map(|part| Part { number, etag: bare(part.e_tag()) }).map_err(|error| self.explain(&error))
    }

    async fn complete_upload(&self, key: &str, upload: &str, parts: &[Part]) -> Result<String> {
        let parts = parts.iter().map(|part| CompletedPart::builder().part_number(part.number).e_tag(format!("\"{}\"", part.etag)).build());
        let list = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload).multipart_upload(list);
        // The server may have to read the whole object before it answers.
        let done = request.customize().config_override(patience(10_000_000)).send().await;
        done.map(|receipt| bare(receipt.e_tag())).map_err(|error| self.explain(&error))
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()> {
        let done = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload).send().await;
        done.map(|_| ()).map_err(|error| self.explain(&error))
    }

    fn honours_if_absent(&self) -> bool {
        self.honours_if_absent
    }
}
