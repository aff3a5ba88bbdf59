//! Resizing by SIMD convolution, and padding.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};

use super::Raster;
use super::plan::View;
use crate::error::{Code, Error, Result};
use crate::variant::Format;

/// Resizes a part of a picture (Lanczos3, gamma space as is usual in the field).
pub(super) fn view(source: &Raster, view: View, size: (u32, u32)) -> Result<Raster> {
    // Rounding may put the far edge a hair outside.
    let left = view.left.clamp(0.0, f64::from(source.width - 1));
    let top = view.top.clamp(0.0, f64::from(source.height - 1));
    let width = view.width.min(f64::from(source.width) - left);
    let height = view.height.min(f64::from(source.height) - top);
    run(source, size, &ResizeOptions::new().crop(left, top, width, height))
}

/// Resizes the whole of a picture.
pub(super) fn whole(source: &Raster, size: (u32, u32)) -> Result<Raster> {
    if (source.width, source.height) == size {
        return Ok(source.clone());
    }
    run(source, size, &ResizeOptions::new())
}

fn run(source: &Raster, (width, height): (u32, u32), options: &ResizeOptions) -> Result<Raster> {
    let kind = if source.alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let from = ImageRef::new(source.width, source.height, &source.pixels, kind).map_err(|error| failed(&error))?;
    let mut to = Image::new(width, height, kind);
    Resizer::new().resize(&from, &mut to, options).map_err(|error| failed(&error))?;
    Ok(Raster { width, height, alpha: source.alpha, pixels: to.into_vec() })
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("the picture could not be resized: {error}"))
}

/// Centres a picture on a canvas: transparent where the format can, white where it cannot.
pub(super) fn pad(source: &Raster, (width, height): (u32, u32), format: Format) -> Raster {
    if (source.width, source.height) == (width, height) {
        return source.clone();
    }
    let transparent = format != Format::Jpeg;
    let background: &[u8] = if transparent { &[0, 0, 0, 0] } else { &[255, 255, 255] };
    let opaque;
    let (picture, have) = if transparent {
        (source, source.channels())
    } else {
        opaque = flatten(source);
        (&opaque, 3)
    };
    let want = background.len();
    let mut pixels = background.repeat(width as usize * height as usize);
    let (left, top) = (((width - source.width) / 2) as usize, ((height - source.height) / 2) as usize);
    for (row, line) in picture.pixels.chunks_exact(have * source.width as usize).enumerate() {
        let start = ((top + row) * width as usize + left) * want;
        for (to, from) in pixels[start..].chunks_exact_mut(want).zip(line.chunks_exact(have)) {
            to[..have].copy_from_slice(from);
            if have < want {
                to[3] = 255;
            }
        }
    }
    Raster { width, height, alpha: transparent, pixels }
}

/// Lays a transparent picture on white.
pub(super) fn flatten(source: &Raster) -> Raster {
    if !source.alpha {
        return source.clone();
    }
    let over_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        // value · alpha + 255 · (255 − alpha), divided by 255 with rounding; never over 255.
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    let pixels = source.pixels.chunks_exact(4).flat_map(|p| [over_white(p[0], p[3]), over_white(p[1], p[3]), over_white(p[2], p[3])]);
    Raster { width: source.width, height: source.height, alpha: false, pixels: pixels.collect() }
}
