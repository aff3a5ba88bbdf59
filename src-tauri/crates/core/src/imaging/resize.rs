//! Resizing by SIMD convolution.

use fast_image_resize::images::{Image, ImageRef};
use std::f64::consts::PI;
use std::sync::LazyLock;

use fast_image_resize::{
    Filter, FilterType, PixelComponentMapper, PixelType, ResizeAlg, ResizeOptions, Resizer,
    create_srgb_mapper,
};

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
    pub(super) fn view(
        &mut self,
        source: &Raster,
        view: View,
        size: (u32, u32),
        linear: bool,
    ) -> Result<Raster> {
        // Rounding may put the far edge a hair outside.
        let left = view.left.clamp(0.0, f64::from(source.width - 1));
        let top = view.top.clamp(0.0, f64::from(source.height - 1));
        let width = view.width.min(f64::from(source.width) - left);
        let height = view.height.min(f64::from(source.height) - top);
        self.run(
            source,
            size,
            &options().crop(left, top, width, height),
            linear,
        )
    }

    /// Resizes the whole of a picture.
    pub(super) fn whole(
        &mut self,
        source: &Raster,
        size: (u32, u32),
        linear: bool,
    ) -> Result<Raster> {
        if (source.width, source.height) == size {
            return Ok(source.clone());
        }
        self.run(source, size, &options(), linear)
    }

    /// The whole of a picture, for a rough look.
    pub(super) fn rough(&mut self, source: &Raster, size: (u32, u32)) -> Result<Raster> {
        self.run(source, size, &roughly(), false)
    }

    fn run(
        &mut self,
        source: &Raster,
        (width, height): (u32, u32),
        options: &ResizeOptions,
        linear: bool,
    ) -> Result<Raster> {
        let (kind, deep) = if source.alpha {
            (PixelType::U8x4, PixelType::U16x4)
        } else {
            (PixelType::U8x3, PixelType::U16x3)
        };
        let from = ImageRef::new(source.width, source.height, &source.pixels, kind)
            .map_err(|error| failed(&error))?;
        let mut to = Image::new(width, height, kind);
        if linear {
            let mapper = self.linear.get_or_insert_with(create_srgb_mapper);
            // Sixteen bits: eight would show steps in the shadows.
            let mut from_linear = Image::new(source.width, source.height, deep);
            let mut to_linear = Image::new(width, height, deep);
            mapper
                .forward_map(&from, &mut from_linear)
                .map_err(|error| failed(&error))?;
            self.resizer
                .resize(&from_linear, &mut to_linear, options)
                .map_err(|error| failed(&error))?;
            mapper
                .backward_map(&to_linear, &mut to)
                .map_err(|error| failed(&error))?;
        } else {
            self.resizer
                .resize(&from, &mut to, options)
                .map_err(|error| failed(&error))?;
        }
        Ok(Raster {
            width,
            height,
            alpha: source.alpha,
            pixels: to.into_vec(),
        })
    }
}

/// Convolution with Lanczos3.
pub(super) fn options() -> ResizeOptions {
    let filter = Filter::new("Lanczos3 by table", lanczos3, 3.0)
        .map_or(FilterType::Lanczos3, FilterType::Custom);
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter))
}

/// For a look at what a picture is like: a few pixels of it, averaged. A tenth of the time.
pub(super) fn roughly() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::SuperSampling(FilterType::Box, 4))
}

/// Entries of the table between two zeros of the filter.
const STEPS: f64 = 1024.0;

/// sinc(x) · sinc(x / 3) from 0 to 3.
static TABLE: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (x * PI).sin() / (x * PI)
        }
    };
    let entry = |index: u32| f64::from(index) / STEPS;
    (0..=3 * 1024 + 1)
        .map(|index| sinc(entry(index)) * sinc(entry(index) / 3.0))
        .collect()
});

/// Lanczos3 from a table: the sines for every edge of every plane were a twentieth of all time.
/// Between two entries it is a straight line, wrong by less than a hundred-thousandth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 3,072"
)]
fn lanczos3(x: f64) -> f64 {
    let at = x.abs() * STEPS;
    if at >= 3.0 * STEPS {
        return 0.0;
    }
    let index = at as usize;
    let (here, next) = (TABLE[index], TABLE[index + 1]);
    here + (next - here) * (at - at.floor())
}

pub(super) fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::Internal,
        format!("the picture could not be resized: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_lanczos3() {
        for step in 0..3500_i32 {
            let x = f64::from(step) * 0.001 - 0.25;
            let sinc = |x: f64| {
                if x == 0.0 {
                    1.0
                } else {
                    (x * PI).sin() / (x * PI)
                }
            };
            let exact = if x.abs() < 3.0 {
                sinc(x) * sinc(x / 3.0)
            } else {
                0.0
            };
            assert!((lanczos3(x) - exact).abs() < 1e-5, "{x}");
        }
    }
}
