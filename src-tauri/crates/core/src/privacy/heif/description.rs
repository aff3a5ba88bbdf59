//! What a picture's file is made of: which items there are, where they lie, what they have to do
//! with each other.

use std::collections::HashSet;

use super::super::in_place::InPlace;
use super::super::walk::{Tells, Walk};
use super::parts::{STRANGE, first, kind_at, outside, text};
use super::{fields, properties};
use crate::container::bmff::{Box, Cursor, boxes, inside_meta, meta, said_of_places};

/// What a picture's description is made of. Gives the thumbnails' items.
pub(super) fn inside(
    walk: &mut Walk<'_>,
    places: &mut InPlace,
    items: &HashSet<u64>,
) -> HashSet<u32> {
    let file = walk.file;
    let mut thumbnails = HashSet::new();
    let Some(meta) = meta(file) else {
        return thumbnails;
    };
    places.frame(meta.content.start..(meta.content.start + 4).min(meta.content.end));
    for found in inside_meta(file, &meta) {
        match &found.kind {
            b"pitm" => first(walk, places, &found, fields::of_description(&found, file)),
            b"iloc" => {
                if has_numbers_of_extents(file, &found) {
                    walk.refuse(STRANGE);
                }
                first(walk, places, &found, said_of_places(file, &found));
            }
            // Entries name themselves.
            b"iinf" => places.frame(found.whole.start..first_entry(file, &found)),
            b"grpl" => groups(walk, places, &found, items),
            b"dinf" => elsewhere(walk, places, &found),
            b"iref" => thumbnails = references(walk, places, &found, items),
            // A kind, and a name for people.
            b"hdlr" => {
                let at = |from: usize| (found.content.start + from).min(found.content.end);
                places.frame(found.whole.start..at(4));
                places.frame(at(8)..at(12));
                text(walk, places, at(24)..found.content.end);
            }
            b"idat" => places.frame(found.whole.start..found.content.start),
            b"iprp" => properties::properties(walk, places, &found, items),
            _ => outside(walk, places, &found),
        }
    }
    thumbnails
}

/// Whether extents have numbers of their own, which only items made of other items need.
fn has_numbers_of_extents(file: &[u8], iloc: &Box) -> bool {
    let content = file.get(iloc.content.clone()).unwrap_or_default();
    matches!(content, [version, _, _, _, _, sizes, ..] if *version > 0 && sizes & 15 != 0)
}

/// Where the first entry of `iinf` begins: behind a version and how many there are.
fn first_entry(file: &[u8], iinf: &Box) -> usize {
    let is_short = file.get(iinf.content.start) == Some(&0);
    iinf.content.start + if is_short { 6 } else { 8 }
}

fn groups(walk: &mut Walk<'_>, places: &mut InPlace, grpl: &Box, items: &HashSet<u64>) {
    places.frame(grpl.whole.start..grpl.content.start);
    for group in boxes(walk.file, grpl.content.clone()) {
        match fields::of_group(&group, walk.file, items) {
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
fn references(
    walk: &mut Walk<'_>,
    places: &mut InPlace,
    iref: &Box,
    items: &HashSet<u64>,
) -> HashSet<u32> {
    let file = walk.file;
    let is_long = file
        .get(iref.content.start)
        .is_some_and(|version| *version > 0);
    let size = if is_long { 4 } else { 2 };
    let from = (iref.content.start + 4).min(iref.content.end);
    places.frame(iref.whole.start..from);
    let mut thumbnails = HashSet::new();
    for found in boxes(file, from..iref.content.end) {
        let id = Cursor::new(file, found.content.clone()).take(size);
        if let (b"thmb", Some(id)) = (&found.kind, id.and_then(|id| u32::try_from(id).ok())) {
            thumbnails.insert(id);
        }
        // Readers want to see items in it, also where nobody knows what they have to do with each
        // other.
        first(
            walk,
            places,
            &found,
            fields::of_reference(&found, file, size, items),
        );
        if !fields::is_reference(found.kind) {
            places.write(kind_at(&found), b"free".to_vec(), Tells::NoPlace);
        }
    }
    thumbnails
}
