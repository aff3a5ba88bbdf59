//! Words in parts that show a picture: where they are too long, come twice, or show nothing here.

use super::crafted::boxed;
use super::samples::{jpeg_with, picture, tiff_with};
use super::*;
use crate::container::riff;

const WORDS: &[u8] = b"Anna Schmidt";

/// A PNG with chunks before its pixels, and some behind them.
fn png_with(before: &[&[u8; 4]], behind: &[&[u8; 4]]) -> Vec<u8> {
    let plain = picture(ImageFormat::Png);
    let made = |kinds: &[&[u8; 4]]| -> Vec<u8> {
        let made = kinds.iter().map(|kind| chunks::chunk(kind, WORDS));
        made.flat_map(|chunk| chunk.expect("a chunk")).collect()
    };
    let (head, rest) = plain.split_at(33);
    let (pixels, end) = rest.split_at(rest.len() - 12);
    [head, &made(before), pixels, &made(behind), end].concat()
}

fn twice(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::Png);
    let first = chunks::chunk(kind, data).expect("a chunk");
    let second = chunks::chunk(kind, &WORDS[..data.len()]).expect("a chunk");
    [&plain[..33], &first, &second, &plain[33..]].concat()
}

fn webp_with(more: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let plain = picture(ImageFormat::WebP);
    let pixels: Vec<_> = riff::chunks(&plain)
        .filter(|chunk| &chunk.kind != b"VP8X")
        .collect();
    let header = riff::extended(0, (48, 32));
    let all = [(b"VP8X", header.as_slice())].into_iter();
    let all = all.chain(pixels.iter().map(|chunk| (&chunk.kind, chunk.data)));
    riff::file(all.chain(more.iter().copied())).expect("file")
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    segments::segment(marker, &[data]).expect("a segment")
}

fn jxl_with(more: &[u8]) -> Vec<u8> {
    let head = boxed(b"JXL ", b"\r\n\x87\n");
    let brands = boxed(b"ftyp", b"jxl \0\0\0\0jxl ");
    let picture = boxed(b"jxlc", b"\xff\x0apixels");
    [&head[..], &brands, &picture, more].concat()
}

#[test]
fn what_shows_nothing_says_nothing() {
    let tables = [&[0; 65][..], WORDS].concat();
    let files = [
        ("colours that are no palette", png_with(&[b"PLTE"], &[])),
        ("see-through colours", png_with(&[b"tRNS"], &[])),
        ("a background", png_with(&[b"bKGD"], &[])),
        ("how often colours come", png_with(&[b"hIST"], &[])),
        ("a power twice", twice(b"gAMA", &[0, 0, 0xb1, 0x8f])),
        ("behind the pixels", png_with(&[], &[b"IDAT"])),
        ("frames of no film", png_with(&[], &[b"fcTL", b"fdAT"])),
        ("a second picture", webp_with(&[(b"VP8L", WORDS)])),
        ("alpha of no picture", webp_with(&[(b"ALPH", WORDS)])),
        ("a film's settings", webp_with(&[(b"ANIM", &WORDS[..6])])),
        ("a reserved table", jpeg_with(&segment(0xc8, WORDS))),
        ("how sizes grow", jpeg_with(&segment(0xdf, WORDS))),
        (
            "behind Adobe's words",
            jpeg_with(&segment(
                0xee,
                &[b"Adobe\0\x64\0\0\0\0\x01", WORDS].concat(),
            )),
        ),
        ("numbers of a width", tiff_with(282, 3, WORDS)),
        (
            "numbers of a white point",
            tiff_with(318, 4, &[WORDS, WORDS].concat()),
        ),
        ("a second signature", jxl_with(&boxed(b"JXL ", WORDS))),
        ("a second codestream", jxl_with(&boxed(b"jxlc", WORDS))),
        ("a part behind the last", jxl_with(&boxed(b"jxlp", WORDS))),
        // Refused.
        ("behind a table", jpeg_with(&segment(0xdb, &tables))),
        (
            "behind how often it begins anew",
            jpeg_with(&segment(0xdd, WORDS)),
        ),
    ];
    for (name, file) in files {
        let content = content::sniff(&file, "x");
        let is_refused = matches!(name, "behind a table" | "behind how often it begins anew");
        match strip(file.clone(), &content, Originals::StripAll) {
            Ok(Cleaned { bytes, .. }) => {
                assert!(!is_refused && !has(&bytes, &WORDS[..4]), "{name}");
                if content.kind != content::Kind::Image(Codec::Jxl) {
                    assert_eq!(pixels(&bytes), pixels(&file), "{name}");
                }
            }
            Err(error) => assert!(is_refused, "{name}: {error}"),
        }
    }
}

#[test]
fn too_many_colours_are_cut() {
    let mut palette = vec![7; 3 * 3];
    palette.extend(WORDS);
    let see_through = [&[9, 9][..], WORDS].concat();
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 1, 3, 0, 0, 0];
    let pixels_packed = crate::container::packed::deflated(&[0, 0]).expect("packs");
    let made = |kind: &[u8; 4], data: &[u8]| chunks::chunk(kind, data).expect("a chunk");
    let file = [
        chunks::SIGNATURE,
        &made(b"IHDR", &header),
        &made(b"PLTE", &palette),
        &made(b"tRNS", &see_through),
        &made(b"IDAT", &pixels_packed),
        &made(b"IEND", &[]),
    ]
    .concat();

    let clean = clean(&file, Originals::StripAll);

    assert!(!has(&clean, &WORDS[..4]) && has(&clean, &made(b"tRNS", &[9, 9])));
    assert_eq!(pixels(&clean), [7, 7, 7, 9]);
}

#[test]
fn a_bitmap_has_nothing_but_pixels() {
    let plain = picture(ImageFormat::Bmp);
    let content = content::sniff(&plain, "x");
    let four = |at: usize, number: u32| {
        let mut file = plain.clone();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        file
    };
    let jpeg_inside = four(30, 4);
    let colours_nobody_needs = four(46, 3);

    assert!(strip(plain, &content, Originals::StripAll).is_ok());
    for file in [jpeg_inside, colours_nobody_needs] {
        assert!(strip(file, &content, Originals::StripAll).is_err());
    }
}
