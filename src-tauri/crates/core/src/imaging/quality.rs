//! The smallest file that is good enough: a quality is looked for, in four encodes at most (of a
//! large picture, of parts of it).

use std::borrow::Cow;

use super::encode::{Carried, Encoder};
use super::raster::Raster;
use super::score::Model;
use crate::error::{Code, Error, Result};
use crate::variant::{Format, Quality, Variant, Worth};

/// More encodes win less than they cost.
const MOST_ENCODES: usize = 4;
/// So much more than what is asked for is good enough to stop.
const NEAR: f64 = 0.3;
/// So much less is missed by a hair.
const NEARLY: f64 = 3.0;
/// Where the target cannot be reached, as many points below the best are as good.
const CLOSE: f64 = 1.0;

/// An encoded picture.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) worth: Worth,
}

impl Encoder {
    /// Encodes a picture as well as its variant asks for.
    pub(super) fn finished(
        &mut self,
        raster: &Raster,
        variant: &Variant,
        carried: Carried<'_>,
    ) -> Result<Encoded> {
        let exact = variant.is_exact();
        let fixed = match variant.quality {
            Quality::Fixed(number) => number,
            Quality::Auto(_) if exact => Quality::default().number(),
            Quality::Auto(target) => {
                return self.searched(
                    &mut Model::new(Cow::Borrowed(raster)),
                    variant,
                    carried,
                    target,
                );
            }
        };
        Ok(Encoded {
            bytes: self.encode(raster, variant, fixed, carried)?,
            worth: Worth {
                quality: (!exact).then_some(fixed),
                score: None,
            },
        })
    }

    /// As [`Encoder::finished`], and its score, whatever its quality.
    pub(super) fn scored(
        &mut self,
        model: &mut Model<'_>,
        variant: &Variant,
        carried: Carried<'_>,
    ) -> Result<Encoded> {
        match variant.quality {
            _ if variant.is_exact() => self.finished(model.raster(), variant, carried),
            Quality::Auto(target) => self.searched(model, variant, carried, target),
            Quality::Fixed(quality) => {
                let tried = self.tried(model, variant, quality, carried)?;
                self.whole(model, variant, carried, tried)
            }
        }
    }

    fn searched(
        &mut self,
        model: &mut Model<'_>,
        variant: &Variant,
        carried: Carried<'_>,
        target: u8,
    ) -> Result<Encoded> {
        let mut search = Search::new(f64::from(target), curve(variant.format));
        let mut tries: Vec<Try> = Vec::new();
        while let Some(quality) = search.next() {
            let tried = self.tried(model, variant, quality, carried)?;
            search.saw(quality, tried.score);
            tries.push(tried);
        }
        let highest = tries
            .iter()
            .map(|tried| tried.score)
            .fold(f64::MIN, f64::max);
        // Where nothing reaches it, more bytes for the last point are not worth it.
        let enough = if highest < search.target {
            highest - CLOSE
        } else {
            search.target
        };
        let good = tries.into_iter().filter(|tried| tried.score >= enough);
        let best = good.min_by_key(|tried| tried.bytes.len());
        let best = best.ok_or_else(nothing_made)?;
        self.whole(model, variant, carried, best)
    }

    fn tried(
        &mut self,
        model: &mut Model<'_>,
        variant: &Variant,
        quality: u8,
        carried: Carried<'_>,
    ) -> Result<Try> {
        let bytes = self.encode(model.sample(), variant, quality, carried)?;
        let score = model.score(&bytes, variant.format)?;
        Ok(Try {
            bytes,
            quality,
            score,
        })
    }

    /// The whole picture, as what was tried of it: that is it already, unless it is large.
    fn whole(
        &mut self,
        model: &Model<'_>,
        variant: &Variant,
        carried: Carried<'_>,
        tried: Try,
    ) -> Result<Encoded> {
        let Try {
            bytes,
            quality,
            score,
        } = tried;
        Ok(Encoded {
            bytes: if model.is_whole() {
                bytes
            } else {
                self.encode(model.raster(), variant, quality, carried)?
            },
            worth: Worth {
                quality: Some(quality),
                score: Some(score),
            },
        })
    }
}

/// A picture, or parts of it, encoded at a quality.
struct Try {
    bytes: Vec<u8>,
    quality: u8,
    score: f64,
}

fn nothing_made() -> Error {
    Error::new(Code::Internal, "no quality was tried for a variant")
}

/// Scores that 26 photographs have on the average at an encoder's qualities, as 800x600, 400x300
/// and 200x150 (`tintype-bench curves`); a picture's own lie above or below, on much the same curve.
type Curve = &'static [(f64, f64)];

const JPEG: Curve = &[
    (1.0, -70.0),
    (5.0, -36.4),
    (15.0, 25.5),
    (25.0, 46.4),
    (35.0, 56.4),
    (45.0, 62.0),
    (55.0, 66.1),
    (65.0, 70.1),
    (75.0, 74.7),
    (82.0, 78.6),
    (88.0, 82.2),
    (94.0, 86.6),
    (100.0, 90.1),
];
const WEBP: Curve = &[
    (1.0, 10.0),
    (5.0, 24.0),
    (15.0, 40.0),
    (25.0, 49.5),
    (35.0, 56.7),
    (45.0, 62.0),
    (55.0, 65.7),
    (65.0, 69.2),
    (75.0, 72.5),
    (82.0, 78.0),
    (88.0, 82.5),
    (94.0, 86.4),
    (100.0, 88.3),
];
const AVIF: Curve = &[
    (1.0, -50.0),
    (5.0, -30.4),
    (15.0, -1.0),
    (25.0, 25.3),
    (35.0, 43.6),
    (45.0, 58.4),
    (55.0, 69.9),
    (65.0, 76.8),
    (75.0, 81.0),
    (82.0, 84.3),
    (88.0, 86.2),
    (94.0, 88.5),
    (100.0, 90.5),
];

const fn curve(format: Format) -> Curve {
    match format {
        Format::Webp => WEBP,
        Format::Avif => AVIF,
        Format::Jpeg | Format::Png | Format::Auto => JPEG,
    }
}

/// What was tried, and what it was worth.
struct Search {
    target: f64,
    curve: Curve,
    seen: Vec<(u8, f64)>,
}

impl Search {
    const fn new(target: f64, curve: Curve) -> Self {
        Self {
            target,
            curve,
            seen: Vec::new(),
        }
    }

    fn saw(&mut self, quality: u8, score: f64) {
        self.seen.push((quality, score));
    }

    /// The quality to try next; nothing when the smallest that is good enough is known, or near
    /// enough.
    fn next(&self) -> Option<u8> {
        let Some((last, left)) = self
            .seen
            .last()
            .zip(MOST_ENCODES.checked_sub(self.seen.len()))
        else {
            return Some(whole(quality_at(self.curve, self.target)));
        };
        let reached = |(_, score): &&(u8, f64)| *score >= self.target;
        // The best of those that do not reach, and the least of those that do.
        let below = self
            .seen
            .iter()
            .filter(|tried| !reached(tried))
            .max_by_key(|tried| tried.0);
        let above = self.seen.iter().filter(reached).min_by_key(|tried| tried.0);
        let is_near = above.is_some_and(|(_, score)| *score < self.target + NEAR);
        let (least, most) = (
            below.map_or(1, |(quality, _)| quality.saturating_add(1)),
            above.map_or(100, |(quality, _)| quality.saturating_sub(1)),
        );
        if left == 0 || is_near || least > most {
            return None;
        }
        // Along the curve, which is moved to go through what was seen last.
        let off = last.1 - score_at(self.curve, f64::from(last.0));
        let along = quality_at(self.curve, self.target - off);
        let is_last = left == 1;
        let wanted = match (below, above) {
            // Between the two; never so near to one of them that little is learnt, and at last on
            // the side that reaches.
            (Some(below), Some(above)) => {
                let part = (self.target - below.1) / (above.1 - below.1);
                let part = part.clamp(if is_last { 0.5 } else { 0.1 }, 0.9);
                f64::from(below.0) + part * f64::from(above.0 - below.0)
            }
            // Nothing reaches it yet: as the two best run, where that is flatter than the curve; at
            // last a good deal further.
            (Some(_), None) => {
                let wanted = along.max(self.straight_on().unwrap_or(along));
                let (from, missed) = (f64::from(last.0), self.target - last.1);
                match is_last {
                    false => wanted,
                    true if missed < NEARLY => wanted + (wanted - from).max(0.0) + 2.0,
                    true => wanted + (100.0 - wanted) / 3.0,
                }
            }
            _ => along.min(self.straight_on().unwrap_or(along)),
        };
        Some(whole(wanted).clamp(least, most))
    }

    /// Where the line through the last two tries comes to the target.
    fn straight_on(&self) -> Option<f64> {
        let [.., one, other] = self.seen.as_slice() else {
            return None;
        };
        let (run, rise) = (f64::from(other.0) - f64::from(one.0), other.1 - one.1);
        let slope = rise / run;
        (slope > 0.01).then(|| f64::from(other.0) + (self.target - other.1) / slope)
    }
}

/// The next whole quality that is not less.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a quality can be"
)]
fn whole(quality: f64) -> u8 {
    quality.ceil().clamp(1.0, 100.0) as u8
}

fn score_at(curve: Curve, quality: f64) -> f64 {
    along(curve.iter().copied(), quality)
}

fn quality_at(curve: Curve, score: f64) -> f64 {
    along(
        curve.iter().map(|(quality, score)| (*score, *quality)),
        score,
    )
}

/// The height of a line through points, which ends where they end.
fn along(points: impl Iterator<Item = (f64, f64)>, at: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for (x, y) in points {
        if at <= x {
            return before.map_or(y, |(x0, y0)| y0 + (y - y0) * (at - x0) / (x - x0));
        }
        before = Some((x, y));
    }
    before.map_or(0.0, |(_, y)| y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose scores lie off the curve, and run steeper or flatter.
    fn found(curve: Curve, off: f64, slope: f64, target: f64) -> (u8, f64, usize) {
        let worth = |quality: u8| score_at(curve, f64::from(quality)) * slope + off;
        let mut search = Search::new(target, curve);
        while let Some(quality) = search.next() {
            search.saw(quality, worth(quality));
        }
        let reached = search.seen.iter().filter(|(_, score)| *score >= target);
        let best = reached.min_by_key(|(quality, _)| *quality);
        let highest = || search.seen.iter().max_by_key(|(quality, _)| *quality);
        let (quality, score) = best.or_else(highest).copied().expect("tried");
        (quality, score, search.seen.len())
    }

    #[test]
    fn the_smallest_quality_that_is_good_enough_is_found_in_four_encodes() {
        let usual = [
            (0.0, 1.0),
            (9.0, 1.0),
            (-12.0, 1.0),
            (20.0, 0.7),
            (-20.0, 1.3),
        ];
        let odd = [(50.0, 0.4), (62.0, 0.2), (-60.0, 1.8), (45.0, 0.15)];
        for curve in [JPEG, WEBP, AVIF] {
            for ((off, slope), within) in usual
                .iter()
                .map(|like| (*like, 3))
                .chain(odd.iter().map(|like| (*like, 25)))
            {
                for target in 40..90 {
                    let target = f64::from(target);
                    let worth = |quality: u8| score_at(curve, f64::from(quality)) * slope + off;
                    let Some(least) = (1..=96).find(|quality| worth(*quality) >= target) else {
                        continue;
                    };

                    let (quality, score, encodes) = found(curve, off, slope, target);

                    let about = format!(
                        "off {off}, slope {slope}, target {target}: {quality}, not {least}"
                    );
                    assert!(score >= target, "{about}");
                    assert!(quality <= least + within, "{about}");
                    assert!(encodes <= MOST_ENCODES, "{about}");
                }
            }
        }
    }

    #[test]
    fn a_jump_in_what_a_quality_is_worth_is_no_reason_to_miss_the_target() {
        // What grain in WebP does between 70 and 80.
        let kinked: Curve = &[
            (1.0, 20.0),
            (54.0, 53.9),
            (70.0, 57.0),
            (80.0, 66.6),
            (90.0, 80.9),
            (100.0, 84.1),
        ];
        let mut before = 0;
        for target in 45..84 {
            let mut search = Search::new(f64::from(target), WEBP);
            while let Some(quality) = search.next() {
                search.saw(quality, score_at(kinked, f64::from(quality)));
            }

            let reached = search
                .seen
                .iter()
                .filter(|(_, score)| *score >= search.target);
            let least = reached.map(|(quality, _)| *quality).min();

            let needed = (1..=100).find(|q| score_at(kinked, f64::from(*q)) >= search.target);
            let (least, needed) = (least.expect("reached"), needed.expect("reachable"));
            assert!(least <= needed + 8, "{target}: {least}, not {needed}");
            assert!(least + 8 >= before, "{target}: {least} after {before}");
            before = before.max(least);
        }
    }

    #[test]
    fn what_cannot_be_reached_gets_the_best_there_is() {
        let (quality, score, encodes) = found(JPEG, -30.0, 1.0, 90.0);

        assert!(quality > 95, "{quality}");
        assert!(score < 90.0 && encodes <= MOST_ENCODES);
    }

    #[test]
    fn what_every_quality_reaches_gets_the_least() {
        let (quality, score, encodes) = found(WEBP, 120.0, 0.5, 60.0);

        assert_eq!(quality, 1);
        assert!(score >= 60.0 && encodes <= MOST_ENCODES);
    }
}
