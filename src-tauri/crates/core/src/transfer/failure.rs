//! What the SDK and the servers say, as errors a person can act on.

mod answer;
mod between;
mod no;

use std::error::Error as StdError;
use std::io::ErrorKind;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use self::answer::Answer;
pub(super) use self::answer::CONFLICT;
use crate::error::{Code, Error, Retry};

/// What a request was about, for sentences.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) profile: String,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) endpoint: String,
    /// What to do where the credentials are not taken.
    pub(super) cure: String,
    /// What else it may be where this service does not know the bucket or the key.
    pub(super) elsewhere: String,
}

impl Context {
    fn or_elsewhere(&self, hint: String) -> String {
        match self.elsewhere.as_str() {
            "" => hint,
            elsewhere => format!("{hint}; {elsewhere}"),
        }
    }
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
    if is_unsigned(error) {
        let told = format!(
            "the credentials of \"{}\" cannot be had any more: {}",
            context.profile,
            innermost(Some(error))
        );
        return Error::new(Code::CredentialsMissing, told).hint(context.cure.clone());
    }
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

/// Whether nobody could say with what it is to be signed.
fn is_unsigned(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<CredentialsError>() {
            return true;
        }
        next = error.source();
    }
    false
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

/// What is at the bottom of an error.
pub(super) fn innermost(error: Option<&(dyn StdError + 'static)>) -> String {
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
