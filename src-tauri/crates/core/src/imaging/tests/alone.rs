//! One variant's fault is that variant's; and files that other programs show are shown.

use super::*;

#[test]
fn one_variants_fault_costs_no_other() -> Result<()> {
    let file = encoded(
        &DynamicImage::ImageRgb8(RgbImage::from_pixel(300, 16_384, Rgb([9, 99, 199]))),
        ImageFormat::Png,
    );
    let specs = [
        "full=16384x16384:inside:webp:80",
        "thumb=200x200:inside:jpeg",
        "mark=100x100:inside:png:mark=north,50,25,picture,/nowhere.png",
        "small=50x50:inside:webp:80",
    ];

    let rendered = render(&file, 1, &specs)?;

    let names = rendered
        .renditions
        .iter()
        .map(|made| made.variant.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["thumb", "small"]);
    let failed = rendered.failures.iter();
    let failed: Vec<_> = failed
        .map(|failure| (failure.index, failure.error.code))
        .collect();
    assert_eq!(
        failed,
        [(0, Code::ImageTooLarge), (2, Code::WatermarkMissing)]
    );
    let told = rendered.told().expect("is told");
    assert!(
        told.message.contains("16,383") || told.message.contains("16383"),
        "{told}"
    );
    Ok(())
}

/// Two frames of 16 bits a channel, which nobody reads as an animation.
fn deep_animation() -> Vec<u8> {
    use crate::container::png::{SIGNATURE, chunk};
    use std::io::Write as _;
    let pixels = |value: u16| {
        let row = [&[0][..], &value.to_be_bytes().repeat(3 * 8)].concat();
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&row.repeat(8)).expect("packs");
        packer.finish().expect("packs")
    };
    let control = |number: u32| {
        let numbers = [number, 8, 8, 0, 0].map(u32::to_be_bytes).concat();
        [numbers, vec![0, 1, 0, 10, 0, 0]].concat()
    };
    let later = [&2_u32.to_be_bytes()[..], &pixels(1000)].concat();
    let header = [
        &8_u32.to_be_bytes()[..],
        &8_u32.to_be_bytes(),
        &[16, 2, 0, 0, 0],
    ]
    .concat();
    let all = [
        (b"IHDR", header),
        (b"acTL", [2_u32, 0].map(u32::to_be_bytes).concat()),
        (b"fcTL", control(0)),
        (b"IDAT", pixels(60_000)),
        (b"fcTL", control(1)),
        (b"fdAT", later),
        (b"IEND", Vec::new()),
    ];
    let chunks = all.map(|(kind, data)| chunk(kind, &data).expect("chunk"));
    [SIGNATURE.to_vec(), chunks.concat()].concat()
}

#[test]
fn what_cannot_move_stands_still_and_it_is_said() -> Result<()> {
    let rendered = render(
        &deep_animation(),
        1,
        &[
            "w=8x8:cover:webp:90",
            "p=8x8:cover:png",
            "j=8x8:cover:jpeg:95",
        ],
    )?;

    assert!(rendered.failures.is_empty());
    for made in &rendered.renditions {
        assert!(
            near(*decoded(made).get_pixel(4, 4), [233; 3]),
            "{}",
            made.variant.name
        );
    }
    let code = rendered.note.map(|note| note.code);
    assert_eq!(code, Some(Code::ImageFlattened));
    Ok(())
}

#[test]
fn what_plays_once_plays_once() -> Result<()> {
    let frame = |colour| {
        let buffer = RgbaImage::from_pixel(8, 8, Rgba(colour));
        image::Frame::from_parts(buffer, 0, 0, image::Delay::from_numer_denom_ms(100, 1))
    };
    for (repeat, plays) in [
        (None, 1),
        (Some(image::codecs::gif::Repeat::Infinite), 0),
        (Some(image::codecs::gif::Repeat::Finite(2)), 3),
    ] {
        let mut file = Vec::new();
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut file);
        if let Some(repeat) = repeat {
            encoder.set_repeat(repeat).expect("repeats");
        }
        encoder
            .encode_frames([frame([255, 0, 0, 255]), frame([0, 0, 255, 255])])
            .expect("encodes");
        drop(encoder);

        let rendered = render(&file, 1, &["w=8x8:cover:webp"])?;

        assert_eq!(
            crate::container::riff::plays(&rendered.renditions[0].bytes),
            plays
        );
    }
    Ok(())
}

#[test]
fn what_moves_goes_on_moving_in_every_format_that_can() -> Result<()> {
    let options = tintype_avif::Options {
        quality: 90,
        speed: 10,
        ..tintype_avif::Options::default()
    };
    let mut film = tintype_avif::Moving::new(3, options).expect("begins");
    for colour in [[255, 0, 0], [0, 0, 255], [0, 255, 0]] {
        film.push(&colour.repeat(64 * 48), (64, 48), false, 120)
            .expect("pushes");
    }
    let file = film.finish().expect("finishes");

    let rendered = render(
        &file,
        1,
        &[
            "a=32x24:cover:avif",
            "w=32x24:cover:webp",
            "j=32x24:cover:jpeg",
            "s=32x24:cover:avif:still",
        ],
    )?;

    let [avif, webp, jpeg, still] = rendered.renditions.as_slice() else {
        panic!("{:?}", rendered.failures)
    };
    let moving = tintype_avif::frames(&avif.bytes, 1 << 20).expect("AVIF");
    assert_eq!(moving.plays(), 3);
    let seen: Vec<_> = moving.map(|frame| frame.expect("frame")).collect();
    assert_eq!(
        seen.iter().map(|(_, shown)| *shown).collect::<Vec<_>>(),
        [120; 3]
    );
    let colour = |at: usize| seen[at].0.rgba.clone().eight();
    assert!(colour(1)[2] > 200 && colour(2)[1] > 200, "each its colour");
    assert!(container::riff::is_animated(&webp.bytes));
    assert_eq!(container::riff::plays(&webp.bytes), 3);
    assert!(image::load_from_memory(&jpeg.bytes).is_ok());
    let still = tintype_avif::header(&still.bytes, 1 << 20).expect("AVIF");
    assert_eq!(still.frames, 1);
    let code = rendered.note.map(|note| note.code);
    assert_eq!(code, Some(Code::ImageFlattened), "of the JPEG");
    Ok(())
}

#[test]
fn a_film_too_long_for_avif_stands_still_there_and_moves_elsewhere() -> Result<()> {
    let frame = |shade| {
        let buffer = RgbaImage::from_pixel(2400, 1800, Rgba([shade, 9, 9, 255]));
        image::Frame::from_parts(buffer, 0, 0, image::Delay::from_numer_denom_ms(100, 1))
    };
    let mut file = Vec::new();
    image::codecs::gif::GifEncoder::new_with_speed(&mut file, 30)
        .encode_frames([10, 90, 180].map(frame))
        .expect("encodes");

    let rendered = render(
        &file,
        1,
        &["a=2400x1800:inside:avif:20", "w=8x8:cover:webp"],
    )?;

    let [avif, webp] = rendered.renditions.as_slice() else {
        panic!("{:?}", rendered.failures)
    };
    assert_eq!(
        tintype_avif::header(&avif.bytes, u32::MAX)
            .expect("AVIF")
            .frames,
        1
    );
    assert!(container::riff::is_animated(&webp.bytes));
    assert_eq!(
        rendered.note.map(|note| note.code),
        Some(Code::ImageFlattened)
    );
    Ok(())
}

/// Three frames of 16 x 16 pixels, red, blue and green, written by libjxl: nothing here writes JPEG XL.
const JXL: &str = "ff0a43044d002026080401003c004b188b15805df4ff0022851400a73f080401003c004b188b15805df4ff00a2a89b01a73f080405003c004b188b15805df4ff008ea89b01a73f";

#[test]
fn a_jpeg_xl_that_moves_goes_on_moving() -> Result<()> {
    let file = hex::decode(JXL).expect("hex");

    let rendered = render(&file, 1, &["a=16x16:cover:avif:95", "w=8x8:cover:webp"])?;

    let [avif, webp] = rendered.renditions.as_slice() else {
        panic!("{:?}", rendered.failures)
    };
    assert!(rendered.note.is_none(), "{:?}", rendered.note);
    assert!(container::riff::is_animated(&webp.bytes));
    let frames = tintype_avif::frames(&avif.bytes, 1 << 20).expect("AVIF");
    let seen: Vec<_> = frames
        .map(|frame| frame.expect("frame").0.rgba.eight())
        .collect();
    let strongest = |rgba: &[u8]| (0..3).max_by_key(|channel| rgba[*channel]);
    let order: Vec<_> = seen.iter().map(|rgba| strongest(rgba)).collect();
    assert_eq!(order, [Some(0), Some(2), Some(1)]);
    Ok(())
}

#[test]
fn alpha_that_was_never_set_hides_nothing() -> Result<()> {
    let hidden = RgbaImage::from_pixel(16, 16, Rgba([200, 60, 40, 0]));
    for format in [ImageFormat::Bmp, ImageFormat::Ico] {
        let file = encoded(&DynamicImage::ImageRgba8(hidden.clone()), format);

        let made = render_as(&file, 1, &["v=16x16:cover:jpeg:95"])?;

        assert!(near(*made[0].get_pixel(8, 8), [200, 60, 40]), "{format:?}");
    }
    Ok(())
}

#[test]
fn an_icon_of_three_colours_is_no_damaged_one() -> Result<()> {
    let png = encoded(
        &DynamicImage::ImageRgb8(RgbImage::from_pixel(32, 32, Rgb([200, 60, 40]))),
        ImageFormat::Png,
    );
    let length = u32::try_from(png.len()).expect("small").to_le_bytes();
    let entry = [&[32, 32, 0, 0, 1, 0, 24, 0][..], &length, &[22, 0, 0, 0]].concat();
    let file = [&b"\0\0\x01\0\x01\0"[..], &entry, &png].concat();

    let made = render_as(&file, 1, &["v=16x16:cover:png"])?;

    assert!(near(*made[0].get_pixel(8, 8), [200, 60, 40]));
    Ok(())
}

/// The same TIFF, its last sample called that kind of alpha (TIFF 6.0, section 18).
fn with_alpha_of_kind(file: &[u8], kind: u16) -> Vec<u8> {
    let tiff = crate::container::tiff::Tiff::new(file).expect("TIFF");
    let page = tiff.first().expect("page");
    let mut entries: Vec<&[u8]> = page
        .entries
        .iter()
        .map(|entry| &file[entry.at..entry.at + 12])
        .collect();
    let told = [
        &338_u16.to_le_bytes()[..],
        &[3, 0, 1, 0, 0, 0],
        &kind.to_le_bytes(),
        &[0, 0],
    ];
    let told = told.concat();
    entries.push(&told);
    let at = u32::try_from(file.len()).expect("small").to_le_bytes();
    let count = u16::try_from(entries.len()).expect("small").to_le_bytes();
    let (head, rest) = (&file[..4], &file[8..]);
    [head, &at, rest, &count, &entries.concat(), &[0; 4]].concat()
}

#[test]
fn colours_that_alpha_is_multiplied_into_come_out_whole() -> Result<()> {
    let half = RgbaImage::from_pixel(16, 16, Rgba([128, 0, 0, 128]));
    let file = encoded(&DynamicImage::ImageRgba8(half), ImageFormat::Tiff);

    for (kind, wanted) in [(1, [255, 0, 0]), (2, [128, 0, 0])] {
        let made = render_as(&with_alpha_of_kind(&file, kind), 1, &["v=16x16:cover:png"])?;

        let pixel = *made[0].get_pixel(8, 8);
        assert!(
            near(pixel, wanted) && pixel.0[3].abs_diff(128) <= 1,
            "{pixel:?}"
        );
    }
    Ok(())
}

#[test]
fn a_few_bytes_between_segments_are_no_damage() -> Result<()> {
    let plain = encoded(
        &DynamicImage::ImageRgb8(quadrants(64, 48)),
        ImageFormat::Jpeg,
    );
    let first = crate::container::jpeg::headers(&plain)
        .next()
        .expect("segment")
        .whole
        .len();
    let (start, rest) = plain.split_at(2 + first);
    let file = [start, b"junk", rest].concat();

    let rendered = render(&file, 1, &["v=32x24:cover:jpeg"])?;

    assert!(rendered.note.is_none() && rendered.renditions.len() == 1);
    Ok(())
}

#[test]
fn a_tall_watermark_is_not_squashed() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tall.png");
    let tall = RgbImage::from_pixel(40, 200, Rgb([255, 0, 0]));
    std::fs::write(
        &path,
        encoded(&DynamicImage::ImageRgb8(tall), ImageFormat::Png),
    )?;
    let white = RgbImage::from_pixel(200, 200, Rgb([255; 3]));
    let file = encoded(&DynamicImage::ImageRgb8(white), ImageFormat::Png);
    let spec = format!(
        "v=200x200:cover:png:mark=centre,100,100,picture,{}",
        path.display()
    );

    let made = render_as(&file, 1, &[&spec]).expect("renders");

    let red = made[0]
        .pixels()
        .filter(|pixel| near(**pixel, [255, 0, 0]))
        .count();
    let expected = 40 * 200;
    assert!(
        red.abs_diff(expected) < expected / 20,
        "{red} instead of {expected}"
    );
    Ok(())
}

#[test]
fn a_png_that_lacks_its_end_alone_is_no_damaged_one() -> Result<()> {
    let whole = encoded(
        &DynamicImage::ImageRgb8(quadrants(64, 48)),
        ImageFormat::Png,
    );
    let ended = &whole[..whole.len() - 12];

    let lacking = render(ended, 1, &["v=32x24:cover:png"])?;
    let cut_off = render(&whole[..whole.len() - 40], 1, &["v=32x24:cover:png"]);

    assert!(lacking.note.is_none(), "{:?}", lacking.note);
    assert!(cut_off.map_or(true, |rendered| rendered.note.is_some()));
    Ok(())
}

#[test]
fn a_drawing_that_shows_another_file_says_that_it_is_not_whole() -> Result<()> {
    let drawing = |inside: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='40' height='30'><rect width='9' height='9'/>{inside}</svg>"
        )
    };
    let outside = drawing("<image xlink:href='photo.png' width='20' height='20'/>");

    let whole = render(drawing("").as_bytes(), 1, &["v=40x30:inside:png"])?;
    let lacking = render(outside.as_bytes(), 1, &["v=40x30:inside:png"])?;

    assert!(whole.note.is_none());
    let note = lacking.note.expect("a note");
    assert!(note.message.contains("another file"), "{note}");
    Ok(())
}

/// A WebP that moves, of these frames: where, whether it is cleared afterwards, and its pixels.
fn moving_webp(side: u32, frames: &[((u32, u32), bool, RgbaImage)]) -> Vec<u8> {
    use container::riff;
    let flags = riff::HAS_ANIMATION | riff::HAS_ALPHA;
    let mut parts: Vec<([u8; 4], Vec<u8>)> = vec![
        (*b"VP8X", riff::extended(flags, (side, side))),
        (*b"ANIM", vec![0; 6]),
    ];
    for ((x, y), is_cleared, pixels) in frames {
        let still = encoded(&DynamicImage::ImageRgba8(pixels.clone()), ImageFormat::WebP);
        let coded = riff::chunks(&still)
            .find(|chunk| &chunk.kind == b"VP8L")
            .expect("lossless");
        let mut frame: Vec<u8> = [x / 2, y / 2, pixels.width() - 1, pixels.height() - 1, 100]
            .into_iter()
            .flat_map(riff::u24)
            .collect();
        frame.push(u8::from(*is_cleared));
        riff::push(&mut frame, b"VP8L", coded.data).expect("small");
        parts.push((*b"ANMF", frame));
    }
    riff::file(parts.iter().map(|(kind, data)| (kind, &data[..]))).expect("small")
}

#[test]
fn what_a_frame_clears_is_clear_in_the_next() {
    let red = RgbaImage::from_pixel(4, 4, Rgba([200, 0, 0, 255]));
    for (is_cleared, alpha) in [(true, 0), (false, 255)] {
        let file = moving_webp(
            8,
            &[
                ((0, 0), is_cleared, red.clone()),
                ((4, 4), false, red.clone()),
            ],
        );

        let film = crate::imaging::decode::Film::of(
            Source {
                file: &file,
                codec: Codec::Webp,
                orientation: 1,
            },
            Limits::default(),
        );

        let frames: Vec<_> = film
            .expect("a film")
            .frames
            .map(|frame| frame.expect("a frame").0)
            .collect();
        assert_eq!(frames.len(), 2);
        assert!(frames[1].alpha);
        assert_eq!(frames[1].pixels[3], alpha, "cleared: {is_cleared}");
        assert_eq!(frames[1].pixels[(8 * 4 + 4) * 4 + 3], 255);
    }
}

#[test]
fn a_drawing_is_as_large_as_it_says_where_all_of_it_is_wanted() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'><rect width='30' height='20' fill='red'/></svg>";
    let source = |file| Source {
        file,
        codec: Codec::Svg,
        orientation: 1,
    };
    let mut renderer = Renderer::new(Limits::default());

    let digest = renderer.digest(source(svg)).expect("a digest");

    let other = svg.map(|byte| if byte == b'r' { b't' } else { byte });
    let other = String::from_utf8_lossy(&other)
        .replace("ted", "tan")
        .replace("tect", "rect");
    assert_ne!(renderer.digest(source(other.as_bytes())).ok(), Some(digest));
}
