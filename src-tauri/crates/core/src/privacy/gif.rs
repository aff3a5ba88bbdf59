//! GIF: frames and what shows them are copied; comments and other programs' blocks are left out.

use super::forms;
use super::walk::{Verdict, Walk};
use crate::container::gif::{Kind, blocks};

/// Loops and colours.
const SHOWN: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];
const XMP: &[u8; 11] = b"XMP DataXMP";

pub(super) fn walk(walk: &mut Walk<'_>) {
    let (mut at, mut has_ended) = (0, false);
    for block in blocks(walk.file) {
        let whole = walk.place(block.whole);
        at = whole.end;
        has_ended |= block.kind == Kind::Trailer;
        let (originals, budget) = (walk.originals, &mut walk.budget);
        let verdict = match block.kind {
            Kind::Header | Kind::Image | Kind::Control | Kind::Trailer => Verdict::Stays,
            Kind::Application(name) if SHOWN.contains(&&name) => Verdict::Stays,
            // It lies there as it is, without the lengths of sub-blocks between.
            Kind::Application(name) if name == *XMP => {
                forms::xmp(block.whole.get(14..).unwrap_or_default(), originals, budget)
            }
            Kind::Comment => forms::text(&joined(block.whole, 2), originals, budget),
            Kind::Application(_) | Kind::Other => {
                Verdict::Goes(forms::unknown(&joined(block.whole, 2), budget))
            }
        };
        walk.decide(whole, verdict, |_| None);
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
