//! Rows as faxes send them, one after the other (ITU-T T.4, group 3 of one dimension).

use std::convert::Infallible;

use ::fax::Color;
use ::fax::decoder::{DecodeStatus, Group3Decoder, pels};
use image::{DynamicImage, ImageBuffer};

use super::page::Page;
use super::stored::{Stored, check, damaged, unsupported};
use crate::error::Result;
use crate::imaging::meaning::Meaning;
use crate::settings::Limits;

const FILL_ORDER: u16 = 266;
const STRIPS: u16 = 273;
const STRIP_ROWS: u16 = 278;
const STRIP_BYTES: u16 = 279;
const FAX_OPTIONS: u16 = 292;

/// A fax: rows of black and white.
pub(super) fn decode(page: &Page<'_>, limits: Limits) -> Result<Stored> {
    const IN_TWO_DIMENSIONS: u32 = 1;
    if page.number(FAX_OPTIONS).unwrap_or(0) & IN_TWO_DIMENSIONS != 0 {
        return Err(unsupported(&"fax rows that lean on the row before"));
    }
    let size = page.size();
    let (width, height) = size.ok_or_else(|| damaged(&"it does not say how large it is"))?;
    check(
        (width, height),
        (u64::from(width) * u64::from(height)).saturating_mul(5),
        limits,
    )?;
    let narrow = u16::try_from(width).map_err(|_| unsupported(&"a fax that wide"))?;
    let is_reversed = page.number(FILL_ORDER) == Some(2);
    let strip_rows = page.number(STRIP_ROWS).unwrap_or(height).clamp(1, height) as usize;
    // Without lengths a strip may go on to the end.
    let lengths = page.numbers(STRIP_BYTES).into_iter();
    let lengths = lengths.chain(std::iter::repeat(u32::MAX));
    let strips = page.numbers(STRIPS).into_iter().zip(lengths);
    // Strips that lie over each other are not read more than the file is long.
    let mut left = page.file.len();
    let all = width as usize * height as usize;
    let (mut black, mut is_whole) = (Vec::new(), true);
    for (index, (at, length)) in strips.enumerate() {
        // A strip that is cut off does not move those behind it.
        let begin = index
            .saturating_mul(strip_rows)
            .saturating_mul(width as usize);
        if begin >= all {
            break;
        }
        is_whole &= black.len() >= begin;
        black.resize(begin, false);
        let strip = page.file.get(at as usize..).unwrap_or_default();
        let strip = &strip[..strip.len().min(length as usize).min(left)];
        left -= strip.len();
        let bytes = strip.iter().copied();
        let bytes = bytes.map(|byte| {
            if is_reversed {
                byte.reverse_bits()
            } else {
                byte
            }
        });
        let (read, all_read) = rows(bytes, narrow, strip_rows);
        black.extend(read);
        is_whole &= all_read;
    }
    if black.is_empty() {
        return Err(damaged(&"none of its rows can be read"));
    }
    is_whole &= black.len() >= all;
    black.resize(all, false);
    let ink = !page.black_is_zero();
    let shades = black
        .into_iter()
        .map(|black| if black == ink { 0 } else { u8::MAX });
    let image =
        ImageBuffer::from_raw(width, height, shades.collect()).map(DynamicImage::ImageLuma8);
    let image = image.ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
    let damage = (!is_whole).then(|| "some of its rows cannot be read".to_owned());
    Ok(Stored {
        damaged: damage,
        ..Stored::whole(image, Meaning::Srgb, 1)
    })
}

/// The pixels of a strip, row by row, true for black; and whether each row was as long as it has to
/// be. Fewer than `rows` where it is cut off.
fn rows(strip: impl Iterator<Item = u8>, width: u16, rows: usize) -> (Vec<bool>, bool) {
    let bytes = strip.map(Ok::<u8, Infallible>);
    let (mut black, mut is_whole) = (Vec::new(), true);
    let Ok(mut decoder) = Group3Decoder::new(bytes) else {
        return (black, false);
    };
    for _ in 0..rows {
        let more = decoder.advance();
        let changes = decoder.transitions();
        let drawn = changes.last().copied().unwrap_or_default().min(width);
        let is_row = changes.last() == Some(&width);
        // Nothing ends the last row of a strip.
        if more.is_err() && !is_row {
            break;
        }
        is_whole &= is_row;
        // What a row does not reach is paper.
        black.extend(pels(changes, drawn).map(|colour| colour == Color::Black));
        black.extend(std::iter::repeat_n(false, usize::from(width - drawn)));
        if !matches!(more, Ok(DecodeStatus::Incomplete)) {
            break;
        }
    }
    (black, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four rows of 40 pixels, four white ones and four black ones in turn; the last begins with
    /// black. Written by libtiff.
    const ROWS: &str = "001b76eddbb60036eddbb76c006ddbb76ed8009abb76eddbb0";

    #[test]
    fn rows_are_read_one_by_one_and_a_cut_one_is_not() {
        let bytes = hex::decode(ROWS).expect("hex");
        let (all, is_whole) = rows(bytes.iter().copied(), 40, 4);
        assert!(is_whole);
        assert_eq!(all.len(), 4 * 40);
        let (white, black) = ([false; 4], [true; 4]);
        assert_eq!(all[..8], [white, black].concat());

        let (cut, _) = rows(bytes[..10].iter().copied(), 40, 4);
        assert_eq!(cut[..40], all[..40]);
        assert!(cut.len() < all.len(), "{}", cut.len());
        assert!(!rows([0xff; 9].into_iter(), 40, 4).1);
        assert_eq!(rows([].into_iter(), 40, 4), (Vec::new(), false));
        // Four white pixels and the end of the row: `1011`, `000000000001`, and once more.
        let short = [0, 0x1b, 0, 0x10, 0x01];
        assert_eq!(rows(short.into_iter(), 40, 1), (vec![false; 40], false));
    }
}
