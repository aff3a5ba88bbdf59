//! What becomes of a job that met an error: the one place where that is decided.
//!
//! Waiting is the rule. A job fails only by the positive list below: the file itself is at fault,
//! or an S3 server said a well-formed no about this object, this key or these credentials.
//! Everything else passes, or a person cures it for all: then whatever is concerned waits, says
//! why, and goes on by itself. There is no arm for "all others": a new code does not compile before
//! somebody has thought about it.

use crate::error::{Code, Error};

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Waits {
    /// This job; others of its profile go on.
    Job,
    /// All jobs of its profile.
    Profile,
    /// All jobs: the journal, the settings or the computer are not as they should be.
    All,
}

/// What becomes of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Verdict {
    /// It waits for a person.
    Fails,
    /// It goes on by itself.
    Waits(Waits),
}

pub(in crate::engine) fn verdict(error: &Error) -> Verdict {
    match of_code(error.code) {
        // What is said to pass does so, whatever it is called.
        Verdict::Fails if error.is_retryable() => Verdict::Waits(Waits::Job),
        verdict => verdict,
    }
}

fn of_code(code: Code) -> Verdict {
    match code {
        Code::FileChanging | Code::RequestTooLarge | Code::UploadLost | Code::Closing | Code::Paused | Code::LocationAsked => Verdict::Waits(Waits::Job),

        // The file itself, or what is wanted of it.
        Code::FileMissing
        | Code::FileUnreadable
        | Code::FileEmpty
        | Code::FileSpecial
        | Code::FolderLoop
        | Code::FileExists
        | Code::ImageDamaged
        | Code::ImageFalse
        | Code::ImageTooLarge
        | Code::ImageUnsupported
        | Code::ImageTooSlow
        | Code::ImageFlattened
        | Code::CannotStrip
        | Code::LeftBehind
        | Code::TemplateToken
        | Code::TemplateEscapes
        | Code::KeyInvalid
        | Code::Skipped
        | Code::JobUnreadable
        | Code::FileReplaced
        // A well-formed no of the bucket about this object, its key or the credentials.
        | Code::KeyTaken
        | Code::ObjectMissing
        | Code::ChecksumMismatch
        | Code::RequestRefused
        | Code::AccessDenied
        | Code::CredentialsRefused
        // A stranger was told that the finished object's link does not open.
        | Code::LinkBroken
        | Code::LinkClosed
        // A defect with this very file: it would come again with every try.
        | Code::Internal => Verdict::Fails,

        Code::ProfileInvalid
        | Code::CredentialsMissing
        | Code::BucketMissing
        | Code::BucketFull
        | Code::WrongRegion
        | Code::EndpointUnreachable
        | Code::EndpointNotS3
        | Code::ServerBusy
        | Code::ClockSkew
        | Code::WebhookFailed
        | Code::KeyringMissing
        | Code::KeyringLocked
        | Code::VariantInvalid
        | Code::WatermarkMissing
        | Code::FolderInvalid
        | Code::WatchFailed
        | Code::ClipboardEmpty
        | Code::DemoUnavailable
        | Code::ProfileMissing
        | Code::ProfileExists => Verdict::Waits(Waits::Profile),

        Code::DiskFull
        | Code::DiskTrouble
        | Code::MachineBusy
        | Code::SettingsDamaged
        | Code::SettingsNewer
        | Code::SettingsUnwritable
        | Code::JournalDamaged
        | Code::JournalBusy
        | Code::JournalNewer => Verdict::Waits(Waits::All),
    }
}

/// Whether an error met with one object says nothing of the others in its bucket.
pub(in crate::engine) fn is_about_one(error: &Error) -> bool {
    (verdict(error) == Verdict::Fails && error.code != Code::CredentialsRefused)
        || error.code == Code::ServerBusy
}

/// Whether only a person can end this wait: then nobody needs to sit it out.
pub(in crate::engine) fn needs_a_person(code: Code) -> bool {
    matches!(
        code,
        Code::ProfileInvalid
            | Code::CredentialsMissing
            | Code::BucketMissing
            | Code::BucketFull
            | Code::WrongRegion
            | Code::KeyringMissing
            | Code::ProfileMissing
            | Code::SettingsNewer
            | Code::JournalNewer
            | Code::Paused
            | Code::LocationAsked
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Retry;

    #[test]
    fn only_the_file_and_the_buckets_own_no_fail_a_job() {
        for code in [
            Code::FileEmpty,
            Code::CannotStrip,
            Code::AccessDenied,
            Code::CredentialsRefused,
            Code::RequestRefused,
            Code::KeyTaken,
        ] {
            assert_eq!(verdict(&Error::new(code, "no")), Verdict::Fails, "{code:?}");
        }
        for code in [
            Code::EndpointNotS3,
            Code::KeyringLocked,
            Code::ProfileMissing,
            Code::WrongRegion,
            Code::BucketFull,
        ] {
            assert_eq!(
                verdict(&Error::new(code, "not now")),
                Verdict::Waits(Waits::Profile),
                "{code:?}"
            );
        }
        for code in [
            Code::JournalBusy,
            Code::JournalDamaged,
            Code::SettingsDamaged,
            Code::MachineBusy,
            Code::DiskFull,
        ] {
            assert_eq!(
                verdict(&Error::new(code, "not now")),
                Verdict::Waits(Waits::All),
                "{code:?}"
            );
        }
        assert!(needs_a_person(Code::BucketFull) && needs_a_person(Code::ProfileMissing));
        assert!(!needs_a_person(Code::ServerBusy) && !needs_a_person(Code::KeyringLocked));
        for code in [Code::KeyTaken, Code::ChecksumMismatch] {
            let passes = Error::new(code, "this time").retry(Retry::Soon);
            assert_eq!(verdict(&passes), Verdict::Waits(Waits::Job), "{code:?}");
        }
    }
}
