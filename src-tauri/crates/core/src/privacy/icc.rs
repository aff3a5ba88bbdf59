//! Colour profiles: written anew from the tags that make colours; names of monitors and people,
//! notes, and what lies between the tags are left behind (ICC.1:2022).

use super::forms;
use super::place::in_text;
use super::policy::Originals;
use super::walk::Verdict;
use crate::container::budget::Budget;

const HEADER: usize = 128;
const ENTRY: usize = 12;
/// More than any profile has.
const MOST_TAGS: usize = 100;

/// What colours are made of, and by what types of data (ICC.1:2022, 9.2). The tables of floating
/// numbers (D2Bx, B2Dx) are not among it: their elements are without end, and each profile with
/// them has the others, too.
fn types_of(tag: &[u8; 4], space: &[u8]) -> &'static [&'static [u8; 4]] {
    match tag {
        b"wtpt" | b"bkpt" | b"lumi" => &[b"XYZ "],
        b"rXYZ" | b"gXYZ" | b"bXYZ" if space == b"RGB " => &[b"XYZ "],
        b"rTRC" | b"gTRC" | b"bTRC" if space == b"RGB " => &[b"curv", b"para"],
        b"kTRC" if space == b"GRAY" => &[b"curv", b"para"],
        b"A2B0" | b"A2B1" | b"A2B2" => &[b"mft1", b"mft2", b"mAB "],
        b"B2A0" | b"B2A1" | b"B2A2" => &[b"mft1", b"mft2", b"mBA "],
        b"chad" => &[b"sf32"],
        b"cicp" => &[b"cicp"],
        _ => &[],
    }
}
/// What a profile is called and who made it, in words.
const WORDS: &[&[u8; 4]] = &[b"desc", b"cprt", b"dmnd", b"dmdd", b"vued"];
/// Every profile has to have these.
const NAMES: &[&[u8; 4]] = &[b"desc", b"cprt"];

/// A profile where it may get no shorter: zeros follow what is left of it, and it says so itself, as
/// some readers want its length to be that of its place.
pub(super) fn filled(mut profile: Vec<u8>, length: usize) -> Vec<u8> {
    profile.resize(length, 0);
    if let (Some(told), Ok(length)) = (profile.first_chunk_mut(), u32::try_from(length)) {
        *told = length.to_be_bytes();
    }
    profile
}

/// What becomes of a profile. Zeros behind it, where it could not get shorter, are no part of it.
pub(super) fn verdict(profile: &[u8], originals: Originals, budget: &mut Budget) -> Verdict {
    let tells = forms::unknown(profile, budget);
    let Some(new) = Profile::read(profile).and_then(|read| read.written(originals, budget)) else {
        return Verdict::Goes(tells);
    };
    let (same, rest) = profile.split_at(new.len().min(profile.len()));
    if same == new && rest.iter().all(|byte| *byte == 0) {
        Verdict::Stays
    } else {
        Verdict::Becomes(new, tells)
    }
}

struct Profile<'a> {
    header: &'a [u8],
    tags: Vec<(&'a [u8; 4], &'a [u8])>,
}

impl<'a> Profile<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let number = |at: usize| {
            let four = bytes.get(at..at + 4)?.first_chunk()?;
            Some(u32::from_be_bytes(*four) as usize)
        };
        let header = bytes.get(..HEADER)?;
        let count = number(HEADER).filter(|count| *count <= MOST_TAGS)?;
        if &header[36..40] != b"acsp" || number(0)? > bytes.len() {
            return None;
        }
        let tags = (0..count).map(|index| {
            let at = HEADER + 4 + index * ENTRY;
            let (from, length) = (number(at + 4)?, number(at + 8)?);
            let data = bytes.get(from..from.checked_add(length)?)?;
            Some((bytes.get(at..at + 4)?.first_chunk()?, exact(data)?))
        });
        Some(Self {
            header,
            tags: tags.collect::<Option<_>>()?,
        })
    }

    /// A profile with what may stay alone.
    fn written(&self, originals: Originals, budget: &mut Budget) -> Option<Vec<u8>> {
        let is_new = self.header[8] >= 4;
        let mut kept: Vec<(&[u8; 4], Vec<u8>)> = Vec::new();
        for (name, data) in &self.tags {
            let is_colour = types_of(name, &self.header[16..20])
                .iter()
                .any(|kind| data.starts_with(*kind));
            if !budget.pays(data.len()) {
                return None;
            }
            let stays = is_colour
                || WORDS.contains(name)
                    && originals == Originals::StripLocation
                    && !in_text(data, budget);
            if stays && kept.iter().all(|(other, _)| other != name) {
                kept.push((name, data.to_vec()));
            }
        }
        for name in NAMES {
            if kept.iter().all(|(other, _)| other != name) {
                kept.push((name, nameless(name, is_new)));
            }
        }
        put_together(&self.tidied(originals), &kept)
    }

    /// The header without what tells of makers and devices; its checksum is not kept either.
    fn tidied(&self, originals: Originals) -> Vec<u8> {
        let mut header = self.header.to_vec();
        header[84..].fill(0);
        // Reserved, or of few bits; the illuminant is D50 (ICC.1:2022, 7.2).
        header[10..12].fill(0);
        header[44..47].fill(0);
        header[47] &= 3;
        header[56..63].fill(0);
        header[63] &= 15;
        header[64..67].fill(0);
        header[67] &= 3;
        header[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
        if originals == Originals::StripAll {
            header[4..8].fill(0);
            header[24..36].copy_from_slice(&[7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
            header[40..44].fill(0);
            header[48..56].fill(0);
            header[80..84].fill(0);
        }
        header
    }
}

/// A tag's data as far as its type reaches.
fn exact(data: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| {
        let four = data.get(at..at + 4)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*four)).ok()
    };
    let length: usize = match data.get(..4)? {
        b"XYZ " => 20,
        b"curv" => number(8)?.checked_mul(2)?.checked_add(12)?,
        b"para" => 12 + 4 * [1, 3, 4, 5, 7].get(usize::from(*data.get(9)?))?,
        // A matrix.
        b"sf32" => 8 + 9 * 4,
        b"cicp" | b"sig " => 12,
        b"meas" | b"view" => 36,
        b"chrm" => 12 + 8 * usize::from(*data.get(9)?),
        b"mft1" => 48 + tables(data, 256, 256)?,
        b"mft2" => {
            let entries = number(48)?;
            52 + tables(data, entries >> 16, entries & 0xffff)?.checked_mul(2)?
        }
        b"mAB " | b"mBA " => elements(data)?,
        _ => data.len(),
    };
    data.get(..length)
}

/// Numbers in a table of so many entries for each channel that goes in, a grid between, and so many
/// for each that comes out.
fn tables(data: &[u8], into: usize, out_of: usize) -> Option<usize> {
    let channel = |at: usize| data.get(at).map(|count| usize::from(*count));
    let (inputs, outputs, grid) = (channel(8)?, channel(9)?, channel(10)?);
    let nodes = grid.checked_pow(u32::try_from(inputs).ok()?)?;
    let all = (inputs * into).checked_add(nodes.checked_mul(outputs)?)?;
    all.checked_add(outputs * out_of)
}

/// The length of a table whose parts lie behind each other, with nothing between.
fn elements(data: &[u8]) -> Option<usize> {
    let number = |at: usize| {
        let four = data.get(at..at + 4)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*four)).ok()
    };
    let (inputs, outputs) = (usize::from(*data.get(8)?), usize::from(*data.get(9)?));
    // Curves before the grid belong to the device's side, the others to the other one.
    let is_a_to_b = data.starts_with(b"mAB ");
    let (near, far) = if is_a_to_b {
        (outputs, inputs)
    } else {
        (inputs, outputs)
    };
    let mut parts = Vec::new();
    for (at, curves_of) in [(12, near), (20, near), (28, far)] {
        if let Some(from) = number(at).filter(|from| *from > 0) {
            parts.push((from, curves(data.get(from..)?, curves_of)?));
        }
    }
    if let Some(from) = number(16).filter(|from| *from > 0) {
        parts.push((from, 48));
    }
    if let Some(from) = number(24).filter(|from| *from > 0) {
        let grid = data.get(from..from.checked_add(20)?)?;
        let nodes = grid[..16.min(inputs)]
            .iter()
            .try_fold(1_usize, |nodes, side| nodes.checked_mul(usize::from(*side)))?;
        let values = nodes
            .checked_mul(outputs)?
            .checked_mul(usize::from(grid[16]))?;
        parts.push((from, values.checked_add(20)?));
    }
    parts.sort_unstable();
    parts.dedup();
    parts.iter().try_fold(32_usize, |end, (from, length)| {
        let follows = (end..=end.next_multiple_of(4)).contains(from);
        follows.then(|| from.checked_add(*length)).flatten()
    })
}

/// The length of so many curves behind each other.
fn curves(data: &[u8], count: usize) -> Option<usize> {
    let mut at = 0_usize;
    for index in 0..count {
        if index > 0 {
            at = at.next_multiple_of(4);
        }
        let curve = data.get(at..)?;
        if !curve.starts_with(b"curv") && !curve.starts_with(b"para") {
            return None;
        }
        at = at.checked_add(exact(curve)?.len())?;
    }
    Some(at)
}

/// Words that tell nothing, in the way of the profile's version.
fn nameless(name: &[u8; 4], is_new: bool) -> Vec<u8> {
    if is_new {
        let text: Vec<u8> = "RGB".encode_utf16().flat_map(u16::to_be_bytes).collect();
        // One text of that length, behind this head.
        let head = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12];
        let place = [0, 0, 0, 6, 0, 0, 0, 28];
        return [b"mluc", &head[..], b"enUS", &place, &text].concat();
    }
    match name {
        b"desc" => {
            let mut out = b"desc\0\0\0\0\0\0\0\x04RGB\0".to_vec();
            // No words in Unicode, none for the Macintosh.
            out.resize(out.len() + 8 + 3 + 67, 0);
            out
        }
        _ => b"text\0\0\0\0none\0".to_vec(),
    }
}

fn put_together(header: &[u8], tags: &[(&[u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut at = HEADER + 4 + tags.len() * ENTRY;
    for (index, (_, data)) in tags.iter().enumerate() {
        // Equal curves lie there once.
        let same = tags[..index].iter().position(|(_, other)| other == data);
        if let Some(same) = same {
            places.push(places[same]);
        } else {
            places.push((at, data.len()));
            at = (at + data.len()).next_multiple_of(4);
        }
    }
    let four = |number: usize| u32::try_from(number).ok().map(u32::to_be_bytes);
    let mut out = header.to_vec();
    out[..4].copy_from_slice(&four(at)?);
    out.extend(four(tags.len())?);
    for ((name, _), (from, length)) in tags.iter().zip(&places) {
        out.extend_from_slice(*name);
        out.extend(four(*from)?);
        out.extend(four(*length)?);
    }
    for ((_, data), (from, _)) in tags.iter().zip(&places) {
        if *from >= out.len() {
            out.extend_from_slice(data);
            out.resize(out.len().next_multiple_of(4), 0);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile of that version with these tags behind each other.
    fn profile(version: u8, tags: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[8] = version;
        header[12..20].copy_from_slice(b"mntrRGB ");
        header[36..40].copy_from_slice(b"acsp");
        header[48..52].copy_from_slice(b"DELL");
        let tags: Vec<(&[u8; 4], Vec<u8>)> = tags
            .iter()
            .map(|(name, data)| (*name, data.to_vec()))
            .collect();
        put_together(&header, &tags).expect("fits")
    }

    fn xyz() -> Vec<u8> {
        [&b"XYZ \0\0\0\0"[..], &[1; 12]].concat()
    }

    fn becomes(bytes: &[u8], originals: Originals) -> Vec<u8> {
        match verdict(bytes, originals, &mut Budget::of(bytes)) {
            Verdict::Becomes(new, _) => new,
            other => panic!("{other:?}"),
        }
    }

    fn has(bytes: &[u8], wanted: &[u8]) -> bool {
        bytes.windows(wanted.len()).any(|window| window == wanted)
    }

    #[test]
    fn colours_stay_and_what_else_a_profile_says_goes() {
        for version in [2, 4] {
            let told = profile(
                version,
                &[
                    (b"rXYZ", &xyz()),
                    (b"desc", b"text\0\0\0\0Alice's monitor\0"),
                    (b"note", b"text\0\0\0\0Stephansplatz 48.2082\0"),
                    (b"mmod", b"mmod\0\0\0\0serial 4711\0"),
                ],
            );

            let clean = becomes(&told, Originals::StripAll);
            let placeless = becomes(&told, Originals::StripLocation);

            assert!(has(&clean, &xyz()) && has(&placeless, &xyz()));
            for gone in [&b"Alice"[..], b"Stephansplatz", b"4711", b"DELL"] {
                assert!(!has(&clean, gone), "{}", String::from_utf8_lossy(gone));
            }
            assert!(has(&placeless, b"Alice") && !has(&placeless, b"Stephansplatz"));
            let again = verdict(&clean, Originals::StripAll, &mut Budget::of(&clean));
            assert_eq!(again, Verdict::Stays, "once is enough");
        }
    }

    #[test]
    fn what_lies_between_and_behind_the_tags_goes() {
        let plain = becomes(&profile(2, &[(b"rXYZ", &xyz())]), Originals::StripAll);
        let long = [&xyz()[..], b"and words behind"].concat();
        let hidden = becomes(&profile(2, &[(b"rXYZ", &long)]), Originals::StripAll);
        let behind = [&plain[..], b"words"].concat();
        let padded = [&plain[..], &[0; 9]].concat();
        let all = |bytes: &[u8]| verdict(bytes, Originals::StripAll, &mut Budget::of(bytes));

        assert_eq!(hidden, plain);
        assert!(matches!(all(&behind), Verdict::Becomes(new, _) if new == plain));
        assert_eq!(all(&padded), Verdict::Stays);
    }

    #[test]
    fn words_in_the_place_of_colours_go() {
        let text = b"text\0\0\0\0Alice 48.2082, 16.3738\0";
        let desc = b"desc\0\0\0\0\0\0\0\x17Alice 48.2082, 16.3738\0";
        // One channel in and out, two nodes, and words behind them.
        let mut table = b"mft1\0\0\0\0\x01\x01\x02\0".to_vec();
        table.resize(48 + 256 + 2 + 256, 1);
        let whole = table.len();
        table.extend(b"Alice 48.2082, 16.3738");
        let mut told = profile(
            4,
            &[
                (b"rXYZ", &xyz()),
                (b"lumi", text),
                (b"tech", text),
                (b"rig0", text),
                (b"gamt", text),
                (b"view", desc),
                (b"A2B1", b"note\0\0\0\0Alice 48.2082, 16.3738"),
                (b"A2B0", &table),
            ],
        );
        told[40..48].copy_from_slice(b"Alice se");
        told[56..64].copy_from_slice(b"cretmark");
        told[68..80].copy_from_slice(b"Alice Secret");

        for originals in [Originals::StripAll, Originals::StripLocation] {
            let clean = becomes(&told, originals);
            assert!(!has(&clean, b"Alice") || originals == Originals::StripLocation);
            assert!(!has(&clean, b"48.2082") && !has(&clean, b"cretmark"));
            assert!(has(&clean, &xyz()) && has(&clean, &table[..whole]));
        }
    }

    #[test]
    fn parts_of_a_table_lie_behind_each_other() {
        let curve = |kind: &[u8; 4]| [&kind[..], b"\0\0\0\0\0\0\0\0"].concat();
        let with = |curves: &[u8]| {
            let mut table = b"mAB \0\0\0\0\x03\x03\0\0\0\0\0\x20".to_vec();
            table.resize(32, 0);
            table.extend(curves);
            table.extend(b"words");
            table
        };
        let linear = curve(b"curv").repeat(3);

        let told = with(&linear);
        let other = with(&curve(b"text").repeat(3));

        assert_eq!(exact(&told).map(<[u8]>::len), Some(32 + 36));
        assert_eq!(exact(&other), None);
    }

    #[test]
    fn what_is_no_profile_goes() {
        let packet = b"<x:xmpmeta><exif:GPSLatitude>48,12.5N</exif:GPSLatitude></x:xmpmeta>";

        let told = verdict(packet, Originals::StripLocation, &mut Budget::of(packet));

        assert_eq!(told, Verdict::Goes(super::super::walk::Tells::Place));
    }
}
