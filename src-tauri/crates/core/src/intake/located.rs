//! Before an upload: do any of these pictures tell where they were taken?

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::gather;
use crate::content::{self, Codec, Kind};
use crate::privacy;

/// A person waits for the answer: after so long it is given for what was looked at.
const PATIENCE: Duration = Duration::from_secs(2);
/// Metadata lies in front of the pixels in these bytes, for the formats that have an order.
const HEAD: u64 = 1 << 20;
/// Larger files of the other formats are not read for a question.
const LARGEST: u64 = 128 << 20;

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
pub fn located(paths: &[PathBuf]) -> Located {
    let start = Instant::now();
    let mut found = Located {
        complete: true,
        ..Located::default()
    };
    for file in gather(paths)
        .into_iter()
        .filter(|file| file.refused.is_none())
    {
        if start.elapsed() > PATIENCE {
            found.complete = false;
            break;
        }
        // What cannot be read is reported by the upload itself.
        if let Some(tells) = tells_location(&file.path) {
            found.pictures += 1;
            found.with_location += u32::from(tells);
        }
    }
    found
}

/// Nothing if the file is no picture or cannot be read.
fn tells_location(path: &Path) -> Option<bool> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut bytes).ok()?;
    let content = content::sniff(
        &bytes[..bytes.len().min(content::SNIFF_LEN)],
        &crate::key::file_name(path),
    );
    let Kind::Image(codec) = content.kind else {
        return None;
    };
    // The others may keep their metadata anywhere, mostly at the end.
    if codec != Codec::Jpeg && length > HEAD && length <= LARGEST {
        file.read_to_end(&mut bytes).ok()?;
    }
    Some(privacy::tells_location(&bytes, codec))
}
