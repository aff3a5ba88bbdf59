//! Files that tell where they were taken, drawn by code.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::container::tiff::Tiff;
use crate::container::{bmff, jpeg as segments, png as chunks, riff};

/// One entry of a directory, the most significant byte first.
pub(super) fn entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    [
        &tag.to_be_bytes()[..],
        &kind.to_be_bytes(),
        &count.to_be_bytes(),
        &value.to_be_bytes(),
    ]
    .concat()
}

/// IFD0: Make "Tintype!", Orientation 6, GPS; EXIF: MakerNote; GPS: latitude; IFD1: a thumbnail.
pub(super) fn exif_block() -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08".to_vec();
    // IFD0 at 8: four entries, then IFD1's offset; values follow at 62.
    block.extend([0, 4]);
    block.extend(entry(271, 2, 9, 62));
    block.extend(entry(274, 3, 1, 6 << 16));
    block.extend(entry(34665, 4, 1, 72));
    block.extend(entry(34853, 4, 1, 90));
    block.extend(160_u32.to_be_bytes());
    block.extend(b"Tintype!\0\0");
    // EXIF at 72, GPS at 90.
    block.extend([0, 1]);
    block.extend(entry(37500, 7, 4, u32::from_be_bytes(*b"SECR")));
    block.extend([0; 4]);
    block.extend([0, 2]);
    block.extend(entry(1, 2, 2, u32::from_be_bytes(*b"N\0\0\0")));
    block.extend(entry(2, 5, 3, 120));
    block.extend([0; 4]);
    for number in [48_u32, 1, 12, 1, 34, 1] {
        block.extend(number.to_be_bytes());
    }
    block.resize(160, 0);
    block.extend([0, 2]);
    block.extend(entry(513, 4, 1, 190));
    block.extend(entry(514, 4, 1, 5));
    block.extend([0; 4]);
    block.extend(b"THUMB");
    block
}

pub(super) const XMP_PLACE: &[u8] =
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/' a='http://ns.adobe.com/exif/1.0/'><exif:GPSLatitude>48,12N</exif:GPSLatitude></x:xmpmeta>";

pub(super) const XMP_PLAIN: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/' a='http://ns.adobe.com/xap/1.0/'><xmp:Rating>5</xmp:Rating></x:xmpmeta>";

pub(super) fn picture(format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(48, 32, |x, y| {
        Rgb([
            u8::try_from(x * 5).unwrap(),
            u8::try_from(y * 7).unwrap(),
            90,
        ])
    });
    DynamicImage::ImageRgb8(image)
        .write_to(&mut out, format)
        .expect("encodes");
    out.into_inner()
}

pub(super) fn jpeg(xmp: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::Jpeg);
    let made = |marker, parts: &[&[u8]]| segments::segment(marker, parts).expect("segment");
    [
        &plain[..2],
        &made(segments::APP1, &[segments::EXIF, &exif_block()]),
        &made(segments::APP1, &[segments::XMP, xmp]),
        &made(
            segments::APP13,
            &[b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x5a\0\x04Wien"],
        ),
        &made(0xe6, &[b"GoPro GPS5"]),
        &made(segments::COM, &[b"a remark"]),
        &plain[2..],
        b"a film behind the picture: GPSLatitude",
    ]
    .concat()
}

pub(super) fn png(xmp: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::Png);
    let made = |kind, data: &[u8]| chunks::chunk(kind, data).expect("chunk");
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", xmp].concat();
    let (head, rest) = plain.split_at(33);
    [
        head,
        &made(b"eXIf", &exif_block()),
        &made(b"iTXt", &text),
        &made(b"tEXt", b"Raw profile type exif\0 4142"),
        rest,
    ]
    .concat()
}

pub(super) fn webp(xmp: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::WebP);
    let pixels: Vec<_> = riff::chunks(&plain)
        .filter(|chunk| &chunk.kind != b"VP8X")
        .collect();
    let header = riff::extended(riff::HAS_EXIF | riff::HAS_XMP, (48, 32));
    let block = exif_block();
    let before = [(b"VP8X", header.as_slice())];
    let after = [(b"EXIF", block.as_slice()), (b"XMP ", xmp), (b"WHAT", b"?")];
    riff::file(
        before
            .into_iter()
            .chain(pixels.iter().map(|chunk| (&chunk.kind, chunk.data)))
            .chain(after),
    )
    .expect("file")
}

pub(super) fn heic(with: &[u8]) -> Vec<u8> {
    let pixels: Vec<u8> = (0..48 * 32 * 3_u32).map(|n| n.to_le_bytes()[0]).collect();
    let metadata = heifer::Metadata {
        exif: Some(exif_block()),
        xmp: Some(with.to_vec()),
        ..heifer::Metadata::default()
    };
    let plain =
        heifer::encode_rgb8(48, 32, &pixels, &heifer::EncodeOptions::default()).expect("encodes");
    let image = heifer::decode(&plain).expect("decodes");
    let mut file =
        heifer::encode_with_metadata(&image, &metadata, &heifer::EncodeOptions::default())
            .expect("encodes");
    file.extend(b"\0\0\0\x10mpvdGPS4812N");
    file
}

pub(super) fn avif() -> Vec<u8> {
    avif_with(Some(&exif_block()))
}

pub(super) fn avif_with(exif: Option<&[u8]>) -> Vec<u8> {
    let pixels: Vec<u8> = (0..48 * 32 * 3_u32).map(|n| n.to_le_bytes()[0]).collect();
    let options = tintype_avif::Options {
        quality: 60,
        speed: 10,
        full_chroma: false,
        icc: None,
        exif,
    };
    tintype_avif::encode(&pixels, (48, 32), false, options).expect("encodes")
}

/// A JPEG with these segments before all others.
pub(super) fn jpeg_with(segments: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::Jpeg);
    [&plain[..2], segments, &plain[2..]].concat()
}

/// A HEIC with a box more in its description, right before the pixels.
pub(super) fn heic_with(more: &[u8]) -> Vec<u8> {
    grown(plain_heic(), &[b"meta"], more)
}

/// A HEIC with nothing but a picture.
pub(super) fn plain_heic() -> Vec<u8> {
    let pixels: Vec<u8> = (0..48 * 32 * 3_u32).map(|n| n.to_le_bytes()[0]).collect();
    heifer::encode_rgb8(48, 32, &pixels, &heifer::EncodeOptions::default()).expect("encodes")
}

/// A HEIC or AVIF with more at the end of one of its boxes: whatever holds it grows, and the
/// picture is told to lie where it lies now.
pub(super) fn grown(mut file: Vec<u8>, path: &[&[u8; 4]], more: &[u8]) -> Vec<u8> {
    let added = u32::try_from(more.len()).unwrap();
    let (mut within, mut holders) = (0..file.len(), Vec::new());
    for kind in path {
        let mut inside = bmff::boxes(&file, within).into_iter();
        let found = inside.find(|found| &found.kind == *kind).expect("a box");
        let head = match *kind {
            b"meta" | b"iref" => 4,
            b"iinf" => 6,
            b"dref" => 8,
            _ => 0,
        };
        within = found.content.start + head..found.content.end;
        holders.push(found.whole.start);
    }
    let picture = bmff::items(&file)[0].extents[0].clone();
    let is_longer = path == [b"mdat"];
    let moved = if picture.start >= within.end {
        added
    } else {
        0
    };
    tell_picture(&mut file, picture, moved, if is_longer { added } else { 0 });
    for at in holders {
        let length: &mut [u8; 4] = file[at..].first_chunk_mut().unwrap();
        *length = (u32::from_be_bytes(*length) + added).to_be_bytes();
    }
    file.splice(within.end..within.end, more.iter().copied());
    file
}

/// Where the picture's bytes are told to lie, changed.
fn tell_picture(file: &mut [u8], picture: std::ops::Range<usize>, moved: u32, longer: u32) {
    let (at, length) = (
        u32::try_from(picture.start).unwrap(),
        u32::try_from(picture.len()).unwrap(),
    );
    let told = |at: u32, length: u32| [at.to_be_bytes(), length.to_be_bytes()].concat();
    let told_at = file
        .windows(8)
        .position(|window| window == told(at, length))
        .expect("its place is told in four bytes");
    file[told_at..told_at + 8].copy_from_slice(&told(at + moved, length + longer));
}

/// A TIFF with one entry more, appended behind the pixels.
pub(super) fn tiff_with(tag: u16, kind: u16, value: &[u8]) -> Vec<u8> {
    let mut file = picture(ImageFormat::Tiff);
    let directory = Tiff::new(&file)
        .and_then(|tiff| tiff.first())
        .expect("a page");
    let mut entries: Vec<Vec<u8>> = directory
        .entries
        .iter()
        .map(|entry| file[entry.at..entry.at + 12].to_vec())
        .collect();
    let at = u32::try_from(file.len()).unwrap();
    let count = u16::try_from(entries.len() + 1).unwrap();
    let value_at = at + 2 + u32::from(count) * 12 + 4;
    let width = if kind == 4 { 4 } else { 1 };
    let values = u32::try_from(value.len()).unwrap() / width;
    entries.push(
        [
            &tag.to_le_bytes()[..],
            &kind.to_le_bytes(),
            &values.to_le_bytes(),
            &value_at.to_le_bytes(),
        ]
        .concat(),
    );
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(entries.concat());
    file.extend([0; 4]);
    file.extend(value);
    file
}

/// A TIFF whose only directory also has a GPS entry, appended behind the pixels.
pub(super) fn tiff() -> Vec<u8> {
    let mut file = picture(ImageFormat::Tiff);
    let little = Tiff::new(&file).expect("TIFF");
    let directory = little.first().expect("a page");
    let entries: Vec<u8> = directory
        .entries
        .iter()
        .flat_map(|entry| file[entry.at..entry.at + 12].to_vec())
        .collect();
    let at = u32::try_from(file.len()).unwrap();
    let count = u16::try_from(directory.entries.len() + 2).unwrap();
    let gps_at = at + 2 + u32::from(count) * 12 + 4;
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(entries);
    let mut entry = |tag: u16, kind: u16, number: u32, value: u32| {
        file.extend(
            [
                &tag.to_le_bytes()[..],
                &kind.to_le_bytes(),
                &number.to_le_bytes(),
                &value.to_le_bytes(),
            ]
            .concat(),
        );
    };
    entry(33432, 2, 4, u32::from_le_bytes(*b"Me!\0"));
    entry(34853, 4, 1, gps_at);
    file.extend([0; 4]);
    file.extend([1, 0]);
    file.extend(
        [
            &2_u16.to_le_bytes()[..],
            &5_u16.to_le_bytes(),
            &3_u32.to_le_bytes(),
            &(gps_at + 18).to_le_bytes(),
        ]
        .concat(),
    );
    file.extend([0; 4]);
    for number in [48_u32, 1, 12, 1, 34, 1] {
        file.extend(number.to_le_bytes());
    }
    file
}
