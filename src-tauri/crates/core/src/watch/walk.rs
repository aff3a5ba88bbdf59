//! A look through a folder: every file below it, one stat each, compared with what is known.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::files::{Files, away};
use super::place::{self, Identity};
use super::settle::Hint;
use crate::error::{Error, Result};
use crate::folder::{Seen, Skipped, Stamp};

/// What was met on the way through a folder.
#[derive(Default)]
struct Walked {
    files: usize,
    /// Of those, so many are news.
    fresh: usize,
    /// Files and folders that could not be looked at: what is in them is not gone.
    blind: Vec<PathBuf>,
}

impl Files {
    /// Compares the whole folder with what is known, one stat per file; how many files are news.
    ///
    /// # Errors
    /// The folder is not there, or not the one it was: nothing is concluded from that.
    pub(super) fn scan(&mut self) -> Result<usize> {
        place::check(&self.folder.path)?;
        if self.drives.contains(&*self.folder.path) && !place::is_drive(&self.folder.path) {
            return Err(away(&self.folder.path));
        }
        let root = self.folder.path.to_path_buf();
        let Walked {
            files,
            fresh,
            blind,
        } = self.walk(&root);
        let missing = self.missing(&root, &blind);
        // A mount point without its drive is an empty folder.
        if files == 0 && missing.len() > 1 && missing.len() == self.wanted(&root) {
            return Err(away(&root));
        }
        missing.iter().for_each(|path| self.vanished(path));
        if std::mem::take(&mut self.baseline) {
            let seen = |(path, stamp)| Seen {
                path,
                stamp,
                skipped: Some(Skipped::ThereBefore),
            };
            self.before = self.settle.drain().into_iter().map(seen).collect();
        }
        Ok(fresh)
    }

    /// Files on record that are this folder's to look after, whatever else is.
    fn wanted(&self, root: &Path) -> usize {
        let known = self.known.at_or_below(root);
        known.filter(|path| self.wants(path, false)).count()
    }

    /// Compares a folder that events named: what it has now, and what it has no more.
    pub(super) fn compare(&mut self, folder: &Path) {
        let inside = folder != &*self.folder.path;
        if inside && !(self.folder.recursive && self.is_meant(folder, true)) {
            return;
        }
        let Walked { blind, .. } = self.walk(folder);
        self.missing(folder, &blind)
            .iter()
            .for_each(|path| self.vanished(path));
    }

    /// Files below a folder that were not met when it was walked through, but for those nothing is
    /// known of.
    fn missing(&self, folder: &Path, blind: &[PathBuf]) -> Vec<PathBuf> {
        let not_met = self
            .known
            .not_met(folder)
            .filter(|path| !blind.iter().any(|blind| path.starts_with(blind)));
        // What is left out of the folder from now on is still there.
        let not_met = not_met.filter(|path| self.wants(path, false));
        not_met.map(Path::to_owned).collect()
    }

    /// Looks at every file below a folder.
    fn walk(&mut self, top: &Path) -> Walked {
        let mut walked = Walked::default();
        self.known.begin_round();
        let mut visited: HashSet<Identity> = HashSet::new();
        let depth = if self.folder.recursive { usize::MAX } else { 1 };
        let mut entries = WalkDir::new(top)
            .max_depth(depth)
            .follow_links(self.folder.follow_links)
            .into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.note_blind(&error, top, &mut walked);
                    continue;
                }
            };
            let is_dir = entry.file_type().is_dir();
            let meant = self.meant(&entry, &mut walked);
            // Through links a file can be reached in many ways: it is taken once.
            let meant = meant.filter(|meta| {
                !self.folder.follow_links || visited.insert(place::of(meta)) || cfg!(not(unix))
            });
            let Some(meta) = meant else {
                if is_dir {
                    entries.skip_current_dir();
                }
                continue;
            };
            if is_dir {
                self.note_drive(entry.path(), &meta);
            }
            if meta.is_file() {
                walked.fresh += usize::from(self.observe(entry.path(), &meta, Hint::Found));
                walked.files += 1;
            }
        }
        self.note_absent_drives(top, &mut walked);
        walked
    }

    /// What an entry is, if it is meant and can be looked at.
    fn meant(&mut self, entry: &DirEntry, walked: &mut Walked) -> Option<Metadata> {
        let is_dir = entry.file_type().is_dir();
        // Most files are as they were: they are not asked for their names again.
        let known = if is_dir {
            None
        } else {
            self.known.meet(entry.path()).map(|known| known.stamp)
        };
        if known.is_none() && !self.is_meant_here(entry.path(), is_dir) {
            return None;
        }
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            Err(error) => {
                // What stands in a folder's place by now may have been there before.
                walked
                    .blind
                    .extend((is_dir || !is_gone(&error)).then(|| entry.path().to_owned()));
                return None;
            }
        };
        let changed = known.is_some_and(|known| !known.is(&Stamp::of(&meta)));
        (!changed || self.is_meant_here(entry.path(), false)).then_some(meta)
    }

    /// Where it could not look, nothing was deleted.
    fn note_blind(&mut self, error: &walkdir::Error, top: &Path, walked: &mut Walked) {
        let path = error.path().unwrap_or(top).to_owned();
        if let Some(io) = error.io_error()
            && !is_gone(error)
        {
            self.tell(path.clone(), Error::from_io(io, &path));
            walked.blind.push(path);
        }
    }

    fn note_drive(&mut self, path: &Path, meta: &Metadata) {
        let above = path.parent().and_then(|above| above.metadata().ok());
        if above.is_some_and(|above| place::of(&above).0 != place::of(meta).0)
            && self.drives.insert(path.to_owned())
        {
            self.fresh_drives.push(path.to_owned());
        }
    }

    /// Another drive may be there by now: what it does not have was not deleted.
    fn note_absent_drives(&mut self, top: &Path, walked: &mut Walked) {
        for drive in self
            .drives
            .clone()
            .into_iter()
            .filter(|drive| drive.starts_with(top))
        {
            if !place::is_drive(&drive) {
                self.tell(drive.clone(), away(&drive));
            }
            walked.blind.push(drive);
        }
    }
}

fn is_gone(error: &walkdir::Error) -> bool {
    error
        .io_error()
        .is_some_and(|io| io.kind() == std::io::ErrorKind::NotFound)
}
