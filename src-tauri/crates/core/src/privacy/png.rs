//! PNG: chunks are copied or left out; the compressed pixels are copied byte for byte.

use super::{Cleaned, Originals, exif, xmp};
use crate::container::png::{Chunk, SIGNATURE, chunk, chunks};

/// What shows the picture: pixels, colours, movement.
const SHOWN: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"bKGD", b"hIST", b"sPLT", b"cICP",
    b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

pub(super) fn tells_location(chunk: &Chunk<'_>) -> bool {
    matches!(&chunk.kind, b"iTXt" | b"tEXt") && xmp::tells_location(chunk.data) || is_raw_profile(chunk)
}

/// ImageMagick's way to keep EXIF, IPTC and XMP in a PNG: as compressed hexadecimal text, told by its keyword.
fn is_raw_profile(chunk: &Chunk<'_>) -> bool {
    matches!(&chunk.kind, b"zTXt" | b"tEXt" | b"iTXt") && chunk.data.starts_with(b"Raw profile type ")
}

pub(super) fn strip(file: &[u8], originals: Originals) -> Cleaned {
    let mut out = SIGNATURE.to_vec();
    let mut ended = false;
    for found in chunks(file) {
        ended |= &found.kind == b"IEND";
        let text = matches!(&found.kind, b"tEXt" | b"zTXt" | b"iTXt" | b"tIME");
        // A compressed text is not looked into: it stays only if it cannot be XMP.
        let opaque = &found.kind == b"iTXt" && found.data.starts_with(b"XML:com.adobe.xmp") && !tells_plainly(&found);
        if SHOWN.contains(&&found.kind) {
            out.extend(found.whole);
        } else if &found.kind == b"eXIf" {
            let clean = exif::clean(found.data, originals).and_then(|clean| chunk(b"eXIf", &clean));
            out.extend(clean.unwrap_or_default());
        } else if text && originals == Originals::StripLocation && !tells_location(&found) && !opaque {
            out.extend(found.whole);
        }
    }
    if ended { Ok(out) } else { Err("it is cut off".into()) }
}

/// Whether an XMP chunk is readable text (its compression flag, after the keyword's zero, is 0).
fn tells_plainly(chunk: &Chunk<'_>) -> bool {
    chunk.data.iter().position(|byte| *byte == 0).and_then(|at| chunk.data.get(at + 1)) == Some(&0)
}
