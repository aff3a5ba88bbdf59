//! Which files of a watched folder are meant, by name. The syntax is gitignore's.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Code, Error, Result};

/// Unfinished downloads, editors' leavings, what systems hide. A folder's own patterns come after
/// these: `!*.tmp` takes a name back in.
const LEFT_ALONE: [&str; 26] = [
    ".*",
    "*~",
    "~$*",
    "#*#",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.opdownload",
    "*.download",
    "*.tmp",
    "*.temp",
    "*.swp",
    "Thumbs.db",
    "desktop.ini",
    // What systems, network drives and photo programs keep for themselves.
    "@eaDir/",
    "#recycle/",
    "\\$RECYCLE.BIN/",
    "RECYCLER/",
    "System Volume Information/",
    "#snapshot/",
    "~snapshot/",
    "@Recently-Snapshot/",
    "lost+found/",
    "__MACOSX/",
    "*.lrdata/",
    "Icon[\r]",
];

/// The names that are left alone.
#[derive(Debug, Clone)]
pub struct Patterns {
    root: PathBuf,
    left_alone: Gitignore,
}

impl Patterns {
    /// # Errors
    /// `folder-invalid`, naming the pattern that cannot be understood.
    pub fn new(root: &Path, more: &[String]) -> Result<Self> {
        let mut builder = GitignoreBuilder::new(root);
        let invalid = |error: ignore::Error| {
            Error::new(
                Code::FolderInvalid,
                format!(
                    "a pattern of {} cannot be understood: {error}",
                    root.display()
                ),
            )
            .hint("patterns are those of .gitignore: *.psd, drafts/, !keep.tmp")
        };
        // Cameras write DSC_1.JPG.PART as well as dsc_1.jpg.part.
        builder.case_insensitive(true).map_err(invalid)?;
        for line in LEFT_ALONE
            .iter()
            .copied()
            .chain(more.iter().map(String::as_str))
        {
            // A comment in .gitignore, a backup of Emacs here.
            let escaped = line.starts_with('#') && LEFT_ALONE.contains(&line);
            let line = if escaped {
                format!("\\{line}")
            } else {
                line.to_owned()
            };
            builder.add_line(None, &line).map_err(invalid)?;
        }
        Ok(Self {
            root: root.to_owned(),
            left_alone: builder.build().map_err(invalid)?,
        })
    }

    /// Whether a file or folder below the root is meant, judged by every name on the way to it.
    pub fn wants(&self, path: &Path, is_dir: bool) -> bool {
        let Ok(below) = path.strip_prefix(&self.root) else {
            return false;
        };
        below.as_os_str().is_empty()
            || !self
                .left_alone
                .matched_path_or_any_parents(below, is_dir)
                .is_ignore()
    }

    /// The same by its own name, for who comes from above and asked at every folder on the way.
    pub fn wants_here(&self, path: &Path, is_dir: bool) -> bool {
        path == self.root || !self.left_alone.matched(path, is_dir).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_and_hidden_names_are_left_alone_and_a_folder_has_its_say() -> Result<()> {
        let root = Path::new("/w/.config");
        let patterns = Patterns::new(root, &["drafts/".into(), "!keep.tmp".into()])?;
        for (name, wanted) in [
            ("a.jpg", true),
            ("b/a.JPG", true),
            (".a.jpg", false),
            (".x/a.jpg", false),
            ("a.jpg.PART", false),
            ("a.jpg~", false),
            ("#a.jpg#", false),
            ("#1.jpg", true),
            ("a.jpg.crdownload", false),
            ("drafts/a.jpg", false),
            ("x.tmp", false),
            ("keep.tmp", true),
            ("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", false),
            ("#recycle/a.jpg", false),
            ("$RECYCLE.BIN/S-1-5/a.jpg", false),
            ("System Volume Information/a.jpg", false),
            ("Catalog.lrdata/1/a.jpg", false),
            ("lost+found/a.jpg", false),
            ("Icon\r", false),
            ("Icon", true),
        ] {
            assert_eq!(patterns.wants(&root.join(name), false), wanted, "{name}");
        }
        assert!(patterns.wants(root, true) && !patterns.wants(&root.join("drafts"), true));
        Ok(())
    }

    #[test]
    fn a_pattern_that_cannot_be_understood_is_said() {
        let error = Patterns::new(Path::new("/w"), &["a{b".into()])
            .map(|_| ())
            .expect_err("no pattern");
        assert_eq!(error.code, Code::FolderInvalid);
    }
}
