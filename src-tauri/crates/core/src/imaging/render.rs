//! One decode, all variants, each derived from the nearest larger one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::colour::{self, Colours};
use super::decode::{self, Decoded};
use super::picture::{Failure, Rendered, Rendition, Source};
use super::plan::{self, Frame, View, whole};
use super::raster::Raster;
use super::resize::Resizing;
use super::tried::Tried;
use super::watermark::{self, MarkFile};
use super::{attention, encode, placeholder, planar};
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::metadata;
use crate::placeholder::Placeholder;
use crate::settings::Limits;
use crate::variant::{Fit, Format, Quality, Variant};

/// Makes variants; keeps codec handles, buffers and colour tables for the next picture. One for
/// each thread.
pub struct Renderer {
    pub(super) limits: Limits,
    pub(super) decoder: decode::Decoder,
    pub(super) encoder: encode::Encoder,
    pub(super) resizing: Resizing,
    marks: watermark::Marks,
    pub(super) colours: Colours,
    /// The picture that variants are tried on.
    pub(super) tried: Option<Tried>,
}

impl Renderer {
    /// A renderer that refuses what is beyond the limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            decoder: decode::Decoder::default(),
            encoder: encode::Encoder::default(),
            resizing: Resizing::default(),
            marks: watermark::Marks::default(),
            colours: Colours::default(),
            tried: None,
        }
    }

    /// The file of a picture that variants are marked with.
    pub fn give_mark(&mut self, mark: MarkFile) {
        self.marks.give(mark);
    }

    /// Decodes a picture once and makes all variants of it.
    ///
    /// # Errors
    /// `image-damaged`, `image-too-large` or `image-unsupported`; never a panic, whatever the bytes.
    pub fn render(&mut self, source: Source<'_>, variants: &[Variant]) -> Result<Rendered> {
        if let Some(rendered) = self.render_planar(source, variants)? {
            return Ok(rendered);
        }
        let decoded = self.decoder.decode(source, variants, self.limits)?;
        let rights = variants
            .iter()
            .any(|variant| variant.keep_copyright)
            .then(|| metadata::rights(source.file, source.codec));
        let moving = decoded.moving;
        let mut note = note(&decoded, variants);
        let pixels = decoded.full;
        // A profile of another kind of picture, or a grey one, cannot be kept in a picture of three
        // colours.
        let profile = decoded
            .profile
            .clone()
            .filter(|profile| colour::is_rgb(profile));
        let (done, shown) = self.resize_all(decoded, variants);
        let placeholder = self.placeholder(&done, &shown, variants);
        self.decoder.recycle(shown.pixels);
        let settled = done.iter().zip(variants).map(|(made, variant)| Variant {
            format: made.as_ref().map_or(variant.format, |made| {
                settle(variant.format, &made.raster, moving && !variant.still)
            }),
            ..variant.clone()
        });
        let settled: Vec<Variant> = settled.collect();
        let mut animated = self.animated(
            source,
            (&done, &settled),
            pixels,
            profile.as_deref(),
            moving,
        );
        let (mut renditions, mut failures) = (Vec::with_capacity(variants.len()), Vec::new());
        for (index, (made, variant)) in done.into_iter().zip(settled).enumerate() {
            let icc = profile.as_deref().filter(|_| variant.keep_icc);
            let rights = rights.as_ref().filter(|_| variant.keep_copyright);
            let moved = animated.remove(&index);
            if let Some(Err(_)) = moved {
                // What cannot move shows its first frame.
                note = note.or_else(|| Some(flattened()));
            }
            let done = match moved {
                Some(Ok(rendition)) => Ok(rendition),
                _ => made.and_then(|made| {
                    self.finish(made.raster, variant, encode::Carried { icc, rights })
                }),
            };
            match done {
                Ok(rendition) => renditions.push(rendition),
                Err(error) => failures.push(Failure { index, error }),
            }
        }
        Ok(Rendered {
            pixels,
            renditions,
            failures,
            placeholder,
            note,
        })
    }

    /// The variants that move, all of one pass through the file's frames, by their place.
    fn animated(
        &mut self,
        source: Source<'_>,
        (done, variants): (&[Result<Made>], &[Variant]),
        full: (u32, u32),
        profile: Option<&[u8]>,
        moving: bool,
    ) -> HashMap<usize, Result<Rendition>> {
        let moves = |variant: &Variant| moving && !variant.still && variant.format.can_move();
        let wanted = done.iter().zip(variants).enumerate();
        let wanted = wanted.filter(|(_, (_, variant))| moves(variant));
        let wanted = wanted.filter_map(|(index, (made, variant))| {
            let made = made.as_ref().ok()?;
            let (quality, score) = self.settled(made, variant);
            let variant = Variant {
                quality,
                ..variant.clone()
            };
            Some((index, made.frame, variant, score))
        });
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            return HashMap::new();
        }
        let mut done = self.animate(source, wanted, full, profile);
        for (index, rendition) in &mut done {
            if let Ok(rendition) = rendition {
                rendition.variant = variants[*index].clone();
            }
        }
        done
    }

    /// The quality that a moving variant's first frame wants, and what it is worth then.
    fn settled(&mut self, made: &Made, variant: &Variant) -> (Quality, Option<f64>) {
        if matches!(variant.quality, Quality::Fixed(_)) || variant.is_exact() {
            return (variant.quality, None);
        }
        let found = self
            .compose(made.raster.clone(), variant)
            .and_then(|first| {
                self.encoder
                    .finished(&first, variant, encode::Carried::default())
            });
        // What is wrong with it, is said where it is encoded for good.
        found.map_or((Quality::default(), None), |found| {
            let quality = found
                .worth
                .quality
                .map_or_else(Quality::default, Quality::Fixed);
            (quality, found.worth.score)
        })
    }

    /// A digest of what the file shows: all pixels of its first frame, the right way up.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn digest(&mut self, source: Source<'_>) -> Result<u64> {
        let decoded = self.decoder.decode(source, &[whole()], self.limits)?;
        let mut hasher = DefaultHasher::new();
        (decoded.raster.width, decoded.raster.height).hash(&mut hasher);
        decoded.raster.pixels.hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// The short way from JPEG to JPEG, where the picture and all variants allow it.
    fn render_planar(
        &mut self,
        source: Source<'_>,
        variants: &[Variant],
    ) -> Result<Option<Rendered>> {
        if source.codec != Codec::Jpeg || !variants.iter().all(planar::suits) {
            return Ok(None);
        }
        let Some((planes, pixels)) =
            self.decoder
                .decode_planes(source, variants, self.limits, &mut self.colours)?
        else {
            return Ok(None);
        };
        let rights = variants
            .iter()
            .any(|variant| variant.keep_copyright)
            .then(|| metadata::rights(source.file, source.codec));
        let done = planar::render(
            &planes,
            pixels,
            variants,
            &mut self.resizing.resizer,
            |variant, planes| {
                let rights = rights.as_ref().filter(|_| variant.keep_copyright);
                self.encoder.jpeg(
                    variant,
                    variant.quality.number(),
                    encode::Carried { icc: None, rights },
                    planes,
                )
            },
        )?;
        let small = planes.small(&mut self.resizing.resizer);
        let placeholder = small.ok().flatten().as_ref().map(placeholder::of_small);
        self.decoder.recycle(planes.into_samples());
        let (mut renditions, mut failures) = (Vec::with_capacity(variants.len()), Vec::new());
        for (index, done) in done.into_iter().enumerate() {
            match done {
                Ok(rendition) => renditions.push(rendition),
                Err(error) => failures.push(Failure { index, error }),
            }
        }
        Ok(Some(Rendered {
            pixels,
            renditions,
            failures,
            placeholder,
            note: None,
        }))
    }

    /// All variants at their size, in the order asked for, the largest made first; and the picture
    /// they were made of.
    pub(super) fn resize_all(
        &mut self,
        decoded: Decoded,
        variants: &[Variant],
    ) -> (Vec<Result<Made>>, Raster) {
        let Decoded {
            raster,
            full,
            profile,
            grey,
            ..
        } = decoded;
        let profile = profile.filter(|profile| grey || colour::is_rgb(profile));
        let focus = plan::wants_attention(variants).then(|| attention::focus(&raster));
        let frames: Vec<Frame> = variants
            .iter()
            .map(|variant| plan::frame(full, variant, focus))
            .collect();
        let mut order: Vec<usize> = (0..variants.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(frames[index].pixels()));
        // Colours are converted once; only a variant that keeps them sees the source's own.
        let keeps = variants.iter().any(|variant| variant.keep_icc)
            && profile.as_deref().is_some_and(colour::is_rgb);
        let kept = keeps.then(|| raster.clone());
        let converted = self.colours.convert(raster, profile.as_deref());
        let mut done: Vec<Option<Result<Made>>> = variants.iter().map(|_| None).collect();
        for index in order {
            let (frame, variant) = (frames[index], &variants[index]);
            let base = kept
                .as_ref()
                .filter(|_| variant.keep_icc)
                .unwrap_or(&converted);
            let raster = {
                let larger = done.iter().zip(variants).filter_map(|(made, other)| {
                    let made = made.as_ref()?.as_ref().ok()?;
                    alike(variant, other).then_some(made)
                });
                let nearest = larger
                    .filter(|made| made.frame.can_become(&frame))
                    .min_by_key(|made| made.frame.pixels());
                match nearest {
                    Some(larger) => self
                        .resizing
                        .whole(&larger.raster, frame.size, variant.linear),
                    None => {
                        let view = frame.view.scaled(full, (base.width, base.height));
                        self.resizing.view(base, view, frame.size, variant.linear)
                    }
                }
            };
            let shows_all = frame.view.same_as(&View::whole(full));
            done[index] = Some(raster.map(|raster| Made {
                frame,
                shows_all,
                raster,
            }));
        }
        (done.into_iter().flatten().collect(), converted)
    }

    /// What stands for the picture: of the smallest variant that shows all of it in sRGB, if there
    /// is one.
    fn placeholder(
        &mut self,
        done: &[Result<Made>],
        shown: &Raster,
        variants: &[Variant],
    ) -> Option<Placeholder> {
        let made = done.iter().zip(variants);
        let made = made.filter(|(_, variant)| !variant.keep_icc);
        let whole = made
            .filter_map(|(made, _)| made.as_ref().ok())
            .filter(|made| made.shows_all && made.raster.width.min(made.raster.height) >= 100);
        let smallest = whole.min_by_key(|made| made.frame.pixels());
        let of = smallest.map_or(shown, |made| &made.raster);
        placeholder::of(of, &mut self.resizing).ok().flatten()
    }

    /// What comes after resizing: the canvas, the watermark, the file.
    fn finish(
        &mut self,
        raster: Raster,
        variant: Variant,
        carried: encode::Carried<'_>,
    ) -> Result<Rendition> {
        let raster = self.compose(raster, &variant)?;
        let made = self.encoder.finished(&raster, &variant, carried)?;
        Ok(Rendition {
            pixels: (raster.width, raster.height),
            variant,
            worth: made.worth,
            bytes: made.bytes.into(),
        })
    }

    /// The finished pixels: padded, marked, and opaque where the format has no transparency.
    pub(super) fn compose(&mut self, raster: Raster, variant: &Variant) -> Result<Raster> {
        let mut raster = match variant.fit {
            Fit::Contain => raster.padded((variant.width, variant.height), variant),
            Fit::Inside | Fit::Cover | Fit::Fill | Fit::Crop => raster,
        };
        if raster.alpha && (!variant.format.has_alpha() || variant.background.is_some()) {
            raster = raster.flattened(variant.background.unwrap_or([255; 3]));
        }
        if let Some(mark) = &variant.watermark {
            self.marks
                .lay_over(&mut raster, mark, &mut self.resizing, self.limits)?;
        }
        Ok(raster)
    }
}

/// Whether one variant's pixels can be made from another's.
const fn alike(a: &Variant, b: &Variant) -> bool {
    a.keep_icc == b.keep_icc && a.linear == b.linear
}

/// A resized picture that smaller ones of the same view may be derived from.
pub(super) struct Made {
    frame: Frame,
    shows_all: bool,
    pub(super) raster: Raster,
}

/// The real format of a variant.
pub(super) fn settle(format: Format, raster: &Raster, moving: bool) -> Format {
    match format {
        Format::Auto if moving || raster.is_transparent() => Format::Webp,
        Format::Auto => Format::Jpeg,
        other => other,
    }
}

fn note(decoded: &Decoded, variants: &[Variant]) -> Option<Error> {
    if let Some(why) = &decoded.damaged {
        return Some(
            Error::new(
                Code::ImageDamaged,
                format!("the picture is damaged ({why}); its variants show what could be read"),
            )
            .hint("look at them before you use them, or take the file from the camera once more"),
        );
    }
    let stands_still = |variant: &Variant| !variant.still && !variant.format.can_move();
    (decoded.moving && variants.iter().any(stands_still)).then(flattened)
}

fn flattened() -> Error {
    Error::new(
        Code::ImageFlattened,
        "the animation stands still: some variants show its first frame only",
    )
    .hint("choose WebP, AVIF or auto as their format to keep it moving")
}
