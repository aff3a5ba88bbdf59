//! AVIF, one picture of it at a time.

use tintype_avif::Samples;

use super::stored::{Stored, damaged, image_of, rgba_image, too_large};
use crate::error::{Error, Result};
use crate::imaging::meaning::Meaning;
use crate::settings::Limits;

pub(super) fn decode(file: &[u8], limits: Limits) -> Result<Stored> {
    let picture =
        tintype_avif::decode(file, most_pixels(limits)).map_err(|error| refused(&error))?;
    stored(picture)
}

pub(super) fn refused(error: &tintype_avif::Error) -> Error {
    if error.too_large {
        too_large(error)
    } else {
        damaged(error)
    }
}

/// One picture of a file, which may have more.
pub(super) fn stored(picture: tintype_avif::Picture) -> Result<Stored> {
    let meaning = match picture.colour {
        tintype_avif::Colour::Icc(icc) => Some(icc).into(),
        tintype_avif::Colour::Cicp(primaries, transfer, _) => Meaning::of_cicp(primaries, transfer),
    };
    let size = (picture.width, picture.height);
    let (image, meaning) = match (picture.rgba, meaning) {
        (Samples::Sixteen(deep), Meaning::Hdr(hdr)) => {
            let pixels = deep.chunks_exact(4);
            let pixels = pixels.map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]);
            let shown = hdr.shown(pixels, picture.alpha);
            (image_of(size, shown, picture.alpha)?, Meaning::Srgb)
        }
        (samples, meaning) => (rgba_image(size, samples.eight(), picture.alpha)?, meaning),
    };
    Ok(Stored {
        frames: picture.frames,
        ..Stored::whole(image, meaning, picture.orientation)
    })
}

pub(super) fn most_pixels(limits: Limits) -> u32 {
    let most = limits.pixels().min(limits.decode_bytes() / 8);
    u32::try_from(most).unwrap_or(u32::MAX)
}
