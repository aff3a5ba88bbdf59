//! Places in every hiding-place met so far, drawn by code: each file tells one, and must not when
//! it is cleaned.

use image::ImageFormat;

use super::samples::{entry, exif_block, heic_with, jpeg_with, picture, tiff_with};
use crate::container::jpeg::{APP0, APP1, APP13, COM, EXIF, XMP, headers, segment};
use crate::container::png::chunk;
use crate::container::riff;

/// What none of the cleaned files may hold: as it stands in texts, and as the rationals of EXIF.
pub(super) const PLACES: [&[u8]; 6] = [
    b"48.2082",
    b"48,12.49",
    b"Wien",
    b"4\x008\0.\x002\x000\x008\x002\0",
    b"\0\0\0\x30\0\0\0\x01\0\0\0\x0c",
    b"GPSL",
];

pub(super) fn xmp(body: &str) -> Vec<u8> {
    format!("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description>{body}</rdf:Description></rdf:RDF></x:xmpmeta>").into_bytes()
}

fn xmp_with_gps() -> Vec<u8> {
    xmp(
        "<exif:GPSLatitude>48,12.4920N</exif:GPSLatitude><exif:GPSLongitude>16,22.4280E</exif:GPSLongitude>",
    )
}

/// A block with one text in its main directory, or in EXIF's (TIFF 6.0, section 2).
fn with_text(tag: u16, kind: u16, text: &[u8], in_exif: bool) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    let mut block = b"MM\0*\0\0\0\x08\0\x01".to_vec();
    if in_exif {
        block.extend(entry(34665, 4, 1, 26));
        block.extend([0, 0, 0, 0, 0, 1]);
        block.extend(entry(tag, kind, length, 44));
    } else {
        block.extend(entry(tag, kind, length, 26));
    }
    block.extend([0; 4]);
    block.extend(text);
    block
}

/// A GPS directory whose pointer has that type.
fn gps_by(kind: u16) -> Vec<u8> {
    let mut block = exif_block();
    // The fourth entry of the main directory.
    block[48..50].copy_from_slice(&kind.to_be_bytes());
    block
}

pub(super) fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes()[..], kind, content].concat()
}

fn film() -> Vec<u8> {
    let place = boxed(b"\xa9xyz", b"\0\x11\x15\xc7+48.2082+016.3738");
    let movie = boxed(b"moov", &boxed(b"udta", &place));
    [boxed(b"ftyp", b"mp42\0\0\0\0mp42isom"), movie].concat()
}

fn app1(parts: &[&[u8]]) -> Vec<u8> {
    segment(APP1, parts).expect("segment")
}

fn exif(block: &[u8]) -> Vec<u8> {
    app1(&[EXIF, block])
}

fn packet(body: &str) -> Vec<u8> {
    app1(&[XMP, &xmp(body)])
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn jpegs() -> Vec<(&'static str, Vec<u8>)> {
    let plain = picture(ImageFormat::Jpeg);
    let extended = {
        let whole = xmp_with_gps();
        // Cut through the word.
        let at = whole
            .windows(5)
            .position(|word| word == b"GPSLa")
            .expect("word")
            + 3;
        let part = |offset: usize, bytes: &[u8]| {
            let offset = u32::try_from(offset).unwrap().to_be_bytes();
            let length = u32::try_from(whole.len()).unwrap().to_be_bytes();
            app1(&[
                b"http://ns.adobe.com/xmp/extension/\0",
                &[b'0'; 32],
                &length,
                &offset,
                bytes,
            ])
        };
        [part(0, &whole[..at]), part(at, &whole[at..])].concat()
    };
    let second = [&plain[..2], &exif(&exif_block()), &plain[2..]].concat();
    let iptc = b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x5a\0\x04Wien";
    let user = [&b"ASCII\0\0\0"[..], b"Lat: 48.2082 Long: 16.3738"].concat();
    let text = |tag, kind, text: &[u8], in_exif| exif(&with_text(tag, kind, text, in_exif));
    let mut files: Vec<(&'static str, Vec<u8>)> = [
        (
            "comment.jpg",
            segment(COM, &[b"GPSLatitude=48.2082 GPSLongitude=16.3738"]).expect("segment"),
        ),
        (
            "one number.jpg",
            segment(COM, &[b"Stephansplatz 48.2082"]).expect("segment"),
        ),
        (
            "mapillary.jpg",
            text(
                270,
                2,
                br#"{"MAPLatitude":48.2082,"MAPLongitude":16.3738}"#,
                false,
            ),
        ),
        ("user comment.jpg", text(37510, 7, &user, true)),
        (
            "windows comment.jpg",
            text(40092, 1, &utf16("GPS 48.2082 N 16.3738 E"), false),
        ),
        (
            "unknown tag.jpg",
            text(60000, 2, b"48.2082, 16.3738", false),
        ),
        (
            "maker note.jpg",
            text(37500, 7, b"MAKERNOTE-48.2082-16.3738", true),
        ),
        (
            "two blocks.jpg",
            [
                exif(&with_text(271, 2, b"Tintype!\0", false)),
                exif(&exif_block()),
            ]
            .concat(),
        ),
        ("other zero.jpg", app1(&[b"Exif\0\xff", &exif_block()])),
        ("signed pointer.jpg", exif(&gps_by(9))),
        ("bytes as pointer.jpg", exif(&gps_by(7))),
        (
            "geo.jpg",
            packet("<geo:lat>48.2082</geo:lat><geo:long>16.3738</geo:long>"),
        ),
        (
            "machine tags.jpg",
            packet("<dc:subject><rdf:li>geo:lat=48.2082</rdf:li></dc:subject>"),
        ),
        (
            "shot location.jpg",
            packet("<xmpDM:shotLocation>Wien</xmpDM:shotLocation>"),
        ),
        (
            "caption.jpg",
            packet("<dc:description>48.2082, 16.3738</dc:description>"),
        ),
        (
            "escaped.jpg",
            packet("<dc:description>&#52;8.2082, 16.3738</dc:description>"),
        ),
        ("extended.jpg", extended),
        (
            "utf-16.jpg",
            app1(&[XMP, &utf16("<x exif:GPSLatitude='48,12.4920N'/>")]),
        ),
        ("iptc.jpg", segment(APP13, &[iptc]).expect("segment")),
        ("shouted name.jpg", app1(&[b"EXIF\0\0", &exif_block()])),
        ("name behind.jpg", app1(&[b"xxExif\0\0", &exif_block()])),
        (
            "utf-8 of exif 3.jpg",
            text(270, 129, b"48.2082, 16.3738", false),
        ),
        (
            "thumbnail.jpg",
            segment(APP0, &[b"JFXX\0\x10", &second]).expect("segment"),
        ),
    ]
    .map(|(name, segments)| (name, jpeg_with(&segments)))
    .into();
    let jfif = headers(&plain).next().expect("JFIF").whole.len();
    let (start, rest) = plain.split_at(2 + jfif);
    files.extend([
        ("second picture.jpg", [&plain[..], &second].concat()),
        ("film behind.jpg", [plain.clone(), film()].concat()),
        ("words behind.jpg", [&plain[..], b"GPS 48.2082"].concat()),
        ("words between.jpg", [start, b"GPS 48.2082", rest].concat()),
    ]);
    files
}

fn pngs() -> Vec<(&'static str, Vec<u8>)> {
    use std::io::Write as _;
    let plain = picture(ImageFormat::Png);
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).expect("packs");
        packer.finish().expect("packs")
    };
    let made = |kind, data: &[u8]| chunk(kind, data).expect("chunk");
    let profile = {
        let block = [EXIF, &exif_block()].concat();
        format!("\nexif\n{:8}\n{}\n", block.len(), hex::encode(block))
    };
    let with = |chunks: &[u8]| [&plain[..33], chunks, &plain[33..]].concat();
    vec![
        ("comment.png", with(&made(b"tEXt", b"Comment\0GPS 48.2082"))),
        (
            "title.png",
            with(&made(b"tEXt", b"Title\0at 48.2082, 16.3738")),
        ),
        ("keyword.png", with(&made(b"tEXt", b"Location\0Wien"))),
        (
            "packed words.png",
            with(&made(
                b"zTXt",
                &[&b"Title\0\0"[..], &packed(b"48.2082 16.3738")].concat(),
            )),
        ),
        (
            "packed packet.png",
            with(&made(
                b"iTXt",
                &[
                    &b"XML:com.adobe.xmp\0\x01\0\0\0"[..],
                    &packed(&xmp_with_gps()),
                ]
                .concat(),
            )),
        ),
        (
            "raw profile.png",
            with(&made(
                b"zTXt",
                &[
                    &b"Raw profile type exif\0\0"[..],
                    &packed(profile.as_bytes()),
                ]
                .concat(),
            )),
        ),
        (
            "second block.png",
            with(
                &[
                    made(b"eXIf", &with_text(271, 2, b"Tintype!\0", false)),
                    made(b"eXIf", &exif_block()),
                ]
                .concat(),
            ),
        ),
        (
            "named block.png",
            with(&made(b"eXIf", &[EXIF, &exif_block()].concat())),
        ),
        (
            "bare profile.png",
            with(&made(
                b"tEXt",
                &[
                    &b"Raw profile type exif\0\nexif\n     200\n"[..],
                    hex::encode(exif_block()).as_bytes(),
                ]
                .concat(),
            )),
        ),
        ("words behind.png", [&plain[..], b"GPS 48.2082"].concat()),
    ]
}

fn others() -> Vec<(&'static str, Vec<u8>)> {
    let webp = picture(ImageFormat::WebP);
    let gif = picture(ImageFormat::Gif);
    let head = crate::container::gif::blocks(&gif)
        .next()
        .expect("header")
        .whole
        .len();
    let mut late = webp.clone();
    riff::push(&mut late, b"EXIF", &exif_block()).expect("chunk");
    let length = u32::try_from(late.len() - 8).unwrap().to_le_bytes();
    late[4..8].copy_from_slice(&length);
    let uuid = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let place = boxed(b"\xa9xyz", b"\0\x11\x15\xc7+48.2082+016.3738");
    let named = [&b"\0\0\0\0"[..], &xmp_with_gps()].concat();
    vec![
        ("late.webp", late),
        ("words behind.webp", [&webp[..], b"GPS 48.2082"].concat()),
        (
            "comment.gif",
            [
                &gif[..head],
                b"\x21\xfe\x15Stephansplatz 48.2082\0",
                &gif[head..],
            ]
            .concat(),
        ),
        (
            "description.tif",
            tiff_with(270, 2, b"GPSLatitude=48.2082 Wien\0"),
        ),
        ("packet.tif", tiff_with(700, 1, &xmp_with_gps())),
        ("iptc.tif", tiff_with(33723, 7, b"\x1c\x02\x5a\0\x04Wien")),
        (
            "swapped iptc.tif",
            tiff_with(33723, 4, b"\x00\x5a\x02\x1cneiW\0\0\0\0"),
        ),
        (
            "unknown tag.tif",
            tiff_with(65000, 2, b"48.2082, 16.3738\0"),
        ),
        (
            "behind.tif",
            [picture(ImageFormat::Tiff), xmp_with_gps()].concat(),
        ),
        ("xml.heic", heic_with(&boxed(b"xml ", &named))),
        (
            "uuid.heic",
            heic_with(&boxed(b"uuid", &[&uuid[..], &xmp_with_gps()].concat())),
        ),
        ("udta.heic", heic_with(&boxed(b"udta", &place))),
        (
            "words behind.heic",
            [heic_with(&[]), b"GPS 48.2082".to_vec()].concat(),
        ),
    ]
}

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    [jpegs(), pngs(), others()].concat()
}
