//! Where Tintype keeps its own files.
//!
//! By default in the platform's folders; `TINTYPE_HOME` puts everything in one place (tests, portable use).

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
                let dirs = directories::ProjectDirs::from("app", "Tintype", "Tintype").ok_or_else(|| {
                    Error::new(Code::FileMissing, "this user has no home folder").hint("set TINTYPE_HOME to a folder Tintype may use")
                })?;
                Self::create(dirs.config_dir(), dirs.data_local_dir(), dirs.cache_dir())
            }
        }
    }

    /// Everything below one folder.
    pub fn at(root: &Path) -> Result<Self> {
        Self::create(root, root, &root.join("cache"))
    }

    fn create(config: &Path, data: &Path, cache: &Path) -> Result<Self> {
        for dir in [config, data, cache] {
            std::fs::create_dir_all(dir).map_err(|error| Error::from_io(&error, dir))?;
        }
        Ok(Self { config: config.into(), data: data.into(), cache: cache.into() })
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

    /// Pictures pasted from the clipboard, kept until a person clears them: they have no other home.
    pub fn pasted(&self) -> PathBuf {
        self.data.join("pasted")
    }

    /// Small pictures for the window; may be deleted at any time.
    pub fn previews(&self) -> PathBuf {
        self.cache.join("previews.sqlite")
    }
}
