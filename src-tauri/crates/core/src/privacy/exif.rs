//! EXIF: written anew from the parts that may stay, so that nothing unreferenced survives.

use std::collections::HashSet;

use super::policy::Originals;
use crate::container::tiff::{
    Directory, EXIF_IFD, Entry, GPS_IFD, INTEROP_IFD, MAKER_NOTE, ORIENTATION, Tiff,
};

/// XMP, IPTC and Photoshop blocks inside EXIF, padding, print settings: never needed to show a
/// picture.
const CARRIERS: &[u16] = &[700, 33723, 34377, 50341, 59932, 59933];
/// GPS tags that tell no place: version, time, map datum, date.
const PLACELESS: &[u16] = &[0, 7, 18, 29];

/// Whether the GPS directory holds more than version and time, or an XMP block inside tells a
/// place.
pub(super) fn tells_location(block: &[u8]) -> bool {
    let Some(tiff) = Tiff::new(block) else {
        return false;
    };
    tiff.directories().iter().any(|directory| {
        let gps = directory
            .entry(GPS_IFD)
            .map(|entry| tiff.below(entry))
            .unwrap_or_default();
        let placed = gps
            .iter()
            .flat_map(|gps| &gps.entries)
            .any(|entry| !PLACELESS.contains(&entry.tag) && !is_blank(block, entry));
        let xmp = directory
            .entry(700)
            .and_then(|entry| block.get(entry.value..entry.value + entry.length));
        placed || xmp.is_some_and(super::xmp::tells_location) || super::tiff::is_geotiff(directory)
    })
}

/// Whether a structure that is a GPS directory alone tells a place.
pub(super) fn is_placed_gps(block: &[u8]) -> bool {
    let Some(directory) = Tiff::new(block).and_then(|tiff| tiff.directories().into_iter().next())
    else {
        return false;
    };
    directory
        .entries
        .iter()
        .any(|entry| !PLACELESS.contains(&entry.tag) && !is_blank(block, entry))
}

/// Some programs blank a value and leave the entry.
fn is_blank(block: &[u8], entry: &Entry) -> bool {
    block
        .get(entry.value..entry.value + entry.length)
        .is_none_or(|value| value.iter().all(|byte| matches!(byte, 0 | b' ')))
}

pub(super) fn says_more_than_orientation(block: &[u8]) -> bool {
    let Some(tiff) = Tiff::new(block) else {
        return false;
    };
    let directories = tiff.directories();
    directories.len() > 1
        || directories
            .iter()
            .flat_map(|directory| &directory.entries)
            .any(|entry| entry.tag != ORIENTATION)
}

/// The block without what the policy takes out; nothing if nothing is left to say.
pub(super) fn clean(block: &[u8], originals: Originals) -> Option<Vec<u8>> {
    let tiff = Tiff::new(block)?;
    let directories = tiff.directories();
    let main = directories.first()?;
    let new = Writer { tiff, block };
    if originals == Originals::StripAll {
        let upright = main
            .number(&tiff, ORIENTATION)
            .filter(|value| (2..=8).contains(value));
        return upright.and_then(|_| new.write(main, |tag| tag == ORIENTATION, false));
    }
    new.write(
        main,
        |tag| !CARRIERS.contains(&tag) && !matches!(tag, GPS_IFD | MAKER_NOTE),
        true,
    )
}

struct Writer<'a> {
    tiff: Tiff<'a>,
    block: &'a [u8],
}

impl Writer<'_> {
    /// A new structure with the main directory and, if asked for, the EXIF and interoperability
    /// directories below it. The thumbnail's directory is left behind.
    fn write(
        &self,
        main: &Directory,
        keep: impl Fn(u16) -> bool + Copy,
        below: bool,
    ) -> Option<Vec<u8>> {
        let mut out = if self.tiff.big_endian() {
            b"MM\0*\0\0\0\x08".to_vec()
        } else {
            b"II*\0\x08\0\0\0".to_vec()
        };
        self.directory(&mut out, main, keep, if below { 2 } else { 0 })?;
        Some(out)
    }

    fn directory(
        &self,
        out: &mut Vec<u8>,
        directory: &Directory,
        keep: impl Fn(u16) -> bool + Copy,
        depth: u8,
    ) -> Option<()> {
        // EXIF's directory hangs at the main one, interoperability's at EXIF's; no others, and no
        // link twice.
        let is_link = |tag: u16| matches!((tag, depth), (EXIF_IFD, 2) | (INTEROP_IFD, 1));
        let other_link = |tag: u16| matches!(tag, EXIF_IFD | INTEROP_IFD) && !is_link(tag);
        let mut seen = HashSet::new();
        let kept = directory
            .entries
            .iter()
            .filter(|entry| keep(entry.tag) && !other_link(entry.tag));
        let kept: Vec<&Entry> = kept.filter(|entry| seen.insert(entry.tag)).collect();
        // Values that overlap could make more of the block than it was.
        if kept.iter().map(|entry| entry.length).sum::<usize>() > self.block.len() {
            return None;
        }
        out.extend(self.short(u16::try_from(kept.len()).ok()?));
        let table = out.len();
        out.resize(table + kept.len() * 12 + 4, 0);
        for (index, entry) in kept.into_iter().enumerate() {
            let value = self.block.get(entry.value..entry.value + entry.length)?;
            let mut field = [0; 12];
            field[..8].copy_from_slice(self.block.get(entry.at..entry.at + 8)?);
            if is_link(entry.tag) {
                // A link into nothing is dropped with what it promised.
                let Some(linked) = self.tiff.below(entry).into_iter().next() else {
                    continue;
                };
                let at = even(out);
                self.directory(out, &linked, keep, depth - 1)?;
                field[8..].copy_from_slice(&self.long(at)?);
            } else if value.len() <= 4 {
                field[8..8 + value.len()].copy_from_slice(value);
            } else {
                let at = even(out);
                out.extend_from_slice(value);
                field[8..].copy_from_slice(&self.long(at)?);
            }
            out[table + index * 12..][..12].copy_from_slice(&field);
        }
        Some(())
    }

    fn short(&self, number: u16) -> [u8; 2] {
        if self.tiff.big_endian() {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    fn long(&self, number: usize) -> Option<[u8; 4]> {
        let number = u32::try_from(number).ok()?;
        Some(if self.tiff.big_endian() {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        })
    }
}

/// Values begin at even places (TIFF 6.0).
fn even(out: &mut Vec<u8>) -> usize {
    out.resize(out.len().next_multiple_of(2), 0);
    out.len()
}
