//! Which engines there are: each holds a lock on a file of its own for as long as its process
//! lives, and one of them holds the lock that makes it the leader. The operating system lets go of
//! both however a process ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// This engine is there.
#[derive(Debug)]
pub(in crate::engine) struct Presence {
    folder: PathBuf,
    id: String,
    _file: File,
}

impl Presence {
    /// Makes an engine known by its id, in the folder of all engines.
    pub(in crate::engine) fn announce(folder: &Path, id: String) -> Result<Self> {
        let io = |error: std::io::Error| Error::from_io(&error, folder);
        std::fs::create_dir_all(folder).map_err(io)?;
        let (fresh, path) = (folder.join(format!("{id}.new")), folder.join(&id));
        let file = File::create(&fresh).map_err(io)?;
        file.lock().map_err(io)?;
        // Under its name it is locked from the first moment on.
        std::fs::rename(&fresh, &path).map_err(io)?;
        Ok(Self {
            folder: folder.to_owned(),
            id,
            _file: file,
        })
    }

    /// What it is called.
    pub(in crate::engine) fn id(&self) -> &str {
        &self.id
    }

    /// Whether the engine of that id has ended; what is left of it is cleared away.
    pub(in crate::engine) fn has_ended(&self, id: &str) -> bool {
        if id == self.id {
            return false;
        }
        let path = self.folder.join(id);
        match File::open(&path) {
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            Ok(file) => {
                let ended = file.try_lock().is_ok();
                if ended && let Err(error) = std::fs::remove_file(&path) {
                    tracing::debug!(%error, "what an ended engine left could not be cleared away");
                }
                ended
            }
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // If it stays, the next leader clears it away.
        let _ = std::fs::remove_file(self.folder.join(&self.id));
    }
}

/// Held by the engine that leads.
#[derive(Debug)]
pub(in crate::engine) struct Lead {
    path: PathBuf,
    file: File,
}

impl Lead {
    /// The lead, or nothing while another process has it.
    ///
    /// # Errors
    /// Whatever the system says where files cannot be locked.
    pub(in crate::engine) fn try_take(path: &Path) -> Result<Option<Self>> {
        let open = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path);
        let file = open.map_err(|error| cannot_lead(path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self {
                path: path.to_owned(),
                file,
            })
            .filter(Self::is_held)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot_lead(path, &error)),
        }
    }

    /// Whether the file that is locked is the one others would lock: somebody may have cleared it
    /// away.
    pub(in crate::engine) fn is_held(&self) -> bool {
        let same = |there: std::fs::Metadata| {
            self.file
                .metadata()
                .is_ok_and(|held| crate::folder::same_file(&held, &there))
        };
        std::fs::metadata(&self.path).is_ok_and(same)
    }
}

fn cannot_lead(path: &Path, error: &std::io::Error) -> Error {
    Error::new(crate::Code::MachineBusy, format!("{} cannot be locked, so nothing can be uploaded: {error}", path.display()))
        .hint("Tintype's data folder must be on a disk that knows locks, and writable; TINTYPE_HOME chooses another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_there_until_it_ends() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let announce = |id: &str| Presence::announce(dir.path(), id.into()).expect("a place to be");
        let (one, two) = (announce("one"), announce("two"));
        assert!(!one.has_ended("two") && !one.has_ended("one") && one.has_ended("never was"));
        drop(two);
        assert!(one.has_ended("two"));
        // What a killed process leaves: a file without a lock.
        std::fs::write(dir.path().join("killed"), "")?;
        assert!(one.has_ended("killed") && !dir.path().join("killed").exists());
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_lead_whose_file_was_cleared_away_is_none() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("engine.lock");
        let lead = Lead::try_take(&path).expect("locks").expect("free");
        assert!(lead.is_held() && Lead::try_take(&path).expect("locks").is_none());
        std::fs::remove_file(&path)?;
        assert!(!lead.is_held());
        Ok(())
    }
}
