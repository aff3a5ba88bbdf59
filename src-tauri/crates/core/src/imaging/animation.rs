//! Animations that stay animated: every frame of the source through the same frame of the variant.

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{AnimationDecoder as _, DynamicImage, Frames};

use super::encode::Animation;
use super::picture::{Rendition, Source};
use super::plan::Frame;
use super::raster::Raster;
use super::render::Renderer;
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::variant::Variant;

impl Renderer {
    /// Renders all frames of a picture (`full` its size, `profile` its colours) into one moving
    /// WebP.
    pub(super) fn animate(
        &mut self,
        source: Source<'_>,
        frame: Frame,
        full: (u32, u32),
        profile: Option<&[u8]>,
        variant: Variant,
    ) -> Result<Rendition> {
        let mut made: Option<(Animation, (u32, u32))> = None;
        let mut late = 0;
        for picture in frames(source)? {
            // A file that ends early shows what it has.
            let Ok(picture) = picture else { break };
            let milliseconds = duration(picture.delay(), &mut late);
            let mut image = DynamicImage::ImageRgba8(picture.into_buffer());
            image.apply_orientation(
                Orientation::from_exif(source.orientation).unwrap_or(Orientation::NoTransforms),
            );
            let (width, height) = (image.width(), image.height());
            let whole = Raster {
                width,
                height,
                alpha: true,
                pixels: image.into_rgba8().into_raw(),
            };
            let view = frame.view.scaled(full, (width, height));
            let small = self
                .resizing
                .view(&whole, view, frame.size, variant.linear)?;
            let small = self.colours.convert(small, profile);
            let small = self.compose(small, &variant)?;
            let size = (small.width, small.height);
            let (animation, _) = made.get_or_insert_with(|| (Animation::new(size), size));
            animation.push(small, milliseconds, &variant)?;
        }
        let (animation, pixels) = made.ok_or_else(|| {
            Error::new(
                Code::ImageDamaged,
                "the animation has no frame that can be read",
            )
        })?;
        Ok(Rendition {
            pixels,
            bytes: animation.finish()?.into(),
            variant,
        })
    }
}

/// Milliseconds of a frame. What rounding took from one frame the next ones give back; frames of no
/// time get a tenth of a second, as in every browser.
fn duration(delay: image::Delay, late: &mut u32) -> u32 {
    let (numerator, denominator) = delay.numer_denom_ms();
    if numerator < 11 * denominator {
        return 100;
    }
    let exact = u64::from(numerator) + u64::from(*late);
    *late = u32::try_from(exact % u64::from(denominator.max(1))).unwrap_or_default();
    u32::try_from(exact / u64::from(denominator.max(1))).unwrap_or(u32::MAX)
}

fn frames(source: Source<'_>) -> Result<Frames<'_>> {
    let damaged = |error: image::ImageError| {
        Error::new(
            Code::ImageDamaged,
            format!("the animation is damaged: {error}"),
        )
    };
    let file = Cursor::new(source.file);
    match source.codec {
        Codec::Gif => Ok(GifDecoder::new(file).map_err(damaged)?.into_frames()),
        Codec::Webp => Ok(WebPDecoder::new(file).map_err(damaged)?.into_frames()),
        _ => Ok(PngDecoder::new(file)
            .and_then(PngDecoder::apng)
            .map_err(damaged)?
            .into_frames()),
    }
}
