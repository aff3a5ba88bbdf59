//! Units of coded pictures: what is no picture among them becomes filling (ISO/IEC 23008-2, 7.3.1
//! and annex D; ISO/IEC 14496-15, 8.3.3; AV1 specification, 5.3 and 5.8).

use std::collections::HashSet;
use std::ops::Range;

use crate::container::bmff::Cursor;

/// Filling, in HEVC: a unit of it, and a message of it, which may stand before the picture, too.
const FILLER: u8 = 38;
const FILLER_MESSAGE: u8 = 3;
/// Filling, in AV1.
const PADDING: u8 = 15;

/// Where the units lie in the settings of an HEVC decoder.
pub(super) fn of_settings(at: &mut Cursor<'_>) -> Option<Vec<Range<usize>>> {
    let mut units = Vec::new();
    at.skip(22)?;
    for _ in 0..at.take(1)? {
        at.skip(1)?;
        for _ in 0..at.take(2)? {
            let length = at.size(2)?;
            let from = at.taken();
            at.skip(length)?;
            units.push(from..from + length);
        }
    }
    Some(units)
}

/// Settings of an AV1 decoder: sequence headers, and nothing behind them.
pub(super) fn av1_settings(at: &mut Cursor<'_>) -> Option<()> {
    at.skip(4)?;
    while let Some(unit) = obu(at.rest()).filter(|unit| unit.kind == 1) {
        at.skip(unit.end)?;
    }
    Some(())
}

fn hevc_kind(unit: &[u8]) -> Option<u8> {
    unit.first().map(|first| first >> 1 & 63)
}

/// What stands for a unit of HEVC that may say something; nothing where it is a picture of the first
/// layer, or what a decoder is set to.
pub(super) fn hevc(unit: &[u8], is_set: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let layer = unit.get(1).map(|second| (unit[0] & 1) << 5 | second >> 3);
    let stays = layer == Some(0)
        && match hevc_kind(unit)? {
            0..=9 | 16..=21 => true,
            32..=34 => is_set(unit),
            // Ends and beginnings, which say nothing more.
            35..=37 => unit.len() <= 3,
            FILLER => unit[1..]
                .iter()
                .skip(1)
                .all(|byte| matches!(byte, 0xff | 0x80)),
            39 | 40 => are_numbers(unit.get(2..)?),
            _ => false,
        };
    (!stays && unit.len() >= 2).then(|| filling(unit))
}

/// A message that is filling, and as long as the unit; where none can be, a unit that is.
fn filling(unit: &[u8]) -> Vec<u8> {
    const SEI: u8 = 39;
    // Of the first layer, whatever it was of.
    let head = |kind: u8| [unit[0] & 0x80 | kind << 1, unit[1] & 7];
    // Behind the unit's head: the message's kind, its length (a byte for each 255, and one for the
    // rest), as many bytes, and the bit that ends them.
    let whole = unit.len() - 2;
    let message = (1..whole).find_map(|lengths| {
        let length = whole.checked_sub(2 + lengths)?;
        (length / 255 + 1 == lengths).then_some(length)
    });
    let Some(length) = message else {
        let mut new = [&head(FILLER)[..], &vec![0xff; whole]].concat();
        new[2..]
            .last_mut()
            .into_iter()
            .for_each(|last| *last = 0x80);
        return new;
    };
    let rest = u8::try_from(length % 255).unwrap_or_default();
    [
        &head(SEI)[..],
        &[FILLER_MESSAGE],
        &vec![0xff; length / 255],
        &[rest],
        &vec![0xff; length],
        &[0x80],
    ]
    .concat()
}

/// Whether messages of supplementary information are a few numbers each, about light, colours, or
/// the picture's sum, or filling.
fn are_numbers(messages: &[u8]) -> bool {
    // Active sets, sums, mastering display, light levels, transfer, surroundings, volume, alpha.
    const KNOWN: [u8; 8] = [129, 132, 137, 144, 147, 148, 149, 165];
    let plain = unescaped(messages);
    let mut rest = &plain[..];
    while let [kind, lengths @ ..] = rest
        && rest != [0x80]
    {
        let many = lengths.iter().take_while(|byte| **byte == 0xff).count();
        let Some(last) = lengths.get(many) else {
            return false;
        };
        let length = many * 255 + usize::from(*last);
        let Some((said, behind)) = lengths[many + 1..].split_at_checked(length) else {
            return false;
        };
        let is_filling = *kind == FILLER_MESSAGE && said.iter().all(|byte| *byte == 0xff);
        if is_filling || KNOWN.contains(kind) && length <= 64 {
            rest = behind;
        } else {
            return false;
        }
    }
    // The bit that ends them.
    rest == [0x80]
}

/// Without the bytes that keep a unit from looking like the start of another (7.3.1.1).
fn unescaped(unit: &[u8]) -> Vec<u8> {
    let is_kept = |at: usize| unit[at] != 3 || at < 2 || unit[at - 2..at] != [0, 0];
    (0..unit.len())
        .filter(|at| is_kept(*at))
        .map(|at| unit[at])
        .collect()
}

/// An HEVC picture without what is none: units, each behind its length of `size` bytes. Nothing where
/// it is not made of them, or there is no picture among them.
pub(super) fn hevc_picture(
    picture: &[u8],
    size: usize,
    sets: &HashSet<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut at = Cursor::new(picture, 0..picture.len());
    let (mut new, mut has_picture) = (picture.to_vec(), false);
    while at.taken() < picture.len() {
        let length = at.size(size)?;
        let from = at.taken();
        let unit = picture.get(from..from.checked_add(length)?)?;
        match hevc(unit, |unit| sets.contains(unit)) {
            Some(filling) => new[from..from + length].copy_from_slice(&filling),
            None => has_picture |= hevc_kind(unit).is_some_and(|kind| kind < 32),
        }
        at.skip(length)?;
    }
    has_picture.then_some(new)
}

/// A unit of AV1.
struct Obu {
    kind: u8,
    /// Where its content begins, and where it ends.
    start: usize,
    end: usize,
}

/// The first unit, if it tells its length or is the last.
fn obu(units: &[u8]) -> Option<Obu> {
    let head = *units.first()?;
    let mut start = 1 + usize::from(head >> 2 & 1);
    let mut length = units.len().checked_sub(start)?;
    if head >> 1 & 1 == 1 {
        length = 0;
        for shift in 0..8 {
            let byte = *units.get(start)?;
            start += 1;
            length |= usize::from(byte & 127) << (7 * shift);
            if byte < 128 {
                break;
            }
        }
    }
    let end = start.checked_add(length)?;
    (end <= units.len()).then_some(Obu {
        kind: head >> 3 & 15,
        start,
        end,
    })
}

/// An AV1 picture without what is none. Nothing where it is not made of units, or there is no picture
/// among them.
pub(super) fn av1_picture(picture: &[u8]) -> Option<Vec<u8>> {
    let (mut at, mut new, mut has_picture) = (0, picture.to_vec(), false);
    while at < picture.len() {
        let unit = obu(&picture[at..])?;
        let content = at + unit.start..at + unit.end;
        let next = picture.get(content.end..).and_then(obu);
        // A head without tiles says nothing that is shown.
        let is_lone = unit.kind == 3 && next.is_none_or(|next| next.kind != 4);
        has_picture |= matches!(unit.kind, 4 | 6);
        if is_lone || says(unit.kind, &picture[content.clone()]) {
            new[at] = new[at] & 0x87 | PADDING << 3;
            new[content.clone()].fill(0);
            if let Some(last) = new[content.clone()].last_mut() {
                *last = 0x80;
            }
        }
        at = content.end;
    }
    has_picture.then_some(new)
}

/// Whether a unit may say something that is no picture.
fn says(kind: u8, content: &[u8]) -> bool {
    match kind {
        1 | 3 | 4 | 6 => false,
        // Where a picture begins.
        2 => !content.is_empty(),
        // Light levels, and the display it was made for: numbers, and a bit that ends them.
        5 => !matches!(
            (content.first(), content.len()),
            (Some(1), 6) | (Some(2), 26)
        ),
        PADDING => !matches!(content, [zeros @ .., 0x80] if zeros.iter().all(|byte| *byte == 0)),
        // Of a thumbnail nothing is left.
        _ => content.iter().any(|byte| *byte != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_is_as_long_as_what_it_stands_for_and_says_nothing() {
        for length in 2..1200 {
            let mut unit = vec![b'a'; length];
            unit[..2].copy_from_slice(&[39 << 1, 1]);

            let new = hevc(&unit, |_| true).expect("it says something");

            assert_eq!(new.len(), length);
            assert!(hevc(&new, |_| true).is_none(), "{length}: {new:?}");
        }
    }

    #[test]
    fn what_tells_light_and_sums_stays() {
        let light = [39 << 1, 1, 144, 4, 1, 2, 3, 4, 0x80];
        let escaped = [39 << 1, 1, 144, 4, 0, 0, 3, 1, 4, 0x80];
        let cut = &light[..7];

        assert!(hevc(&light, |_| true).is_none() && hevc(&escaped, |_| true).is_none());
        assert!(hevc(cut, |_| true).is_some());
    }
}
