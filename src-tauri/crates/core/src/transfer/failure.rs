//! What the SDK and the servers say, as errors a person can act on.

use std::error::Error as StdError;
use std::io::ErrorKind;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::{Code, Error, Retry};

/// What a request was about, for sentences.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) profile: String,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) endpoint: String,
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
            let response = service.raw();
            let answer = Answer {
                status: response.status().as_u16(),
                code: service.err().code().unwrap_or_default(),
                message: service.err().message().unwrap_or_default(),
                region: response.headers().get("x-amz-bucket-region"),
                is_s3: response.headers().get("x-amz-request-id").is_some()
                    || response.headers().get("content-type").is_some_and(|kind| kind.contains("xml")),
                is_page: is_page(response),
            };
            answer.explain(context)
        }
        SdkError::ResponseError(response) => Answer {
            status: response.raw().status().as_u16(),
            code: "",
            message: "",
            region: response.raw().headers().get("x-amz-bucket-region"),
            is_s3: false,
            is_page: is_page(response.raw()),
        }
        .explain(context),
        SdkError::TimeoutError(_) => busy(context, "took too long to answer"),
        SdkError::DispatchFailure(failure) => no_connection(context, failure.as_connector_error().map(|e| e as &(dyn StdError + 'static))),
        other => Error::new(Code::Internal, format!("the request could not be made: {}", chain(other))),
    }
}

struct Answer<'a> {
    status: u16,
    code: &'a str,
    message: &'a str,
    region: Option<&'a str>,
    is_s3: bool,
    /// A page for people: what a hotel's sign-in answers instead of the bucket.
    is_page: bool,
}

fn is_page(response: &HttpResponse) -> bool {
    response.headers().get("content-type").is_some_and(|kind| kind.contains("text/html"))
}

impl Answer<'_> {
    fn explain(&self, context: &Context) -> Error {
        let Context { profile, bucket, region, endpoint } = context;
        let said = if self.message.is_empty() { self.code } else { self.message };
        if let Some(right) = self.other_region(region) {
            let told = format!("bucket \"{bucket}\" is in {right}, not {region}");
            let hint = format!("set the region of the profile \"{profile}\" to {right} (`tintype profile test {profile} --fix` does)");
            return Error { right_region: Some(right), ..Error::new(Code::WrongRegion, told).hint(hint) };
        }
        match (self.code, self.status) {
            ("NoSuchBucket", _) => Error::new(Code::BucketMissing, format!("there is no bucket \"{bucket}\" at {endpoint}"))
                .hint(format!("create it, or correct the bucket of the profile \"{profile}\"")),
            ("InvalidAccessKeyId" | "InvalidAccessKey" | "UnauthorizedAccess", _) => refused(profile, "does not know this access key"),
            ("SignatureDoesNotMatch", _) => refused(profile, "does not accept the secret access key"),
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) => {
                refused(profile, "says the session token is invalid or expired")
            }
            // Garage has one code for an unknown key, a wrong secret and a missing right.
            ("AccessDenied", _) if said.contains("No such key") => refused(profile, "does not know this access key"),
            ("AccessDenied", _) if said.contains("signature") => refused(profile, "does not accept the secret access key"),
            ("AuthorizationHeaderMalformed", _) => Error::new(Code::WrongRegion, format!("bucket \"{bucket}\" is not in {region}: {said}"))
                .hint(format!("correct the region of the profile \"{profile}\"")),
            ("RequestTimeTooSkewed" | "RequestExpired", _) => {
                Error::new(Code::ClockSkew, "this computer's clock differs too much from the server's")
                    .hint("set date and time to automatic, then try again")
                    // The client has learnt the server's time from this answer: signed by that, the next try will do.
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
            ("NoSuchKey" | "NotFound", _) | (_, 404) if self.is_s3 || !self.code.is_empty() => {
                Error::new(Code::ObjectMissing, "there is no such object")
            }
            (_, 511) | ("", 200 | 302 | 303 | 307) if self.status == 511 || self.is_page => {
                Error::new(Code::EndpointUnreachable, format!("a sign-in page answers instead of {endpoint}"))
                    .hint("sign in to this network in a browser; uploads then go on by themselves")
                    .retry(Retry::WhenOnline)
            }
            ("SlowDown" | "TooManyRequests" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded", _) | (_, 429) => {
                busy(context, &format!("answered {} {said}", self.status)).retry(Retry::Slower)
            }
            ("ServiceUnavailable" | "InternalError" | "RequestTimeout" | "RequestTimeTooSlow" | "OperationAborted", _)
            | (_, 408 | 500 | 502 | 503 | 504 | 200) => busy(context, &format!("answered {} {said}", self.status)),
            (_, 401 | 403) => Error::new(
                Code::AccessDenied,
                format!("the credentials of \"{profile}\" are not allowed to use bucket \"{bucket}\" this way"),
            )
            .hint("give the key the rights to put, get and delete objects in this bucket"),
            _ if !self.is_s3 => Error::new(Code::EndpointNotS3, format!("{endpoint} answers, but not as S3 does (status {})", self.status))
                .hint(format!("correct the endpoint of the profile \"{profile}\"")),
            _ => Error::new(Code::RequestRefused, format!("bucket \"{bucket}\" refused the request: {} {said}", self.status)),
        }
    }

    /// The region the server names, where it is another than ours.
    fn other_region(&self, ours: &str) -> Option<String> {
        let redirected = matches!(
            self.code,
            "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"
        ) || matches!(self.status, 301 | 307 | 400);
        // "…; the region 'us-east-1' is wrong; expecting 'eu-west-1'", Garage: "… expected: 20240101/garage/s3/aws4_request"
        let in_message = self.message.split_once("expecting '").and_then(|(_, rest)| rest.split('\'').next());
        let named = self.region.or(in_message).filter(|region| !region.is_empty() && *region != ours)?;
        redirected.then(|| named.to_owned())
    }
}

fn refused(profile: &str, why: &str) -> Error {
    Error::new(Code::CredentialsRefused, format!("the bucket of the profile \"{profile}\" {why}"))
        .hint("enter the access key id and the secret access key again in the profile")
}

fn busy(context: &Context, what: &str) -> Error {
    Error::new(Code::ServerBusy, format!("{} {}", context.endpoint, what.trim_end()))
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
            .hint("check the endpoint's name, or give its certificate authority as the profile's CA file");
    }
    if unreachable {
        return Error::new(Code::EndpointUnreachable, format!("{endpoint} cannot be reached: {}", innermost(cause)))
            .hint(format!("check the network and the endpoint of the profile \"{}\"; uploads go on by themselves", context.profile))
            .retry(Retry::WhenOnline);
    }
    busy(context, &format!("broke the connection: {}", innermost(cause)))
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
mod tests {
    use super::*;

    fn answer<'a>(status: u16, code: &'a str, message: &'a str, region: Option<&'a str>) -> Error {
        let context = Context { profile: "p".into(), bucket: "photos".into(), region: "us-east-1".into(), endpoint: "https://s3".into() };
        Answer { status, code, message, region, is_s3: true, is_page: false }.explain(&context)
    }

    #[test]
    fn the_right_region_is_named() {
        let error = answer(301, "PermanentRedirect", "", Some("eu-west-1"));
        assert_eq!(error.message, "bucket \"photos\" is in eu-west-1, not us-east-1");
        assert!(error.hint.is_some_and(|hint| hint.contains("region")));
        let told = answer(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'", None);
        assert_eq!(told.code, Code::WrongRegion);
    }

    #[test]
    fn codes_become_what_a_person_can_do() {
        for (status, code, message, wanted, retry) in [
            (404, "NoSuchBucket", "", Code::BucketMissing, Retry::Never),
            (403, "InvalidAccessKeyId", "", Code::CredentialsRefused, Retry::Never),
            (403, "SignatureDoesNotMatch", "", Code::CredentialsRefused, Retry::Never),
            (403, "AccessDenied", "", Code::AccessDenied, Retry::Never),
            (403, "RequestTimeTooSkewed", "", Code::ClockSkew, Retry::Soon),
            (503, "SlowDown", "", Code::ServerBusy, Retry::Slower),
            (503, "ServiceUnavailable", "", Code::ServerBusy, Retry::Soon),
            (404, "NoSuchUpload", "", Code::UploadLost, Retry::Never),
            (200, "InternalError", "", Code::ServerBusy, Retry::Soon),
            (412, "PreconditionFailed", "", Code::KeyTaken, Retry::Never),
            (400, "BadDigest", "", Code::ChecksumMismatch, Retry::Soon),
            (501, "NotImplemented", "", Code::RequestRefused, Retry::Never),
        ] {
            let error = answer(status, code, message, None);
            assert_eq!((error.code, error.retry_class()), (wanted, retry), "{code}");
        }
    }
}
