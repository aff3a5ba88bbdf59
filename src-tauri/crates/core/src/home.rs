//! Where Tintype keeps its own files.
//!
//! By default in the platform's folders; `TINTYPE_HOME` puts everything in one place (tests,
//! portable use).

use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// The folders and files that belong to Tintype.
#[derive(Debug, Clone)]
pub struct Home {
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
}

impl Home {
    /// The folders in force: `TINTYPE_HOME` if set, the platform's otherwise. Creates them.
    pub fn locate() -> Result<Self> {
        match std::env::var_os("TINTYPE_HOME").filter(|home| !home.is_empty()) {
            Some(home) => Self::at(Path::new(&home)),
            None => {
                let dirs = directories::ProjectDirs::from("app", "Tintype", "Tintype").ok_or_else(
                    || {
                        Error::new(Code::FileMissing, "this user has no home folder")
                            .hint("set TINTYPE_HOME to a folder Tintype may use")
                    },
                )?;
                Self::create(dirs.config_dir(), dirs.data_local_dir(), dirs.cache_dir())
            }
        }
    }

    /// Everything below one folder.
    pub fn at(root: &Path) -> Result<Self> {
        Self::create(root, root, &root.join("cache"))
    }

    fn create(config: &Path, data: &Path, cache: &Path) -> Result<Self> {
        [config, data, cache]
            .into_iter()
            .try_for_each(private_folder)?;
        let home = Self {
            config: config.into(),
            data: data.into(),
            cache: cache.into(),
        };
        // The folders may be older than this, or somebody else's choice: the files are their
        // owner's alone, too.
        [home.journal(), home.previews(), home.engine_lock()]
            .iter()
            .try_for_each(|file| private_file(file))?;
        [home.engines(), home.pasted(), home.demo_bucket()]
            .iter()
            .try_for_each(|folder| private_folder(folder))?;
        Ok(home)
    }

    /// Profiles, folders, variants. Never a secret.
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The durable record of jobs.
    pub fn journal(&self) -> PathBuf {
        self.data.join("journal.sqlite")
    }

    /// Held by the one engine that works.
    pub fn engine_lock(&self) -> PathBuf {
        self.data.join("engine.lock")
    }

    /// One file for every engine there is.
    pub fn engines(&self) -> PathBuf {
        self.data.join("engines")
    }

    /// The demo bucket's objects.
    pub fn demo_bucket(&self) -> PathBuf {
        self.data.join("demo-bucket")
    }

    /// Pictures pasted from the clipboard, kept until a person clears them: they have no other
    /// home.
    pub fn pasted(&self) -> PathBuf {
        self.data.join("pasted")
    }

    /// Small pictures for the window; may be deleted at any time.
    pub fn previews(&self) -> PathBuf {
        self.cache.join("previews.sqlite")
    }
}

/// A folder that only its owner looks into.
fn private_folder(folder: &Path) -> Result<()> {
    let io = |error: std::io::Error| Error::from_io(&error, folder);
    let made = !folder.exists();
    std::fs::create_dir_all(folder).map_err(io)?;
    #[cfg(unix)]
    if made {
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(io)?;
    }
    #[cfg(not(unix))]
    let _ = made;
    Ok(())
}

/// A file that only its owner reads, made if there is none. What is a folder instead is told by
/// whoever uses it.
pub(crate) fn private_file(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let io = |error: std::io::Error| Error::from_io(&error, path);
    #[cfg(unix)]
    if path.exists() {
        // By its path: to open and close it would let go of the locks that SQLite holds on it in
        // this process.
        return std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .map_err(io);
    }
    let mut options = std::fs::File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .create(true)
        .append(true)
        .open(path)
        .map(drop)
        .map_err(io)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_kept_is_its_owners_alone() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
        let old = dir.path().join("journal.sqlite");
        std::fs::write(&old, "")?;
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644))?;
        let home = Home::at(dir.path()).expect("a home");
        let mode =
            |path: &Path| std::fs::metadata(path).map(|meta| meta.permissions().mode() & 0o777);
        assert_eq!(
            (
                mode(&old)?,
                mode(&home.previews())?,
                mode(&home.pasted())?,
                mode(&home.engines())?
            ),
            (0o600, 0o600, 0o700, 0o700)
        );
        Ok(())
    }
}
