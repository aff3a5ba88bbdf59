//! A picture's placeholder, made of its pixels.

use std::collections::HashMap;

use super::plan;
use super::raster::Raster;
use super::resize::Resizing;
use crate::error::Result;
use crate::placeholder::Placeholder;
use crate::variant::{Fit, Variant};

/// A ThumbHash is seven waves at most: of more pixels it comes out the same, and later.
const LARGEST_SIDE: u32 = 48;
/// A line of pixels has no look; to draw it small takes more memory than anything else of it.
const LONGEST_RATIO: u32 = 500;

/// Of an upright picture in sRGB.
pub(super) fn of(raster: &Raster, resizing: &mut Resizing) -> Result<Option<Placeholder>> {
    if !has_a_look(raster.width, raster.height) {
        return Ok(None);
    }
    let size = within(raster.width, raster.height);
    let small = resizing.rough(raster, size)?;
    Ok(Some(of_small(&small)))
}

/// Of one that is small enough.
pub(super) fn of_small(raster: &Raster) -> Placeholder {
    let rgba: Vec<u8> = if raster.alpha {
        raster.pixels.clone()
    } else {
        let pixels = raster.pixels.chunks_exact(3);
        pixels
            .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255])
            .collect()
    };
    let (width, height) = (raster.width as usize, raster.height as usize);
    let hash = thumbhash::rgba_to_thumb_hash(width, height, &rgba);
    Placeholder::new(hash, dominant(&rgba))
}

/// Whether anything would be seen of it.
pub(super) const fn has_a_look(width: u32, height: u32) -> bool {
    let (long, short) = if width > height {
        (width, height)
    } else {
        (height, width)
    };
    short > 0 && long / short <= LONGEST_RATIO
}

/// The size of a picture that ThumbHash takes.
pub(super) fn within(width: u32, height: u32) -> (u32, u32) {
    let small = Variant {
        fit: Fit::Inside,
        ..Variant::sized(LARGEST_SIDE, LARGEST_SIDE)
    };
    plan::frame((width, height), &small, None).size
}

/// The mean of the pixels in the fullest of 4,096 boxes of colours (what sharp calls dominant, but
/// not only its box's middle). What is mostly transparent does not count.
fn dominant(rgba: &[u8]) -> [u8; 3] {
    #[derive(Default)]
    struct Bin {
        pixels: u32,
        sums: [u32; 3],
    }
    let mut bins: HashMap<[u8; 3], Bin> = HashMap::new();
    for pixel in rgba.chunks_exact(4).filter(|pixel| pixel[3] >= 128) {
        let bin = bins
            .entry([pixel[0] >> 4, pixel[1] >> 4, pixel[2] >> 4])
            .or_default();
        bin.pixels += 1;
        for (sum, value) in bin.sums.iter_mut().zip(pixel) {
            *sum += u32::from(*value);
        }
    }
    // Of boxes that are as full, the lightest: the same picture has the same colour each time.
    let fullest = bins.into_iter().max_by_key(|(at, bin)| (bin.pixels, *at));
    fullest.map_or([255; 3], |(_, bin)| {
        bin.sums
            .map(|sum| u8::try_from(sum / bin.pixels).unwrap_or(u8::MAX))
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn raster(width: u32, height: u32, of: impl Fn(u32, u32) -> [u8; 3]) -> Raster {
        let at = |y| (0..width).map(move |x| (x, y));
        Raster {
            width,
            height,
            alpha: false,
            pixels: (0..height)
                .flat_map(at)
                .flat_map(|(x, y)| of(x, y))
                .collect(),
        }
    }

    #[test]
    fn the_blur_has_the_pictures_colours_and_shape() {
        let picture = raster(400, 200, |x, _| {
            if x < 200 {
                [200, 30, 30]
            } else {
                [20, 20, 180]
            }
        });

        let made = of(&picture, &mut Resizing::default());
        let made = made.expect("made").expect("drawn");

        let hash = STANDARD.decode(made.thumbhash()).expect("Base64");
        let (width, height, rgba) = thumbhash::thumb_hash_to_rgba(&hash).expect("a hash");
        assert!(width > height);
        let at = |x: usize| &rgba[(height / 2 * width + x) * 4..][..3];
        assert!(at(2)[0] > 150 && at(2)[2] < 110, "{:?}", at(2));
        assert!(at(width - 3)[2] > 120 && at(width - 3)[0] < 110);
    }

    #[test]
    fn the_colour_is_that_of_most_pixels_not_their_mean() {
        let flag = raster(90, 60, |x, _| {
            if x < 60 {
                [10, 120, 12]
            } else {
                [255, 255, 255]
            }
        });

        let made = of_small(&flag);

        assert_eq!(made.colour(), "#0a780c");
    }

    #[test]
    fn one_pixel_and_nothing_to_see_have_one_too() {
        let one = of_small(&raster(1, 1, |_, _| [1, 2, 3]));
        let nothing = of_small(&Raster {
            width: 4,
            height: 4,
            alpha: true,
            pixels: vec![0; 64],
        });

        assert_eq!(one.colour(), "#010203");
        assert_eq!(nothing.colour(), "#ffffff");
    }
}
