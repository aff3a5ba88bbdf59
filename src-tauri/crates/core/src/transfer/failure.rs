//! What the SDK and the servers say, as errors a person can act on.

use std::error::Error as StdError;
use std::io::ErrorKind;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::stranger::is_page;
use crate::error::{Code, Error, Retry};

/// What a request was about, for sentences.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) profile: String,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) endpoint: String,
    /// Its credentials come from the environment.
    pub(super) from_env: bool,
}

/// A request that does not move any more.
pub(super) fn stalled(context: &Context) -> Error {
    busy(context, "does not take or give anything any more")
}

/// Translates a failed request.
pub(super) fn explain<E>(context: &Context, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let (code, message) = (
                service.err().code().unwrap_or_default(),
                service.err().message().unwrap_or_default(),
            );
            Answer::new(service.raw(), code, message).explain(context)
        }
        SdkError::ResponseError(response) => Answer::new(response.raw(), "", "").explain(context),
        SdkError::TimeoutError(_) => busy(context, "took too long to answer"),
        SdkError::DispatchFailure(failure) => no_connection(
            context,
            failure
                .as_connector_error()
                .map(|e| e as &(dyn StdError + 'static)),
        ),
        other => Error::new(
            Code::ProfileInvalid,
            format!(
                "a request cannot be made as the profile \"{}\" wants: {}",
                context.profile,
                chain(other)
            ),
        )
        .hint("headers, metadata and tags take letters, digits and signs of ASCII only"),
    }
}

struct Answer<'a> {
    status: u16,
    /// The code in the S3 error document; empty where there was none.
    code: &'a str,
    message: &'a str,
    region: Option<&'a str>,
    location: Option<&'a str>,
    /// It has what only S3 servers send.
    is_s3: bool,
    /// A page for people: what a hotel's sign-in answers instead of the bucket.
    is_page: bool,
}

impl<'a> Answer<'a> {
    fn new(response: &'a HttpResponse, code: &'a str, message: &'a str) -> Self {
        let (headers, status) = (response.headers(), response.status().as_u16());
        let is_page = is_page(response);
        Self {
            status,
            code,
            message,
            region: headers.get("x-amz-bucket-region"),
            location: headers.get("location"),
            is_s3: !code.is_empty() || (!is_page && headers.get("x-amz-request-id").is_some()),
            is_page,
        }
    }

    /// Which bucket answered what, or who answered in its place. Only what an S3 server said of
    /// this object, this key or these credentials is told as such; the rest is somebody's trouble
    /// on the way.
    fn explain(&self, context: &Context) -> Error {
        let Context {
            profile,
            bucket,
            region,
            endpoint,
            ..
        } = context;
        if let Some(right) = self.other_region(region) {
            let told = format!("bucket \"{bucket}\" is in {right}, not {region}");
            let hint = format!(
                "set the region of the profile \"{profile}\" to {right} (`tintype profile test {profile} --fix` does)"
            );
            return Error {
                right_region: Some(right),
                ..Error::new(Code::WrongRegion, told).hint(hint)
            };
        }
        if let Some(busy) = self.passes(context) {
            return busy;
        }
        // Two statuses are never the bucket's own: those of a proxy and of a sign-in page.
        if self.is_s3 && !matches!(self.status, 407 | 511) {
            self.no(context)
        } else {
            self.stranger(context, endpoint)
        }
    }

    /// The server's own words.
    fn said(&self) -> &str {
        if self.message.is_empty() {
            self.code
        } else {
            self.message
        }
    }

    /// What is over in a while, whoever says it.
    fn passes(&self, context: &Context) -> Option<Error> {
        let told = || format!("answered {} {}", self.status, self.said());
        match (self.code, self.status) {
            // A status of its own for a full disk, and a sign-in page's.
            ("XMinioStorageFull", _) | (_, 507 | 511) => None,
            (
                "SlowDown"
                | "TooManyRequests"
                | "Throttling"
                | "ThrottlingException"
                | "RequestLimitExceeded",
                _,
            )
            | (_, 429) => Some(busy(context, &told()).retry(Retry::Slower)),
            (
                "ServiceUnavailable" | "InternalError" | "RequestTimeout" | "RequestTimeTooSlow"
                | "OperationAborted",
                _,
            ) => Some(busy(context, &told())),
            // Any 5xx but "not implemented": gateways have numbers of their own (520 to 530, 598,
            // 599).
            (_, 408 | 423 | 425) => Some(busy(context, &told())),
            (_, 500..) if self.status != 501 => Some(busy(context, &told())),
            (_, 200) if !self.is_page => Some(busy(context, &told())),
            _ => None,
        }
    }

    /// A well-formed no of an S3 server.
    fn no(&self, context: &Context) -> Error {
        let (
            Context {
                profile,
                bucket,
                region,
                endpoint,
                ..
            },
            said,
        ) = (context, self.said());
        match (self.code, self.status) {
            ("NoSuchBucket", _) => Error::new(Code::BucketMissing, format!("there is no bucket \"{bucket}\" at {endpoint}"))
                .hint(format!("create it, or correct the bucket of the profile \"{profile}\"")),
            ("InvalidAccessKeyId" | "InvalidAccessKey" | "UnauthorizedAccess" | "NotSignedUp", _) => {
                refused(context, "does not know this access key")
            }
            ("SignatureDoesNotMatch", _) => refused(context, "does not accept the secret access key"),
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) => {
                refused(context, "says the session token is invalid or expired")
            }
            ("Unauthorized", _) => refused(context, &format!("does not accept these credentials ({said})")),
            // Garage has one code for an unknown key, a wrong secret and a missing right.
            ("AccessDenied", _) if said.contains("No such key") => refused(context, "does not know this access key"),
            ("AccessDenied", _) if said.contains("signature") => refused(context, "does not accept the secret access key"),
            ("AuthorizationHeaderMalformed", _) => Error::new(Code::WrongRegion, format!("bucket \"{bucket}\" is not in {region}: {said}"))
                .hint(format!("correct the region of the profile \"{profile}\"")),
            ("RequestTimeTooSkewed" | "RequestExpired", _) => {
                Error::new(Code::ClockSkew, "this computer's clock differs too much from the server's")
                    .hint("set date and time to automatic; uploads then go on by themselves")
                    // The client has learnt the server's time from this answer: signed by that, the
                    // next try will do.
                    .retry(Retry::Soon)
            }
            ("PreconditionFailed" | "ConditionalRequestConflict", _) | (_, 412) => {
                Error::new(Code::KeyTaken, "the key is taken by other content")
            }
            ("BadDigest" | "XAmzContentSHA256Mismatch" | "InvalidDigest", _) => {
                Error::new(Code::ChecksumMismatch, "the bucket received other bytes than were sent").retry(Retry::Soon)
            }
            ("NoSuchUpload", _) => {
                Error::new(Code::UploadLost, "the bucket no longer knows this unfinished upload").hint("Tintype begins it again")
            }
            ("NoSuchKey" | "NotFound", _) | (_, 404) => Error::new(Code::ObjectMissing, "there is no such object"),
            ("AccountProblem" | "AllAccessDisabled" | "InvalidPayer", _) => {
                Error::new(Code::BucketFull, format!("bucket \"{bucket}\" takes nothing for the moment: {said}"))
                    .hint("look at the account at the provider; uploads then go on by themselves")
            }
            _ if self.is_full() => Error::new(Code::BucketFull, format!("bucket \"{bucket}\" takes no more: {said}"))
                .hint("make room, or raise the quota or the plan's limit at the provider; uploads then go on by themselves"),
            (_, 401 | 403) => {
                let words = if self.message.is_empty() { String::new() } else { format!(" ({})", self.message) };
                let told = format!("the credentials of \"{profile}\" are not allowed to use bucket \"{bucket}\" this way{words}");
                Error::new(Code::AccessDenied, told).hint("give the key the rights to put, get and delete objects in this bucket")
            }
            _ => Error::new(Code::RequestRefused, format!("bucket \"{bucket}\" refused the request: {} {said}", self.status)),
        }
    }

    /// Quota, cap, unpaid bill: services have many words for a full account, and mostly answer 403.
    fn is_full(&self) -> bool {
        let words = format!("{} {}", self.code, self.message).to_ascii_lowercase();
        let full = [
            "quota",
            "cap exceeded",
            "cap_exceeded",
            "storagefull",
            "storage limit",
            "insufficient storage",
            "no space left",
            "payment required",
        ];
        matches!(self.status, 402 | 507) || full.iter().any(|full| words.contains(full))
    }

    /// Somebody answers in the bucket's place: a sign-in page, a proxy, a firewall, another kind of
    /// server.
    fn stranger(&self, context: &Context, endpoint: &str) -> Error {
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

    /// The region the server names, where it is another than ours.
    fn other_region(&self, ours: &str) -> Option<String> {
        let redirected = matches!(
            self.code,
            "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException"
        ) || matches!(self.status, 301 | 307 | 400);
        // "…; the region 'us-east-1' is wrong; expecting 'eu-west-1'", Garage: "… expected:
        // 20240101/garage/s3/aws4_request"
        let in_message = self
            .message
            .split_once("expecting '")
            .and_then(|(_, rest)| rest.split('\'').next());
        let named = self
            .region
            .or(in_message)
            .filter(|region| !region.is_empty() && *region != ours)?;
        redirected.then(|| named.to_owned())
    }
}

fn refused(context: &Context, why: &str) -> Error {
    let told = format!("the bucket of the profile \"{}\" {why}", context.profile);
    Error::new(Code::CredentialsRefused, told).hint(if context.from_env {
        "give this program AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that are good, and AWS_SESSION_TOKEN if they are for a session"
    } else {
        "enter the access key id and the secret access key again in the profile"
    })
}

fn busy(context: &Context, what: &str) -> Error {
    Error::new(
        Code::ServerBusy,
        format!("{} {}", context.endpoint, what.trim_end()),
    )
    .hint("Tintype tries again by itself")
    .retry(Retry::Soon)
}

fn no_connection(context: &Context, cause: Option<&(dyn StdError + 'static)>) -> Error {
    let text = cause.map_or_else(|| "no connection".to_owned(), chain);
    let io = cause.and_then(find_io);
    let unreachable = matches!(
        io,
        Some(
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable
        )
    ) || text.contains("dns error")
        || text.contains("timed out")
        || text.contains("tunnel");
    let endpoint = &context.endpoint;
    if text.contains("certificate") {
        return Error::new(Code::EndpointUnreachable, format!("the certificate of {endpoint} is not trusted: {}", innermost(cause)))
            .hint("sign in to this network in a browser, check this computer's clock and the endpoint's name, or give the profile the certificate authority as its CA file")
            .retry(Retry::WhenOnline);
    }
    if unreachable {
        return Error::new(
            Code::EndpointUnreachable,
            format!("{endpoint} cannot be reached: {}", innermost(cause)),
        )
        .hint(format!(
            "check the network and the endpoint of the profile \"{}\"; uploads go on by themselves",
            context.profile
        ))
        .retry(Retry::WhenOnline);
    }
    busy(
        context,
        &format!("broke the connection: {}", innermost(cause)),
    )
}

fn find_io(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

fn innermost(error: Option<&(dyn StdError + 'static)>) -> String {
    let mut text = String::from("no connection");
    let mut next: Option<&(dyn StdError + 'static)> = error;
    while let Some(error) = next {
        text = error.to_string();
        next = error.source();
    }
    text
}

fn chain(error: &dyn StdError) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests;
