//! The smallest file that is good enough: a quality is looked for, in four encodes at most.

use super::encode::{Carried, Encoder};
use super::raster::Raster;
use super::score::Reference;
use crate::error::{Code, Error, Result};
use crate::variant::{Format, Quality, Variant, Worth};

/// More encodes win less than they cost.
const MOST_ENCODES: usize = 4;
/// So much more than what is asked for is good enough to stop.
const NEAR: f64 = 0.3;
/// A last try that must not miss aims so much higher.
const MARGIN: f64 = 0.5;

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
            Quality::Auto(target) => return self.searched(raster, variant, carried, target),
        };
        Ok(Encoded {
            bytes: self.encode(raster, variant, fixed, carried)?,
            worth: Worth {
                quality: (!exact).then_some(fixed),
                score: None,
            },
        })
    }

    fn searched(
        &mut self,
        raster: &Raster,
        variant: &Variant,
        carried: Carried<'_>,
        target: u8,
    ) -> Result<Encoded> {
        let reference = Reference::new(raster)?;
        let mut search = Search::new(f64::from(target), curve(variant.format));
        let mut best: Option<Encoded> = None;
        while let Some(quality) = search.next() {
            let bytes = self.encode(raster, variant, quality, carried)?;
            let score = reference.score(&bytes, variant.format)?;
            search.saw(quality, score);
            let is_better = best.as_ref().is_none_or(|best| {
                let before = best.worth.score.unwrap_or_default();
                match (before >= search.target, score >= search.target) {
                    (true, true) => bytes.len() < best.bytes.len(),
                    (false, false) => score > before,
                    (_, reaches) => reaches,
                }
            });
            if is_better {
                best = Some(Encoded {
                    bytes,
                    worth: Worth {
                        quality: Some(quality),
                        score: Some(score),
                    },
                });
            }
        }
        // A search always begins.
        best.ok_or_else(nothing_made)
    }
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
        let wanted = match (below, above) {
            // Between the two, as the curve runs there.
            (Some(below), Some(above)) => {
                let part = (self.target - below.1) / (above.1 - below.1);
                f64::from(below.0) + part * f64::from(above.0 - below.0)
            }
            // Along the curve, which is moved to go through what was seen last.
            _ => {
                let margin = if above.is_none() && left == 1 {
                    MARGIN
                } else {
                    0.0
                };
                let off = last.1 - score_at(self.curve, f64::from(last.0));
                quality_at(self.curve, self.target + margin - off)
            }
        };
        Some(whole(wanted).clamp(least, most))
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
        for curve in [JPEG, WEBP, AVIF] {
            for (off, slope) in [
                (0.0, 1.0),
                (9.0, 1.0),
                (-12.0, 1.0),
                (20.0, 0.7),
                (-20.0, 1.3),
            ] {
                for target in [40.0, 60.0, 75.0, 85.0] {
                    let worth = |quality: u8| score_at(curve, f64::from(quality)) * slope + off;
                    let Some(least) = (1..=100).find(|quality| worth(*quality) >= target) else {
                        continue;
                    };

                    let (quality, score, encodes) = found(curve, off, slope, target);

                    let about = format!(
                        "off {off}, slope {slope}, target {target}: {quality}, not {least}"
                    );
                    assert!(score >= target, "{about}");
                    assert!(quality <= least + 2, "{about}");
                    assert!(encodes <= MOST_ENCODES, "{about}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_reached_gets_the_best_there_is() {
        let (quality, score, encodes) = found(JPEG, -30.0, 1.0, 90.0);

        assert_eq!(quality, 100);
        assert!(score < 90.0 && encodes <= MOST_ENCODES);
    }

    #[test]
    fn what_every_quality_reaches_gets_the_least() {
        let (quality, score, encodes) = found(WEBP, 120.0, 0.5, 60.0);

        assert_eq!(quality, 1);
        assert!(score >= 60.0 && encodes <= MOST_ENCODES);
    }
}
