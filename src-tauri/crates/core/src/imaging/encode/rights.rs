//! Artist and copyright as EXIF, and nothing else.

use crate::metadata::Rights;

const ARTIST: u16 = 315;
const COPYRIGHT: u16 = 33432;

/// A TIFF structure with one directory; nothing if there is nothing to say.
pub(super) fn exif(rights: &Rights) -> Option<Vec<u8>> {
    let lines = [(ARTIST, &rights.artist), (COPYRIGHT, &rights.copyright)];
    let lines: Vec<(u16, Vec<u8>)> = lines
        .into_iter()
        .filter_map(|(tag, line)| Some((tag, [line.as_ref()?.as_bytes(), &[0]].concat())))
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut entries = Vec::new();
    let mut values = Vec::new();
    let first_value = 8 + 2 + 12 * lines.len() + 4;
    for (tag, line) in &lines {
        entries.extend(tag.to_be_bytes());
        entries.extend([0, 2]);
        entries.extend(u32::try_from(line.len()).ok()?.to_be_bytes());
        if line.len() <= 4 {
            entries.extend(line.iter().copied().chain([0; 4]).take(4));
        } else {
            entries.extend(
                u32::try_from(first_value + values.len())
                    .ok()?
                    .to_be_bytes(),
            );
            values.extend(line);
        }
    }
    let count = u16::try_from(lines.len()).ok()?.to_be_bytes();
    Some(
        [
            b"MM\0*\0\0\0\x08",
            count.as_slice(),
            &entries,
            &[0; 4],
            &values,
        ]
        .concat(),
    )
}
