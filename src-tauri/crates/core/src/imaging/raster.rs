//! Pixels in memory.

use super::plan::pixels;
use crate::variant::{Gravity, Variant};

/// Eight bits a channel, the right way up.
#[derive(Debug, Clone)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) alpha: bool,
    /// `width * height` pixels of three (RGB) or four (RGBA, not premultiplied) bytes.
    pub(super) pixels: Vec<u8>,
}

impl Raster {
    pub(super) const fn channels(&self) -> usize {
        if self.alpha { 4 } else { 3 }
    }

    /// A rectangle of it.
    pub(super) fn part(&self, left: u32, top: u32, width: u32, height: u32) -> Self {
        let channels = self.channels();
        let rows = self
            .pixels
            .chunks_exact(self.width as usize * channels)
            .skip(top as usize)
            .take(height as usize);
        let pixels = rows
            .flat_map(|row| &row[left as usize * channels..][..width as usize * channels])
            .copied()
            .collect();
        Self {
            width,
            height,
            alpha: self.alpha,
            pixels,
        }
    }

    /// Whether any pixel lets something through.
    pub(super) fn is_transparent(&self) -> bool {
        self.alpha && self.pixels.chunks_exact(4).any(|pixel| pixel[3] != 255)
    }

    /// Laid on one colour.
    pub(super) fn flattened(self, background: [u8; 3]) -> Self {
        if !self.alpha {
            return self;
        }
        let pixels = self.pixels.chunks_exact(4).flat_map(|pixel| {
            let alpha = pixel[3];
            [0, 1, 2].map(|channel| over(pixel[channel], background[channel], alpha))
        });
        Self {
            alpha: false,
            pixels: pixels.collect(),
            ..self
        }
    }

    /// Laid on a canvas of exactly that size: on the variant's background, else transparent where
    /// the format can be, else white.
    pub(super) fn padded(self, (width, height): (u32, u32), variant: &Variant) -> Self {
        if (self.width, self.height) == (width, height) {
            return self;
        }
        let background = match variant.background {
            Some([r, g, b]) => [r, g, b, 255],
            None if variant.format.has_alpha() => [0; 4],
            None => [255; 4],
        };
        let mut canvas = Self {
            width,
            height,
            alpha: true,
            pixels: background.repeat(width as usize * height as usize),
        };
        let gravity = if variant.gravity == Gravity::Attention {
            Gravity::Centre
        } else {
            variant.gravity
        };
        let (x, y) = gravity.point();
        let place = |room: u32, at: f64| pixels(f64::from(room) * at + 1.0) - 1;
        canvas.draw(
            &self,
            place(width - self.width, x),
            place(height - self.height, y),
        );
        if background[3] == 255 {
            canvas.flattened([255; 3])
        } else {
            canvas
        }
    }

    /// Draws another picture at a place, over what is there; what sticks out is left away.
    pub(super) fn draw(&mut self, other: &Self, left: u32, top: u32) {
        let (have, want) = (other.channels(), self.channels());
        let columns = (other.width.min(self.width.saturating_sub(left))) as usize;
        for row in 0..other.height.min(self.height.saturating_sub(top)) {
            let from =
                &other.pixels[row as usize * other.width as usize * have..][..columns * have];
            let start = ((top + row) as usize * self.width as usize + left as usize) * want;
            let to = &mut self.pixels[start..][..columns * want];
            for (to, from) in to.chunks_exact_mut(want).zip(from.chunks_exact(have)) {
                blend(to, from);
            }
        }
    }
}

/// Source over destination (Porter and Duff, 1984), not premultiplied.
fn blend(to: &mut [u8], from: &[u8]) {
    let alpha = from.get(3).copied().unwrap_or(255);
    let below = to.get(3).copied().unwrap_or(255);
    if alpha == 255 || below == 0 {
        to[..3].copy_from_slice(&from[..3]);
        if let Some(to) = to.get_mut(3) {
            *to = alpha;
        }
        return;
    }
    if below == 255 {
        (0..3).for_each(|channel| to[channel] = over(from[channel], to[channel], alpha));
        return;
    }
    // Both let light through: weights in 255ths of 255.
    let (above, under) = (
        u32::from(alpha) * 255,
        u32::from(below) * (255 - u32::from(alpha)),
    );
    let total = above + under;
    for channel in 0..3 {
        let sum = u32::from(from[channel]) * above + u32::from(to[channel]) * under;
        to[channel] = u8::try_from((sum + total / 2) / total.max(1)).unwrap_or(u8::MAX);
    }
    to[3] = u8::try_from((total + 127) / 255).unwrap_or(u8::MAX);
}

/// `value` over `below`: divided by 255 with rounding; never over 255.
fn over(value: u8, below: u8, alpha: u8) -> u8 {
    let (value, below, alpha) = (u32::from(value), u32::from(below), u32::from(alpha));
    u8::try_from((value * alpha + below * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

/// 65,535 / 255 = 257: the nearest of 256 steps.
pub(super) fn rounded(value: u16) -> u8 {
    u8::try_from((u32::from(value) + 128) / 257).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_mixes_by_alpha() {
        let mut canvas = Raster {
            width: 3,
            height: 1,
            alpha: true,
            pixels: vec![0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 128],
        };
        let half = Raster {
            width: 3,
            height: 1,
            alpha: true,
            pixels: [200, 100, 50, 128].repeat(3),
        };
        canvas.draw(&half, 0, 0);
        assert_eq!(
            canvas.pixels,
            [100, 50, 25, 255, 200, 100, 50, 128, 134, 67, 33, 192]
        );
        let mut edge = Raster {
            width: 2,
            height: 1,
            alpha: false,
            pixels: vec![9; 6],
        };
        edge.draw(&half, 1, 0);
        edge.draw(&half, 5, 5);
        assert_eq!(edge.pixels[..3], [9, 9, 9]);
    }

    #[test]
    fn deep_values_are_rounded() {
        assert_eq!(
            [0, 128, 129, 385, 386, 65_406, 65_407, 65_535].map(rounded),
            [0, 0, 1, 1, 2, 254, 255, 255]
        );
    }
}
