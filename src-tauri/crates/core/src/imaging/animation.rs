//! Animations that stay animated: every frame of the source through the same frame of the variant.

use std::collections::HashMap;

use super::decode::Film;
use super::encode::Animation;
use super::picture::{Rendition, Source};
use super::plan::Frame;
use super::raster::Raster;
use super::render::Renderer;
use crate::container::gif;
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::variant::{Variant, Worth};

/// Pixels of all frames together, beyond which a film would take all the time there is for a picture.
const MOST_PIXELS: u64 = 1 << 29;

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
    /// Renders all frames of a picture (`full` its size, `profile` its colours) into files that move:
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
        let failed = self.push_frames(source, &mut moving, full, profile);
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
    ) -> Option<Error> {
        let larger = (source.codec == Codec::Gif)
            .then(|| gif::with_screen(source.file))
            .flatten();
        let source = Source {
            file: larger.as_deref().unwrap_or(source.file),
            ..source
        };
        let film = match Film::of(source, self.limits) {
            Ok(film) => film,
            Err(error) => return Some(error),
        };
        let (mut late, loops, mut pixels) = (0, film.plays, 0_u64);
        for frame in film.frames {
            // A file that ends early shows what it has.
            let Ok((whole, delay)) = frame else { break };
            pixels += u64::from(whole.width) * u64::from(whole.height);
            if pixels > MOST_PIXELS {
                return Some(too_long());
            }
            let milliseconds = duration(delay, &mut late);
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
        let (animation, _) = match &mut one.made {
            Some(made) => made,
            none => none.insert((Animation::new(size, loops, &one.variant)?, size)),
        };
        animation.push(small, milliseconds, &one.variant)
    }
}

fn too_long() -> Error {
    Error::new(
        Code::ImageTooSlow,
        "the animation is too long to be made smaller",
    )
}

fn no_frame() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the animation has no frame that can be read",
    )
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
