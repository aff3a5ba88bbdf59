//! The two things the camera wrote that matter here: which way is up, and when.

use std::io::Cursor;

use exif::{Exif, In, Tag, Value};

/// What EXIF says of a picture; defaults where it says nothing or nonsense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// 1 to 8, as in the EXIF standard (1: as stored).
    pub orientation: u8,
    /// Year, month, day of capture.
    pub captured: Option<(i16, i8, i8)>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { orientation: 1, captured: None }
    }
}

/// Reads the EXIF of a JPEG, PNG, WebP or TIFF file.
pub fn read(file: &[u8]) -> Metadata {
    let mut reader = exif::Reader::new();
    // A damaged tag must not cost the sound ones.
    reader.continue_on_error(true);
    let exif = reader.read_from_container(&mut Cursor::new(file)).or_else(|error| error.distill_partial_result(|_| ()));
    exif.map_or_else(|_| Metadata::default(), |exif| Metadata { orientation: orientation(&exif), captured: captured(&exif) })
}

fn orientation(exif: &Exif) -> u8 {
    let value = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    value.and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

fn captured(exif: &Exif) -> Option<(i16, i8, i8)> {
    [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime].into_iter().find_map(|tag| {
        let Value::Ascii(texts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
        let time = exif::DateTime::from_ascii(texts.first()?).ok()?;
        // Cameras without a set clock write zeros; a real calendar date is asked for.
        let (year, month, day) = (i16::try_from(time.year).ok()?, i8::try_from(time.month).ok()?, i8::try_from(time.day).ok()?);
        jiff::civil::Date::new(year, month, day).ok().filter(|date| date.year() > 1800).map(|_| (year, month, day))
    })
}
