//! Which page of a TIFF is the picture, and what its fields say (TIFF 6.0, section 8).

use std::borrow::Cow;

use crate::container::budget::Budget;
use crate::container::tiff::{Directory, Tiff};

pub(super) mod tag {
    pub(in crate::imaging::decode) const SUBFILE: u16 = 254;
    pub(in crate::imaging::decode) const WIDTH: u16 = 256;
    pub(in crate::imaging::decode) const HEIGHT: u16 = 257;
    pub(in crate::imaging::decode) const BITS: u16 = 258;
    pub(in crate::imaging::decode) const COMPRESSION: u16 = 259;
    pub(in crate::imaging::decode) const PHOTOMETRIC: u16 = 262;
    pub(in crate::imaging::decode) const ORIENTATION: u16 = 274;
    pub(in crate::imaging::decode) const SAMPLES: u16 = 277;
    pub(in crate::imaging::decode) const PLANAR: u16 = 284;
    pub(in crate::imaging::decode) const COLOUR_MAP: u16 = 320;
    pub(in crate::imaging::decode) const EXTRA_SAMPLES: u16 = 338;
    pub(in crate::imaging::decode) const SAMPLE_FORMAT: u16 = 339;
}

pub(super) const BLACK_IS_ZERO: u32 = 1;
/// Of the subfile's kind: a smaller picture of another one in this file, or which of its pixels show.
const NO_PICTURE: u32 = 0b101;

/// The page that is the picture.
pub(super) struct Page<'a> {
    /// The file, with that page as its first.
    pub(super) file: Cow<'a, [u8]>,
    pub(super) directory: Directory,
}

impl<'a> Page<'a> {
    pub(super) fn of(file: &'a [u8]) -> Option<Self> {
        let tiff = Tiff::new(file).filter(|tiff| tiff.u16(2) == Some(42))?;
        let first = tiff.first()?;
        let is_reduced = |page: &Directory| {
            let kind = page.number(&tiff, tag::SUBFILE);
            kind.is_some_and(|kind| kind & NO_PICTURE != 0)
        };
        let tree = is_reduced(&first).then(|| tiff.tree(&mut Budget::of(file)));
        let whole = tree.and_then(|tree| tree.main().find(|page| !is_reduced(page)).cloned());
        let Some(directory) = whole else {
            return Some(Self {
                file: file.into(),
                directory: first,
            });
        };
        let mut own = file.to_vec();
        let at = u32::try_from(directory.at).ok()?;
        own.get_mut(4..8)?.copy_from_slice(&if tiff.big_endian() {
            at.to_be_bytes()
        } else {
            at.to_le_bytes()
        });
        Some(Self {
            file: own.into(),
            directory,
        })
    }

    /// How it is to be turned, where that is not what the first page says.
    pub(super) fn turned_as(&self) -> Option<u8> {
        let is_another = matches!(self.file, Cow::Owned(_));
        let own = self.number(tag::ORIENTATION);
        is_another.then(|| own.and_then(|own| own.try_into().ok()).unwrap_or(1))
    }

    pub(super) fn size(&self) -> Option<(u32, u32)> {
        Some((self.number(tag::WIDTH)?, self.number(tag::HEIGHT)?))
    }

    /// Whether a zero is black, where there is nothing but black and white.
    pub(super) fn black_is_zero(&self) -> bool {
        self.number(tag::PHOTOMETRIC) == Some(BLACK_IS_ZERO)
    }

    pub(super) fn numbers(&self, tag: u16) -> Vec<u32> {
        let entry = self.directory.entry(tag);
        let read = entry.and_then(|entry| Some(Tiff::new(&self.file)?.numbers(entry)));
        read.unwrap_or_default()
    }

    pub(super) fn number(&self, tag: u16) -> Option<u32> {
        self.numbers(tag).first().copied()
    }
}
