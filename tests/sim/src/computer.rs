//! A computer: its home, its files, and the Tintypes that run on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tintype_core::engine::{Buckets, Config, Engine, EngineHandle};
use tintype_core::error::Result;
use tintype_core::folder::{Deleted, NewContent, WatchedFolder};
use tintype_core::home::Home;
use tintype_core::profile::{OnConflict, Profile};
use tintype_core::secret::{Secrets, SessionOnly};
use tintype_core::settings::Settings;
use tintype_core::transfer::ObjectStore;

use crate::bucket::Reached;

pub(crate) struct Computer {
    root: PathBuf,
    reached: Reached,
    /// Those that run; the first that was started leads, as long as it lives.
    pub(crate) engines: Vec<Engine>,
    /// Files are as old as they are made, later ones younger.
    clock: u64,
}

impl Computer {
    pub(crate) fn new(root: &Path, number: usize, reached: Reached, on_conflict: OnConflict) -> Result<Self> {
        let root = root.join(format!("computer-{number}"));
        let computer = Self { root, reached, engines: Vec::new(), clock: 0 };
        for folder in [computer.watched(), computer.given()] {
            std::fs::create_dir_all(&folder).map_err(|error| tintype_core::Error::from_io(&error, &folder))?;
        }
        let profile = Profile {
            name: "photos".into(),
            provider: "minio".into(),
            endpoint: "http://bucket.example:9000".into(),
            bucket: "photos".into(),
            on_conflict,
            if_none_match: Some(computer.reached.server().honours),
            ..Profile::default()
        };
        let folder = WatchedFolder {
            deleted: Deleted::Remove,
            grace_minutes: 5,
            all_files: true,
            changed: NewContent::Profile,
            ..WatchedFolder::new(computer.watched(), "photos".into())
        };
        let mut settings = Settings { variants: Vec::new(), folders: vec![folder], ..Settings::default() };
        settings.put_profile(profile, None)?;
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

    /// Files that people give by hand.
    pub(crate) fn given(&self) -> PathBuf {
        self.root.join("given")
    }

    pub(crate) fn start(&mut self) -> Result<()> {
        let reached = self.reached.clone();
        let mut config = Config::new(self.home()?, Secrets::with_keyring(Arc::new(SessionOnly::default())));
        config.buckets = Buckets::Simulated(Arc::new(move |_| Arc::new(reached.clone()) as Arc<dyn ObjectStore>));
        self.engines.push(Engine::start(config)?);
        Ok(())
    }

    /// One of those that run.
    pub(crate) fn handle(&self, dice: &mut fastrand::Rng) -> Option<EngineHandle> {
        (!self.engines.is_empty()).then(|| self.engines[dice.usize(0..self.engines.len())].handle())
    }

    /// Writes a file that has rested long enough to be taken at once; renamed into place, as editors do.
    pub(crate) fn write(&mut self, path: &Path, content: &str) -> std::io::Result<()> {
        self.clock += 1;
        let fresh = self.root.join("fresh");
        std::fs::write(&fresh, content)?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + self.clock);
        std::fs::File::options().write(true).open(&fresh)?.set_modified(time)?;
        std::fs::rename(&fresh, path)
    }
}
