//! Animations that stay animated: every frame of the source through the same frame of the variant.

use std::collections::HashMap;
use std::io::Cursor;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{AnimationDecoder as _, DynamicImage, Frames};

use super::encode::Animation;
use super::picture::{Rendition, Source};
use super::plan::Frame;
use super::raster::Raster;
use super::render::Renderer;
use crate::container::{gif, png, riff};
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::variant::{Variant, Worth};

/// A variant that is to move, and what of it there is.
struct Moving {
    index: usize,
    frame: Frame,
    variant: Variant,
    /// What its first frame is worth.
    score: Option<f64>,
    made: Option<(Animation, (u32, u32))>,
    failed: Option<Error>,
}

impl Renderer {
    /// Renders all frames of a picture (`full` its size, `profile` its colours) into moving WebPs:
    /// each frame is decoded once, for all of them.
    pub(super) fn animate(
        &mut self,
        source: Source<'_>,
        wanted: Vec<(usize, Frame, Variant, Option<f64>)>,
        full: (u32, u32),
        profile: Option<&[u8]>,
    ) -> HashMap<usize, Result<Rendition>> {
        let mut moving: Vec<Moving> = wanted
            .into_iter()
            .map(|(index, frame, variant, score)| Moving {
                index,
                frame,
                variant,
                score,
                made: None,
                failed: None,
            })
            .collect();
        let loops = loops(source);
        let failed = self.push_frames(source, &mut moving, full, profile, loops);
        let all = moving.into_iter().map(|moving| {
            let done = match (moving.failed.or_else(|| failed.clone()), moving.made) {
                (Some(error), _) => Err(error),
                (None, None) => Err(no_frame()),
                (None, Some((animation, pixels))) => animation.finish().map(|bytes| Rendition {
                    pixels,
                    bytes: bytes.into(),
                    worth: Worth {
                        quality: (!moving.variant.is_exact())
                            .then(|| moving.variant.quality.number()),
                        score: moving.score,
                    },
                    variant: moving.variant,
                }),
            };
            (moving.index, done)
        });
        all.collect()
    }

    fn push_frames(
        &mut self,
        source: Source<'_>,
        moving: &mut [Moving],
        full: (u32, u32),
        profile: Option<&[u8]>,
        loops: u16,
    ) -> Option<Error> {
        let larger = (source.codec == Codec::Gif)
            .then(|| gif::with_screen(source.file))
            .flatten();
        let source = Source {
            file: larger.as_deref().unwrap_or(source.file),
            ..source
        };
        let frames = match frames(source) {
            Ok(frames) => frames,
            Err(error) => return Some(error),
        };
        let mut late = 0;
        for picture in frames {
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
            for one in moving.iter_mut().filter(|one| one.failed.is_none()) {
                let pushed = self.push(&whole, one, (full, profile), milliseconds, loops);
                one.failed = pushed.err();
            }
        }
        None
    }

    fn push(
        &mut self,
        whole: &Raster,
        one: &mut Moving,
        (full, profile): ((u32, u32), Option<&[u8]>),
        milliseconds: u32,
        loops: u16,
    ) -> Result<()> {
        let view = one.frame.view.scaled(full, (whole.width, whole.height));
        let small = self
            .resizing
            .view(whole, view, one.frame.size, one.variant.linear)?;
        let small = self.colours.convert(small, profile);
        let small = self.compose(small, &one.variant)?;
        let size = (small.width, small.height);
        let (animation, _) = one
            .made
            .get_or_insert_with(|| (Animation::new(size, loops), size));
        animation.push(small, milliseconds, &one.variant)
    }
}

fn no_frame() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the animation has no frame that can be read",
    )
}

/// How often it plays; 0: for ever.
fn loops(source: Source<'_>) -> u16 {
    match source.codec {
        Codec::Gif => gif::plays(source.file),
        Codec::Webp => riff::plays(source.file),
        _ => png::plays(source.file),
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
