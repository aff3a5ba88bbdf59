//! Which part of a picture a variant shows, and how large. Pure arithmetic.

use crate::variant::{Fit, Variant};

/// A rectangle in the full picture, in pixels of it, possibly between pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl View {
    /// The same rectangle in a picture scaled from `from` to `to`.
    pub(super) fn scaled(self, from: (u32, u32), to: (u32, u32)) -> Self {
        let (x, y) = (f64::from(to.0) / f64::from(from.0), f64::from(to.1) / f64::from(from.1));
        Self { left: self.left * x, top: self.top * y, width: self.width * x, height: self.height * y }
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 0.5;
        near(self.left, other.left) && near(self.top, other.top) && near(self.width, other.width) && near(self.height, other.height)
    }
}

/// What to cut out and how large to make it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) view: View,
    pub(super) size: (u32, u32),
}

/// The frame of a variant in a picture of that size. Nothing is enlarged.
pub(super) fn frame(full: (u32, u32), variant: &Variant) -> Frame {
    let (width, height) = (f64::from(full.0), f64::from(full.1));
    let (box_width, box_height) = (f64::from(variant.width), f64::from(variant.height));
    let whole = View { left: 0.0, top: 0.0, width, height };
    match variant.fit {
        Fit::Inside | Fit::Contain => {
            let scale = (box_width / width).min(box_height / height).min(1.0);
            Frame { view: whole, size: (pixels(width * scale), pixels(height * scale)) }
        }
        Fit::Cover => {
            let scale = (box_width / width).max(box_height / height);
            if scale <= 1.0 {
                let (view_width, view_height) = (box_width / scale, box_height / scale);
                Frame { view: centred(full, view_width, view_height), size: (variant.width, variant.height) }
            } else {
                // Too small for the box: the box's ratio at the picture's own resolution, on whole pixels.
                let shrink = (width / box_width).min(height / box_height);
                let size = (pixels(box_width * shrink), pixels(box_height * shrink));
                Frame { view: centred(full, f64::from(size.0), f64::from(size.1)), size }
            }
        }
    }
}

fn centred(full: (u32, u32), width: f64, height: f64) -> View {
    let (width, height) = (width.min(f64::from(full.0)), height.min(f64::from(full.1)));
    View { left: (f64::from(full.0) - width) / 2.0, top: (f64::from(full.1) - height) / 2.0, width, height }
}

/// Rounds to a whole number of pixels, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides are positive and at most 65,535")]
fn pixels(side: f64) -> u32 {
    side.round().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(full: (u32, u32), spec: &str) -> (u32, u32) {
        frame(full, &spec.parse().expect("variant")).size
    }

    #[test]
    fn sizes_follow_the_fit() {
        assert_eq!(size((4000, 3000), "v=400x400:inside"), (400, 300));
        assert_eq!(size((4000, 3000), "v=400x400:cover"), (400, 400));
        assert_eq!(size((3000, 4000), "v=800x600:cover"), (800, 600));
        assert_eq!(size((4000, 3000), "v=400x400:contain"), (400, 300), "before the padding");
    }

    #[test]
    fn nothing_is_enlarged() {
        assert_eq!(size((100, 80), "v=400x300:inside"), (100, 80));
        assert_eq!(size((100, 80), "v=400x300:cover"), (100, 75));
        assert_eq!(size((500, 100), "v=400x300:cover"), (133, 100));
        assert_eq!(size((1, 9000), "v=10x10:inside"), (1, 10));
    }

    #[test]
    fn a_crop_is_centred() {
        let cover = frame((4000, 1000), &"v=100x100".parse().expect("variant"));
        assert_eq!(cover.view, View { left: 1500.0, top: 0.0, width: 1000.0, height: 1000.0 });
    }
}
