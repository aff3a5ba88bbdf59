//! TIFF tells more than its decoder looks at: which of its pages is the picture, and what numbers
//! mean (TIFF 6.0, sections 5, 16, 18 and 23).

use std::io::{Cursor, Read, Seek, SeekFrom};

use ::tiff::decoder::DecodingResult;
use ::tiff::tags::Tag;
use image::{DynamicImage, ImageBuffer};

use super::fax;
use super::page::{BLACK_IS_ZERO, Page, tag};
use super::still::{plain, unit};
use super::stored::{Stored, check, damaged, unsupported};
use crate::container::tiff::Tiff;
use crate::content::Codec;
use crate::error::Result;
use crate::imaging::colour::{self, Colours};
use crate::imaging::meaning::Meaning;
use crate::imaging::raster::rounded;
use crate::settings::Limits;

const WHITE_IS_ZERO: u32 = 0;
const RGB: u32 = 2;
const PALETTE: u32 = 3;
const INKS: u32 = 5;
const CIE_LAB: u32 = 8;
const ICC_LAB: u32 = 9;
const FLOAT: u32 = 3;
/// Of compression: a fax's rows.
const GROUP_3: u32 = 3;

/// The picture of a file, to be turned as `orientation` says unless it is not on the first page.
pub(super) fn decode(
    file: &[u8],
    orientation: u8,
    limits: Limits,
    colours: &mut Colours,
) -> Result<Stored> {
    // BigTIFF, and what is no TIFF at all, are the decoder's alone.
    let Some(page) = Page::of(file) else {
        let stored = plain(file, Codec::Tiff, limits)?;
        return Ok(Stored {
            orientation,
            ..stored
        });
    };
    Ok(Stored {
        orientation: page.turned_as().unwrap_or(orientation),
        ..shown(&page, limits, colours)?
    })
}

fn shown(page: &Page<'_>, limits: Limits, colours: &mut Colours) -> Result<Stored> {
    let bits = page.numbers(tag::BITS);
    let depth = bits.first().copied().unwrap_or(1);
    let samples = page.number(tag::SAMPLES).unwrap_or(1);
    let in_planes = page.number(tag::PLANAR) == Some(2);
    let is_float = page.number(tag::SAMPLE_FORMAT) == Some(FLOAT);
    match page.number(tag::PHOTOMETRIC) {
        _ if page.number(tag::COMPRESSION) == Some(GROUP_3) => fax::decode(page, limits),
        Some(INKS) if bits == [8; 4] && !in_planes => inks(&page.file, limits, colours),
        Some(PALETTE) if samples == 1 => palette(page, depth, limits),
        Some(kind @ (CIE_LAB | ICC_LAB)) if !in_planes => lab(page, kind, limits),
        Some(kind @ (WHITE_IS_ZERO | BLACK_IS_ZERO))
            if samples == 1 && (matches!(depth, 2 | 4) || is_float) =>
        {
            grey(page, depth, kind == WHITE_IS_ZERO, limits)
        }
        _ => {
            let stored = plain(&page.file, Codec::Tiff, limits)?;
            Ok(if page.number(tag::EXTRA_SAMPLES) == Some(1) {
                divided(stored)
            } else {
                stored
            })
        }
    }
}

/// How the page that is the picture is to be turned, where the first page does not say it.
pub(in crate::imaging) fn turned_as(file: &[u8]) -> Option<u8> {
    Page::of(file)?.turned_as()
}

/// Width and height of the page that is the picture.
pub(super) fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    Page::of(file)?.size()
}

/// The samples as they are stored, for a meaning that the decoder does not know: it is told one
/// of as many samples that it does.
fn samples(page: &Page<'_>, told: u32, limits: Limits) -> Result<Samples> {
    let entry = page.directory.entry(tag::PHOTOMETRIC);
    let entry = entry.ok_or_else(|| damaged(&"it does not say what its numbers mean"))?;
    let big_endian = Tiff::new(&page.file).is_some_and(|tiff| tiff.big_endian());
    let told = if big_endian {
        told.to_be_bytes()
    } else {
        told.to_le_bytes()
    };
    // A number of two bytes, or of four.
    let told = match (entry.length, big_endian) {
        (2, true) => &told[2..],
        (2, false) => &told[..2],
        _ => &told[..],
    };
    Samples::of(Told::new(&page.file, entry.value, told), limits)
}

/// A file of which some bytes are others, without a copy of it.
struct Told<'a> {
    file: Cursor<&'a [u8]>,
    at: u64,
    bytes: &'a [u8],
}

impl<'a> Told<'a> {
    fn new(file: &'a [u8], at: usize, bytes: &'a [u8]) -> Self {
        Self {
            file: Cursor::new(file),
            at: at as u64,
            bytes,
        }
    }
}

impl Read for Told<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let from = self.file.position();
        let read = self.file.read(into)?;
        for (place, byte) in (self.at..).zip(self.bytes) {
            let within = place.checked_sub(from).map(usize::try_from);
            if let Some(Ok(within)) = within
                && let Some(place) = into[..read].get_mut(within)
            {
                *place = *byte;
            }
        }
        Ok(read)
    }
}

impl Seek for Told<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

struct Samples {
    width: u32,
    height: u32,
    profile: Option<Vec<u8>>,
    /// Numbers a pixel has, in the decoder's own count.
    each: usize,
    read: DecodingResult,
}

impl Samples {
    fn of(file: impl Read + Seek, limits: Limits) -> Result<Self> {
        let mut own = ::tiff::decoder::Limits::default();
        own.decoding_buffer_size = usize::try_from(limits.decode_bytes()).unwrap_or(usize::MAX);
        let mut decoder = ::tiff::decoder::Decoder::new(file)
            .map_err(|error| damaged(&error))?
            .with_limits(own);
        let (width, height) = decoder.dimensions().map_err(|error| damaged(&error))?;
        let pixels = u64::from(width) * u64::from(height);
        // At most four samples of two bytes, and three bytes of what they mean.
        check((width, height), pixels.saturating_mul(11), limits)?;
        let each = decoder.colortype().map_err(|error| unsupported(&error))?;
        let read = decoder.read_image().map_err(|error| match error {
            ::tiff::TiffError::UnsupportedError(_) => unsupported(&error),
            error => damaged(&error),
        })?;
        Ok(Self {
            width,
            height,
            profile: decoder.get_tag_u8_vec(Tag::IccProfile).ok(),
            each: usize::from(each.num_samples()),
            read,
        })
    }

    fn shown(&self, rgb: Vec<u8>, meaning: Meaning) -> Result<Stored> {
        let image = ImageBuffer::from_raw(self.width, self.height, rgb);
        let image = image.map(DynamicImage::ImageRgb8);
        let image = image.ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
        Ok(Stored::whole(image, meaning, 1))
    }

    /// Numbers of fewer bits than a byte has, each in a byte of its own; rows begin with a byte.
    fn unpacked(&self, bits: u32) -> Result<Vec<u8>> {
        let (DecodingResult::U8(packed), 1 | 2 | 4 | 8, 1) = (&self.read, bits, self.each) else {
            return Err(unsupported(&"its numbers have a depth that nobody writes"));
        };
        if bits >= 8 {
            return Ok(packed.clone());
        }
        let width = self.width as usize;
        let in_a_byte = (8 / bits.max(1)) as usize;
        let row = width.div_ceil(in_a_byte).max(1);
        let mask = (1_u16 << bits) - 1;
        let number = |row: &[u8], x: usize| {
            let byte = u16::from(row[x / in_a_byte]);
            let shift = bits as usize * (in_a_byte - 1 - x % in_a_byte);
            u8::try_from((byte >> shift) & mask).unwrap_or_default()
        };
        let rows = packed.chunks_exact(row).take(self.height as usize);
        Ok(rows
            .flat_map(|row| (0..width).map(move |x| number(row, x)))
            .collect())
    }
}

/// Each number is a place in a table of colours.
fn palette(page: &Page<'_>, bits: u32, limits: Limits) -> Result<Stored> {
    let table = page.numbers(tag::COLOUR_MAP);
    let colours = 1_usize.checked_shl(bits).unwrap_or_default();
    if !matches!(bits, 1 | 2 | 4 | 8) || table.len() < colours * 3 {
        return Err(damaged(&"its table of colours is too short"));
    }
    let samples = samples(page, BLACK_IS_ZERO, limits)?;
    // Some writers put bytes where two belong.
    let is_of_bytes = table.iter().all(|value| *value < 256);
    let level = |value: u32| {
        let value = u16::try_from(value).unwrap_or(u16::MAX);
        if is_of_bytes {
            u8::try_from(value).unwrap_or(u8::MAX)
        } else {
            rounded(value)
        }
    };
    let table: Vec<[u8; 3]> = (0..colours)
        .map(|at| [0, 1, 2].map(|channel| level(table[channel * colours + at])))
        .collect();
    let places = samples.unpacked(bits)?;
    let rgb = places.iter().flat_map(|place| {
        let found = table.get(usize::from(*place));
        found.copied().unwrap_or_default()
    });
    samples.shown(rgb.collect(), samples.profile.clone().into())
}

/// Grey in depths that the decoder of pictures leaves out: 2 and 4 bits, and numbers with a point.
fn grey(page: &Page<'_>, bits: u32, is_negative: bool, limits: Limits) -> Result<Stored> {
    let samples = samples(page, BLACK_IS_ZERO, limits)?;
    let levels: Vec<u8> = match &samples.read {
        DecodingResult::F32(values) => values.iter().map(|value| unit(*value)).collect(),
        #[expect(clippy::cast_possible_truncation, reason = "clamped to one")]
        DecodingResult::F64(values) => values
            .iter()
            .map(|value| unit(value.clamp(0.0, 1.0) as f32))
            .collect(),
        _ => {
            let numbers = samples.unpacked(bits)?;
            let step = 255 / u8::try_from((1_u32 << bits) - 1).unwrap_or(u8::MAX);
            numbers.iter().map(|number| number * step).collect()
        }
    };
    let turned = |level: u8| if is_negative { 255 - level } else { level };
    let rgb = levels.into_iter().flat_map(|level| [turned(level); 3]);
    samples.shown(rgb.collect(), Meaning::Srgb)
}

/// Lightness and two differences, whose white is D50 as in every editor that writes them.
fn lab(page: &Page<'_>, kind: u32, limits: Limits) -> Result<Stored> {
    let samples = samples(page, RGB, limits)?;
    let each = samples.each.max(3);
    let centred = kind == CIE_LAB;
    // The colours of one pixel, from lightness and differences in their own units.
    let rgb: Vec<u8> = match &samples.read {
        DecodingResult::U8(values) => values
            .chunks_exact(each)
            .flat_map(|pixel| {
                let difference = |value: u8| {
                    if centred {
                        f32::from(value.cast_signed())
                    } else {
                        f32::from(value) - 128.0
                    }
                };
                let light = f32::from(pixel[0]) / 2.55;
                colour::of_lab([light, difference(pixel[1]), difference(pixel[2])])
            })
            .collect(),
        // libvips': 16 bits with a sign, and numbers with a point.
        DecodingResult::I16(values) => values
            .chunks_exact(each)
            .flat_map(|pixel| {
                let [light, a, b] = [0, 1, 2].map(|at| f32::from(pixel[at]));
                colour::of_lab([light / 327.67, a / 256.0, b / 256.0])
            })
            .collect(),
        DecodingResult::F32(values) => values
            .chunks_exact(each)
            .flat_map(|pixel| colour::of_lab([pixel[0], pixel[1], pixel[2]]))
            .collect(),
        DecodingResult::U16(values) => values
            .chunks_exact(each)
            .flat_map(|pixel| {
                let (white, difference): (f32, fn(u16) -> f32) = if centred {
                    (655.35, |value| f32::from(value.cast_signed()) / 256.0)
                } else {
                    (652.8, |value| f32::from(value) / 256.0 - 128.0)
                };
                let light = f32::from(pixel[0]) / white;
                colour::of_lab([light, difference(pixel[1]), difference(pixel[2])])
            })
            .collect(),
        _ => {
            return Err(unsupported(
                &"its Lab numbers have a depth that nobody writes",
            ));
        }
    };
    samples.shown(rgb, Meaning::Srgb)
}

/// Four inks, by their profile.
fn inks(file: &[u8], limits: Limits, colours: &mut Colours) -> Result<Stored> {
    let samples = Samples::of(Cursor::new(file), limits)?;
    let DecodingResult::U8(inks) = &samples.read else {
        return Err(damaged(&"its inks are of another depth than it says"));
    };
    let shown = colours.cmyk_to_srgb(inks, samples.profile.as_deref());
    samples.shown(shown, Meaning::Srgb)
}

/// Colours that were multiplied with their alpha, as they were.
fn divided(mut stored: Stored) -> Stored {
    if let DynamicImage::ImageRgba8(image) = &mut stored.image {
        image.pixels_mut().for_each(|pixel| {
            let alpha = u32::from(pixel.0[3]);
            for channel in &mut pixel.0[..3] {
                let whole = (u32::from(*channel) * 255 + alpha / 2).checked_div(alpha);
                *channel = u8::try_from(whole.unwrap_or_default()).unwrap_or(u8::MAX);
            }
        });
    }
    stored
}
