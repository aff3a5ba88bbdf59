//! How items look: sizes, colours, decoders' settings.

use std::collections::HashSet;

use super::super::forms;
use super::super::icc;
use super::super::in_place::InPlace;
use super::super::walk::{Tells, Verdict, Walk};
use super::parts::{STRANGE, first, outside};
use super::{fields, units};
use crate::container::bmff::{Box, Cursor, boxes};

/// How items look: what is not known becomes empty space, in its place, as items refer to
/// properties by their number.
pub(super) fn properties(
    walk: &mut Walk<'_>,
    places: &mut InPlace,
    iprp: &Box,
    items: &HashSet<u64>,
) {
    let file = walk.file;
    places.frame(iprp.whole.start..iprp.content.start);
    let inside = boxes(file, iprp.content.clone());
    let mut used = HashSet::new();
    for found in inside.iter().filter(|found| &found.kind == b"ipma") {
        let said = fields::associated(found, file).unwrap_or_default();
        if !said.items.is_subset(items) {
            walk.refuse(STRANGE);
        }
        used.extend(said.properties);
    }
    for found in inside {
        match &found.kind {
            b"ipma" => first(walk, places, &found, fields::of_description(&found, file)),
            b"ipco" => {
                places.frame(found.whole.start..found.content.start);
                let properties = boxes(file, found.content);
                if used.iter().any(|number| *number > properties.len()) {
                    walk.refuse(STRANGE);
                }
                for (number, property) in (1..).zip(&properties) {
                    match used.contains(&number) {
                        true => one_property(walk, places, property),
                        // What no item has shows nothing.
                        false => outside(walk, places, property),
                    }
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
        if let Some(filling) = units::hevc(&content[unit.clone()], |_| true) {
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
