//! JPEG: only known, clean segments are copied; the compressed pixels are copied byte for byte.

use super::pieces::{Piece, kept, put_together};
use super::policy::{Cleaned, Originals};
use super::{exif, xmp};
use crate::container::jpeg::{
    APP0, APP1, APP2, APP13, APP14, APP15, COM, EOI, EXIF, SOI, SOS, Segment, Segments, XMP,
    segment,
};

pub(super) fn tells_location(segment: &Segment<'_>) -> bool {
    match segment.marker {
        APP1 => segment
            .data
            .strip_prefix(XMP)
            .is_some_and(xmp::tells_location),
        APP13 => xmp::iptc_tells_location(segment.data) || xmp::names_a_place(segment.data),
        _ => false,
    }
}

/// What follows the end mark (a second picture, a film, a maker's trailer) is left behind.
pub(super) fn strip(file: Vec<u8>, originals: Originals) -> Cleaned {
    let pieces = pieces(&file, originals)?;
    Ok(put_together(file, &pieces))
}

fn pieces(file: &[u8], originals: Originals) -> Result<Vec<Piece>, String> {
    let mut out = vec![Piece::New(vec![0xff, SOI])];
    let mut has_scan = false;
    for found in Segments::of(file) {
        match found.marker {
            EOI => {
                out.push(kept(file, found.whole));
                return if has_scan {
                    Ok(out)
                } else {
                    Err("it has no picture in it".into())
                };
            }
            APP0..=APP15 | COM => out.push(keep(file, &found, originals)?),
            // Reserved: nobody knows what is in them.
            0x02..=0xbf | 0xf0..=0xfd => {}
            marker => {
                has_scan |= marker == SOS;
                out.push(kept(file, found.whole));
            }
        }
    }
    Err("it is cut off".into())
}

/// The segment as it may stay: whole, cleaned, or not at all.
fn keep(file: &[u8], found: &Segment<'_>, originals: Originals) -> Result<Piece, String> {
    let whole = || Ok(kept(file, found.whole));
    let nothing = || Ok(Piece::New(Vec::new()));
    let all = originals == Originals::StripAll;
    match found.marker {
        // Without its thumbnail; JFXX has nothing else.
        APP0 if found.data.starts_with(b"JFIF\0") && found.data.len() >= 12 => {
            segment(APP0, &[&found.data[..12], &[0, 0]])
                .map(Piece::New)
                .ok_or_else(|| "its JFIF header is too long".into())
        }
        APP1 if found.data.starts_with(EXIF) => {
            match exif::clean(&found.data[EXIF.len()..], originals) {
                Some(clean) => segment(APP1, &[EXIF, &clean])
                    .map(Piece::New)
                    .ok_or_else(|| "its EXIF is too long".into()),
                None => nothing(),
            }
        }
        APP1 if found.data.starts_with(XMP) && !all && !tells_location(found) => whole(),
        APP2 if found.data.starts_with(b"ICC_PROFILE\0") => whole(),
        // Photoshop's block holds IPTC, but also thumbnails and whole copies of EXIF and XMP.
        // Adobe's says how the colours are stored.
        APP14 if found.data.starts_with(b"Adobe") => whole(),
        COM if !all => whole(),
        // Extended XMP, second pictures, makers' own: nobody knows what they tell.
        _ => nothing(),
    }
}
