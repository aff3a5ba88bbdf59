//! Windows' icons: a directory of pictures, each a bitmap or a PNG.

use super::png;

/// The largest picture, if it is a PNG.
pub fn png_inside(file: &[u8]) -> Option<&[u8]> {
    let count = u16::from_le_bytes(*file.get(4..)?.first_chunk()?);
    let entries = file.get(6..)?.chunks_exact(16).take(usize::from(count));
    // A side of 0 is one of 256.
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let largest = entries.max_by_key(|entry| {
        let bits = u16::from_le_bytes([entry[6], entry[7]]);
        (side(entry[0]) * side(entry[1]), bits)
    })?;
    let number = |at: usize| {
        let bytes = largest.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let (length, at) = (number(8)?, number(12)?);
    let picture = file.get(at..at.checked_add(length)?)?;
    picture.starts_with(png::SIGNATURE).then_some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_taken() {
        let entry = |side: u8, at: u8| [side, side, 0, 0, 1, 0, 32, 0, 8, 0, 0, 0, at, 0, 0, 0];
        let file = [
            &b"\0\0\x01\0\x02\0"[..],
            &entry(16, 38),
            &entry(0, 46),
            b"a bitmap",
            png::SIGNATURE,
        ]
        .concat();

        assert_eq!(png_inside(&file), Some(png::SIGNATURE));
        assert!((0..file.len()).all(|cut| png_inside(&file[..cut]).is_none()));
    }
}
