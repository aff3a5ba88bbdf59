//! The files of one watched folder: what is known of them, what is settling, what has just
//! vanished.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::known::KnownFiles;
use super::limbo::Limbo;
use super::place;
use super::settle::{Hint, OPEN, Settle};
use super::writers::Writers;
use crate::content::{self, Kind};
use crate::digest;
use crate::error::{Code, Error, Result};
use crate::folder::{Existing, Inner, Known, OnRecord, Seen, Skipped, Stamp, WatchedFolder};
use crate::patterns::Patterns;
use crate::regular;

/// Reasons that are kept to be shown.
const TOLD: usize = 50;

/// A folder, and what is on record of it.
pub(crate) struct Start {
    pub(crate) folder: WatchedFolder,
    pub(crate) on_record: OnRecord,
    /// Watched folders in it: what is in them is theirs.
    pub(crate) inner: Vec<Inner>,
}

/// What has become of files, to be recorded.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Drives that were not known to be there.
    pub(crate) drives: Vec<PathBuf>,
    /// Finished files, new or with new content; those that do not go up say why.
    pub(crate) finished: Vec<Seen>,
    /// Files whose content is known already: under another name, or only touched.
    pub(crate) moved: Vec<(PathBuf, Seen)>,
    /// Files that are no longer there, while their folder is.
    pub(crate) gone: Vec<PathBuf>,
}

pub(super) struct Files {
    pub(super) folder: WatchedFolder,
    /// Watched folders in it: what is in them is theirs.
    inner: Vec<Inner>,
    patterns: Patterns,
    pub(super) known: KnownFiles,
    /// Drives that are or were in the folder, or the folder itself if it is one.
    pub(super) drives: BTreeSet<PathBuf>,
    pub(super) fresh_drives: Vec<PathBuf>,
    pub(super) settle: Settle,
    writers: Writers,
    /// Whoever writes here does so on this computer, under this very name.
    pub(super) sees_writers: bool,
    pub(super) limbo: Limbo,
    moved: Vec<(PathBuf, Seen)>,
    /// Files that could not be read, to be tried again.
    unreadable: BTreeMap<PathBuf, Error>,
    told: VecDeque<(PathBuf, Error)>,
    /// Of what was there before the folder was watched, what is to be left alone.
    pub(super) before: Vec<Seen>,
    /// The first scan has not happened yet, and what it finds is to be left alone.
    pub(super) baseline: bool,
}

impl Files {
    pub(super) fn new(
        Start {
            folder,
            on_record,
            inner,
        }: Start,
    ) -> Result<Self> {
        let OnRecord {
            known,
            mounts: drives,
            first_time,
        } = on_record;
        let patterns = Patterns::new(&folder.path, &folder.patterns)?;
        let baseline = first_time && folder.existing == Existing::Ignore;
        let mut on_record = KnownFiles::default();
        known
            .into_iter()
            .for_each(|(path, known)| on_record.insert(path, known));
        Ok(Self {
            sees_writers: !place::is_remote(&folder.path),
            folder,
            inner,
            patterns,
            known: on_record,
            drives,
            fresh_drives: Vec::new(),
            settle: Settle::default(),
            writers: Writers::default(),
            limbo: Limbo::default(),
            moved: Vec::new(),
            unreadable: BTreeMap::new(),
            told: VecDeque::new(),
            before: Vec::new(),
            baseline,
        })
    }

    pub(super) fn wants(&self, path: &Path, is_dir: bool) -> bool {
        let root: &Path = &self.folder.path;
        let deep = path.parent() != Some(root) && path != root;
        (self.folder.recursive || !deep) && self.is_meant(path, is_dir)
    }

    /// The same where the folders on the way were looked at before.
    pub(super) fn is_meant_here(&self, path: &Path, is_dir: bool) -> bool {
        self.patterns.wants_here(path, is_dir) && !self.is_elsewhere(path, is_dir)
    }

    pub(super) fn is_meant(&self, path: &Path, is_dir: bool) -> bool {
        self.patterns.wants(path, is_dir) && !self.is_elsewhere(path, is_dir)
    }

    /// Where uploaded files are put away, or another watched folder's.
    fn is_elsewhere(&self, path: &Path, is_dir: bool) -> bool {
        self.folder.is_put_away(path) || self.inner.iter().any(|inner| inner.has(path, is_dir))
    }

    /// Looks at one path: a file, a folder with files in it, or nothing any more.
    pub(super) fn look(&mut self, path: &Path, hint: Hint) {
        let meta = match std::fs::symlink_metadata(path) {
            // In the place of a file: what was there is gone.
            Ok(meta) if meta.is_symlink() && !self.folder.follow_links => {
                return self.vanished(path);
            }
            Ok(meta) if meta.is_symlink() => std::fs::metadata(path),
            meta => meta,
        };
        match meta {
            Ok(meta) if meta.is_dir() => self.compare(path),
            Ok(meta) if meta.is_file() && self.wants(path, false) => {
                let _ = self.observe(path, &meta, hint);
            }
            // Left out of the folder from now on, and still there.
            Ok(meta) if meta.is_file() => self.settle.forget(path),
            // It cannot be seen at the moment; that is no reason to think it gone.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {}
            _ => self.vanished(path),
        }
    }

    /// Notes how a file looks; whether that is news.
    pub(super) fn observe(&mut self, path: &Path, meta: &std::fs::Metadata, hint: Hint) -> bool {
        let stamp = Stamp::of(meta);
        if stamp.size == 0
            || self
                .known
                .get(path)
                .is_some_and(|known| known.stamp.is(&stamp))
        {
            self.settle.forget(path);
            return false;
        }
        if let Some((from, known)) = self.alike(path, &stamp) {
            self.rename(from, path.to_owned(), Known { stamp, ..known });
            return false;
        }
        // An editor put the old one aside: this is its new content.
        if let Some(known) = self.limbo.take(path) {
            self.known.insert(path.to_owned(), known);
        }
        let age = meta
            .modified()
            .ok()
            .and_then(|time| SystemTime::now().duration_since(time).ok())
            .unwrap_or_default();
        // What is being written has changed now, whatever time a server far away gives it.
        let (hint, age) = match hint {
            Hint::Found if age < OPEN && self.may_be_written(meta) => (Hint::Writing, age),
            Hint::Writing => (hint, Duration::ZERO),
            hint => (hint, age),
        };
        self.settle
            .observe(path.to_owned(), stamp, hint, Instant::now(), age);
        true
    }

    /// Whether a file that changed a moment ago may be in its writer's hands.
    fn may_be_written(&mut self, meta: &std::fs::Metadata) -> bool {
        !self.sees_writers || self.writers.may_have(&self.folder.path, meta)
    }

    /// The file that has just vanished and is this one now; not if it took the place of another,
    /// which has new content.
    fn alike(&mut self, path: &Path, stamp: &Stamp) -> Option<(PathBuf, Known)> {
        if self.known.get(path).is_some() {
            None
        } else {
            self.limbo.take_alike(stamp)
        }
    }

    fn rename(&mut self, from: PathBuf, to: PathBuf, known: Known) {
        self.settle.forget(&to);
        self.moved.push((
            from,
            Seen {
                path: to.clone(),
                stamp: known.stamp,
                skipped: known.skipped,
            },
        ));
        self.known.insert(to, known);
    }

    /// Whether a path is on a drive that is away.
    fn is_away(&self, path: &Path) -> bool {
        self.drives
            .iter()
            .any(|drive| path.starts_with(drive) && !place::is_drive(drive))
    }

    /// A path is not there any more: a file, or a folder with all that was in it.
    pub(super) fn vanished(&mut self, path: &Path) {
        if self.is_away(path) {
            return;
        }
        self.settle.forget(path);
        self.unreadable.remove(path);
        // What is left out of the folder by now is not its business any more.
        let below: Vec<PathBuf> = self
            .known
            .at_or_below(path)
            .filter(|path| self.wants(path, false))
            .map(Path::to_owned)
            .collect();
        for path in below {
            if let Some(known) = self.known.remove(&path) {
                self.limbo.add(path, known, Instant::now());
            }
        }
    }

    /// Looks once more at what could not be read.
    pub(super) fn try_unreadable(&mut self) {
        for path in self.unreadable.keys().cloned().collect::<Vec<_>>() {
            self.look(&path, Hint::Found);
        }
    }

    /// What is finished, moved or gone by now.
    pub(super) fn news(&mut self) -> News {
        let now = Instant::now();
        // A scan may have met them once more, before they could be put on record.
        for Seen { path, .. } in &self.before {
            self.settle.forget(path);
        }
        for path in self.settle.due(now) {
            self.look(&path, Hint::Found);
        }
        let mut news = News {
            finished: std::mem::take(&mut self.before),
            ..News::default()
        };
        for (path, stamp) in self.settle.take_ready(now) {
            if let Some((from, known)) = self.alike(&path, &stamp) {
                self.rename(from, path, known);
                continue;
            }
            match self.judge(&path, stamp) {
                Ok(Some(seen)) => {
                    self.unreadable.remove(&path);
                    news.finished.push(seen);
                }
                Ok(None) => {}
                Err(error) => {
                    self.tell(path.clone(), error.clone());
                    self.unreadable.insert(path, error);
                }
            }
        }
        news.moved = std::mem::take(&mut self.moved);
        news.drives = std::mem::take(&mut self.fresh_drives);
        for (path, known) in self.limbo.take_gone(now) {
            if self.is_away(&path) {
                self.known.insert(path, known);
            } else {
                news.gone.push(path);
            }
        }
        news
    }

    /// Whether a finished file goes up; nothing if its content is known already.
    fn judge(&mut self, path: &Path, stamp: Stamp) -> Result<Option<Seen>> {
        if let Some(known) = self
            .known
            .get(path)
            .filter(|known| known.stamp.size == stamp.size && known.sha256.is_some())
            .cloned()
            && known.sha256 == Some(sha256(path)?)
        {
            self.rename(path.to_owned(), path.to_owned(), Known { stamp, ..known });
            return Ok(None);
        }
        let head = head(path)?;
        if head.iter().all(|byte| *byte == 0) {
            return Err(Error::new(Code::FileEmpty, format!("{} holds nothing but zeros", path.display()))
                .hint("a cloud drive has not fetched it yet, or a crash emptied it; Tintype looks again later"));
        }
        let found = content::sniff(&head, &crate::key::file_name(path));
        let picture = found.kind != Kind::Other || found.content_type.starts_with("image/");
        if !picture && !self.folder.all_files {
            let told = format!("{} is no picture ({})", path.display(), found.content_type);
            self.tell(
                path.to_owned(),
                Error::new(Code::Skipped, told)
                    .hint("let the folder take all files if it is meant to go up"),
            );
        }
        let skipped = (!picture && !self.folder.all_files).then_some(Skipped::NoPicture);
        Ok(Some(Seen {
            path: path.to_owned(),
            stamp,
            skipped,
        }))
    }

    /// What was handed out is on record now.
    pub(super) fn recorded(&mut self, seen: &[Seen]) {
        for Seen {
            path,
            stamp,
            skipped,
        } in seen
        {
            self.known.insert(
                path.clone(),
                Known {
                    stamp: *stamp,
                    sha256: None,
                    skipped: *skipped,
                },
            );
        }
    }

    /// What was handed out could not be put on record. A scan finds it again; but not that it was
    /// there before.
    pub(super) fn not_recorded(&mut self, seen: &[Seen]) {
        self.before.extend(
            seen.iter()
                .filter(|seen| seen.skipped == Some(Skipped::ThereBefore))
                .cloned(),
        );
    }

    /// Nothing is on record of a file any more.
    pub(super) fn forget(&mut self, path: &Path) {
        self.known.remove(path);
    }

    pub(super) fn tell(&mut self, path: PathBuf, error: Error) {
        if !self
            .told
            .iter()
            .any(|(known, same)| *known == path && *same == error)
        {
            self.told.retain(|(known, _)| *known != path);
            self.told.push_front((path, error));
            self.told.truncate(TOLD);
        }
    }

    /// Why files do not go up, the latest first.
    pub(super) fn told(&self) -> Vec<Error> {
        self.told.iter().map(|(_, error)| error.clone()).collect()
    }

    pub(super) fn has_unreadable(&self) -> bool {
        !self.unreadable.is_empty()
    }

    /// When something has to be looked at again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.settle
            .next_due()
            .into_iter()
            .chain(self.limbo.next_due())
            .min()
    }
}

pub(super) fn away(folder: &Path) -> Error {
    Error::new(
        Code::FileMissing,
        format!("{} is empty: its drive may be away", folder.display()),
    )
    .hint("Tintype goes on when the files are back; nothing is removed from the bucket")
}

fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = regular::open(path)
        .and_then(|file| file.take(content::SNIFF_LEN as u64).read_to_end(&mut head));
    read.map(|_| head)
        .map_err(|error| Error::from_io(&error, path))
}

fn sha256(path: &Path) -> Result<[u8; 32]> {
    digest::sha256(path).map_err(|error| Error::from_io(&error, path))
}
