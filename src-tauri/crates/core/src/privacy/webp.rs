//! WebP: chunks are copied or left out; the compressed pixels are copied byte for byte.

use std::collections::HashSet;

use super::exif;
use super::forms;
use super::icc;
use super::walk::{Tells, Verdict, Walk};
use crate::container::jpeg::EXIF;
use crate::container::riff::{
    self, Chunk, HAS_ANIMATION, HAS_EXIF, HAS_ICC, HAS_XMP, chunks, reaches_the_end,
};

/// Bytes before the first chunk.
const HEADER: usize = 12;
/// Bytes of a frame before its own chunks.
const FRAME: usize = 16;

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    if !reaches_the_end(file) {
        walk.refuse("it is cut off");
    }
    let (mut has_exif, mut order) = (false, Order::of(file));
    let verdicts: Vec<(Chunk<'_>, Verdict)> = chunks(file)
        .map(|chunk| {
            let mut verdict = if order.has_place_for(chunk.kind) {
                told(&chunk, walk)
            } else {
                Verdict::Goes(forms::unknown(chunk.data, &mut walk.budget))
            };
            // Readers take the first.
            if &chunk.kind == b"EXIF" && std::mem::replace(&mut has_exif, true) {
                verdict = verdict.of_a_second();
            }
            (chunk, verdict)
        })
        .collect();
    let stays = |kind: &[u8; 4]| {
        verdicts
            .iter()
            .any(|(chunk, verdict)| &chunk.kind == kind && !matches!(verdict, Verdict::Goes(_)))
    };
    if ![b"VP8 ", b"VP8L", b"ANMF"].into_iter().any(stays) {
        walk.refuse("it has no picture in it");
    }
    let gone = if stays(b"EXIF") { 0 } else { HAS_EXIF }
        | if stays(b"XMP ") { 0 } else { HAS_XMP }
        | if stays(b"ICCP") { 0 } else { HAS_ICC };
    let Some(header) = header(&verdicts) else {
        return walk.refuse("it is too large");
    };
    walk.becomes(0..HEADER.min(file.len()), header, Tells::NoPlace);
    let mut at = HEADER;
    for (chunk, verdict) in verdicts {
        let data = walk.place(chunk.data);
        let end = (data.end + data.len() % 2).min(file.len());
        let verdict = match verdict {
            Verdict::Stays if &chunk.kind == b"VP8X" => {
                Verdict::Becomes(without(chunk.data.to_vec(), gone), Tells::NoPlace)
            }
            Verdict::Becomes(data, tells) if &chunk.kind == b"VP8X" => {
                Verdict::Becomes(without(data, gone), tells)
            }
            // The byte that fills it up to an even length is told to be zero, and may be missing.
            Verdict::Stays if file.get(data.end..end) != Some(&[0][..data.len() % 2]) => {
                walk.stays(data.start - 8..data.end);
                walk.becomes(data.end..end, vec![0], Tells::NoPlace);
                at = end;
                continue;
            }
            verdict => verdict,
        };
        at = end;
        walk.decide(data.start - 8..end, verdict, |new| {
            let mut out = Vec::new();
            riff::push(&mut out, &chunk.kind, new)?;
            Some(out)
        });
    }
    let rest = file.get(at..).unwrap_or_default();
    if !rest.is_empty() {
        let tells = forms::unknown(rest, &mut walk.budget);
        walk.goes(&(at..file.len()), tells);
    }
}

/// Which chunk that shows the picture may come next (WebP container, "Extended file format").
struct Order {
    moves: bool,
    met: HashSet<[u8; 4]>,
}

impl Order {
    fn of(file: &[u8]) -> Self {
        let first = chunks(file).next();
        let flags = first.filter(|chunk| &chunk.kind == b"VP8X");
        let flags = flags.and_then(|chunk| chunk.data.first().copied());
        Self {
            moves: flags.is_some_and(|flags| flags & HAS_ANIMATION > 0),
            met: HashSet::new(),
        }
    }

    /// One picture, or frames; its transparency before it; each of the others once.
    fn has_place_for(&mut self, kind: [u8; 4]) -> bool {
        let has_picture = self.met.contains(b"VP8 ") || self.met.contains(b"VP8L");
        let (is_new, moves) = (self.met.insert(kind), self.moves);
        match &kind {
            b"VP8X" => is_new && self.met.len() == 1,
            b"VP8 " | b"VP8L" => !moves && !has_picture,
            b"ALPH" => is_new && !moves && !has_picture && self.met.contains(b"VP8X"),
            b"ANIM" => is_new && moves,
            b"ANMF" => moves,
            b"ICCP" => is_new,
            _ => true,
        }
    }
}

fn told(chunk: &Chunk<'_>, walk: &mut Walk<'_>) -> Verdict {
    match &chunk.kind {
        b"VP8 " | b"VP8L" => Verdict::Stays,
        // As it is, it has a byte for each pixel.
        b"ALPH" => match (is_packed(chunk.data), canvas(walk.file)) {
            (false, Some(pixels)) => as_long_as(1 + pixels, chunk, walk),
            _ => Verdict::Stays,
        },
        b"VP8X" => as_long_as(10, chunk, walk),
        b"ANIM" => as_long_as(6, chunk, walk),
        b"ICCP" => icc::verdict(chunk.data, walk.originals, &mut walk.budget),
        b"ANMF" => {
            if !is_plain_frame(chunk.data) {
                walk.refuse("a frame of it holds more than its pixels");
            }
            Verdict::Stays
        }
        b"EXIF" => {
            let block = chunk.data.strip_prefix(EXIF).unwrap_or(chunk.data);
            exif::verdict(block, walk.originals, &mut walk.budget)
        }
        b"XMP " => forms::xmp(chunk.data, walk.originals, &mut walk.budget),
        _ => Verdict::Goes(forms::unknown(chunk.data, &mut walk.budget)),
    }
}

/// Whether a plane of transparency is compressed.
fn is_packed(plane: &[u8]) -> bool {
    plane.first().is_none_or(|flags| flags & 3 != 0)
}

/// Width times height, as three bytes each say, less one.
fn pixels(sizes: &[u8]) -> Option<usize> {
    let three = |at: usize| {
        let bytes = sizes.get(at..at + 3)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) as usize + 1)
    };
    three(0)?.checked_mul(three(3)?)
}

/// Pixels of the whole picture.
fn canvas(file: &[u8]) -> Option<usize> {
    let first = chunks(file).next().filter(|chunk| &chunk.kind == b"VP8X")?;
    pixels(first.data.get(4..)?)
}

/// What is behind that is nobody's.
fn as_long_as(length: usize, chunk: &Chunk<'_>, walk: &mut Walk<'_>) -> Verdict {
    match chunk.data.split_at_checked(length) {
        Some((head, rest)) if !rest.is_empty() => {
            Verdict::Becomes(head.to_vec(), forms::unknown(rest, &mut walk.budget))
        }
        _ => Verdict::Stays,
    }
}

/// Whether a frame is made of pixels and their transparency alone.
fn is_plain_frame(data: &[u8]) -> bool {
    let mut rest = data.get(FRAME..).unwrap_or_default();
    let (whole, mut met) = (data.get(6..).and_then(pixels), Vec::new());
    while let Some((head, more)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if !matches!(&head[..4], b"VP8 " | b"VP8L" | b"ALPH") || length > more.len() {
            return false;
        }
        if &head[..4] == b"ALPH" && !is_packed(more) && whole.is_none_or(|all| length > 1 + all) {
            return false;
        }
        met.push(&head[..3]);
        rest = more.get(length + length % 2..).unwrap_or_default();
    }
    // Transparency before the picture, if there is some.
    rest.is_empty() && matches!(met[..], [b"VP8"] | [b"ALP", b"VP8"])
}

/// The header of what is extended, without the flags of what has gone.
fn without(mut data: Vec<u8>, gone: u8) -> Vec<u8> {
    data.iter_mut().take(1).for_each(|flags| *flags &= !gone);
    data
}

/// The header tells the length of all that follows.
fn header(verdicts: &[(Chunk<'_>, Verdict)]) -> Option<Vec<u8>> {
    let lengths = verdicts.iter().map(|(chunk, verdict)| match verdict {
        Verdict::Stays => 8 + chunk.data.len().next_multiple_of(2),
        Verdict::Becomes(new, _) => 8 + new.len().next_multiple_of(2),
        Verdict::Goes(_) => 0,
    });
    let length = u32::try_from(4 + lengths.sum::<usize>()).ok()?;
    Some([riff::RIFF, length.to_le_bytes(), riff::WEBP].concat())
}
