//! Endpoints as people type them.

use crate::error::{Code, Error, Result};

/// Adds the scheme people leave out (https, but http on this computer) and drops the slash at the
/// end.
pub(super) fn with_scheme(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.is_empty() || text.contains("://") {
        return text.to_owned();
    }
    let host = text.split(['/', ':']).next().unwrap_or_default();
    let scheme = if matches!(host, "localhost" | "127.0.0.1" | "[") {
        "http"
    } else {
        "https"
    };
    format!("{scheme}://{text}")
}

/// An endpoint and a bucket from what was typed: the bucket may stand in the endpoint, before its
/// host or after it.
pub(super) fn normalise(endpoint: &str, bucket: &str) -> Result<(String, String)> {
    let endpoint = with_scheme(endpoint);
    let Some((scheme, rest)) = endpoint.split_once("://") else {
        return Ok((endpoint, bucket.to_owned()));
    };
    if !matches!(scheme, "http" | "https") {
        return Err(invalid(
            &format!("an endpoint begins with https://, not {scheme}://"),
            "copy the S3 endpoint from the provider's console",
        ));
    }
    if rest.contains(['?', '#', '@', ' ']) {
        return Err(invalid(
            &format!("\"{endpoint}\" is no endpoint"),
            "give the service's address alone, without key, query or password",
        ));
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    // `bucket.host`: the SDK puts the bucket there itself. But a host may be called like the bucket
    // by chance.
    let host = match host.strip_prefix(&format!("{bucket}.")) {
        Some(rest) if !bucket.is_empty() && looks_like_a_service(rest) => rest,
        _ => host,
    };
    // `host/bucket`, but not a service that lives below a path of its own (`/storage/v1/s3`).
    let last = path.rsplit('/').next().unwrap_or_default();
    let (path, bucket) = match path.rsplit_once('/').map_or("", |(before, _)| before) {
        before if !last.is_empty() && last == bucket => (before, bucket),
        "" if !last.is_empty() && bucket.is_empty() => ("", last),
        _ => (path, bucket),
    };
    let endpoint = if path.is_empty() {
        format!("{scheme}://{host}")
    } else {
        format!("{scheme}://{host}/{path}")
    };
    Ok((endpoint, bucket.to_owned()))
}

/// Whether a host can be that of a service by itself: one of several names of which one says so.
fn looks_like_a_service(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let words = [
        "s3",
        "storage",
        "digitaloceanspaces",
        "r2",
        "backblazeb2",
        "wasabisys",
        "oss",
        "cos",
        "obs",
        "objects",
        "objectstorage",
    ];
    name.contains('.') && name.split(['.', '-']).any(|part| words.contains(&part))
}

/// The region in an endpoint that is made as the provider's template says.
pub(super) fn region<'a>(template: &str, endpoint: &'a str) -> Option<&'a str> {
    let (before, after) = template.split_once("{region}")?;
    let region = endpoint.strip_prefix(before)?.strip_suffix(after)?;
    (!region.is_empty() && !region.contains(['.', '/'])).then_some(region)
}

pub(super) fn invalid(message: &str, hint: &str) -> Error {
    Error::new(Code::ProfileInvalid, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_may_stand_in_the_endpoint() -> Result<()> {
        for (typed, bucket, endpoint, found) in [
            (
                "s3.example.com",
                "photos",
                "https://s3.example.com",
                "photos",
            ),
            (
                "https://photos.s3.example.com/",
                "photos",
                "https://s3.example.com",
                "photos",
            ),
            (
                "https://s3.example.com/photos",
                "photos",
                "https://s3.example.com",
                "photos",
            ),
            (
                "https://s3.example.com/photos",
                "",
                "https://s3.example.com",
                "photos",
            ),
            (
                "https://x.example/storage/v1/s3",
                "photos",
                "https://x.example/storage/v1/s3",
                "photos",
            ),
            (
                "https://x.example/s3",
                "photos",
                "https://x.example/s3",
                "photos",
            ),
            (
                "https://photos.example.com",
                "photos",
                "https://photos.example.com",
                "photos",
            ),
            (
                "https://s3.example.com",
                "s3",
                "https://s3.example.com",
                "s3",
            ),
            ("localhost:9000", "b", "http://localhost:9000", "b"),
            ("", "b", "", "b"),
        ] {
            assert_eq!(
                normalise(typed, bucket)?,
                (endpoint.to_owned(), found.to_owned()),
                "{typed}"
            );
        }
        for wrong in [
            "ftp://s3.example.com",
            "https://key:secret@s3.example.com",
            "https://s3.example.com/?x=1",
        ] {
            assert!(normalise(wrong, "b").is_err(), "{wrong}");
        }
        Ok(())
    }

    #[test]
    fn the_region_stands_in_some_endpoints() {
        assert_eq!(
            region(
                "https://s3.{region}.scw.cloud",
                "https://s3.fr-par.scw.cloud"
            ),
            Some("fr-par")
        );
        assert_eq!(
            region("https://s3.{region}.scw.cloud", "https://elsewhere.example"),
            None
        );
        assert_eq!(region("", "https://elsewhere.example"), None);
    }

    #[test]
    fn a_region_stands_where_the_template_has_it() {
        let in_template = |endpoint| region("https://s3.{region}.example.com", endpoint);

        assert_eq!(in_template("https://s3.eu-1.example.com"), Some("eu-1"));
        assert_eq!(in_template("https://s3..example.com"), None);
        assert_eq!(in_template("https://s3.eu.1.example.com"), None);
    }
}
