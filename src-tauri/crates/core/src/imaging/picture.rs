//! A picture's file, and what is made of it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::Codec;
use crate::error::Error;
use crate::variant::Variant;

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
    /// The encoded file.
    #[serde(skip)]
    pub bytes: Bytes,
}

/// All that was made of one picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rendered {
    /// The picture's own size in pixels, the right way up.
    pub pixels: (u32, u32),
    /// In the order asked for.
    pub renditions: Vec<Rendition>,
    /// What a person should know although variants were made: `image-damaged`, `image-flattened`.
    pub note: Option<Error>,
}
