//! Watched folders, as the settings have them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::key::Template;
use crate::local_path::LocalPath;
use crate::patterns::Patterns;
use crate::profile::{OnConflict, Profile};
use crate::variant::Variant;

/// A folder whose new images go up by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WatchedFolder {
    /// Absolute path.
    pub path: LocalPath,
    /// Name of the profile that receives its images.
    pub profile: String,
    /// Whether it rests.
    pub paused: bool,
    /// What is made of its images; nothing: what the settings say for all.
    pub variants: Option<Vec<Variant>>,
    /// Key template of its originals; empty: the profile's.
    pub original_key: String,
    /// Key template of its variants; empty: the profile's.
    pub variant_key: String,
    /// Names that are left alone besides partial and hidden ones, in the syntax of .gitignore.
    pub patterns: Vec<String>,
    /// Whether the folders in it are watched, too.
    pub recursive: bool,
    /// Whether links to files and folders are followed.
    pub follow_links: bool,
    /// Whether files that are no pictures go up, too.
    pub all_files: bool,
    /// What becomes of what was in it before it was watched.
    pub existing: Existing,
    /// What becomes of the object when a file has new content.
    pub changed: NewContent,
    /// What becomes of a file that is in the bucket.
    pub after_upload: AfterUpload,
    /// What becomes of the objects when a file is deleted.
    pub deleted: Deleted,
    /// Minutes in which that can be undone.
    pub grace_minutes: u32,
}

/// How a file looks without being read. Two looks that are alike show the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The file system's number for it; 0 where it has none.
    pub inode: u64,
}

impl Stamp {
    /// Of a file.
    pub fn of(meta: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(meta);
        #[cfg(not(unix))]
        let inode = 0;
        Self {
            size: meta.len(),
            mtime_ns: crate::metadata::mtime_ns(meta),
            inode,
        }
    }

    /// Whether the file is as it was; a number that is not known does not matter.
    pub fn is(&self, other: &Self) -> bool {
        (self.size, self.mtime_ns) == (other.size, other.mtime_ns)
            && (self.inode == other.inode || self.inode == 0 || other.inode == 0)
    }
}

/// Whether two looks are at one and the same file. Where the system has no numbers for files, it
/// cannot be told.
pub(crate) fn same_file(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        one.file_type() == other.file_type()
    }
}

/// A file of a watched folder, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Absolute path.
    pub path: PathBuf,
    /// How it looked.
    pub stamp: Stamp,
    /// Why it does not go up, if it does not.
    pub skipped: Option<Skipped>,
}

/// Why a finished file of a watched folder does not go up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Skipped {
    /// It is no picture, and only pictures are wanted.
    NoPicture,
    /// It was there before the folder was watched.
    ThereBefore,
}

impl Skipped {
    /// As it is recorded.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPicture => "no-picture",
            Self::ThereBefore => "there-before",
        }
    }

    /// The reason of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::NoPicture, Self::ThereBefore]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// What is on record of a file of a watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// How it looked.
    pub stamp: Stamp,
    /// SHA-256 of its content, where that is in the bucket.
    pub sha256: Option<[u8; 32]>,
    /// Why it did not go up, if it did not.
    pub skipped: Option<Skipped>,
}

/// What is on record of a watched folder.
#[derive(Debug, Default)]
pub struct OnRecord {
    /// Its files.
    pub known: Vec<(PathBuf, Known)>,
    /// Drives that were found in it.
    pub mounts: BTreeSet<PathBuf>,
    /// It was never compared as a whole.
    pub first_time: bool,
}

/// See [`WatchedFolder::existing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Existing {
    /// It goes up.
    #[default]
    Upload,
    /// It stays where it is, until it changes.
    Ignore,
}

/// See [`WatchedFolder::changed`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum NewContent {
    /// As the profile says for keys that are taken.
    #[default]
    Profile,
    /// The new content takes the place of the old.
    Replace,
    /// Both stay: the new one's name gets a short hash.
    Version,
}

/// See [`WatchedFolder::after_upload`]. Tintype never deletes a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AfterUpload {
    /// It stays where it is.
    #[default]
    Leave,
    /// It goes into the system's trash.
    Trash,
    /// It goes into this folder (absolute path), at the same place below it.
    Move(LocalPath),
}

/// See [`WatchedFolder::deleted`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Deleted {
    /// The bucket keeps what it has.
    #[default]
    Keep,
    /// The original and its variants are removed from the bucket, after a delay.
    Remove,
}

/// The delay before objects of deleted files are removed, if none is chosen: time to notice.
const GRACE_MINUTES: u32 = 60;

impl Default for WatchedFolder {
    fn default() -> Self {
        Self {
            path: LocalPath::default(),
            profile: String::new(),
            paused: false,
            variants: None,
            original_key: String::new(),
            variant_key: String::new(),
            patterns: Vec::new(),
            recursive: true,
            follow_links: false,
            all_files: false,
            existing: Existing::default(),
            changed: NewContent::default(),
            after_upload: AfterUpload::default(),
            deleted: Deleted::default(),
            grace_minutes: GRACE_MINUTES,
        }
    }
}

/// A watched folder inside another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inner {
    path: PathBuf,
    recursive: bool,
}

impl Inner {
    /// Whether a path is the inner folder's to look after.
    pub(crate) fn has(&self, path: &Path, is_dir: bool) -> bool {
        match self.recursive {
            true => path.starts_with(&self.path),
            false => !is_dir && path.parent() == Some(&self.path),
        }
    }
}

impl WatchedFolder {
    /// A folder that goes to a profile, and otherwise as most people want it.
    pub fn new(path: impl Into<LocalPath>, profile: String) -> Self {
        Self {
            path: path.into(),
            profile,
            ..Self::default()
        }
    }

    /// A path from the top, as the system has it: whatever links and `..` it is named with, a
    /// folder is one and the same.
    pub fn locate(path: &Path) -> Result<PathBuf> {
        let canonical = match std::fs::canonicalize(path) {
            // It is away at the moment: then as it is written.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => std::path::absolute(path),
            other => other,
        };
        canonical.map_err(|error| Error::from_io(&error, path))
    }

    /// Whether it can be meant.
    ///
    /// # Errors
    /// `folder-invalid`, `template-token`, `template-escapes`
    pub fn check(&self) -> Result<()> {
        for template in [&self.original_key, &self.variant_key]
            .into_iter()
            .filter(|template| !template.is_empty())
        {
            Template::parse(template)?;
        }
        if let AfterUpload::Move(to) = &self.after_upload
            && (!to.is_absolute() || self.path.starts_with(to))
        {
            let told = format!(
                "uploaded files of {} cannot be moved to {}",
                self.path.display(),
                to.display()
            );
            return Err(Error::new(Code::FolderInvalid, told)
                .hint("choose another folder, by its full path"));
        }
        Patterns::new(&self.path, &self.patterns).map(|_| ())
    }

    /// Whether files that are moved out of this folder when they are up come back to it, by way of
    /// the other watched folders: they would go round for ever.
    pub(crate) fn check_among(&self, others: &[Self]) -> Result<()> {
        let mut at = self;
        for _ in 0..=others.len() {
            let AfterUpload::Move(to) = &at.after_upload else {
                return Ok(());
            };
            let watches = |folder: &&Self| {
                to.starts_with(&*folder.path)
                    && (folder.recursive || **to == *folder.path)
                    && !folder.is_put_away(to)
            };
            if watches(&self) {
                let told = format!(
                    "files moved out of {} to {} would come back to it",
                    self.path.display(),
                    to.display()
                );
                return Err(Error::new(Code::FolderInvalid, told)
                    .hint("move them to a folder that is not watched"));
            }
            let mut others = others.iter().filter(|other| other.path != at.path);
            let Some(next) = others.find(watches) else {
                return Ok(());
            };
            at = next;
        }
        Ok(())
    }

    /// How long to wait before the objects of files that are deleted now are removed, if they are:
    /// milliseconds in which an engine sees the folder.
    pub(crate) fn grace(&self) -> Option<i64> {
        (self.deleted == Deleted::Remove).then_some(i64::from(self.grace_minutes) * 60_000)
    }

    /// Whether files are still left alone for that reason.
    pub(crate) fn skips(&self, reason: Skipped) -> bool {
        match reason {
            Skipped::NoPicture => !self.all_files,
            Skipped::ThereBefore => self.existing == Existing::Ignore,
        }
    }

    /// Whether a path is where uploaded files are moved to: what lies there is not looked at again.
    pub(crate) fn is_put_away(&self, path: &Path) -> bool {
        matches!(&self.after_upload, AfterUpload::Move(to) if path.starts_with(to))
    }

    /// Watched folders that lie in this one: what is in them is theirs, and goes up once.
    pub(crate) fn inner<'a>(&self, all: impl Iterator<Item = &'a Self>) -> Vec<Inner> {
        let inside =
            all.filter(|other| other.path != self.path && other.path.starts_with(&*self.path));
        let inner = |folder: &Self| Inner {
            path: folder.path.to_path_buf(),
            recursive: folder.recursive,
        };
        let mut inside: Vec<Inner> = inside.map(inner).collect();
        inside.sort();
        inside.dedup();
        inside
    }

    /// The profile as it holds for this folder.
    #[must_use]
    pub fn shape(&self, profile: Profile) -> Profile {
        let or = |own: &String, other: String| if own.is_empty() { other } else { own.clone() };
        Profile {
            original_key: or(&self.original_key, profile.original_key),
            variant_key: or(&self.variant_key, profile.variant_key),
            ..profile
        }
    }

    /// What is done where the key of a changed file is taken by what it was before.
    pub fn choice_for_changed(&self) -> Option<OnConflict> {
        match self.changed {
            NewContent::Profile => None,
            NewContent::Replace => Some(OnConflict::Replace),
            NewContent::Version => Some(OnConflict::KeepBoth),
        }
    }
}

/// Where a file lies below a folder, as keys have it: the names between them, with `/`.
pub(crate) fn place_in(folder: &Path, file: &Path) -> String {
    let between = file
        .parent()
        .and_then(|parent| parent.strip_prefix(folder).ok())
        .unwrap_or(Path::new(""));
    between
        .iter()
        .map(|name| name.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_do_not_go_round_between_folders() {
        let moves = |path: &str, to: &str| WatchedFolder {
            path: PathBuf::from(path).into(),
            after_upload: AfterUpload::Move(PathBuf::from(to).into()),
            ..WatchedFolder::default()
        };
        let goes_round =
            |folder: WatchedFolder, others: &[WatchedFolder]| folder.check_among(others).is_err();

        let (there, back) = (moves("/a", "/b/in"), moves("/b", "/a"));
        let aside = moves("/b", "/b/in");

        assert!(goes_round(back, std::slice::from_ref(&there)));
        assert!(goes_round(
            there.clone(),
            &[moves("/b", "/c"), moves("/c", "/a/x")]
        ));
        assert!(!goes_round(there.clone(), &[moves("/b", "/c")]));
        assert!(
            !goes_round(there, std::slice::from_ref(&aside)),
            "it is not looked at there"
        );
        assert!(!goes_round(aside, &[]));
        assert!(!goes_round(
            moves("/d", "/b"),
            &[moves("/b", "/c"), moves("/c", "/b")]
        ));
    }

    #[test]
    fn an_inner_folder_has_what_it_looks_at() {
        let folder = |path: &str, recursive| WatchedFolder {
            path: PathBuf::from(path).into(),
            recursive,
            ..WatchedFolder::default()
        };
        let outer = folder("/a", true);
        let all = [
            outer.clone(),
            folder("/a/b", false),
            folder("/a/c", true),
            folder("/ab", true),
        ];
        let inner = outer.inner(all.iter());
        let has = |path: &str, is_dir| inner.iter().any(|inner| inner.has(Path::new(path), is_dir));
        assert!(has("/a/b/x", false) && has("/a/c", true) && has("/a/c/d/x", false));
        assert!(!has("/a/b", true) && !has("/a/b/d", true) && !has("/a/b/d/x", false));
        assert!(!has("/ab/x", false) && !has("/a/x", false));
    }
}
