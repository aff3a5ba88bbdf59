//! Pictures inside of something that nobody knows: whatever their format is, the place they were
//! taken at stands in a block of EXIF, a packet of XMP, or in Photoshop's block.

use super::place::{in_iptc, in_xmp};
use super::tags;
use crate::container::budget::Budget;
use crate::container::tiff::{Role, Tiff};

const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Whether a picture lies in it that tells where it was taken.
pub(super) fn has_placed_picture(bytes: &[u8], budget: &mut Budget) -> bool {
    let has_packet = bytes
        .windows(10)
        .any(|window| window == b"<x:xmpmeta" || window == b"<rdf:RDF x");
    let photoshop = bytes
        .windows(PHOTOSHOP.len())
        .position(|window| window == PHOTOSHOP);
    has_packet && in_xmp(bytes, budget)
        || photoshop.is_some_and(|at| in_iptc(&bytes[at..], budget))
        // What cannot be paid for may tell.
        || blocks(bytes).any(|block| is_placed(block, budget) || budget.is_spent())
}

/// Wherever a block of EXIF may begin: its directory begins right behind its header, as all write
/// it.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_head = |head: &[u8]| matches!(head, b"II*\0\x08\0\0\0" | b"MM\0*\0\0\0\x08");
    bytes
        .windows(8)
        .enumerate()
        .filter(move |(_, head)| is_head(head))
        .map(|(at, _)| &bytes[at..])
}

/// Whether a directory of GPS in it says more than version and time.
fn is_placed(block: &[u8], budget: &mut Budget) -> bool {
    let Some(tiff) = Tiff::new(block) else {
        return false;
    };
    let tree = tiff.tree(budget);
    let says = |at: usize, length: usize| {
        let value = block.get(at..at + length).unwrap_or_default();
        value.iter().any(|byte| !matches!(byte, 0 | b' '))
    };
    tree.of(Role::Gps).any(|gps| {
        gps.entries.iter().any(|entry| {
            !tags::PLACELESS.contains(&entry.tag) && says(entry.value, entry.length.min(64))
        })
    })
}
