//! PNG's chunks (W3C PNG, third edition, section 5).

pub const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
    /// Length, kind, data and checksum.
    pub whole: &'a [u8],
}

/// The chunks up to and with `IEND`, or as far as they can be read.
pub fn chunks(file: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = file.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = *rest.get(4..)?.first_chunk()?;
        let whole = rest.get(..length.checked_add(12)?)?;
        rest = if &kind == b"IEND" {
            &[]
        } else {
            rest.get(whole.len()..)?
        };
        Some(Chunk {
            kind,
            data: whole.get(8..8 + length)?,
            whole,
        })
    })
}

/// The file with the end that it lacks, where it lacks nothing else.
pub fn with_end(file: &[u8]) -> Option<Vec<u8>> {
    let (mut length, mut last) = (SIGNATURE.len(), None);
    for chunk in chunks(file) {
        length += chunk.whole.len();
        last = Some(chunk.kind);
    }
    (last.is_some_and(|kind| &kind != b"IEND") && length == file.len())
        .then(|| Some([file, &chunk(b"IEND", &[])?].concat()))?
}

/// Whether the file moves: `acTL` before the pixels, with more than one frame.
pub fn is_animated(file: &[u8]) -> bool {
    let control = chunks(file)
        .take_while(|chunk| &chunk.kind != b"IDAT")
        .find(|chunk| &chunk.kind == b"acTL");
    control
        .and_then(|chunk| chunk.data.first_chunk().copied())
        .is_some_and(|frames| u32::from_be_bytes(frames) > 1)
}

/// How often it plays; 0: for ever.
pub fn plays(file: &[u8]) -> u16 {
    let control = chunks(file).find(|chunk| &chunk.kind == b"acTL");
    let times = control.and_then(|chunk| chunk.data.get(4..8)?.first_chunk().copied());
    let times = u32::from_be_bytes(times.unwrap_or_default());
    u16::try_from(times).unwrap_or(u16::MAX)
}

/// A chunk with its checksum.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let mut out = u32::try_from(data.len()).ok()?.to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    let crc = crc32(&out[4..]);
    out.extend(crc.to_be_bytes());
    Some(out)
}

/// CRC-32 as in annex D of the specification.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_back_and_end() {
        let file = [
            SIGNATURE,
            &chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]).unwrap(),
            &chunk(b"IEND", b"").unwrap(),
            b"more",
        ]
        .concat();
        assert_eq!(
            chunks(&file).map(|chunk| chunk.kind).collect::<Vec<_>>(),
            [*b"acTL", *b"IEND"]
        );
        assert!(is_animated(&file));
        // The checksum every PNG ends with.
        assert_eq!(chunk(b"IEND", b"").unwrap()[8..], [0xae, 0x42, 0x60, 0x82]);
        assert!((0..file.len()).all(|cut| chunks(&file[..cut]).count() <= 2));
    }
}
