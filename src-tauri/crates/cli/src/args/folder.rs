//! What is said about watched folders.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use tintype_core::folder::{AfterUpload, Deleted, Existing, NewContent, WatchedFolder};
use tintype_core::variant::Variant;

#[derive(ClapArgs)]
pub(crate) struct Watch {
    /// Upload what is new now, then end
    #[arg(long)]
    pub(crate) once: bool,
    /// Print one JSON object per file, and one whenever a folder's state changes
    #[arg(long)]
    pub(crate) json: bool,
    /// Remember the folders, and watch them from now on whenever you are logged in (systemd,
    /// launchd)
    #[arg(long, conflicts_with_all = ["once", "json", "uninstall"])]
    pub(crate) install: bool,
    /// Undo --install; the folders stay remembered
    #[arg(long, conflicts_with_all = ["once", "json", "dirs"])]
    pub(crate) uninstall: bool,
    #[command(flatten)]
    pub(crate) meant: Meant,
    /// Folders (default: the watched folders of the settings)
    #[arg(value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum FolderCommand {
    /// Remember folders, to be watched by the window and by `tintype watch`; one that is known
    /// already is meant anew
    Add {
        #[command(flatten)]
        meant: Box<Meant>,
        #[arg(required = true, value_name = "DIR")]
        dirs: Vec<PathBuf>,
    },
    /// The watched folders
    List {
        /// Print one JSON object per folder
        #[arg(long)]
        json: bool,
    },
    /// Stop watching a folder; its files and the bucket stay as they are
    Remove { dir: PathBuf },
    /// Let a folder rest
    Pause { dir: PathBuf },
    /// Let a folder go on
    Resume { dir: PathBuf },
    /// Keep the objects of files that were deleted from a folder, after all
    Keep { dir: PathBuf },
    /// Remove the objects of files that were deleted from a folder now, without waiting any longer
    RemoveNow { dir: PathBuf },
}

/// How folders are meant.
#[derive(ClapArgs)]
pub(crate) struct Meant {
    /// The bucket profile to use (default: each folder's own)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A variant to make of these folders' pictures, as for `tintype variants` (default: those of
    /// the settings)
    #[arg(long = "variant", value_name = "SPEC", conflicts_with = "no_variants")]
    variants: Vec<Variant>,
    /// Originals only
    #[arg(long)]
    no_variants: bool,
    /// Names to leave alone besides partial and hidden ones, as in .gitignore; `!*.tmp` takes some
    /// back in
    #[arg(long = "pattern", value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Not the folders in it
    #[arg(long)]
    flat: bool,
    /// Follow links to files and folders
    #[arg(long)]
    follow_links: bool,
    /// Files that are no pictures, too
    #[arg(long)]
    all_files: bool,
    /// Leave alone what was there before the folder was watched for the first time
    #[arg(long)]
    only_new: bool,
    /// When a file gets new content (default: as its profile says for keys that are taken)
    #[arg(long, value_enum)]
    changed: Option<ChangedFile>,
    /// When a file is deleted: remove its objects after a while (default: the bucket keeps them)
    #[arg(long)]
    remove_deleted: bool,
    /// With --remove-deleted: minutes in which `tintype folder keep` undoes it
    #[arg(long, value_name = "MINUTES", default_value_t = WatchedFolder::default().grace_minutes)]
    grace: u32,
    /// Put files into the system's trash once they are in the bucket
    #[arg(long, conflicts_with = "move_to")]
    trash: bool,
    /// Move files to this folder once they are in the bucket
    #[arg(long, value_name = "DIR")]
    move_to: Option<PathBuf>,
    /// Key template for originals, for example {folder}/{name} (default: the profile's)
    #[arg(
        long,
        value_name = "TEMPLATE",
        default_value = "",
        hide_default_value = true
    )]
    original_key: String,
    /// Key template for variants (default: the profile's)
    #[arg(
        long,
        value_name = "TEMPLATE",
        default_value = "",
        hide_default_value = true
    )]
    variant_key: String,
}

/// What becomes of the object.
#[derive(Clone, Copy, ValueEnum)]
enum ChangedFile {
    /// The new content takes its place
    Replace,
    /// Both stay; the new one's name gets a short hash
    Version,
}

impl Meant {
    /// A folder like that; its path is not known here.
    pub(crate) fn folder(&self) -> WatchedFolder {
        let variants = if self.no_variants {
            Some(Vec::new())
        } else {
            Some(self.variants.clone()).filter(|variants| !variants.is_empty())
        };
        let after_upload = match &self.move_to {
            // A folder that cannot be made absolute is refused later, with its name.
            Some(to) => AfterUpload::Move(
                std::path::absolute(to)
                    .unwrap_or_else(|_| to.clone())
                    .into(),
            ),
            None if self.trash => AfterUpload::Trash,
            None => AfterUpload::Leave,
        };
        WatchedFolder {
            profile: self.profile.clone().unwrap_or_default(),
            variants,
            patterns: self.patterns.clone(),
            recursive: !self.flat,
            follow_links: self.follow_links,
            all_files: self.all_files,
            existing: if self.only_new {
                Existing::Ignore
            } else {
                Existing::Upload
            },
            changed: match self.changed {
                None => NewContent::Profile,
                Some(ChangedFile::Replace) => NewContent::Replace,
                Some(ChangedFile::Version) => NewContent::Version,
            },
            after_upload,
            deleted: if self.remove_deleted {
                Deleted::Remove
            } else {
                Deleted::Keep
            },
            grace_minutes: self.grace,
            original_key: self.original_key.clone(),
            variant_key: self.variant_key.clone(),
            ..WatchedFolder::default()
        }
    }
}
