//! What stands behind coded pixels, in their own place.

use super::samples::picture;
use super::*;
use crate::container::gif;
use crate::container::packed::deflated;

const WORDS: &[u8] = b"Anna Schmidt, Stephansplatz";

/// The words behind the last sub-block of a frame.
fn gif_with_words() -> Vec<u8> {
    let plain = picture(ImageFormat::Gif);
    let frame = gif::blocks(&plain)
        .find(|block| block.kind == gif::Kind::Image)
        .expect("a frame");
    let end = super::super::pieces::place(&plain, frame.whole).end - 1;
    let length = u8::try_from(WORDS.len()).expect("short");
    [&plain[..end], &[length], WORDS, &plain[end..]].concat()
}

/// A film of two frames, with bytes behind the pixels of the second.
fn apng(behind: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| chunks::chunk(kind, data).expect("a chunk");
    let control = |number: u8| {
        let mut control = [0; 26];
        control[3] = number;
        control[7] = 1;
        control[11] = 1;
        chunk(b"fcTL", &control)
    };
    let pixel = deflated(&[0, 9]).expect("packs");
    [
        chunks::SIGNATURE,
        &chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        &chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        &control(0),
        &chunk(b"IDAT", &pixel),
        &control(1),
        &chunk(b"fdAT", &[&[0, 0, 0, 2], &pixel[..], behind].concat()),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A grey TIFF of four by four, its strips packed in that way.
fn tiff_of(
    compression: u16,
    strips: &[Vec<u8>],
    rows: u32,
    more: &[(u16, u16, u32, u32)],
) -> Vec<u8> {
    let mut entries: Vec<(u16, u16, u32, u32)> = vec![
        (256, 3, 1, 4),
        (257, 3, 1, 4),
        (258, 3, 1, 8),
        (259, 3, 1, u32::from(compression)),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 4, 1, rows),
    ];
    let count = u32::try_from(strips.len()).expect("few");
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let places: Vec<(u32, u32)> = strips
        .iter()
        .map(|strip| {
            let at = u32::try_from(file.len()).expect("short");
            file.extend(strip);
            (at, u32::try_from(strip.len()).expect("short"))
        })
        .collect();
    let list = |file: &mut Vec<u8>, numbers: Vec<u32>| match numbers[..] {
        [one] => one,
        _ => {
            let at = u32::try_from(file.len()).expect("short");
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            at
        }
    };
    let at = list(&mut file, places.iter().map(|place| place.0).collect());
    let lengths = list(&mut file, places.iter().map(|place| place.1).collect());
    entries.push((273, 4, count, at));
    entries.push((279, 4, count, lengths));
    entries.extend(more);
    entries.sort_unstable();
    let directory = u32::try_from(file.len()).expect("short");
    file[4..8].copy_from_slice(&directory.to_le_bytes());
    file.extend(u16::try_from(entries.len()).expect("few").to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

fn with_words(strip: &[u8]) -> Vec<u8> {
    [strip, WORDS].concat()
}

#[test]
fn what_stands_behind_pixels_goes() {
    let grey: Vec<u8> = (0..16).collect();
    let mut coder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let lzw = coder.encode(&grey).expect("encodes");
    let runs = [&[15][..], &grey].concat();
    let zlib = deflated(&grey).expect("packs");
    let files = [
        ("a gif", gif_with_words()),
        ("a film's frame", apng(WORDS)),
        ("plain", tiff_of(1, &[with_words(&grey)], 4, &[])),
        ("lzw", tiff_of(5, &[with_words(&lzw)], 4, &[])),
        ("runs", tiff_of(32773, &[with_words(&runs)], 4, &[])),
        ("zlib", tiff_of(8, &[with_words(&zlib)], 4, &[])),
        (
            "tables of nothing",
            tiff_of(
                1,
                std::slice::from_ref(&grey),
                4,
                &[(347, 7, 4, 0x616e_6e41)],
            ),
        ),
    ];
    for (name, file) in files {
        let content = content::sniff(&file, "x");
        let clean = strip(file.clone(), &content, Originals::StripAll)
            .expect(name)
            .bytes;

        assert!(has(&file, b"Anna") && !has(&clean, b"Anna"), "{name}");
        assert_eq!(pixels(&clean), pixels(&file), "{name}");
        let again = strip(clean.clone(), &content, Originals::StripAll)
            .expect(name)
            .bytes;
        assert_eq!(again, clean, "{name}");
    }
}

#[test]
fn frames_and_strips_that_nobody_shows_are_refused() {
    let grey: Vec<u8> = (0..16).collect();
    let two = [grey, WORDS[..16].to_vec()];
    let mut third = apng(b"");
    let end = third.len() - 12;
    let chunk = chunks::chunk(b"fcTL", &[&[0, 0, 0, 3][..], &WORDS[..22]].concat());
    third.splice(end..end, chunk.expect("a chunk"));
    for (name, file) in [
        ("a strip too many", tiff_of(1, &two, 4, &[])),
        ("a frame too many", third),
    ] {
        let content = content::sniff(&file, "x");
        assert!(
            strip(file, &content, Originals::StripAll).is_err(),
            "{name}"
        );
    }
}
