//! Encoding. No metadata goes out: no location, and no orientation tag that would turn the picture again.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::{Raster, resize};
use crate::error::{Code, Error, Result};
use crate::variant::{Format, Variant};

pub(super) fn encode(raster: &Raster, variant: &Variant) -> Result<Vec<u8>> {
    match variant.format {
        Format::Jpeg if raster.alpha => jpeg(&resize::flatten(raster), variant.quality),
        Format::Jpeg => jpeg(raster, variant.quality),
        Format::Png => png(raster),
        Format::Webp => webp(raster, variant.quality),
    }
}

fn jpeg(raster: &Raster, quality: u8) -> Result<Vec<u8>> {
    let image = Image {
        pixels: raster.pixels.as_slice(),
        width: raster.width as usize,
        pitch: raster.width as usize * 3,
        height: raster.height as usize,
        format: PixelFormat::RGB,
    };
    let encode = || -> turbojpeg::Result<Vec<u8>> {
        let mut encoder = Compressor::new()?;
        encoder.set_quality(i32::from(quality))?;
        encoder.set_subsamp(Subsamp::Sub2x2)?;
        encoder.set_progressive(true)?;
        encoder.compress_to_vec(image)
    };
    encode().map_err(|error| failed("JPEG", &error))
}

fn png(raster: &Raster) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let colour = if raster.alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive)
        .write_image(&raster.pixels, raster.width, raster.height, colour)
        .map_err(|error| failed("PNG", &error))?;
    Ok(out)
}

fn webp(raster: &Raster, quality: u8) -> Result<Vec<u8>> {
    let (width, height) = (raster.width, raster.height);
    let encoder = if raster.alpha {
        webp::Encoder::from_rgba(&raster.pixels, width, height)
    } else {
        webp::Encoder::from_rgb(&raster.pixels, width, height)
    };
    let encoded = encoder.encode_simple(false, f32::from(quality)).map_err(|error| failed("WebP", &format!("{error:?}")))?;
    Ok(encoded.to_vec())
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("the {what} could not be written: {error}"))
}
