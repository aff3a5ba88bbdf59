//! One walk through a file: what each of its parts tells, and what becomes of it.
//!
//! What is detected, what is taken out and what is checked afterwards are three uses of the same
//! walk, and so cannot see different things.

use std::ops::Range;

use super::pieces::{Piece, place};
use super::policy::{Left, Originals};
use crate::container::budget::Budget;

/// How much a part of a file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tells {
    /// How the picture looks, or when and with what it was taken.
    NoPlace,
    /// Nobody knows what: a maker's own, or kept for later.
    Anything,
    /// Where it was taken.
    Place,
}

impl Tells {
    pub(super) const fn place_if(is_place: bool, otherwise: Self) -> Self {
        if is_place { Self::Place } else { otherwise }
    }
}

/// What becomes of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Stays,
    Goes(Tells),
    /// It is written anew without what it told.
    Becomes(Vec<u8>, Tells),
}

impl Verdict {
    /// Without what would have stayed.
    pub(super) fn of_a_second(self) -> Self {
        match self {
            Self::Stays => Self::Goes(Tells::NoPlace),
            Self::Becomes(_, tells) | Self::Goes(tells) => Self::Goes(tells),
        }
    }
}

/// A file on its walk.
pub(super) struct Walk<'a> {
    pub(super) file: &'a [u8],
    pub(super) originals: Originals,
    pub(super) budget: Budget,
    tells: Tells,
    pieces: Vec<Piece>,
    is_changed: bool,
    left: Option<Left>,
    refused: Option<&'static str>,
}

/// What came of it.
pub(super) struct Walked {
    pub(super) tells_place: bool,
    /// What the cleaned file is made of, in order.
    pub(super) pieces: Vec<Piece>,
    /// There was nothing to take out.
    pub(super) is_clean: bool,
    /// What would have been shown of what is taken out.
    pub(super) left: Option<Left>,
    /// Why it cannot be cleaned.
    pub(super) refused: Option<&'static str>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(file: &'a [u8], originals: Originals) -> Self {
        Self {
            file,
            originals,
            budget: Budget::of(file),
            tells: Tells::NoPlace,
            pieces: Vec::new(),
            is_changed: false,
            left: None,
            refused: None,
        }
    }

    /// Where a part lies that was read from the file.
    pub(super) fn place(&self, part: &[u8]) -> Range<usize> {
        place(self.file, part)
    }

    pub(super) fn stays(&mut self, at: Range<usize>) {
        self.pieces.push(Piece::Kept(at));
    }

    pub(super) fn goes(&mut self, at: &Range<usize>, tells: Tells) {
        self.tell(tells);
        self.is_changed |= !at.is_empty();
    }

    /// Taken out although it is something to be seen.
    pub(super) const fn leaves(&mut self, left: Left) {
        self.left = Some(left);
    }

    /// Something else stands in its place.
    pub(super) fn becomes(&mut self, at: Range<usize>, new: Vec<u8>, tells: Tells) {
        self.tell(tells);
        if self.file.get(at.clone()) == Some(&new) {
            self.stays(at);
        } else {
            self.is_changed = true;
            self.pieces.push(Piece::New(new));
        }
    }

    /// Zeros stand in its place, so that nothing behind it moves.
    pub(super) fn is_blanked(&mut self, at: Range<usize>, tells: Tells) {
        let is_blank = self
            .file
            .get(at.clone())
            .is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0));
        if is_blank {
            self.stays(at);
        } else {
            self.tell(tells);
            self.is_changed = true;
            self.pieces.push(Piece::Blank(at.len()));
        }
    }

    /// A part with its frame: `framed` puts one around what is written anew.
    pub(super) fn decide(
        &mut self,
        at: Range<usize>,
        verdict: Verdict,
        framed: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) {
        match verdict {
            Verdict::Stays => self.stays(at),
            Verdict::Goes(tells) => self.goes(&at, tells),
            Verdict::Becomes(new, tells) => match framed(&new) {
                Some(new) => self.becomes(at, new, tells),
                None => self.refuse("what is left of its metadata does not fit in"),
            },
        }
    }

    pub(super) fn tell(&mut self, tells: Tells) {
        self.tells = self.tells.max(tells);
    }

    /// It cannot be cleaned. The first reason counts.
    pub(super) const fn refuse(&mut self, why: &'static str) {
        if self.refused.is_none() {
            self.refused = Some(why);
        }
    }

    pub(super) fn end(mut self) -> Walked {
        let is_spent = self.budget.is_spent();
        if is_spent {
            self.refuse("its parts point at one another without end");
        }
        Walked {
            tells_place: is_spent || self.tells == Tells::Place,
            pieces: self.pieces,
            is_clean: !self.is_changed,
            left: self.left,
            refused: self.refused,
        }
    }
}
