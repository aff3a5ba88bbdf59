//! What the camera wrote into a picture: which way is up, when, where, with what.

use std::borrow::Cow;

use exif::{Exif, In, Tag, Value};

use crate::container::tiff::{self, Tiff};
use crate::container::{bmff, jpeg, png, riff};
use crate::content::Codec;

/// Whose picture it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    pub artist: Option<String>,
    pub copyright: Option<String>,
}

/// Which way is up: 1 to 8, as in the EXIF standard (1: as stored). Always 1 for the formats that
/// turn themselves (HEIC, AVIF, JPEG XL): there EXIF's is only a copy.
pub fn orientation(file: &[u8], codec: Codec) -> u8 {
    orientation_by(exif(file, codec).as_ref(), file, codec)
}

/// Reads whose picture it is.
pub fn rights(file: &[u8], codec: Codec) -> Rights {
    let Some(exif) = exif(file, codec) else {
        return Rights::default();
    };
    Rights {
        artist: text(&exif, Tag::Artist),
        copyright: text(&exif, Tag::Copyright),
    }
}

/// The picture's EXIF: what of it can be read, if anything can.
pub(crate) fn exif(file: &[u8], codec: Codec) -> Option<Exif> {
    let block = block(file, codec)?;
    let mut reader = exif::Reader::new();
    // A damaged tag must not cost the sound ones.
    reader.continue_on_error(true);
    reader
        .read_raw(block.into_owned())
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

/// The TIFF structure that holds a picture's EXIF.
pub(crate) fn block(file: &[u8], codec: Codec) -> Option<Cow<'_, [u8]>> {
    match codec {
        Codec::Jpeg => jpeg::exif(file).map(Cow::Borrowed),
        Codec::Png => png::chunks(file)
            .find(|chunk| &chunk.kind == b"eXIf")
            .map(|chunk| Cow::Borrowed(chunk.data)),
        Codec::Webp => {
            let data = riff::chunks(file)
                .find(|chunk| &chunk.kind == b"EXIF")?
                .data;
            Some(Cow::Borrowed(data.strip_prefix(jpeg::EXIF).unwrap_or(data)))
        }
        Codec::Tiff => Some(Cow::Borrowed(file)),
        Codec::Heic | Codec::Avif => {
            let item = bmff::items(file)
                .into_iter()
                .find(|item| &item.kind == b"Exif")?;
            let data: Vec<u8> = item
                .extents
                .into_iter()
                .flat_map(|at| &file[at])
                .copied()
                .collect();
            heif_tiff_at(&data)
                .and_then(|at| data.get(at..))
                .map(|tiff| Cow::Owned(tiff.to_vec()))
        }
        Codec::Raw => raw_block(file),
        Codec::Gif | Codec::Bmp | Codec::Ico | Codec::Jxl | Codec::Svg => None,
    }
}

/// Where the TIFF structure begins in HEIF's EXIF item: after four bytes that tell how far after
/// them (ISO/IEC 23008-12, annex A).
pub(crate) fn heif_tiff_at(item: &[u8]) -> Option<usize> {
    let skip = u32::from_be_bytes(*item.first_chunk()?) as usize;
    skip.checked_add(4).filter(|at| *at < item.len())
}

/// Cameras' own formats: mostly TIFF, some under another number, some beside a JPEG that has it.
fn raw_block(file: &[u8]) -> Option<Cow<'_, [u8]>> {
    if file.get(4..8) == Some(b"ftyp") {
        // Canon's CR3 keeps the first directory in a box of its own, inside `moov`'s.
        let at = file
            .windows(4)
            .take(1 << 20)
            .position(|window| window == b"CMT1")?;
        return file.get(at + 4..).map(Cow::Borrowed);
    }
    match (file.get(..2)?, file.get(2..4)?) {
        (b"II", b"*\0") | (b"MM", b"\0*") => Some(Cow::Borrowed(file)),
        (order @ (b"II" | b"MM"), _) => {
            let number: &[u8] = if order == b"II" { b"*\0" } else { b"\0*" };
            Some(Cow::Owned([order, number, file.get(4..)?].concat()))
        }
        _ => jpeg::largest_inside(file)
            .and_then(|(preview, _)| jpeg::exif(preview))
            .map(Cow::Borrowed),
    }
}

/// Read by our own reader: `exif` leaves everything out of a block whose later part is damaged in
/// some ways.
pub(crate) fn orientation_by(exif: Option<&Exif>, file: &[u8], codec: Codec) -> u8 {
    if matches!(codec, Codec::Heic | Codec::Avif | Codec::Jxl) {
        return 1;
    }
    let valid = |value: u32| {
        u8::try_from(value)
            .ok()
            .filter(|value| (1..=8).contains(value))
    };
    let own = || {
        let block = block(file, codec)?;
        let tiff = Tiff::new(&block)?;
        tiff.directories().first()?.number(&tiff, tiff::ORIENTATION)
    };
    let field = exif.and_then(|exif| {
        exif.get_field(Tag::Orientation, In::PRIMARY)?
            .value
            .get_uint(0)
    });
    field.or_else(own).and_then(valid).unwrap_or(1)
}

pub(crate) fn captured_at(exif: &Exif) -> Option<jiff::civil::DateTime> {
    [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime]
        .into_iter()
        .find_map(|tag| {
            let Value::Ascii(texts) = &exif.get_field(tag, In::PRIMARY)?.value else {
                return None;
            };
            let time = exif::DateTime::from_ascii(texts.first()?).ok()?;
            // Cameras without a set clock write zeros; a real calendar date is asked for.
            let small = |number: u8| i8::try_from(number).ok();
            let (year, month, day) = (
                i16::try_from(time.year).ok()?,
                small(time.month)?,
                small(time.day)?,
            );
            let found = jiff::civil::DateTime::new(
                year,
                month,
                day,
                small(time.hour)?,
                small(time.minute)?,
                small(time.second)?,
                0,
            );
            found.ok().filter(|date| date.year() > 1800)
        })
}

/// More than any camera, photographer or right holder is called.
pub(crate) const LONGEST_TEXT: usize = 1024;

/// A line of text, without what pads it.
pub(crate) fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(texts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let lines = texts.iter().map(|text| {
        String::from_utf8_lossy(text)
            .trim_matches(['\0', ' '])
            .to_owned()
    });
    let joined = lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    let joined: String = joined.chars().take(LONGEST_TEXT).collect();
    (!joined.is_empty()).then_some(joined)
}
/// Modification time in nanoseconds since 1970; 0 where the system has none.
pub fn mtime_ns(metadata: &std::fs::Metadata) -> i64 {
    let nanos = |since: std::time::Duration| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    metadata.modified().map_or(0, |time| {
        match time.duration_since(std::time::SystemTime::UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        }
    })
}
