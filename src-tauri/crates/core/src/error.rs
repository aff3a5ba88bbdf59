//! What went wrong, in words a person can act on.
//!
//! Every error that can reach a user has a stable code (for programs), one sentence (what and why)
//! and, where there is something to do, a hint that names it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::regular::NotRegular;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How one request is tried again. What becomes of its job is another question, which the engine's
/// verdict answers.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Trying again changes nothing: a person has to act.
    #[default]
    Never,
    /// A passing fault: try again after a pause, a few times.
    Soon,
    /// The server takes no more at this rate: try again after a pause, and send less at once.
    Slower,
    /// There is no way to the bucket at the moment: wait, without limit.
    WhenOnline,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A stable name for a kind of failure. Programs may match on it; it never changes its
        /// meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl Code {
            /// The code as it is printed and stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The code of that name; [`Code::Internal`] for a name this version does not know.
            pub fn from_name(name: &str) -> Self {
                match name { $($text => Self::$variant,)* _ => Self::Internal }
            }
        }
    };
}

codes! {
    /// No file at that path.
    FileMissing = "file-missing",
    /// The file is there and may not be read.
    FileUnreadable = "file-unreadable",
    /// The file has no content.
    FileEmpty = "file-empty",
    /// The file changed while it was being read or sent, again and again.
    FileChanging = "file-changing",
    /// A folder contains itself through a link.
    FolderLoop = "folder-loop",
    /// Neither a file nor a folder.
    FileSpecial = "file-special",
    /// A file of that name is there already, and stays.
    FileExists = "file-exists",
    /// The disk or the share it is on does not answer for the moment.
    DiskTrouble = "disk-trouble",
    /// The picture is cut off or broken.
    ImageDamaged = "image-damaged",
    /// Named like a picture, but is none.
    ImageFalse = "image-false",
    /// The picture is larger than the limits allow.
    ImageTooLarge = "image-too-large",
    /// A picture of a kind this version cannot decode.
    ImageUnsupported = "image-unsupported",
    /// The picture takes longer to decode than the limit allows.
    ImageTooSlow = "image-too-slow",
    /// An animation whose variants stand still.
    ImageFlattened = "image-flattened",
    /// The watermark's picture or letters cannot be had.
    WatermarkMissing = "watermark-missing",
    /// The file carries what was to be stripped, and cannot be stripped.
    CannotStrip = "cannot-strip",
    /// A film or a second picture of a file that was cleaned, and went without it.
    LeftBehind = "left-behind",
    /// A variant specification that cannot be read.
    VariantInvalid = "variant-invalid",
    /// A key template names a token that does not exist or has no value here.
    TemplateToken = "template-token",
    /// A key template leaves its place (`../`).
    TemplateEscapes = "template-escapes",
    /// The object key is longer than 1,024 bytes or otherwise impossible.
    KeyInvalid = "key-invalid",
    /// No profile of that name.
    ProfileMissing = "profile-missing",
    /// There is a profile of that name already.
    ProfileExists = "profile-exists",
    /// A profile lacks something it needs.
    ProfileInvalid = "profile-invalid",
    /// No credentials for the profile.
    CredentialsMissing = "credentials-missing",
    /// The bucket does not accept the access key or its secret.
    CredentialsRefused = "credentials-refused",
    /// The key is right, but is not allowed to do this.
    AccessDenied = "access-denied",
    /// No bucket of that name.
    BucketMissing = "bucket-missing",
    /// The bucket is in another region.
    WrongRegion = "wrong-region",
    /// The server cannot be reached.
    EndpointUnreachable = "endpoint-unreachable",
    /// The server answers, but not as S3 does.
    EndpointNotS3 = "endpoint-not-s3",
    /// This computer's clock is too far off for signatures.
    ClockSkew = "clock-skew",
    /// The server is busy or broken for the moment.
    ServerBusy = "server-busy",
    /// The server refused the request.
    RequestRefused = "request-refused",
    /// Something before the server takes no bodies of this size.
    RequestTooLarge = "request-too-large",
    /// The account or the bucket has no room left, or is not paid for.
    BucketFull = "bucket-full",
    /// What the bucket holds is not what was sent.
    ChecksumMismatch = "checksum-mismatch",
    /// The key is taken by other content.
    KeyTaken = "key-taken",
    /// The bucket no longer knows an unfinished upload.
    UploadLost = "upload-lost",
    /// The key is taken by other content, and the profile says to leave it so.
    Skipped = "skipped",
    /// No object with that key.
    ObjectMissing = "object-missing",
    /// The webhook could not be told.
    WebhookFailed = "webhook-failed",
    /// A public link does not open.
    LinkBroken = "link-broken",
    /// The service shows no object to strangers under the address the links begin with.
    LinkClosed = "link-closed",
    /// The disk has no room.
    DiskFull = "disk-full",
    /// This computer has no more memory, threads or open files to give for the moment.
    MachineBusy = "machine-busy",
    /// The operating system offers no keyring.
    KeyringMissing = "keyring-missing",
    /// The keyring is locked or refused.
    KeyringLocked = "keyring-locked",
    /// The settings file cannot be understood.
    SettingsDamaged = "settings-damaged",
    /// The settings come from a newer version.
    SettingsNewer = "settings-newer",
    /// The settings cannot be written.
    SettingsUnwritable = "settings-unwritable",
    /// The journal cannot be read or written.
    JournalDamaged = "journal-damaged",
    /// Another program keeps the journal from being used for the moment.
    JournalBusy = "journal-busy",
    /// The journal comes from a newer version.
    JournalNewer = "journal-newer",
    /// A watched folder cannot be watched.
    WatchFailed = "watch-failed",
    /// What is asked of a watched folder is not possible.
    FolderInvalid = "folder-invalid",
    /// The demo bucket cannot start.
    DemoUnavailable = "demo-unavailable",
    /// The clipboard has nothing to upload.
    ClipboardEmpty = "clipboard-empty",
    /// A person is to say whether the place goes up with the picture.
    LocationAsked = "location-asked",
    /// A person let all uploads rest.
    Paused = "paused",
    /// The engine is closing.
    Closing = "closing",
    /// A job on record that this version cannot read.
    JobUnreadable = "job-unreadable",
    /// The file is another by now than the one that is to be sent.
    FileReplaced = "file-replaced",
    /// A defect in Tintype.
    Internal = "internal",
}

impl Code {
    /// Nothing failed and nothing is missing; a person only should know.
    pub const fn is_note(self) -> bool {
        matches!(
            self,
            Self::ImageFlattened | Self::LeftBehind | Self::Skipped | Self::LinkClosed
        )
    }
}

/// A failure: what and why in one sentence, what to do in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// What happened and why, one sentence, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    #[serde(skip)]
    pub(crate) retry: Retry,
    /// Not before so long: the server said so.
    #[serde(skip)]
    pub(crate) after: Option<Duration>,
    /// With `wrong-region`: the right one.
    #[serde(skip)]
    pub(crate) right_region: Option<String>,
}

impl Error {
    /// A failure that only a person can mend.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            retry: Retry::Never,
            after: None,
            right_region: None,
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, to be tried again as said.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same, to be tried again no sooner than after that.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.after = Some(pause);
        self
    }

    /// The same, said of something.
    #[must_use]
    pub fn about(mut self, what: &dyn fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same, with what else is to be known.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.message = format!("{}; {}", self.message, other.message);
        self
    }

    /// Whether and when trying again can help.
    pub fn retry_class(&self) -> Retry {
        self.retry
    }

    /// Whether trying again without a person's help can succeed.
    pub fn is_retryable(&self) -> bool {
        self.retry != Retry::Never
    }

    /// The same for a path that was to be written.
    pub fn unwritable(error: &std::io::Error, path: &std::path::Path) -> Self {
        use std::io::ErrorKind;
        let shown = path.display();
        match error.kind() {
            ErrorKind::AlreadyExists => {
                Self::new(Code::FileExists, format!("{shown} is there already"))
                    .hint("choose another folder, or say --overwrite")
            }
            ErrorKind::InvalidFilename => Self::new(
                Code::FileUnreadable,
                format!("{shown} cannot be written: its name is too long"),
            )
            .hint("shorten the file's name"),
            ErrorKind::PermissionDenied => Self::new(
                Code::FileUnreadable,
                format!("{shown} cannot be written: permission denied"),
            )
            .hint("give your user the right to write there"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::from_io(error, path),
            _ => Self::new(
                Code::DiskTrouble,
                format!("{shown} cannot be written: {error}"),
            )
            .hint("check the folder and its disk"),
        }
    }

    fn machine_busy(error: &std::io::Error) -> Self {
        Self::new(Code::MachineBusy, format!("this computer has nothing more to give for the moment: {error}"))
            .hint("close other programs, or raise the limit (`ulimit -n` for open files); Tintype goes on by itself")
    }

    /// An operating-system failure on a path, told in a sentence.
    pub fn from_io(error: &std::io::Error, path: &std::path::Path) -> Self {
        use std::io::ErrorKind;
        let shown = path.display();
        match error.kind() {
            ErrorKind::NotFound => Self::new(Code::FileMissing, format!("{shown} does not exist"))
                .hint("check the path, or whether the drive is connected"),
            ErrorKind::PermissionDenied => Self::new(
                Code::FileUnreadable,
                format!("{shown} cannot be read: permission denied"),
            )
            .hint("give your user the right to read it"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::new(
                Code::DiskFull,
                format!("no room left on the disk for {shown}"),
            )
            .hint("free some space; Tintype goes on where it stopped"),
            ErrorKind::IsADirectory => Self::new(
                Code::FileSpecial,
                format!("{shown} is a folder, not a file"),
            ),
            ErrorKind::NotADirectory => {
                Self::new(Code::FileMissing, format!("{shown} does not exist"))
                    .hint("check the path")
            }
            ErrorKind::InvalidInput | ErrorKind::InvalidFilename => Self::new(
                Code::FileUnreadable,
                format!("{shown} cannot be the name of a file here: {error}"),
            )
            .hint("rename it"),
            ErrorKind::OutOfMemory => Self::machine_busy(error),
            _ if error
                .get_ref()
                .is_some_and(|inner| inner.is::<NotRegular>()) =>
            {
                Self::new(
                    Code::FileSpecial,
                    format!("{shown} is a pipe, a socket or a device, not a file"),
                )
                .hint("give the path of a file")
            }
            _ if error
                .raw_os_error()
                .is_some_and(|number| TOO_MANY_FILES.contains(&number)) =>
            {
                Self::machine_busy(error)
            }
            _ if error.raw_os_error() == Some(ELOOP) => {
                Self::new(Code::FolderLoop, format!("{shown} links back to itself"))
                    .hint("remove the link")
            }
            // A share that does not answer, a stick that was pulled out: nothing is known of the
            // file itself.
            _ => Self::new(
                Code::DiskTrouble,
                format!("{shown} cannot be read for the moment: {error}"),
            )
            .hint("check the drive or the network share; Tintype goes on by itself"),
        }
    }
}

/// "Too many open files", in this process and on this computer; the standard library has no stable
/// kind for them.
const TOO_MANY_FILES: [i32; 2] = if cfg!(windows) { [4, 4] } else { [24, 23] };

/// "Too many levels of symbolic links"; the standard library's kind for it is not stable yet.
const ELOOP: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_the_journal() {
        assert_eq!(
            Code::from_name(Code::WrongRegion.as_str()),
            Code::WrongRegion
        );
        assert_eq!(
            serde_json::to_string(&Code::FileEmpty).unwrap_or_default(),
            "\"file-empty\""
        );
        assert_eq!(Code::from_name("from the future"), Code::Internal);
    }
}
