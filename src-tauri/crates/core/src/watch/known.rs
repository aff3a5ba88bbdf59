//! What is on record of a folder's files, in memory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

use crate::folder::Known;

/// Files by path. Ordered by the paths' bytes: comparing paths name by name costs more than looking at the files.
#[derive(Debug, Default)]
pub(super) struct KnownFiles {
    files: BTreeMap<OsString, Known>,
    skipped: usize,
}

impl KnownFiles {
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Files that are not for upload.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    pub(super) fn get(&self, path: &Path) -> Option<&Known> {
        self.files.get(path.as_os_str())
    }

    pub(super) fn insert(&mut self, path: PathBuf, known: Known) {
        self.skipped += usize::from(known.skipped.is_some());
        let before = self.files.insert(path.into_os_string(), known);
        self.skipped -= usize::from(before.is_some_and(|before| before.skipped.is_some()));
    }

    pub(super) fn remove(&mut self, path: &Path) -> Option<Known> {
        let known = self.files.remove(path.as_os_str())?;
        self.skipped -= usize::from(known.skipped.is_some());
        Some(known)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(Path::new)
    }

    /// A path, and all that is below it as a folder.
    pub(super) fn at_or_below(&self, path: &Path) -> impl Iterator<Item = &Path> {
        let itself = self.files.get_key_value(path.as_os_str()).map(|(path, _)| Path::new(path));
        let mut inside = path.as_os_str().to_owned();
        inside.push(MAIN_SEPARATOR_STR);
        let from = Bound::Included(inside.as_os_str());
        let below = self.files.range::<OsStr, _>((from, Bound::Unbounded)).map(|(path, _)| path);
        let below = below.take_while(move |path| path.as_encoded_bytes().starts_with(inside.as_encoded_bytes())).map(Path::new);
        itself.into_iter().chain(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Skipped, Stamp};

    #[test]
    fn a_folder_has_what_is_below_it_and_not_what_is_named_alike() {
        let mut known = KnownFiles::default();
        let stamp = Stamp { size: 1, mtime_ns: 1, inode: 1 };
        for name in ["/w/a", "/w/a b", "/w/a-1", "/w/a/1", "/w/a/b/2", "/w/a0", "/w/b"] {
            known.insert(name.into(), Known { stamp, sha256: None, skipped: Some(Skipped::NoPicture) });
        }
        let below: Vec<&Path> = known.at_or_below(Path::new("/w/a")).collect();
        assert_eq!(below, ["/w/a", "/w/a/1", "/w/a/b/2"].map(Path::new));
        assert_eq!(known.skipped(), 7);
        known.insert("/w/b".into(), Known { stamp, sha256: None, skipped: None });
        known.remove(Path::new("/w/a"));
        assert_eq!((known.len(), known.skipped()), (6, 5));
    }
}
