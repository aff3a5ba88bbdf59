//! Pictures drawn by code, through the whole of imaging.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::container;
use crate::content::{self, Kind};

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
    Renderer::new(Limits::default()).render(
        Source {
            file,
            codec,
            orientation,
        },
        &variants(specs),
    )
}

fn decoded(rendition: &Rendition) -> RgbaImage {
    let image = if rendition.variant.format == Format::Avif {
        let picture = tintype_avif::decode(&rendition.bytes, 1 << 24).expect("decodes");
        RgbaImage::from_raw(picture.width, picture.height, picture.rgba).expect("fits")
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
    // Corners (top left, top right, bottom left) of the upright picture for each EXIF value of the same stored pixels.
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
fn contain_pads_and_transparency_becomes_white_in_jpeg() -> Result<()> {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(100, 50, Rgba([255, 0, 0, 0])));
    let file = encoded(&clear, ImageFormat::Png);
    let made = render_as(
        &file,
        1,
        &[
            "j=60x60:contain:jpeg",
            "p=60x60:contain:png",
            "w=60x60:contain:webp",
            "c=10x10:cover:jpeg",
        ],
    )?;
    assert!(made[..3].iter().all(|image| image.dimensions() == (60, 60)));
    assert!(
        near(*made[0].get_pixel(30, 30), [255, 255, 255])
            && near(*made[0].get_pixel(1, 1), [255, 255, 255])
    );
    assert_eq!(made[1].get_pixel(30, 30).0[3], 0);
    assert_eq!(made[1].get_pixel(1, 1).0[3], 0);
    assert!(near(*made[3].get_pixel(5, 5), [255, 255, 255]));
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
        // The last two bytes of a JPEG are its end mark and of a GIF its trailer: all pixels are there without them.
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

#[test]
fn vectors_are_drawn_at_the_size_that_is_needed() -> Result<()> {
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">
        <rect width="5" height="10" fill="red"/><image xlink:href="/etc/hostname" width="10" height="10"/><script>alert(1)</script></svg>"#;
    let rendered = render(
        svg,
        1,
        &[
            "v=300x300:inside:png",
            "j=20x20:inside:auto",
            "k=20x20:inside:jpeg:90",
        ],
    )?;
    let large = decoded(&rendered.renditions[0]);
    assert_eq!(large.dimensions(), (300, 300), "drawn, not enlarged");
    assert_eq!(
        (large.get_pixel(140, 150).0, large.get_pixel(160, 150).0[3]),
        ([255, 0, 0, 255], 0),
        "a sharp edge"
    );
    assert_eq!(
        rendered.renditions[1].variant.format,
        Format::Webp,
        "auto, with transparency"
    );
    assert!(near(
        *decoded(&rendered.renditions[2]).get_pixel(15, 10),
        [255, 255, 255]
    ));
    Ok(())
}

/// Three frames of different colours, 100, 200 and 300 ms.
fn gif() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut file);
    for (index, colour) in [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]]
        .into_iter()
        .enumerate()
    {
        let delay =
            image::Delay::from_numer_denom_ms(100 * (u32::try_from(index).expect("small") + 1), 1);
        let frame =
            image::Frame::from_parts(RgbaImage::from_pixel(40, 30, Rgba(colour)), 0, 0, delay);
        encoder.encode_frame(frame).expect("encodes");
    }
    drop(encoder);
    file
}

#[test]
fn animations_stay_animated_where_they_can() -> Result<()> {
    use image::AnimationDecoder as _;
    let rendered = render(
        &gif(),
        1,
        &[
            "w=20x15:cover:webp:90",
            "a=20x15:cover:auto:90",
            "s=20x15:cover:webp:still",
            "j=20x15:cover:jpeg",
        ],
    )?;
    assert_eq!(
        rendered.note.as_ref().map(|note| note.code),
        Some(Code::ImageFlattened),
        "the JPEG stands still, and it is said"
    );
    for moving in &rendered.renditions[..2] {
        assert_eq!(moving.variant.format, Format::Webp);
        let decoder =
            image::codecs::webp::WebPDecoder::new(Cursor::new(&moving.bytes)).expect("WebP");
        let frames = decoder.into_frames().collect_frames().expect("frames");
        let times: Vec<u32> = frames
            .iter()
            .map(|frame| frame.delay().numer_denom_ms().0)
            .collect();
        assert_eq!(times, [100, 200, 300]);
        assert!(
            near(*frames[1].buffer().get_pixel(10, 7), [0, 255, 0])
                && near(*frames[2].buffer().get_pixel(10, 7), [0, 0, 255])
        );
    }
    assert!(near(
        *decoded(&rendered.renditions[2]).get_pixel(10, 7),
        [255, 0, 0]
    ));
    assert!(render(&gif(), 1, &["w=20x15:cover:webp"])?.note.is_none());
    Ok(())
}

#[test]
fn colours_are_converted_or_kept() -> Result<()> {
    let p3 = moxcms::ColorProfile::new_display_p3()
        .encode()
        .expect("profile");
    // (234, 51, 35) in Display P3 is pure red in sRGB.
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    image::ImageEncoder::set_icc_profile(&mut encoder, p3.clone()).expect("profile");
    RgbImage::from_pixel(40, 30, Rgb([234, 51, 35]))
        .write_with_encoder(encoder)
        .expect("encodes");
    let specs = [
        "s=20x15:cover:png",
        "p=20x15:cover:png:keep=icc",
        "j=20x15:cover:jpeg:95:keep=icc",
        "w=20x15:cover:webp:95:keep=icc",
    ];
    let rendered = render(&file, 1, &specs)?;
    let pixel = |index: usize| *decoded(&rendered.renditions[index]).get_pixel(9, 9);
    assert!(
        near(pixel(0), [255, 0, 0]) && pixel(0).0[1] < 5,
        "{:?}",
        pixel(0)
    );
    assert_eq!(pixel(1).0[..3], [234, 51, 35]);
    assert_eq!(
        container::jpeg::icc(&rendered.renditions[2].bytes).as_ref(),
        Some(&p3)
    );
    let webp = container::riff::chunks(&rendered.renditions[3].bytes)
        .find(|chunk| &chunk.kind == b"ICCP")
        .map(|chunk| chunk.data.to_vec());
    assert_eq!(webp, Some(p3));
    Ok(())
}

#[test]
fn sixteen_bits_are_rounded() -> Result<()> {
    let deep = image::ImageBuffer::<Rgb<u16>, _>::from_pixel(20, 15, Rgb([0x0aff, 0x01ff, 0xffff]));
    let made = render_as(
        &encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png),
        1,
        &["v=20x15:cover:png"],
    )?;
    assert_eq!(
        made[0].get_pixel(3, 3).0,
        [0x0b, 0x02, 0xff, 0xff],
        "0x0a and 0x01 would be cut off"
    );
    Ok(())
}

#[test]
fn four_inks_become_colours() -> Result<()> {
    // Adobe's way: inverted, so that 255 is no ink. Left half cyan, right half white.
    let pixels: Vec<u8> = (0..64 * 64)
        .flat_map(|n| {
            if n % 64 < 32 {
                [0, 255, 255, 255]
            } else {
                [255; 4]
            }
        })
        .collect();
    let image = turbojpeg::Image {
        pixels: pixels.as_slice(),
        width: 64,
        pitch: 256,
        height: 64,
        format: turbojpeg::PixelFormat::CMYK,
    };
    let mut encoder = turbojpeg::Compressor::new().expect("handle");
    encoder
        .set_quality(95)
        .and_then(|()| encoder.set_subsamp(turbojpeg::Subsamp::None))
        .expect("settings");
    let file = encoder.compress_to_vec(image).expect("encodes");
    assert!(
        container::jpeg::by_adobe(&file),
        "the encoder says whose way it is"
    );
    let made = render_as(&file, 1, &["v=32x32:cover:png"])?;
    let (cyan, white) = (*made[0].get_pixel(4, 16), *made[0].get_pixel(28, 16));
    assert!(
        cyan.0[0] < 60 && cyan.0[1] > 130 && cyan.0[2] > 190,
        "{cyan:?}"
    );
    assert!(near(white, [255, 255, 255]), "{white:?}");
    Ok(())
}

#[test]
fn twelve_bits_are_refused_clearly() {
    let mut file = encoded(
        &DynamicImage::ImageRgb8(quadrants(64, 48)),
        ImageFormat::Jpeg,
    );
    let frame = file
        .windows(2)
        .position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2))
        .expect("frame");
    file[frame + 4] = 12;
    let error = render(&file, 1, &["v=16x16"]).expect_err("12 bits");
    assert_eq!(error.code, Code::ImageUnsupported);
    assert!(error.message.contains("12 bits"), "{error}");
}

#[test]
fn options_shape_the_picture() -> Result<()> {
    let file = encoded(
        &DynamicImage::ImageRgb8(quadrants(400, 200)),
        ImageFormat::Png,
    );
    let specs = [
        "east=50x50:cover:png:gravity=east",
        "fill=50x60:fill:png",
        "crop=30x20:crop:png:gravity=northwest",
        "region=100x100:inside:png:region=0,100,100,100",
        "box=60x60:contain:png:background=000080",
        "large=800x800:inside:png:enlarge",
        "linear=100x50:cover:png:linear",
        "best=100x50:cover:jpeg:80:effort=best",
        "small=100x50:cover:jpeg:80",
    ];
    let rendered = render(&file, 1, &specs)?;
    let made: Vec<RgbaImage> = rendered.renditions.iter().map(decoded).collect();
    let sizes: Vec<_> = made.iter().map(|image| image.dimensions()).collect();
    assert_eq!(
        sizes,
        [
            (50, 50),
            (50, 60),
            (30, 20),
            (100, 100),
            (60, 60),
            (800, 400),
            (100, 50),
            (100, 50),
            (100, 50)
        ]
    );
    assert!(
        near(*made[0].get_pixel(25, 5), [0, 255, 0]),
        "the right half"
    );
    assert!(
        near(*made[2].get_pixel(15, 10), [255, 0, 0]),
        "the top left corner"
    );
    assert!(near(*made[3].get_pixel(50, 50), [0, 0, 255]), "bottom left");
    assert!(
        near(*made[4].get_pixel(30, 3), [0, 0, 128]),
        "the background"
    );
    let length = |index: usize| rendered.renditions[index].bytes.len();
    assert!(
        length(7) < length(8),
        "{} is no less than {}",
        length(7),
        length(8)
    );
    Ok(())
}

#[test]
fn linear_light_keeps_fine_patterns_bright() -> Result<()> {
    let stripes = RgbImage::from_fn(200, 200, |x, y| {
        if (x + y) % 2 == 0 {
            Rgb([255; 3])
        } else {
            Rgb([0; 3])
        }
    });
    let file = encoded(&DynamicImage::ImageRgb8(stripes), ImageFormat::Png);
    let made = render_as(
        &file,
        1,
        &["gamma=50x50:cover:png", "linear=50x50:cover:png:linear"],
    )?;
    let grey = |image: &RgbaImage| image.get_pixel(25, 25).0[0];
    // Half the light is 0.5 in linear terms: 188 in sRGB; gamma space gives the arithmetic middle.
    assert!(
        grey(&made[0]).abs_diff(128) < 3 && grey(&made[1]).abs_diff(188) < 3,
        "{} {}",
        grey(&made[0]),
        grey(&made[1])
    );
    Ok(())
}

#[test]
fn a_watermark_lies_where_it_is_told() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mark.png");
    RgbaImage::from_pixel(10, 10, Rgba([0, 0, 0, 255]))
        .save(&path)
        .expect("writes");
    let file = encoded(
        &DynamicImage::ImageRgb8(RgbImage::from_pixel(400, 400, Rgb([255; 3]))),
        ImageFormat::Png,
    );
    let spec = format!(
        "v=200x200:cover:png:mark=southeast,50,25,picture,{}",
        path.display().to_string().replace(':', "%3A")
    );
    let made = render_as(&file, 1, &[&spec]).expect("renders");
    let at = |x: u32, y: u32| made[0].get_pixel(x, y).0[0];
    assert!(
        at(180, 180).abs_diff(128) < 4,
        "half black on white: {}",
        at(180, 180)
    );
    assert_eq!((at(100, 100), at(199, 199), at(10, 190)), (255, 255, 255));
    let error = render_as(
        &file,
        1,
        &["v=20x20:cover:png:mark=north,50,25,picture,/nowhere.png"],
    )
    .expect_err("no such picture");
    assert_eq!(error.code, Code::WatermarkMissing);
    Ok(())
}

#[test]
fn words_are_drawn_as_a_watermark() -> Result<()> {
    let file = encoded(
        &DynamicImage::ImageRgb8(RgbImage::from_pixel(400, 400, Rgb([0; 3]))),
        ImageFormat::Png,
    );
    let made = render_as(
        &file,
        1,
        &["v=400x400:cover:png:mark=north,100,50,text,Tintype & <Co>"],
    )?;
    let bright = |rows: std::ops::Range<u32>| {
        made[0]
            .enumerate_pixels()
            .filter(|(_, y, pixel)| rows.contains(y) && pixel.0[0] > 200)
            .count()
    };
    assert!(
        bright(0..80) > 200 && bright(80..400) == 0,
        "{} and {}",
        bright(0..80),
        bright(80..400)
    );
    Ok(())
}

#[test]
fn only_the_rights_are_kept_when_asked() -> Result<()> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    // Artist "A. B.", and a GPS directory without entries.
    let exif = b"MM\0*\0\0\0\x08\0\x02\x01\x3b\0\x02\0\0\0\x06\0\0\0\x26\x88\x25\0\x04\0\0\0\x01\0\0\0\x2c\0\0\0\0A. B.\0\0\0";
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif.to_vec()).expect("EXIF");
    quadrants(40, 30)
        .write_with_encoder(encoder)
        .expect("encodes");
    for format in ["jpeg", "png", "webp", "avif"] {
        let spec = format!("v=20x15:cover:{format}:80");
        let with = render(&file, 1, &[&format!("{spec}:keep=copyright"), &spec])?;
        let codec = [Codec::Jpeg, Codec::Png, Codec::Webp, Codec::Avif]
            .into_iter()
            .find(|codec| codec.content_type().ends_with(format));
        let codec = codec.expect("codec");
        assert_eq!(
            metadata::rights(&with.renditions[0].bytes, codec)
                .artist
                .as_deref(),
            Some("A. B."),
            "{format}"
        );
        assert!(
            metadata::block(&with.renditions[1].bytes, codec).is_none(),
            "{format}"
        );
        assert_eq!(with.renditions.iter().map(decoded).count(), 2);
    }
    Ok(())
}

#[test]
fn attention_keeps_the_subject() -> Result<()> {
    let mut picture = RgbImage::from_pixel(600, 200, Rgb([120; 3]));
    for (x, y) in (460..540).flat_map(|x| (60..140).map(move |y| (x, y))) {
        picture.put_pixel(
            x,
            y,
            if (x / 8 + y / 8) % 2 == 0 {
                Rgb([240, 60, 20])
            } else {
                Rgb([20, 20, 20])
            },
        );
    }
    let made = render_as(
        &encoded(&DynamicImage::ImageRgb8(picture), ImageFormat::Png),
        1,
        &["v=100x100:cover:png:gravity=attention"],
    )?;
    let subject = made[0].pixels().filter(|pixel| pixel.0[0] > 200).count();
    assert!(subject > 500, "{subject} pixels of it");
    Ok(())
}
