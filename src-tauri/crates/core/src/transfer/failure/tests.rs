//! What servers and strangers answer, and what a person is told.

use std::time::Duration;

use super::*;

fn context() -> Context {
    Context {
        profile: "p".into(),
        bucket: "photos".into(),
        region: "us-east-1".into(),
        endpoint: "https://s3".into(),
        cure: "enter the secret again".into(),
        elsewhere: String::new(),
    }
}

fn saying<'a>(status: u16, code: &'a str, message: &'a str) -> Answer<'a> {
    Answer {
        status,
        code,
        message,
        region: None,
        location: None,
        is_s3: true,
        is_page: false,
        retry_after: None,
    }
}

fn answer(status: u16, code: &str, message: &str, region: Option<&str>) -> Error {
    Answer {
        region: region.map(Into::into),
        ..saying(status, code, message)
    }
    .explain(&context())
}

fn stranger(status: u16, is_page: bool, location: Option<&str>) -> Error {
    let context = Context {
        endpoint: "http://s3.example".into(),
        ..context()
    };
    Answer {
        location,
        is_s3: false,
        is_page,
        ..saying(status, "", "")
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

#[test]
fn services_have_words_of_their_own() {
    for (status, code, message, wanted, retry) in [
        (400, "IncompleteBody", "", Code::ServerBusy, Retry::Soon),
        (400, "ClientDisconnect", "", Code::ServerBusy, Retry::Soon),
        (410, "DisconnectError", "", Code::ServerBusy, Retry::Soon),
        (409, CONFLICT, "", Code::ServerBusy, Retry::Soon),
        (
            400,
            "RequestRateLimitExceeded",
            "",
            Code::ServerBusy,
            Retry::Slower,
        ),
        (
            403,
            "AuthenticationLockout",
            "",
            Code::ServerBusy,
            Retry::WhenOnline,
        ),
        (403, "NotEntitled", "", Code::BucketFull, Retry::Never),
        (
            403,
            "AccountNotActivated",
            "",
            Code::BucketFull,
            Retry::Never,
        ),
        (
            400,
            "InvalidArgument",
            "Credential access key has length 64, should be 32",
            Code::CredentialsRefused,
            Retry::Never,
        ),
        (400, "InvalidKey", "", Code::KeyInvalid, Retry::Never),
        (
            403,
            "PathStyleDomainForbidden",
            "",
            Code::ProfileInvalid,
            Retry::Never,
        ),
    ] {
        let error = answer(status, code, message, None);
        assert_eq!((error.code, error.retry_class()), (wanted, retry), "{code}");
    }
    let acl = answer(400, "AccessControlListNotSupported", "no ACLs", None);
    assert!(acl.hint.is_some_and(|hint| hint.contains("header rules")));
    let length = stranger(411, true, None);
    assert!(length.message.contains("length"), "{length}");
}

#[test]
fn what_lasts_is_not_asked_for_at_once() {
    let capped = answer(
        403,
        "AccessDenied",
        "Cannot upload files, storage cap exceeded",
        None,
    );
    assert!(
        capped
            .after
            .is_some_and(|after| after >= Duration::from_secs(60))
    );
    assert!(capped.hint.is_some_and(|hint| hint.contains("00:00 UTC")));
    let locked = answer(403, "AuthenticationLockout", "", None);
    assert!(
        locked
            .after
            .is_some_and(|after| after >= Duration::from_secs(60))
    );
}

#[test]
fn a_server_says_how_long_it_wants_to_be_left_alone() {
    let asked = |seconds| {
        Answer {
            retry_after: Some(Duration::from_secs(seconds)),
            ..saying(503, "SlowDown", "")
        }
        .explain(&context())
    };

    assert_eq!(asked(5).after, Some(Duration::from_secs(5)));
    assert_eq!(answer::retry_after("7"), Some(Duration::from_secs(7)));
    assert_eq!(
        answer::retry_after("999999"),
        Some(Duration::from_secs(3600))
    );
    let past = answer::retry_after("Wed, 21 Oct 2015 07:28:00 GMT");
    assert_eq!((past, answer::retry_after("soon")), (None, None));
}

#[test]
fn another_region_stands_in_the_error_document_at_some() {
    let body =
        b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-2</Region></Error>";

    assert_eq!(
        answer::region_element(body).as_deref(),
        Some("eu-central-2")
    );
    assert_eq!(answer::region_element(b"<Error/>"), None);
}

#[test]
fn what_else_it_may_be_is_said_where_a_service_hides_it() {
    let elsewhere = Context {
        elsewhere: "it may be in another location than fsn1".into(),
        ..context()
    };
    for code in ["NoSuchBucket", "InvalidAccessKeyId", "AccessDenied"] {
        let error = saying(403, code, "").explain(&elsewhere);
        let hint = error.hint.unwrap_or_default();
        assert!(hint.ends_with("than fsn1"), "{code}: {hint}");
    }
}
