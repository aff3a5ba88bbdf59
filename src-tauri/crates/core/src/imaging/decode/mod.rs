//! Decoding within limits, at the scale that is needed, the right way up.

mod avif;
mod fax;
mod film;
mod jpeg;
mod page;
mod still;
mod stored;
mod tiff;
mod vector;

use super::colour::Colours;
use super::hdr::Hdr;
use super::meaning::Meaning;
use super::picture::Source;
use super::planar::Planes;
use super::raster::Raster;
use super::score;
use crate::container;
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::settings::Limits;
use crate::variant::Variant;
pub(super) use film::Film;
pub(super) use still::jxl_moves;
use stored::{Stored, damaged, image_of, rgba_image, too_large, turn, turned, unsupported};
pub(super) use tiff::turned_as as tiff_turned_as;
pub(super) use vector::text;

/// A decoded picture: its first frame, the right way up, at the scale that is needed.
#[derive(Clone)]
pub(super) struct Decoded {
    pub(super) raster: Raster,
    /// Size of the picture itself, the right way up; the raster may be smaller.
    pub(super) full: (u32, u32),
    /// The ICC profile of the raster's values; without one they are sRGB.
    pub(super) profile: Option<Vec<u8>>,
    /// The picture has no colours: only a grey profile makes sense.
    pub(super) grey: bool,
    /// Why only a part could be read.
    pub(super) damaged: Option<String>,
    /// Whether there are more frames.
    pub(super) moving: bool,
}

/// Handles and buffers that outlive a picture.
#[derive(Default)]
pub(super) struct Decoder {
    jpeg: jpeg::Decoder,
    colours: Colours,
}

impl Decoder {
    pub(super) fn decode(
        &mut self,
        source: Source<'_>,
        variants: &[Variant],
        limits: Limits,
    ) -> Result<Decoded> {
        let Source {
            file,
            codec,
            orientation,
        } = source;
        let stored = match codec {
            Codec::Jpeg => {
                self.jpeg
                    .decode(file, orientation, variants, limits, &mut self.colours)?
            }
            Codec::Raw => self.jpeg.decode(
                preview(file)?,
                orientation,
                variants,
                limits,
                &mut self.colours,
            )?,
            Codec::Svg => vector::decode(file, variants, limits)?,
            Codec::Avif => avif::decode(file, limits)?,
            Codec::Heic => heic(file, limits)?,
            Codec::Jxl => still::jxl(file, limits)?,
            Codec::Tiff => tiff::decode(file, orientation, limits, &mut self.colours)?,
            Codec::Png
            | Codec::Gif
            | Codec::Webp
            | Codec::Bmp
            | Codec::Ico
            | Codec::Pnm
            | Codec::Tga
            | Codec::Hdr => Stored {
                orientation,
                ..still::decode(file, codec, limits)?
            },
        };
        let full = turned(stored.full, turn(stored.orientation));
        let moving = is_animated(file, codec) || stored.frames > 1;
        let grey = !stored.image.color().has_color();
        let damaged = stored.damaged.clone();
        let (raster, profile) = stored.shown();
        Ok(Decoded {
            raster,
            full,
            profile,
            grey,
            damaged,
            moving,
        })
    }

    /// A JPEG's planes as they are stored, upright, and the size of the picture itself; nothing for
    /// what has to go through RGB: other colour spaces and profiles, and files that are not whole.
    pub(super) fn decode_planes(
        &mut self,
        source: Source<'_>,
        variants: &[Variant],
        limits: Limits,
        colours: &mut Colours,
    ) -> Result<Option<(Planes, (u32, u32))>> {
        let Source {
            file, orientation, ..
        } = source;
        if container::jpeg::icc(file).is_some_and(|profile| !colours.is_srgb(&profile)) {
            return Ok(None);
        }
        let Some((planes, full)) = self
            .jpeg
            .decode_planes(file, orientation, variants, limits)?
        else {
            return Ok(None);
        };
        let orientation = turn(orientation);
        Ok(Some((
            Planes::new(planes, orientation),
            turned(full, orientation),
        )))
    }

    /// Takes a raster's buffer back for the next picture.
    pub(super) fn recycle(&mut self, buffer: Vec<u8>) {
        self.jpeg.recycle(buffer);
    }
}

/// Whether a file has more than one frame that follow each other in time.
fn is_animated(file: &[u8], codec: Codec) -> bool {
    match codec {
        Codec::Gif => container::gif::is_animated(file),
        Codec::Png => container::png::is_animated(file),
        Codec::Webp => container::riff::is_animated(file),
        _ => false,
    }
}

/// The bytes of pixels that decoding a file takes, as far as its header tells: what is reserved of
/// the memory budget before it begins.
pub fn cost(source: Source<'_>, variants: &[Variant], limits: Limits) -> u64 {
    let pixels = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let bytes = match source.codec {
        Codec::Jpeg | Codec::Raw => {
            let file = if source.codec == Codec::Raw {
                preview(source.file).unwrap_or_default()
            } else {
                source.file
            };
            container::jpeg::frame(file).map_or(0, |frame| {
                jpeg::decoded_bytes(&frame, source.orientation, variants)
            })
        }
        Codec::Avif | Codec::Heic | Codec::Jxl | Codec::Svg => u64::from(limits.decode_mib) << 20,
        // Once decoded, once as eight bits.
        Codec::Tiff => {
            dimensions(source.file, Codec::Tiff).map_or(0, |size| pixels(size).saturating_mul(11))
        }
        codec => {
            still::dimensions(source.file, codec).map_or(0, |size| pixels(size).saturating_mul(8))
        }
    };
    bytes
        .saturating_add(score::cost(variants))
        .min(u64::from(limits.decode_mib) << 20)
}

/// Width and height as shown, from the header alone where that is possible.
pub(super) fn dimensions(file: &[u8], codec: Codec) -> Option<(u32, u32)> {
    match codec {
        Codec::Avif => tintype_avif::header(file, u32::MAX)
            .ok()
            .map(|header| turned((header.width, header.height), turn(header.orientation))),
        Codec::Heic => still::heic_dimensions(file),
        Codec::Jxl => still::jxl_dimensions(file),
        Codec::Svg => vector::dimensions(file),
        Codec::Tiff => tiff::dimensions(file).or_else(|| still::dimensions(file, Codec::Tiff)),
        other => still::dimensions(file, other),
    }
}

/// The embedded ICC profile.
pub(super) fn icc(file: &[u8], codec: Codec) -> Option<Vec<u8>> {
    match codec {
        Codec::Avif => tintype_avif::header(file, u32::MAX).ok()?.icc,
        Codec::Heic | Codec::Jxl | Codec::Svg | Codec::Raw => None,
        other => still::icc(file, other),
    }
}

/// The picture a camera puts into its raw file for quick looks.
fn preview(file: &[u8]) -> Result<&[u8]> {
    container::jpeg::largest_inside(file)
        .map(|(preview, _)| preview)
        .ok_or_else(|| {
            Error::new(
                Code::ImageUnsupported,
                "the camera's raw file has no preview to make variants of",
            )
            .hint("develop it into a JPEG or TIFF; the original is uploaded as it is")
        })
}

fn heic(file: &[u8], limits: Limits) -> Result<Stored> {
    let file = container::bmff::trimmed(file);
    let options = heifer::Options {
        max_threads: 1,
        max_pixels: limits.pixels().min(limits.decode_bytes() / 8),
    };
    let profile = heifer::read_metadata(file)
        .ok()
        .and_then(|metadata| metadata.icc_profile);
    let hdr = if profile.is_none() {
        heic_hdr(file)
    } else {
        None
    };
    let image = if let Some(hdr) = hdr {
        let picture =
            heifer::decode_with_options(file, &options).map_err(|error| heic_error(&error))?;
        let highest = (1_u32 << picture.bit_depth.clamp(1, 16)) - 1;
        let whole =
            |code: u16| (u32::from(code) * u32::from(u16::MAX) / highest).min(u16::MAX.into());
        let pixels = picture.data.chunks_exact(4).map(|pixel| {
            [0, 1, 2, 3].map(|at| u16::try_from(whole(pixel[at])).unwrap_or(u16::MAX))
        });
        let size = (picture.width, picture.height);
        let shown = hdr.shown(pixels, picture.has_alpha);
        image_of(size, shown, picture.has_alpha)?
    } else {
        // Without an ICC profile the colours are told by code points, which the decoder follows.
        let decoded = match &profile {
            Some(_) => heifer::decode_rgba8(file, &options),
            None => heifer::decode_srgb_rgba8(file, &options)
                .or_else(|_| heifer::decode_rgba8(file, &options)),
        };
        let picture = decoded.map_err(|error| heic_error(&error))?;
        let size = (picture.width, picture.height);
        rgba_image(size, picture.data, picture.has_alpha)?
    };
    // Its own turns are applied by the decoder; EXIF's would be a second time.
    // A film beside the picture cannot be decoded: that is said, where variants could move.
    let film = container::bmff::boxes(file, 0..file.len());
    let frames = if film.iter().any(|found| &found.kind == b"moov") {
        2
    } else {
        1
    };
    Ok(Stored {
        frames,
        ..Stored::whole(image, profile.into(), 1)
    })
}

fn heic_error(error: &heifer::Error) -> Error {
    let told = error.to_string();
    match error {
        heifer::Error::Unsupported(_) => unsupported(error),
        _ if told.contains("large") || told.contains("limit") => too_large(error),
        _ => damaged(error),
    }
}

/// What the code points of a HEIC's picture say, where it is HDR.
fn heic_hdr(file: &[u8]) -> Option<Hdr> {
    use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
    let heif = heifer::heifer_isobmff::HeifFile::parse(file).ok()?;
    let properties = heif.item_properties(heif.primary_id).ok()?;
    let told = properties.into_iter().find_map(|property| match property {
        Property::Color(ColorInfo::Nclx {
            primaries,
            transfer,
            ..
        }) => Some((*primaries, *transfer)),
        _ => None,
    });
    let (primaries, transfer) = told?;
    match Meaning::of_cicp(primaries.try_into().ok()?, transfer.try_into().ok()?) {
        Meaning::Hdr(hdr) => Some(hdr),
        _ => None,
    }
}
