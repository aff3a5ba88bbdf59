//! TIFF files: entries are taken out of their directories where they lie, and whatever no kept
//! entry leads to is blanked; nothing moves.

mod strips;

use self::strips::Strips;
use super::exif::entry_tells;
use super::forms;
use super::icc;
use super::in_place::InPlace;
use super::jpeg::{are_tables_alone, has_metadata, pictures_tell};
use super::policy::Originals;
use super::tags::{self, is_shown};
use super::walk::{Tells, Verdict, Walk};
use crate::container::tiff::{
    Directory, EXIF_IFD, Entry, GPS_IFD, ICC_PROFILE, INTEROP_IFD, MAKER_NOTE, NEW_SUBFILE_TYPE,
    Role, Tiff,
};

/// Where pixels lie: strips, tiles and JPEGs, offsets and byte counts.
const PIXELS: &[(u16, u16)] = &[(273, 279), (324, 325), (tags::JPEG_AT, tags::JPEG_LENGTH)];
const PHOTOMETRIC: u16 = 262;
const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
/// JPEG as Adobe's technical note 2 has it.
const JPEG: u32 = 7;
const SAMPLES_PER_PIXEL: u16 = 277;
const OLD_SUBFILE_TYPE: u16 = 255;
/// What the strips of newer JPEG share.
const JPEG_TABLES: u16 = 347;
/// Tables of TIFF 6.0's JPEG, which have offsets and no lengths.
const OLD_JPEG_TABLES: std::ops::RangeInclusive<u16> = 519..=521;

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    let Some(tiff) = Tiff::new(file).filter(|tiff| tiff.u16(2) == Some(42)) else {
        let tells = forms::unknown(file, &mut walk.budget);
        walk.tell(tells);
        return walk.refuse("it is no TIFF of the common kind");
    };
    let tree = tiff.tree(&mut walk.budget);
    if tree.is_unclear {
        walk.tell(Tells::Place);
        walk.refuse("its directories go in circles, or are too many");
    }
    let mut places = InPlace::default();
    places.frame(0..8.min(file.len()));
    for (role, directory) in &tree.directories {
        for entry in &directory.entries {
            let tells = entry_tells(*role, entry, file, &mut walk.budget);
            walk.tell(tells);
        }
        let stays = match role {
            Role::Main | Role::Sub => true,
            Role::Exif | Role::Interop => walk.originals == Originals::StripLocation,
            Role::Gps => false,
        };
        if stays {
            let mut page = Page {
                tiff: &tiff,
                walk,
                places: &mut places,
            };
            page.look(*role, directory);
        }
    }
    places.end(walk, file.len());
}

/// Words, or bytes without a meaning, where numbers tell how the picture looks.
const fn is_lump(entry: &Entry) -> bool {
    let is_own = matches!(entry.tag, JPEG_TABLES | ICC_PROFILE);
    matches!(entry.kind, 2 | 129) || matches!(entry.kind, 1 | 7) && entry.length > 4 && !is_own
}

/// A sensor's values, before they are a picture (TIFF/EP, DNG).
const fn is_raw(photometric: Option<u32>) -> bool {
    matches!(photometric, Some(32803 | 34892))
}

struct Page<'w, 'a> {
    tiff: &'w Tiff<'a>,
    walk: &'w mut Walk<'a>,
    places: &'w mut InPlace,
}

impl Page<'_, '_> {
    fn look(&mut self, role: Role, directory: &Directory) {
        let number = |tag| directory.number(self.tiff, tag);
        if number(NEW_SUBFILE_TYPE).is_some_and(|kind| kind & 1 == 1) {
            self.walk.refuse("it has a smaller copy of itself inside");
        }
        if is_raw(number(PHOTOMETRIC)) || tags::CAMERAS.iter().any(|tag| number(*tag).is_some()) {
            self.walk
                .refuse("it is a camera's raw file, which only its maker can rewrite");
        }
        // So older files say that a page is a smaller copy, and how thumbnails lie beside strips.
        let has = |tag| directory.entry(tag).is_some();
        let has_strips = has(273) || has(324);
        if has(273) && has(324) {
            self.walk.refuse("its pixels are said to lie in two places");
        }
        if number(OLD_SUBFILE_TYPE) == Some(2)
            || directory.entry(tags::JPEG_AT).is_some() && (has_strips || !self.is_first(directory))
        {
            self.walk.refuse("it has a smaller copy of itself inside");
        }
        let (samples, bits) = (
            number(SAMPLES_PER_PIXEL)
                .or_else(|| directory.entry(BITS_PER_SAMPLE).map(|entry| entry.count))
                .unwrap_or(1),
            number(BITS_PER_SAMPLE).unwrap_or(1),
        );
        let mut kept: Vec<&Entry> = Vec::new();
        for entry in &directory.entries {
            let is_jpeg = number(COMPRESSION) == Some(JPEG);
            let has_words = is_shown(entry.tag)
                && (is_lump(entry)
                    || entry.tag == JPEG_TABLES && !is_jpeg
                    || entry.count > tags::most_numbers(entry.tag, samples, bits));
            if !has_words && !self.goes(role, entry) {
                kept.push(entry);
            }
        }
        for entry in kept.iter().filter(|entry| entry.length > 4) {
            if entry.tag == ICC_PROFILE {
                self.profile(entry);
            } else {
                self.places.keep(entry.value..entry.value + entry.length);
            }
        }
        if matches!(role, Role::Main | Role::Sub) {
            self.pixels(directory);
        }
        self.rewrite(directory, &kept);
    }

    /// A colour profile may get no shorter: zeros follow what is left of it.
    fn profile(&mut self, entry: &Entry) {
        let at = entry.value..entry.value + entry.length;
        let profile = self.walk.file.get(at.clone()).unwrap_or_default();
        let verdict = icc::verdict(profile, self.walk.originals, &mut self.walk.budget);
        match verdict {
            Verdict::Stays => self.places.keep(at),
            Verdict::Becomes(new, tells) if new.len() <= at.len() => {
                let new = icc::filled(new, at.len());
                self.places.write(at, new, tells);
            }
            Verdict::Becomes(_, tells) | Verdict::Goes(tells) => {
                self.walk.tell(tells);
                self.walk
                    .refuse("what stands for its colour profile is more than that");
            }
        }
    }

    fn is_first(&self, directory: &Directory) -> bool {
        self.tiff
            .first()
            .is_some_and(|first| first.at == directory.at)
    }

    fn goes(&mut self, role: Role, entry: &Entry) -> bool {
        match entry.tag {
            GPS_IFD | MAKER_NOTE | tags::PHOTOSHOP | tags::PHOTOSHOP_LAYERS => true,
            tag if tags::GEOTIFF.contains(&tag) => true,
            tag if is_shown(tag) => false,
            _ if self.walk.originals == Originals::StripAll => true,
            EXIF_IFD | INTEROP_IFD => false,
            tag => {
                let known = tags::is_known(tag) || matches!(tag, tags::XMP | tags::IPTC);
                let told = entry_tells(role, entry, self.walk.file, &mut self.walk.budget);
                !known || told != Tells::NoPlace
            }
        }
    }

    /// Strips and tiles stay, wherever they lie.
    fn pixels(&mut self, directory: &Directory) {
        let file = self.walk.file;
        for (at, length) in PIXELS {
            let Some(offsets) = directory.entry(*at) else {
                continue;
            };
            let told = offsets.count as usize;
            let lengths = directory.entry(*length).map(|entry| self.numbers(entry));
            let (offsets, lengths) = (self.numbers(offsets), lengths.unwrap_or_default());
            if offsets.len() != told || lengths.len() != told {
                return self.walk.refuse("its strips have no lengths");
            }
            let strips = Strips::of(self.tiff, directory).filter(|_| *at != tags::JPEG_AT);
            if strips.as_ref().is_some_and(|strips| !strips.are(told)) {
                return self.walk.refuse("it has more strips than pixels");
            }
            for (number, (at, length)) in offsets.into_iter().zip(lengths).enumerate() {
                let end = at.saturating_add(length).min(file.len());
                let strip = file.get(at..end).unwrap_or_default();
                if !self.walk.budget.pays(strip.len()) {
                    return;
                }
                let length = match &strips {
                    Some(strips) => strips.length(number, strip),
                    None => strip.len(),
                };
                self.places.keep(at.min(end)..at.min(end) + length);
                self.jpeg(strip);
            }
        }
        if let Some(tables) = directory.entry(JPEG_TABLES)
            && directory.number(self.tiff, COMPRESSION) == Some(JPEG)
        {
            let at = tables.value..tables.value + tables.length;
            self.tables(file.get(at).unwrap_or_default());
        }
        if directory
            .entries
            .iter()
            .any(|entry| OLD_JPEG_TABLES.contains(&entry.tag))
        {
            self.walk
                .refuse("it is compressed in the way of 1992, whose parts have no lengths");
        }
    }

    /// What strips of JPEG share is tables, and nothing else.
    fn tables(&mut self, tables: &[u8]) {
        self.jpeg(tables);
        if !are_tables_alone(tables) {
            let tells = forms::unknown(tables, &mut self.walk.budget);
            self.walk.tell(tells);
            self.walk
                .refuse("the tables of its strips are more than that");
        }
    }

    /// A strip may be a whole JPEG, with all that one carries.
    fn jpeg(&mut self, strip: &[u8]) {
        if !strip.starts_with(&[0xff, 0xd8]) || !self.walk.budget.pays(strip.len()) {
            return;
        }
        if has_metadata(strip) {
            let tells = pictures_tell(strip, &mut self.walk.budget);
            self.walk.tell(tells);
            self.walk.refuse("its strips have metadata of their own");
        }
    }

    /// All whole numbers of an entry.
    fn numbers(&mut self, entry: &Entry) -> Vec<usize> {
        let tiff = self.tiff;
        if !self.walk.budget.pays(entry.length) {
            return Vec::new();
        }
        let one = |index: usize| match entry.kind {
            3 => tiff.u16(entry.value + index * 2).map(usize::from),
            4 => tiff
                .u32(entry.value + index * 4)
                .map(|number| number as usize),
            _ => None,
        };
        (0..entry.count as usize).map_while(one).collect()
    }

    /// The directory with the kept entries alone; entries that could not be read are not kept.
    fn rewrite(&mut self, directory: &Directory, kept: &[&Entry]) {
        let (tiff, file) = (self.tiff, self.walk.file);
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
        let Some(next) = file.get(directory.at + old - 4..directory.at + old) else {
            return self.walk.refuse("it is cut off");
        };
        new.extend(next);
        new.resize(old, 0);
        self.places
            .write(directory.at..directory.at + old, new, Tells::NoPlace);
    }
}
