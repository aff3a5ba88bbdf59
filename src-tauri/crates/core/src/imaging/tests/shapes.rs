//! Sizes, frames and animations.

use super::*;

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
