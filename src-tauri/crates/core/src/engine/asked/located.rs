//! Before an upload: do any of these pictures tell where they were taken?

use std::path::PathBuf;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::error::Result;
use crate::intake::gather;
use crate::worker::Workers;
use crate::world::blocking;

/// A person waits for the answer: after so long it is given for what was looked at.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found in the pictures of an upload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Located {
    /// Pictures looked at.
    pub pictures: u32,
    /// Those that tell where they were taken.
    pub with_location: u32,
    /// Whether all were looked at.
    pub complete: bool,
}

/// Looks through files and folders, for a moment.
///
/// # Errors
/// `closing`.
pub(super) async fn located(workers: &Workers, paths: Vec<PathBuf>) -> Result<Located> {
    let until = Instant::now() + PATIENCE;
    let mut found = Located::default();
    let files = blocking("looking at files", move || gather(&paths)).await?;
    let files = files.into_iter().filter(|file| file.refused.is_none());
    let mut looks = stream::iter(files)
        .map(|file| async move { workers.inspect(&file.path).await })
        .buffer_unordered(workers.cores());
    while let Ok(looked) = timeout_at(until, looks.next()).await {
        match looked {
            Some(Ok(facts)) => {
                found.pictures += 1;
                found.with_location += u32::from(facts.has_location);
            }
            // What cannot be read is reported by the upload itself.
            Some(Err(_)) => {}
            None => {
                found.complete = true;
                break;
            }
        }
    }
    Ok(found)
}
