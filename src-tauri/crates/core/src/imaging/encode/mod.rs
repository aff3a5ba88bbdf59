//! Encoding. No metadata goes out unless a variant asks for it: no location, and no orientation tag
//! that would turn the picture again.

mod animation;
mod failure;
mod rights;
mod webp;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::raster::Raster;
use crate::container::jpeg;
use crate::error::Result;
use crate::metadata::Rights;
use crate::variant::{Effort, Format, Variant};
pub(super) use animation::Animation;
use failure::failed;

/// libaom's speed, 0 to 10: chosen by `cargo xtask bench images` for score and bytes at sharp's
/// `effort: 2`.
const AVIF_SPEED: u8 = 7;
const AVIF_SPEED_BEST: u8 = 5;

/// Three per cent larger than the usual level 6, in a third of the time (800x600 photographs with
/// alpha).
const PNG_LEVEL: CompressionType = CompressionType::Level(3);

/// What a variant keeps of its source besides the pixels.
#[derive(Clone, Copy, Default)]
pub(super) struct Carried<'a> {
    pub(super) icc: Option<&'a [u8]>,
    pub(super) rights: Option<&'a Rights>,
}

/// Codec handles that outlive a picture.
#[derive(Default)]
pub(super) struct Encoder {
    jpeg: Option<Compressor>,
}

impl Encoder {
    pub(super) fn encode(
        &mut self,
        raster: &Raster,
        variant: &Variant,
        quality: u8,
        carried: Carried<'_>,
    ) -> Result<Vec<u8>> {
        let exif = carried.rights.and_then(rights::exif);
        match variant.format {
            Format::Jpeg | Format::Auto if variant.effort == Effort::Best => Ok(with_segments(
                jpeg_best(raster, variant, quality)?,
                carried.icc,
                exif.as_deref(),
            )),
            Format::Jpeg | Format::Auto => {
                let (width, height) = (raster.width as usize, raster.height as usize);
                let image = Image {
                    pixels: raster.pixels.as_slice(),
                    width,
                    pitch: width * 3,
                    height,
                    format: PixelFormat::RGB,
                };
                self.jpeg(variant, quality, carried, &mut |encoder| {
                    encoder.compress_to_vec(image)
                })
            }
            Format::Png => png(raster, variant.effort, carried.icc, exif),
            Format::Webp => webp::encode(raster, variant, quality, (carried.icc, exif.as_deref())),
            Format::Avif => avif(raster, variant, quality, (carried.icc, exif.as_deref())),
        }
    }

    /// Progressive unless asked otherwise, with optimised Huffman tables, by libjpeg-turbo;
    /// `compress` hands it the picture.
    pub(super) fn jpeg(
        &mut self,
        variant: &Variant,
        quality: u8,
        carried: Carried<'_>,
        compress: &mut dyn FnMut(&mut Compressor) -> turbojpeg::Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let mut encode = || -> turbojpeg::Result<Vec<u8>> {
            let encoder = match &mut self.jpeg {
                Some(encoder) => encoder,
                place => {
                    let mut encoder = Compressor::new()?;
                    encoder.set_subsamp(Subsamp::Sub2x2)?;
                    encoder.set_optimize(true)?;
                    place.insert(encoder)
                }
            };
            encoder.set_progressive(!variant.baseline)?;
            encoder.set_quality(i32::from(quality))?;
            compress(encoder)
        };
        let file = encode().map_err(|error| failed("JPEG", &error))?;
        let exif = carried.rights.and_then(rights::exif);
        Ok(with_segments(file, carried.icc, exif.as_deref()))
    }
}

/// Mozilla's way: trellis quantisation and searched scans, for the same look in fewer bytes.
fn jpeg_best(raster: &Raster, variant: &Variant, quality: u8) -> Result<Vec<u8>> {
    let preset = if variant.baseline {
        mozjpeg_rs::Preset::BaselineBalanced
    } else {
        mozjpeg_rs::Preset::ProgressiveSmallest
    };
    mozjpeg_rs::Encoder::new(preset)
        .quality(quality)
        .subsampling(mozjpeg_rs::Subsampling::S420)
        .encode_rgb(&raster.pixels, raster.width, raster.height)
        .map_err(|error| failed("JPEG", &error))
}

/// Puts an ICC profile and EXIF behind the start mark and the JFIF segment.
fn with_segments(file: Vec<u8>, icc: Option<&[u8]>, exif: Option<&[u8]>) -> Vec<u8> {
    if icc.is_none() && exif.is_none() {
        return file;
    }
    let jfif = jpeg::headers(&file)
        .next()
        .filter(|segment| segment.marker == jpeg::APP0)
        .map_or(0, |segment| segment.whole.len());
    let (start, rest) = file.split_at(2 + jfif);
    let exif = exif
        .and_then(|exif| jpeg::segment(jpeg::APP1, &[jpeg::EXIF, exif]))
        .unwrap_or_default();
    let icc = icc.map(jpeg::icc_segments).unwrap_or_default();
    [start, &exif, &icc, rest].concat()
}

fn png(
    raster: &Raster,
    effort: Effort,
    icc: Option<&[u8]>,
    exif: Option<Vec<u8>>,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let colour = if raster.alpha {
        ExtendedColorType::Rgba8
    } else {
        ExtendedColorType::Rgb8
    };
    let compression = if effort == Effort::Best {
        CompressionType::Best
    } else {
        PNG_LEVEL
    };
    let mut encoder = PngEncoder::new_with_quality(&mut out, compression, FilterType::Adaptive);
    let carried = icc.map_or(Ok(()), |icc| encoder.set_icc_profile(icc.to_vec()));
    carried
        .and_then(|()| exif.map_or(Ok(()), |exif| encoder.set_exif_metadata(exif)))
        .map_err(|error| failed("PNG", &error))?;
    encoder
        .write_image(&raster.pixels, raster.width, raster.height, colour)
        .map_err(|error| failed("PNG", &error))?;
    Ok(out)
}

const fn avif_options(variant: &Variant, quality: u8) -> tintype_avif::Options<'static> {
    tintype_avif::Options {
        quality,
        speed: match variant.effort {
            Effort::Normal => AVIF_SPEED,
            Effort::Best => AVIF_SPEED_BEST,
        },
        full_chroma: false,
        icc: None,
        exif: None,
    }
}

fn avif(
    raster: &Raster,
    variant: &Variant,
    quality: u8,
    (icc, exif): (Option<&[u8]>, Option<&[u8]>),
) -> Result<Vec<u8>> {
    let options = tintype_avif::Options {
        icc,
        exif,
        ..avif_options(variant, quality)
    };
    tintype_avif::encode(
        &raster.pixels,
        (raster.width, raster.height),
        raster.alpha,
        options,
    )
    .map_err(|error| failed("AVIF", &error))
}
