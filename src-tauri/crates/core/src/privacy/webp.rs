//! WebP: chunks are copied or left out; the compressed pixels are copied byte for byte.

use super::pieces::{Piece, kept, put_together};
use super::policy::{Cleaned, Originals};
use super::{exif, xmp};
use crate::container::jpeg::EXIF;
use crate::container::riff::{self, HAS_EXIF, HAS_XMP, chunks, reaches_the_end};

pub(super) fn strip(file: Vec<u8>, originals: Originals) -> Cleaned {
    if !reaches_the_end(&file) {
        return Err("it is cut off".into());
    }
    let mut stays: Vec<([u8; 4], Piece)> = Vec::new();
    for chunk in chunks(&file) {
        match &chunk.kind {
            b"VP8X" => stays.push((chunk.kind, Piece::New(chunk.data.to_vec()))),
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => {
                stays.push((chunk.kind, kept(&file, chunk.data)))
            }
            b"EXIF" => {
                let block = chunk.data.strip_prefix(EXIF).unwrap_or(chunk.data);
                stays.extend(
                    exif::clean(block, originals).map(|clean| (*b"EXIF", Piece::New(clean))),
                );
            }
            b"XMP "
                if originals == Originals::StripLocation && !xmp::tells_location(chunk.data) =>
            {
                stays.push((chunk.kind, kept(&file, chunk.data)));
            }
            _ => {}
        }
    }
    let has = |kind: &[u8; 4]| stays.iter().any(|(found, _)| found == kind);
    if !has(b"VP8 ") && !has(b"VP8L") && !has(b"ANMF") {
        return Err("it has no picture in it".into());
    }
    let gone = if has(b"EXIF") { 0 } else { HAS_EXIF } | if has(b"XMP ") { 0 } else { HAS_XMP };
    for (_, piece) in stays.iter_mut().filter(|(kind, _)| kind == b"VP8X") {
        if let Piece::New(data) = piece
            && let Some(flags) = data.first_mut()
        {
            *flags &= !gone;
        }
    }
    let pieces = chained(stays).ok_or("it is too large")?;
    Ok(put_together(file, &pieces))
}

/// The chunks behind a file's header, each with its kind and length, filled up to an even one.
fn chained(chunks: Vec<([u8; 4], Piece)>) -> Option<Vec<Piece>> {
    let (mut pieces, mut all) = (Vec::new(), 4);
    for (kind, piece) in chunks {
        let length = u32::try_from(piece.len()).ok()?;
        pieces.push(Piece::New([kind, length.to_le_bytes()].concat()));
        pieces.push(piece);
        pieces.push(Piece::New(vec![0; length as usize % 2]));
        all += 8 + u64::from(length) + u64::from(length) % 2;
    }
    let header = [
        riff::RIFF,
        u32::try_from(all).ok()?.to_le_bytes(),
        riff::WEBP,
    ]
    .concat();
    pieces.insert(0, Piece::New(header));
    Some(pieces)
}
