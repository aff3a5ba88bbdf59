//! What an encoded picture is worth: SSIMULACRA2 against the pixels it was made of.
//!
//! The measure is Jon Sneyers' (github.com/cloudinary/ssimulacra2): 100 is the same picture, at 90
//! no difference is seen side by side, 70 is hard to tell, 50 is seen at a second look.

use std::borrow::Cow;

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use turbojpeg::PixelFormat;

use super::raster::Raster;
use crate::error::{Code, Error, Result};
use crate::variant::{Format, Quality, Variant};

/// Pictures up to this size (an 800x600 one) are compared as they are; of larger ones as much.
const WHOLE: u64 = 1 << 19;
/// A quarter of it.
const TILE: u32 = 120_000;
/// Bytes for each pixel, as measured, the encoded picture's own included.
const BYTES: u64 = 128;

/// What transparent pictures are laid on to be compared: what shows on one only, counts.
const BEHIND: [[u8; 3]; 2] = [[26; 3], [230; 3]];

/// Four parts of a large picture, which are encoded to learn what it is worth, so that a search
/// takes no longer for it.
pub(super) fn parts(raster: &Raster) -> Option<Raster> {
    if area(raster.width, raster.height) <= WHOLE {
        return None;
    }
    let half = (raster.width / 2, raster.height / 2);
    let across = half.0.clamp(1, 400);
    let down = half.1.clamp(1, TILE / across);
    let across = half.0.clamp(1, TILE / down);
    // The middle of each quarter.
    let at = |side: u32, part: u32| (side - part) / 2;
    let lefts = [
        at(half.0.max(1), across),
        half.0 + at(half.0.max(1), across),
    ];
    let tops = [at(half.1.max(1), down), half.1 + at(half.1.max(1), down)];
    let mut tiles = Raster {
        width: across * 2,
        height: down * 2,
        alpha: raster.alpha,
        pixels: Vec::with_capacity((across * down * 4) as usize * raster.channels()),
    };
    let row = across as usize * raster.channels();
    for top in tops {
        let [left, right] = lefts.map(|left| raster.part(left, top, across, down));
        for (one, other) in left.pixels.chunks(row).zip(right.pixels.chunks(row)) {
            tiles.pixels.extend_from_slice(one);
            tiles.pixels.extend_from_slice(other);
        }
    }
    // One pixel wide or high: the same ones twice are no harm.
    Some(tiles)
}

/// Pixels that are to be encoded, and what encoded ones are compared with.
pub(super) struct Model<'a> {
    raster: Cow<'a, Raster>,
    /// What stands for a large one.
    parts: Option<Raster>,
    /// As it looks on each background; from the first comparison on.
    prepared: Vec<(Option<[u8; 3]>, Ssimulacra2Reference)>,
}

impl<'a> Model<'a> {
    pub(super) fn new(raster: Cow<'a, Raster>) -> Self {
        Self {
            parts: parts(&raster),
            raster,
            prepared: Vec::new(),
        }
    }

    /// However large it is, to be compared as a whole.
    #[cfg(test)]
    pub(super) const fn whole(raster: Cow<'a, Raster>) -> Self {
        Self {
            raster,
            parts: None,
            prepared: Vec::new(),
        }
    }

    pub(super) fn raster(&self) -> &Raster {
        &self.raster
    }

    /// What is encoded to learn what the picture is worth.
    pub(super) fn sample(&self) -> &Raster {
        self.parts.as_ref().unwrap_or(&self.raster)
    }

    /// Whether that is all of it.
    pub(super) const fn is_whole(&self) -> bool {
        self.parts.is_none()
    }

    fn prepare(&self) -> Result<Vec<(Option<[u8; 3]>, Ssimulacra2Reference)>> {
        let prepare =
            |raster: &Raster| Ssimulacra2Reference::new(&view(raster)?).map_err(incomparable);
        let sample = self.sample();
        if !sample.alpha {
            return Ok(vec![(None, prepare(sample)?)]);
        }
        let on = |behind| Ok((Some(behind), prepare(&sample.clone().flattened(behind))?));
        BEHIND.into_iter().map(on).collect()
    }

    /// How near a file's pixels come, to a hundredth; at most 100.
    pub(super) fn score(&mut self, file: &[u8], format: Format) -> Result<f64> {
        let shown = pixels_of(file, format)?;
        let sample = self.sample();
        if (shown.width, shown.height) != (sample.width, sample.height) {
            return Err(incomparable("its size is another"));
        }
        if self.prepared.is_empty() {
            self.prepared = self.prepare()?;
        }
        let mut worst = f64::INFINITY;
        for (behind, prepared) in &self.prepared {
            let laid = match behind {
                Some(behind) => Cow::Owned(shown.clone().flattened(*behind)),
                None => Cow::Borrowed(&shown),
            };
            let score = prepared.compare(&view(&laid)?).map_err(incomparable)?;
            worst = worst.min(score);
        }
        Ok((worst * 100.0).round() / 100.0)
    }
}

/// Bytes of memory that scoring the variants takes, beside their pixels.
pub(super) fn cost(variants: &[Variant]) -> u64 {
    let scored = variants
        .iter()
        .filter(|variant| matches!(variant.quality, Quality::Auto(_)) && !variant.is_exact());
    // One after the other; what is transparent is compared on two backgrounds.
    let each = scored.map(|variant| {
        let pixels = area(variant.width, variant.height).min(WHOLE);
        let backgrounds = if variant.format == Format::Jpeg { 1 } else { 2 };
        pixels * BYTES * backgrounds
    });
    each.max().unwrap_or_default()
}

fn area(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

fn view(raster: &Raster) -> Result<PixelSlice<'_>> {
    let row = raster.width as usize * 3;
    let (width, height) = (raster.width, raster.height);
    PixelSlice::new(
        &raster.pixels,
        width,
        height,
        row,
        PixelDescriptor::RGB8_SRGB,
    )
    .map_err(|error| incomparable(format!("{error:?}")))
}

/// The pixels of a file that was encoded here, as its readers will see them.
fn pixels_of(file: &[u8], format: Format) -> Result<Raster> {
    let of = |(width, height): (u32, u32), alpha, pixels| Raster {
        width,
        height,
        alpha,
        pixels,
    };
    match format {
        Format::Jpeg | Format::Auto => {
            let image = turbojpeg::decompress(file, PixelFormat::RGB).map_err(incomparable)?;
            let side = |pixels| u32::try_from(pixels).unwrap_or(u32::MAX);
            Ok(of(
                (side(image.width), side(image.height)),
                false,
                image.pixels,
            ))
        }
        Format::Webp => {
            let image = webp::Decoder::new(file)
                .decode()
                .ok_or_else(|| incomparable("its decoder gave up on it"))?;
            Ok(of(
                (image.width(), image.height()),
                image.is_alpha(),
                image.to_vec(),
            ))
        }
        Format::Avif => {
            let picture = tintype_avif::decode(file, u32::MAX).map_err(incomparable)?;
            let whole = of((picture.width, picture.height), true, picture.rgba.eight());
            Ok(if picture.alpha {
                whole
            } else {
                whole.flattened([0; 3])
            })
        }
        Format::Png => Err(incomparable("it is what it was made of")),
    }
}

fn incomparable(why: impl std::fmt::Display) -> Error {
    Error::new(
        Code::Internal,
        format!("a variant cannot be compared with its pixels: {why}"),
    )
}
