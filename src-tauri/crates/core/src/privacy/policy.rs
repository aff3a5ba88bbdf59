//! What is to happen to originals.

use serde::{Deserialize, Serialize};

/// What happens to the originals on their way into a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Originals {
    /// Every byte as it is.
    #[default]
    Keep,
    /// GPS, maker notes, thumbnails and whatever else tells the place are taken out; date, camera,
    /// rights stay.
    StripLocation,
    /// All metadata is taken out; the orientation and the colours stay.
    StripAll,
}
