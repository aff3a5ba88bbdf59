//! A worker's process: started with nothing of ours but its pipes, ended with its last owner.

use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::speech::{ARGUMENT, begin};
use super::watchdog::End;
use crate::error::{Code, Error, Result};
use crate::imaging::fonts;
use crate::settings::Limits;

pub(super) struct Process {
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
    pub(super) life: Arc<Life>,
}

/// Ends the process with its last owner, or earlier.
pub(super) struct Life(Mutex<Child>);

impl Life {
    /// Ends it, unless it has ended by itself; how it ended, where it said so.
    pub(super) fn end(&self) -> Option<End> {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match child.kill().and_then(|()| child.wait()) {
            Ok(status) => status.code().and_then(End::of),
            Err(error) => {
                tracing::warn!(%error, "a worker could not be ended");
                None
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

/// How often a worker is started before it is said that none starts.
const TRIES: u32 = 3;

impl Process {
    /// Blocks, until it is ready. One that is ended while it starts (by a system without memory, or
    /// by a person) has not seen a file: another one is started.
    pub(super) fn start(program: &Path, limits: Limits) -> Result<Self> {
        let mut started = Self::start_one(program, limits);
        for _ in 1..TRIES {
            if started.is_ok() {
                break;
            }
            started = Self::start_one(program, limits);
        }
        started
    }

    fn start_one(program: &Path, limits: Limits) -> Result<Self> {
        let missing = |why: String| {
            Error::new(
                Code::Internal,
                format!(
                    "pictures cannot be decoded: {} does not start ({why})",
                    program.display()
                ),
            )
            .hint("start Tintype again; if it was updated meanwhile, that is why")
        };
        let mut command = Command::new(program);
        command
            .arg(ARGUMENT)
            .args(fonts::own_folder())
            .env_clear()
            .envs(needed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|error| missing(error.to_string()))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let life = Arc::new(Life(Mutex::new(child)));
        let (mut input, mut output) = pipes.ok_or_else(|| missing("it has no pipes".into()))?;
        widen(&input);
        begin(&mut input, &mut output, limits).map_err(|error| missing(error.to_string()))?;
        Ok(Self {
            input,
            output,
            life,
        })
    }
}

/// What a program cannot start without. Secrets that came by the environment stay here.
fn needed() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    let names: &[&str] = if cfg!(windows) { &["SystemRoot"] } else { &[] };
    names
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// A photograph goes through the pipe in a few pieces instead of fifty.
fn widen(pipe: &ChildStdin) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20) {
        tracing::debug!(%error, "the pipe to a worker stays narrow");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = pipe;
}
