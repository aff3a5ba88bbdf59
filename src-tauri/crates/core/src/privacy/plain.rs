//! Files that are not taken apart: they go up as they are, or not at all.

use std::ops::Range;

use super::exif;
use super::forms;
use super::jpeg::pictures_tell;
use super::place::in_bytes;
use super::policy::Originals;
use super::walk::{Tells, Verdict, Walk};
use crate::container::tiff::Tiff;

/// How far into a CR3 its `moov` box reaches.
const CR3_HEAD: usize = 1 << 20;

/// Header, colours and pixels, and nothing between or behind them.
pub(super) fn bmp(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.stays(0..file.len());
    let is_blank = |part: Range<usize>| {
        let bytes = file.get(part).unwrap_or_default();
        bytes.iter().all(|byte| *byte == 0)
    };
    match Bmp::of(file) {
        Some(parts) if is_blank(parts.between.clone()) && is_blank(parts.behind..file.len()) => {
            if parts.has_profile {
                let tells = forms::unknown(file, &mut walk.budget);
                walk.tell(tells);
                walk.refuse("it has a colour profile, or the name of one");
            }
        }
        parts => {
            let (between, behind) = parts.map_or((0..0, 0), |parts| (parts.between, parts.behind));
            for part in [between, behind..file.len()] {
                let bytes = file.get(part).unwrap_or_default();
                let tells = forms::unknown(bytes, &mut walk.budget);
                walk.tell(tells);
            }
            walk.refuse("it has something beside its pixels");
        }
    }
}

/// Where the parts of a bitmap lie (BITMAPFILEHEADER, BITMAPINFOHEADER and their kin).
struct Bmp {
    /// What lies between colours and pixels.
    between: Range<usize>,
    /// Where the pixels end.
    behind: usize,
    has_profile: bool,
}

impl Bmp {
    fn of(file: &[u8]) -> Option<Self> {
        let four = |at: usize| {
            let bytes = file.get(at..at + 4)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes) as usize)
        };
        let two = |at: usize| {
            let bytes = file.get(at..at + 2)?.first_chunk()?;
            Some(usize::from(u16::from_le_bytes(*bytes)))
        };
        let (pixels, header) = (four(10)?, four(14)?);
        // As Windows has them, and what of OS/2's is as short.
        if !matches!(header, 12 | 16 | 40 | 52 | 56 | 108 | 124) {
            return None;
        }
        let is_old = header == 12;
        let (width, height, depth) = if is_old {
            (two(18)?, two(20)?, two(24)?)
        } else {
            let height = i32::try_from(four(22)?).map_or_else(
                // Rows from the top.
                |_| u32::MAX - u32::try_from(four(22).unwrap_or_default()).unwrap_or_default() + 1,
                i32::unsigned_abs,
            );
            (four(18)?, height as usize, two(28)?)
        };
        let (packing, told) = if is_old {
            (0, 0)
        } else {
            (four(30)?, four(34)?)
        };
        let used = if header >= 40 { four(46)? } else { 0 };
        let colours = match (used, depth) {
            (0, 1..=8) => 1 << depth,
            // More than there are numbers for, or some for pixels that need none.
            (used, _) if used > if depth > 8 { 0 } else { 1 << depth } => return None,
            (used, _) => used,
        };
        // Masks stand behind the shortest of the headers that have them.
        let masks = match (header, packing) {
            (40, 3) => 12,
            (40, 6) => 16,
            _ => 0,
        };
        let colours = colours.checked_mul(if is_old { 3 } else { 4 })?;
        let head = (14 + header + masks).checked_add(colours)?;
        let row = width.checked_mul(depth)?.div_ceil(32) * 4;
        let length = match packing {
            0 | 3 | 6 => row.checked_mul(height)?,
            // A whole JPEG or PNG, with all that one carries.
            4 | 5 => return None,
            _ => told,
        };
        // Of a table some programs write less than they say.
        let head = head.min(pixels);
        Some(Self {
            between: head..pixels.min(file.len()),
            behind: pixels.checked_add(length)?,
            has_profile: header >= 108 && !are_plain_colours(file.get(14 + 56..14 + 108)?)
                || header == 124 && !is_plain_end(file.get(14 + 108..14 + 124)?)
                || header >= 52
                    && !(0..if header == 52 { 3 } else { 4 })
                        .all(|mask| four(54 + 4 * mask).is_some_and(is_mask)),
        })
    }
}

/// Bits that lie side by side.
const fn is_mask(bits: usize) -> bool {
    bits == 0 || ((bits >> bits.trailing_zeros()) + 1).is_power_of_two()
}

/// How colours out of reach are meant, and where a profile is: there is none.
fn is_plain_end(said: &[u8]) -> bool {
    matches!(said.split_first(), Some((0..=8, rest)) if rest.iter().all(|byte| *byte == 0))
}

/// Whether colours are the system's own, whose names are "sRGB" and "Win ", or are told by numbers
/// (some programs write 1 for 0): nine from 0 to 1 (of 30 bits behind the point), and three powers.
fn are_plain_colours(said: &[u8]) -> bool {
    const ONE: u32 = 1 << 30;
    let mut numbers = said
        .as_chunks()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes));
    let is_known = matches!(numbers.next(), Some(0x7352_4742 | 0x5769_6e20 | 0 | 1));
    is_known && numbers.all(|number| number <= ONE)
}

/// What is looked through and not cleaned.
pub(super) fn unknown(walk: &mut Walk<'_>, why: &'static str) {
    let tells = forms::unknown(walk.file, &mut walk.budget);
    walk.tell(tells);
    walk.refuse(why);
}

/// Cameras' own formats: mostly TIFF under some number, some beside a JPEG.
pub(super) fn raw(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.refuse("it is a camera's raw file, which only its maker can rewrite");
    let tells = if file.get(4..8) == Some(b"ftyp") {
        cr3(walk)
    } else if Tiff::new(file).is_some() {
        match exif::verdict(file, Originals::StripAll, &mut walk.budget) {
            Verdict::Goes(tells) | Verdict::Becomes(_, tells) => tells,
            Verdict::Stays => Tells::NoPlace,
        }
    } else {
        Tells::Anything
    };
    // Its previews have what it has.
    let previews = pictures_tell(file, &mut walk.budget);
    walk.tell(tells.max(previews));
}

/// `CMT4`, inside Canon's box in `moov`, is a TIFF structure whose main directory is the GPS
/// directory.
fn cr3(walk: &mut Walk<'_>) -> Tells {
    let head = &walk.file[..walk.file.len().min(CR3_HEAD)];
    let at = head.windows(4).position(|window| window == b"CMT4");
    let block = at.and_then(|at| head.get(at + 4..)).unwrap_or_default();
    let placed = Tiff::new(block)
        .and_then(|tiff| tiff.first())
        .is_some_and(|gps| exif::is_placed(&gps, block));
    Tells::place_if(placed || in_bytes(head, &mut walk.budget), Tells::Anything)
}
