//! What the camera wrote into a picture: which way is up, when, where, with what.

use std::borrow::Cow;

use crate::container::budget::Budget;
use crate::container::packed::unbrotlied;
use crate::container::tiff::{Directory, Entry, ORIENTATION, Role, Tiff, Tree};
use crate::container::{bmff, jpeg, png, riff};
use crate::content::Codec;

/// Tags of EXIF 3.0 that are shown to people.
pub(crate) mod tag {
    pub(crate) const MAKE: u16 = 271;
    pub(crate) const MODEL: u16 = 272;
    pub(crate) const DATE_TIME: u16 = 306;
    pub(crate) const ARTIST: u16 = 315;
    pub(crate) const COPYRIGHT: u16 = 33432;
    pub(crate) const EXPOSURE_TIME: u16 = 33434;
    pub(crate) const F_NUMBER: u16 = 33437;
    pub(crate) const SENSITIVITY: u16 = 34855;
    pub(crate) const DATE_TIME_ORIGINAL: u16 = 36867;
    pub(crate) const DATE_TIME_DIGITIZED: u16 = 36868;
    pub(crate) const FOCAL_LENGTH: u16 = 37386;
    pub(crate) const LENS_MODEL: u16 = 42036;
    pub(crate) const GPS_LATITUDE_REF: u16 = 1;
    pub(crate) const GPS_LATITUDE: u16 = 2;
    pub(crate) const GPS_LONGITUDE_REF: u16 = 3;
    pub(crate) const GPS_LONGITUDE: u16 = 4;
}

/// Whose picture it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    pub artist: Option<String>,
    pub copyright: Option<String>,
}

/// Which way is up: 1 to 8, as in the EXIF standard (1: as stored). Always 1 for the formats that
/// turn themselves (HEIC, AVIF, JPEG XL): there EXIF's is only a copy.
pub fn orientation(file: &[u8], codec: Codec) -> u8 {
    if matches!(codec, Codec::Heic | Codec::Avif | Codec::Jxl) {
        return 1;
    }
    let told = block(file, codec).and_then(|block| {
        let tiff = Tiff::new(&block)?;
        tiff.first()?.number(&tiff, ORIENTATION)
    });
    told.and_then(|told| u8::try_from(told).ok())
        .filter(|told| (1..=8).contains(told))
        .unwrap_or(1)
}

/// Reads whose picture it is.
pub fn rights(file: &[u8], codec: Codec) -> Rights {
    let Some(exif) = Exif::of(file, codec) else {
        return Rights::default();
    };
    Rights {
        artist: exif.text(tag::ARTIST),
        copyright: exif.text(tag::COPYRIGHT),
    }
}

/// The TIFF structure that holds a picture's EXIF.
pub(crate) fn block(file: &[u8], codec: Codec) -> Option<Cow<'_, [u8]>> {
    match codec {
        Codec::Jpeg => jpeg::exif(file).map(Cow::Borrowed),
        Codec::Png => png::chunks(file)
            .find(|chunk| &chunk.kind == b"eXIf")
            .map(|chunk| chunk.data.strip_prefix(jpeg::EXIF).unwrap_or(chunk.data))
            .map(Cow::Borrowed),
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
        Codec::Jxl => bmff::boxes(file, 0..file.len())
            .into_iter()
            .find_map(|found| jxl_block(found.kind, &file[found.content])),
        Codec::Raw => raw_block(file),
        Codec::Gif
        | Codec::Bmp
        | Codec::Ico
        | Codec::Svg
        | Codec::Pnm
        | Codec::Tga
        | Codec::Hdr => None,
    }
}

/// Where the TIFF structure begins in HEIF's EXIF item: after four bytes that tell how far after
/// them (ISO/IEC 23008-12, annex A), which some writers leave out.
pub(crate) fn heif_tiff_at(item: &[u8]) -> Option<usize> {
    let is_tiff = |at: usize| {
        let mark = item.get(at..at + 4);
        mark == Some(b"II*\0") || mark == Some(b"MM\0*")
    };
    if let Some(at) = [0, 6, 10].into_iter().find(|at| is_tiff(*at)) {
        return Some(at);
    }
    let skip = u32::from_be_bytes(*item.first_chunk()?) as usize;
    skip.checked_add(4).filter(|at| *at < item.len())
}

/// EXIF in a box of its own, or compressed behind its kind.
fn jxl_block(kind: [u8; 4], content: &[u8]) -> Option<Cow<'_, [u8]>> {
    match &kind {
        b"Exif" => content.get(heif_tiff_at(content)?..).map(Cow::Borrowed),
        b"brob" => {
            let stream = content.strip_prefix(b"Exif")?;
            let inner = unbrotlied(stream, &mut Budget::of(content))?;
            let at = heif_tiff_at(&inner)?;
            Some(Cow::Owned(inner[at..].to_vec()))
        }
        _ => None,
    }
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
    if Tiff::new(file).is_some() {
        return Some(Cow::Borrowed(file));
    }
    jpeg::largest_inside(file)
        .and_then(|(preview, _)| jpeg::exif(preview))
        .map(Cow::Borrowed)
}

/// A picture's EXIF: what of it can be read. A damaged tag does not cost the sound ones.
pub(crate) struct Exif<'a> {
    block: Cow<'a, [u8]>,
    tree: Tree,
}

impl<'a> Exif<'a> {
    pub(crate) fn of(file: &'a [u8], codec: Codec) -> Option<Self> {
        let block = block(file, codec)?;
        let tree = Tiff::new(&block)?.tree(&mut Budget::of(&block));
        Some(Self { block, tree })
    }

    /// The first page's entries, and those of EXIF's directory.
    fn entry(&self, tag: u16) -> Option<&Entry> {
        let main = self.tree.main().take(1);
        main.chain(self.tree.of(Role::Exif))
            .find_map(|directory| directory.entry(tag))
    }

    fn bytes(&self, entry: &Entry) -> Option<&[u8]> {
        self.block.get(entry.value..entry.value + entry.length)
    }

    /// A line of text, without what pads it.
    pub(crate) fn text(&self, tag: u16) -> Option<String> {
        let entry = self
            .entry(tag)
            .filter(|entry| matches!(entry.kind, 2 | 129))?;
        let parts = self.bytes(entry)?.split(|byte| *byte == 0);
        let lines = parts.map(|text| String::from_utf8_lossy(text).trim().to_owned());
        let joined = lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let joined: String = joined.chars().take(LONGEST_TEXT).collect();
        (!joined.is_empty()).then_some(joined)
    }

    /// The first number of a tag: a fraction of whole numbers.
    pub(crate) fn fraction(&self, tag: u16) -> Option<(u32, u32)> {
        self.fractions(self.entry(tag)?).first().copied()
    }

    /// A latitude or longitude in degrees; south and west are negative.
    pub(crate) fn degrees(&self, tag: u16, side: u16, negative: u8) -> Option<f64> {
        let gps = |tag| {
            self.tree
                .of(Role::Gps)
                .find_map(|found: &Directory| found.entry(tag))
        };
        let parts = self.fractions(gps(tag)?);
        let sum = parts
            .iter()
            .zip([1.0, 60.0, 3600.0])
            .map(|((over, under), unit)| f64::from(*over) / f64::from(*under) / unit)
            .sum::<f64>();
        let side = *self.bytes(gps(side)?)?.first()?;
        let sign = if side == negative { -1.0 } else { 1.0 };
        (sum.is_finite() && parts.len() == 3).then_some(sign * sum)
    }

    fn fractions(&self, entry: &Entry) -> Vec<(u32, u32)> {
        let Some(tiff) = Tiff::new(&self.block) else {
            return Vec::new();
        };
        if matches!(entry.kind, 3 | 4) {
            return tiff
                .numbers(entry)
                .into_iter()
                .map(|number| (number, 1))
                .collect();
        }
        let pair = |index: usize| {
            let at = entry.value + index * 8;
            Some((tiff.u32(at)?, tiff.u32(at + 4)?))
        };
        let count = if entry.kind == 5 { entry.length / 8 } else { 0 };
        (0..count.min(3)).map_while(pair).collect()
    }

    /// When the picture was taken, in the camera's own time.
    pub(crate) fn captured_at(&self) -> Option<jiff::civil::DateTime> {
        [
            tag::DATE_TIME_ORIGINAL,
            tag::DATE_TIME_DIGITIZED,
            tag::DATE_TIME,
        ]
        .into_iter()
        .find_map(|tag| {
            let entry = self
                .entry(tag)
                .filter(|entry| matches!(entry.kind, 2 | 129))?;
            date(self.bytes(entry)?)
        })
    }
}

/// `2024:05:31 12:34:56`. Cameras without a set clock write zeros; a real calendar date is asked
/// for.
fn date(text: &[u8]) -> Option<jiff::civil::DateTime> {
    let text = std::str::from_utf8(text.get(..19)?).ok()?;
    let read = jiff::civil::DateTime::strptime("%Y:%m:%d %H:%M:%S", text);
    read.ok().filter(|date| date.year() > 1800)
}

/// More than any camera, photographer or right holder is called.
pub(crate) const LONGEST_TEXT: usize = 1024;

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
