//! Everything `image` decodes, and JPEG XL through its door.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader};

use super::stored::{Stored, check, damaged, image_error, image_of};
use crate::container::{gif, ico, png, tiff};
use crate::content::Codec;
use crate::error::{Error, Result};
use crate::imaging::hdr::{self, Hdr};
use crate::imaging::meaning::Meaning;
use crate::imaging::raster::rounded;
use crate::settings::Limits;

pub(super) fn decode(file: &[u8], codec: Codec, limits: Limits) -> Result<Stored> {
    match codec {
        Codec::Gif => match gif::with_screen(file) {
            Some(larger) => plain(&larger, codec, limits),
            None => plain(file, codec, limits),
        },
        Codec::Png => match png::with_end(file) {
            Some(whole) => plain(&whole, codec, limits),
            None => plain(file, codec, limits),
        },
        Codec::Ico => {
            let stored = match ico::png_inside(file) {
                Some(png) => plain(png, Codec::Png, limits),
                None => plain(file, codec, limits),
            };
            stored.map(opaque_if_nowhere_set)
        }
        Codec::Bmp | Codec::Tga => plain(file, codec, limits).map(opaque_if_nowhere_set),
        Codec::Hdr => light(file, limits),
        other => plain(file, other, limits),
    }
}

pub(super) fn plain(file: &[u8], codec: Codec, limits: Limits) -> Result<Stored> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format(codec));
    reader.limits(image_limits(limits));
    let decoder = reader.into_decoder().map_err(|error| image_error(&error))?;
    read(decoder, limits, |profile| match codec {
        Codec::Png => Meaning::of_png(file, profile),
        // The decoder's bound for a field is the picture's size, whatever the profile's is.
        Codec::Tiff => tiff::icc(file).map(<[u8]>::to_vec).or(profile).into(),
        _ => profile.into(),
    })
}

/// Radiance's numbers are light, of which 1 is white.
fn light(file: &[u8], limits: Limits) -> Result<Stored> {
    let mut reader = ImageReader::with_format(Cursor::new(file), ImageFormat::Hdr);
    reader.limits(image_limits(limits));
    let decoder = reader.into_decoder().map_err(|error| image_error(&error))?;
    let (width, height) = decoder.dimensions();
    check(
        (width, height),
        decoder.total_bytes().saturating_mul(2),
        limits,
    )?;
    let light = DynamicImage::from_decoder(decoder)
        .map_err(|error| image_error(&error))?
        .into_rgb32f();
    let shown = hdr::shown(light.as_raw());
    let image = ImageBuffer::from_raw(width, height, shown).map(DynamicImage::ImageRgb8);
    let image = image.ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
    Ok(Stored::whole(image, Meaning::Srgb, 1))
}

/// An alpha channel that is zero everywhere was never set: Windows and browsers show the picture.
fn opaque_if_nowhere_set(mut stored: Stored) -> Stored {
    if let DynamicImage::ImageRgba8(image) = &mut stored.image
        && image.pixels().all(|pixel| pixel.0[3] == 0)
    {
        image.pixels_mut().for_each(|pixel| pixel.0[3] = u8::MAX);
    }
    stored
}

pub(super) fn jxl(file: &[u8], limits: Limits) -> Result<Stored> {
    let frames = if jxl_moves(file) { 2 } else { 1 };
    let pool = jxl_oxide::JxlThreadPool::none();
    let mut decoder = jxl_oxide::integration::JxlDecoder::with_thread_pool(Cursor::new(file), pool)
        .map_err(|error| image_error(&error))?;
    decoder
        .set_limits(image_limits(limits))
        .map_err(|error| image_error(&error))?;
    let stored = read(decoder, limits, Meaning::from)?;
    Ok(Stored { frames, ..stored })
}

/// Whether its header tells of time.
pub(in crate::imaging) fn jxl_moves(file: &[u8]) -> bool {
    /// The header is before the frames; only a profile may be longer.
    const HEADER: usize = 1 << 16;
    /// Room for what a first frame says of itself is made before it is there.
    const MOST: usize = 256 << 20;
    let mut image = jxl_oxide::JxlImage::builder()
        .pool(jxl_oxide::JxlThreadPool::none())
        .alloc_tracker(jxl_oxide::AllocTracker::with_limit(MOST))
        .build_uninit();
    if image.feed_bytes(&file[..file.len().min(HEADER)]).is_err() {
        return false;
    }
    matches!(
        image.try_init(),
        Ok(jxl_oxide::InitializeResult::Initialized(image))
            if image.image_header().metadata.animation.is_some()
    )
}

/// Width and height, from the header alone.
pub(super) fn dimensions(file: &[u8], codec: Codec) -> Option<(u32, u32)> {
    let larger = (codec == Codec::Gif)
        .then(|| gif::with_screen(file))
        .flatten();
    let file = larger.as_deref().unwrap_or(file);
    ImageReader::with_format(Cursor::new(file), format(codec))
        .into_dimensions()
        .ok()
}

pub(super) fn jxl_dimensions(file: &[u8]) -> Option<(u32, u32)> {
    jxl_oxide::integration::JxlDecoder::new(Cursor::new(file))
        .ok()
        .map(|decoder| decoder.dimensions())
}

pub(super) fn heic_dimensions(file: &[u8]) -> Option<(u32, u32)> {
    let heif = heifer::heifer_isobmff::HeifFile::parse(file).ok()?;
    let (width, height) = heif.image_size(heif.primary_id).ok()??;
    let quarters =
        heif.item_properties(heif.primary_id)
            .ok()?
            .find_map(|property| match property {
                heifer::heifer_isobmff::boxes::Property::Rotation(quarters) => Some(*quarters),
                _ => None,
            });
    Some(if quarters.is_some_and(|quarters| quarters % 2 == 1) {
        (height, width)
    } else {
        (width, height)
    })
}

/// The embedded ICC profile.
pub(super) fn icc(file: &[u8], codec: Codec) -> Option<Vec<u8>> {
    if let (Codec::Tiff, Some(profile)) = (codec, tiff::icc(file)) {
        return Some(profile.to_vec());
    }
    ImageReader::with_format(Cursor::new(file), format(codec))
        .into_decoder()
        .ok()?
        .icc_profile()
        .ok()
        .flatten()
}

fn image_limits(limits: Limits) -> image::Limits {
    let mut own = image::Limits::default();
    own.max_alloc = Some(limits.decode_bytes());
    own
}

const fn format(codec: Codec) -> ImageFormat {
    match codec {
        Codec::Gif => ImageFormat::Gif,
        Codec::Webp => ImageFormat::WebP,
        Codec::Bmp => ImageFormat::Bmp,
        Codec::Tiff => ImageFormat::Tiff,
        Codec::Ico => ImageFormat::Ico,
        Codec::Pnm => ImageFormat::Pnm,
        Codec::Tga => ImageFormat::Tga,
        Codec::Hdr => ImageFormat::Hdr,
        _ => ImageFormat::Png,
    }
}

fn read(
    mut decoder: impl ImageDecoder,
    limits: Limits,
    meaning: impl FnOnce(Option<Vec<u8>>) -> Meaning,
) -> Result<Stored> {
    let (width, height) = decoder.dimensions();
    let kind = decoder.color_type();
    // What is not stored as it is shown is there twice.
    let shown = match kind {
        ColorType::Rgb8 | ColorType::Rgba8 => 0,
        kind if kind.has_alpha() => 4,
        _ => 3,
    };
    let shown = u64::from(width) * u64::from(height) * shown;
    check(
        (width, height),
        decoder.total_bytes().saturating_add(shown),
        limits,
    )?;
    let meaning = meaning(decoder.icc_profile().ok().flatten());
    let mut bytes = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or_default()];
    let read = decoder
        .read_image(&mut bytes)
        .map_err(|error| image_error(&error));
    // What was read before the damage is shown; a wholly empty picture shows nothing.
    let damage = match read {
        Ok(()) => None,
        Err(error) if bytes.iter().all(|byte| *byte == 0) => return Err(error),
        Err(error) => Some(why(&error)),
    };
    let (image, meaning) = match (meaning, kind) {
        (Meaning::Hdr(hdr), kind) if kind.bytes_per_pixel() > kind.channel_count() => {
            let image = deep_hdr(hdr, kind, (width, height), &bytes)?;
            (image, Meaning::Srgb)
        }
        (meaning, kind) => {
            let image = assemble(kind, width, height, bytes);
            let image = image.ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
            (image, meaning)
        }
    };
    Ok(Stored {
        damaged: damage,
        ..Stored::whole(image, meaning, 1)
    })
}

fn why(error: &Error) -> String {
    error
        .message
        .trim_start_matches("the picture is damaged: ")
        .to_owned()
}

/// HDR's numbers of more than eight bits, drawn together before they are rounded.
fn deep_hdr(hdr: Hdr, kind: ColorType, size: (u32, u32), bytes: &[u8]) -> Result<DynamicImage> {
    let channels = usize::from(kind.channel_count());
    let width = usize::from(kind.bytes_per_pixel()) / channels;
    let number = |bytes: &[u8]| match *bytes {
        [a, b] => u16::from_ne_bytes([a, b]),
        [a, b, c, d] => unit_16(f32::from_ne_bytes([a, b, c, d])),
        _ => u16::MAX,
    };
    // Grey stands for all three; without alpha everything is there.
    let places = match channels {
        1 | 2 => [0, 0, 0, 1],
        _ => [0, 1, 2, 3],
    };
    let pixels = bytes.chunks_exact(width * channels).map(|pixel| {
        places.map(|at| {
            pixel
                .get(at * width..(at + 1) * width)
                .map_or(u16::MAX, number)
        })
    });
    let alpha = kind.has_alpha();
    image_of(size, hdr.shown(pixels, alpha), alpha)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
fn unit_16(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16
}

/// Pixels of any type as a picture of at most 8 bits a channel; deeper ones are rounded, not cut.
pub(super) fn assemble(
    kind: ColorType,
    width: u32,
    height: u32,
    bytes: Vec<u8>,
) -> Option<DynamicImage> {
    let deep = || {
        bytes
            .chunks_exact(2)
            .map(|pair| rounded(u16::from_ne_bytes([pair[0], pair[1]])))
            .collect()
    };
    let float = || {
        bytes
            .chunks_exact(4)
            .map(|four| unit(f32::from_ne_bytes([four[0], four[1], four[2], four[3]])))
            .collect()
    };
    let (channels, pixels): (u8, Vec<u8>) = match kind {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
            (kind.channel_count(), bytes)
        }
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            (kind.channel_count(), deep())
        }
        ColorType::Rgb32F | ColorType::Rgba32F => (kind.channel_count(), float()),
        _ => return None,
    };
    match channels {
        1 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        2 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        3 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte first"
)]
pub(super) fn unit(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}
