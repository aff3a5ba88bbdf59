//! Resizing by SIMD convolution.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelComponentMapper, PixelType, ResizeOptions, Resizer, create_srgb_mapper};

use super::plan::View;
use super::raster::Raster;
use crate::error::{Code, Error, Result};

/// Lanczos3, with the buffers of the last time.
#[derive(Default)]
pub(super) struct Resizing {
    pub(super) resizer: Resizer,
    /// Tables from sRGB to linear light and back, made when first needed.
    linear: Option<PixelComponentMapper>,
}

impl Resizing {
    /// Resizes a part of a picture, in gamma space as is usual in the field, or in linear light.
    pub(super) fn view(&mut self, source: &Raster, view: View, size: (u32, u32), linear: bool) -> Result<Raster> {
        // Rounding may put the far edge a hair outside.
        let left = view.left.clamp(0.0, f64::from(source.width - 1));
        let top = view.top.clamp(0.0, f64::from(source.height - 1));
        let width = view.width.min(f64::from(source.width) - left);
        let height = view.height.min(f64::from(source.height) - top);
        self.run(source, size, &ResizeOptions::new().crop(left, top, width, height), linear)
    }

    /// Resizes the whole of a picture.
    pub(super) fn whole(&mut self, source: &Raster, size: (u32, u32), linear: bool) -> Result<Raster> {
        if (source.width, source.height) == size {
            return Ok(source.clone());
        }
        self.run(source, size, &ResizeOptions::new(), linear)
    }

    fn run(&mut self, source: &Raster, (width, height): (u32, u32), options: &ResizeOptions, linear: bool) -> Result<Raster> {
        let (kind, deep) = if source.alpha { (PixelType::U8x4, PixelType::U16x4) } else { (PixelType::U8x3, PixelType::U16x3) };
        let from = ImageRef::new(source.width, source.height, &source.pixels, kind).map_err(|error| failed(&error))?;
        let mut to = Image::new(width, height, kind);
        if linear {
            let mapper = self.linear.get_or_insert_with(create_srgb_mapper);
            // Sixteen bits: eight would show steps in the shadows.
            let mut from_linear = Image::new(source.width, source.height, deep);
            let mut to_linear = Image::new(width, height, deep);
            mapper.forward_map(&from, &mut from_linear).map_err(|error| failed(&error))?;
            self.resizer.resize(&from_linear, &mut to_linear, options).map_err(|error| failed(&error))?;
            mapper.backward_map(&to_linear, &mut to).map_err(|error| failed(&error))?;
        } else {
            self.resizer.resize(&from, &mut to, options).map_err(|error| failed(&error))?;
        }
        Ok(Raster { width, height, alpha: source.alpha, pixels: to.into_vec() })
    }
}

pub(super) fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("the picture could not be resized: {error}"))
}
