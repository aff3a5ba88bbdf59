//! Boxes of the ISO base media file format (ISO/IEC 14496-12) and the items of HEIF (ISO/IEC
//! 23008-12).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// A box: its kind, where it lies, and where its content lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Box {
    pub kind: [u8; 4],
    pub whole: Range<usize>,
    pub content: Range<usize>,
}

/// A part of a picture's file: a coded picture, EXIF, XMP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: u32,
    /// `Exif`, `mime` …
    pub kind: [u8; 4],
    /// Where its entry in the list of items begins.
    pub entry: usize,
    /// Where its name lies.
    pub name: Range<usize>,
    /// The media type of a `mime` item.
    pub media_type: Range<usize>,
    /// Where its entry's flags lie; the last of the three bytes has the bit that hides it.
    pub flags: Range<usize>,
    /// Where its bytes lie in the file.
    pub extents: Vec<Range<usize>>,
}

/// The boxes of a part of a file, or as far as they can be read.
pub fn boxes(file: &[u8], within: Range<usize>) -> Vec<Box> {
    let mut at = within.start;
    let mut found = Vec::new();
    while let Some(next) = one(file, at, within.end) {
        at = next.whole.end;
        found.push(next);
    }
    found
}

/// The file up to the end of its last box: some readers mind what follows.
pub fn trimmed(file: &[u8]) -> &[u8] {
    let end = boxes(file, 0..file.len()).last().map(|last| last.whole.end);
    end.and_then(|end| file.get(..end)).unwrap_or(file)
}

fn one(file: &[u8], at: usize, end: usize) -> Option<Box> {
    let end = end.min(file.len());
    let kind = *file.get(at.checked_add(4)?..end)?.first_chunk()?;
    let (header, length) = match number(file, at, 4)? {
        0 => (8, (end - at) as u64),
        1 => (16, number(file, at + 8, 8)?),
        length => (8, length),
    };
    let length = usize::try_from(length).ok()?;
    let whole = at..at.checked_add(length).filter(|whole| *whole <= end)?;
    (length >= header).then(|| Box {
        kind,
        content: at + header..whole.end,
        whole,
    })
}

/// A number of `size` bytes (0: nothing, 4 or 8 …), most significant first.
fn number(file: &[u8], at: usize, size: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(size)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

/// Reads numbers one after the other.
pub struct Cursor<'a> {
    file: &'a [u8],
    start: usize,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(file: &'a [u8], within: Range<usize>) -> Self {
        let end = within.end.min(file.len());
        Self {
            file,
            start: within.start.min(end),
            at: within.start.min(end),
            end,
        }
    }

    /// Bytes that were read.
    pub const fn taken(&self) -> usize {
        self.at - self.start
    }

    pub fn rest(&self) -> &'a [u8] {
        self.file.get(self.at..self.end).unwrap_or_default()
    }

    pub fn skip(&mut self, size: usize) -> Option<()> {
        self.at = self.at.checked_add(size).filter(|at| *at <= self.end)?;
        Some(())
    }

    /// A number of so many bytes, eight at the most.
    pub fn take(&mut self, size: usize) -> Option<u64> {
        let at = self.at;
        self.skip(size)?;
        number(self.file, at, size)
    }

    pub fn size(&mut self, size: usize) -> Option<usize> {
        self.take(size)
            .and_then(|number| usize::try_from(number).ok())
    }
}

/// The items of the file's `meta` box, with their places; items whose places cannot be told have no
/// extents.
pub fn items(file: &[u8]) -> Vec<Item> {
    let Some(inside) = meta(file).map(|meta| inside_meta(file, &meta)) else {
        return Vec::new();
    };
    let part = |kind: &[u8; 4]| {
        inside
            .iter()
            .find(|found| &found.kind == kind)
            .map(|found| found.content.clone())
    };
    let Some(mut items) = part(b"iinf").and_then(|content| infos(file, content)) else {
        return Vec::new();
    };
    let data = part(b"idat").map_or(0, |content| content.start);
    if let Some((places, _)) = part(b"iloc").and_then(|content| locations(file, content, data)) {
        let mut places: HashMap<u32, Vec<Range<usize>>> = places.into_iter().collect();
        for item in &mut items {
            item.extents = places.remove(&item.id).unwrap_or_default();
        }
    }
    items
}

/// The box that tells what a picture's file is made of.
pub fn meta(file: &[u8]) -> Option<Box> {
    boxes(file, 0..file.len())
        .into_iter()
        .find(|found| &found.kind == b"meta")
}

/// What is in it. A full box: version and flags first.
pub fn inside_meta(file: &[u8], meta: &Box) -> Vec<Box> {
    boxes(file, meta.content.start + 4..meta.content.end)
}

/// `iinf`: what each item is. An id that comes again is not read again.
fn infos(file: &[u8], content: Range<usize>) -> Option<Vec<Item>> {
    let version = *file.get(content.start)?;
    let first = content.start + if version == 0 { 6 } else { 8 };
    let entries = boxes(file, first..content.end)
        .into_iter()
        .filter(|entry| &entry.kind == b"infe");
    let mut known = HashSet::new();
    let found = entries.filter_map(|entry| info(file, &entry));
    Some(found.filter(|item| known.insert(item.id)).collect())
}

/// Whether every entry of `iinf` could be read, and has an id of its own.
pub fn are_all_read(file: &[u8]) -> bool {
    let found = meta(file).and_then(|meta| {
        inside_meta(file, &meta)
            .into_iter()
            .find(|found| &found.kind == b"iinf")
    });
    let Some(content) = found.map(|iinf| iinf.content) else {
        return false;
    };
    let version = file.get(content.start).copied().unwrap_or_default();
    let first = content.start + if version == 0 { 6 } else { 8 };
    let told = boxes(file, first..content.end).len();
    infos(file, content).is_some_and(|read| read.len() == told)
}

fn info(file: &[u8], entry: &Box) -> Option<Item> {
    let content = entry.content.clone();
    let version = *file.get(content.start)?;
    let mut cursor = Cursor::new(file, content.start + 4..content.end);
    let id = match version {
        2 => cursor.take(2)?,
        3 => cursor.take(4)?,
        // Older versions have no kinds, and nobody writes them.
        _ => return None,
    };
    cursor.take(2)?;
    let kind = u32::try_from(cursor.take(4)?).ok()?.to_be_bytes();
    let rest = file.get(cursor.at..content.end)?;
    let name = rest
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(rest.len());
    // A name, then for `mime` the media type, each ended by a zero.
    let behind = (cursor.at + name + 1).min(content.end);
    let media_type = file[behind..content.end].iter().position(|byte| *byte == 0);
    let media_type = media_type.filter(|_| &kind == b"mime").unwrap_or_default();
    Some(Item {
        id: u32::try_from(id).ok()?,
        kind,
        entry: entry.whole.start,
        name: cursor.at..cursor.at + name,
        media_type: behind..behind + media_type,
        flags: content.start + 1..content.start + 4,
        extents: Vec::new(),
    })
}

/// How many bytes of `iloc` say where items lie.
pub fn said_of_places(file: &[u8], iloc: &Box) -> Option<usize> {
    locations(file, iloc.content.clone(), 0).map(|(_, taken)| taken)
}

/// `iloc`: where each item's bytes lie, and how many bytes say so. Construction method 0 counts from
/// the file's start, 1 from `idat`'s content.
fn locations(file: &[u8], content: Range<usize>, idat: usize) -> Option<(Places, usize)> {
    let version = *file.get(content.start)?;
    let mut cursor = Cursor::new(file, content.start + 4..content.end);
    let sizes = cursor.take(2)?;
    let nibble = |shift: u32| (sizes >> shift & 15) as usize;
    let (offset_size, length_size, base_size) = (nibble(12), nibble(8), nibble(4));
    let index_size = if version == 0 { 0 } else { nibble(0) };
    let count = cursor.take(if version < 2 { 2 } else { 4 })?;
    let mut found = Vec::new();
    // All extents together are no more than the file: else they overlap, and reading them takes for
    // ever.
    let mut room = file.len();
    for _ in 0..count {
        let id = u32::try_from(cursor.take(if version < 2 { 2 } else { 4 })?).ok()?;
        let method = if version == 0 {
            0
        } else {
            cursor.take(2)? & 15
        };
        cursor.take(2)?;
        let base = cursor.size(base_size)?;
        let extents = cursor.take(2)?;
        let (mut places, mut whole_item) = (Vec::new(), true);
        for _ in 0..extents {
            cursor.take(index_size)?;
            let (offset, length) = (cursor.size(offset_size)?, cursor.size(length_size)?);
            let start =
                base.checked_add(offset)?
                    .checked_add(if method == 1 { idat } else { 0 })?;
            let whole = start..start.checked_add(length)?;
            room = room.checked_sub(length.max(1))?;
            // One lost extent makes the item's bytes another thing.
            whole_item &= method < 2 && whole.end <= file.len();
            places.push(whole);
        }
        found.push((id, if whole_item { places } else { Vec::new() }));
    }
    // Version and flags come first.
    Some((found, 4 + cursor.taken()))
}

/// Each item's bytes.
type Places = Vec<(u32, Vec<Range<usize>>)>;

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 8).unwrap();
        [&length.to_be_bytes()[..], kind, content].concat()
    }

    /// A `meta` box with one EXIF item of three bytes in `idat`.
    fn file() -> Vec<u8> {
        let infe = boxed(b"infe", b"\x02\0\0\0\0\x07\0\0Exif\0");
        let iinf = boxed(b"iinf", &[&b"\0\0\0\0\0\x01"[..], &infe].concat());
        let iloc = boxed(
            b"iloc",
            b"\x01\0\0\0\x44\0\0\x01\0\x07\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\x03",
        );
        let idat = boxed(b"idat", b"__gps");
        let meta = boxed(b"meta", &[&b"\0\0\0\0"[..], &iinf, &iloc, &idat].concat());
        [boxed(b"ftyp", b"heic"), meta].concat()
    }

    #[test]
    fn an_item_is_found_where_it_lies() {
        let file = file();
        let items = items(&file);
        assert_eq!((items[0].id, items[0].kind), (7, *b"Exif"));
        assert_eq!(
            items[0]
                .extents
                .iter()
                .map(|at| &file[at.clone()])
                .collect::<Vec<_>>(),
            [b"gps"]
        );
    }

    #[test]
    fn every_cut_and_lie_ends() {
        let file = file();
        for cut in 0..file.len() {
            let _ = items(&file[..cut]);
        }
        for at in 0..file.len() {
            let mut lying = file.clone();
            lying[at] = 0xff;
            let _ = items(&lying);
        }
    }
}
