//! A well-formed no of an S3 server, in words that tell what to do.

use std::time::Duration;

use super::Context;
use super::answer::Answer;
use crate::error::{Code, Error, Retry};

/// The caps of a day end at midnight; somebody may raise them before.
const CAPPED: Duration = Duration::from_secs(5 * 60);

impl Answer<'_> {
    pub(super) fn no(&self, context: &Context) -> Error {
        let of_what = self
            .of_account(context)
            .or_else(|| self.of_credentials(context))
            .or_else(|| self.of_object(context));
        of_what.unwrap_or_else(|| self.of_request(context))
    }

    /// A full bucket, a reached cap, an unpaid bill: services have many words for that, and mostly
    /// answer 403.
    fn of_account(&self, context: &Context) -> Option<Error> {
        let (bucket, said) = (&context.bucket, self.said());
        if let "AccountProblem"
        | "AccountNotActivated"
        | "AllAccessDisabled"
        | "InvalidPayer"
        | "NotEntitled" = self.code
        {
            let told = format!("bucket \"{bucket}\" takes nothing for the moment: {said}");
            let error = Error::new(Code::BucketFull, told);
            return Some(
                error.hint("look at the account at the provider; uploads then go on by themselves"),
            );
        }
        let words = format!("{} {}", self.code, self.message).to_ascii_lowercase();
        if ["cap exceeded", "cap_exceeded"]
            .iter()
            .any(|cap| words.contains(cap))
        {
            let told = format!("a cap of the account of bucket \"{bucket}\" is reached: {said}");
            let error = Error::new(Code::BucketFull, told).after(CAPPED);
            return Some(error.hint(
                "raise the cap at the provider, or wait: those of a day begin anew at 00:00 UTC; uploads go on by themselves",
            ));
        }
        let full = [
            "quota",
            "storagefull",
            "storage limit",
            "insufficient storage",
            "no space left",
            "payment required",
        ];
        let is_full =
            matches!(self.status, 402 | 507) || full.iter().any(|full| words.contains(full));
        is_full.then(|| {
            let told = format!("bucket \"{bucket}\" takes no more: {said}");
            Error::new(Code::BucketFull, told)
                .hint("make room, or raise the quota or the plan's limit at the provider; uploads then go on by themselves")
        })
    }

    fn of_credentials(&self, context: &Context) -> Option<Error> {
        let said = self.said();
        let error = match self.code {
            "InvalidAccessKeyId" | "InvalidAccessKey" | "UnauthorizedAccess" | "NotSignedUp" => {
                unknown_key(context)
            }
            "SignatureDoesNotMatch" => refused(context, "does not accept the secret access key"),
            "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => {
                refused(context, "says the session token is invalid or expired")
            }
            "Unauthorized" => refused(
                context,
                &format!("does not accept these credentials ({said})"),
            ),
            // Garage has one code for an unknown key, a wrong secret and a missing right.
            "AccessDenied" if said.contains("No such key") => unknown_key(context),
            "AccessDenied" if said.contains("signature") => {
                refused(context, "does not accept the secret access key")
            }
            // R2 sees by its length that it is something else.
            "InvalidArgument" if said.contains("access key has length") => refused(
                context,
                &format!("does not take this for an access key id ({said})"),
            )
            .hint("copy the access key id into the profile; a secret access key or a token may stand in its place"),
            "AuthorizationHeaderMalformed" | "PermanentRedirect" => {
                let (bucket, region) = (&context.bucket, &context.region);
                let told = format!("bucket \"{bucket}\" is not in {region}: {said}");
                Error::new(Code::WrongRegion, told).hint(format!(
                    "correct the region of the profile \"{}\"",
                    context.profile
                ))
            }
            "RequestTimeTooSkewed" | "RequestExpired" => Error::new(
                Code::ClockSkew,
                "this computer's clock differs too much from the server's",
            )
            .hint("set date and time to automatic; uploads then go on by themselves")
            // The client has learnt the server's time from this answer: signed by that, the next
            // try will do.
            .retry(Retry::Soon),
            _ => return None,
        };
        Some(error)
    }

    fn of_object(&self, context: &Context) -> Option<Error> {
        let (bucket, said) = (&context.bucket, self.said());
        let error = match (self.code, self.status) {
            ("NoSuchBucket", _) => {
                let told = format!("there is no bucket \"{bucket}\" at {}", context.endpoint);
                Error::new(Code::BucketMissing, told).hint(context.or_elsewhere(format!(
                    "create it, or correct the bucket of the profile \"{}\"",
                    context.profile
                )))
            }
            ("PreconditionFailed", _) | (_, 412) => {
                Error::new(Code::KeyTaken, "the key is taken by other content")
            }
            ("BadDigest" | "XAmzContentSHA256Mismatch" | "InvalidDigest", _) => Error::new(
                Code::ChecksumMismatch,
                "the bucket received other bytes than were sent",
            )
            .retry(Retry::Soon),
            ("NoSuchUpload", _) => Error::new(
                Code::UploadLost,
                "the bucket no longer knows this unfinished upload",
            )
            .hint("Tintype begins it again"),
            ("NoSuchKey" | "NotFound", _) | (_, 404) => {
                Error::new(Code::ObjectMissing, "there is no such object")
            }
            ("InvalidKey" | "InvalidObjectName" | "KeyTooLongError", _) => Error::new(
                Code::KeyInvalid,
                format!("bucket \"{bucket}\" does not take this key: {said}"),
            )
            .hint("rename the file, or change the profile's key template"),
            ("ObjectLockedByBucketPolicy", _) => Error::new(
                Code::AccessDenied,
                format!("bucket \"{bucket}\" is locked: {said}"),
            )
            .hint("change the bucket's lock rule at the provider, or use another key"),
            _ => return None,
        };
        Some(error)
    }

    fn of_request(&self, context: &Context) -> Error {
        let (bucket, profile, said) = (&context.bucket, &context.profile, self.said());
        let refused = format!(
            "bucket \"{bucket}\" refused the request: {} {said}",
            self.status
        );
        match (self.code, self.status) {
            ("AccessControlListNotSupported", _) => {
                Error::new(Code::RequestRefused, refused).hint(format!(
                    "take the ACL out of the header rules of the profile \"{profile}\": objects of this bucket have none"
                ))
            }
            ("PathStyleDomainForbidden", _) => Error::new(Code::ProfileInvalid, refused).hint(
                format!("choose virtual addressing in the profile \"{profile}\""),
            ),
            (_, 401 | 403) => {
                let words = match self.message {
                    "" => String::new(),
                    message => format!(" ({message})"),
                };
                let told = format!(
                    "the credentials of \"{profile}\" are not allowed to use bucket \"{bucket}\" this way{words}"
                );
                Error::new(Code::AccessDenied, told).hint(context.or_elsewhere(
                    "give the key the rights to put, get and delete objects in this bucket".into(),
                ))
            }
            _ => Error::new(Code::RequestRefused, refused),
        }
    }
}

fn unknown_key(context: &Context) -> Error {
    let error = refused(context, "does not know this access key");
    let hint = error.hint.clone().unwrap_or_default();
    error.hint(context.or_elsewhere(hint))
}

fn refused(context: &Context, why: &str) -> Error {
    let told = format!("the bucket of the profile \"{}\" {why}", context.profile);
    Error::new(Code::CredentialsRefused, told).hint(context.cure.clone())
}
