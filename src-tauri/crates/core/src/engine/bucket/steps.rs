//! The doctor's steps, one by one.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::check;
use crate::error::{Code, Error, Result};
use crate::profile::{Conditions, Fix, Profile};
use crate::transfer::{Bucket, Headers, Lookup, ObjectStore, Only, Progress};
use crate::world::blocking;

/// What a step found out, if it worked.
#[derive(Default)]
pub(super) struct Finding {
    pub(super) note: Option<String>,
    pub(super) fix: Option<Fix>,
}

/// The clocks may differ by a quarter of an hour before signatures are refused (AWS,
/// "RequestTimeTooSkewed").
const SKEW: Duration = Duration::from_secs(5 * 60);

const REACH: Duration = Duration::from_secs(10);

fn body() -> Bytes {
    Bytes::from_static(b"Tintype was here to test the connection. This object may be deleted.\n")
}

fn headers() -> Headers {
    Headers {
        content_type: "text/plain; charset=utf-8".into(),
        ..Headers::default()
    }
}

pub(super) fn behind_proxy() -> bool {
    [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ]
    .iter()
    .any(|name| std::env::var_os(name).is_some())
}

pub(super) fn host_and_port(endpoint: &str) -> Option<(String, u16)> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let authority = rest.split('/').next()?;
    let default = if scheme == "http" { 80 } else { 443 };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host.to_owned(), port.parse().ok()?)),
        _ => Some((authority.to_owned(), default)),
    }
}

pub(super) async fn resolve(host: &str, port: u16) -> Result<Finding> {
    let found = tokio::time::timeout(REACH, tokio::net::lookup_host((host, port))).await;
    match found.map(|found| found.map(Iterator::count)) {
        Ok(Ok(addresses)) if addresses > 0 => Ok(Finding::default()),
        _ => Err(
            Error::new(Code::EndpointUnreachable, format!("{host} has no address"))
                .hint("check the spelling of the endpoint, and whether this computer is online"),
        ),
    }
}

pub(super) async fn connect(host: &str, port: u16) -> Result<Finding> {
    let refused = |why: String| {
        Error::new(
            Code::EndpointUnreachable,
            format!("{host}:{port} cannot be reached: {why}"),
        )
        .hint("check the endpoint's port and scheme, and whether a firewall is in the way")
    };
    match tokio::time::timeout(REACH, tokio::net::TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(Finding::default()),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused(format!("no answer for {} s", REACH.as_secs()))),
    }
}

/// A wrong clock is put right by the server's for signatures; a person should know all the same.
pub(super) async fn clock(endpoint: String) -> Result<Finding> {
    let date = blocking("asking for the time", move || check::server_time(&endpoint))
        .await
        .ok()
        .flatten();
    let Some(server) = date else {
        return Ok(Finding::default());
    };
    let now = SystemTime::now();
    let (apart, way) = match server.duration_since(now) {
        Ok(behind) => (behind, "behind"),
        Err(ahead) => (ahead.duration(), "ahead of"),
    };
    let note = (apart > SKEW).then(|| {
        format!(
            "this computer's clock is {} minutes {way} the server's: Tintype signs by the server's; set it to automatic",
            apart.as_secs() / 60
        )
    });
    Ok(Finding { note, fix: None })
}

pub(super) async fn put(store: &dyn ObjectStore, key: &str, only: &Only) -> Result<Finding> {
    store
        .put(key, body(), &headers(), only, &Progress::default())
        .await
        .map(|_| Finding::default())
}

pub(super) async fn check_head(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    let size = body().len() as u64;
    match store.head(key).await? {
        Lookup::Found(meta) if meta.size == size => Ok(Finding::default()),
        Lookup::Found(meta) => Err(Error::new(
            Code::ChecksumMismatch,
            format!("the bucket has {} bytes of {size}", meta.size),
        )),
        Lookup::Absent => Err(Error::new(
            Code::ObjectMissing,
            "the object that was just stored is not there",
        )),
        Lookup::Hidden => Err(Error::new(
            Code::AccessDenied,
            "the credentials may store objects but not look at them",
        )
        .hint("give the key the right to get objects (s3:GetObject) in this bucket")),
    }
}

pub(super) async fn check_get(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    if store.get(key).await? == body() {
        return Ok(Finding::default());
    }
    Err(Error::new(
        Code::ChecksumMismatch,
        "the bucket gave back other bytes than were stored",
    ))
}

pub(super) async fn public_link(link: String, profile: &Profile) -> Result<Finding> {
    let opened = check::links(vec![link], &profile.name).await;
    opened.map(|()| Finding::default()).map_err(|error| {
        error.hint("make the bucket's objects public, set the public address (a CDN's or the bucket's website), or let links be signed")
    })
}

/// Stores the object once more, whole and in parts, only if there is none: it is the same, whatever
/// happens.
pub(super) async fn conditional(
    bucket: &Bucket,
    key: &str,
    assumed: Conditions,
) -> Result<Finding> {
    let (store, size) = (&*bucket.store, body().len() as u64);
    // Some services take one write of a key in a second (Cloudflare R2, Google Cloud Storage).
    let whole = bucket.call(size, || put(store, key, &Only::IfAbsent));
    let put = refuses(whole.await)?;
    let in_parts = bucket.call(size, || put_in_parts(store, key, &Only::IfAbsent));
    let complete = put && refuses(in_parts.await)?;
    let note = match (put, complete) {
        (true, true) => "honoured: two computers cannot overwrite each other",
        (true, false) => {
            "honoured for small objects, and not for those in parts: Tintype looks before it puts those together"
        }
        (false, _) => "not honoured: Tintype looks before it stores",
    };
    Ok(Finding {
        note: Some(note.into()),
        fix: (Conditions { put, complete } != assumed)
            .then_some(Fix::IfNoneMatch { put, complete }),
    })
}

/// Whether a bucket refused what was to be stored only if there was nothing.
fn refuses<T>(stored: Result<T>) -> Result<bool> {
    match stored {
        Err(error) if error.code == Code::KeyTaken => Ok(true),
        Err(error) if error.code == Code::RequestRefused => Ok(false),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    }
}

async fn put_in_parts(store: &dyn ObjectStore, key: &str, only: &Only) -> Result<()> {
    let upload = store.create_upload(key, &headers()).await?;
    let sent = async {
        let part = store
            .put_part(key, &upload, 1, body(), &Progress::default())
            .await?;
        store.complete_upload(key, &upload, &[part], only).await
    };
    if let Err(error) = sent.await {
        store.abort_upload(key, &upload).await?;
        return Err(error);
    }
    Ok(())
}

pub(super) async fn parts(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    // Under a key of its own: what lies there came in parts.
    let key = &format!("{key}-parts");
    let stored = put_in_parts(store, key, &Only::Always).await;
    match stored {
        Err(error) if !error.is_retryable() => return Err(error),
        _ => {}
    }
    let checked = check_head(store, key).await;
    let gone = store.delete(key, &Only::Always).await;
    let checked = match stored {
        // As with files: what was answered may be unreadable (moto), what lies there counts.
        Err(error) => checked.map_err(|_| error),
        Ok(()) => checked,
    }?;
    gone.map(|_| checked)
}

pub(super) async fn cors(link: String, origin: String) -> Result<Finding> {
    let asked = origin.clone();
    let allowed = blocking("asking for an origin", move || {
        check::allowed_origin(&link, &asked)
    })
    .await
    .ok()
    .flatten();
    match allowed {
        Some(allowed) if allowed == "*" || allowed == origin => Ok(Finding::default()),
        _ => Err(Error::new(
            Code::LinkBroken,
            format!("pages of {origin} may not read the objects"),
        )
        .hint("allow GET and HEAD from that origin in the bucket's CORS rules")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_host_and_a_port() {
        for (endpoint, host, port) in [
            ("https://s3.example.com", "s3.example.com", 443),
            ("http://127.0.0.1:3900/x", "127.0.0.1", 3900),
            ("http://[::1]:9000", "[::1]", 9000),
        ] {
            assert_eq!(host_and_port(endpoint), Some((host.to_owned(), port)));
        }
    }
}
