//! The forms in which files tell things, whatever container they lie in: XMP, IPTC, words, and what
//! nobody knows.

use super::place::{in_bytes, in_iptc, in_text, in_xmp};
use super::policy::Originals;
use super::walk::{Tells, Verdict};
use crate::container::budget::Budget;

/// Words of XMP that announce something behind the picture (a film, a gain map, another picture),
/// which never stays: viewers would look for it.
const ANNOUNCED: [&[u8]; 5] = [
    b"MicroVideo",
    b"MotionPhoto",
    b"GContainer",
    b"/container/",
    b"hdrgm:",
];

/// More than anybody writes behind a picture.
const LONGEST_WORDS: usize = 64 << 10;

/// A packet of XMP, which goes as a whole.
pub(super) fn xmp(packet: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    let tells = Tells::place_if(in_xmp(packet, budget), Tells::NoPlace);
    let announces = ANNOUNCED
        .iter()
        .any(|word| packet.windows(word.len()).any(|window| window == *word));
    // UTF-16 and the like is read above, but by few others.
    let is_plain = std::str::from_utf8(packet).is_ok_and(|text| !text.contains('\0'));
    if originals == Originals::StripLocation && tells == Tells::NoPlace && !announces && is_plain {
        Verdict::Stays
    } else {
        Verdict::Goes(tells)
    }
}

/// Words that people or programs wrote.
pub(super) fn text(text: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    let tells = Tells::place_if(in_text(text, budget), Tells::NoPlace);
    if originals == Originals::StripLocation && tells == Tells::NoPlace {
        Verdict::Stays
    } else {
        Verdict::Goes(tells)
    }
}

/// Photoshop's block: IPTC, but also thumbnails and whole copies of EXIF and XMP.
pub(super) fn photoshop(block: &[u8], budget: &mut Budget) -> Tells {
    let is_place = in_iptc(block, budget) || in_xmp(block, budget);
    Tells::place_if(is_place, Tells::Anything)
}

/// What nobody knows goes, whatever the policy.
pub(super) fn unknown(bytes: &[u8], budget: &mut Budget) -> Tells {
    if bytes.iter().all(|byte| *byte == 0) {
        return Tells::NoPlace;
    }
    let are_words = bytes.len() < LONGEST_WORDS
        && bytes
            .iter()
            .all(|byte| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    let is_place = are_words && in_text(bytes, budget) || in_bytes(bytes, budget);
    Tells::place_if(is_place, Tells::Anything)
}
