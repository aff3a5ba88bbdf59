//! What moves, in the formats that can.

use super::avif_options;
use super::failure::failed;
use super::webp;
use crate::error::Result;
use crate::imaging::raster::Raster;
use crate::variant::{Format, Variant};

/// A file that grows frame by frame.
pub(in super::super) enum Animation {
    Webp(webp::Animation),
    /// With the pixels it has so far.
    Avif(tintype_avif::Moving, u64),
}

/// Pixels of all frames together: libaom takes half a second for a million of them, and a picture has
/// so many seconds in all.
const MOST_AVIF_PIXELS: u64 = 12_000_000;

impl Animation {
    /// `loops`: how often it plays; 0: for ever.
    pub(in super::super) fn new(size: (u32, u32), loops: u16, variant: &Variant) -> Result<Self> {
        if variant.format != Format::Avif {
            return Ok(Self::Webp(webp::Animation::new(size, loops)));
        }
        let options = avif_options(variant, variant.quality.number());
        tintype_avif::Moving::new(loops.into(), options)
            .map(|moving| Self::Avif(moving, 0))
            .map_err(|error| failed("AVIF", &error))
    }

    /// Appends a whole picture, shown for so many milliseconds.
    pub(in super::super) fn push(
        &mut self,
        picture: Raster,
        milliseconds: u32,
        variant: &Variant,
    ) -> Result<()> {
        match self {
            Self::Webp(animation) => animation.push(picture, milliseconds, variant),
            Self::Avif(animation, pixels) => {
                let size = (picture.width, picture.height);
                *pixels += u64::from(size.0) * u64::from(size.1);
                if *pixels > MOST_AVIF_PIXELS {
                    return Err(failed("AVIF", &"the animation is too long for it"));
                }
                animation
                    .push(&picture.pixels, size, picture.alpha, milliseconds)
                    .map_err(|error| failed("AVIF", &error))
            }
        }
    }

    /// The file.
    pub(in super::super) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Webp(animation) => animation.finish(),
            Self::Avif(animation, _) => animation.finish().map_err(|error| failed("AVIF", &error)),
        }
    }
}
