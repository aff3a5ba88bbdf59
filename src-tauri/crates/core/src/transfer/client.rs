//! The SDK's client as Tintype wants it: retries and time limits ours, checksums by provider,
//! proxies and certificate authorities as the system and the settings say. It learns the server's
//! time from its answers, and signs by that.

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials as SdkCredentials, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::clock::ServerClock;
use super::stranger::NoPages;
use crate::error::{Code, Error, Result};
use crate::profile::Profile;
use crate::regular;
use crate::secret::Credentials;

/// Makes a client; nothing is sent yet.
pub(super) fn client(
    profile: &Profile,
    endpoint: Option<&str>,
    credentials: &Credentials,
    clock: ServerClock,
) -> Result<Client> {
    let keys = SdkCredentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose(),
        credentials
            .session_token
            .as_ref()
            .map(|token| token.expose().to_owned()),
        None,
        "tintype",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(profile.signing_region()?.to_owned()))
        .credentials_provider(keys)
        .interceptor(clock)
        .interceptor(NoPages)
        .http_client(http_client(endpoint, &profile.ca_file)?)
        .force_path_style(profile.path_style()?)
        // Most services but AWS refuse the SDK's default checksums, or store them inside the
        // object.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // Retries are ours: they know what a job is. Time limits are ours: they know what moves.
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(10))
                .build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(endpoint.map(str::to_owned));
    Ok(Client::from_conf(config.build()))
}

/// Proxies as the environment says, but never for this computer itself.
fn http_client(endpoint: Option<&str>, ca_file: &str) -> Result<SharedHttpClient> {
    let local = endpoint.is_some_and(|endpoint| {
        ["://127.", "://localhost", "://[::1]"]
            .iter()
            .any(|host| endpoint.contains(host))
    });
    let mut trust = TrustStore::default();
    if !ca_file.is_empty() {
        let unread = |error: std::io::Error| {
            Error::new(
                Code::ProfileInvalid,
                format!("the certificate authority in {ca_file} cannot be read: {error}"),
            )
            .hint("correct the profile's CA file; it is a PEM file")
        };
        trust.add_pem_certificate(regular::bytes(Path::new(ca_file)).map_err(unread)?);
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|error| {
        Error::new(
            Code::ProfileInvalid,
            format!("the certificate authority in {ca_file} cannot be used: {error}"),
        )
    })?;
    Ok(
        aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, _| {
            let proxy = if local {
                ProxyConfig::disabled()
            } else {
                ProxyConfig::from_env()
            };
            let mut connector = Connector::builder()
                .enable_tcp_nodelay(true)
                .proxy_config(proxy);
            if let Some(settings) = settings {
                connector = connector.connector_settings(settings.clone());
            }
            connector
                .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
                .tls_context(context.clone())
                .build()
        }),
    )
}
