//! The SDK's client as Tintype wants it: retries and time limits ours, checksums by provider,
//! proxies and certificate authorities as the system and the settings say. It learns the server's
//! time from its answers, and signs by that.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, IdentityCache, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, StalledStreamProtectionConfig,
};

use super::clock::ServerClock;
use super::http::http_client;
use super::signer::Signer;
use super::stranger::NoPages;
use crate::error::Result;
use crate::profile::Profile;

/// Makes a client; nothing is sent yet.
pub(super) fn client(
    profile: &Profile,
    endpoint: Option<&str>,
    signer: &Signer,
    clock: ServerClock,
) -> Result<Client> {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(profile.signing_region()?.to_owned()))
        .credentials_provider(signer.provider())
        // The signer holds what it found itself, so that it can let go of it.
        .identity_cache(IdentityCache::no_cache())
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
