//! One engine at a time: the lock on the journal's work.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::{Error, Result};

/// Held by the engine that works; the operating system lets go of it however the process ends.
#[derive(Debug)]
pub(super) struct EngineLock {
    _file: File,
}

impl EngineLock {
    /// The lock, or nothing while another process has it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>> {
        let open = File::options().create(true).truncate(false).write(true).open(path);
        let file = open.map_err(|error| Error::from_io(&error, path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::from_io(&error, path)),
        }
    }
}
