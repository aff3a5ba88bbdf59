//! EXIF: written anew from the parts that may stay, so that nothing unreferenced survives.

use std::collections::HashSet;

use super::forms;
use super::place::{in_bytes, in_iptc, in_text};
use super::policy::Originals;
use super::tags::{self, is_shown};
use super::walk::{Tells, Verdict};
use crate::container::budget::Budget;
use crate::container::jpeg;
use crate::container::tiff::{
    Directory, EXIF_IFD, Entry, GPS_IFD, ICC_PROFILE, INTEROP_IFD, MAKER_NOTE, ORIENTATION, Role,
    SUB_IFDS, Tiff, Tree,
};

/// What becomes of a block.
pub(super) fn verdict(block: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    // Some writers put the name that JPEG has in front of it in front of it everywhere.
    if let Some(inner) = block.strip_prefix(jpeg::EXIF) {
        return match verdict(inner, originals, budget) {
            Verdict::Stays => Verdict::Becomes(inner.to_vec(), Tells::NoPlace),
            other => other,
        };
    }
    let Some(tiff) = Tiff::new(block) else {
        // What cannot be read may tell.
        let is_blank = block.iter().all(|byte| *byte == 0);
        return Verdict::Goes(Tells::place_if(!is_blank, Tells::NoPlace));
    };
    let tree = tiff.tree(budget);
    let tells = tells(&tiff, block, &tree, budget);
    let mut writer = Writer {
        tiff,
        block,
        tree: &tree,
        originals,
        budget,
    };
    match writer.written() {
        Some(new) if new == block => Verdict::Stays,
        Some(new) => Verdict::Becomes(new, tells),
        None => Verdict::Goes(tells),
    }
}

/// What all its directories tell.
fn tells(tiff: &Tiff<'_>, block: &[u8], tree: &Tree, budget: &mut Budget) -> Tells {
    let mut told = Tells::place_if(tree.is_unclear, Tells::NoPlace);
    for (role, directory) in &tree.directories {
        for entry in &directory.entries {
            told = told.max(entry_tells(*role, entry, block, budget));
        }
        told = told.max(thumbnail_tells(tiff, block, directory, budget));
    }
    told
}

/// What one entry tells.
pub(super) fn entry_tells(role: Role, entry: &Entry, block: &[u8], budget: &mut Budget) -> Tells {
    let value = value(block, entry);
    // Some programs blank a value and leave the entry.
    let affordable = &value[..value.len().min(budget.left())];
    let said = affordable.iter().position(|byte| !matches!(byte, 0 | b' '));
    if budget.is_spent() || !budget.pays(said.unwrap_or(value.len())) {
        return Tells::Place;
    }
    match entry.tag {
        _ if said.is_none() => Tells::NoPlace,
        tag if role == Role::Gps => {
            Tells::place_if(!tags::PLACELESS.contains(&tag), Tells::NoPlace)
        }
        // What they point to is looked at itself.
        EXIF_IFD | GPS_IFD | INTEROP_IFD | SUB_IFDS => Tells::NoPlace,
        tag if tags::GEOTIFF.contains(&tag) => Tells::Place,
        tags::XMP => match forms::xmp(value, Originals::StripLocation, budget) {
            Verdict::Goes(tells) => tells,
            _ => Tells::NoPlace,
        },
        tags::IPTC => Tells::place_if(in_iptc(value, budget), Tells::NoPlace),
        tags::PHOTOSHOP | tags::PHOTOSHOP_LAYERS => forms::photoshop(value, budget),
        MAKER_NOTE => {
            let is_place = in_bytes(value, budget) || is_placed_by_maker(block, entry);
            Tells::place_if(is_place, Tells::Anything)
        }
        // Numbers tell how the picture looks; words and lumps have no business there.
        tag if is_shown(tag) && !matches!(entry.kind, 2 | 129) => {
            let is_lump = matches!(entry.kind, 1 | 7) && tag != ICC_PROFILE && value.len() > 64;
            Tells::place_if(is_lump && in_bytes(value, budget), Tells::NoPlace)
        }
        tag => {
            // Bytes that are no words are full of chance ones.
            let are_words = is_printable(value);
            let is_place = match entry.kind {
                2 | 129 => in_text(value, budget),
                1 | 7 if are_words => in_text(value, budget),
                1 | 7 => in_bytes(value, budget),
                _ => false,
            };
            let known = tags::is_known(tag);
            Tells::place_if(
                is_place,
                if known {
                    Tells::NoPlace
                } else {
                    Tells::Anything
                },
            )
        }
    }
}

/// Panasonic's cameras note country, state, city and landmark in words.
fn is_placed_by_maker(block: &[u8], note: &Entry) -> bool {
    const HEAD: &[u8] = b"Panasonic\0\0\0";
    const PLACES: &[u16] = &[0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x80];
    if !value(block, note).starts_with(HEAD) {
        return false;
    }
    let directory = Tiff::new(block).and_then(|tiff| tiff.directory(note.value + HEAD.len()));
    let says = |entry: &Entry| value(block, entry).iter().any(u8::is_ascii_alphanumeric);
    directory.is_some_and(|directory| {
        let mut entries = directory.entries.iter();
        entries.any(|entry| PLACES.contains(&entry.tag) && says(entry))
    })
}

/// Whether most of it can be read by people; in UTF-16 every other byte is zero.
fn is_printable(value: &[u8]) -> bool {
    let odd = value
        .iter()
        .filter(|byte| byte.is_ascii_control() && !matches!(byte, 0 | b'\t' | b'\n' | b'\r'));
    odd.count() * 16 <= value.len()
}

/// Whether a GPS directory holds more than version and time.
pub(super) fn is_placed(gps: &Directory, block: &[u8]) -> bool {
    let mut budget = Budget::of(block);
    gps.entries
        .iter()
        .any(|entry| entry_tells(Role::Gps, entry, block, &mut budget) == Tells::Place)
}

/// A smaller picture inside has metadata of its own.
fn thumbnail_tells(
    tiff: &Tiff<'_>,
    block: &[u8],
    directory: &Directory,
    budget: &mut Budget,
) -> Tells {
    let number = |tag| directory.number(tiff, tag).map(|number| number as usize);
    let thumbnail = number(tags::JPEG_AT)
        .zip(number(tags::JPEG_LENGTH))
        .and_then(|(at, length)| block.get(at..at.checked_add(length)?))
        .filter(|inner| budget.pays(inner.len()));
    thumbnail
        .and_then(jpeg::exif)
        .and_then(Tiff::new)
        .map_or(Tells::NoPlace, |inner| {
            let has_gps = inner
                .first()
                .is_some_and(|main| main.entry(GPS_IFD).is_some());
            Tells::place_if(has_gps || budget.is_spent(), Tells::NoPlace)
        })
}

pub(super) fn value<'a>(block: &'a [u8], entry: &Entry) -> &'a [u8] {
    block
        .get(entry.value..entry.value + entry.length)
        .unwrap_or_default()
}

struct Writer<'a> {
    tiff: Tiff<'a>,
    block: &'a [u8],
    tree: &'a Tree,
    originals: Originals,
    budget: &'a mut Budget,
}

impl Writer<'_> {
    /// A new structure with what stays of the main directory, and of those of EXIF and
    /// interoperability below it; nothing if nothing is left to say. The thumbnail's directory is
    /// left behind.
    fn written(&mut self) -> Option<Vec<u8>> {
        let main = self.tree.main().next()?;
        if self.originals == Originals::StripAll {
            main.number(&self.tiff, ORIENTATION)
                .filter(|value| (2..=8).contains(value))?;
        }
        let mut out = if self.tiff.big_endian() {
            b"MM\0*\0\0\0\x08".to_vec()
        } else {
            b"II*\0\x08\0\0\0".to_vec()
        };
        self.directory(&mut out, main, Role::Main)?;
        Some(out)
    }

    /// Whether an entry stays. EXIF's directory hangs at the main one, interoperability's at EXIF's;
    /// no others do.
    fn stays(&mut self, entry: &Entry, role: Role) -> bool {
        if self.originals == Originals::StripAll {
            return entry.tag == ORIENTATION && entry.length <= 4;
        }
        match entry.tag {
            // One number; others hide behind it.
            ORIENTATION if entry.length > 4 => false,
            // A link into nothing is dropped with what it promised.
            EXIF_IFD | INTEROP_IFD => self.linked(entry, role).is_some(),
            tag => {
                tags::is_known(tag)
                    && entry_tells(role, entry, self.block, self.budget) == Tells::NoPlace
            }
        }
    }

    fn linked(&self, entry: &Entry, role: Role) -> Option<&Directory> {
        let wanted = match (entry.tag, role) {
            (EXIF_IFD, Role::Main) => Role::Exif,
            (INTEROP_IFD, Role::Exif) => Role::Interop,
            _ => return None,
        };
        let at = self.tiff.number(entry)? as usize;
        let (role, directory) = self.tree.at(at)?;
        (*role == wanted).then_some(directory)
    }

    fn directory(&mut self, out: &mut Vec<u8>, directory: &Directory, role: Role) -> Option<()> {
        // No entry twice.
        let mut seen = HashSet::new();
        let mut kept: Vec<&Entry> = Vec::new();
        for entry in &directory.entries {
            if self.stays(entry, role) && seen.insert(entry.tag) {
                kept.push(entry);
            }
        }
        // Values that overlap could make more of the block than it was.
        let length = kept.iter().map(|entry| entry.length).sum::<usize>();
        if kept.is_empty() && role == Role::Main || length > self.block.len() {
            return None;
        }
        out.extend(self.short(u16::try_from(kept.len()).ok()?));
        let table = out.len();
        out.resize(table + kept.len() * 12 + 4, 0);
        for (index, entry) in kept.into_iter().enumerate() {
            let value = value(self.block, entry);
            let mut field = [0; 12];
            field[..8].copy_from_slice(self.block.get(entry.at..entry.at + 8)?);
            if let Some(linked) = self.linked(entry, role) {
                let below = if role == Role::Main {
                    Role::Exif
                } else {
                    Role::Interop
                };
                let linked = linked.clone();
                let at = even(out);
                self.directory(out, &linked, below)?;
                field[8..].copy_from_slice(&self.long(at)?);
            } else if value.len() <= 4 {
                field[8..8 + value.len()].copy_from_slice(value);
            } else {
                let at = even(out);
                out.extend_from_slice(value);
                field[8..].copy_from_slice(&self.long(at)?);
            }
            out[table + index * 12..][..12].copy_from_slice(&field);
        }
        Some(())
    }

    fn short(&self, number: u16) -> [u8; 2] {
        if self.tiff.big_endian() {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    fn long(&self, number: usize) -> Option<[u8; 4]> {
        let number = u32::try_from(number).ok()?;
        Some(if self.tiff.big_endian() {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        })
    }
}

/// Values begin at even places (TIFF 6.0).
fn even(out: &mut Vec<u8>) -> usize {
    out.resize(out.len().next_multiple_of(2), 0);
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_links_to_one_place_end() {
        let mut links = b"MM\0*\0\0\0\x08".to_vec();
        links.extend(5000_u16.to_be_bytes());
        (0..5000).for_each(|_| links.extend(b"\x87\x69\0\x04\0\0\0\x01\0\0\0\x08"));
        links.extend([0; 4]);

        let verdict = verdict(&links, Originals::StripLocation, &mut Budget::of(&links));

        let length = match verdict {
            Verdict::Becomes(new, _) => new.len(),
            _ => 0,
        };
        assert!(length <= links.len());
    }
}
