//! JPEG: only known, clean segments are copied; the compressed pixels are copied byte for byte.

use super::exif;
use super::forms;
use super::icc;
use super::place::in_bytes;
use super::policy::{Left, Originals};
use super::walk::{Tells, Verdict, Walk};
use crate::container::budget::Budget;
use crate::container::jpeg::{
    APP0, APP1, APP2, APP13, APP14, APP15, COM, EOI, ICC, SOI, SOS, Segment, Segments, XMP,
    exif_of, headers, icc as profile_of, icc_segments, largest_inside, segment,
};

/// XMP that is too long for one segment: the digest of all of it, its length, and the offset of
/// this part (XMP specification, part 3, 1.1.3.1).
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const EXTENDED_HEAD: usize = EXTENDED_XMP.len() + 32 + 4 + 4;
/// How many rows there are, where the header does not say it.
const DNL: u8 = 0xdc;
/// What a picture's numbers are multiplied with, and how they are coded.
const DQT: u8 = 0xdb;
const DHT: u8 = 0xc4;
/// Bytes of Adobe's segment: its name, versions, and how the colours are stored.
const ADOBE: usize = 12;
/// Bytes of JFIF's segment without its thumbnail.
const JFIF: usize = 14;

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.stays(0..file.len().min(2));
    let (mut at, mut has_scan, mut has_exif) = (2, false, false);
    let mut profile = Profile::of(walk);
    for found in Segments::of(file) {
        let whole = walk.place(found.whole);
        between(walk, at..whole.start);
        at = whole.end;
        match found.marker {
            EOI => {
                walk.stays(whole);
                if !has_scan {
                    walk.refuse("it has no picture in it");
                }
                extended_xmp(walk);
                return behind(walk, at);
            }
            APP2 if found.data.starts_with(ICC) => profile.piece(walk, &found, has_scan),
            APP0..=APP15 | COM => {
                let mut verdict = told(&found, walk.originals, &mut walk.budget);
                // Readers take the first.
                if exif_of(&found).is_some() && std::mem::replace(&mut has_exif, true) {
                    verdict = verdict.of_a_second();
                }
                walk.decide(whole, verdict, |new| framed(&found, new));
            }
            // Reserved, and what only a picture of several sizes has: nobody knows what is in them.
            0x02..=0xbf | 0xc8 | 0xde | 0xdf | 0xf0..=0xfd => {
                let tells = forms::unknown(found.data, &mut walk.budget);
                walk.goes(&whole, tells);
            }
            marker if !length_fits(marker, found.data) => {
                let tells = forms::unknown(found.data, &mut walk.budget);
                walk.tell(tells);
                walk.refuse("a part of it is longer than what it has to say");
            }
            SOI => walk.refuse("it has a second picture in the middle of the first"),
            marker => {
                has_scan |= marker == SOS;
                walk.stays(whole);
            }
        }
    }
    between(walk, at..file.len());
    // Others may read on.
    let rest = file.get(at..).unwrap_or_default();
    let tells = pictures_tell(rest, &mut walk.budget);
    let names_exif = rest
        .windows(5)
        .any(|name| name.eq_ignore_ascii_case(b"exif\0"));
    walk.tell(tells.max(Tells::place_if(names_exif, tells)));
    walk.refuse("it is cut off");
}

/// Whether a table or number is no longer than what it has to say (ITU-T T.81, B.2.4).
fn length_fits(marker: u8, data: &[u8]) -> bool {
    match marker {
        // How many rows there are, and how often the decoder begins anew.
        DNL | 0xdd => data.len() == 2,
        // Arithmetic coding's conditions, each two bytes.
        0xcc => data.len().is_multiple_of(2) && data.len() <= 16,
        DQT => are_tables(data, |head, _| if head >> 4 == 0 { 64 } else { 128 }),
        DHT => are_tables(data, |_, rest| {
            let counts = rest.iter().take(16).map(|count| usize::from(*count));
            16 + counts.sum::<usize>()
        }),
        // Each component's three bytes behind the picture's size, or two behind their number.
        SOS => data
            .first()
            .is_some_and(|count| data.len() == 4 + 2 * usize::from(*count)),
        0xc0..=0xcf if !matches!(marker, DHT | 0xc8 | 0xcc) => data
            .get(5)
            .is_some_and(|count| data.len() == 6 + 3 * usize::from(*count)),
        _ => true,
    }
}

/// Whether these are whole tables, each as long as `length` says of its first byte and what follows
/// it, and nothing else.
fn are_tables(data: &[u8], length: impl Fn(u8, &[u8]) -> usize) -> bool {
    let mut rest = data;
    while let [head, more @ ..] = rest {
        match more.get(length(*head, more)..) {
            // Class or precision, and one of four places.
            Some(behind) if head & 0xec == 0 => rest = behind,
            _ => return false,
        }
    }
    true
}

/// Fill bytes, or what a camera left there.
fn between(walk: &mut Walk<'_>, at: std::ops::Range<usize>) {
    if let Some(bytes) = walk.file.get(at.clone()).filter(|bytes| !bytes.is_empty()) {
        let tells = forms::unknown(bytes, &mut walk.budget);
        walk.goes(&at, tells);
    }
}

/// What a segment tells, and what becomes of it.
fn told(found: &Segment<'_>, originals: Originals, budget: &mut Budget) -> Verdict {
    let data = found.data;
    match found.marker {
        // Without its thumbnail; JFXX has nothing else.
        APP0 if data.starts_with(b"JFIF\0") && data.len() == JFIF && data.ends_with(&[0, 0]) => {
            Verdict::Stays
        }
        APP0 if data.starts_with(b"JFIF\0") && data.len() >= JFIF - 2 => {
            Verdict::Becomes([&data[..JFIF - 2], &[0, 0]].concat(), Tells::NoPlace)
        }
        APP1 if exif_of(found).is_some() => {
            exif::verdict(exif_of(found).unwrap_or_default(), originals, budget)
        }
        APP1 if data.starts_with(XMP) => forms::xmp(&data[XMP.len()..], originals, budget),
        // How the colours are stored.
        APP14 if data.starts_with(b"Adobe") && data.len() == ADOBE => Verdict::Stays,
        APP14 if data.starts_with(b"Adobe") && data.len() > ADOBE => {
            let (mine, rest) = data.split_at(ADOBE);
            Verdict::Becomes(mine.to_vec(), forms::unknown(rest, budget))
        }
        APP13 => Verdict::Goes(forms::photoshop(data, budget)),
        COM => forms::text(data, originals, budget),
        // By a name that is not quite it, which some readers take for it.
        APP1 if is_nearly_exif(data) => Verdict::Goes(Tells::Place),
        // Second pictures, makers' own.
        _ => Verdict::Goes(forms::unknown(data, budget)),
    }
}

/// The colour profile, which lies in numbered pieces.
struct Profile {
    verdict: Verdict,
    /// Pieces that were met in their order.
    met: u8,
}

impl Profile {
    fn of(walk: &mut Walk<'_>) -> Self {
        let profile = profile_of(walk.file).unwrap_or_default();
        Self {
            verdict: icc::verdict(&profile, walk.originals, &mut walk.budget),
            met: 0,
        }
    }

    /// A piece in its turn stays with the others, or all of them are replaced by the first; one
    /// out of turn is none.
    fn piece(&mut self, walk: &mut Walk<'_>, found: &Segment<'_>, has_scan: bool) {
        let whole = walk.place(found.whole);
        let [number, count] = found
            .data
            .get(ICC.len()..ICC.len() + 2)
            .and_then(|two| two.first_chunk())
            .copied()
            .unwrap_or_default();
        if has_scan || number != self.met + 1 || number > count {
            let tells = forms::unknown(found.data, &mut walk.budget);
            return walk.goes(&whole, tells);
        }
        self.met = number;
        match &self.verdict {
            Verdict::Stays => walk.stays(whole),
            Verdict::Becomes(new, tells) if number == 1 => {
                walk.becomes(whole, icc_segments(new), *tells);
            }
            Verdict::Becomes(_, tells) | Verdict::Goes(tells) => walk.goes(&whole, *tells),
        }
    }
}

/// `Exif` and a zero, in any case, behind a few bytes.
fn is_nearly_exif(data: &[u8]) -> bool {
    let head = &data[..data.len().min(9)];
    head.windows(5)
        .any(|name| name.eq_ignore_ascii_case(b"exif\0"))
}

fn framed(found: &Segment<'_>, new: &[u8]) -> Option<Vec<u8>> {
    // EXIF keeps the name in front of it.
    let name = exif_of(found).map_or(0, |block| found.data.len() - block.len());
    segment(found.marker, &[&found.data[..name], new])
}

/// Extended XMP is cut anywhere, also through a word: its parts went one by one, and are read
/// together here.
fn extended_xmp(walk: &mut Walk<'_>) {
    // Also between the scans of a progressive picture.
    let mut parts: Vec<(&[u8], &[u8])> = Segments::of(walk.file)
        .filter(|found| found.marker == APP1 && found.data.starts_with(EXTENDED_XMP))
        .filter_map(|found| {
            let offset = found.data.get(EXTENDED_HEAD - 4..EXTENDED_HEAD)?;
            Some((offset, &found.data[EXTENDED_HEAD..]))
        })
        .collect();
    if parts.is_empty() {
        return;
    }
    parts.sort_by_key(|(offset, _)| *offset);
    let packet: Vec<u8> = parts
        .into_iter()
        .flat_map(|(_, part)| part)
        .copied()
        .collect();
    match forms::xmp(&packet, walk.originals, &mut walk.budget) {
        Verdict::Goes(tells) => walk.tell(tells),
        _ => walk.tell(Tells::Anything),
    }
}

/// What follows the end mark (a second picture, a film, a maker's trailer) is left behind.
fn behind(walk: &mut Walk<'_>, at: usize) {
    let rest = walk.file.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return;
    }
    let tells = forms::unknown(rest, &mut walk.budget);
    walk.goes(&(at..walk.file.len()), tells);
    if has_film(rest) {
        walk.leaves(Left::Film);
    } else if largest_inside(rest).is_some() {
        walk.leaves(Left::Picture);
    }
}

/// Whether the first box of a film is in there: its length, and its kind.
fn has_film(bytes: &[u8]) -> bool {
    let is_first = |window: &[u8]| {
        let (length, kind) = window.split_at(4);
        kind == b"ftyp" && length.starts_with(&[0, 0]) && length != [0; 4]
    };
    bytes.windows(8).any(is_first)
}

/// Whether a JPEG inside of something else has metadata of its own. The segments left say how its
/// colours are stored.
pub(super) fn has_metadata(picture: &[u8]) -> bool {
    headers(picture).any(|found| {
        matches!(found.marker, APP1..=APP13 | APP15 | COM)
            || is_more_than_colours(&found)
            || !length_fits(found.marker, found.data)
    })
}

/// Whether a JPEG is tables without a picture, and nothing else.
pub(super) fn are_tables_alone(tables: &[u8]) -> bool {
    let mut end = 2;
    for found in headers(tables).filter(|found| found.marker != EOI) {
        let is_table = matches!(found.marker, DQT | DHT | 0xcc | 0xdd);
        if !is_table || !length_fits(found.marker, found.data) {
            return false;
        }
        end = super::pieces::place(tables, found.whole).end;
    }
    tables.starts_with(&[0xff, SOI]) && tables.get(end..) == Some(&[0xff, EOI])
}

/// Of the segments that say how colours are stored: whether this one has a thumbnail, or words.
fn is_more_than_colours(found: &Segment<'_>) -> bool {
    match found.marker {
        APP0 => {
            !(found.data.starts_with(b"JFIF\0")
                && found.data.len() == JFIF
                && found.data.ends_with(&[0, 0]))
        }
        APP14 => !(found.data.starts_with(b"Adobe") && found.data.len() == ADOBE),
        _ => false,
    }
}

/// What the headers of the pictures in it tell.
pub(super) fn pictures_tell(bytes: &[u8], budget: &mut Budget) -> Tells {
    let mut told = Tells::Anything;
    let mut rest = bytes;
    while let Some(at) = rest
        .windows(3)
        .position(|window| window == [0xff, SOI, 0xff])
    {
        let picture = &rest[at..];
        let mut end = 3;
        for found in headers(picture) {
            end = super::pieces::place(picture, found.whole).end;
            let verdict = self::told(&found, Originals::StripLocation, budget);
            if let Verdict::Goes(tells) | Verdict::Becomes(_, tells) = verdict {
                told = told.max(tells);
            }
        }
        if !budget.pays(end) || told == Tells::Place {
            return Tells::Place;
        }
        rest = picture.get(end..).unwrap_or_default();
    }
    told.max(Tells::place_if(in_bytes(rest, budget), Tells::Anything))
}
