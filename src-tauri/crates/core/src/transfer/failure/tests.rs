//! What servers and strangers answer, and what a person is told.

use super::*;

fn answer<'a>(status: u16, code: &'a str, message: &'a str, region: Option<&'a str>) -> Error {
    let context = Context {
        profile: "p".into(),
        bucket: "photos".into(),
        region: "us-east-1".into(),
        endpoint: "https://s3".into(),
        from_env: false,
    };
    Answer {
        status,
        code,
        message,
        region,
        location: None,
        is_s3: true,
        is_page: false,
    }
    .explain(&context)
}

fn stranger(status: u16, is_page: bool, location: Option<&str>) -> Error {
    let context = Context {
        profile: "p".into(),
        bucket: "photos".into(),
        region: "us-east-1".into(),
        endpoint: "http://s3.example".into(),
        from_env: false,
    };
    Answer {
        status,
        code: "",
        message: "",
        region: None,
        location,
        is_s3: false,
        is_page,
    }
    .explain(&context)
}

#[test]
fn what_stands_before_the_bucket_is_not_taken_for_it() {
    for (status, is_page, code, word) in [
        (
            403,
            true,
            Code::EndpointUnreachable,
            "does not let requests through",
        ),
        (
            407,
            true,
            Code::EndpointUnreachable,
            "wants a name and a password",
        ),
        (
            413,
            true,
            Code::RequestTooLarge,
            "takes no bodies of this size",
        ),
        (200, true, Code::EndpointUnreachable, "sign-in page"),
        (511, true, Code::EndpointUnreachable, "sign-in page"),
        (404, true, Code::EndpointNotS3, "not as S3 does"),
        (405, false, Code::EndpointNotS3, "not as S3 does"),
    ] {
        let error = stranger(status, is_page, None);
        assert!(
            error.code == code && error.message.contains(word),
            "{status}: {error}"
        );
    }
    for status in [
        408, 423, 425, 500, 502, 503, 504, 509, 520, 522, 525, 530, 598, 599,
    ] {
        assert_eq!(
            stranger(status, true, None).retry_class(),
            Retry::Soon,
            "{status}"
        );
    }
    assert!(
        stranger(301, true, Some("https://s3.example/"))
            .hint
            .is_some_and(|hint| hint.contains("https://"))
    );
}

#[test]
fn a_full_account_is_no_missing_right() {
    for (status, code, message) in [
        (403, "QuotaExceeded", "The quota is used up"),
        (
            403,
            "AccessDenied",
            "Cannot upload files, storage cap exceeded",
        ),
        (507, "XMinioStorageFull", "no room"),
        (402, "PaymentRequired", "pay first"),
        (
            403,
            "AccountProblem",
            "There is a problem with your account",
        ),
    ] {
        let error = answer(status, code, message, None);
        assert!(
            error.code == Code::BucketFull && error.message.contains(message),
            "{code}: {error}"
        );
    }
    assert!(
        answer(403, "AccessDenied", "the key is read-only", None)
            .message
            .contains("the key is read-only"),
        "the server's own words"
    );
    assert_eq!(
        answer(401, "Unauthorized", "", None).code,
        Code::CredentialsRefused
    );
}

#[test]
fn the_right_region_is_named() {
    let error = answer(301, "PermanentRedirect", "", Some("eu-west-1"));
    assert_eq!(
        error.message,
        "bucket \"photos\" is in eu-west-1, not us-east-1"
    );
    assert!(error.hint.is_some_and(|hint| hint.contains("region")));
    let told = answer(
        400,
        "AuthorizationHeaderMalformed",
        "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        None,
    );
    assert_eq!(told.code, Code::WrongRegion);
}

#[test]
fn codes_become_what_a_person_can_do() {
    for (status, code, message, wanted, retry) in [
        (404, "NoSuchBucket", "", Code::BucketMissing, Retry::Never),
        (
            403,
            "InvalidAccessKeyId",
            "",
            Code::CredentialsRefused,
            Retry::Never,
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "",
            Code::CredentialsRefused,
            Retry::Never,
        ),
        (403, "AccessDenied", "", Code::AccessDenied, Retry::Never),
        (
            403,
            "RequestTimeTooSkewed",
            "",
            Code::ClockSkew,
            Retry::Soon,
        ),
        (503, "SlowDown", "", Code::ServerBusy, Retry::Slower),
        (503, "ServiceUnavailable", "", Code::ServerBusy, Retry::Soon),
        (404, "NoSuchUpload", "", Code::UploadLost, Retry::Never),
        (200, "InternalError", "", Code::ServerBusy, Retry::Soon),
        (412, "PreconditionFailed", "", Code::KeyTaken, Retry::Never),
        (400, "BadDigest", "", Code::ChecksumMismatch, Retry::Soon),
        (
            501,
            "NotImplemented",
            "",
            Code::RequestRefused,
            Retry::Never,
        ),
    ] {
        let error = answer(status, code, message, None);
        assert_eq!((error.code, error.retry_class()), (wanted, retry), "{code}");
    }
}
