//! WebP's chunks (RFC 9649, section 2).

pub const RIFF: [u8; 4] = *b"RIFF";
pub const WEBP: [u8; 4] = *b"WEBP";
/// Bits of a `VP8X` chunk's first byte.
pub const HAS_ICC: u8 = 0x20;
pub const HAS_ALPHA: u8 = 0x10;
pub const HAS_EXIF: u8 = 0x08;
pub const HAS_XMP: u8 = 0x04;
pub const HAS_ANIMATION: u8 = 0x02;

/// A chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
}

/// The chunks of a WebP file, or as far as they can be read. What lies after the length in the
/// header is left out.
pub fn chunks(file: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let is_webp = file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP");
    let length = file
        .get(4..8)
        .and_then(|length| length.first_chunk())
        .map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let end = length.saturating_add(8).min(file.len());
    let mut rest = if is_webp {
        file.get(12..end).unwrap_or_default()
    } else {
        &[]
    };
    std::iter::from_fn(move || {
        let kind = *rest.first_chunk()?;
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let data = rest.get(8..length.checked_add(8)?)?;
        // Chunks begin at even places.
        rest = rest.get(8 + length + length % 2..).unwrap_or_default();
        Some(Chunk { kind, data })
    })
}

/// Whether the chunks fill the length that the header tells, and the file has it.
pub fn reaches_the_end(file: &[u8]) -> bool {
    let told = file
        .get(4..8)
        .and_then(|length| length.first_chunk())
        .map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let chunks: usize = chunks(file)
        .map(|chunk| 8 + chunk.data.len() + chunk.data.len() % 2)
        .sum();
    // Some writers leave the last filling byte out.
    file.len() >= told.saturating_add(8).saturating_sub(1) && chunks + 4 >= told
}

/// Whether the file moves.
pub fn is_animated(file: &[u8]) -> bool {
    chunks(file)
        .filter(|chunk| &chunk.kind == b"ANMF")
        .nth(1)
        .is_some()
}

/// How often it plays; 0: for ever.
pub fn plays(file: &[u8]) -> u16 {
    let control = chunks(file).find(|chunk| &chunk.kind == b"ANIM");
    let times = control.and_then(|chunk| chunk.data.get(4..6)?.first_chunk().copied());
    u16::from_le_bytes(times.unwrap_or_default())
}

/// Puts chunks together to a file; nothing if it would be larger than the format can say.
pub fn file<'a>(chunks: impl IntoIterator<Item = (&'a [u8; 4], &'a [u8])>) -> Option<Vec<u8>> {
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    for (kind, data) in chunks {
        push(&mut out, kind, data)?;
    }
    let length = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Some(out)
}

/// Appends one chunk.
pub fn push(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) -> Option<()> {
    out.extend(kind);
    out.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    out.extend(data);
    out.extend(std::iter::repeat_n(0, data.len() % 2));
    Some(())
}

/// The content of a `VP8X` chunk.
pub fn extended(flags: u8, (width, height): (u32, u32)) -> Vec<u8> {
    [
        &[flags, 0, 0, 0][..],
        &u24(width.saturating_sub(1)),
        &u24(height.saturating_sub(1)),
    ]
    .concat()
}

/// A number of three bytes.
pub fn u24(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_back_and_end() {
        let made = file([(b"VP8X", &extended(HAS_ICC, (4, 3))[..]), (b"ICCP", b"odd")]).unwrap();
        let found: Vec<_> = chunks(&made).collect();
        assert_eq!(found[0].data, [0x20, 0, 0, 0, 3, 0, 0, 2, 0, 0]);
        assert_eq!(
            (found[1].kind, found[1].data),
            (*b"ICCP", b"odd".as_slice())
        );
        assert_eq!(made.len() % 2, 0);
        assert!((0..made.len()).all(|cut| chunks(&made[..cut]).count() <= 2));
    }
}
