//! JPEG through libjpeg-turbo, at the smallest scale that no variant has to enlarge.

use image::DynamicImage;
use image::metadata::Orientation;
use turbojpeg::{
    Colorspace, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage, yuv_pixels_len,
};

use super::stored::{Stored, check, damaged, scale_needed, turned, unsupported};
use crate::container::jpeg::{self, Frame};
use crate::error::Result;
use crate::imaging::colour::Colours;
use crate::settings::Limits;
use crate::variant::Variant;

/// A progressive JPEG of a few kilobytes can ask for hours of work through its scans.
const MAX_SCANS: u32 = 500;

/// Planes and the picture's own size, as stored.
pub(super) type StoredPlanes = (YuvImage<Vec<u8>>, (u32, u32));
/// Pixels, width, height, colour space, and what was wrong with the file although there are pixels.
type Decompressed = (Vec<u8>, usize, usize, Colorspace, Option<String>);

#[derive(Default)]
pub(super) struct Decoder {
    handle: Option<Decompressor>,
    buffer: Vec<u8>,
}

impl Decoder {
    pub(super) fn decode(
        &mut self,
        file: &[u8],
        orientation: u8,
        variants: &[Variant],
        limits: Limits,
        colours: &mut Colours,
    ) -> Result<Stored> {
        let tidy = jpeg::without_gaps(file);
        let file = tidy.as_deref().unwrap_or(file);
        let frame = jpeg::frame(file).ok_or_else(|| damaged(&"it has no frame header"))?;
        if frame.precision != 8 {
            return Err(unsupported(&format!(
                "it is a JPEG of {} bits a channel; there are decoders for 8",
                frame.precision
            )));
        }
        let factor = factor(&frame, orientation, variants);
        check(
            (frame.width, frame.height),
            decoded_bytes(&frame, orientation, variants),
            limits,
        )?;
        let mut decoder = match self.handle.take() {
            Some(handle) => handle,
            None => Decompressor::new().map_err(|error| damaged(&error))?,
        };
        let decoded = self.run(&mut decoder, file, factor);
        // A handle that met an error is not used again.
        let (pixels, width, height, space, warning) = decoded?;
        if warning.is_none() {
            self.handle = Some(decoder);
        }
        let profile = jpeg::icc(file);
        let size = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (size(width), size(height));
        let (pixels, profile) = match space {
            Colorspace::CMYK | Colorspace::YCCK => (
                colours.cmyk_to_srgb(&inks(pixels, jpeg::by_adobe(file)), profile.as_deref()),
                None,
            ),
            _ => (pixels, profile),
        };
        let image = match space {
            Colorspace::Gray => {
                image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
            }
            _ => image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        };
        let image = image.ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
        Ok(Stored {
            image,
            full: (frame.width, frame.height),
            meaning: profile.into(),
            damaged: warning,
            orientation,
            frames: 1,
        })
    }

    /// Brightness and colour differences at the scale that is needed, and the picture's own size,
    /// as stored.
    pub(super) fn decode_planes(
        &mut self,
        file: &[u8],
        orientation: u8,
        variants: &[Variant],
        limits: Limits,
    ) -> Result<Option<StoredPlanes>> {
        let Some(frame) =
            jpeg::frame(file).filter(|frame| frame.precision == 8 && frame.components == 3)
        else {
            return Ok(None);
        };
        check(
            (frame.width, frame.height),
            decoded_bytes(&frame, orientation, variants),
            limits,
        )?;
        let mut decoder = match self.handle.take() {
            Some(handle) => handle,
            None => Decompressor::new().map_err(|error| damaged(&error))?,
        };
        let factor = factor(&frame, orientation, variants);
        let mut run = || -> turbojpeg::Result<Option<YuvImage<Vec<u8>>>> {
            let header = decoder.read_header(file)?;
            let known = !matches!(header.subsamp, Subsamp::Unknown | Subsamp::Gray);
            if header.colorspace != Colorspace::YCbCr || header.is_lossless || !known {
                return Ok(None);
            }
            decoder.set_scan_limit(MAX_SCANS)?;
            decoder.set_scaling_factor(factor)?;
            let scaled = header.scaled(factor);
            let mut pixels = std::mem::take(&mut self.buffer);
            pixels.resize(
                yuv_pixels_len(scaled.width, 1, scaled.height, header.subsamp)?,
                0,
            );
            let mut planes = YuvImage {
                pixels,
                width: scaled.width,
                align: 1,
                height: scaled.height,
                subsamp: header.subsamp,
            };
            decoder.decompress_to_yuv(file, planes.as_deref_mut())?;
            Ok(Some(planes))
        };
        // Whatever is wrong with the file, the long way says it.
        let Ok(Some(planes)) = run() else {
            return Ok(None);
        };
        self.handle = Some(decoder);
        Ok(Some((planes, (frame.width, frame.height))))
    }

    /// Pixels, width, height, colour space, and what was wrong with the file although there are
    /// pixels.
    fn run(
        &mut self,
        decoder: &mut Decompressor,
        file: &[u8],
        factor: ScalingFactor,
    ) -> Result<Decompressed> {
        let header = decoder.read_header(file).map_err(|error| damaged(&error))?;
        decoder
            .set_scan_limit(MAX_SCANS)
            .map_err(|error| damaged(&error))?;
        decoder
            .set_scaling_factor(factor)
            .map_err(|error| damaged(&error))?;
        let scaled = header.scaled(factor);
        let inked = matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK);
        let format = match header.colorspace {
            _ if inked => PixelFormat::CMYK,
            Colorspace::Gray => PixelFormat::GRAY,
            _ => PixelFormat::RGB,
        };
        let pitch = scaled.width * format.size();
        let mut pixels = std::mem::take(&mut self.buffer);
        pixels.clear();
        pixels.resize(pitch * scaled.height, 0);
        let target = Image {
            pixels: pixels.as_mut_slice(),
            width: scaled.width,
            pitch,
            height: scaled.height,
            format,
        };
        let warning = match decoder.decompress(file, target) {
            Ok(()) => None,
            Err(error) => {
                let told = error.to_string();
                // Some cameras leave a few bytes between segments: nothing of the picture is
                // missing.
                if told.contains("extraneous bytes") {
                    None
                } else if pixels.iter().all(|byte| *byte == 0) {
                    return Err(damaged(&told));
                } else {
                    Some(told)
                }
            }
        };
        Ok((
            pixels,
            scaled.width,
            scaled.height,
            header.colorspace,
            warning,
        ))
    }

    pub(super) fn recycle(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > self.buffer.capacity() && buffer.capacity() <= 64 << 20 {
            self.buffer = buffer;
        }
    }
}

/// libjpeg-turbo scales by n/8 while decoding; 1/8, 1/4 and 1/2 have SIMD paths and are the cheap
/// ones.
fn factor(frame: &Frame, orientation: u8, variants: &[Variant]) -> ScalingFactor {
    let orientation = Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms);
    let full = turned((frame.width.max(1), frame.height.max(1)), orientation);
    let needed = scale_needed(full, variants);
    let denominator = [8, 4, 2]
        .into_iter()
        .find(|denominator| 1.0 / f64::from(*denominator) >= needed)
        .unwrap_or(1);
    ScalingFactor::new(1, denominator as usize)
}

/// Bytes of pixels at the scale that is decoded. A progressive file's coefficients are held whole
/// besides.
pub(super) fn decoded_bytes(frame: &Frame, orientation: u8, variants: &[Variant]) -> u64 {
    let factor = factor(frame, orientation, variants);
    let side = |side: u32| factor.scale(side as usize) as u64;
    let channels = u64::from(frame.components.clamp(3, 4));
    let coefficients = if frame.marker == 0xc2 {
        u64::from(frame.width) * u64::from(frame.height) * 3
    } else {
        0
    };
    side(frame.width) * side(frame.height) * channels + coefficients
}

/// Samples to amounts of ink: Adobe stores them inverted.
fn inks(mut samples: Vec<u8>, by_adobe: bool) -> Vec<u8> {
    if by_adobe {
        samples
            .iter_mut()
            .for_each(|sample| *sample = 255 - *sample);
    }
    samples
}
