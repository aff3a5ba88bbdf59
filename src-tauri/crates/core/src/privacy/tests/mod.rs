//! Every kind of file that can be cleaned, with a location in every place one can hide.

mod boxes;
mod corpus;
mod crafted;
mod ends;
mod hidden;
mod samples;
mod shown;

use image::ImageFormat;

use super::*;
use crate::container::{bmff, jpeg as segments, png as chunks};
use crate::content;
use samples::{XMP_PLACE, XMP_PLAIN, avif, heic, jpeg, picture, png, tiff, webp};

fn cleaned(file: &[u8], originals: Originals) -> Cleaned {
    let content = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], "x");
    strip(file.to_vec(), &content, originals).expect("cleans")
}

fn clean(file: &[u8], originals: Originals) -> Vec<u8> {
    cleaned(file, originals).bytes
}

#[test]
fn what_would_have_been_seen_is_told() {
    let photo = jpeg(XMP_PLAIN);
    let film = [&photo, &b"\0\0\0\x18ftypmp42 a film"[..]].concat();
    let gain_map = [&photo[..], &photo].concat();
    let maker = [&photo, &b"SEFH a maker's own"[..]].concat();
    let left = |file: &[u8]| cleaned(file, Originals::StripLocation).left;

    assert_eq!(left(&photo), None);
    assert_eq!(left(&film), Some(Left::Film));
    assert_eq!(left(&gain_map), Some(Left::Picture));
    assert_eq!(left(&maker), None);
}

fn has(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

fn pixels(file: &[u8]) -> Vec<u8> {
    let content::Kind::Image(codec) = content::sniff(file, "x").kind else {
        panic!("no picture")
    };
    match codec {
        Codec::Heic => heifer::decode(bmff::trimmed(file))
            .expect("decodes")
            .to_rgba8(),
        Codec::Avif => tintype_avif::decode(file, 1 << 20)
            .expect("decodes")
            .rgba
            .eight(),
        _ => image::load_from_memory(file)
            .expect("decodes")
            .into_rgba8()
            .into_raw(),
    }
}

#[test]
fn the_place_goes_and_the_rest_stays() {
    for file in [
        jpeg(XMP_PLACE),
        png(XMP_PLACE),
        webp(XMP_PLACE),
        heic(XMP_PLACE),
        avif(),
        tiff(),
    ] {
        let content::Kind::Image(codec) = content::sniff(&file, "x").kind else {
            panic!("no picture")
        };
        assert!(tells_location(&file, codec), "{codec:?}");
        let clean = clean(&file, Originals::StripLocation);
        assert!(!tells_location(&clean, codec), "{codec:?}");
        for secret in [
            &b"SECR"[..],
            b"THUMB",
            b"GPS",
            b"Wien",
            b"48,12N",
            b"\0\0\x000\0\0\0\x01\0\0\0\x0c",
        ] {
            assert!(
                !has(&clean, secret),
                "{codec:?} still has {}",
                String::from_utf8_lossy(secret)
            );
        }
        assert_eq!(pixels(&clean), pixels(&file), "{codec:?}");
        let [before, after] = [&file, &clean].map(|file| metadata::orientation(file, codec));
        assert_eq!(
            (after, tells_location(&clean, codec)),
            (before, false),
            "{codec:?}"
        );
        let kept: &[u8] = if codec == Codec::Tiff {
            b"Me!"
        } else {
            b"Tintype!"
        };
        assert!(has(&clean, kept), "{codec:?} lost its camera");
        assert_eq!(
            self::clean(&clean, Originals::StripLocation),
            clean,
            "{codec:?}: cleaning twice changes nothing"
        );
    }
}

#[test]
fn everything_goes_but_orientation_and_pixels() {
    for file in [
        jpeg(XMP_PLAIN),
        png(XMP_PLAIN),
        webp(XMP_PLAIN),
        heic(XMP_PLAIN),
        avif(),
        tiff(),
    ] {
        let content::Kind::Image(codec) = content::sniff(&file, "x").kind else {
            panic!("no picture")
        };
        let clean = clean(&file, Originals::StripAll);
        for secret in [
            &b"SECR"[..],
            b"THUMB",
            b"GPS",
            b"Tintype!",
            b"Rating",
            b"remark",
            b"Me!",
            b"film",
        ] {
            assert!(
                !has(&clean, secret),
                "{codec:?} still has {}",
                String::from_utf8_lossy(secret)
            );
        }
        assert_eq!(pixels(&clean), pixels(&file), "{codec:?}");
        assert_eq!(
            metadata::orientation(&clean, codec),
            metadata::orientation(&file, codec),
            "{codec:?}"
        );
    }
}

#[test]
fn what_tells_no_place_stays_when_only_the_place_goes() {
    let clean = clean(&jpeg(XMP_PLAIN), Originals::StripLocation);
    assert!(has(&clean, b"Rating") && has(&clean, b"a remark"));
    assert!(
        !has(&clean, b"GoPro"),
        "a maker's own segment may tell anything"
    );
}

#[test]
fn what_cannot_be_cleaned_is_refused() {
    let refuse = |file: &[u8], name: &str| {
        strip(
            file.to_vec(),
            &content::sniff(file, name),
            Originals::StripLocation,
        )
        .map(|_| ())
        .expect_err(name)
    };
    let whole = jpeg(XMP_PLACE);
    for (file, name) in [
        (&whole[..whole.len() / 2], "cut.jpg"),
        (b"\0\0\0\x18ftypisom\0\0\0\x01isommp42", "film.mp4"),
        (b"%PDF-1.7", "a.pdf"),
        (b"II*\0\x08\0\0\0CR\x02\0 and so on", "a.cr2"),
        (b"GIF89a XMP DataXMP", "a.gif"),
    ] {
        assert_eq!(refuse(file, name).code, Code::CannotStrip, "{name}");
    }
    assert!(
        strip(
            b"only words".to_vec(),
            &content::sniff(b"only words", "a.txt"),
            Originals::StripAll
        )
        .is_ok()
    );
}

#[test]
fn lies_and_cuts_end_in_an_error_or_a_clean_file() {
    for file in [
        jpeg(XMP_PLACE),
        png(XMP_PLACE),
        webp(XMP_PLACE),
        heic(XMP_PLACE),
        tiff(),
    ] {
        let content = content::sniff(&file, "x");
        for at in 0..file.len().min(900) {
            let mut lying = file.clone();
            lying[at] = 0xff;
            for originals in [Originals::StripLocation, Originals::StripAll] {
                let _ = strip(lying.clone(), &content, originals);
                let _ = strip(file[..at].to_vec(), &content, originals);
            }
        }
    }
}

/// A JPEG with nothing but this XMP packet.
fn with_xmp(packet: &[u8]) -> Vec<u8> {
    let plain = picture(ImageFormat::Jpeg);
    [
        &plain[..2],
        &segments::segment(segments::APP1, &[segments::XMP, packet]).expect("segment"),
        &plain[2..],
    ]
    .concat()
}

#[test]
fn places_are_seen_in_every_dialect() {
    let utf16: Vec<u8> = "<x exif:GPSLatitude='1'/>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let packets: [&[u8]; 5] = [
        b"<x drone-dji:GpsLatitude='-20.44'/>",
        b"<x Iptc4xmpExt:LocationCreated='home'/>",
        b"<x iptcExt:City='Wien'/>",
        b"<x cell:LocationAreaCode='7'/>",
        &utf16,
    ];
    for packet in packets {
        let file = with_xmp(packet);
        let shown = String::from_utf8_lossy(packet);
        assert!(tells_location(&file, Codec::Jpeg), "{shown}");
        assert!(
            !has(&clean(&file, Originals::StripLocation), packet),
            "{shown}"
        );
    }
    let plain = picture(ImageFormat::Png);
    let text = chunks::chunk(b"tEXt", b"exif:GPSLatitude\0 54/1, 5938/100").expect("chunk");
    let file = [&plain[..33], &text, &plain[33..]].concat();
    assert!(
        tells_location(&file, Codec::Png) && !has(&clean(&file, Originals::StripLocation), b"GPS")
    );
}

#[test]
fn gifs_lose_comments_and_what_follows_them() {
    let plain = picture(ImageFormat::Gif);
    // Right behind the colours, before anything else.
    let head = crate::container::gif::blocks(&plain)
        .next()
        .expect("header")
        .whole
        .len();
    let comment = b"\x21\xfe\x08secret!!\0";
    let file = [
        &plain[..head],
        comment,
        &plain[head..],
        b"GPS behind the end",
    ]
    .concat();
    let clean = clean(&file, Originals::StripAll);
    assert!(!has(&clean, b"secret") && !has(&clean, b"behind"));
    assert_eq!(pixels(&clean), pixels(&plain));
}

#[test]
fn what_hides_in_other_files_is_refused() {
    let long: Vec<u8> = {
        // Seventy pages, each only the offset of the next.
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        (0..70_u32).for_each(|page| {
            file.extend([&[0, 0][..], &(8 + (page + 1) * 6).to_le_bytes()].concat())
        });
        file
    };
    let heic = heic(XMP_PLACE);
    for (file, name) in [
        (long.as_slice(), "pages.tif"),
        (&heic[..heic.len() * 9 / 10], "cut.heic"),
        (
            b"<svg><image href='data:image/jpeg;base64,AAAA'/></svg>",
            "a.svg",
        ),
        (
            b"<?xml version='1.0'?><gpx><trkpt lat='48'/></gpx>",
            "walk.gpx",
        ),
        (
            b"<p>a page <img src='data:image/jpeg;base64,AAAA'>",
            "a.html",
        ),
    ] {
        for originals in [Originals::StripLocation, Originals::StripAll] {
            let error = strip(file.to_vec(), &content::sniff(file, name), originals)
                .map(|_| ())
                .expect_err(name);
            assert_eq!(error.code, Code::CannotStrip, "{name}");
        }
    }
}

#[test]
fn bombs_in_containers_end_at_once() {
    // Each was seconds or gigabytes before there were limits; what they give does not matter.
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        [
            &u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..],
            kind,
            content,
        ]
        .concat()
    };
    let empty_extents = [
        &b"\x01\0\0\0\0\0"[..],
        &60_000_u16.to_be_bytes(),
        &b"\0\x01\0\0\0\0\xff\xff".repeat(300),
    ]
    .concat();
    let meta = boxed(
        b"meta",
        &[
            &b"\0\0\0\0"[..],
            &boxed(b"iinf", b"\0\0\0\0\0\0"),
            &boxed(b"iloc", &empty_extents),
        ]
        .concat(),
    );
    let heif = [boxed(b"ftyp", b"heic\0\0\0\0"), meta].concat();
    assert!(bmff::items(&heif).is_empty());
    let raw = [b"FUJIFILMCCD-RAW ".to_vec(), [0xff, 0xd8].repeat(300_000)].concat();
    assert!(segments::largest_inside(&raw).is_none());
}

#[test]
fn a_webp_without_its_last_filling_byte_gets_it() {
    // One chunk of three bytes, and a length that counts the fourth.
    let file = [&b"RIFF\x10\0\0\0WEBPVP8 \x03\0\0\0"[..], b"abc"].concat();
    let content = content::sniff(&file, "x.webp");
    let clean = strip(file.clone(), &content, Originals::StripLocation).expect("cleans");
    assert_eq!(clean.bytes, [&file[..], &[0]].concat());
}
