//! Which part of a picture a variant shows, and how large. Pure arithmetic.

use crate::variant::{Fit, Gravity, Variant};

/// A rectangle in the full picture, in pixels of it, possibly between pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl View {
    /// All of a picture.
    pub(super) fn whole(size: (u32, u32)) -> Self {
        Self {
            left: 0.0,
            top: 0.0,
            width: f64::from(size.0),
            height: f64::from(size.1),
        }
    }

    /// The same rectangle in a picture scaled from `from` to `to`.
    pub(super) fn scaled(self, from: (u32, u32), to: (u32, u32)) -> Self {
        let (x, y) = (
            f64::from(to.0) / f64::from(from.0),
            f64::from(to.1) / f64::from(from.1),
        );
        Self {
            left: self.left * x,
            top: self.top * y,
            width: self.width * x,
            height: self.height * y,
        }
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 0.5;
        near(self.left, other.left)
            && near(self.top, other.top)
            && near(self.width, other.width)
            && near(self.height, other.height)
    }

    /// A part of that size around `point` (in pixels of the full picture), as near as it can lie
    /// inside.
    fn around(self, point: (f64, f64), width: f64, height: f64) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        let left = (point.0 - width / 2.0).clamp(self.left, self.left + self.width - width);
        let top = (point.1 - height / 2.0).clamp(self.top, self.top + self.height - height);
        Self {
            left,
            top,
            width,
            height,
        }
    }

    /// A part of that size, by gravity: fractions of the room that is left.
    fn aligned(self, (x, y): (f64, f64), width: f64, height: f64) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self {
            left: self.left + (self.width - width) * x,
            top: self.top + (self.height - height) * y,
            width,
            height,
        }
    }
}

/// What to cut out and how large to make it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) view: View,
    pub(super) size: (u32, u32),
}

impl Frame {
    /// Pixels of the result.
    pub(super) fn pixels(&self) -> u64 {
        u64::from(self.size.0) * u64::from(self.size.1)
    }

    /// Whether another result can be made of this one: the same view, at least twice the size or
    /// exactly the size, so that no pixel is interpolated twice over nothing.
    pub(super) fn can_become(&self, wanted: &Self) -> bool {
        let large_enough = |have: u32, want: u32| have == want || have >= want.saturating_mul(2);
        self.view.same_as(&wanted.view)
            && large_enough(self.size.0, wanted.size.0)
            && large_enough(self.size.1, wanted.size.1)
    }

    /// How many pixels of the result there are for one of the full picture, along the denser side.
    pub(super) fn scale(&self) -> f64 {
        (f64::from(self.size.0) / self.view.width).max(f64::from(self.size.1) / self.view.height)
    }
}

pub(super) fn wants_attention(variants: &[Variant]) -> bool {
    variants
        .iter()
        .any(|variant| variant.gravity == Gravity::Attention)
}

/// The frame of a variant in a picture of that size. `focus`: the point that gravity `attention`
/// keeps, as fractions of width and height. Nothing is enlarged unless the variant says so.
pub(super) fn frame(full: (u32, u32), variant: &Variant, focus: Option<(f64, f64)>) -> Frame {
    let cut = |view: View, width: f64, height: f64| match focus
        .filter(|_| variant.gravity == Gravity::Attention)
    {
        Some((x, y)) => view.around(
            (x * f64::from(full.0), y * f64::from(full.1)),
            width,
            height,
        ),
        None => view.aligned(variant.gravity.point(), width, height),
    };
    let mut view = base(full, variant);
    if let Some((across, down)) = variant.ratio {
        let unit = (view.width / f64::from(across)).min(view.height / f64::from(down));
        view = cut(view, unit * f64::from(across), unit * f64::from(down));
    }
    let (width, height) = (f64::from(variant.width), f64::from(variant.height));
    let (x, y) = (width / view.width, height / view.height);
    let largest = if variant.enlarge { f64::INFINITY } else { 1.0 };
    match variant.fit {
        Fit::Inside | Fit::Contain => {
            let scale = x.min(y).min(largest);
            Frame {
                view,
                size: (pixels(view.width * scale), pixels(view.height * scale)),
            }
        }
        Fit::Fill => Frame {
            view,
            size: (
                pixels(view.width * x.min(largest)),
                pixels(view.height * y.min(largest)),
            ),
        },
        Fit::Crop => {
            let size = (
                pixels(width.min(view.width)),
                pixels(height.min(view.height)),
            );
            Frame {
                view: whole_pixels(cut(view, f64::from(size.0), f64::from(size.1))),
                size,
            }
        }
        Fit::Cover if x.max(y) <= largest => {
            let scale = x.max(y);
            Frame {
                view: cut(view, width / scale, height / scale),
                size: (variant.width, variant.height),
            }
        }
        Fit::Cover => {
            // Too small for the box: the box's ratio at the picture's own resolution, on whole
            // pixels.
            let shrink = (1.0 / x).min(1.0 / y);
            let size = (pixels(width * shrink), pixels(height * shrink));
            Frame {
                view: whole_pixels(cut(view, f64::from(size.0), f64::from(size.1))),
                size,
            }
        }
    }
}

/// The part of the picture that a variant begins with: its region, as far as there is one.
fn base(full: (u32, u32), variant: &Variant) -> View {
    let Some(region) = variant.region else {
        return View::whole(full);
    };
    let (left, top) = (region.left.min(full.0 - 1), region.top.min(full.1 - 1));
    let (width, height) = (
        region.width.min(full.0 - left),
        region.height.min(full.1 - top),
    );
    View {
        left: f64::from(left),
        top: f64::from(top),
        width: f64::from(width),
        height: f64::from(height),
    }
}

/// What is not scaled must not be smeared between pixels.
fn whole_pixels(view: View) -> View {
    View {
        left: view.left.floor(),
        top: view.top.floor(),
        ..view
    }
}

/// Rounds to a whole number of pixels, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides are positive and at most 65,535"
)]
pub(super) fn pixels(side: f64) -> u32 {
    side.round().max(1.0) as u32
}

/// A variant that is as large as the picture itself.
pub fn whole() -> Variant {
    Variant::sized(u32::MAX, u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(full: (u32, u32), spec: &str) -> Frame {
        frame(full, &spec.parse().expect("variant"), None)
    }

    fn size(full: (u32, u32), spec: &str) -> (u32, u32) {
        of(full, spec).size
    }

    fn rectangle(left: f64, top: f64, width: f64, height: f64) -> View {
        View {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn sizes_follow_the_fit() {
        assert_eq!(size((4000, 3000), "v=400x400:inside"), (400, 300));
        assert_eq!(size((4000, 3000), "v=400x400:cover"), (400, 400));
        assert_eq!(size((3000, 4000), "v=800x600:cover"), (800, 600));
        assert_eq!(
            size((4000, 3000), "v=400x400:contain"),
            (400, 300),
            "before the padding"
        );
        assert_eq!(size((4000, 3000), "v=400x400:fill"), (400, 400));
        assert_eq!(size((4000, 3000), "v=400x400:crop"), (400, 400));
    }

    #[test]
    fn nothing_is_enlarged_unasked() {
        assert_eq!(size((100, 80), "v=400x300:inside"), (100, 80));
        assert_eq!(size((100, 80), "v=400x300:cover"), (100, 75));
        assert_eq!(size((500, 100), "v=400x300:cover"), (133, 100));
        assert_eq!(size((1, 9000), "v=10x10:inside"), (1, 10));
        assert_eq!(size((100, 80), "v=400x60:fill"), (100, 60));
        assert_eq!(
            size((100, 80), "v=400x300:inside:jpeg:80:enlarge"),
            (375, 300)
        );
        assert_eq!(
            size((100, 80), "v=400x300:cover:jpeg:80:enlarge"),
            (400, 300)
        );
    }

    #[test]
    fn gravity_says_what_stays() {
        assert_eq!(
            of((4000, 1000), "v=100x100").view,
            rectangle(1500.0, 0.0, 1000.0, 1000.0)
        );
        assert_eq!(
            of((4000, 1000), "v=100x100:cover:jpeg:gravity=east").view,
            rectangle(3000.0, 0.0, 1000.0, 1000.0)
        );
        assert_eq!(
            of((1000, 4000), "v=100x100:cover:jpeg:gravity=north")
                .view
                .top,
            0.0
        );
        assert_eq!(
            of((100, 90), "v=31x30:crop:jpeg:gravity=southwest").view,
            rectangle(0.0, 60.0, 31.0, 30.0)
        );
        let focused = "v=100x100:cover:jpeg:gravity=attention"
            .parse()
            .expect("variant");
        assert_eq!(
            frame((4000, 1000), &focused, Some((0.25, 0.9))).view,
            rectangle(500.0, 0.0, 1000.0, 1000.0)
        );
        assert_eq!(
            frame((4000, 1000), &focused, Some((1.0, 1.0))).view.left,
            3000.0
        );
    }

    #[test]
    fn a_view_is_the_same_in_a_smaller_picture() {
        let view = rectangle(100.0, 60.0, 40.0, 20.0);

        let scaled = view.scaled((400, 300), (200, 75));

        assert_eq!(scaled, rectangle(50.0, 15.0, 20.0, 5.0));
    }

    #[test]
    fn a_view_around_a_point_has_it_in_its_middle() {
        let whole = View::whole((4000, 1000));

        let part = whole.around((1000.0, 450.0), 300.0, 200.0);

        assert_eq!(part, rectangle(850.0, 350.0, 300.0, 200.0));
    }

    #[test]
    fn views_are_the_same_to_half_a_pixel_on_every_side() {
        let view = rectangle(10.0, 20.0, 300.0, 400.0);

        assert!(view.same_as(&rectangle(10.4, 19.6, 300.4, 399.6)));
        for other in [
            rectangle(10.5, 20.0, 300.0, 400.0),
            rectangle(10.0, 21.0, 300.0, 400.0),
            rectangle(10.0, 20.0, 299.0, 400.0),
            rectangle(10.0, 20.0, 300.0, 401.0),
        ] {
            assert!(!view.same_as(&other), "{other:?}");
        }
    }

    #[test]
    fn a_smaller_result_is_made_of_one_that_has_the_size_or_twice_the_size() {
        let of = |width, height| Frame {
            view: View::whole((4000, 3000)),
            size: (width, height),
        };

        assert_eq!(of(800, 600).pixels(), 480_000);
        assert!(of(800, 600).can_become(&of(400, 300)));
        assert!(of(800, 600).can_become(&of(800, 300)));
        assert!(!of(800, 600).can_become(&of(401, 300)));
        assert!(!of(800, 600).can_become(&of(400, 301)));
        let elsewhere = Frame {
            view: View::whole((3000, 3000)),
            ..of(400, 300)
        };
        assert!(!of(800, 600).can_become(&elsewhere));
    }

    #[test]
    fn regions_and_ratios_come_first() {
        let region = of(
            (4000, 3000),
            "v=100x100:inside:jpeg:region=3900,2900,500,500",
        );
        assert_eq!(region.view, rectangle(3900.0, 2900.0, 100.0, 100.0));
        let wide = of((4000, 3000), "v=1600x1600:inside:jpeg:ratio=16/9");
        assert_eq!((wide.view.width, wide.size), (4000.0, (1600, 900)));
        assert_eq!(
            of((4000, 3000), "v=500x500:inside:jpeg:ratio=1/1:gravity=west").view,
            rectangle(0.0, 0.0, 3000.0, 3000.0)
        );
    }

    #[test]
    fn a_ratio_is_the_largest_part_that_fits_both_ways() {
        let part = of((4000, 1000), "v=3000x3000:inside:jpeg:ratio=3/2").view;

        assert_eq!(part, rectangle(1250.0, 0.0, 1500.0, 1000.0));
    }

    #[test]
    fn attention_keeps_its_point_where_a_variant_wants_it() {
        let plain: Variant = "v=100x100".parse().expect("variant");
        let attentive: Variant = "v=100x100:cover:jpeg:gravity=attention"
            .parse()
            .expect("variant");

        let across = frame((4000, 1000), &attentive, Some((0.25, 0.5))).view;
        let down = frame((1000, 4000), &attentive, Some((0.5, 0.25))).view;

        assert_eq!(across, rectangle(500.0, 0.0, 1000.0, 1000.0));
        assert_eq!(down, rectangle(0.0, 500.0, 1000.0, 1000.0));
        assert!(!wants_attention(std::slice::from_ref(&plain)));
        assert!(wants_attention(&[plain, attentive]));
    }

    #[test]
    fn the_scale_is_that_of_the_denser_side() {
        assert_eq!(of((4000, 3000), "v=400x300:fill").scale(), 0.1);
        assert_eq!(of((4000, 3000), "v=400x600:fill").scale(), 0.2);
        assert_eq!(of((4000, 3000), "v=1000x300:fill").scale(), 0.25);
    }

    #[test]
    fn a_region_beyond_the_picture_is_its_last_pixel() {
        let beyond = of(
            (4000, 3000),
            "v=100x100:inside:jpeg:region=9000,9000,500,500",
        );

        assert_eq!(beyond.view, rectangle(3999.0, 2999.0, 1.0, 1.0));
    }

    #[test]
    fn what_is_cut_out_without_scaling_lies_on_whole_pixels() {
        let cut = of((101, 51), "v=10x10:crop").view;

        assert_eq!(cut, rectangle(45.0, 20.0, 10.0, 10.0));
    }
}
