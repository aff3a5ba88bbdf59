//! Colours, depths, and what is laid over a picture.

use super::*;

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
fn hdrs_shadows_keep_their_steps() -> Result<()> {
    // A sixteenth of PQ's codes, about 1 to 3 candela per square metre.
    let code = |x: u32| u16::try_from(9_000 + x * 16).expect("16 bits");
    let deep = image::ImageBuffer::from_fn(256, 8, |x, _| Rgb([code(x); 3]));
    let plain = encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png);
    let told = container::png::chunk(b"cICP", &[9, 16, 0, 1]).expect("chunk");
    // Behind the signature and the header.
    let file = [&plain[..33], &told, &plain[33..]].concat();

    let made = render_as(&file, 1, &["v=256x8:cover:png"])?;

    let row: Vec<u8> = (0..256).map(|x| made[0].get_pixel(x, 4).0[0]).collect();
    assert!(row.is_sorted(), "{row:?}");
    let steps = row.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert_eq!(steps, Some(1), "{row:?}");
    Ok(())
}

/// 32 x 32 pixels of ten bits in PQ, the left half 0.2, the right half 0.58 (HDR's white), written
/// by libavif.
const PQ_AVIF: &str = "00000020667479706176696600000000617669666d6966316d6961664d413141000000eb6d657461000000000000002168646c72000000000000000070696374000000000000000000000000000000000e7069746d0000000000010000001e696c6f63000000004400000100010000000100000113000000230000002869696e660000000000010000001a696e6665020000000001000061763031436f6c6f72000000006a697072700000004b6970636f0000001469737065000000000000002000000020000000107069786900000000030a0a0a0000000c617631438120400000000013636f6c726e636c78000900100009800000001769706d610000000000000001000104010283040000002b6d64617412000a0838113ff6f09100993215110223528000f2000000b42b6a1b646bd6a9a54275";

#[test]
fn an_hdr_avif_of_ten_bits_shows_white_as_white() -> Result<()> {
    let file = hex::decode(PQ_AVIF).expect("hex");
    let deep = tintype_avif::decode(&file, 1 << 20).expect("decodes").rgba;
    assert!(matches!(deep, tintype_avif::Samples::Sixteen(_)));

    let made = render_as(&file, 1, &["v=32x32:cover:png"])?;

    let (dark, white) = (made[0].get_pixel(5, 16).0, made[0].get_pixel(27, 16).0);
    assert!(
        white[0] >= 240 && white[0].abs_diff(white[1]) <= 1,
        "{white:?}"
    );
    assert!((30..50).contains(&dark[0]), "{dark:?}");
    Ok(())
}

/// 64 x 64 pixels in PQ, the left half 0.2, the right half 0.58 (HDR's white), written by libjxl.
const PQ_JXL: &str = "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a0000003e6a786c63ff0a4f04fc00e4d1210e07000000800802010084004b386998ca83f72b280880f3c68d3158ee5e200400c003c00b337313de51989901";

#[test]
fn an_hdr_jpeg_xl_shows_white_as_white() -> Result<()> {
    let file = hex::decode(PQ_JXL).expect("hex");

    let made = render_as(&file, 1, &["v=64x64:cover:png"])?;

    let (dark, white) = (made[0].get_pixel(10, 10).0, made[0].get_pixel(50, 10).0);
    assert!(white[0] >= 240 && white[0] == white[1], "{white:?}");
    assert!((30..50).contains(&dark[0]), "{dark:?}");
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
    let specs = ["v=20x20:cover:png:mark=north,50,25,picture,/nowhere.png"];
    let rendered = render(&file, 1, &specs).expect("renders");
    assert_eq!(rendered.failures[0].error.code, Code::WatermarkMissing);
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
