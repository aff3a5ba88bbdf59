//! Pictures drawn by code, through the whole of imaging.

mod alone;
mod colours;
mod qualities;
mod reference;
mod shapes;
mod tiffs;
mod trial;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::container;
use crate::content::{self, Codec, Kind};
use crate::error::{Code, Error, Result};
use crate::metadata;
use crate::settings::Limits;
use crate::variant::{Format, Variant};

/// Red top left, green top right, blue bottom left, white bottom right.
fn quadrants(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255, 255, 255]),
        }
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("encodes");
    out.into_inner()
}

fn variants(specs: &[&str]) -> Vec<Variant> {
    specs
        .iter()
        .map(|spec| spec.parse().expect("variant"))
        .collect()
}

fn render(file: &[u8], orientation: u8, specs: &[&str]) -> Result<Rendered> {
    let Kind::Image(codec) = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], "x").kind
    else {
        return Err(Error::new(Code::ImageUnsupported, "no picture"));
    };
    let (mut renderer, variants) = (Renderer::new(Limits::default()), variants(specs));
    for mark in mark_files(&variants) {
        renderer.give_mark(mark);
    }
    renderer.render(
        Source {
            file,
            codec,
            orientation,
        },
        &variants,
    )
}

fn decoded(rendition: &Rendition) -> RgbaImage {
    let image = if rendition.variant.format == Format::Avif {
        let picture = tintype_avif::decode(&rendition.bytes, 1 << 24).expect("decodes");
        RgbaImage::from_raw(picture.width, picture.height, picture.rgba.eight()).expect("fits")
    } else {
        image::load_from_memory(&rendition.bytes)
            .expect("decodes")
            .into_rgba8()
    };
    assert_eq!(image.dimensions(), rendition.pixels);
    image
}

fn render_as(file: &[u8], orientation: u8, specs: &[&str]) -> Result<Vec<RgbaImage>> {
    Ok(render(file, orientation, specs)?
        .renditions
        .iter()
        .map(decoded)
        .collect())
}

fn near(found: Rgba<u8>, wanted: [u8; 3]) -> bool {
    found.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24)
}

#[test]
fn every_format_in_gives_every_format_out() -> Result<()> {
    let picture = DynamicImage::ImageRgb8(quadrants(256, 192));
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::Ico,
    ] {
        // Icons are RGBA.
        let picture = if format == ImageFormat::Ico {
            DynamicImage::ImageRgba8(picture.to_rgba8())
        } else {
            picture.clone()
        };
        let made = render_as(
            &encoded(&picture, format),
            1,
            &[
                "j=64x48:cover:jpeg",
                "p=64x48:cover:png",
                "w=64x48:cover:webp",
                "a=64x48:cover:avif:90",
            ],
        )?;
        for image in made {
            assert_eq!(image.dimensions(), (64, 48), "{format:?}");
            assert!(
                near(*image.get_pixel(8, 8), [255, 0, 0]),
                "{format:?} {:?}",
                image.get_pixel(8, 8)
            );
            assert!(near(*image.get_pixel(56, 8), [0, 255, 0]), "{format:?}");
            assert!(near(*image.get_pixel(8, 40), [0, 0, 255]), "{format:?}");
        }
    }
    Ok(())
}

#[test]
fn all_eight_orientations_come_out_upright() -> Result<()> {
    // Corners (top left, top right, bottom left) of the upright picture for each EXIF value of the
    // same stored pixels.
    let (red, green, blue, white) = ([255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]);
    let expected = [
        (1, red, green, blue),
        (2, green, red, white),
        (3, white, blue, green),
        (4, blue, white, red),
        (5, red, blue, green),
        (6, blue, red, white),
        (7, white, green, blue),
        (8, green, white, red),
    ];
    let file = encoded(
        &DynamicImage::ImageRgb8(quadrants(640, 480)),
        ImageFormat::Jpeg,
    );
    for (orientation, top_left, top_right, bottom_left) in expected {
        let image = render_as(&file, orientation, &["v=64x64:inside:png"])?.remove(0);
        let size = if orientation < 5 { (64, 48) } else { (48, 64) };
        assert_eq!(image.dimensions(), size, "orientation {orientation}");
        let (right, bottom) = (size.0 - 8, size.1 - 8);
        assert!(
            near(*image.get_pixel(8, 8), top_left),
            "orientation {orientation} top left"
        );
        assert!(
            near(*image.get_pixel(right, 8), top_right),
            "orientation {orientation} top right"
        );
        assert!(
            near(*image.get_pixel(8, bottom), bottom_left),
            "orientation {orientation} bottom left"
        );
    }
    Ok(())
}

#[test]
fn derived_variants_look_like_direct_ones() -> Result<()> {
    let file = encoded(
        &DynamicImage::ImageRgb8(quadrants(1600, 1200)),
        ImageFormat::Png,
    );
    let chained = render_as(
        &file,
        1,
        &[
            "a=800x600:cover:png",
            "b=400x300:cover:png",
            "c=200x150:cover:png",
        ],
    )?;
    let direct = render_as(&file, 1, &["c=200x150:cover:png"])?;
    let difference = chained[2]
        .pixels()
        .zip(direct[0].pixels())
        .map(|(a, b)| {
            a.0.iter()
                .zip(b.0)
                .map(|(a, b)| u64::from(a.abs_diff(b)))
                .sum::<u64>()
        })
        .sum::<u64>();
    assert!(difference / (200 * 150) < 3, "mean difference {difference}");
    Ok(())
}

#[test]
fn jpegs_are_progressive_and_carry_no_metadata() -> Result<()> {
    let file = encoded(
        &DynamicImage::ImageRgb8(quadrants(640, 480)),
        ImageFormat::Jpeg,
    );
    let made = render(&file, 1, &["v=64x64"])?;
    let bytes = &made.renditions[0].bytes;
    assert!(
        bytes.windows(2).any(|marker| marker == [0xff, 0xc2]),
        "SOF2 says progressive"
    );
    assert!(!bytes.windows(4).any(|text| text == b"Exif"));
    Ok(())
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_no_panic() {
    let picture = DynamicImage::ImageRgb8(quadrants(64, 48));
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ] {
        let file = encoded(&picture, format);
        // The last two bytes of a JPEG are its end mark and of a GIF its trailer: all pixels are
        // there without them.
        for cut in (0..file.len() - 2).step_by(7) {
            if let Err(error) = render(&file[..cut], 1, &["v=16x16"]) {
                assert!(
                    matches!(
                        error.code,
                        Code::ImageDamaged | Code::ImageUnsupported | Code::ImageTooLarge
                    ),
                    "{format:?} {cut}: {error:?}"
                );
            }
        }
    }
}

#[test]
fn what_can_be_shown_of_a_cut_file_is_shown_and_labelled() -> Result<()> {
    let picture = DynamicImage::ImageRgb8(quadrants(640, 480));
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let file = encoded(&picture, format);
        let rendered = render(&file[..file.len() * 3 / 4], 1, &["v=64x48:cover:png"])?;
        assert_eq!(
            rendered.note.as_ref().map(|note| note.code),
            Some(Code::ImageDamaged),
            "{format:?}"
        );
        assert!(
            near(
                *decoded(&rendered.renditions[0]).get_pixel(8, 8),
                [255, 0, 0]
            ),
            "{format:?}: the beginning is there"
        );
    }
    Ok(())
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    // A PNG header that claims 60,000 × 60,000 pixels.
    let mut file = encoded(&DynamicImage::ImageRgb8(quadrants(8, 8)), ImageFormat::Png);
    file[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    file[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let crc = crate::container::png::crc32(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    let error = render(&file, 1, &["v=16x16"]).expect_err("bomb");
    assert_eq!(error.code, Code::ImageTooLarge);
}
