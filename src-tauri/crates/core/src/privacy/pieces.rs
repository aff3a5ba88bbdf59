//! A cleaned file, put together from pieces of the old one and new ones between them.

use std::ops::Range;

/// What a cleaned file is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes of the old file.
    Kept(Range<usize>),
    New(Vec<u8>),
    /// So many zeros.
    Blank(usize),
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Kept(at) => at.len(),
            Self::New(bytes) => bytes.len(),
            Self::Blank(length) => *length,
        }
    }
}

/// Where a part of a file lies in it.
pub(super) fn place(file: &[u8], part: &[u8]) -> Range<usize> {
    let at = part.as_ptr().addr().saturating_sub(file.as_ptr().addr());
    at..at + part.len()
}

/// Puts the pieces together in the memory of the old file, if none would be written over before it
/// is moved.
pub(super) fn put_together(mut file: Vec<u8>, pieces: &[Piece]) -> Vec<u8> {
    let length = pieces.iter().map(Piece::len).sum();
    if !fits(pieces, file.len()) {
        let mut out = Vec::with_capacity(length);
        for piece in pieces {
            match piece {
                Piece::Kept(at) => out.extend_from_slice(&file[at.clone()]),
                Piece::New(bytes) => out.extend_from_slice(bytes),
                Piece::Blank(length) => out.resize(out.len() + length, 0),
            }
        }
        return out;
    }
    let mut at = 0;
    for piece in pieces {
        match piece {
            Piece::Kept(from) => file.copy_within(from.clone(), at),
            Piece::New(bytes) => file[at..at + bytes.len()].copy_from_slice(bytes),
            Piece::Blank(length) => file[at..at + length].fill(0),
        }
        at += piece.len();
    }
    file.truncate(length);
    file
}

/// Whether each piece ends, in its new place, before all that is still to be moved begins.
fn fits(pieces: &[Piece], room: usize) -> bool {
    let starts = |piece: &Piece| match piece {
        Piece::Kept(at) => at.start,
        Piece::New(_) | Piece::Blank(_) => usize::MAX,
    };
    let mut end: usize = pieces.iter().map(Piece::len).sum();
    let mut next = room;
    for piece in pieces.iter().rev() {
        // What is moved itself may reach into where it came from.
        if next < end {
            return false;
        }
        end -= piece.len();
        next = next.min(starts(piece));
    }
    next >= end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[Piece]) -> (String, bool) {
        let file = b"0123456789".to_vec();
        let before = file.as_ptr();
        let out = put_together(file, pieces);
        let same = out.as_ptr() == before;
        (String::from_utf8(out).expect("text"), same)
    }

    #[test]
    fn what_shrinks_is_moved_in_its_own_memory() {
        let pieces = [
            Piece::Kept(0..2),
            Piece::New(b"ab".to_vec()),
            Piece::Kept(5..10),
        ];
        assert_eq!(text(&pieces), ("01ab56789".into(), true));
        assert_eq!(text(&[Piece::Kept(3..3)]), (String::new(), true));
        let exactly = [Piece::New(b"ab".to_vec()), Piece::Kept(2..10)];
        assert_eq!(text(&exactly), ("ab23456789".into(), true));
    }

    #[test]
    fn what_would_be_written_over_is_copied() {
        let pieces = [
            Piece::Kept(0..2),
            Piece::New(b"abcdef".to_vec()),
            Piece::Kept(3..10),
        ];
        assert_eq!(text(&pieces), ("01abcdef3456789".into(), false));
        let blank = [
            Piece::Kept(0..2),
            Piece::New(b"abcdef".to_vec()),
            Piece::Blank(2),
            Piece::Kept(3..10),
        ];
        assert_eq!(text(&blank), ("01abcdef\0\x003456789".into(), false));
        assert_eq!(
            text(&[Piece::Kept(5..10), Piece::Kept(0..5)]),
            ("5678901234".into(), false)
        );
        assert_eq!(
            text(&[Piece::Kept(0..10), Piece::New(b"!".to_vec())]),
            ("0123456789!".into(), false),
            "there is no room behind the end"
        );
        assert_eq!(
            text(&[Piece::New(b"abc".to_vec()), Piece::Kept(2..4)]),
            ("abc23".into(), false)
        );
    }

    #[test]
    fn a_part_is_found_where_it_lies() {
        let file = b"0123456789";
        assert_eq!(place(file, &file[3..7]), 3..7);
    }
}
