//! Somebody answers in the bucket's place: a sign-in page, a proxy, a firewall, another kind of
//! server.

use super::Context;
use super::answer::Answer;
use crate::error::{Code, Error, Retry};

impl Answer<'_> {
    pub(super) fn stranger(&self, context: &Context, endpoint: &str) -> Error {
        let profile = &context.profile;
        let unreachable = |told: String, hint: &str| {
            Error::new(Code::EndpointUnreachable, told)
                .hint(hint)
                .retry(Retry::WhenOnline)
        };
        match self.status {
            511 => self.sign_in(endpoint),
            407 => unreachable(
                format!("a proxy before {endpoint} wants a name and a password (407)"),
                "put them into HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT; uploads then go on by themselves",
            ),
            413 => Error::new(Code::RequestTooLarge, format!("something before {endpoint} takes no bodies of this size (413)"))
                .hint("raise its limit (nginx: client_max_body_size), or give the profile the bucket's own address"),
            411 => Error::new(Code::RequestRefused, format!("{endpoint} wants to be told a body's length first (411)"))
                .hint("look whether a proxy stands between that takes it away"),
            507 | 402 => Error::new(Code::BucketFull, format!("{endpoint} takes no more ({} {})", self.status, self.said()))
                .hint("make room, or raise the limit at the provider; uploads then go on by themselves"),
            301 | 302 | 307 | 308 if self.is_upgrade(endpoint) => {
                Error::new(Code::EndpointNotS3, format!("{endpoint} sends everybody on to https"))
                    .hint(format!("let the endpoint of the profile \"{profile}\" begin with https://"))
            }
            200 | 302 | 303 | 307 if self.is_page => self.sign_in(endpoint),
            401 | 403 | 451 => unreachable(
                format!("something before {endpoint} does not let requests through (status {}, and no answer of S3)", self.status),
                "look whether a proxy, a firewall or a challenge page stands between; uploads then go on by themselves",
            ),
            status => Error::new(Code::EndpointNotS3, format!("{endpoint} answers, but not as S3 does (status {status})"))
                .hint(format!("correct the endpoint of the profile \"{profile}\"")),
        }
    }

    fn sign_in(&self, endpoint: &str) -> Error {
        Error::new(
            Code::EndpointUnreachable,
            format!("a sign-in page answers instead of {endpoint}"),
        )
        .hint("sign in to this network in a browser; uploads then go on by themselves")
        .retry(Retry::WhenOnline)
    }

    /// Whether it only says: not without encryption.
    fn is_upgrade(&self, endpoint: &str) -> bool {
        let host = |address: &str, scheme: &str| {
            address.strip_prefix(scheme).map(|rest| {
                rest.split(['/', ':'])
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            })
        };
        let (from, to) = (
            host(endpoint, "http://"),
            self.location
                .and_then(|location| host(location, "https://")),
        );
        from.is_some_and(|from| {
            to.is_some_and(|to| to == from || to.ends_with(&format!(".{from}")))
        })
    }
}
