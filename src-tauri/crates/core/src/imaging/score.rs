//! What an encoded picture is worth: SSIMULACRA2 against the pixels it was made of.
//!
//! The measure is Jon Sneyers' (github.com/cloudinary/ssimulacra2): 100 is the same picture, at 90
//! no difference is seen side by side, 70 is hard to tell, 50 is seen at a second look.

use std::borrow::Cow;

use fast_ssim2::{
    PixelDescriptor, PixelSlice, Ssimulacra2Config, Ssimulacra2Reference,
    compute_ssimulacra2_with_config,
};
use turbojpeg::PixelFormat;

use super::raster::Raster;
use crate::error::{Code, Error, Result};
use crate::variant::{Format, Quality, Variant};

/// Pictures up to this size (an 800x600 one) are compared at once, with half of the work done
/// beforehand.
const AT_ONCE: u64 = 1 << 19;
/// Rows of a larger one that are compared at a time: less memory, the same score to a few tenths.
const ROWS: usize = 256;
/// The most of one that is held: larger ones are compared in pieces of this many pixels.
const PIECE: u64 = 1 << 22;
/// Bytes for each pixel, at once and in strips, as measured.
const BYTES_AT_ONCE: u64 = 110;
const BYTES_IN_STRIPS: u64 = 72;

/// As much of a large picture's middle as is compared for a quick look.
const MIDDLE: (u32, u32) = (800, 600);

/// What transparent pictures are laid on to be compared: what shows on one only, counts.
const BEHIND: [[u8; 3]; 2] = [[26; 3], [230; 3]];

/// The pixels that encoded ones are compared with.
pub(super) struct Reference<'a> {
    raster: Cow<'a, Raster>,
    /// Size of the picture, and where in it these pixels begin.
    whole: (u32, u32),
    place: (u32, u32),
    /// Small and opaque.
    prepared: Option<Ssimulacra2Reference>,
}

impl<'a> Reference<'a> {
    pub(super) fn new(raster: &'a Raster) -> Result<Self> {
        let whole = (raster.width, raster.height);
        Self::of(Cow::Borrowed(raster), whole, (0, 0))
    }

    /// Of the middle of a large picture only: enough for a look while a slider moves.
    pub(super) fn of_middle(raster: &'a Raster) -> Result<Self> {
        let whole = (raster.width, raster.height);
        let (width, height) = (whole.0.min(MIDDLE.0), whole.1.min(MIDDLE.1));
        if area(whole.0, whole.1) <= AT_ONCE {
            return Self::new(raster);
        }
        let (left, top) = ((whole.0 - width) / 2, (whole.1 - height) / 2);
        let middle = raster.part(left, top, width, height);
        Self::of(Cow::Owned(middle), whole, (left, top))
    }

    fn of(raster: Cow<'a, Raster>, whole: (u32, u32), place: (u32, u32)) -> Result<Self> {
        let at_once = area(raster.width, raster.height) <= AT_ONCE && !raster.alpha;
        let prepare =
            || Ssimulacra2Reference::new(&view(&raster, &raster.pixels)?).map_err(incomparable);
        let prepared = at_once.then(prepare).transpose()?;
        Ok(Self {
            raster,
            whole,
            place,
            prepared,
        })
    }

    /// How near a file's pixels come, to a hundredth; at most 100.
    pub(super) fn score(&self, file: &[u8], format: Format) -> Result<f64> {
        let mut shown = pixels_of(file, format)?;
        if (shown.width, shown.height) != self.whole {
            return Err(incomparable("its size is another"));
        }
        let (width, height) = (self.raster.width, self.raster.height);
        if (width, height) != self.whole {
            shown = shown.part(self.place.0, self.place.1, width, height);
        }
        let score = match &self.prepared {
            Some(prepared) => prepared
                .compare(&view(&shown, &shown.pixels)?)
                .map_err(incomparable)?,
            None if self.raster.alpha => {
                let mut worst = f64::INFINITY;
                for behind in BEHIND {
                    let (own, shown) = (Raster::clone(&self.raster), shown.clone());
                    worst = worst.min(compare(&own.flattened(behind), &shown.flattened(behind))?);
                }
                worst
            }
            None => compare(&self.raster, &shown)?,
        };
        Ok((score * 100.0).round() / 100.0)
    }
}

/// Bytes of memory that scoring the variants takes, beside their pixels.
pub(super) fn cost(variants: &[Variant]) -> u64 {
    let scored = variants
        .iter()
        .filter(|variant| matches!(variant.quality, Quality::Auto(_)) && !variant.is_exact());
    let each = scored.map(|variant| match area(variant.width, variant.height) {
        pixels if pixels <= AT_ONCE => pixels * BYTES_AT_ONCE,
        pixels => pixels.min(PIECE) * BYTES_IN_STRIPS,
    });
    // One after the other.
    each.max().unwrap_or_default()
}

/// Two opaque pictures of one size.
fn compare(one: &Raster, other: &Raster) -> Result<f64> {
    let row = one.width as usize * 3;
    let rows = usize::try_from(PIECE / u64::from(one.width.max(1))).unwrap_or(usize::MAX);
    // The last piece is no sliver: a few rows tell little.
    let pieces = (one.height as usize).div_ceil(rows.max(8));
    let rows = (one.height as usize).div_ceil(pieces.max(1));
    let config = if area(one.width, one.height).min(PIECE) > AT_ONCE {
        Ssimulacra2Config::strips(ROWS)
    } else {
        Ssimulacra2Config::default()
    };
    let mut sum = 0.0;
    for (one_rows, other_rows) in one
        .pixels
        .chunks(row * rows)
        .zip(other.pixels.chunks(row * rows))
    {
        let score = compute_ssimulacra2_with_config(
            &view(one, one_rows)?,
            &view(other, other_rows)?,
            &config,
        );
        #[expect(clippy::cast_precision_loss, reason = "less than 2^53 bytes")]
        let weight = one_rows.len() as f64;
        sum += score.map_err(incomparable)? * weight;
    }
    #[expect(clippy::cast_precision_loss, reason = "less than 2^53 bytes")]
    let all = one.pixels.len().max(1) as f64;
    Ok(sum / all)
}

fn area(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

/// Some of the rows of an opaque picture.
fn view<'a>(raster: &Raster, rows: &'a [u8]) -> Result<PixelSlice<'a>> {
    let row = raster.width as usize * 3;
    let height = u32::try_from(rows.len() / row.max(1)).unwrap_or(u32::MAX);
    PixelSlice::new(rows, raster.width, height, row, PixelDescriptor::RGB8_SRGB)
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
            let whole = of((picture.width, picture.height), true, picture.rgba);
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
