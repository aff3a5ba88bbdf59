//! WebP: chunks are copied or left out; the compressed pixels are copied byte for byte.

use super::{Cleaned, Originals, exif, xmp};
use crate::container::jpeg::EXIF;
use crate::container::riff::{HAS_EXIF, HAS_XMP, chunks, file as riff_file, reaches_the_end};

pub(super) fn strip(file: &[u8], originals: Originals) -> Cleaned {
    if !reaches_the_end(file) {
        return Err("it is cut off".into());
    }
    let mut kept: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    for chunk in chunks(file) {
        match &chunk.kind {
            b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => kept.push((chunk.kind, chunk.data.to_vec())),
            b"EXIF" => {
                let block = chunk.data.strip_prefix(EXIF).unwrap_or(chunk.data);
                kept.extend(exif::clean(block, originals).map(|clean| (*b"EXIF", clean)));
            }
            b"XMP " if originals == Originals::StripLocation && !xmp::tells_location(chunk.data) => {
                kept.push((chunk.kind, chunk.data.to_vec()));
            }
            _ => {}
        }
    }
    let has = |kind: &[u8; 4]| kept.iter().any(|(found, _)| found == kind);
    if !has(b"VP8 ") && !has(b"VP8L") && !has(b"ANMF") {
        return Err("it has no picture in it".into());
    }
    let gone = if has(b"EXIF") { 0 } else { HAS_EXIF } | if has(b"XMP ") { 0 } else { HAS_XMP };
    for (_, data) in kept.iter_mut().filter(|(kind, _)| kind == b"VP8X") {
        if let Some(flags) = data.first_mut() {
            *flags &= !gone;
        }
    }
    riff_file(kept.iter().map(|(kind, data)| (kind, data.as_slice()))).ok_or_else(|| "it is too large".into())
}
