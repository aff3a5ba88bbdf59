//! GIF: frames and what shows them are copied; comments and other programs' blocks are left out.

use super::coded::Lzw;
use super::forms;
use super::icc;
use super::policy::Originals;
use super::walk::{Verdict, Walk};
use crate::container::budget::Budget;
use crate::container::gif::{Kind, blocks, pixels_of};

/// Loops and colours.
const SHOWN: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0"];
const PROFILE: &[u8; 11] = b"ICCRGBG1012";
/// Bytes of an application's block before its own.
const NAMED: usize = 14;
/// Loops: the name, three bytes in a block, the end.
const LOOPS: usize = NAMED + 4 + 1;
/// How a frame is shown: four bytes in a block, the end.
const CONTROL: usize = 2 + 5 + 1;
const XMP: &[u8; 11] = b"XMP DataXMP";

pub(super) fn walk(walk: &mut Walk<'_>) {
    let (mut at, mut has_ended) = (0, false);
    for block in blocks(walk.file) {
        let whole = walk.place(block.whole);
        at = whole.end;
        has_ended |= block.kind == Kind::Trailer;
        let (originals, budget) = (walk.originals, &mut walk.budget);
        let verdict = match block.kind {
            Kind::Header | Kind::Trailer => Verdict::Stays,
            Kind::Image => match frame(block.whole, budget) {
                Some(verdict) => verdict,
                None => {
                    walk.refuse("a frame of it has more than its pixels, or less");
                    Verdict::Stays
                }
            },
            Kind::Control if block.whole.len() == CONTROL => Verdict::Stays,
            Kind::Control => cut(block.whole, CONTROL, budget),
            Kind::Application(name) if SHOWN.contains(&&name) && block.whole.len() == LOOPS => {
                Verdict::Stays
            }
            Kind::Application(name) if SHOWN.contains(&&name) => cut(block.whole, LOOPS, budget),
            Kind::Application(name) if name == *PROFILE => profile(block.whole, originals, budget),
            // It lies there as it is, without the lengths of sub-blocks between.
            Kind::Application(name) if name == *XMP => {
                forms::xmp(block.whole.get(14..).unwrap_or_default(), originals, budget)
            }
            Kind::Comment => forms::text(&joined(block.whole, 2), originals, budget),
            Kind::Application(_) | Kind::Other => {
                Verdict::Goes(forms::unknown(&joined(block.whole, 2), budget))
            }
        };
        walk.decide(whole, verdict, |new| Some(new.to_vec()));
    }
    if !has_ended {
        walk.refuse("it is cut off");
    }
    let rest = walk.file.get(at..).unwrap_or_default();
    if !rest.is_empty() {
        let tells = forms::unknown(rest, &mut walk.budget);
        walk.goes(&(at..walk.file.len()), tells);
    }
}

/// A frame up to where its pixels end; nothing where that cannot be told.
fn frame(whole: &[u8], budget: &mut Budget) -> Option<Verdict> {
    let (from, size, pixels) = pixels_of(whole)?;
    let coded = joined(whole, from);
    if !(1..=8).contains(&size) || !budget.pays(coded.len()) {
        return None;
    }
    let length = Lzw::Gif { size }.length(&coded, pixels)?;
    let (mine, rest) = coded.split_at(length);
    if rest.is_empty() {
        return Some(Verdict::Stays);
    }
    Some(Verdict::Becomes(
        [&whole[..from], &sub_blocks(mine)].concat(),
        forms::unknown(rest, budget),
    ))
}

/// Bytes in blocks of up to 255, each behind its length.
fn sub_blocks(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 255 + 2);
    for part in bytes.chunks(255) {
        out.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(part);
    }
    out.push(0);
    out
}

/// A block with its first part alone.
fn cut(whole: &[u8], length: usize, budget: &mut Budget) -> Verdict {
    let tells = forms::unknown(whole, budget);
    let mut first = whole.get(..length).unwrap_or_default().to_vec();
    match first.last_mut() {
        Some(end) => *end = 0,
        None => return Verdict::Goes(tells),
    }
    Verdict::Becomes(first, tells)
}

fn profile(whole: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    match icc::verdict(&joined(whole, NAMED), originals, budget) {
        Verdict::Becomes(new, tells) => {
            Verdict::Becomes([&whole[..NAMED], &sub_blocks(&new)].concat(), tells)
        }
        verdict => verdict,
    }
}

/// What sub-blocks hold together, without their lengths.
fn joined(block: &[u8], from: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), block.get(from..).unwrap_or_default());
    while let Some((length, more)) = rest.split_first()
        && let Some((part, next)) = more.split_at_checked(usize::from(*length))
        && *length > 0
    {
        out.extend_from_slice(part);
        rest = next;
    }
    out
}
