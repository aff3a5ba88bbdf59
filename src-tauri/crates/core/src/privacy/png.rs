//! PNG: chunks are copied or left out; the compressed pixels are copied byte for byte.

mod shape;

use self::shape::Shape;
use super::exif;
use super::forms;
use super::icc;
use super::place::in_text;
use super::policy::Originals;
use super::walk::{Tells, Verdict, Walk};
use crate::container::budget::Budget;
use crate::container::jpeg;
use crate::container::packed::{deflated, inflated};
use crate::container::png::{Chunk, SIGNATURE, chunk, chunks};
use crate::container::tiff::Tiff;

/// What shows the picture: pixels, colours, movement.
const SHOWN: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs",
    b"bKGD", b"hIST", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

/// Keywords of texts that may stay when only the place goes (W3C PNG, 11.3.3.2, without
/// `Description` and `Comment`, which hold anything).
const PLACELESS: &[&[u8]] = &[
    b"Title",
    b"Author",
    b"Copyright",
    b"Creation Time",
    b"Software",
    b"Disclaimer",
    b"Warning",
    b"Source",
];
const XMP: &[u8] = b"XML:com.adobe.xmp";
/// How ImageMagick keeps blocks of other formats: in hexadecimal digits.
const RAW_PROFILE: &[u8] = b"Raw profile type ";

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.stays(0..file.len().min(SIGNATURE.len()));
    let (mut at, mut has_ended, mut has_exif) = (SIGNATURE.len(), false, false);
    let mut shape = Shape::of(file);
    let (mut packed, end) = (0, shape.length_of_pixels(file));
    let frames = shape.lengths_of_frames(file);
    if end.is_none() || frames.is_none() {
        walk.refuse("its pixels do not end where they should");
    }
    let mut frames = Frames::new(frames.unwrap_or_default());
    for found in chunks(file) {
        let whole = walk.place(found.whole);
        at = whole.end;
        has_ended |= &found.kind == b"IEND";
        let mut verdict = if &found.kind == b"IDAT" {
            let end = end.unwrap_or(usize::MAX);
            let verdict = pixels(found.data, packed, end, &mut walk.budget);
            packed += found.data.len();
            verdict
        } else {
            let verdict = told(&found, &mut shape, walk);
            match (&found.kind, verdict) {
                (b"fdAT", Verdict::Stays) => frames.pixels(found.data, &mut walk.budget),
                (_, verdict) => {
                    frames.is_next |= &found.kind == b"fcTL";
                    verdict
                }
            }
        };
        // Readers take the first.
        if &found.kind == b"eXIf" && std::mem::replace(&mut has_exif, true) {
            verdict = verdict.of_a_second();
        }
        walk.decide(whole, verdict, |new| chunk(&found.kind, new));
    }
    if !has_ended {
        walk.refuse("it is cut off");
    }
    let rest = file.get(at..).unwrap_or_default();
    if !rest.is_empty() {
        let tells = forms::unknown(rest, &mut walk.budget);
        walk.goes(&(at..file.len()), tells);
    }
}

fn told(found: &Chunk<'_>, shape: &mut Shape, walk: &mut Walk<'_>) -> Verdict {
    let (originals, is_needed) = (walk.originals, found.kind[0].is_ascii_uppercase());
    match &found.kind {
        b"PLTE" if !shape.is_by_palette() => {
            Verdict::Goes(forms::unknown(found.data, &mut walk.budget))
        }
        kind if SHOWN.contains(&kind)
            && let Some(length) = shape.length_of(found) =>
        {
            match found.data.split_at_checked(length) {
                Some((mine, rest)) if !rest.is_empty() => {
                    Verdict::Becomes(mine.to_vec(), forms::unknown(rest, &mut walk.budget))
                }
                _ => Verdict::Stays,
            }
        }
        b"iCCP" => profile(found.data, originals, &mut walk.budget),
        b"zxIf" => {
            let packed = found.data.get(5..).unwrap_or_default();
            let told = inflated(packed, &mut walk.budget);
            // What cannot be read may tell.
            Verdict::Goes(told.map_or(Tells::Place, |told| forms::unknown(&told, &mut walk.budget)))
        }
        b"eXIf" => exif::verdict(found.data, originals, &mut walk.budget),
        b"tIME" if originals == Originals::StripLocation => Verdict::Stays,
        b"tEXt" | b"zTXt" | b"iTXt" => words(found, originals, &mut walk.budget),
        b"IEND" => Verdict::Becomes(Vec::new(), forms::unknown(found.data, &mut walk.budget)),
        // Apple's variant of the format, and whatever comes: without it the picture is none.
        _ if is_needed => {
            walk.refuse("it has a part that shows the picture and that only its maker knows");
            Verdict::Stays
        }
        _ => Verdict::Goes(forms::unknown(found.data, &mut walk.budget)),
    }
}

/// A part of the pixels: they end before the last chunk does where somebody wrote behind them.
fn pixels(data: &[u8], from: usize, end: usize, budget: &mut Budget) -> Verdict {
    match data.split_at_checked(end.saturating_sub(from)) {
        None => Verdict::Stays,
        Some((_, [])) => Verdict::Stays,
        Some(([], rest)) => Verdict::Goes(forms::unknown(rest, budget)),
        Some((mine, rest)) => Verdict::Becomes(mine.to_vec(), forms::unknown(rest, budget)),
    }
}

/// Where the pixels of frames end.
struct Frames {
    lengths: std::vec::IntoIter<usize>,
    /// Of the frame at hand: how long it is, and how much of it was met.
    length: usize,
    met: usize,
    /// The next pixels are another frame's.
    is_next: bool,
}

impl Frames {
    fn new(lengths: Vec<usize>) -> Self {
        Self {
            lengths: lengths.into_iter(),
            length: 0,
            met: 0,
            is_next: false,
        }
    }

    /// A part of a frame's pixels, behind its number. None may go: the numbers would not follow each
    /// other.
    fn pixels(&mut self, data: &[u8], budget: &mut Budget) -> Verdict {
        if std::mem::take(&mut self.is_next) {
            (self.length, self.met) = (self.lengths.next().unwrap_or_default(), 0);
        }
        let (number, data) = data.split_at(data.len().min(4));
        let verdict = pixels(data, self.met, self.length, budget);
        self.met += data.len();
        match verdict {
            Verdict::Goes(tells) => Verdict::Becomes(number.to_vec(), tells),
            Verdict::Becomes(mine, tells) => Verdict::Becomes([number, &mine].concat(), tells),
            Verdict::Stays => Verdict::Stays,
        }
    }
}

/// A colour profile behind its name: written anew under one that tells nothing.
fn profile(data: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    const NAME: &[u8] = b"ICC Profile\0\0";
    let end = data
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(data.len());
    let (name, packed) = (&data[..end], data.get(end + 2..).unwrap_or_default());
    let Some(profile) = inflated(packed, budget) else {
        return Verdict::Goes(Tells::Place);
    };
    let is_named_so = NAME.starts_with(name) && name.len() + 2 == NAME.len();
    let name_stays = is_named_so || originals == Originals::StripLocation && !in_text(name, budget);
    let (new, tells) = match icc::verdict(&profile, originals, budget) {
        Verdict::Stays if name_stays => return Verdict::Stays,
        Verdict::Stays => (
            profile,
            Tells::place_if(in_text(name, budget), Tells::NoPlace),
        ),
        Verdict::Becomes(new, tells) => (new, tells),
        Verdict::Goes(tells) => return Verdict::Goes(tells),
    };
    match deflated(&new) {
        Some(packed) => Verdict::Becomes([NAME, &packed].concat(), tells),
        None => Verdict::Goes(tells),
    }
}

/// A chunk of text: its keyword, and what it says.
fn words(found: &Chunk<'_>, originals: Originals, budget: &mut Budget) -> Verdict {
    let end = found.data.iter().position(|byte| *byte == 0);
    let Some((keyword, rest)) = end.map(|end| (&found.data[..end], &found.data[end + 1..])) else {
        return Verdict::Goes(forms::unknown(found.data, budget));
    };
    let said = match &found.kind {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => rest.get(1..).and_then(|packed| inflated(packed, budget)),
        _ => international(rest, budget),
    };
    // What cannot be read may tell.
    let Some(said) = said else {
        return Verdict::Goes(Tells::Place);
    };
    match keyword {
        XMP => forms::xmp(&said, originals, budget),
        keyword if keyword.starts_with(RAW_PROFILE) => {
            Verdict::Goes(raw_profile(&keyword[RAW_PROFILE.len()..], &said, budget))
        }
        keyword => {
            let is_place = in_text(keyword, budget) || in_text(&said, budget);
            let stays = originals == Originals::StripLocation && PLACELESS.contains(&keyword);
            if stays && !is_place {
                Verdict::Stays
            } else {
                Verdict::Goes(Tells::place_if(is_place, Tells::NoPlace))
            }
        }
    }
}

/// `iTXt`: whether it is compressed, how, a language, the keyword in it, and the text.
fn international(rest: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    let [is_packed, _method] = *rest.first_chunk()?;
    let mut parts = rest[2..].splitn(3, |byte| *byte == 0);
    let (language, translated, text) = (parts.next()?, parts.next()?, parts.next()?);
    let text = if is_packed == 0 {
        text.to_vec()
    } else {
        inflated(text, budget)?
    };
    Some([language, b" ", translated, b" ", &text].concat())
}

fn raw_profile(name: &[u8], said: &[u8], budget: &mut Budget) -> Tells {
    // A name and a length in decimal digits, each on a line, then the digits.
    let digits = said.splitn(4, |byte| *byte == b'\n').nth(3).unwrap_or(said);
    let digits: Vec<u8> = digits
        .iter()
        .copied()
        .filter(u8::is_ascii_hexdigit)
        .collect();
    let (Ok(block), true) = (hex::decode(&digits), budget.pays(digits.len())) else {
        return Tells::Place;
    };
    let place = Originals::StripLocation;
    let exif = block
        .strip_prefix(jpeg::EXIF)
        .or_else(|| Tiff::new(&block).is_some().then_some(block.as_slice()));
    let packet = block.strip_prefix(jpeg::XMP).unwrap_or(&block);
    let verdict = match (name, exif) {
        (_, Some(exif)) => exif::verdict(exif, place, budget),
        (b"xmp", _) => forms::xmp(packet, place, budget),
        (b"APP1", _) if packet.len() < block.len() => forms::xmp(packet, place, budget),
        // What cannot be read may tell.
        (b"exif" | b"APP1", _) => return Tells::Place,
        (b"iptc" | b"8bim", _) => return forms::photoshop(&block, budget),
        _ => return forms::unknown(&block, budget),
    };
    match verdict {
        Verdict::Goes(tells) | Verdict::Becomes(_, tells) => tells,
        Verdict::Stays => Tells::NoPlace,
    }
}
