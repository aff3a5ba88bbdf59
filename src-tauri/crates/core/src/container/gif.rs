//! GIF's blocks (GIF89a specification, sections 18 to 26).

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signature, screen and global colours.
    Header,
    /// One frame's pixels.
    Image,
    /// How the next frame is shown.
    Control,
    Comment,
    /// An application's own, by its name of eleven bytes.
    Application([u8; 11]),
    /// Anything else.
    Other,
    Trailer,
}

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    pub kind: Kind,
    pub whole: &'a [u8],
}

/// The blocks up to and with the trailer, or as far as they can be read.
pub fn blocks(file: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = if file.starts_with(b"GIF8") { file } else { &[] };
    let mut first = true;
    std::iter::from_fn(move || {
        let (kind, length) = if std::mem::take(&mut first) {
            (Kind::Header, 13 + colours(*rest.get(10)?))
        } else {
            next(rest)?
        };
        let whole = rest.get(..length)?;
        rest = if kind == Kind::Trailer {
            &[]
        } else {
            &rest[length..]
        };
        Some(Block { kind, whole })
    })
}

/// Where a frame's pixels lie in its block, and of how many bits they are; how many there are.
pub fn pixels_of(block: &[u8]) -> Option<(usize, u32, usize)> {
    let number = |at: usize| {
        let pair = block.get(at..at + 2)?.first_chunk()?;
        Some(usize::from(u16::from_le_bytes(*pair)))
    };
    let at = 10 + colours(*block.get(9)?);
    Some((at + 1, u32::from(*block.get(at)?), number(5)? * number(7)?))
}

/// Bytes of a colour table, by the flags before it.
const fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

fn next(rest: &[u8]) -> Option<(Kind, usize)> {
    match rest.first()? {
        // The code size follows the frame's own colours.
        0x2c => Some((
            Kind::Image,
            sub_blocks(rest, 10 + colours(*rest.get(9)?) + 1)?,
        )),
        0x21 => {
            let kind = match rest.get(1)? {
                0xf9 => Kind::Control,
                0xfe => Kind::Comment,
                0xff => Kind::Application(*rest.get(3..)?.first_chunk()?),
                _ => Kind::Other,
            };
            Some((kind, sub_blocks(rest, 2)?))
        }
        0x3b => Some((Kind::Trailer, 1)),
        _ => None,
    }
}

/// Where a chain of sub-blocks that begins at `at` ends.
fn sub_blocks(rest: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*rest.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

/// Whether the file moves.
pub fn is_animated(file: &[u8]) -> bool {
    blocks(file)
        .filter(|block| block.kind == Kind::Image)
        .nth(1)
        .is_some()
}

/// How often it plays; 0: for ever. Without a word on it, once; "repeat n times" is one more.
pub fn plays(file: &[u8]) -> u16 {
    let told = blocks(file).find_map(|block| match block.kind {
        Kind::Application(name) if matches!(&name, b"NETSCAPE2.0" | b"ANIMEXTS1.0") => {
            block.whole.get(16..18)?.first_chunk().copied()
        }
        _ => None,
    });
    match told.map(u16::from_le_bytes) {
        None => 1,
        Some(0) => 0,
        Some(times) => times.saturating_add(1),
    }
}

/// The file with a screen that its first frame fits on, as browsers show it; nothing where it does.
pub fn with_screen(file: &[u8]) -> Option<Vec<u8>> {
    let number = |bytes: &[u8], at: usize| {
        let pair = bytes.get(at..at + 2)?.first_chunk()?;
        Some(u32::from(u16::from_le_bytes(*pair)))
    };
    let first = blocks(file).find(|block| block.kind == Kind::Image)?.whole;
    let need = |at: usize| Some(number(first, at)? + number(first, at + 4)?);
    let (width, height) = (need(1)?, need(3)?);
    let screen = (number(file, 6)?, number(file, 8)?);
    if width <= screen.0 && height <= screen.1 {
        return None;
    }
    let mut out = file.to_vec();
    let widths = u16::try_from(width.max(screen.0)).ok()?.to_le_bytes();
    let heights = u16::try_from(height.max(screen.1)).ok()?.to_le_bytes();
    out[6..8].copy_from_slice(&widths);
    out[8..10].copy_from_slice(&heights);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21\xfe\x02hi\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3bmore";

    #[test]
    fn a_screen_without_size_gets_that_of_its_frame() {
        let mut small = FILE.to_vec();
        small[6..10].fill(0);

        assert_eq!(with_screen(&small).as_deref(), Some(FILE));
        assert!(with_screen(FILE).is_none());
    }

    #[test]
    fn blocks_end_where_the_picture_ends() {
        let kinds: Vec<Kind> = blocks(FILE).map(|block| block.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Header, Kind::Comment, Kind::Image, Kind::Trailer]
        );
        assert!(!is_animated(FILE));
        assert_eq!(plays(FILE), 1);
        let looped = |times: u8| {
            let block = [&b"\x21\xff\x0bNETSCAPE2.0\x03\x01"[..], &[times, 0, 0]].concat();
            [&FILE[..19], &block, &FILE[19..]].concat()
        };
        assert_eq!([0, 2].map(|times| plays(&looped(times))), [0, 3]);
        assert!((0..FILE.len()).all(|cut| blocks(&FILE[..cut]).count() <= 4));
    }
}
