//! Decoding within limits, at the scale that is needed, the right way up.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor};

use super::{Raster, plan};
use crate::error::{Code, Error, Result};
use crate::variant::Variant;

/// Pictures of more pixels are not decoded: about the largest any camera makes.
pub const MAX_PIXELS: u64 = 268_000_000;
const MAX_ALLOC: u64 = 1 << 30;
/// A progressive JPEG of a few kilobytes can ask for hours of work through its scans.
const MAX_SCANS: u32 = 500;

pub(super) struct Decoded {
    pub(super) raster: Raster,
    /// Size of the picture itself, the right way up; the raster may be smaller.
    pub(super) full: (u32, u32),
}

pub(super) fn decode(file: &[u8], format: ImageFormat, orientation: u8, variants: &[Variant]) -> Result<Decoded> {
    let orientation = Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms);
    let (image, stored) = match format {
        ImageFormat::Jpeg => match decode_jpeg(file, orientation, variants)? {
            Some(decoded) => decoded,
            None => decode_other(file, format)?,
        },
        _ => decode_other(file, format)?,
    };
    let mut image = image;
    image.apply_orientation(orientation);
    Ok(Decoded { raster: into_raster(image), full: turned(stored, orientation) })
}

/// Through libjpeg-turbo, at the smallest scale that no variant has to enlarge. Nothing for colour spaces it does
/// not convert (CMYK): those take the other door.
fn decode_jpeg(file: &[u8], orientation: Orientation, variants: &[Variant]) -> Result<Option<(DynamicImage, (u32, u32))>> {
    let mut decoder = Decompressor::new().map_err(|error| damaged(&error))?;
    let header = decoder.read_header(file).map_err(|error| damaged(&error))?;
    if matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK) {
        return Ok(None);
    }
    let stored = (side(header.width)?, side(header.height)?);
    check_pixels(stored)?;
    let factor = scale_for(turned(stored, orientation), variants);
    decoder.set_scan_limit(MAX_SCANS).map_err(|error| damaged(&error))?;
    decoder.set_scaling_factor(factor).map_err(|error| damaged(&error))?;
    let scaled = header.scaled(factor);
    let format = if header.colorspace == Colorspace::Gray { PixelFormat::GRAY } else { PixelFormat::RGB };
    let pitch = scaled.width * format.size();
    let mut pixels = vec![0; pitch * scaled.height];
    let target = Image { pixels: pixels.as_mut_slice(), width: scaled.width, pitch, height: scaled.height, format };
    decoder.decompress(file, target).map_err(|error| damaged(&error))?;
    let (width, height) = (side(scaled.width)?, side(scaled.height)?);
    let image = if format == PixelFormat::GRAY {
        image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    Ok(image.map(|image| (image, stored)))
}

/// libjpeg-turbo scales by n/8 while decoding; 1/8, 1/4 and 1/2 have SIMD paths and are the cheap ones.
fn scale_for(full: (u32, u32), variants: &[Variant]) -> ScalingFactor {
    let needed = variants.iter().map(|variant| {
        let frame = plan::frame(full, variant);
        (f64::from(frame.size.0) / frame.view.width).max(f64::from(frame.size.1) / frame.view.height)
    });
    let needed = needed.fold(0.0_f64, f64::max);
    let denominator = [8, 4, 2].into_iter().find(|denominator| 1.0 / f64::from(*denominator) >= needed).unwrap_or(1);
    ScalingFactor::new(1, denominator as usize)
}

fn decode_other(file: &[u8], format: ImageFormat) -> Result<(DynamicImage, (u32, u32))> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| image_error(&error))?;
    let stored = decoder.dimensions();
    check_pixels(stored)?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| image_error(&error))?;
    Ok((image, stored))
}

fn into_raster(image: DynamicImage) -> Raster {
    let (width, height, alpha) = (image.width(), image.height(), image.color().has_alpha());
    let pixels = if alpha { image.into_rgba8().into_raw() } else { image.into_rgb8().into_raw() };
    Raster { width, height, alpha, pixels }
}

fn turned((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => (height, width),
        _ => (width, height),
    }
}

fn check_pixels((width, height): (u32, u32)) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Error::new(Code::ImageDamaged, "the picture has no pixels"));
    }
    if pixels > MAX_PIXELS {
        return Err(Error::new(
            Code::ImageTooLarge,
            format!("the picture has {width} × {height} pixels, more than the limit of {} million", MAX_PIXELS / 1_000_000),
        )
        .hint("the original is uploaded as it is; make it smaller for variants"));
    }
    Ok(())
}

fn side(pixels: usize) -> Result<u32> {
    u32::try_from(pixels).map_err(|_| Error::new(Code::ImageTooLarge, "the picture is too large"))
}

fn damaged(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::ImageDamaged, format!("the picture is damaged: {error}"))
        .hint("open it in a viewer and save it again, or take it from the camera once more")
}

fn image_error(error: &image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => Error::new(Code::ImageTooLarge, format!("the picture is too large to decode: {error}"))
            .hint("the original is uploaded as it is; make it smaller for variants"),
        image::ImageError::Unsupported(_) => Error::new(Code::ImageUnsupported, format!("this kind of picture cannot be decoded: {error}"))
            .hint("the original is uploaded as it is; convert it to JPEG, PNG or WebP for variants"),
        other => damaged(other),
    }
}
