//! The short way from a camera's JPEG to JPEG variants: its brightness and colour planes are scaled and encoded as
//! they are stored, without a turn through RGB.
//!
//! Colours are half as wide and half as high as brightness in nearly every photograph and in every variant, so this
//! way touches half the samples, converts nothing, and rounds once less. Whatever needs RGB (a colour profile that
//! is not sRGB, another format, a watermark) takes the long way.

use bytes::Bytes;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::metadata::Orientation;
use turbojpeg::{Compressor, Subsamp, YuvImage};

use super::plan::{self, Frame, View};
use super::{Rendition, resize};
use crate::error::Result;
use crate::variant::{Effort, Fit, Format, Variant};

/// One plane of a picture, the right way up.
#[derive(Debug, Clone)]
struct Plane {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    /// Pixels of the picture that one sample of the plane stands for, across and down.
    step: (f64, f64),
    /// Pixels of the picture that lie before its edge, left and above: what filled the last block before the picture
    /// was turned.
    margin: (f64, f64),
}

/// A picture as brightness and two colour differences (ITU-T T.871), the right way up.
#[derive(Debug, Clone)]
pub(super) struct Planes {
    planes: [Plane; 3],
    /// Pixels of the picture.
    size: (u32, u32),
}

/// Whether a variant can go the short way.
pub(super) fn suits(variant: &Variant) -> bool {
    matches!(variant.format, Format::Jpeg | Format::Auto)
        && variant.effort == Effort::Normal
        && variant.fit != Fit::Contain
        && variant.watermark.is_none()
        && !variant.linear
        && !variant.keep_icc
        && variant.gravity != crate::variant::Gravity::Attention
}

impl Planes {
    /// Takes apart what libjpeg-turbo decoded and turns it upright.
    pub(super) fn new(decoded: &YuvImage<Vec<u8>>, orientation: Orientation) -> Self {
        let (across, down) = decoded.subsamp.size();
        let luma = decoded.y_width() * decoded.y_height();
        let chroma = decoded.uv_width() * decoded.uv_height();
        let plane = |start: usize, (width, height): (usize, usize), (across, down): (usize, usize)| {
            let pixels = &decoded.pixels[start..start + width * height];
            Plane::turned(pixels, (width, height), (across, down), (decoded.width, decoded.height), orientation)
        };
        let planes = [
            plane(0, decoded.y_size(), (1, 1)),
            plane(luma, decoded.uv_size(), (across, down)),
            plane(luma + chroma, decoded.uv_size(), (across, down)),
        ];
        let (width, height) = (side(decoded.width), side(decoded.height));
        Self { planes, size: if swaps(orientation) { (height, width) } else { (width, height) } }
    }

    /// The part of the picture that a frame shows, at the frame's size.
    fn resized(&self, resizer: &mut Resizer, view: View, size: (u32, u32)) -> Result<Self> {
        let subsampled = |(width, height): (u32, u32), step: u32| (width.div_ceil(step), height.div_ceil(step));
        // TurboJPEG wants a brightness plane that whole colour samples cover.
        let chroma = subsampled(size, 2);
        let luma = (chroma.0 * 2, chroma.1 * 2);
        let mut one = |plane: &Plane, target: (u32, u32), step: u32| {
            let (width, height) = (f64::from(target.0 * step), f64::from(target.1 * step));
            let shown = View { width: view.width * width / f64::from(size.0), height: view.height * height / f64::from(size.1), ..view };
            plane.resized(resizer, shown, target, f64::from(step))
        };
        let [y, u, v] = &self.planes;
        Ok(Self { planes: [one(y, luma, 1)?, one(u, chroma, 2)?, one(v, chroma, 2)?], size })
    }

    fn encode(&self, encoder: &mut Compressor) -> turbojpeg::Result<Vec<u8>> {
        let pixels = self.planes.iter().flat_map(|plane| plane.pixels.iter().copied()).collect::<Vec<u8>>();
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        encoder.compress_yuv_to_vec(YuvImage { pixels: pixels.as_slice(), width, align: 1, height, subsamp: Subsamp::Sub2x2 })
    }
}

impl Plane {
    fn turned(
        pixels: &[u8],
        (width, height): (usize, usize),
        (across, down): (usize, usize),
        picture: (usize, usize),
        orientation: Orientation,
    ) -> Self {
        // What the plane has beyond the picture's right and lower edge.
        let over = (side_f64(width * across - picture.0), side_f64(height * down - picture.1));
        let (mirrored, flipped) = match orientation {
            Orientation::NoTransforms | Orientation::Rotate90FlipH => (false, false),
            Orientation::FlipHorizontal | Orientation::Rotate270 => (true, false),
            Orientation::FlipVertical | Orientation::Rotate90 => (false, true),
            Orientation::Rotate180 | Orientation::Rotate270FlipH => (true, true),
        };
        let margin = (if mirrored { over.0 } else { 0.0 }, if flipped { over.1 } else { 0.0 });
        let step = (side_f64(across), side_f64(down));
        let mut plane = Self { width: side(width), height: side(height), pixels: turn(pixels, width, orientation), step, margin };
        if swaps(orientation) {
            (plane.width, plane.height) = (plane.height, plane.width);
            plane.step = (step.1, step.0);
            plane.margin = (margin.1, margin.0);
        }
        plane
    }

    fn resized(&self, resizer: &mut Resizer, view: View, (width, height): (u32, u32), step: f64) -> Result<Self> {
        let place = |start: f64, length: f64, margin: f64, own: f64, have: u32| {
            let have = f64::from(have);
            let from = ((start + margin) / own).clamp(0.0, have - 1.0);
            (from, (length / own).min(have - from))
        };
        let (left, across) = place(view.left, view.width, self.margin.0, self.step.0, self.width);
        let (top, down) = place(view.top, view.height, self.margin.1, self.step.1, self.height);
        let failed = |error: &dyn std::fmt::Display| resize::failed(error);
        let from = ImageRef::new(self.width, self.height, &self.pixels, PixelType::U8).map_err(|error| failed(&error))?;
        let mut to = Image::new(width, height, PixelType::U8);
        let options = ResizeOptions::new().crop(left, top, across, down);
        resizer.resize(&from, &mut to, &options).map_err(|error| failed(&error))?;
        Ok(Self { width, height, pixels: to.into_vec(), step: (step, step), margin: (0.0, 0.0) })
    }
}

/// Makes all variants, each from the nearest larger one; `full` is the size of the picture itself.
pub(super) fn render(
    source: Planes,
    full: (u32, u32),
    variants: &[Variant],
    resizer: &mut Resizer,
    mut encode: impl FnMut(&Variant, &mut dyn FnMut(&mut Compressor) -> turbojpeg::Result<Vec<u8>>) -> Result<Vec<u8>>,
) -> Result<Vec<Rendition>> {
    let frames: Vec<Frame> = variants.iter().map(|variant| plan::frame(full, variant, None)).collect();
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(frames[index].pixels()));
    let mut done: Vec<(usize, Planes)> = Vec::with_capacity(variants.len());
    for index in order {
        let frame = frames[index];
        let nearest = done.iter().rev().find(|(other, _)| frames[*other].can_become(&frame));
        let planes = match nearest {
            Some((_, larger)) if larger.size == frame.size => larger.clone(),
            Some((_, larger)) => larger.resized(resizer, View::whole(larger.size), frame.size)?,
            None => source.resized(resizer, frame.view.scaled(full, source.size), frame.size)?,
        };
        done.push((index, planes));
    }
    done.sort_by_key(|(index, _)| *index);
    let finished = done.into_iter().zip(variants).map(|((_, planes), variant)| {
        let bytes = Bytes::from(encode(variant, &mut |encoder| planes.encode(encoder))?);
        Ok(Rendition { variant: Variant { format: Format::Jpeg, ..variant.clone() }, pixels: planes.size, bytes })
    });
    finished.collect()
}

/// Samples in rows of `width`, turned as EXIF's orientation asks for.
fn turn(pixels: &[u8], width: usize, orientation: Orientation) -> Vec<u8> {
    let height = pixels.len() / width.max(1);
    let rows = pixels.chunks_exact(width);
    let mirrored = |row: &[u8]| row.iter().rev().copied().collect::<Vec<u8>>();
    match orientation {
        Orientation::NoTransforms => pixels.to_vec(),
        Orientation::FlipHorizontal => rows.flat_map(mirrored).collect(),
        Orientation::FlipVertical => rows.rev().flatten().copied().collect(),
        Orientation::Rotate180 => mirrored(pixels),
        Orientation::Rotate90FlipH => transposed(pixels, width, height, |x, y| x * height + y),
        Orientation::Rotate90 => transposed(pixels, width, height, |x, y| x * height + (height - 1 - y)),
        Orientation::Rotate270 => transposed(pixels, width, height, |x, y| (width - 1 - x) * height + y),
        Orientation::Rotate270FlipH => transposed(pixels, width, height, |x, y| (width - 1 - x) * height + (height - 1 - y)),
    }
}

/// In blocks that fit the cache: row by row every write would miss it.
fn transposed(pixels: &[u8], width: usize, height: usize, place: impl Fn(usize, usize) -> usize) -> Vec<u8> {
    const BLOCK: usize = 32;
    let mut out = vec![0; pixels.len()];
    for (top, left) in (0..height).step_by(BLOCK).flat_map(|top| (0..width).step_by(BLOCK).map(move |left| (top, left))) {
        for y in top..(top + BLOCK).min(height) {
            for x in left..(left + BLOCK).min(width) {
                out[place(x, y)] = pixels[y * width + x];
            }
        }
    }
    out
}

const fn swaps(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

fn side(pixels: usize) -> u32 {
    u32::try_from(pixels).unwrap_or(u32::MAX)
}

fn side_f64(pixels: usize) -> f64 {
    f64::from(side(pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_turn_as_pictures_do() {
        let picture = image::GrayImage::from_fn(70, 41, |x, y| image::Luma([u8::try_from(x * 3 % 251 ^ y).expect("small")]));
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).expect("1 to 8");
            let mut expected = image::DynamicImage::ImageLuma8(picture.clone());
            expected.apply_orientation(orientation);
            assert_eq!(turn(picture.as_raw(), 70, orientation), expected.into_luma8().into_raw(), "{exif}");
        }
    }
}
