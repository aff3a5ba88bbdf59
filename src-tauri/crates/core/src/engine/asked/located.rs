//! Before an upload: do any of these pictures tell where they were taken?

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

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
    let start = Instant::now();
    let mut found = Located {
        complete: true,
        ..Located::default()
    };
    let files = blocking("looking at files", move || gather(&paths)).await?;
    for file in files.into_iter().filter(|file| file.refused.is_none()) {
        if start.elapsed() > PATIENCE {
            found.complete = false;
            break;
        }
        // What cannot be read is reported by the upload itself.
        if let Ok(facts) = workers.inspect(&file.path).await {
            found.pictures += 1;
            found.with_location += u32::from(facts.has_location);
        }
    }
    Ok(found)
}
