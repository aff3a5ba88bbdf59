//! What the bucket has, what the people meant, and whether whatever is done to the bucket was meant
//! at that moment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// SHA-256, hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether a file would go to such a key.
fn is_key_of(key: &str, path: &Path) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    path.file_stem()
        .is_some_and(|stem| name.starts_with(&*stem.to_string_lossy()))
}

/// An object in the bucket.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) body: Bytes,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) etag: String,
    pub(crate) sha256: String,
    /// The computer that sent it; nothing for a stranger's.
    by: Option<usize>,
    at: Instant,
}

/// Where conditions are ignored, two computers that look at a key within this time may both find it
/// free.
const AT_ONCE: Duration = Duration::from_secs(60);

impl Object {
    pub(crate) fn new(body: Bytes, metadata: Vec<(String, String)>, by: Option<usize>) -> Self {
        let (etag, sha256) = (hex::encode(Md5::digest(&body)), sha256(&body));
        Self {
            body,
            metadata,
            etag,
            sha256,
            by,
            at: Instant::now(),
        }
    }
}

/// A file on one of the computers.
#[derive(Default)]
struct File {
    /// Everything it ever was, the newest last.
    contents: Vec<String>,
    /// It is there.
    there: bool,
    /// Since when it is what it is.
    written: Option<Instant>,
    /// It lies in the watched folder.
    watched: bool,
    /// It goes up with the second profile, whose keys are others.
    blog: bool,
    /// That it is gone was noticed.
    noticed: bool,
    /// A person wants the bucket to keep what it was.
    kept: Kept,
    /// So many of its contents a person once wanted kept, before it was there anew: either is
    /// right.
    settled: usize,
    /// So many contents it had had when it was last noticed to be gone.
    left: usize,
}

/// Whether the bucket is to keep what a deleted file was.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kept {
    #[default]
    No,
    /// It was not yet known to be deleted when a person wanted everything kept: either is right.
    Perhaps,
    Yes,
}

/// An object that was removed although a file still is what it was.
struct Taken {
    key: String,
    content: String,
    computer: usize,
    path: PathBuf,
}

#[derive(Default)]
pub(crate) struct Ledger {
    objects: BTreeMap<String, Object>,
    files: BTreeMap<(usize, PathBuf), File>,
    /// What must never be in the bucket.
    private: BTreeSet<String>,
    /// Keys that strangers have put something under, or taken something away from.
    touched: BTreeSet<String>,
    /// Since when uploads of a computer rest.
    paused: BTreeMap<usize, Instant>,
    /// Computers that were told to mend what differs.
    mending: BTreeSet<usize>,
    /// Whatever has a key may be replaced: nothing is promised to stay.
    pub(crate) overwrites: bool,
    /// Uploaded files are moved out of the watched folder.
    pub(crate) moves: bool,
    /// What was removed although a file still is that: the file's own upload may be yet to come.
    taken: Vec<Taken>,
    /// What was broken.
    pub(crate) broken: Vec<String>,
}

impl Ledger {
    pub(crate) fn object(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)
    }

    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.objects
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    fn has(&self, sha256: &str) -> bool {
        self.objects.values().any(|object| object.sha256 == sha256)
    }

    fn breaks(&mut self, what: String) {
        self.broken.push(what);
    }

    // What people do.

    /// A file was written, or replaced.
    pub(crate) fn written(&mut self, computer: usize, path: &Path, content: &str, watched: bool) {
        self.forgets_taken(computer, path);
        let file = self.files.entry((computer, path.to_owned())).or_default();
        if file.kept != Kept::No {
            file.settled = file.contents.len();
        }
        file.contents.push(content.to_owned());
        file.written = Some(Instant::now());
        (file.there, file.watched, file.noticed, file.kept) = (true, watched, false, Kept::No);
    }

    /// With which profile a file is uploaded, from now on: what was removed before was not its own.
    pub(crate) fn goes(&mut self, computer: usize, path: &Path, blog: bool) {
        self.forgets_taken(computer, path);
        self.files
            .entry((computer, path.to_owned()))
            .or_default()
            .blog = blog;
    }

    pub(crate) fn removed(&mut self, computer: usize, path: &Path) {
        self.forgets_taken(computer, path);
        if let Some(file) = self.files.get_mut(&(computer, path.to_owned())) {
            (file.there, file.noticed, file.kept) = (false, false, Kept::No);
        }
    }

    /// What lies under a path now is nobody's to see.
    pub(crate) fn hide(&mut self, computer: usize, path: &Path, content: &str) {
        self.removed(computer, path);
        self.private.insert(content.to_owned());
    }

    /// Files that are gone at the moment.
    pub(crate) fn gone(&self, computer: usize) -> Vec<PathBuf> {
        let gone = self
            .files
            .iter()
            .filter(|((of, _), file)| *of == computer && file.watched && !file.there);
        gone.map(|((_, path), _)| path.clone()).collect()
    }

    /// The folder was compared since these files went.
    pub(crate) fn noticed(&mut self, computer: usize, gone: &[PathBuf]) {
        for path in gone {
            if let Some(file) = self.files.get_mut(&(computer, path.clone())) {
                file.noticed = !file.there;
                if file.noticed {
                    file.left = file.contents.len();
                }
            }
        }
    }

    /// The bucket may keep whatever is deleted by now; it is to keep what was `known` to be when
    /// that was asked for.
    pub(crate) fn keep(&mut self, computer: usize, asked: bool) {
        let own = self.files.iter_mut().filter(|((of, _), _)| *of == computer);
        for (_, file) in own {
            if file.there {
                // Nobody may have noticed yet that it is back: then what it was is kept.
                file.settled = file.settled.max(file.left);
                continue;
            }
            file.kept = match (file.kept, asked) {
                (Kept::Perhaps, false) if file.noticed => Kept::Yes,
                (Kept::No, _) => Kept::Perhaps,
                (kept, _) => kept,
            };
        }
    }

    pub(crate) fn pause(&mut self, computer: usize, paused: bool) {
        if paused {
            self.paused.insert(computer, Instant::now());
        } else {
            self.paused.remove(&computer);
        }
    }

    pub(crate) fn mends(&mut self, computer: usize) {
        self.mending.insert(computer);
    }

    /// A stranger puts something under a key, or takes it away.
    pub(crate) fn touch(&mut self, key: &str, body: Option<Bytes>) {
        self.touched.insert(key.to_owned());
        match body {
            Some(body) => drop(
                self.objects
                    .insert(key.to_owned(), Object::new(body, Vec::new(), None)),
            ),
            None => drop(self.objects.remove(key)),
        }
    }

    // What Tintype does.

    /// Whether a content is what one and the same file of a computer once was, besides another one.
    fn is_former(&self, computer: usize, old: &str, new: &str) -> bool {
        let both = |file: &File| {
            file.contents.iter().any(|content| content == old)
                && file.contents.iter().any(|content| content == new)
        };
        self.files
            .iter()
            .any(|((of, _), file)| *of == computer && both(file))
    }

    /// A file of a computer that is this content now, and would go to such a key.
    fn is_there(
        &self,
        computer: usize,
        key: &str,
        content: &str,
        begun: Instant,
    ) -> Option<PathBuf> {
        let before = |file: &File| file.written.is_some_and(|written| written < begun);
        let is = |file: &File| {
            file.there
                && before(file)
                && key.starts_with("blog/") == file.blog
                && file.contents.last().is_some_and(|last| last == content)
        };
        self.files
            .iter()
            .find(|((of, path), file)| *of == computer && is_key_of(key, path) && is(file))
            .map(|((_, path), _)| path.clone())
    }

    pub(crate) fn put(&mut self, key: &str, object: Object, honoured: bool) {
        let computer = object.by.unwrap_or_default();
        let new = &object.sha256;
        let labelled = object
            .metadata
            .iter()
            .any(|(name, value)| name == "sha256" && value == new);
        if !labelled {
            self.breaks(format!(
                "{key}: torn: its bytes are not what its label says"
            ));
        }
        if self.private.contains(new) {
            self.breaks(format!(
                "{key}: something private was published by {computer}"
            ));
        } else if !self
            .files
            .iter()
            .any(|((of, _), file)| *of == computer && file.contents.contains(new))
        {
            self.breaks(format!("{key}: nobody on {computer} ever had that content"));
        }
        if let Some(old) = self
            .objects
            .get(key)
            .filter(|old| old.sha256 != *new && !self.overwrites)
        {
            let other = old.by != Some(computer);
            let by_a_stranger = old.by.is_none() && self.mending.contains(&computer);
            if other && !honoured && old.at.elapsed() < AT_ONCE {
                self.touched.insert(key.to_owned());
            } else if other && !by_a_stranger {
                self.breaks(format!(
                    "{key}: {computer} put something in the place of another's object"
                ));
            } else if !other && !self.is_former(computer, &old.sha256, new) {
                self.breaks(format!("{key}: {computer} replaced another file's object"));
            }
        }
        if !self.mending.contains(&computer) {
            // What was removed was not this file's own, which goes up only now.
            self.taken
                .retain(|taken| taken.computer != computer || taken.content != *new);
        }
        self.objects.insert(key.to_owned(), object);
    }

    /// What the file is not any more was not taken from it.
    fn forgets_taken(&mut self, computer: usize, path: &Path) {
        self.taken
            .retain(|taken| taken.computer != computer || taken.path != path);
    }

    pub(crate) fn delete(&mut self, key: &str, computer: usize, begun: Instant, honoured: bool) {
        let Some(object) = self.objects.remove(key) else {
            return;
        };
        // What somebody puts there between the last look and the request cannot be seen there.
        if object.by != Some(computer) && !honoured && object.at.elapsed() < AT_ONCE {
            self.touched.insert(key.to_owned());
            return;
        }
        let content = &object.sha256;
        if object.by != Some(computer) {
            self.breaks(format!("{key}: {computer} removed another's object"));
        }
        if let Some(path) = self
            .is_there(computer, key, content, begun)
            .filter(|_| !self.has(content))
        {
            self.taken.push(Taken {
                key: key.to_owned(),
                content: content.clone(),
                computer,
                path,
            });
        }
        // What comes back while the request is on its way was not there when it was looked for
        // last.
        let is_gone =
            |file: &File| !file.there || file.written.is_some_and(|written| written >= begun);
        let gone = |file: &File| {
            file.watched
                && is_gone(file)
                && file.kept != Kept::Yes
                && file.contents.contains(content)
        };
        let earlier = |file: &File| file.watched && file.there && file.contents.contains(content);
        let meant = |is: &dyn Fn(&File) -> bool| {
            self.files
                .iter()
                .any(|((of, _), file)| *of == computer && is(file))
        };
        if !meant(&gone) {
            let how = if meant(&earlier) {
                "its file is there again"
            } else {
                "it was to be kept"
            };
            self.breaks(format!("{key}: {computer} removed an object, but {how}"));
        }
        if self
            .paused
            .get(&computer)
            .is_some_and(|since| *since < begun)
        {
            self.breaks(format!(
                "{key}: {computer} removed an object while it rested"
            ));
        }
    }

    // What is so in the end.

    /// What was removed although a file still was that, which had not only then to go up.
    pub(crate) fn taken(&self) -> Vec<String> {
        let by_strangers = |path: &Path| self.touched.iter().any(|key| is_key_of(key, path));
        let taken = self.taken.iter().filter(|taken| !by_strangers(&taken.path));
        taken
            .map(
                |Taken {
                     key,
                     computer,
                     path,
                     ..
                 }| {
                    format!("{key}: {computer} removed what {} still is", path.display())
                },
            )
            .collect()
    }

    /// Files that are there and should be in the bucket, and are not.
    pub(crate) fn missing(&self) -> Vec<(usize, PathBuf, String)> {
        let owed = |(place, file): (&(usize, PathBuf), &File)| {
            let content = file.contents.last().filter(|_| file.there)?;
            // What strangers did to its key may have been found out, and told.
            if self.overwrites || self.touched.iter().any(|key| is_key_of(key, &place.1)) {
                return None;
            }
            (!self.has(content)).then(|| (place.0, place.1.clone(), content.clone()))
        };
        self.files.iter().filter_map(owed).collect()
    }

    /// What people still have, wherever Tintype has put it.
    pub(crate) fn there(&self) -> Vec<(usize, PathBuf, String)> {
        let last = |file: &File| file.contents.last().filter(|_| file.there).cloned();
        self.files
            .iter()
            .filter_map(|((computer, path), file)| Some((*computer, path.clone(), last(file)?)))
            .collect()
    }

    /// Contents that no file is any more, and nobody wanted to keep.
    pub(crate) fn leftovers(&self) -> Vec<(usize, PathBuf, String)> {
        let wanted = |content: &String| {
            self.files.values().any(|file| {
                let is_wanted = file.there || file.kept != Kept::No || !file.watched;
                // What a person kept of one file is kept, although another had the same.
                let was_kept = &file.contents[..file.settled];
                was_kept.contains(content) || (is_wanted && file.contents.contains(content))
            })
        };
        // What was moved away was not deleted, whatever becomes of the next file of that name; and
        // where one file may take another's key, both go on relying on it.
        let gone = self.files.iter().filter(|(_, file)| {
            let stays = self.moves || self.overwrites;
            file.watched && !file.there && file.kept == Kept::No && !stays
        });
        let left = gone.flat_map(|(place, file)| {
            file.contents[file.settled..]
                .iter()
                .map(move |content| (place.0, place.1.clone(), content.clone()))
        });
        left.filter(|(computer, _, content)| {
            let ours = self.objects.iter().any(|(key, object)| {
                object.sha256 == *content
                    && object.by == Some(*computer)
                    && !self.touched.contains(key)
            });
            ours && !wanted(content)
        })
        .collect()
    }
}
