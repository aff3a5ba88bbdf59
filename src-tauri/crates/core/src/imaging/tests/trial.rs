//! Variants that are tried on a picture before they are kept.

use super::*;

fn photo() -> Vec<u8> {
    let picture = RgbImage::from_fn(1600, 1200, |x, y| {
        let part = |value: u32| u8::try_from(value % 256).expect("small");
        Rgb([part(x / 7 + y / 3), part(y / 5), part(x * y / 6400)])
    });
    encoded(&DynamicImage::ImageRgb8(picture), ImageFormat::Jpeg)
}

fn source(file: &[u8]) -> Source<'_> {
    Source {
        file,
        codec: Codec::Jpeg,
        orientation: 1,
    }
}

#[test]
fn what_is_tried_is_what_would_be_uploaded_with_its_score() {
    let file = photo();
    let mut renderer = Renderer::new(Limits::default());
    for spec in [
        "v=400x300:cover:webp:60",
        "v=400x300:inside:avif:50",
        "v=300x300:contain:auto:70",
        "v=400x300:cover:png",
    ] {
        let [variant] = variants(&[spec]).try_into().expect("one");

        let tried = renderer.try_out(source(&file), &variant).expect("tried");

        let kept = render(&file, 1, &[spec]).expect("renders");
        assert_eq!(tried.pixels, kept.renditions[0].pixels, "{spec}");
        assert_eq!(tried.variant.format, kept.renditions[0].variant.format);
        let is_exact = tried.variant.is_exact();
        assert_eq!(tried.worth.score.is_none(), is_exact, "{spec}");
        assert!(tried.worth.score.is_none_or(|score| score > 20.0), "{spec}");
    }
}

#[test]
fn a_picture_is_decoded_once_while_only_the_quality_changes() {
    let file = photo();
    let mut renderer = Renderer::new(Limits::default());
    let mut width_after = |spec: &str| {
        let [variant] = variants(&[spec]).try_into().expect("one");
        let tried = renderer.try_out(source(&file), &variant).expect("tried");
        let decoded = renderer.tried.as_ref().expect("kept").decoded.raster.width;
        (decoded, tried.bytes.len())
    };

    let (small, good) = width_after("v=200x150:cover:jpeg:90");
    let (same, poor) = width_after("v=200x150:cover:jpeg:30");
    let (larger, _) = width_after("v=800x600:cover:jpeg:30");
    let (kept, _) = width_after("v=200x150:cover:jpeg:30");

    assert_eq!((small, same, larger, kept), (200, 200, 800, 800));
    assert!(poor < good);
}

#[test]
fn moving_a_slider_changes_nothing_but_the_quality() {
    let file = photo();
    let mut seen = Vec::new();
    // Larger than what is compared as a whole, and smaller.
    for size in ["1200x900", "400x300"] {
        let mut renderer = Renderer::new(Limits::default());
        for ending in [
            "jpeg:40",
            "jpeg:80",
            "webp:80",
            "jpeg:auto:60",
            "png",
            "jpeg:40",
        ] {
            let spec = format!("v={size}:inside:{ending}");
            let [variant] = variants(&[&spec]).try_into().expect("one");

            let tried = renderer.try_out(source(&file), &variant).expect("tried");

            let afresh = Renderer::new(Limits::default())
                .try_out(source(&file), &variant)
                .expect("tried");
            assert_eq!(tried.bytes, afresh.bytes, "{spec}");
            assert_eq!(tried.worth, afresh.worth, "{spec}");
            seen.push(tried.bytes.len());
        }
    }
    assert!(seen[0] < seen[1], "{seen:?}");
}

#[test]
fn another_picture_is_not_tried_on_the_last_ones_pixels() {
    let (file, other) = (
        photo(),
        encoded(
            &DynamicImage::ImageRgb8(quadrants(400, 400)),
            ImageFormat::Jpeg,
        ),
    );
    let [variant] = variants(&["v=100x100:inside:jpeg"])
        .try_into()
        .expect("one");
    let mut renderer = Renderer::new(Limits::default());
    renderer.try_out(source(&file), &variant).expect("tried");

    renderer.forget();
    let tried = renderer.try_out(source(&other), &variant).expect("tried");

    assert_eq!(tried.pixels, (100, 100));
}
