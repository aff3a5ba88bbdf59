//! What a profile leaves to choose.

use serde::{Deserialize, Serialize};

use super::provider::Checksum;

/// Where a profile's credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum CredentialSource {
    /// The operating system's keyring.
    #[default]
    Keyring,
    /// The `AWS_…` variables, read when they are needed.
    Env,
    /// Wherever AWS' own programs find them: a profile of theirs, SSO, a program, the machine's
    /// role. They are renewed before they end.
    Aws,
    /// The demo bucket, which invents them at each start.
    Demo,
}

/// What to do where a key is taken by other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum OnConflict {
    /// The new one gets a piece of its content's hash into its name.
    #[default]
    KeepBoth,
    /// The new one takes the place of the old one.
    Overwrite,
    /// A file's new content takes the place of what the same file was before; otherwise both are
    /// kept.
    Replace,
    /// The old one stays; the new one is not uploaded.
    Skip,
    /// The upload waits for a person to choose.
    Ask,
}

impl OnConflict {
    const ALL: [Self; 5] = [
        Self::KeepBoth,
        Self::Overwrite,
        Self::Replace,
        Self::Skip,
        Self::Ask,
    ];

    /// As it is written in settings and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeepBoth => "keep-both",
            Self::Overwrite => "overwrite",
            Self::Replace => "replace",
            Self::Skip => "skip",
            Self::Ask => "ask",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == name)
    }
}

/// What is to happen to an original that tells where it was taken, where its profile keeps
/// originals as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum OnLocation {
    /// It goes up as it is.
    Keep,
    /// The place is taken out of it.
    Strip,
    /// The upload waits for a person to choose.
    Ask,
}

impl OnLocation {
    const ALL: [Self; 3] = [Self::Keep, Self::Strip, Self::Ask];

    /// As it is written in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Strip => "strip",
            Self::Ask => "ask",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == name)
    }
}

/// A setting that would be right, as the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "setting", rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Fix {
    /// The bucket's region.
    Region {
        /// The right one.
        region: String,
    },
    /// How bodies are protected.
    Checksum {
        /// The way that works.
        checksum: Checksum,
    },
    /// Whether `If-None-Match` is honoured.
    IfNoneMatch {
        /// By PutObject.
        put: bool,
        /// By CompleteMultipartUpload.
        complete: bool,
    },
}

impl std::fmt::Display for Fix {
    /// As it stands in the settings then.
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Region { region } => write!(text, "region = \"{region}\""),
            Self::Checksum { checksum } => write!(text, "checksum = \"{checksum}\""),
            Self::IfNoneMatch { put, complete } => {
                write!(
                    text,
                    "if_none_match = {put}, if_none_match_complete = {complete}"
                )
            }
        }
    }
}

/// What to do with content that is in the bucket already under another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Duplicates {
    /// It goes up under this name, too.
    #[default]
    Send,
    /// The links of what is there are given.
    Link,
}
