//! JPEG's segments (ITU-T T.81, annex B).

pub const SOI: u8 = 0xd8;
pub const EOI: u8 = 0xd9;
pub const SOS: u8 = 0xda;
pub const APP0: u8 = 0xe0;
pub const APP1: u8 = 0xe1;
pub const APP2: u8 = 0xe2;
pub const APP13: u8 = 0xed;
pub const APP14: u8 = 0xee;
pub const APP15: u8 = 0xef;
pub const COM: u8 = 0xfe;

pub const EXIF: &[u8] = b"Exif\0\0";
pub const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
pub const ICC: &[u8] = b"ICC_PROFILE\0";
/// Bytes between two segments that are passed over; libjpeg has no limit, files have a handful.
const MAX_GARBAGE: usize = 64 << 10;

/// A marker and what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    pub marker: u8,
    /// What follows the length; for [`SOS`] its header alone.
    pub data: &'a [u8],
    /// All of it, the marker included; for [`SOS`] with the entropy-coded data that follows.
    pub whole: &'a [u8],
}

/// What the frame header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// 0xc0 baseline, 0xc2 progressive, 0xc3 lossless …
    pub marker: u8,
    /// Bits of a sample.
    pub precision: u8,
    pub width: u32,
    pub height: u32,
    pub components: u8,
}

/// The segments of a file up to and with its end mark, or as far as they can be read.
#[derive(Debug, Clone, Copy)]
pub struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// Begins after the start mark; nothing comes of a file that does not begin with one.
    pub fn of(file: &'a [u8]) -> Self {
        Self {
            rest: file.strip_prefix(&[0xff, SOI]).unwrap_or_default(),
        }
    }

    /// What is left of the file.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        // Any marker may be preceded by fill bytes, and decoders pass over garbage between
        // segments.
        let start = self
            .rest
            .windows(2)
            .take(MAX_GARBAGE)
            .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
        let from = self.rest.get(start..)?;
        let marker = *from.get(1)?;
        if marker == EOI || marker == SOI || marker == 0x01 || (0xd0..=0xd7).contains(&marker) {
            let (whole, rest) = from.split_at(2);
            self.rest = rest;
            return Some(Segment {
                marker,
                data: &[],
                whole,
            });
        }
        let length = usize::from(u16::from_be_bytes(*from.get(2..)?.first_chunk()?));
        let data = from.get(4..2 + length)?;
        let mut end = 2 + length;
        if marker == SOS {
            end += entropy_coded(from.get(end..)?);
        }
        let (whole, rest) = from.split_at(end);
        self.rest = rest;
        Some(Segment {
            marker,
            data,
            whole,
        })
    }
}

/// How far entropy-coded data goes: to the next marker that is neither a stuffed zero nor a
/// restart.
fn entropy_coded(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = data[at..].iter().position(|byte| *byte == 0xff) {
        at += next;
        match data.get(at + 1) {
            Some(0 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return at,
            None => break,
        }
    }
    data.len()
}

/// The segments before the first scan: cheap, whatever the file's length.
pub fn headers(file: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut segments = Segments::of(file);
    std::iter::from_fn(move || {
        // The scan itself would be walked through to its end.
        let next = segments
            .rest()
            .windows(2)
            .take(MAX_GARBAGE)
            .find(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff));
        next.filter(|pair| !matches!(pair[1], SOS | EOI))
            .and_then(|_| segments.next())
    })
}

/// The file without what lies between its header's segments: some cameras leave a few bytes there,
/// which viewers pass over. Nothing where there are none.
pub fn without_gaps(file: &[u8]) -> Option<Vec<u8>> {
    let place = |part: &[u8]| part.as_ptr().addr() - file.as_ptr().addr();
    let is_gap = |bytes: &[u8]| bytes.iter().any(|byte| *byte != 0xff);
    let (mut end, mut has_gaps) = (2, false);
    for segment in headers(file) {
        let start = place(segment.whole);
        has_gaps |= is_gap(&file[end..start]);
        end = start + segment.whole.len();
    }
    let scan = file.get(end..)?;
    let marker = scan
        .windows(2)
        .take(MAX_GARBAGE)
        .position(|pair| pair == [0xff, SOS])?;
    if !has_gaps && !is_gap(&scan[..marker]) {
        return None;
    }
    let segments: Vec<&[u8]> = headers(file).map(|segment| segment.whole).collect();
    Some([&file[..2], &segments.concat(), &scan[marker..]].concat())
}

/// The frame header.
pub fn frame(file: &[u8]) -> Option<Frame> {
    headers(file)
        .find(|segment| is_frame(segment.marker))
        .and_then(|segment| {
            let [precision, h1, h0, w1, w0, components] = *segment.data.first_chunk()?;
            let (width, height) = (
                u32::from(u16::from_be_bytes([w1, w0])),
                u32::from(u16::from_be_bytes([h1, h0])),
            );
            Some(Frame {
                marker: segment.marker,
                precision,
                width,
                height,
                components,
            })
        })
}

/// The frame markers, of which DHT, JPG and DAC are none.
const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// The EXIF block: a TIFF structure.
pub fn exif(file: &[u8]) -> Option<&[u8]> {
    headers(file).find_map(|segment| exif_of(&segment))
}

/// The same in one segment. The byte behind the name's zero is to be one, too; some cameras have
/// others there, and readers do not mind.
pub fn exif_of<'a>(segment: &Segment<'a>) -> Option<&'a [u8]> {
    let name = segment.data.strip_prefix(&EXIF[..5])?;
    name.get(1..).filter(|_| segment.marker == APP1)
}

/// Whether Adobe wrote the file: its four-colour pictures are stored inverted.
pub fn by_adobe(file: &[u8]) -> bool {
    headers(file).any(|segment| segment.marker == APP14 && segment.data.starts_with(b"Adobe"))
}

/// The ICC profile, put together from its numbered pieces (ICC.1:2022, annex B.4).
pub fn icc(file: &[u8]) -> Option<Vec<u8>> {
    let mut pieces: Vec<(u8, &[u8])> = headers(file)
        .filter(|segment| segment.marker == APP2)
        .filter_map(|segment| segment.data.strip_prefix(ICC))
        .filter_map(|piece| Some((*piece.first()?, piece.get(2..)?)))
        .collect();
    pieces.sort_by_key(|(number, _)| *number);
    pieces.dedup_by_key(|(number, _)| *number);
    (!pieces.is_empty()).then(|| {
        pieces
            .into_iter()
            .flat_map(|(_, piece)| piece)
            .copied()
            .collect()
    })
}

/// A segment ready to be put into a file; nothing if the data is too long for one.
pub fn segment(marker: u8, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let length = u16::try_from(2 + parts.iter().map(|part| part.len()).sum::<usize>()).ok()?;
    let mut out = vec![0xff, marker];
    out.extend(length.to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
    Some(out)
}

/// The segments that carry an ICC profile.
pub fn icc_segments(profile: &[u8]) -> Vec<u8> {
    let pieces: Vec<&[u8]> = profile.chunks(65_519).collect();
    let Ok(count) = u8::try_from(pieces.len()) else {
        return Vec::new();
    };
    let numbered = (1..=count).zip(pieces);
    numbered
        .filter_map(|(number, piece)| segment(APP2, &[ICC, &[number, count], piece]))
        .flatten()
        .collect()
}

/// More pictures than any camera puts into a file.
const MAX_INSIDE: usize = 64;

/// The largest 8-bit picture inside another file (a camera's preview in its raw file): its bytes
/// and frame.
pub fn largest_inside(file: &[u8]) -> Option<(&[u8], Frame)> {
    // The start mark, and a segment's marker right behind it.
    let is_start = |window: &[u8]| {
        window[..3] == [0xff, SOI, 0xff]
            && matches!(window[3], 0xc0..=0xfe)
            && !matches!(window[3], SOI | EOI | 0xd0..=0xd7)
    };
    let starts = file
        .windows(4)
        .enumerate()
        .filter(|(_, window)| is_start(window))
        .map(|(at, _)| at);
    let found = starts.take(MAX_INSIDE).filter_map(|at| {
        let inside = &file[at..];
        let frame = frame(inside)?;
        let plain = matches!(frame.marker, 0xc0..=0xc2)
            && frame.precision == 8
            && matches!(frame.components, 1 | 3);
        // A raw file's own data is lossless JPEG, or looks like a marker by chance: only what has
        // its tables counts.
        let tables = headers(inside).any(|segment| segment.marker == 0xdb);
        (plain && tables && frame.width > 0 && frame.height > 0).then_some((inside, frame))
    });
    found.max_by_key(|(_, frame)| u64::from(frame.width) * u64::from(frame.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SOI, a comment, SOF0 of 16 × 8, SOS with a stuffed byte, EOI, and something after it.
    const FILE: &[u8] = &[
        0xff, 0xd8, 0xff, 0xfe, 0, 4, b'h', b'i', 0xff, 0xdb, 0, 2, 0xff, 0xc0, 0, 9, 8, 0, 8, 0,
        16, 1, 0, 0xff, 0xda, 0, 3, 0, 1, 0xff, 0, 2, 0xff, 0xd9, 9, 9,
    ];

    #[test]
    fn segments_end_where_the_picture_ends() {
        let mut segments = Segments::of(FILE);
        let markers: Vec<u8> = segments
            .by_ref()
            .take_while(|segment| segment.marker != EOI)
            .map(|segment| segment.marker)
            .collect();
        assert_eq!(markers, [COM, 0xdb, 0xc0, SOS]);
        assert_eq!(segments.rest(), [9, 9]);
        assert_eq!(
            frame(FILE).map(|frame| (frame.width, frame.height, frame.precision)),
            Some((16, 8, 8))
        );
    }

    #[test]
    fn what_lies_between_segments_is_passed_over() {
        let gap = [&FILE[..2], b"junk", &FILE[2..]].concat();

        assert_eq!(without_gaps(&gap).as_deref(), Some(FILE));
        assert!(without_gaps(FILE).is_none());
        assert!(without_gaps(b"").is_none());
    }

    #[test]
    fn a_preview_is_found_inside() {
        let mut raw = vec![7; 100];
        raw.extend([0xff, 0xd8, 0xff, 0xd8, 0xff]);
        raw.extend(FILE);
        assert_eq!(
            largest_inside(&raw).map(|(file, frame)| (file.len(), frame.width)),
            Some((FILE.len(), 16))
        );
        assert!(largest_inside(&[0xff; 50]).is_none());
    }

    #[test]
    fn a_profile_of_many_pieces_comes_back() {
        let profile: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let file = [&[0xff, SOI][..], &icc_segments(&profile), &FILE[2..]].concat();
        assert_eq!(icc(&file), Some(profile));
    }

    #[test]
    fn every_cut_ends() {
        for cut in 0..FILE.len() {
            assert!(Segments::of(&FILE[..cut]).count() < 10);
            let _ = (
                frame(&FILE[..cut]),
                icc(&FILE[..cut]),
                largest_inside(&FILE[..cut]),
            );
        }
    }
}
