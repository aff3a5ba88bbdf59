//! TIFF's directories, which EXIF and the cameras' own formats are made of: read without trust.
//!
//! TIFF 6.0, section 2: a header (byte order, 42, offset of the first directory), directories of
//! 12-byte entries (tag, type, count, value or offset), each followed by the offset of the next.

use std::collections::{HashMap, VecDeque};

use super::budget::Budget;

/// Tags that matter here (TIFF 6.0; EXIF 2.32; DNG 1.6; TIFF/EP).
pub const NEW_SUBFILE_TYPE: u16 = 254;
pub const ORIENTATION: u16 = 274;
pub const SUB_IFDS: u16 = 330;
pub const EXIF_IFD: u16 = 34665;
pub const GPS_IFD: u16 = 34853;
pub const INTEROP_IFD: u16 = 40965;
pub const MAKER_NOTE: u16 = 37500;
pub const DNG_VERSION: u16 = 50706;
pub const ICC_PROFILE: u16 = 34675;

/// More directories than any sound file has.
const MAX_DIRECTORIES: usize = 1024;

/// One entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Where its 12 bytes lie.
    pub at: usize,
    pub tag: u16,
    pub kind: u16,
    pub count: u32,
    /// Where its value lies: inside the entry if it has at most four bytes.
    pub value: usize,
    /// Bytes of the value.
    pub length: usize,
}

/// One directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where its count lies.
    pub at: usize,
    pub entries: Vec<Entry>,
    /// Offset of the next directory; 0: none.
    pub next: usize,
}

/// What a directory is to its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One of the chain that begins in the header: a page, or a thumbnail.
    Main,
    /// Below a main one: another size, or a raw picture.
    Sub,
    Exif,
    Gps,
    Interop,
}

/// Every directory of a structure, each once.
#[derive(Debug, Default)]
pub struct Tree {
    /// In the order they are met: the main ones with what hangs below them, one after the other.
    pub directories: Vec<(Role, Directory)>,
    /// Something could not be followed, or is two things at once.
    pub is_unclear: bool,
}

impl Tree {
    /// The directory at that offset.
    pub fn at(&self, offset: usize) -> Option<&(Role, Directory)> {
        self.directories
            .iter()
            .find(|(_, directory)| directory.at == offset)
    }

    /// The main directories, in the order of the chain.
    pub fn main(&self) -> impl Iterator<Item = &Directory> {
        self.of(Role::Main)
    }

    /// The directories of that role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Directory> {
        self.directories
            .iter()
            .filter(move |(found, _)| *found == role)
            .map(|(_, directory)| directory)
    }
}

/// A TIFF structure.
#[derive(Debug, Clone, Copy)]
pub struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Tiff<'a> {
    /// Looks at the header. The number after the byte order is not looked at: the cameras' formats
    /// have their own.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        (bytes.len() >= 8).then_some(Self { bytes, big_endian })
    }

    /// Bytes of the whole structure.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: there is a header at least.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub const fn big_endian(&self) -> bool {
        self.big_endian
    }

    pub fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    pub fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        self.u32(at).map(|offset| offset as usize)
    }

    /// The directory at that offset; entries whose values lie outside the file are left out.
    pub fn directory(&self, at: usize) -> Option<Directory> {
        let count = usize::from(self.u16(at)?);
        let entries = (0..count).map_while(|index| {
            let at = at.checked_add(2)?.checked_add(index * 12)?;
            Some((at, self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?))
        });
        let entries = entries.filter_map(|(at, tag, kind, count)| {
            let length = size_of(kind)?.checked_mul(count as usize)?;
            let value = if length <= 4 {
                at + 8
            } else {
                self.offset(at + 8)?
            };
            self.bytes.get(value..value.checked_add(length)?)?;
            Some(Entry {
                at,
                tag,
                kind,
                count,
                value,
                length,
            })
        });
        let entries = entries.collect();
        let next = at
            .checked_add(2 + count * 12)
            .and_then(|at| self.offset(at))
            .unwrap_or_default();
        Some(Directory { at, entries, next })
    }

    /// Every directory there is, each visited once, whoever points to it.
    pub fn tree(&self, budget: &mut Budget) -> Tree {
        let mut tree = Tree::default();
        let mut known: HashMap<usize, Role> = HashMap::new();
        let first = self.offset(4).unwrap_or_default();
        let mut ahead = VecDeque::from([(Role::Main, first)]);
        while let Some((role, at)) = ahead.pop_front() {
            if at == 0 {
                continue;
            }
            if let Some(before) = known.insert(at, role) {
                // Two pages may share one; a page that comes again goes in circles.
                tree.is_unclear |= before != role || role == Role::Main;
                continue;
            }
            let count = self.u16(at).map_or(0, usize::from);
            let is_paid = budget.pays(2 + count * 12) && known.len() <= MAX_DIRECTORIES;
            let Some(directory) = is_paid.then(|| self.directory(at)).flatten() else {
                tree.is_unclear = true;
                continue;
            };
            for entry in &directory.entries {
                if let Some(below) = below(entry.tag) {
                    let offsets = self.pointers(entry, &mut tree, budget);
                    ahead.extend(offsets.into_iter().map(|at| (below, at)));
                }
            }
            if role == Role::Main {
                ahead.push_back((Role::Main, directory.next));
            }
            tree.directories.push((role, directory));
        }
        tree
    }

    /// Where an entry points to. A pointer of a type that is none is one to some readers.
    fn pointers(&self, entry: &Entry, tree: &mut Tree, budget: &mut Budget) -> Vec<usize> {
        let width = match entry.kind {
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            _ => {
                tree.is_unclear = true;
                return self.offset(entry.at + 8).into_iter().collect();
            }
        };
        let count = entry.length / width;
        if count > MAX_DIRECTORIES || !budget.pays(entry.length) {
            tree.is_unclear = true;
            return Vec::new();
        }
        let one = |index: usize| match width {
            2 => self.u16(entry.value + index * 2).map(usize::from),
            _ => self.offset(entry.value + index * 4),
        };
        (0..count).map_while(one).collect()
    }

    /// The first directory alone.
    pub fn first(&self) -> Option<Directory> {
        self.directory(self.offset(4)?)
    }

    /// The first whole number of an entry.
    pub fn number(&self, entry: &Entry) -> Option<u32> {
        let one = Entry {
            count: entry.count.min(1),
            ..*entry
        };
        self.numbers(&one).first().copied()
    }

    /// The whole numbers of an entry: bytes, shorts, longs and directory offsets.
    pub fn numbers(&self, entry: &Entry) -> Vec<u32> {
        let one = |index: usize| match entry.kind {
            1 => self
                .bytes
                .get(entry.value + index)
                .map(|byte| u32::from(*byte)),
            3 => self.u16(entry.value + index * 2).map(u32::from),
            4 | 13 => self.u32(entry.value + index * 4),
            _ => None,
        };
        (0..(entry.count as usize).min(1 << 16))
            .map_while(one)
            .collect()
    }
}

impl Directory {
    /// The entry of that tag.
    pub fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The first number of that tag.
    pub fn number(&self, tiff: &Tiff<'_>, tag: u16) -> Option<u32> {
        self.entry(tag).and_then(|entry| tiff.number(entry))
    }
}

/// The colour profile of the first page.
pub fn icc(file: &[u8]) -> Option<&[u8]> {
    let tiff = Tiff::new(file).filter(|tiff| tiff.u16(2) == Some(42))?;
    let first = tiff.first()?;
    let entry = first.entry(ICC_PROFILE)?;
    file.get(entry.value..entry.value + entry.length)
}

/// What an entry of that tag points to, if it points to a directory.
const fn below(tag: u16) -> Option<Role> {
    match tag {
        EXIF_IFD => Some(Role::Exif),
        GPS_IFD => Some(Role::Gps),
        INTEROP_IFD => Some(Role::Interop),
        SUB_IFDS => Some(Role::Sub),
        _ => None,
    }
}

/// Bytes of one value of a TIFF type (TIFF 6.0, section 2; 13 is IFD of TIFF/EP).
const fn size_of(kind: u16) -> Option<usize> {
    match kind {
        // 129 is EXIF 3.0's UTF-8.
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// Whether the first directory of a (possibly cut) TIFF has a tag.
pub fn first_directory_has(head: &[u8], tag: u16) -> bool {
    let first = Tiff::new(head).and_then(|tiff| {
        let at = tiff.offset(4)?;
        let count = usize::from(tiff.u16(at)?);
        Some(
            (0..count)
                .map_while(|index| tiff.u16(at + 2 + index * 12))
                .any(|found| found == tag),
        )
    });
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_lies_end() {
        // One directory without entries that names itself as the next.
        let looped = b"II*\0\x08\0\0\0\0\0\x08\0\0\0";
        let tree = |file: &[u8]| Tiff::new(file).expect("TIFF").tree(&mut Budget::of(file));
        assert_eq!(tree(looped).directories.len(), 1);
        assert!(tree(looped).is_unclear);
        // 65,535 entries promised, none there.
        let lying = b"MM\0*\0\0\0\x08\xff\xff";
        assert_eq!(tree(lying).directories[0].1.entries.len(), 0);
        assert!(Tiff::new(b"II").is_none() && Tiff::new(b"").is_none());
    }

    #[test]
    fn entries_are_read_in_both_orders() {
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        for file in [little.as_slice(), big] {
            let tiff = Tiff::new(file).expect("TIFF");
            assert_eq!(
                tiff.first()
                    .and_then(|main| main.number(&tiff, ORIENTATION)),
                Some(6)
            );
            assert!(
                first_directory_has(file, ORIENTATION) && !first_directory_has(file, DNG_VERSION)
            );
        }
    }
}
