//! Variants whose quality is looked for.

use std::borrow::Cow;

use super::*;
use crate::imaging::raster::Raster;
use crate::imaging::score::Model;
use crate::variant::Worth;

/// Waves, a slope and some grain: what a photograph has, drawn by code.
fn scene(width: u32, height: u32, grain: u32) -> RgbImage {
    let mut seed = 7_u32;
    RgbImage::from_fn(width, height, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (seed >> 24) % grain.max(1);
        let wave = ((x * x / 97 + y * y / 61) / 5) % 120;
        let part = |value: u32| u8::try_from((value + noise).min(255)).expect("small");
        Rgb([
            part(40 + wave),
            part(60 + y * 120 / height),
            part(150 - wave / 2),
        ])
    })
}

/// The variant, and what the same picture without loss says it is worth.
fn judged(file: &[u8], spec: &str) -> (Rendition, f64) {
    let exact = spec.replace("jpeg", "png").replace("webp", "png");
    let exact = exact.replace("avif", "png").replace("v=", "exact=");
    let made = render(file, 1, &[spec, &exact]).expect("renders");
    let [made, exact] = made.renditions.try_into().expect("two");
    let image = image::load_from_memory(&exact.bytes).expect("PNG");
    let raster = Raster {
        width: image.width(),
        height: image.height(),
        alpha: image.color().has_alpha(),
        pixels: if image.color().has_alpha() {
            image.into_rgba8().into_raw()
        } else {
            image.into_rgb8().into_raw()
        },
    };
    let score = Model::whole(Cow::Owned(raster))
        .score(&made.bytes, made.variant.format)
        .expect("score");
    (made, score)
}

#[test]
fn a_picture_gets_the_quality_it_needs() {
    let smooth = encoded(
        &DynamicImage::ImageRgb8(scene(320, 240, 1)),
        ImageFormat::Png,
    );
    let grainy = encoded(
        &DynamicImage::ImageRgb8(scene(320, 240, 60)),
        ImageFormat::Png,
    );
    for format in ["jpeg", "webp", "avif"] {
        let spec = format!("v=160x120:inside:{format}:auto:70");

        let (of_smooth, smooth_score) = judged(&smooth, &spec);
        let (of_grainy, grainy_score) = judged(&grainy, &spec);

        assert!(smooth_score >= 70.0 && grainy_score >= 70.0, "{format}");
        assert_eq!(
            of_smooth.worth.score,
            Some(smooth_score),
            "{format}: as it is said"
        );
        assert!(of_grainy.worth.quality.is_some_and(|quality| quality < 100));
        assert_ne!(of_smooth.worth.quality, of_grainy.worth.quality, "{format}");
    }
}

#[test]
fn what_shows_on_one_background_only_counts() {
    let mut picture = DynamicImage::ImageRgb8(scene(200, 160, 20)).into_rgba8();
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        pixel.0[3] = u8::try_from((x * 255 / 200).min(255)).expect("small");
    }
    let file = encoded(&DynamicImage::ImageRgba8(picture), ImageFormat::Png);
    for format in ["webp", "avif"] {
        let (made, score) = judged(&file, &format!("v=100x80:inside:{format}:auto:60"));

        assert!(score >= 60.0, "{format}: {score}");
        assert_eq!(made.worth.score, Some(score));
    }
}

#[test]
fn without_loss_there_is_nothing_to_look_for() {
    let file = encoded(&DynamicImage::ImageRgb8(scene(60, 40, 9)), ImageFormat::Png);

    let made = render(
        &file,
        1,
        &[
            "p=30x20:inside:png:auto",
            "w=30x20:inside:webp:auto:lossless",
        ],
    );

    for rendition in made.expect("renders").renditions {
        assert_eq!(rendition.worth, Worth::default());
    }
}

#[test]
fn a_picture_of_a_few_pixels_has_a_score_too() {
    for (width, height) in [(1, 1), (3, 40), (9, 9)] {
        let file = encoded(
            &DynamicImage::ImageRgb8(scene(width, height, 9)),
            ImageFormat::Png,
        );

        let made = render(&file, 1, &["v=64x64:inside:jpeg:auto"]).expect("renders");

        let rendition = made.renditions.first().expect("one");
        assert!(
            rendition.worth.score.is_some(),
            "{width}x{height}: {:?}",
            made.failures
        );
    }
}

#[test]
fn of_a_large_picture_parts_tell_what_it_is_worth() {
    let file = encoded(
        &DynamicImage::ImageRgb8(scene(1600, 1200, 30)),
        ImageFormat::Png,
    );

    let (made, whole) = judged(&file, "v=1600x1200:inside:jpeg:auto:65");

    assert_eq!(made.pixels, (1600, 1200));
    let told = made.worth.score.expect("score");
    assert!(
        told >= 65.0 && (whole - told).abs() < 4.0,
        "{told}, as a whole {whole}"
    );
}

#[test]
fn pictures_of_any_shape_are_compared() {
    for (width, height) in [(16_000, 40), (40, 16_000), (9000, 70), (1023, 1025)] {
        let raster = Raster {
            width,
            height,
            alpha: false,
            pixels: scene(width, height, 9).into_raw(),
        };

        let model = Model::new(Cow::Owned(raster));

        let sample = model.sample();

        let pixels = sample.width as usize * sample.height as usize;
        assert_eq!(sample.pixels.len(), pixels * 3, "{width}x{height}");
        assert!(pixels <= 1 << 19, "{width}x{height}");
    }
}
