//! The web as a stranger sees it: links are opened, webhooks told.

use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::world::blocking;

/// A CDN may know an object a moment later than the bucket.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
const ANSWER: Duration = Duration::from_secs(10);

/// Asks for the first byte of each link.
///
/// # Errors
/// `link-broken`, with the address and the answer; `endpoint-unreachable` and `server-busy`, where nobody was there who
/// could say anything about it.
pub(in crate::engine) async fn links(urls: Vec<String>, profile: &str) -> Result<()> {
    let profile = profile.to_owned();
    blocking("checking a link", move || {
        urls.iter().try_for_each(|url| patiently(url, &profile))
    })
    .await?
}

fn patiently(url: &str, profile: &str) -> Result<()> {
    let mut said = get(url);
    for pause in PAUSES {
        if matches!(said, Ok(200 | 206)) {
            return Ok(());
        }
        std::thread::sleep(pause);
        said = get(url);
    }
    let told = |code, what: String, hint: String| {
        Err(Error::new(code, format!("the link {url} {what}")).hint(hint))
    };
    let by_itself =
        "check the network and the profile's public address; Tintype looks again by itself"
            .to_owned();
    match said {
        Ok(200 | 206) => Ok(()),
        Ok(status @ (407 | 408 | 425 | 429 | 500..)) => told(
            Code::ServerBusy,
            format!("cannot be tried: it answers {status}"),
            by_itself,
        ),
        Ok(status) => told(
            Code::LinkBroken,
            format!("does not open: it answers {status}"),
            format!(
                "make the objects public, or correct the public address of the profile \"{profile}\""
            ),
        ),
        Err(why) => told(
            Code::EndpointUnreachable,
            format!("cannot be tried: it {why}"),
            by_itself,
        ),
    }
}

fn agent() -> ureq::Agent {
    // The system's certificate authorities, as everywhere else.
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(ANSWER))
        .tls_config(tls)
        .build()
        .into()
}

fn get(url: &str) -> Result<u16, String> {
    let answer = agent().get(url).header("range", "bytes=0-0").call();
    answer
        .map(|answer| answer.status().as_u16())
        .map_err(|error| format!("cannot be reached ({error})"))
}

/// What a server's clock says.
pub(in crate::engine) fn server_time(endpoint: &str) -> Option<std::time::SystemTime> {
    let answer = agent().get(endpoint).call().ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(date)
        .ok()
        .map(Into::into)
}

/// Which origin's pages may read what is under a link.
pub(in crate::engine) fn allowed_origin(url: &str, origin: &str) -> Option<String> {
    let answer = agent()
        .get(url)
        .header("origin", origin)
        .header("range", "bytes=0-0")
        .call()
        .ok()?;
    answer
        .headers()
        .get("access-control-allow-origin")?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// POSTs JSON; the secret goes into `X-Tintype-Secret`.
///
/// # Errors
/// `webhook-failed`, whatever the reason: it is tried again.
pub(in crate::engine) async fn post(url: &str, secret: Option<Secret>, body: String) -> Result<()> {
    let failed = |why: String| {
        Error::new(Code::WebhookFailed, format!("the webhook {why}"))
            .hint("check the profile's webhook address")
    };
    let url = url.to_owned();
    let posted = blocking("telling a webhook", move || {
        // A secret goes to the address it was meant for, and to no other.
        let mut request = agent()
            .post(&url)
            .config()
            .max_redirects(0)
            .build()
            .header("content-type", "application/json");
        if let Some(secret) = &secret {
            request = request.header("x-tintype-secret", secret.expose());
        }
        request.send(body).map(|answer| answer.status())
    });
    match posted.await {
        Ok(Ok(status)) if status.is_success() => Ok(()),
        // It will not take this message at any time.
        Ok(Ok(status)) if matches!(status.as_u16(), 400 | 409 | 410 | 413 | 415 | 422) => {
            Err(Error {
                code: Code::RequestRefused,
                ..failed(format!("does not take it ({})", status.as_u16()))
            })
        }
        Ok(Ok(status)) => Err(failed(format!("answers {}", status.as_u16()))),
        Ok(Err(error)) => Err(failed(format!("cannot be reached: {error}"))),
        Err(error) => Err(error),
    }
}
