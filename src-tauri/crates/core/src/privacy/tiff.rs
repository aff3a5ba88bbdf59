//! TIFF files: entries are taken out of their directories where they lie, and their values blanked;
//! nothing moves.

use std::collections::HashSet;
use std::ops::Range;

use super::policy::{Cleaned, Originals};
use super::xmp;
use crate::container::tiff::{
    Directory, EXIF_IFD, Entry, GPS_IFD, INTEROP_IFD, MAKER_NOTE, NEW_SUBFILE_TYPE, SUB_IFDS, Tiff,
};

/// GeoTIFF: where every pixel lies on earth (OGC 19-008r4), with its forerunners and GDAL's notes.
const GEOTIFF: &[u16] = &[
    33550, 33920, 33922, 34264, 34735, 34736, 34737, 42112, 42113, 50844,
];
/// XMP, IPTC, Photoshop.
const XMP: u16 = 700;
const IPTC: u16 = 33723;
const PHOTOSHOP: u16 = 34377;
/// Layers, each with metadata of its own.
const PHOTOSHOP_LAYERS: u16 = 37724;
/// Where pixels lie: strips and tiles, offsets and byte counts.
const PIXELS: &[(u16, u16)] = &[(273, 279), (324, 325)];

/// What shows the picture: baseline and extended TIFF 6.0, the old and new JPEG tags,
/// sub-directories, ICC.
const fn is_shown(tag: u16) -> bool {
    matches!(tag, 254..=259 | 262 | 263 | 266 | 273 | 274 | 277..=284 | 290..=293 | 296 | 297 | 301 | 317..=325 | 330 | 332..=347 | 512..=532 | 34675)
}

pub(super) fn is_geotiff(directory: &Directory) -> bool {
    directory
        .entries
        .iter()
        .any(|entry| GEOTIFF.contains(&entry.tag))
}

pub(super) fn strip(mut file: Vec<u8>, originals: Originals) -> Cleaned {
    let edits = edits(&file, originals)?;
    edits.wiped.iter().for_each(|at| file[at.clone()].fill(0));
    edits
        .directories
        .iter()
        .for_each(|(at, bytes)| file[*at..at + bytes.len()].copy_from_slice(bytes));
    Ok(file)
}

fn edits(file: &[u8], originals: Originals) -> Result<Edits, String> {
    let tiff = Tiff::new(file)
        .filter(|tiff| tiff.u16(2) == Some(42))
        .ok_or("it is no TIFF of the common kind")?;
    if !tiff.is_whole() {
        return Err("its pages go in circles, or are too many".into());
    }
    let mut edits = Edits::default();
    for directory in tiff.directories() {
        if directory
            .number(&tiff, NEW_SUBFILE_TYPE)
            .is_some_and(|kind| kind & 1 == 1)
        {
            return Err("it has a smaller copy of itself inside".into());
        }
        edits.look(&tiff, file, &directory, originals, 2);
    }
    if edits.unclear {
        return Err("its directories are nested too deep, or hang together in circles".into());
    }
    if edits.overlap() {
        return Err("its metadata and its pixels overlap".into());
    }
    Ok(edits)
}

#[derive(Default)]
struct Edits {
    /// Directories written anew, in their old places.
    directories: Vec<(usize, Vec<u8>)>,
    wiped: Vec<Range<usize>>,
    kept: Vec<Range<usize>>,
    /// Offsets of the directories that were looked at.
    seen: HashSet<usize>,
    /// Something was left unlooked at.
    unclear: bool,
}

impl Edits {
    fn look(
        &mut self,
        tiff: &Tiff<'_>,
        file: &[u8],
        directory: &Directory,
        originals: Originals,
        depth: u8,
    ) {
        if !self.seen.insert(directory.at) {
            self.unclear = true;
            return;
        }
        let goes = |entry: &Entry| {
            let value = file
                .get(entry.value..entry.value + entry.length)
                .unwrap_or_default();
            match entry.tag {
                GPS_IFD | MAKER_NOTE => true,
                tag if GEOTIFF.contains(&tag) => true,
                XMP if originals == Originals::StripLocation => xmp::tells_location(value),
                IPTC if originals == Originals::StripLocation => xmp::iptc_tells_location(value),
                // Thumbnails, and whole copies of EXIF and XMP.
                PHOTOSHOP | PHOTOSHOP_LAYERS => true,
                tag => originals == Originals::StripAll && !is_shown(tag),
            }
        };
        let (gone, kept): (Vec<&Entry>, Vec<&Entry>) =
            directory.entries.iter().partition(|entry| goes(entry));
        for entry in gone {
            self.wipe(tiff, entry, depth);
        }
        for entry in &kept {
            self.kept
                .extend((entry.length > 4).then(|| entry.value..entry.value + entry.length));
            if matches!(entry.tag, EXIF_IFD | INTEROP_IFD | SUB_IFDS) {
                self.unclear |= depth == 0;
                tiff.below(entry)
                    .iter()
                    .filter(|_| depth > 0)
                    .for_each(|below| {
                        self.look(tiff, file, below, originals, depth.saturating_sub(1))
                    });
            }
        }
        for (offsets, lengths) in PIXELS {
            let numbers = |tag: u16| {
                directory
                    .entry(tag)
                    .map(|entry| tiff.numbers(entry))
                    .unwrap_or_default()
            };
            let strips = numbers(*offsets).into_iter().zip(numbers(*lengths));
            self.kept
                .extend(strips.map(|(at, length)| {
                    at as usize..(at as usize).saturating_add(length as usize)
                }));
        }
        self.rewrite(tiff, file, directory, &kept);
    }

    /// Whether anything is both wiped and kept.
    fn overlap(&mut self) -> bool {
        self.kept.sort_by_key(|range| range.start);
        // The furthest end of all that begin no later.
        let mut furthest = 0;
        let ends: Vec<usize> = self
            .kept
            .iter()
            .map(|kept| {
                furthest = kept.end.max(furthest);
                furthest
            })
            .collect();
        self.wiped.iter().any(|wiped| {
            let before = self.kept.partition_point(|kept| kept.start < wiped.end);
            before > 0 && ends[before - 1] > wiped.start && !wiped.is_empty()
        })
    }

    /// Blanks a value, and what it points to.
    fn wipe(&mut self, tiff: &Tiff<'_>, entry: &Entry, depth: u8) {
        self.wiped
            .extend((entry.length > 4).then(|| entry.value..entry.value + entry.length));
        if depth > 0 && matches!(entry.tag, GPS_IFD | EXIF_IFD | INTEROP_IFD) {
            for below in tiff.below(entry) {
                let entries = tiff.u16(below.at).map_or(0, usize::from);
                self.wiped
                    .push(below.at..(below.at + 2 + entries * 12).min(tiff.len()));
                below
                    .entries
                    .iter()
                    .for_each(|entry| self.wipe(tiff, entry, depth - 1));
            }
        }
    }

    /// The directory with the kept entries alone; entries that could not be read are not kept.
    fn rewrite(&mut self, tiff: &Tiff<'_>, file: &[u8], directory: &Directory, kept: &[&Entry]) {
        let Some(count) = tiff.u16(directory.at).map(usize::from) else {
            return;
        };
        let old = 2 + count * 12 + 4;
        let number = u16::try_from(kept.len()).unwrap_or(u16::MAX);
        let mut new = if tiff.big_endian() {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
        .to_vec();
        kept.iter()
            .for_each(|entry| new.extend(&file[entry.at..entry.at + 12]));
        new.extend(
            file.get(directory.at + old - 4..directory.at + old)
                .unwrap_or(&[0; 4]),
        );
        new.resize(old, 0);
        if directory.at + old <= file.len() {
            self.directories.push((directory.at, new));
        }
    }
}
