//! What becomes of a box: it stays as far as its fields reach, or becomes empty space.

use std::ops::Range;

use super::super::forms;
use super::super::in_place::InPlace;
use super::super::policy::Originals;
use super::super::walk::{Tells, Verdict, Walk};
use crate::container::bmff::Box;

/// The `uuid` of a box with XMP (XMP specification, part 3, 1.2.7).
const XMP_UUID: &[u8] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
/// Why what is not understood does not simply go: what is told in it may be needed.
pub(super) const STRANGE: &str = "a part of its description is not as the format has it";

/// The box and so many bytes of its content stay.
pub(super) fn first(walk: &mut Walk<'_>, places: &mut InPlace, found: &Box, fields: Option<usize>) {
    match fields {
        Some(length) => places.frame(found.whole.start..found.content.start + length),
        None => {
            let content = walk.file.get(found.content.clone()).unwrap_or_default();
            let tells = forms::unknown(content, &mut walk.budget);
            walk.tell(tells);
            walk.refuse(STRANGE);
        }
    }
}

/// A box that shows nothing becomes empty space, and empty space is emptied.
pub(super) fn outside(walk: &mut Walk<'_>, places: &mut InPlace, found: &Box) {
    let content = walk.file.get(found.content.clone()).unwrap_or_default();
    let packet = match &found.kind {
        b"xml " => content.get(4..),
        b"uuid" => content.strip_prefix(XMP_UUID),
        _ => None,
    };
    let tells = match packet {
        Some(packet) => match forms::xmp(packet, Originals::StripAll, &mut walk.budget) {
            Verdict::Goes(tells) => tells,
            _ => Tells::Anything,
        },
        None => forms::unknown(content, &mut walk.budget),
    };
    walk.tell(tells);
    places.frame(found.whole.start..found.content.start);
    places.write(kind_at(found), b"free".to_vec(), tells);
    if content.iter().any(|byte| *byte != 0) {
        places.write(found.content.clone(), vec![0; content.len()], tells);
    } else {
        places.frame(found.content.clone());
    }
}

pub(super) fn kind_at(found: &Box) -> Range<usize> {
    found.whole.start + 4..found.whole.start + 8
}

/// Words in a place that may not get shorter.
pub(super) fn text(walk: &mut Walk<'_>, places: &mut InPlace, at: Range<usize>) {
    places.frame(at.clone());
    let said = walk.file.get(at.clone()).unwrap_or_default();
    let blank: Vec<u8> = said
        .iter()
        .map(|byte| if *byte == 0 { 0 } else { b' ' })
        .collect();
    if said == blank {
        return;
    }
    if let Verdict::Goes(tells) = forms::text(said, walk.originals, &mut walk.budget) {
        places.write(at, blank, tells);
    }
}
