//! How much of a box says something: its fields, as the standards have them (ISO/IEC 14496-12 and
//! 14496-15, 23008-12, 23001-17, AV1-ISOBMFF, MIAF). What stands behind them no reader reads.

use std::collections::HashSet;
use std::ops::Range;

use super::units;
use crate::container::bmff::{Box, Cursor};

/// What pictures beside the picture are, as those who write them say (ISO/IEC 23008-12, MIAF,
/// Apple).
const AUXILIARY: &[&[u8]] = &[
    b"urn:mpeg:hevc:2015:auxid:1",
    b"urn:mpeg:hevc:2015:auxid:2",
    b"urn:mpeg:avc:2015:auxid:1",
    b"urn:mpeg:avc:2015:auxid:2",
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth",
    b"urn:com:apple:photo:2018:aux:portraiteffectsmatte",
    b"urn:com:apple:photo:2019:aux:semanticskinmatte",
    b"urn:com:apple:photo:2019:aux:semantichairmatte",
    b"urn:com:apple:photo:2019:aux:semanticteethmatte",
    b"urn:com:apple:photo:2020:aux:semanticglassesmatte",
    b"urn:com:apple:photo:2020:aux:semanticskymatte",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
    b"urn:com:apple:photo:2023:aux:styledeltamap",
    b"urn:com:apple:photo:2023:aux:linearthumbnail",
];
/// What such a name begins with that says nothing more.
pub(super) const NO_WORDS: &[u8] = b"urn:";
/// More than anybody says of such a picture.
const LONGEST_SUBTYPE: usize = 16;

/// Kinds of files that picture readers look for.
const BRANDS: &[&[u8; 4]] = &[
    b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"heic", b"heix", b"heim", b"heis", b"hevc",
    b"hevx", b"hevm", b"hevs", b"avif", b"avis", b"avio", b"avci", b"avcs", b"jpeg", b"jpgs",
    b"MA1A", b"MA1B", b"MiHA", b"MiHB", b"MiHE", b"MiPr", b"MiAB", b"tmap", b"1pic", b"geo1",
    b"unif", b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9",
    b"isoa", b"isob", b"mp41", b"mp42", b"heif", b"avc1",
];

/// Ways in which items hang together.
const GROUPS: &[&[u8; 4]] = &[
    b"altr", b"ster", b"brst", b"pano", b"eqiv", b"iaug", b"albc", b"favc", b"wbbr", b"fobr",
    b"dobr", b"afbr", b"aebr", b"slid", b"sync", b"tsyn", b"prgr", b"pymd",
];

/// Ways in which an item refers to others.
const REFERENCES: &[&[u8; 4]] = &[
    b"dimg", b"auxl", b"cdsc", b"base", b"exbl", b"tbas", b"prem", b"pred", b"fdel", b"iloc",
];

/// Where the file's kinds stand that are none: words, in the place of them.
pub(super) fn foreign_brands(ftyp: &Box, file: &[u8]) -> Vec<Range<usize>> {
    let places = ftyp.content.clone().step_by(4).map(|at| at..at + 4);
    let is_foreign = |(number, at): &(usize, Range<usize>)| {
        let brand = file.get(at.clone()).unwrap_or_default();
        // The second is a version.
        match number {
            1 => brand != [0; 4],
            _ => !BRANDS.iter().any(|known| brand == *known),
        }
    };
    let numbered = places.enumerate().filter(is_foreign);
    numbered.map(|(_, at)| at).collect()
}

/// Bytes of a box in the description that its fields take; nothing for a box that has none, or that
/// is not as its standard has it.
pub(super) fn of_description(found: &Box, file: &[u8]) -> Option<usize> {
    let mut at = Cursor::new(file, found.content.clone());
    match &found.kind {
        b"pitm" => {
            let version = at.take(4)? >> 24;
            at.skip(if version == 0 { 2 } else { 4 })?;
        }
        b"ipma" => drop(associations(&mut at)?),
        _ => return None,
    }
    Some(at.taken())
}

/// Which items there are said to be, and which properties they have, by their numbers from 1.
#[derive(Default)]
pub(super) struct Associated {
    pub(super) items: HashSet<u64>,
    pub(super) properties: HashSet<usize>,
}

/// What `ipma` says.
pub(super) fn associated(found: &Box, file: &[u8]) -> Option<Associated> {
    associations(&mut Cursor::new(file, found.content.clone()))
}

fn associations(at: &mut Cursor<'_>) -> Option<Associated> {
    let mut said = Associated::default();
    let head = at.take(4)?;
    let (is_long, are_long) = (head >> 24 > 0, head & 1 == 1);
    for _ in 0..at.take(4)? {
        said.items.insert(at.take(if is_long { 4 } else { 2 })?);
        for _ in 0..at.take(1)? {
            // The first bit says whether it has to be understood.
            let number = match are_long {
                true => at.take(2)? & 0x7fff,
                false => at.take(1)? & 0x7f,
            };
            said.properties.insert(usize::try_from(number).ok()?);
        }
    }
    Some(said)
}

/// As many bytes as a group of items that there are takes, if it is one.
pub(super) fn of_group(group: &Box, file: &[u8], items: &HashSet<u64>) -> Option<usize> {
    let mut at = Cursor::new(file, group.content.clone());
    at.skip(8)?;
    for _ in 0..at.take(4)? {
        at.take(4).filter(|item| items.contains(item))?;
    }
    GROUPS.contains(&&group.kind).then(|| at.taken())
}

/// As many bytes as a reference between items that there are takes, whatever it means.
pub(super) fn of_reference(
    found: &Box,
    file: &[u8],
    id: usize,
    items: &HashSet<u64>,
) -> Option<usize> {
    let mut at = Cursor::new(file, found.content.clone());
    at.take(id).filter(|item| items.contains(item))?;
    for _ in 0..at.take(2)? {
        at.take(id).filter(|item| items.contains(item))?;
    }
    Some(at.taken())
}

pub(super) fn is_reference(kind: [u8; 4]) -> bool {
    REFERENCES.contains(&&kind)
}

/// As many bytes as a property takes that says how an item looks: size, colours, a decoder's
/// settings, turns and cuts. Nothing for one that is not known, or not as its standard has it.
pub(super) fn of_property(property: &Box, file: &[u8]) -> Option<usize> {
    let mut at = Cursor::new(file, property.content.clone());
    match &property.kind {
        b"irot" | b"imir" | b"a1op" => at.skip(1)?,
        b"lsel" => at.skip(2)?,
        b"clli" => at.skip(4)?,
        b"pasp" | b"amve" => at.skip(8)?,
        b"ispe" | b"rloc" => at.skip(12)?,
        b"mdcv" => at.skip(24)?,
        b"clap" => at.skip(32)?,
        b"colr" => match &at.take(4)?.to_be_bytes()[4..] {
            b"nclx" => at.skip(7)?,
            b"nclc" => at.skip(6)?,
            _ => return None,
        },
        b"pixi" => {
            at.skip(4)?;
            let channels = at.size(1).filter(|channels| *channels <= 4)?;
            at.skip(channels)?;
        }
        b"a1lx" => {
            let size = if at.take(1)? & 1 == 1 { 4 } else { 2 };
            at.skip(3 * size)?;
        }
        b"cclv" => volume(&mut at)?,
        b"auxC" => auxiliary(&mut at)?,
        b"hvcC" => drop(units::of_settings(&mut at)?),
        b"av1C" => units::av1_settings(&mut at)?,
        _ => return None,
    }
    Some(at.taken())
}

/// ISO/IEC 23008-12, 6.5.34: what is there, its flags say.
fn volume(at: &mut Cursor<'_>) -> Option<()> {
    let flags = at.take(1)?;
    for (bit, size) in [(5, 24), (4, 4), (3, 4), (2, 4)] {
        if flags >> bit & 1 == 1 {
            at.skip(size)?;
        }
    }
    Some(())
}

fn auxiliary(at: &mut Cursor<'_>) -> Option<()> {
    at.skip(4)?;
    let rest = at.rest();
    let end = rest.iter().position(|byte| *byte == 0)?;
    let name = &rest[..end];
    let says_nothing = name
        .strip_prefix(NO_WORDS)
        .is_some_and(|name| name.iter().all(|byte| *byte == b'x'));
    if !says_nothing && !AUXILIARY.contains(&name) {
        return None;
    }
    let subtype = (rest.len() - end - 1).min(LONGEST_SUBTYPE);
    at.skip(end + 1 + subtype)
}
