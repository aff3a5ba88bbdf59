//! What was answered, and by whom: a server that is busy, one in another region, one that says no,
//! or somebody in its place.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{Context, busy};
use crate::error::{Code, Error, Retry};
use crate::transfer::stranger::is_page;

/// A condition that could not be decided: another request for the key was under way.
pub(in crate::transfer) const CONFLICT: &str = "ConditionalRequestConflict";

/// So long Wasabi takes no signature after too many wrong ones.
const LOCKED_OUT: Duration = Duration::from_secs(5 * 60);

/// Nobody has to be left alone for longer: what asks for more is looked at all the same.
const LONGEST_AFTER: Duration = Duration::from_secs(3600);

/// An answer that is no success.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// The code in the S3 error document; empty where there was none.
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    /// The region it names, if it does so in its own field.
    pub(super) region: Option<Cow<'a, str>>,
    pub(super) location: Option<&'a str>,
    /// It has what only S3 servers send.
    pub(super) is_s3: bool,
    /// A page for people: what a hotel's sign-in answers instead of the bucket.
    pub(super) is_page: bool,
    /// How long it asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(response: &'a HttpResponse, code: &'a str, message: &'a str) -> Self {
        let (headers, status) = (response.headers(), response.status().as_u16());
        let is_page = is_page(response);
        Self {
            status,
            code,
            message,
            region: match headers.get("x-amz-bucket-region") {
                Some(region) => Some(region.into()),
                // Wasabi's way.
                None => response
                    .body()
                    .bytes()
                    .and_then(region_element)
                    .map(Cow::Owned),
            },
            location: headers.get("location"),
            is_s3: !code.is_empty() || (!is_page && headers.get("x-amz-request-id").is_some()),
            is_page,
            retry_after: headers.get("retry-after").and_then(retry_after),
        }
    }

    /// Which bucket answered what, or who answered in its place. Only what an S3 server said of
    /// this object, this key or these credentials is told as such; the rest is somebody's trouble
    /// on the way.
    pub(super) fn explain(&self, context: &Context) -> Error {
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
            return match self.retry_after {
                Some(pause) => busy.after(pause),
                None => busy,
            };
        }
        // Two statuses are never the bucket's own: those of a proxy and of a sign-in page.
        if self.is_s3 && !matches!(self.status, 407 | 511) {
            self.no(context)
        } else {
            self.stranger(context, endpoint)
        }
    }

    /// The server's own words.
    pub(super) fn said(&self) -> &str {
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
                | "RequestLimitExceeded"
                | "RequestRateLimitExceeded",
                _,
            )
            | (_, 429) => Some(busy(context, &told()).retry(Retry::Slower)),
            // Every wrong signature of that time makes it longer.
            ("AuthenticationLockout", _) => Some(locked_out(context)),
            (
                "ServiceUnavailable" | "InternalError" | "RequestTimeout" | "RequestTimeTooSlow"
                // The connection broke, and somebody else was at the key, in the server's words.
                | "IncompleteBody" | "ClientDisconnect" | "DisconnectError"
                | "OperationAborted" | CONFLICT,
                _,
            ) => Some(busy(context, &told())),
            // A bucket that is just made answers from elsewhere for a while; a conflict without a
            // name is over soon.
            ("TemporaryRedirect", _) => Some(busy(context, &told())),
            ("", 409) if self.is_s3 => Some(busy(context, &told())),
            // Any 5xx but "not implemented": gateways have numbers of their own (520 to 530, 598,
            // 599).
            (_, 408 | 423 | 425) => Some(busy(context, &told())),
            (_, 500..) if self.status != 501 => Some(busy(context, &told())),
            (_, 200) if !self.is_page => Some(busy(context, &told())),
            _ => None,
        }
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
            .as_deref()
            .or(in_message)
            .filter(|region| !region.is_empty() && *region != ours)?;
        redirected.then(|| named.to_owned())
    }
}

fn locked_out(context: &Context) -> Error {
    let told = format!(
        "{} takes no signature of this key for some minutes, after too many wrong ones",
        context.endpoint
    );
    Error::new(Code::ServerBusy, told)
        .hint(format!(
            "see whether the secret access key of the profile \"{}\" is right; uploads go on by themselves",
            context.profile
        ))
        .retry(Retry::WhenOnline)
        .after(LOCKED_OUT)
}

/// What stands in a `Region` element of an error document.
pub(super) fn region_element(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    Some(region.trim().to_owned())
}

/// Seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    let seconds = value.trim().parse::<u64>().ok().or_else(|| {
        let date = DateTime::from_str(value.trim(), DateTimeFormat::HttpDate).ok()?;
        let now = DateTime::from(SystemTime::now());
        u64::try_from(date.secs() - now.secs()).ok()
    })?;
    Some(Duration::from_secs(seconds).min(LONGEST_AFTER))
}
