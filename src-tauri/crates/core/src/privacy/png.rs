//! PNG: chunks are copied or left out; the compressed pixels are copied byte for byte.

use super::pieces::{Piece, kept, put_together};
use super::policy::{Cleaned, Originals};
use super::{exif, xmp};
use crate::container::png::{Chunk, SIGNATURE, chunk, chunks};

/// What shows the picture: pixels, colours, movement.
const SHOWN: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
    b"pHYs", b"bKGD", b"hIST", b"sPLT", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

/// Keywords of texts that may stay when only the place goes (W3C PNG, 11.3.3.2, without
/// `Description` and `Comment`, which hold anything).
const PLACELESS: &[&[u8]] = &[
    b"Title",
    b"Author",
    b"Copyright",
    b"Creation Time",
    b"Software",
    b"Disclaimer",
    b"Warning",
    b"Source",
];
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// A chunk of text: its keyword, and what follows the zero behind it.
fn text<'a>(chunk: &Chunk<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let is_text = matches!(&chunk.kind, b"tEXt" | b"zTXt" | b"iTXt");
    let end = chunk
        .data
        .iter()
        .position(|byte| *byte == 0)
        .filter(|_| is_text)?;
    Some((&chunk.data[..end], &chunk.data[end + 1..]))
}

/// Whether a text tells a place: by its own words, or as a block of EXIF or IPTC kept as text
/// (ImageMagick's `Raw profile type …`).
pub(super) fn tells_location(chunk: &Chunk<'_>) -> bool {
    let Some((keyword, rest)) = text(chunk) else {
        return false;
    };
    let compressed = &chunk.kind == b"iTXt" && rest.first() == Some(&1);
    match keyword {
        XMP => {
            compressed
                || xmp::tells_location(
                    &rest[rest.len().min(2)..]
                        .iter()
                        .copied()
                        .filter(|byte| *byte != 0)
                        .collect::<Vec<_>>(),
                )
        }
        keyword if keyword.starts_with(b"Raw profile type ") => true,
        keyword => xmp::names_a_place(keyword),
    }
}

/// Whether a text stays when only the place goes.
fn stays(chunk: &Chunk<'_>) -> bool {
    &chunk.kind == b"tIME"
        || text(chunk).is_some_and(|(keyword, _)| {
            PLACELESS.contains(&keyword) || keyword == XMP && !tells_location(chunk)
        })
}

pub(super) fn strip(file: Vec<u8>, originals: Originals) -> Cleaned {
    let mut out = vec![Piece::New(SIGNATURE.to_vec())];
    let mut ended = false;
    for found in chunks(&file) {
        ended |= &found.kind == b"IEND";
        if SHOWN.contains(&&found.kind) {
            out.push(kept(&file, found.whole));
        } else if &found.kind == b"eXIf" {
            let clean = exif::clean(found.data, originals).and_then(|clean| chunk(b"eXIf", &clean));
            out.push(Piece::New(clean.unwrap_or_default()));
        } else if originals == Originals::StripLocation && stays(&found) {
            out.push(kept(&file, found.whole));
        }
    }
    if ended {
        Ok(put_together(file, &out))
    } else {
        Err("it is cut off".into())
    }
}
