//! What is to happen to originals.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};

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

/// What a viewer would have shown of a file, and that does not go up with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Left {
    /// A motion photo's.
    Film,
    /// A gain map for bright screens, a preview, the other eye's view.
    Picture,
}

impl Left {
    /// What a person is told of it.
    pub fn note(self) -> Error {
        let told = match self {
            Self::Film => "the photo went up without the film behind it, which cannot be cleaned",
            Self::Picture => {
                "the photo went up without the second picture behind it (a gain map or a preview), \
                 which cannot be cleaned"
            }
        };
        Error::new(Code::LeftBehind, told)
            .hint("a profile that keeps originals as they are uploads the whole file")
    }
}

/// A file without what was to be taken out.
#[derive(Debug)]
pub struct Cleaned {
    pub bytes: Vec<u8>,
    pub left: Option<Left>,
}
