//! What a format's own decoder gives, within limits; and why there may be nothing.

use image::DynamicImage;
use image::metadata::Orientation;

use crate::error::{Code, Error, Result};
use crate::imaging::meaning::Meaning;
use crate::imaging::plan;
use crate::imaging::raster::Raster;
use crate::settings::Limits;
use crate::variant::Variant;

/// What a format's own decoder gives: as stored, not yet turned.
pub(super) struct Stored {
    pub(super) image: DynamicImage,
    /// Size of the picture itself.
    pub(super) full: (u32, u32),
    pub(super) meaning: Meaning,
    pub(super) damaged: Option<String>,
    pub(super) orientation: u8,
    /// Pictures that follow each other in time.
    pub(super) frames: u32,
}

impl Stored {
    pub(super) fn whole(image: DynamicImage, meaning: Meaning, orientation: u8) -> Self {
        Self {
            full: (image.width(), image.height()),
            image,
            meaning,
            damaged: None,
            orientation,
            frames: 1,
        }
    }
}

impl Stored {
    /// Upright pixels of eight bits, HDR drawn together; and the profile they are told by, if they
    /// are not sRGB.
    pub(super) fn shown(self) -> (Raster, Option<Vec<u8>>) {
        let mut image = self.image;
        image.apply_orientation(turn(self.orientation));
        let mut raster = into_raster(image);
        let profile = match self.meaning {
            Meaning::Srgb => None,
            Meaning::Icc(profile) => Some(profile),
            Meaning::Hdr(hdr) => {
                hdr.show(&mut raster);
                None
            }
        };
        (raster, profile)
    }
}

/// A picture of pixels of four bytes; without alpha only three of them are kept.
pub(super) fn rgba_image(size: (u32, u32), rgba: Vec<u8>, alpha: bool) -> Result<DynamicImage> {
    let image = image_of(size, rgba, true)?;
    Ok(if alpha {
        image
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    })
}

/// A picture of pixels of four bytes, or of three without alpha.
pub(super) fn image_of(
    (width, height): (u32, u32),
    pixels: Vec<u8>,
    alpha: bool,
) -> Result<DynamicImage> {
    let image = if alpha {
        image::RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8)
    } else {
        image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    image.ok_or_else(|| damaged(&"its size does not fit its pixels"))
}

/// What EXIF's orientation asks for; nothing where it says nonsense.
pub(super) fn turn(orientation: u8) -> Orientation {
    Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms)
}

pub(super) fn into_raster(image: DynamicImage) -> Raster {
    let (width, height, alpha) = (image.width(), image.height(), image.color().has_alpha());
    let pixels = if alpha {
        image.into_rgba8().into_raw()
    } else {
        image.into_rgb8().into_raw()
    };
    Raster {
        width,
        height,
        alpha,
        pixels,
    }
}

pub(super) fn turned((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        _ => (width, height),
    }
}

/// How many pixels the largest variant needs for one of the picture.
pub(super) fn scale_needed(full: (u32, u32), variants: &[Variant]) -> f64 {
    variants
        .iter()
        .map(|variant| plan::frame(full, variant, None).scale())
        .fold(0.0, f64::max)
}

/// Refuses pictures beyond the limits before anything is allocated for them.
pub(super) fn check((width, height): (u32, u32), bytes: u64, limits: Limits) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(damaged(&"it has no pixels"));
    }
    if pixels > limits.pixels() {
        let told = format!(
            "the picture has {width} × {height} pixels, more than the limit of {} million",
            limits.megapixels
        );
        return Err(Error::new(Code::ImageTooLarge, told).hint(
            "the original is uploaded as it is; make it smaller, or raise the limit (megapixels)",
        ));
    }
    if bytes > limits.decode_bytes() {
        let told = format!(
            "the picture takes {} MiB to decode, more than the limit of {}",
            bytes >> 20,
            limits.decode_mib
        );
        return Err(Error::new(Code::ImageTooLarge, told).hint(
            "the original is uploaded as it is; make it smaller, or raise the limit (decode_mib)",
        ));
    }
    Ok(())
}

pub(super) fn damaged(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::ImageDamaged,
        format!("the picture is damaged: {error}"),
    )
    .hint("open it in a viewer and save it again, or take it from the camera once more")
}

pub(super) fn unsupported(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::ImageUnsupported,
        format!("this kind of picture cannot be decoded: {error}"),
    )
    .hint("the original is uploaded as it is; convert it to JPEG, PNG or WebP for variants")
}

pub(super) fn too_large(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::ImageTooLarge,
        format!("the picture is too large to decode: {error}"),
    )
    .hint("the original is uploaded as it is; make it smaller for variants")
}

pub(super) fn image_error(error: &image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => too_large(error),
        image::ImageError::Unsupported(_) => unsupported(error),
        other => damaged(other),
    }
}
