//! What a file is, told from its content; its name only helps where content says nothing.

mod xml;

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The kinds of file that matter to Tintype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A picture that can be decoded here.
    Image(Codec),
    /// A picture that cannot be decoded by this version.
    UnknownImage,
    /// Anything else.
    Other,
}

/// The formats pictures are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Codec {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Ico,
    Avif,
    Heic,
    Jxl,
    Svg,
    /// Netpbm's PBM, PGM, PPM and PAM.
    Pnm,
    /// Truevision's TGA.
    Tga,
    /// Radiance's RGBE.
    Hdr,
    /// A camera's own format, shown by the preview inside it.
    Raw,
}

impl Codec {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Ico => "ICO",
            Self::Avif => "AVIF",
            Self::Heic => "HEIC",
            Self::Jxl => "JPEG XL",
            Self::Svg => "SVG",
            Self::Pnm => "PNM",
            Self::Tga => "TGA",
            Self::Hdr => "Radiance HDR",
            Self::Raw => "camera raw",
        }
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/x-icon",
            Self::Avif => "image/avif",
            Self::Heic => "image/heic",
            Self::Jxl => "image/jxl",
            Self::Svg => "image/svg+xml",
            Self::Pnm => "image/x-portable-anymap",
            Self::Tga => "image/x-tga",
            Self::Hdr => "image/vnd.radiance",
            Self::Raw => "image/x-raw",
        }
    }
}

/// Kind and media type of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What it is.
    pub kind: Kind,
    /// Its media type.
    pub content_type: String,
    /// Its name promises a picture that the content does not keep: it is known to be something else.
    pub false_image: bool,
    /// Its bytes are compressed by gzip; whoever fetches it is to be told.
    pub gzipped: bool,
}

/// How many bytes from the start [`sniff`] wants to see.
pub const SNIFF_LEN: usize = 64 << 10;

/// Tells what a file is from its first bytes and its name.
pub fn sniff(head: &[u8], name: &str) -> Content {
    let by_name = mime_guess::from_path(Path::new(name)).first();
    let named_image = by_name.as_ref().is_some_and(|mime| mime.type_() == "image");
    if let Some(codec) = codec(head, name) {
        let camera = if codec == Codec::Raw {
            raw_type(head, name)
        } else {
            None
        };
        let content_type = camera.unwrap_or(codec.content_type()).into();
        return Content {
            kind: Kind::Image(codec),
            content_type,
            false_image: false,
            gzipped: head.starts_with(GZIP),
        };
    }
    if let Some(found) = infer::get(head) {
        let image = found.matcher_type() == infer::MatcherType::Image;
        let kind = if image {
            Kind::UnknownImage
        } else {
            Kind::Other
        };
        return Content {
            kind,
            content_type: found.mime_type().into(),
            false_image: named_image && !image,
            gzipped: false,
        };
    }
    let text =
        !head.is_empty() && std::str::from_utf8(trim_partial(head)).is_ok() && !head.contains(&0);
    // There are more kinds of picture than are known here: what is not known is not called false.
    if let (Some(mime), false) = (&by_name, text || !named_image || head.is_empty()) {
        return Content {
            kind: Kind::UnknownImage,
            content_type: mime.essence_str().to_owned(),
            false_image: false,
            gzipped: false,
        };
    }
    // The name's promise of a picture was not kept, so the name does not count.
    let content_type = match by_name {
        // TypeScript is no film.
        Some(mime)
            if text && matches!(mime.essence_str(), "video/vnd.dlna.mpeg-tts" | "video/mp2t") =>
        {
            "text/plain".to_owned()
        }
        Some(mime) if !named_image => mime.essence_str().to_owned(),
        _ if text => "text/plain".to_owned(),
        _ => "application/octet-stream".to_owned(),
    };
    let content_type = if content_type.starts_with("text/") && text {
        format!("{content_type}; charset=utf-8")
    } else {
        content_type
    };
    Content {
        kind: Kind::Other,
        content_type,
        false_image: named_image,
        gzipped: false,
    }
}

const GZIP: &[u8] = b"\x1f\x8b";

fn codec(head: &[u8], name: &str) -> Option<Codec> {
    let brand = if head.get(4..8) == Some(b"ftyp") {
        brands(head)
    } else {
        &[]
    };
    let has = |wanted: &[&[u8; 4]]| {
        brand
            .chunks_exact(4)
            .any(|brand| wanted.iter().any(|wanted| brand == *wanted))
    };
    let is_tiff = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|mark| head.starts_with(*mark));
    let named = |endings: &[&str]| {
        let ending = Path::new(name)
            .extension()
            .map(|ending| ending.to_string_lossy());
        ending.is_some_and(|ending| {
            endings
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        })
    };
    match head {
        _ if head.starts_with(&[0xff, 0xd8, 0xff]) => Some(Codec::Jpeg),
        _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some(Codec::Png),
        _ if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") => Some(Codec::Gif),
        _ if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Some(Codec::Webp),
        _ if raw_type(head, name).is_some() || has(&[b"crx "]) => Some(Codec::Raw),
        _ if is_tiff => Some(Codec::Tiff),
        _ if has(&[b"avif", b"avis"]) => Some(Codec::Avif),
        _ if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) => Some(Codec::Heic),
        _ if head.starts_with(&[0xff, 0x0a]) || head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n") => {
            Some(Codec::Jxl)
        }
        _ if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) => Some(Codec::Bmp),
        _ if head.starts_with(&[0, 0, 1, 0])
            && head.get(4..6).is_some_and(|count| count != [0, 0])
            && icon(head) =>
        {
            Some(Codec::Ico)
        }
        _ if xml::is_svg(head, named(&["svg"])) => Some(Codec::Svg),
        _ if head.starts_with(GZIP) && named(&["svgz"]) => Some(Codec::Svg),
        // A letter and a digit only: the name has to say it, too.
        [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', ..]
            if named(&["pbm", "pgm", "ppm", "pnm", "pam"]) =>
        {
            Some(Codec::Pnm)
        }
        _ if head.starts_with(b"#?RADIANCE") || head.starts_with(b"#?RGBE") => Some(Codec::Hdr),
        _ if named(&["tga"]) && tga(head) => Some(Codec::Tga),
        // HEIF that says no more than that; what codes its pictures, its decoder finds out.
        _ if has(&[b"mif1", b"miaf"]) => Some(Codec::Heic),
        _ => None,
    }
}

/// TGA has no mark of its own: a kind of picture, depths and a size that make sense.
fn tga(head: &[u8]) -> bool {
    let Some(&[_, colours, kind, .., w0, w1, h0, h1, depth, _]) = head.first_chunk::<18>() else {
        return false;
    };
    colours <= 1
        && matches!(kind, 1..=3 | 9..=11)
        && matches!(depth, 8 | 15 | 16 | 24 | 32)
        && [w0, w1] != [0, 0]
        && [h0, h1] != [0, 0]
}

/// The brands of an ISO base media file, the major one first, the version between them passed over.
fn brands(head: &[u8]) -> &[u8] {
    let length = head
        .first_chunk::<4>()
        .map_or(0, |length| u32::from_be_bytes(*length) as usize);
    head.get(8..length.min(head.len())).unwrap_or_default()
}

/// The directory's first entry has a zero where the format reserves one, and plausible numbers.
fn icon(head: &[u8]) -> bool {
    head.get(9) == Some(&0)
        && head
            .get(10..12)
            .is_some_and(|planes| planes[1] == 0 && planes[0] <= 1)
}

/// The media type of a camera's own format, where the head tells one (by signature; where a camera
/// writes plain TIFF, by the TIFF's tags or the name).
fn raw_type(head: &[u8], name: &str) -> Option<&'static str> {
    let extension = Path::new(name)
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match head {
        _ if head.get(8..11) == Some(b"CR\x02") => Some("image/x-canon-cr2"),
        _ if head.get(4..12) == Some(b"ftypcrx ") => Some("image/x-canon-cr3"),
        _ if head.starts_with(b"FUJIFILMCCD-RAW") => Some("image/x-fuji-raf"),
        _ if head.starts_with(b"IIRO")
            || head.starts_with(b"IIRS")
            || head.starts_with(b"MMOR") =>
        {
            Some("image/x-olympus-orf")
        }
        _ if head.starts_with(b"IIU\0") => Some("image/x-panasonic-rw2"),
        _ if !head.starts_with(b"II*\0") && !head.starts_with(b"MM\0*") => None,
        _ if crate::container::tiff::first_directory_has(
            head,
            crate::container::tiff::DNG_VERSION,
        ) =>
        {
            Some("image/x-adobe-dng")
        }
        _ => match extension?.as_str() {
            "nef" | "nrw" => Some("image/x-nikon-nef"),
            "arw" | "sr2" | "srf" => Some("image/x-sony-arw"),
            "pef" => Some("image/x-pentax-pef"),
            "dng" => Some("image/x-adobe-dng"),
            _ => None,
        },
    }
}

/// The head may end inside a character of up to four bytes.
fn trim_partial(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
        let found = sniff(&png, "photo.jpg");
        assert_eq!(
            (found.kind, found.content_type.as_str()),
            (Kind::Image(Codec::Png), "image/png")
        );
        assert!(!found.false_image, "it is a picture, only of another kind");
    }

    #[test]
    fn a_false_image_is_seen() {
        let found = sniff(b"hello, I am a letter", "photo.jpg");
        assert_eq!(
            (found.kind, found.content_type.as_str(), found.false_image),
            (Kind::Other, "text/plain; charset=utf-8", true)
        );
    }

    #[test]
    fn what_is_not_known_is_not_called_false() {
        let tga = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 48, 0, 24, 0];
        for (head, name, kind) in [
            (&tga[..], "x.tga", Kind::Image(Codec::Tga)),
            (b"P6 4 3 255 \xff\xfe", "x.ppm", Kind::Image(Codec::Pnm)),
            (b"#?RADIANCE\n", "x.hdr", Kind::Image(Codec::Hdr)),
            (b"II+\0\x08\0\0\0", "x.tif", Kind::Image(Codec::Tiff)),
            (
                b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf",
                "x.heif",
                Kind::Image(Codec::Heic),
            ),
            (b"\x01\xff\xfe\x00 whatever", "x.wbmp", Kind::UnknownImage),
            (b"%PDF-1.7", "x.jpg", Kind::Other),
        ] {
            let found = sniff(head, name);
            assert_eq!(
                (found.kind, found.false_image),
                (kind, kind == Kind::Other),
                "{name}"
            );
        }
    }

    #[test]
    fn other_files_get_their_type() {
        assert_eq!(sniff(b"%PDF-1.7 ...", "x").content_type, "application/pdf");
        assert_eq!(
            sniff(b"a { color: red }", "x.css").content_type,
            "text/css; charset=utf-8"
        );
        assert_eq!(
            sniff(&[0, 1, 2], "x").content_type,
            "application/octet-stream"
        );
        assert_eq!(
            sniff(b"export const a = 1;", "x.ts").content_type,
            "text/plain; charset=utf-8"
        );
        assert_eq!(
            sniff(&[0x47, 0x40, 0, 0x10, 0], "x.ts").content_type,
            "video/vnd.dlna.mpeg-tts"
        );
        let svg = sniff(
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
            "x.svg",
        );
        assert_eq!(
            (svg.kind, svg.content_type.as_str()),
            (Kind::Image(Codec::Svg), "image/svg+xml")
        );
        assert_eq!(
            sniff(b"<!doctype html><html><svg/>", "x.html").kind,
            Kind::Other
        );
        let packed = sniff(b"\x1f\x8b\x08 and so on", "x.svgz");
        assert_eq!(
            (packed.kind, packed.gzipped),
            (Kind::Image(Codec::Svg), true)
        );
    }

    #[test]
    fn pictures_in_the_same_container_are_told_apart() {
        let kind = |head: &[u8], name: &str| sniff(head, name).kind;
        assert_eq!(
            kind(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "x"),
            Kind::Image(Codec::Heic)
        );
        assert_eq!(
            kind(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "x.heic"),
            Kind::Image(Codec::Avif)
        );
        assert_eq!(
            kind(b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "x"),
            Kind::Image(Codec::Raw)
        );
        assert_eq!(
            kind(b"\0\0\0\x18ftypisom\0\0\0\x01isommp42", "x"),
            Kind::Other,
            "a film"
        );
        assert_eq!(
            kind(b"II*\0\x08\0\0\0\0\0", "x.tif"),
            Kind::Image(Codec::Tiff)
        );
        assert_eq!(
            kind(b"II*\0\x08\0\0\0\0\0", "x.NEF"),
            Kind::Image(Codec::Raw)
        );
    }
}
