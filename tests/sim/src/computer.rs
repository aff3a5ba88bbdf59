//! A computer: its home, its files, and the Tintypes that run on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tintype_core::engine::{Buckets, Config, Engine, EngineHandle};
use tintype_core::error::Result;
use tintype_core::folder::{AfterUpload, Deleted, NewContent, WatchedFolder};
use tintype_core::home::Home;
use tintype_core::profile::{OnConflict, Profile};
use tintype_core::secret::{Secrets, SessionOnly};
use tintype_core::settings::Settings;
use tintype_core::transfer::ObjectStore;

use crate::bucket::Reached;
use crate::ledger::sha256;

/// How Tintype is meant on the computers of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    pub(crate) on_conflict: OnConflict,
    /// What is uploaded from the watched folder is moved out of it.
    pub(crate) moves: bool,
}

/// The second profile: the same bucket, other keys.
pub(crate) const BLOG: &str = "blog";

pub(crate) struct Computer {
    root: PathBuf,
    reached: Reached,
    /// Those that run; the first that was started leads, as long as it lives.
    pub(crate) engines: Vec<Engine>,
    /// Files are as old as they are made, later ones younger.
    clock: u64,
}

impl Computer {
    pub(crate) fn new(root: &Path, number: usize, reached: Reached, ways: Ways) -> Result<Self> {
        let root = root.join(format!("computer-{number}"));
        let computer = Self {
            root,
            reached,
            engines: Vec::new(),
            clock: 0,
        };
        for folder in [computer.watched(), computer.given()] {
            std::fs::create_dir_all(&folder)
                .map_err(|error| tintype_core::Error::from_io(&error, &folder))?;
        }
        let profile = Profile {
            name: "photos".into(),
            provider: "minio".into(),
            endpoint: "http://bucket.example:9000".into(),
            bucket: "photos".into(),
            on_conflict: ways.on_conflict,
            if_none_match: Some(computer.reached.server().honours),
            ..Profile::default()
        };
        let folder = WatchedFolder {
            deleted: Deleted::Remove,
            grace_minutes: 5,
            all_files: true,
            changed: NewContent::Profile,
            after_upload: if ways.moves {
                AfterUpload::Move(computer.done().into())
            } else {
                AfterUpload::Leave
            },
            ..WatchedFolder::new(computer.watched(), "photos".into())
        };
        let mut settings = Settings {
            variants: Vec::new(),
            folders: vec![folder],
            ..Settings::default()
        };
        let blog = Profile {
            name: BLOG.into(),
            original_key: "blog/{name}".into(),
            ..profile.clone()
        };
        settings.put_profile(profile, None)?;
        settings.put_profile(blog, None)?;
        computer.home()?;
        settings.save(&computer.settings())?;
        Ok(computer)
    }

    fn home(&self) -> Result<Home> {
        Home::at(&self.root.join("home"))
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("home").join("settings.toml")
    }

    pub(crate) fn watched(&self) -> PathBuf {
        self.root.join("watched")
    }

    /// Where uploaded files go, if they are moved.
    pub(crate) fn done(&self) -> PathBuf {
        self.root.join("done")
    }

    /// Whether some file here has such a content.
    pub(crate) fn has(&self, content: &str) -> bool {
        let files = [self.watched(), self.done(), self.given()]
            .into_iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flatten();
        files
            .flatten()
            .any(|file| std::fs::read(file.path()).is_ok_and(|bytes| sha256(&bytes) == content))
    }

    /// Files that people give by hand.
    pub(crate) fn given(&self) -> PathBuf {
        self.root.join("given")
    }

    pub(crate) fn start(&mut self) -> Result<()> {
        let reached = self.reached.clone();
        let mut config = Config::new(
            self.home()?,
            Secrets::with_keyring(Arc::new(SessionOnly::default())),
        );
        config.buckets = Buckets::Simulated(Arc::new(move |_| {
            Arc::new(reached.clone()) as Arc<dyn ObjectStore>
        }));
        self.engines.push(Engine::start(config)?);
        Ok(())
    }

    /// One of those that run.
    pub(crate) fn handle(&self, dice: &mut fastrand::Rng) -> Option<EngineHandle> {
        (!self.engines.is_empty()).then(|| self.engines[dice.usize(0..self.engines.len())].handle())
    }

    /// Writes a file that has rested long enough to be taken at once; renamed into place, as
    /// editors do.
    pub(crate) fn write(&mut self, path: &Path, content: &str) -> std::io::Result<()> {
        self.clock += 1;
        let fresh = self.root.join("fresh");
        std::fs::write(&fresh, content)?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + self.clock);
        std::fs::File::options()
            .write(true)
            .open(&fresh)?
            .set_modified(time)?;
        std::fs::rename(&fresh, path)
    }
}
