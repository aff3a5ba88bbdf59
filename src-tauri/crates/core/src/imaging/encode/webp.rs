//! WebP through libwebp; the container around it is written here: animations, ICC and EXIF.

use webp::{Encoder, WebPConfig};

use super::failure::failed;
use crate::container::riff;
use crate::error::{Code, Error, Result};
use crate::imaging::raster::Raster;
use crate::variant::{Effort, Variant};

/// What the format can say (RFC 9649, section 2.6: 14 bits).
const LARGEST_SIDE: u32 = 16_383;

/// libwebp's method, 0 to 6: 4 is its default, and sharp's.
const METHOD: i32 = 4;
const METHOD_BEST: i32 = 6;

pub(super) fn encode(
    raster: &Raster,
    variant: &Variant,
    quality: u8,
    (icc, exif): (Option<&[u8]>, Option<&[u8]>),
) -> Result<Vec<u8>> {
    let file = still(raster, variant, quality)?;
    if icc.is_none() && exif.is_none() {
        return Ok(file);
    }
    let pixels: Vec<riff::Chunk<'_>> = riff::chunks(&file)
        .filter(|chunk| &chunk.kind != b"VP8X")
        .collect();
    let alpha = if raster.alpha { riff::HAS_ALPHA } else { 0 };
    let flags = alpha | icc.map_or(0, |_| riff::HAS_ICC) | exif.map_or(0, |_| riff::HAS_EXIF);
    let header = riff::extended(flags, (raster.width, raster.height));
    let before = [(b"VP8X", header.as_slice())]
        .into_iter()
        .chain(icc.map(|icc| (b"ICCP", icc)));
    let all = before
        .chain(pixels.iter().map(|chunk| (&chunk.kind, chunk.data)))
        .chain(exif.map(|exif| (b"EXIF", exif)));
    riff::file(all).ok_or_else(|| failed("WebP", &"it is larger than the format allows"))
}

fn still(raster: &Raster, variant: &Variant, quality: u8) -> Result<Vec<u8>> {
    let (width, height) = (raster.width, raster.height);
    if width.max(height) > LARGEST_SIDE {
        let told =
            format!("{width} × {height} pixels are more than WebP takes ({LARGEST_SIDE} a side)");
        return Err(Error::new(Code::ImageTooLarge, told)
            .hint("make the variant smaller, or choose JPEG, PNG or AVIF for it"));
    }
    let encoder = if raster.alpha {
        Encoder::from_rgba(&raster.pixels, width, height)
    } else {
        Encoder::from_rgb(&raster.pixels, width, height)
    };
    let mut config = WebPConfig::new()
        .map_err(|()| failed("WebP", &"libwebp does not know its own settings"))?;
    config.lossless = i32::from(variant.lossless);
    config.quality = if variant.lossless {
        75.0
    } else {
        f32::from(quality)
    };
    config.method = if variant.effort == Effort::Best {
        METHOD_BEST
    } else {
        METHOD
    };
    let encoded = encoder
        .encode_advanced(&config)
        .map_err(|error| failed("WebP", &format!("{error:?}")))?;
    Ok(encoded.to_vec())
}

/// An animation, frame by frame (RFC 9649, section 2.7.1): only what changed since the last frame
/// is stored, and only one frame is held in memory.
pub(in super::super) struct Animation {
    size: (u32, u32),
    frames: Vec<u8>,
    shown: Option<Raster>,
    alpha: bool,
    /// How often it plays; 0: for ever.
    loops: u16,
}

impl Animation {
    pub(super) const fn new(size: (u32, u32), loops: u16) -> Self {
        Self {
            size,
            loops,
            frames: Vec::new(),
            shown: None,
            alpha: false,
        }
    }

    /// Appends a whole picture, shown for so many milliseconds.
    pub(super) fn push(
        &mut self,
        picture: Raster,
        milliseconds: u32,
        variant: &Variant,
    ) -> Result<()> {
        let changed = self
            .shown
            .as_ref()
            .map_or((0, 0, picture.width, picture.height), |before| {
                changed(before, &picture)
            });
        let (left, top, width, height) = changed;
        let part = picture.part(left, top, width, height);
        let file = still(&part, variant, variant.quality.number())?;
        self.alpha |= part.alpha;
        let head = [
            riff::u24(left / 2),
            riff::u24(top / 2),
            riff::u24(width - 1),
            riff::u24(height - 1),
            riff::u24(milliseconds.min(0x00ff_ffff)),
        ];
        // Bit 1: do not blend; the part replaces what is below it.
        let mut frame = [head.as_flattened(), &[0b10]].concat();
        let image =
            riff::chunks(&file).filter(|chunk| matches!(&chunk.kind, b"ALPH" | b"VP8 " | b"VP8L"));
        for chunk in image {
            riff::push(&mut frame, &chunk.kind, chunk.data).ok_or_else(too_long)?;
        }
        riff::push(&mut self.frames, b"ANMF", &frame).ok_or_else(too_long)?;
        self.shown = Some(picture);
        Ok(())
    }

    /// The file.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        let alpha = if self.alpha { riff::HAS_ALPHA } else { 0 };
        let header = riff::extended(riff::HAS_ANIMATION | alpha, self.size);
        let [low, high] = self.loops.to_le_bytes();
        let control = [0, 0, 0, 0, low, high];
        let mut file =
            riff::file([(b"VP8X", header.as_slice()), (b"ANIM", &control)]).ok_or_else(too_long)?;
        file.extend(self.frames);
        let length = u32::try_from(file.len() - 8).map_err(|_| too_long())?;
        file[4..8].copy_from_slice(&length.to_le_bytes());
        Ok(file)
    }
}

fn too_long() -> crate::error::Error {
    failed("WebP", &"the animation is larger than the format allows")
}

/// The rectangle outside of which two pictures of one size are equal; its corner at even places, as
/// the format wants, and at least one pixel large.
fn changed(before: &Raster, now: &Raster) -> (u32, u32, u32, u32) {
    let row = now.width as usize * now.channels();
    let differs = |y: &u32| {
        before
            .pixels
            .get(*y as usize * row..(*y as usize + 1) * row)
            != now.pixels.get(*y as usize * row..(*y as usize + 1) * row)
    };
    if before.alpha != now.alpha || (before.width, before.height) != (now.width, now.height) {
        return (0, 0, now.width, now.height);
    }
    let Some(top) = (0..now.height).find(differs) else {
        return (0, 0, 1, 1);
    };
    let bottom = (top..now.height).rev().find(differs).unwrap_or(top);
    let channels = now.channels();
    let rows = top as usize * row..(bottom as usize + 1) * row;
    let (mut left, mut right) = (now.width, 0);
    for (old, new) in before.pixels[rows.clone()]
        .chunks_exact(row)
        .zip(now.pixels[rows].chunks_exact(row))
    {
        let mut columns = (0..now.width)
            .zip(old.chunks_exact(channels).zip(new.chunks_exact(channels)))
            .filter(|(_, (a, b))| a != b);
        if let Some((first, _)) = columns.next() {
            left = left.min(first);
            right = right.max(columns.next_back().map_or(first, |(last, _)| last));
        }
    }
    let (left, top) = (left & !1, top & !1);
    (left, top, right + 1 - left, bottom + 1 - top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_stored() {
        let before = Raster {
            width: 9,
            height: 7,
            alpha: false,
            pixels: vec![0; 9 * 7 * 3],
        };
        let mut now = before.clone();
        assert_eq!(changed(&before, &now), (0, 0, 1, 1));
        now.pixels[(3 * 9 + 5) * 3] = 1;
        now.pixels[(4 * 9 + 7) * 3 + 2] = 1;
        let (left, top, width, height) = changed(&before, &now);
        assert_eq!((left, top, width, height), (4, 2, 4, 3));
        assert_eq!(
            now.part(left, top, width, height)
                .pixels
                .iter()
                .map(|p| usize::from(*p))
                .sum::<usize>(),
            2
        );
    }
}
