//! HEIC and AVIF: boxes and items are written over where they lie, so that nothing moves. Of each
//! box stay the fields that its standard gives it; whatever else lies there is nobody's.

mod description;
mod fields;
mod parts;
mod properties;
mod units;

use std::collections::HashSet;

use self::parts::{STRANGE, outside, text};
use super::exif;
use super::forms;
use super::in_place::InPlace;
use super::jpeg::{has_metadata, pictures_tell};
use super::walk::{Tells, Verdict, Walk};
use crate::container::bmff::{Box, Cursor, Item, are_all_read, boxes, inside_meta, items, meta};
use crate::metadata::heif_tiff_at;

/// A packet that says nothing.
const EMPTY_PACKET: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";
/// The media type of XMP.
const PACKET_TYPE: &[u8] = b"application/rdf+xml";
/// More than a picture that is put together of others has to say: a grid a few numbers, an overlay
/// two for each picture, a gain map some dozens.
const LONGEST_DERIVED: usize = 512;
/// EXIF that says nothing.
const EMPTY: &[u8] = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0";

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    let whole = boxes(file, 0..file.len());
    let items = items(file);
    let metas = whole.iter().filter(|found| &found.kind == b"meta").count();
    if items.is_empty() || metas != 1 || !is_told_once(file) {
        walk.tell(Tells::Place);
        walk.refuse("its items cannot be told apart");
    }
    let end = whole.last().map_or(0, |last| last.whole.end);
    let is_cut = |item: &Item| {
        item.extents.is_empty() && is_picture(item) || item.extents.iter().any(|at| at.end > end)
    };
    if items.iter().any(is_cut) {
        walk.refuse("it is cut off");
    }
    let mut places = InPlace::default();
    let ids = items.iter().map(|item| u64::from(item.id)).collect();
    let thumbnails = description::inside(walk, &mut places, &ids);
    let settings = Settings::of(file);
    if settings.are_at_odds {
        walk.refuse(STRANGE);
    }
    for item in &items {
        name(walk, &mut places, item);
        if thumbnails.contains(&item.id) {
            thumbnail(walk, &mut places, item);
        } else {
            content(walk, &mut places, item, &settings);
        }
    }
    for found in whole {
        match &found.kind {
            b"ftyp" => brands(walk, &mut places, &found),
            // What of it no item refers to is nobody's.
            b"mdat" | b"idat" | b"meta" => places.frame(found.whole.start..found.content.start),
            b"moov" | b"moof" => {
                walk.refuse("it has a film in it");
                outside(walk, &mut places, &found);
            }
            _ => outside(walk, &mut places, &found),
        }
    }
    places.end(walk, end);
}

/// Four letters that name no kind of file are words; the first kind takes their place.
fn brands(walk: &mut Walk<'_>, places: &mut InPlace, ftyp: &Box) {
    places.frame(ftyp.whole.clone());
    let file = walk.file;
    let foreign = fields::foreign_brands(ftyp, file);
    let (version, first) = (ftyp.content.start + 4, ftyp.content.start);
    for at in foreign {
        let new = match file.get(first..version) {
            Some(kind) if at.start > version => kind.to_vec(),
            _ if at.start == version => vec![0; 4],
            // What it is itself is asked elsewhere.
            _ => continue,
        };
        if at.end > ftyp.content.end {
            return walk.refuse(STRANGE);
        }
        places.write(at, new, Tells::Anything);
    }
}

/// Whether everything is said once: readers differ in what they take of what is said twice.
fn is_told_once(file: &[u8]) -> bool {
    let Some(meta) = meta(file) else {
        return false;
    };
    let inside = inside_meta(file, &meta);
    let kinds: [&[u8; 4]; 6] = [b"iinf", b"iloc", b"iref", b"iprp", b"pitm", b"idat"];
    let twice = |kind: &[u8; 4]| inside.iter().filter(|found| found.kind == *kind).count() > 1;
    !kinds.into_iter().any(twice) && are_all_read(file)
}

/// What it is stays, and what it is called, if that says nothing; an address of its kind does not.
fn name(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item) {
    places.frame(item.entry..item.name.start);
    text(walk, places, item.name.clone());
    if walk.file.get(item.media_type.clone()) == Some(PACKET_TYPE) {
        places.frame(item.media_type.clone());
    }
}

/// It is hidden, and holds nothing.
fn thumbnail(walk: &Walk<'_>, places: &mut InPlace, item: &Item) {
    let last = item.flags.end.saturating_sub(1)..item.flags.end;
    if let Some([flags]) = walk.file.get(last.clone()) {
        places.write(last, vec![flags | 1], Tells::NoPlace);
    }
    for at in &item.extents {
        places.write(at.clone(), vec![0; at.len()], Tells::NoPlace);
    }
}

fn content(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item, settings: &Settings) {
    if &item.kind == b"jpeg" {
        let content = joined(walk.file, item);
        if !walk.budget.pays(content.len()) || has_metadata(&content) {
            let tells = pictures_tell(&content, &mut walk.budget);
            walk.tell(tells);
            walk.refuse("a picture in it has metadata of its own");
        }
    }
    if matches!(&item.kind, b"avc1" | b"lhv1" | b"hvt1" | b"unci") {
        let tells = forms::unknown(&joined(walk.file, item), &mut walk.budget);
        walk.tell(tells);
        walk.refuse("a picture in it is coded in a way that nobody here can look into");
    }
    if is_picture(item) {
        return picture(walk, places, item, settings);
    }
    if item.extents.is_empty() {
        walk.tell(Tells::Place);
        return walk.refuse("it keeps metadata in a place that cannot be found");
    }
    let content = joined(walk.file, item);
    match &item.kind {
        b"Exif" => {
            let (new, tells) = exif(&content, walk);
            scatter(places, item, &new, tells);
        }
        b"mime" if content.trim_ascii().is_empty() => {
            item.extents.iter().for_each(|at| places.keep(at.clone()));
        }
        b"mime" => {
            let is_packet = walk.file.get(item.media_type.clone()) == Some(PACKET_TYPE)
                && content.trim_ascii_start().starts_with(b"<");
            match forms::xmp(&content, walk.originals, &mut walk.budget) {
                Verdict::Stays if is_packet => {
                    item.extents.iter().for_each(|at| places.keep(at.clone()));
                }
                // Compressed or unknown: nobody knows what it tells.
                Verdict::Stays => scatter(places, item, &empty(&content), Tells::Place),
                Verdict::Goes(tells) | Verdict::Becomes(_, tells) => {
                    let tells = if is_packet { tells } else { Tells::Place };
                    scatter(places, item, &empty(&content), tells);
                }
            }
        }
        _ => {
            let tells = forms::unknown(&content, &mut walk.budget);
            scatter(places, item, &vec![0; content.len()], tells);
        }
    }
}

/// Coded pictures, and how others are put together of them.
fn picture(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item, settings: &Settings) {
    let content = joined(walk.file, item);
    let is_sound = match &item.kind {
        b"grid" => content.len() == if content.get(1) == Some(&1) { 12 } else { 8 },
        b"iden" => content.is_empty(),
        b"iovl" | b"tmap" => content.len() <= LONGEST_DERIVED,
        b"jpeg" => content.starts_with(&[0xff, 0xd8]) && content.ends_with(&[0xff, 0xd9]),
        _ => true,
    };
    let new = match &item.kind {
        // What is left of a thumbnail.
        _ if content.iter().all(|byte| *byte == 0) => Some(content),
        b"hvc1" => units::hevc_picture(&content, settings.size, &settings.sets),
        b"av01" => units::av1_picture(&content),
        _ => is_sound.then_some(content),
    };
    match new {
        // Items may share their pixels.
        Some(new) if new == joined(walk.file, item) => {
            item.extents.iter().for_each(|at| places.keep(at.clone()));
        }
        Some(new) => scatter(places, item, &new, Tells::Anything),
        None => {
            let tells = forms::unknown(&joined(walk.file, item), &mut walk.budget);
            walk.tell(tells);
            walk.refuse(STRANGE);
        }
    }
}

/// What decoders of HEVC are set to.
struct Settings {
    /// In how many bytes units tell their lengths: nearly always four.
    size: usize,
    /// Units that are not said again in a picture, unless in the very same words.
    sets: HashSet<Vec<u8>>,
    /// Not all of them say the same.
    are_at_odds: bool,
}

impl Settings {
    fn of(file: &[u8]) -> Self {
        let mut settings = Self {
            size: 4,
            sets: HashSet::new(),
            are_at_odds: false,
        };
        let of_kind =
            |within: Vec<Box>, kind: &[u8; 4]| within.into_iter().find(|found| &found.kind == kind);
        let properties = meta(file)
            .and_then(|meta| of_kind(inside_meta(file, &meta), b"iprp"))
            .and_then(|iprp| of_kind(boxes(file, iprp.content), b"ipco"))
            .map_or_else(Vec::new, |ipco| boxes(file, ipco.content));
        let mut sizes = HashSet::new();
        for found in properties.iter().filter(|found| &found.kind == b"hvcC") {
            let content = file.get(found.content.clone()).unwrap_or_default();
            let units = units::of_settings(&mut Cursor::new(content, 0..content.len()));
            if let (Some(units), Some(last)) = (units, content.get(21)) {
                sizes.insert(usize::from(last & 3) + 1);
                let sets = units.into_iter().filter_map(|at| content.get(at));
                settings.sets.extend(sets.map(<[u8]>::to_vec));
            }
        }
        settings.are_at_odds = sizes.len() > 1;
        settings.size = sizes.into_iter().next().unwrap_or(4);
        settings
    }
}

/// What stands in a packet's place.
fn empty(content: &[u8]) -> Vec<u8> {
    let mut new = EMPTY_PACKET.to_vec();
    if new.len() > content.len() {
        new.clear();
    }
    new.resize(content.len(), b' ');
    new
}

/// EXIF without what goes, filled up to its old length.
fn exif(content: &[u8], walk: &mut Walk<'_>) -> (Vec<u8>, Tells) {
    let at = heif_tiff_at(content).unwrap_or_default();
    let block = &content[at..];
    let verdict = exif::verdict(block, walk.originals, &mut walk.budget);
    let (mut new, tells) = match verdict {
        Verdict::Stays => ([&EMPTY[..4], block].concat(), Tells::NoPlace),
        Verdict::Becomes(new, tells) => ([&EMPTY[..4], &new].concat(), tells),
        Verdict::Goes(tells) => (EMPTY.to_vec(), tells),
    };
    if new.len() > content.len() {
        new = vec![0; content.len()];
    }
    new.resize(content.len(), 0);
    (new, tells)
}

fn joined(file: &[u8], item: &Item) -> Vec<u8> {
    let parts = item.extents.iter().filter_map(|at| file.get(at.clone()));
    parts.flatten().copied().collect()
}

/// New content in the places of the old.
fn scatter(places: &mut InPlace, item: &Item, new: &[u8], tells: Tells) {
    let mut rest = new;
    for at in &item.extents {
        let (now, later) = rest.split_at(at.len().min(rest.len()));
        places.write(at.clone(), now.to_vec(), tells);
        rest = later;
    }
}

/// Coded pictures, and the ways pictures are derived from others (ISO/IEC 23008-12, MIAF, AV1, ISO
/// 21496-1).
fn is_picture(item: &Item) -> bool {
    matches!(
        &item.kind,
        b"hvc1" | b"av01" | b"jpeg" | b"grid" | b"iovl" | b"iden" | b"tmap"
    )
}
