//! What is on record of a folder's files, in memory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

use crate::folder::Known;

/// Files by path. Ordered by the paths' bytes: comparing paths name by name costs more than looking
/// at the files.
#[derive(Debug, Default)]
pub(super) struct KnownFiles {
    /// With the round in which each was met last.
    files: BTreeMap<OsString, (Known, u32)>,
    round: u32,
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
        self.files.get(path.as_os_str()).map(|(known, _)| known)
    }

    /// A round of looking at files begins.
    pub(super) fn begin_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// A file was met in this round; what is known of it.
    pub(super) fn meet(&mut self, path: &Path) -> Option<&Known> {
        let (known, round) = self.files.get_mut(path.as_os_str())?;
        *round = self.round;
        Some(known)
    }

    /// Files at or below a path that were not met in this round.
    pub(super) fn not_met(&self, path: &Path) -> impl Iterator<Item = &Path> {
        self.range(path)
            .filter(|(_, round)| *round != self.round)
            .map(|(path, _)| path)
    }

    pub(super) fn insert(&mut self, path: PathBuf, known: Known) {
        self.skipped += usize::from(known.skipped.is_some());
        let before = self
            .files
            .insert(path.into_os_string(), (known, self.round));
        self.skipped -= usize::from(before.is_some_and(|(before, _)| before.skipped.is_some()));
    }

    pub(super) fn remove(&mut self, path: &Path) -> Option<Known> {
        let (known, _) = self.files.remove(path.as_os_str())?;
        self.skipped -= usize::from(known.skipped.is_some());
        Some(known)
    }

    /// A path, and all that is below it as a folder.
    pub(super) fn at_or_below(&self, path: &Path) -> impl Iterator<Item = &Path> {
        self.range(path).map(|(path, _)| path)
    }

    fn range(&self, path: &Path) -> impl Iterator<Item = (&Path, u32)> {
        let itself = self.files.get_key_value(path.as_os_str());
        let mut inside = path.as_os_str().to_owned();
        inside.push(MAIN_SEPARATOR_STR);
        let from = Bound::Included(inside.as_os_str());
        let below = self.files.range::<OsStr, _>((from, Bound::Unbounded));
        let below = below.take_while(move |(path, _)| {
            path.as_encoded_bytes()
                .starts_with(inside.as_encoded_bytes())
        });
        itself
            .into_iter()
            .chain(below)
            .map(|(path, (_, round))| (Path::new(path), *round))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Skipped, Stamp};

    #[test]
    fn a_folder_has_what_is_below_it_and_not_what_is_named_alike() {
        let mut known = KnownFiles::default();
        let stamp = Stamp {
            size: 1,
            mtime_ns: 1,
            inode: 1,
        };
        for name in [
            "/w/a", "/w/a b", "/w/a-1", "/w/a/1", "/w/a/b/2", "/w/a0", "/w/b",
        ] {
            known.insert(
                name.into(),
                Known {
                    stamp,
                    sha256: None,
                    skipped: Some(Skipped::NoPicture),
                },
            );
        }
        let below: Vec<&Path> = known.at_or_below(Path::new("/w/a")).collect();
        assert_eq!(below, ["/w/a", "/w/a/1", "/w/a/b/2"].map(Path::new));
        assert_eq!(known.skipped(), 7);
        known.begin_round();
        known.meet(Path::new("/w/a/1"));
        assert_eq!(
            known.not_met(Path::new("/w/a")).collect::<Vec<_>>(),
            ["/w/a", "/w/a/b/2"].map(Path::new)
        );
        known.insert(
            "/w/b".into(),
            Known {
                stamp,
                sha256: None,
                skipped: None,
            },
        );
        known.remove(Path::new("/w/a"));
        assert_eq!((known.len(), known.skipped()), (6, 5));
    }
}
