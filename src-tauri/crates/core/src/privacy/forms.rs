//! The forms in which files tell things, whatever container they lie in: XMP, IPTC, words, and what
//! nobody knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::inside::has_placed_picture;
use super::place::{in_bytes, in_iptc, in_text, in_xmp, without_entities};
use super::policy::Originals;
use super::walk::{Tells, Verdict};
use crate::container::budget::Budget;

/// Words of XMP that announce something behind the picture (a film, a gain map, another picture),
/// which never stays: viewers would look for it; and thumbnails in the packet itself.
const ANNOUNCED: [&[u8]; 7] = [
    b"xmpGImg",
    b"GImage",
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
    let is_place = in_xmp(packet, budget) || has_placed_thumbnail(packet, budget);
    let tells = Tells::place_if(is_place, Tells::NoPlace);
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
    let is_place = in_text(text, budget) || has_placed_picture(text, budget);
    let tells = Tells::place_if(is_place, Tells::NoPlace);
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
    let is_place = are_words && in_text(bytes, budget)
        || in_bytes(bytes, budget)
        || has_placed_picture(bytes, budget);
    Tells::place_if(is_place, Tells::Anything)
}

/// Whether a JPEG that stands in it as letters (base64) tells a place.
fn has_placed_thumbnail(packet: &[u8], budget: &mut Budget) -> bool {
    const START: &[u8] = b"/9j/";
    let Some(at) = packet.windows(4).position(|window| window == START) else {
        return false;
    };
    let text = without_entities(&packet[at..]);
    let letters: Vec<u8> = text
        .into_iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    let whole = &letters[..letters.len() & !3];
    let picture = BASE64.decode(whole);
    // What cannot be read may tell.
    picture.map_or(true, |picture| has_placed_picture(&picture, budget))
}
