//! Who answers in a bucket's place: a sign-in page, a proxy, another web server may say that all is
//! well, or that there is nothing, of what they never heard.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// Takes no page for people for a success. An object may be such a page itself: then it has an ETag,
/// and who looks at it asks further (see [`may_be_page`]).
#[derive(Debug)]
pub(super) struct NoPages;

impl Intercept for NoPages {
    fn name(&self) -> &'static str {
        "NoPages"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let headers = response.headers();
        // Google names a type also where there is nothing to be read.
        let is_empty =
            response.status().as_u16() == 204 || headers.get("content-length") == Some("0");
        let may_be_object = headers.get("etag").is_some();
        if response.status().is_success() && is_page(response) && !may_be_object && !is_empty {
            return Err("a page for people is no answer of a bucket".into());
        }
        Ok(())
    }
}

/// A page for people.
pub(super) fn is_page(response: &HttpResponse) -> bool {
    let kind = response.headers().get("content-type");
    kind.is_some_and(|kind| kind.contains("text/html"))
}

/// Whether an answer without a body shows that an S3 server gave it: they have names for requests,
/// and speak XML.
pub(super) fn is_of_s3(response: &HttpResponse) -> bool {
    let headers = response.headers();
    let speaks_xml = headers
        .get("content-type")
        .is_some_and(|kind| kind.contains("xml"));
    !is_page(response) && (speaks_xml || headers.iter().any(|(name, _)| name.starts_with("x-amz-")))
}

/// Whether what was found may be a page that answers for everything. An object of a bucket has an
/// ETag; one that is a page for people has at least what only S3 says of it, where we put it there.
pub(super) fn may_be_page(found: &HeadObjectOutput) -> bool {
    let bare = found.metadata().is_none_or(|all| all.is_empty())
        && found.request_id().is_none_or(str::is_empty);
    let kind = found.content_type().unwrap_or_default();
    bare && (found.e_tag().is_none() || kind.contains("text/html"))
}
