//! The short way from a camera's JPEG to JPEG variants: its brightness and colour planes are scaled
//! and encoded as they are stored, without a turn through RGB.
//!
//! Colours are half as wide and half as high as brightness in nearly every photograph and in every
//! variant, so this way touches half the samples, converts nothing, and rounds once less. Whatever
//! needs RGB (a colour profile that is not sRGB, another format, a watermark) takes the long way.

use bytes::Bytes;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::metadata::Orientation;
use turbojpeg::{Compressor, Subsamp, YuvImage};

use super::picture::Rendition;
use super::placeholder;
use super::plan::{self, Frame, View};
use super::raster::Raster;
use super::resize;
use crate::error::Result;
use crate::variant::{Effort, Fit, Format, Quality, Variant, Worth};

/// One plane of a picture, the right way up.
#[derive(Debug, Clone)]
struct Plane {
    width: u32,
    height: u32,
    /// Pixels of the picture that one sample of the plane stands for, across and down.
    step: (f64, f64),
    /// Pixels of the picture that lie before its edge, left and above: what filled the last block
    /// before the picture was turned.
    margin: (f64, f64),
}

/// A picture as brightness and two colour differences (ITU-T T.871), the right way up.
#[derive(Debug, Clone)]
pub(super) struct Planes {
    planes: [Plane; 3],
    /// Pixels of the picture.
    size: (u32, u32),
    /// The planes' samples, one plane after the other.
    samples: Vec<u8>,
}

/// Whether a variant can go the short way.
pub(super) fn suits(variant: &Variant) -> bool {
    matches!(variant.format, Format::Jpeg | Format::Auto)
        && variant.effort == Effort::Normal
        && matches!(variant.quality, Quality::Fixed(_))
        && variant.fit != Fit::Contain
        && variant.watermark.is_none()
        && !variant.linear
        && !variant.keep_icc
        && variant.gravity != crate::variant::Gravity::Attention
}

impl Planes {
    /// Takes apart what libjpeg-turbo decoded and turns it upright.
    pub(super) fn new(decoded: YuvImage<Vec<u8>>, orientation: Orientation) -> Self {
        let steps = [(1, 1), decoded.subsamp.size(), decoded.subsamp.size()];
        let sizes = [decoded.y_size(), decoded.uv_size(), decoded.uv_size()];
        let picture = (decoded.width, decoded.height);
        let planes = std::array::from_fn(|index| {
            Plane::turned(sizes[index], steps[index], picture, orientation)
        });
        let samples = if orientation == Orientation::NoTransforms {
            decoded.pixels
        } else {
            let mut rest = decoded.pixels.as_slice();
            let mut turned = Vec::with_capacity(rest.len());
            for (width, height) in sizes {
                let (plane, later) = rest.split_at(width * height);
                turn(plane, width, orientation, &mut turned);
                rest = later;
            }
            turned
        };
        let (width, height) = (side(picture.0), side(picture.1));
        Self {
            planes,
            size: if swaps(orientation) {
                (height, width)
            } else {
                (width, height)
            },
            samples,
        }
    }

    /// The part of the picture that a view shows, at a size.
    fn resized(
        &self,
        resizer: &mut Resizer,
        view: View,
        size: (u32, u32),
        how: &ResizeOptions,
    ) -> Result<Self> {
        // TurboJPEG wants a brightness plane that whole colour samples cover.
        let chroma = (size.0.div_ceil(2), size.1.div_ceil(2));
        let targets = [((chroma.0 * 2, chroma.1 * 2), 1), (chroma, 2), (chroma, 2)];
        let length = |(width, height): (u32, u32)| width as usize * height as usize;
        let mut samples = vec![0; targets.iter().map(|(target, _)| length(*target)).sum()];
        let (mut from, mut to) = (self.samples.as_slice(), samples.as_mut_slice());
        for (plane, (target, step)) in self.planes.iter().zip(targets) {
            let (own, later) = from.split_at(length((plane.width, plane.height)));
            let (out, rest) = to.split_at_mut(length(target));
            let (width, height) = (f64::from(target.0 * step), f64::from(target.1 * step));
            let shown = View {
                width: view.width * width / f64::from(size.0),
                height: view.height * height / f64::from(size.1),
                ..view
            };
            plane.resize(own, (resizer, how), shown, out, target)?;
            (from, to) = (later, rest);
        }
        let planes = targets.map(|((width, height), step)| Plane {
            width,
            height,
            step: (f64::from(step), f64::from(step)),
            margin: (0.0, 0.0),
        });
        Ok(Self {
            planes,
            size,
            samples,
        })
    }

    /// The whole picture, small enough for its placeholder, in sRGB (ITU-T T.871, section 7).
    pub(super) fn small(&self, resizer: &mut Resizer) -> Result<Option<Raster>> {
        let (width, height) = self.size;
        if !placeholder::has_a_look(width, height) {
            return Ok(None);
        }
        let whole = View::whole(self.size);
        let size = placeholder::within(width, height);
        let small = self.resized(resizer, whole, size, &resize::roughly())?;
        let (width, height) = (small.size.0 as usize, small.size.1 as usize);
        let [bright, blue, red] = &small.planes;
        let starts = [0, bright.samples(), bright.samples() + blue.samples()];
        let at = |plane: usize, place: usize| f32::from(small.samples[starts[plane] + place]);
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                let luma = at(0, y * bright.width as usize + x);
                let cb = at(1, y / 2 * blue.width as usize + x / 2) - 128.0;
                let cr = at(2, y / 2 * red.width as usize + x / 2) - 128.0;
                let rgb = [
                    luma + 1.402 * cr,
                    luma - 0.344_136 * cb - 0.714_136 * cr,
                    luma + 1.772 * cb,
                ];
                pixels.extend(rgb.map(byte));
            }
        }
        Ok(Some(Raster {
            width: small.size.0,
            height: small.size.1,
            alpha: false,
            pixels,
        }))
    }

    /// The buffer, for the next picture.
    pub(super) fn into_samples(self) -> Vec<u8> {
        self.samples
    }

    fn encode(&self, encoder: &mut Compressor) -> turbojpeg::Result<Vec<u8>> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        encoder.compress_yuv_to_vec(YuvImage {
            pixels: self.samples.as_slice(),
            width,
            align: 1,
            height,
            subsamp: Subsamp::Sub2x2,
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

impl Plane {
    const fn samples(&self) -> usize {
        self.width as usize * self.height as usize
    }

    fn turned(
        (width, height): (usize, usize),
        (across, down): (usize, usize),
        picture: (usize, usize),
        orientation: Orientation,
    ) -> Self {
        // What the plane has beyond the picture's right and lower edge.
        let over = (
            side_f64(width * across - picture.0),
            side_f64(height * down - picture.1),
        );
        let (mirrored, flipped) = match orientation {
            Orientation::NoTransforms | Orientation::Rotate90FlipH => (false, false),
            Orientation::FlipHorizontal | Orientation::Rotate270 => (true, false),
            Orientation::FlipVertical | Orientation::Rotate90 => (false, true),
            Orientation::Rotate180 | Orientation::Rotate270FlipH => (true, true),
        };
        let margin = (
            if mirrored { over.0 } else { 0.0 },
            if flipped { over.1 } else { 0.0 },
        );
        let step = (side_f64(across), side_f64(down));
        let (width, height) = (side(width), side(height));
        if swaps(orientation) {
            Self {
                width: height,
                height: width,
                step: (step.1, step.0),
                margin: (margin.1, margin.0),
            }
        } else {
            Self {
                width,
                height,
                step,
                margin,
            }
        }
    }

    /// Resizes the plane's samples into others.
    fn resize(
        &self,
        samples: &[u8],
        (resizer, how): (&mut Resizer, &ResizeOptions),
        view: View,
        out: &mut [u8],
        (width, height): (u32, u32),
    ) -> Result<()> {
        let place = |start: f64, length: f64, margin: f64, own: f64, have: u32| {
            let have = f64::from(have);
            let from = ((start + margin) / own).clamp(0.0, have - 1.0);
            (from, (length / own).min(have - from))
        };
        let (left, across) = place(
            view.left,
            view.width,
            self.margin.0,
            self.step.0,
            self.width,
        );
        let (top, down) = place(
            view.top,
            view.height,
            self.margin.1,
            self.step.1,
            self.height,
        );
        let from = ImageRef::new(self.width, self.height, samples, PixelType::U8)
            .map_err(|error| resize::failed(&error))?;
        let mut to = Image::from_slice_u8(width, height, out, PixelType::U8)
            .map_err(|error| resize::failed(&error))?;
        resizer
            .resize(&from, &mut to, &how.crop(left, top, across, down))
            .map_err(|error| resize::failed(&error))
    }
}

/// Makes all variants, each from the nearest larger one; `full` is the size of the picture itself.
pub(super) fn render(
    source: &Planes,
    full: (u32, u32),
    variants: &[Variant],
    resizer: &mut Resizer,
    mut encode: impl FnMut(
        &Variant,
        &mut dyn FnMut(&mut Compressor) -> turbojpeg::Result<Vec<u8>>,
    ) -> Result<Vec<u8>>,
) -> Result<Vec<Result<Rendition>>> {
    let frames: Vec<Frame> = variants
        .iter()
        .map(|variant| plan::frame(full, variant, None))
        .collect();
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(frames[index].pixels()));
    let mut done: Vec<(usize, Planes)> = Vec::with_capacity(variants.len());
    for index in order {
        let frame = frames[index];
        let nearest = done
            .iter()
            .rev()
            .find(|(other, _)| frames[*other].can_become(&frame));
        let planes = match nearest {
            Some((_, larger)) if larger.size == frame.size => larger.clone(),
            Some((_, larger)) => larger.resized(
                resizer,
                View::whole(larger.size),
                frame.size,
                &resize::options(),
            )?,
            None => source.resized(
                resizer,
                frame.view.scaled(full, source.size),
                frame.size,
                &resize::options(),
            )?,
        };
        done.push((index, planes));
    }
    done.sort_by_key(|(index, _)| *index);
    let finished = done
        .into_iter()
        .zip(variants)
        .map(|((_, planes), variant)| {
            let bytes = Bytes::from(encode(variant, &mut |encoder| planes.encode(encoder))?);
            Ok(Rendition {
                variant: Variant {
                    format: Format::Jpeg,
                    ..variant.clone()
                },
                pixels: planes.size,
                worth: Worth {
                    quality: Some(variant.quality.number()),
                    score: None,
                },
                bytes,
            })
        });
    Ok(finished.collect())
}

/// Appends samples in rows of `width`, turned as EXIF's orientation asks for.
fn turn(samples: &[u8], width: usize, orientation: Orientation, out: &mut Vec<u8>) {
    let height = samples.len() / width.max(1);
    let rows = samples.chunks_exact(width.max(1));
    match orientation {
        Orientation::NoTransforms => out.extend_from_slice(samples),
        Orientation::FlipHorizontal => rows.for_each(|row| out.extend(row.iter().rev())),
        Orientation::FlipVertical => rows.rev().for_each(|row| out.extend_from_slice(row)),
        Orientation::Rotate180 => out.extend(samples.iter().rev()),
        Orientation::Rotate90FlipH => transpose(samples, width, out, |x, y| x * height + y),
        Orientation::Rotate90 => {
            transpose(samples, width, out, |x, y| x * height + (height - 1 - y))
        }
        Orientation::Rotate270 => {
            transpose(samples, width, out, |x, y| (width - 1 - x) * height + y)
        }
        Orientation::Rotate270FlipH => transpose(samples, width, out, |x, y| {
            (width - 1 - x) * height + (height - 1 - y)
        }),
    }
}

/// In blocks that fit the cache: row by row every write would miss it.
fn transpose(
    samples: &[u8],
    width: usize,
    out: &mut Vec<u8>,
    place: impl Fn(usize, usize) -> usize,
) {
    const BLOCK: usize = 32;
    let start = out.len();
    out.resize(start + samples.len(), 0);
    let (out, height) = (&mut out[start..], samples.len() / width.max(1));
    for (top, left) in (0..height)
        .step_by(BLOCK)
        .flat_map(|top| (0..width).step_by(BLOCK).map(move |left| (top, left)))
    {
        for y in top..(top + BLOCK).min(height) {
            for x in left..(left + BLOCK).min(width) {
                out[place(x, y)] = samples[y * width + x];
            }
        }
    }
}

const fn swaps(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
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
        let picture = image::GrayImage::from_fn(70, 41, |x, y| {
            image::Luma([u8::try_from((x * 3 % 251) ^ y).expect("small")])
        });
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).expect("1 to 8");
            let mut expected = image::DynamicImage::ImageLuma8(picture.clone());
            expected.apply_orientation(orientation);
            let mut turned = Vec::new();
            turn(picture.as_raw(), 70, orientation, &mut turned);
            assert_eq!(turned, expected.into_luma8().into_raw(), "{exif}");
        }
    }
}
