//! Strips and tiles: how many there are, and where the pixels of each end. What stands behind them
//! is nobody's.

use super::super::coded::{Lzw, deflated, packbits};
use super::PHOTOMETRIC;
use crate::container::tiff::{Directory, Tiff};

const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
const SAMPLES_PER_PIXEL: u16 = 277;
const PLANES: u16 = 284;
const IMAGE_DEPTH: u16 = 32997;

/// How pixels lie in strips or tiles.
pub(super) struct Strips {
    compression: usize,
    /// Bytes of a row of a strip or tile, not compressed; nothing where colours are of fewer pixels
    /// than there are.
    row: Option<usize>,
    /// Rows of each.
    rows: usize,
    /// Rows of the picture; of tiles those that stand out are there, too.
    height: Option<usize>,
    /// How many there are.
    count: usize,
}

impl Strips {
    /// Nothing where they lie behind one another, or sizes are missing.
    pub(super) fn of(tiff: &Tiff<'_>, directory: &Directory) -> Option<Self> {
        let number = |tag| directory.number(tiff, tag).map(|number| number as usize);
        if !matches!(number(IMAGE_DEPTH), None | Some(1)) {
            return None;
        }
        let samples = number(SAMPLES_PER_PIXEL).unwrap_or(1);
        let (planes, samples) = match number(PLANES) {
            Some(2) => (samples, 1),
            _ => (1, samples),
        };
        let bits = number(BITS_PER_SAMPLE).unwrap_or(1).checked_mul(samples)?;
        let (width, height) = (number(256)?, number(257)?);
        let tile = number(322).zip(number(323));
        let (across, rows) = tile.unwrap_or((
            width,
            number(278)
                .filter(|rows| *rows > 0)
                .map_or(height, |rows| rows.min(height)),
        ));
        let (across, rows) = (across.max(1), rows.max(1));
        let count = width.div_ceil(across).checked_mul(height.div_ceil(rows))?;
        let row = across.checked_mul(bits)?.div_ceil(8);
        Some(Self {
            compression: number(COMPRESSION).unwrap_or(1),
            row: (number(PHOTOMETRIC) != Some(6)).then_some(row),
            rows,
            height: tile.is_none().then_some(height),
            count: count.checked_mul(planes)?,
        })
    }

    /// Whether there may be so many.
    pub(super) const fn are(&self, count: usize) -> bool {
        count <= self.count
    }

    /// Bytes of a strip's pixels, not compressed.
    fn unpacked(&self, number: usize) -> Option<usize> {
        let rows = self.height.map_or(self.rows, |height| {
            let in_plane = number % height.div_ceil(self.rows).max(1);
            self.rows.min(height.saturating_sub(in_plane * self.rows))
        });
        self.row?.checked_mul(rows)
    }

    /// How many of a strip's bytes are pixels: all, where that cannot be told.
    pub(super) fn length(&self, number: usize, strip: &[u8]) -> usize {
        let told = self
            .unpacked(number)
            .and_then(|unpacked| match self.compression {
                1 => Some(unpacked),
                5 if strip.first() == Some(&0x80) => Lzw::Tiff.length(strip, unpacked),
                8 | 32946 => deflated(std::iter::once(strip), unpacked as u64),
                32773 => packbits(strip, unpacked),
                _ => None,
            });
        told.map_or(strip.len(), |told| told.min(strip.len()))
    }
}
