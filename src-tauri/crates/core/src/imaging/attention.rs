//! Where the eye goes first, for crops that keep it.
//!
//! After libvips' `smartcrop` by attention (itself after smartcrop.js): a small copy of the picture
//! is scored point by point for edges, for colours near human skin, and for saturation; the scores
//! are blurred, and the highest wins.

use super::raster::Raster;

/// Long side of the copy that is scored.
const SIDE: usize = 64;
/// Skin of all complexions has about the same direction in RGB (smartcrop.js).
const SKIN: [f32; 3] = [0.78, 0.57, 0.44];

/// The point to keep, as fractions of width and height.
pub(super) fn focus(picture: &Raster) -> (f64, f64) {
    let small = Small::of(picture);
    let scores = small.scores();
    let blurred = small.blurred(&scores);
    let best = blurred
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(index, _)| index);
    let at = |index: usize, side: usize| {
        (f64::from(u32::try_from(index).unwrap_or_default()) + 0.5) / side_f64(side)
    };
    (
        at(best % small.width, small.width),
        at(best / small.width, small.height),
    )
}

fn side_f64(side: usize) -> f64 {
    f64::from(u32::try_from(side).unwrap_or(1).max(1))
}

struct Small {
    width: usize,
    height: usize,
    /// Red, green, blue from 0 to 1; what is transparent is black.
    pixels: Vec<[f32; 3]>,
}

impl Small {
    /// Averages blocks of whole pixels.
    fn of(picture: &Raster) -> Self {
        let (full_width, full_height, channels) = (
            picture.width as usize,
            picture.height as usize,
            picture.channels(),
        );
        let block = full_width.max(full_height).div_ceil(SIDE).max(1);
        let (width, height) = (full_width.div_ceil(block), full_height.div_ceil(block));
        let mut sums = vec![[0_u32; 4]; width * height];
        for (index, pixel) in picture.pixels.chunks_exact(channels).enumerate() {
            let sum = &mut sums[index / full_width / block * width + index % full_width / block];
            let alpha = pixel.get(3).map_or(255, |alpha| u32::from(*alpha));
            (0..3).for_each(|channel| sum[channel] += u32::from(pixel[channel]) * alpha / 255);
            sum[3] += 1;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a block of a 268-megapixel picture sums to less than 2^32; scores need no more"
        )]
        let pixels = sums
            .iter()
            .map(|sum| [0, 1, 2].map(|channel| sum[channel] as f32 / sum[3].max(1) as f32 / 255.0))
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }

    fn scores(&self) -> Vec<f32> {
        let luma = |[r, g, b]: [f32; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
        let at = |x: usize, y: usize| {
            luma(self.pixels[y.min(self.height - 1) * self.width + x.min(self.width - 1)])
        };
        let score = |index: usize| {
            let (x, y) = (index % self.width, index / self.width);
            let pixel = self.pixels[index];
            let bright = luma(pixel);
            let around = at(x.saturating_sub(1), y)
                + at(x + 1, y)
                + at(x, y.saturating_sub(1))
                + at(x, y + 1);
            let edge = (4.0 * bright - around).abs();
            5.0 * edge + 1.8 * skin(pixel, bright) + 0.5 * saturation(pixel, bright)
        };
        (0..self.pixels.len()).map(score).collect()
    }

    /// A box of an eighth of the long side: one bright pixel is not yet a subject.
    fn blurred(&self, scores: &[f32]) -> Vec<f32> {
        let reach = (self.width.max(self.height) / 16).max(1);
        let sum = |index: usize| {
            let (x, y) = (index % self.width, index / self.width);
            let rows = y.saturating_sub(reach)..(y + reach + 1).min(self.height);
            let columns = x.saturating_sub(reach)..(x + reach + 1).min(self.width);
            rows.map(|row| {
                scores[row * self.width..][columns.clone()]
                    .iter()
                    .sum::<f32>()
            })
            .sum()
        };
        (0..scores.len()).map(sum).collect()
    }
}

fn skin(pixel: [f32; 3], bright: f32) -> f32 {
    let length = |v: [f32; 3]| v.iter().map(|c| c * c).sum::<f32>().sqrt();
    let own = length(pixel);
    if own < 0.05 || !(0.2..=0.95).contains(&bright) {
        return 0.0;
    }
    let skin = length(SKIN);
    let difference = [0, 1, 2].map(|channel| pixel[channel] / own - SKIN[channel] / skin);
    // Beyond a fifth it is another colour.
    (1.0 - length(difference) / 0.2).max(0.0)
}

fn saturation(pixel: [f32; 3], bright: f32) -> f32 {
    if !(0.05..=0.9).contains(&bright) {
        return 0.0;
    }
    let (low, high) = pixel.iter().fold((f32::MAX, 0.0_f32), |(low, high), c| {
        (low.min(*c), high.max(*c))
    });
    high - low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_found() {
        // A grey plain with one detailed, coloured patch at three quarters across, a quarter down.
        let mut picture = Raster {
            width: 800,
            height: 400,
            alpha: false,
            pixels: vec![128; 800 * 400 * 3],
        };
        for y in 60..140 {
            for x in 560..640 {
                let bright = if (x / 10 + y / 10) % 2 == 0 {
                    [230, 40, 30]
                } else {
                    [20, 20, 30]
                };
                picture.pixels[(y * 800 + x) * 3..][..3].copy_from_slice(&bright);
            }
        }
        let (x, y) = focus(&picture);
        assert!(
            (x - 0.75).abs() < 0.06 && (y - 0.25).abs() < 0.12,
            "{x} {y}"
        );
    }

    #[test]
    fn any_size_has_a_focus() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (64, 64), (65, 3)] {
            let picture = Raster {
                width,
                height,
                alpha: true,
                pixels: vec![7; (width * height * 4) as usize],
            };
            let (x, y) = focus(&picture);
            assert!((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y));
        }
    }
}
