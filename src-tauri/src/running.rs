//! The engine of this window, or why there is none.

use std::sync::Mutex;

use tintype_core::engine::{Config, Engine};
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_core::secret::Secrets;
use tintype_core::worker::Program;

/// The engine, or why there is none.
pub(crate) struct Running(Mutex<std::result::Result<Option<Engine>, Error>>);

impl Running {
    pub(crate) fn start() -> Self {
        Self(Mutex::new(start_engine().map(Some)))
    }

    /// A handle on the engine.
    pub(crate) fn handle(&self) -> Result<tintype_core::engine::EngineHandle> {
        match &*self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            Ok(Some(engine)) => Ok(engine.handle()),
            Ok(None) => Err(Error::new(Code::Closing, "Tintype is closing")),
            Err(error) => Err(error.clone()),
        }
    }

    /// Tries again to start an engine that could not start.
    pub(crate) fn restart(&self) -> Result<()> {
        let mut running = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if running.is_err() {
            *running = start_engine().map(Some);
        }
        running.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    pub(crate) fn take(&self) -> Option<Engine> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_mut()
            .ok()
            .and_then(Option::take)
    }
}

fn start_engine() -> Result<Engine> {
    let config = Config {
        watch: true,
        serve_demo: true,
        imaging: Program::current(),
        ..Config::new(Home::locate()?, Secrets::default())
    };
    // The engine's tasks live on Tauri's own runtime.
    tauri::async_runtime::block_on(async { Engine::start(config) })
}
