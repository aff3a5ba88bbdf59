//! How services are reached: proxies and certificate authorities.

use std::path::Path;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::error::{Code, Error, Result};
use crate::regular;

/// Proxies as the environment says, but never for this computer itself.
pub(super) fn http_client(endpoint: Option<&str>, ca_file: &str) -> Result<SharedHttpClient> {
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
