//! A picture's file, and what is made of it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::Codec;
use crate::error::Error;
use crate::placeholder::Placeholder;
use crate::variant::{Variant, Worth};

/// A picture's file and what intake knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The whole file.
    pub file: &'a [u8],
    /// What it is.
    pub codec: Codec,
    /// EXIF's orientation, 1 to 8, for the formats that leave turning to the reader.
    pub orientation: u8,
}

/// A finished variant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rendition {
    /// What was asked for; the format `auto` has become a real one.
    pub variant: Variant,
    /// Its real size in pixels.
    pub pixels: (u32, u32),
    /// How well it was encoded.
    #[serde(flatten)]
    pub worth: Worth,
    /// The encoded file.
    #[serde(skip)]
    pub bytes: Bytes,
}

/// A variant that could not be made; the others can all the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    /// Its place among those asked for.
    pub index: usize,
    /// Why.
    pub error: Error,
}

impl Rendered {
    /// What a person should be told in one sentence: which variants are missing, or else the note.
    pub fn told(&self) -> Option<Error> {
        let Some((first, others)) = self.failures.split_first() else {
            return self.note.clone();
        };
        let mut told = first.error.clone();
        for other in others {
            told.message = format!("{}; {}", told.message, other.error.message);
        }
        Some(told)
    }
}

/// All that was made of one picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rendered {
    /// The picture's own size in pixels, the right way up.
    pub pixels: (u32, u32),
    /// Those that could be made, in the order asked for.
    pub renditions: Vec<Rendition>,
    /// Those that could not.
    pub failures: Vec<Failure>,
    /// What stands for it while it loads; nothing for what cannot be drawn small.
    pub placeholder: Option<Placeholder>,
    /// What a person should know although variants were made: `image-damaged`, `image-flattened`.
    pub note: Option<Error>,
}
