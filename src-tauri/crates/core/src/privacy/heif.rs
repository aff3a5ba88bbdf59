//! HEIC and AVIF: boxes and items are written over where they lie, so that nothing moves.

use std::ops::Range;

use super::exif;
use super::forms;
use super::icc;
use super::in_place::InPlace;
use super::jpeg::{has_metadata, pictures_tell};
use super::policy::Originals;
use super::walk::{Tells, Verdict, Walk};
use crate::container::bmff::{Box, Item, are_all_read, boxes, inside_meta, items, meta};
use crate::metadata::heif_tiff_at;

/// The `uuid` of a box with XMP (XMP specification, part 3, 1.2.7).
const XMP_UUID: &[u8] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
/// A packet that says nothing.
const EMPTY_PACKET: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";
/// Why what is longer than it may be is not cut: nothing may move.
const LONGER: &str = "a part of it is longer than what it has to say";
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
            b"ftyp" => places.frame(found.whole),
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
            b"pitm" if found.content.len() > 8 => walk.refuse(LONGER),
            b"grpl" if !are_groups(file, &found) => walk.refuse(LONGER),
            b"pitm" | b"iloc" | b"iinf" | b"grpl" => places.frame(found.whole),
            b"dinf" => elsewhere(walk, places, &found),
            b"iref" => {
                thumbnails = references(file, places, &found);
                places.frame(found.whole);
            }
            // Whose name is for people.
            b"hdlr" => {
                let name = (found.content.start + 24).min(found.content.end)..found.content.end;
                text(walk, places, name);
                places.frame(found.whole);
            }
            b"idat" => places.frame(found.whole.start..found.content.start),
            b"iprp" => properties(walk, places, &found),
            _ => outside(walk, places, &found),
        }
    }
    thumbnails
}

/// Data in this very file need no address.
fn elsewhere(walk: &mut Walk<'_>, places: &mut InPlace, dinf: &Box) {
    places.frame(dinf.whole.clone());
    for dref in boxes(walk.file, dinf.content.clone()) {
        // A version, and how many there are.
        let from = (dref.content.start + 8).min(dref.content.end);
        for found in boxes(walk.file, from..dref.content.end) {
            let address = (found.content.start + 4).min(found.content.end)..found.content.end;
            let said = walk.file.get(address.clone()).unwrap_or_default();
            if said.iter().any(|byte| *byte != 0) {
                let tells = forms::unknown(said, &mut walk.budget);
                walk.tell(tells);
                places.write(address, vec![0; said.len()], tells);
            }
        }
    }
}

/// Where an item's references say that it is another's thumbnail, they say nothing any more.
fn references(file: &[u8], places: &mut InPlace, iref: &Box) -> Vec<u32> {
    let is_long = file
        .get(iref.content.start)
        .is_some_and(|version| *version > 0);
    let from = (iref.content.start + 4).min(iref.content.end);
    let mut thumbnails = Vec::new();
    for found in boxes(file, from..iref.content.end) {
        let id = file.get(found.content.clone()).and_then(|content| {
            if is_long {
                content.first_chunk().map(|id| u32::from_be_bytes(*id))
            } else {
                content
                    .first_chunk()
                    .map(|id| u32::from(u16::from_be_bytes(*id)))
            }
        });
        if let (b"thmb", Some(id)) = (&found.kind, id) {
            thumbnails.push(id);
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
            b"ipma" => places.frame(found.whole),
            b"ipco" => {
                places.frame(found.whole.start..found.content.start);
                for property in boxes(file, found.content) {
                    if &property.kind == b"colr" {
                        colours(walk, places, &property);
                    } else if is_property(property.kind) {
                        if property.content.len() > longest(&property, file) {
                            let content = file.get(property.content.clone()).unwrap_or_default();
                            let tells = forms::unknown(content, &mut walk.budget);
                            walk.tell(tells);
                            walk.refuse(LONGER);
                        }
                        places.keep(property.whole);
                    } else {
                        outside(walk, places, &property);
                    }
                }
            }
            _ => outside(walk, places, &found),
        }
    }
}

/// A colour profile may get no shorter: zeros follow what is left of it.
fn colours(walk: &mut Walk<'_>, places: &mut InPlace, property: &Box) {
    let content = walk.file.get(property.content.clone()).unwrap_or_default();
    let Some(profile) = [&b"prof"[..], b"rICC"]
        .iter()
        .find_map(|kind| content.strip_prefix(*kind))
    else {
        return places.keep(property.whole.clone());
    };
    let at = property.content.end - profile.len()..property.content.end;
    match icc::verdict(profile, walk.originals, &mut walk.budget) {
        Verdict::Stays => places.keep(property.whole.clone()),
        Verdict::Becomes(mut new, tells) if new.len() <= profile.len() => {
            new.resize(profile.len(), 0);
            places.keep(property.whole.start..at.start);
            places.write(at, new, tells);
        }
        Verdict::Becomes(_, tells) | Verdict::Goes(tells) => {
            walk.tell(tells);
            walk.refuse("what stands for its colour profile is more than that");
        }
    }
}

/// Sizes, colours, decoders' settings, turns and cuts (ISO/IEC 23008-12, MIAF, AV1-ISOBMFF).
fn is_property(kind: [u8; 4]) -> bool {
    const KNOWN: &[&[u8; 4]] = &[
        b"ispe", b"pixi", b"colr", b"hvcC", b"av1C", b"avcC", b"lhvC", b"auxC", b"irot", b"imir",
        b"clap", b"pasp", b"rloc", b"lsel", b"a1op", b"a1lx", b"clli", b"mdcv", b"cclv", b"amve",
        b"rref", b"oinf", b"tols", b"cmpd", b"uncC",
    ];
    KNOWN.contains(&&kind)
}

/// Bytes of what a property can say.
fn longest(property: &Box, file: &[u8]) -> usize {
    match &property.kind {
        b"irot" | b"imir" | b"a1op" => 1,
        b"clli" => 4,
        b"pasp" => 8,
        b"ispe" | b"rloc" => 12,
        b"mdcv" => 24,
        b"clap" => 32,
        // A name, and settings for it.
        b"auxC" => {
            let content = file.get(property.content.clone()).unwrap_or_default();
            let name = content.iter().skip(4).position(|byte| *byte == 0);
            4 + name.unwrap_or_default() + 1 + 16
        }
        _ => usize::MAX,
    }
}

/// Whether groups of items are numbers, and nothing else.
fn are_groups(file: &[u8], grpl: &Box) -> bool {
    boxes(file, grpl.content.clone()).iter().all(|group| {
        let content = file.get(group.content.clone()).unwrap_or_default();
        let count = content.get(8..12).and_then(|count| count.first_chunk());
        count.is_some_and(|count| content.len() == 12 + 4 * u32::from_be_bytes(*count) as usize)
    })
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

fn name(walk: &mut Walk<'_>, places: &mut InPlace, item: &Item) {
    text(walk, places, item.name.clone());
}

/// Words in a place that may not get shorter.
fn text(walk: &mut Walk<'_>, places: &mut InPlace, at: Range<usize>) {
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
        return item.extents.iter().for_each(|at| places.keep(at.clone()));
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
            let is_packet = item.content_type == b"application/rdf+xml"
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
