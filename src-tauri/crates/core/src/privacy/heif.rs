//! HEIC and AVIF: boxes and items are written over where they lie, so that nothing moves. Of each
//! box stay the fields that its standard gives it; whatever else lies there is nobody's.

mod fields;
mod units;

use std::ops::Range;

use super::exif;
use super::forms;
use super::icc;
use super::in_place::InPlace;
use super::jpeg::{has_metadata, pictures_tell};
use super::policy::Originals;
use super::walk::{Tells, Verdict, Walk};
use crate::container::bmff::{
    Box, Cursor, Item, are_all_read, boxes, inside_meta, items, meta, said_of_places,
};
use crate::metadata::heif_tiff_at;

/// The `uuid` of a box with XMP (XMP specification, part 3, 1.2.7).
const XMP_UUID: &[u8] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
/// A packet that says nothing.
const EMPTY_PACKET: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";
/// Why what is not understood does not simply go: what is told in it may be needed.
const STRANGE: &str = "a part of its description is not as the format has it";
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
    let thumbnails = inside(walk, &mut places);
    for item in &items {
        name(walk, &mut places, item);
        if thumbnails.contains(&item.id) {
            thumbnail(walk, &mut places, item);
        } else {
            content(walk, &mut places, item);
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

/// What a picture's description is made of. Gives the thumbnails' items.
fn inside(walk: &mut Walk<'_>, places: &mut InPlace) -> Vec<u32> {
    let file = walk.file;
    let mut thumbnails = Vec::new();
    let Some(meta) = meta(file) else {
        return thumbnails;
    };
    places.frame(meta.content.start..(meta.content.start + 4).min(meta.content.end));
    for found in inside_meta(file, &meta) {
        match &found.kind {
            b"pitm" => first(walk, places, &found, fields::of_description(&found, file)),
            b"iloc" => first(walk, places, &found, said_of_places(file, &found)),
            // Entries name themselves.
            b"iinf" => places.frame(found.whole.start..first_entry(file, &found)),
            b"grpl" => groups(walk, places, &found),
            b"dinf" => elsewhere(walk, places, &found),
            b"iref" => thumbnails = references(walk, places, &found),
            // A kind, and a name for people.
            b"hdlr" => {
                let at = |from: usize| (found.content.start + from).min(found.content.end);
                places.frame(found.whole.start..at(4));
                places.frame(at(8)..at(12));
                text(walk, places, at(24)..found.content.end);
            }
            b"idat" => places.frame(found.whole.start..found.content.start),
            b"iprp" => properties(walk, places, &found),
            _ => outside(walk, places, &found),
        }
    }
    thumbnails
}

/// The box and so many bytes of its content stay.
fn first(walk: &mut Walk<'_>, places: &mut InPlace, found: &Box, fields: Option<usize>) {
    match fields {
        Some(length) => places.frame(found.whole.start..found.content.start + length),
        None => {
            let content = walk.file.get(found.content.clone()).unwrap_or_default();
            let tells = forms::unknown(content, &mut walk.budget);
            walk.tell(tells);
            walk.refuse(STRANGE);
        }
    }
}

/// Where the first entry of `iinf` begins: behind a version and how many there are.
fn first_entry(file: &[u8], iinf: &Box) -> usize {
    let is_short = file.get(iinf.content.start) == Some(&0);
    iinf.content.start + if is_short { 6 } else { 8 }
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

fn groups(walk: &mut Walk<'_>, places: &mut InPlace, grpl: &Box) {
    places.frame(grpl.whole.start..grpl.content.start);
    for group in boxes(walk.file, grpl.content.clone()) {
        match fields::of_group(&group, walk.file) {
            Some(length) => places.frame(group.whole.start..group.content.start + length),
            None => outside(walk, places, &group),
        }
    }
}

/// Data in this very file need no address.
fn elsewhere(walk: &mut Walk<'_>, places: &mut InPlace, dinf: &Box) {
    places.frame(dinf.whole.start..dinf.content.start);
    for dref in boxes(walk.file, dinf.content.clone()) {
        if &dref.kind != b"dref" {
            outside(walk, places, &dref);
            continue;
        }
        // A version, and how many there are.
        let from = (dref.content.start + 8).min(dref.content.end);
        places.frame(dref.whole.start..from);
        for found in boxes(walk.file, from..dref.content.end) {
            if matches!(&found.kind, b"url " | b"urn ") {
                let flags = (found.content.start + 4).min(found.content.end);
                places.frame(found.whole.start..flags);
            } else {
                outside(walk, places, &found);
            }
        }
    }
}

/// Where an item's references say that it is another's thumbnail, they say nothing any more.
fn references(walk: &mut Walk<'_>, places: &mut InPlace, iref: &Box) -> Vec<u32> {
    let file = walk.file;
    let is_long = file
        .get(iref.content.start)
        .is_some_and(|version| *version > 0);
    let size = if is_long { 4 } else { 2 };
    let from = (iref.content.start + 4).min(iref.content.end);
    places.frame(iref.whole.start..from);
    let mut thumbnails = Vec::new();
    for found in boxes(file, from..iref.content.end) {
        let id = Cursor::new(file, found.content.clone()).take(size);
        if let (b"thmb", Some(id)) = (&found.kind, id.and_then(|id| u32::try_from(id).ok())) {
            thumbnails.push(id);
        }
        // Readers want to see items in it, also where nobody knows what they have to do with each
        // other.
        first(
            walk,
            places,
            &found,
            fields::of_reference(&found, file, size),
        );
        if !fields::is_reference(found.kind) {
            places.write(kind_at(&found), b"free".to_vec(), Tells::NoPlace);
        }
    }
    thumbnails
}

fn kind_at(found: &Box) -> Range<usize> {
    found.whole.start + 4..found.whole.start + 8
}

/// How items look: what is not known becomes empty space, in its place, as items refer to
/// properties by their number.
fn properties(walk: &mut Walk<'_>, places: &mut InPlace, iprp: &Box) {
    let file = walk.file;
    places.frame(iprp.whole.start..iprp.content.start);
    for found in boxes(file, iprp.content.clone()) {
        match &found.kind {
            b"ipma" => first(walk, places, &found, fields::of_description(&found, file)),
            b"ipco" => {
                places.frame(found.whole.start..found.content.start);
                for property in boxes(file, found.content) {
                    one_property(walk, places, &property);
                }
            }
            _ => outside(walk, places, &found),
        }
    }
}

fn one_property(walk: &mut Walk<'_>, places: &mut InPlace, property: &Box) {
    let content = walk.file.get(property.content.clone()).unwrap_or_default();
    let profile = [&b"prof"[..], b"rICC"]
        .iter()
        .filter(|_| &property.kind == b"colr")
        .find_map(|kind| content.strip_prefix(*kind));
    match (profile, fields::of_property(property, walk.file)) {
        (Some(profile), _) => colours(walk, places, property, profile),
        (None, Some(_)) if &property.kind == b"hvcC" => settings(walk, places, property),
        (None, None) if &property.kind == b"auxC" => auxiliary(walk, places, property),
        (None, Some(length)) => {
            places.keep(property.whole.start..property.content.start + length);
        }
        (None, None) if is_needed(property.kind) => first(walk, places, property, None),
        (None, None) => outside(walk, places, property),
    }
}

/// Parameter sets stay; what else stands among them says nothing any more.
fn settings(walk: &Walk<'_>, places: &mut InPlace, property: &Box) {
    let content = walk.file.get(property.content.clone()).unwrap_or_default();
    let Some(units) = units::of_settings(&mut Cursor::new(content, 0..content.len())) else {
        return;
    };
    let end = units.last().map_or(23, |last| last.end);
    places.frame(property.whole.start..property.content.start + end);
    for unit in units {
        if let Some(filling) = units::hevc(&content[unit.clone()]) {
            let at = property.content.start + unit.start..property.content.start + unit.end;
            places.write(at, filling, Tells::Anything);
        }
    }
}

/// What a picture beside the picture is, in words that nobody knows: readers want some.
fn auxiliary(walk: &mut Walk<'_>, places: &mut InPlace, property: &Box) {
    let from = (property.content.start + 4).min(property.content.end);
    let words = from..property.content.end;
    let said = walk.file.get(words.clone()).unwrap_or_default();
    let tells = forms::unknown(said, &mut walk.budget);
    let end = said.iter().position(|byte| *byte == 0);
    let mut new = fields::NO_WORDS.to_vec();
    new.resize(end.unwrap_or(said.len()), b'x');
    new.resize(said.len(), 0);
    places.frame(property.whole.start..from);
    places.write(words, new, tells);
}

/// Whether a picture would be another without it.
const fn is_needed(kind: [u8; 4]) -> bool {
    matches!(
        &kind,
        b"hvcC"
            | b"av1C"
            | b"avcC"
            | b"lhvC"
            | b"uncC"
            | b"cmpd"
            | b"ispe"
            | b"irot"
            | b"imir"
            | b"clap"
    )
}

/// A colour profile may get no shorter: zeros follow what is left of it.
fn colours(walk: &mut Walk<'_>, places: &mut InPlace, property: &Box, profile: &[u8]) {
    let at = property.content.end - profile.len()..property.content.end;
    match icc::verdict(profile, walk.originals, &mut walk.budget) {
        Verdict::Stays => places.keep(property.whole.clone()),
        Verdict::Becomes(new, tells) if new.len() <= profile.len() => {
            places.keep(property.whole.start..at.start);
            places.write(at, icc::filled(new, profile.len()), tells);
        }
        Verdict::Becomes(_, tells) | Verdict::Goes(tells) => {
            walk.tell(tells);
            walk.refuse("what stands for its colour profile is more than that");
        }
    }
}

/// A box that shows nothing becomes empty space, and empty space is emptied.
fn outside(walk: &mut Walk<'_>, places: &mut InPlace, found: &Box) {
    let content = walk.file.get(found.content.clone()).unwrap_or_default();
    let packet = match &found.kind {
        b"xml " => content.get(4..),
        b"uuid" => content.strip_prefix(XMP_UUID),
        _ => None,
    };
    let tells = match packet {
        Some(packet) => match forms::xmp(packet, Originals::StripAll, &mut walk.budget) {
            Verdict::Goes(tells) => tells,
            _ => Tells::Anything,
        },
        None => forms::unknown(content, &mut walk.budget),
    };
    walk.tell(tells);
    places.frame(found.whole.start..found.content.start);
    places.write(kind_at(found), b"free".to_vec(), tells);
    if content.iter().any(|byte| *byte != 0) {
        places.write(found.content.clone(), vec![0; content.len()], tells);
    } else {
        places.frame(found.content.clone());
    }
}

/// What it is stays, and what it is called, if that says nothing; an address of its kind does not.
fn name(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item) {
    places.frame(item.entry..item.name.start);
    text(walk, places, item.name.clone());
    if walk.file.get(item.media_type.clone()) == Some(PACKET_TYPE) {
        places.frame(item.media_type.clone());
    }
}

/// Words in a place that may not get shorter.
fn text(walk: &mut Walk<'_>, places: &mut InPlace, at: Range<usize>) {
    places.frame(at.clone());
    let said = walk.file.get(at.clone()).unwrap_or_default();
    let blank: Vec<u8> = said
        .iter()
        .map(|byte| if *byte == 0 { 0 } else { b' ' })
        .collect();
    if said == blank {
        return;
    }
    if let Verdict::Goes(tells) = forms::text(said, walk.originals, &mut walk.budget) {
        places.write(at, blank, tells);
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

fn content(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item) {
    if &item.kind == b"jpeg" {
        let content = joined(walk.file, item);
        if !walk.budget.pays(content.len()) || has_metadata(&content) {
            let tells = pictures_tell(&content, &mut walk.budget);
            walk.tell(tells);
            walk.refuse("a picture in it has metadata of its own");
        }
    }
    if is_picture(item) {
        return picture(walk, places, item);
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
fn picture(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item) {
    let length: usize = item.extents.iter().map(ExactSizeIterator::len).sum();
    let is_derived = matches!(&item.kind, b"grid" | b"iovl" | b"iden" | b"tmap");
    if is_derived && length > LONGEST_DERIVED {
        walk.refuse(STRANGE);
    }
    let new = match &item.kind {
        b"hvc1" => lengths_of_units(walk.file)
            .and_then(|size| units::hevc_picture(&joined(walk.file, item), size)),
        b"av01" => units::av1_picture(&joined(walk.file, item)),
        _ => None,
    };
    match new {
        Some(new) => scatter(places, item, &new, Tells::Anything),
        None => item.extents.iter().for_each(|at| places.keep(at.clone())),
    }
}

/// In how many bytes units of HEVC tell their lengths: nearly always four.
fn lengths_of_units(file: &[u8]) -> Option<usize> {
    let meta = meta(file)?;
    let of_kind =
        |within: Vec<Box>, kind: &[u8; 4]| within.into_iter().find(|found| &found.kind == kind);
    let iprp = of_kind(inside_meta(file, &meta), b"iprp")?;
    let ipco = of_kind(boxes(file, iprp.content), b"ipco")?;
    let settings = of_kind(boxes(file, ipco.content), b"hvcC")?;
    let last = file.get(settings.content)?.get(21)?;
    Some(usize::from(last & 3) + 1)
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
        b"hvc1"
            | b"av01"
            | b"avc1"
            | b"jpeg"
            | b"grid"
            | b"iovl"
            | b"iden"
            | b"tmap"
            | b"lhv1"
            | b"hvt1"
            | b"unci"
    )
}
