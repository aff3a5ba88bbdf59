//! How long a PNG's chunks may be, which may stand there and how often, and where its pixels end
//! (W3C PNG, third edition, 7.2 and 11).

use std::collections::HashSet;

use super::super::coded::deflated;
use crate::container::png::{Chunk, chunks};

/// Passes of an interlaced picture (8.1): where each begins, and its steps, across and down.
const ADAM7: [(u32, u32, u32, u32); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

/// What the first chunk says of the pixels.
#[derive(Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    is_interlaced: bool,
}

impl Header {
    fn of(chunk: &Chunk<'_>) -> Option<Self> {
        let data: &[u8; 13] = chunk.data.try_into().ok()?;
        let [.., depth, colour, _, _, interlace] = *data;
        let four = |at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
        (&chunk.kind == b"IHDR").then_some(Self {
            width: four(0)?,
            height: four(4)?,
            depth,
            colour,
            is_interlaced: interlace == 1,
        })
    }

    const fn channels(&self) -> u64 {
        match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        }
    }

    /// Bytes of all rows, each behind its filter.
    fn unpacked(&self) -> u64 {
        let rows = |width: u32, height: u32| {
            let bits = u64::from(width) * self.channels() * u64::from(self.depth);
            let row = bits.div_ceil(8) + 1;
            if width == 0 {
                0
            } else {
                row.saturating_mul(u64::from(height))
            }
        };
        if !self.is_interlaced {
            return rows(self.width, self.height);
        }
        let part = |all: u32, first: u32, step: u32| all.saturating_sub(first).div_ceil(step);
        let passes = ADAM7.iter().map(|(x, y, across, down)| {
            rows(part(self.width, *x, *across), part(self.height, *y, *down))
        });
        passes.fold(0, u64::saturating_add)
    }
}

/// What was met of the file so far.
pub(super) struct Shape {
    header: Option<Header>,
    colours: usize,
    met: HashSet<[u8; 4]>,
}

impl Shape {
    pub(super) fn of(file: &[u8]) -> Self {
        Self {
            header: chunks(file).next().and_then(|first| Header::of(&first)),
            colours: 0,
            met: HashSet::new(),
        }
    }

    /// Whether the pixels are numbers of colours: else a palette is a proposal at most.
    pub(super) fn is_by_palette(&self) -> bool {
        self.header
            .as_ref()
            .is_some_and(|header| header.colour == 3)
    }

    /// How much of a chunk that shows the picture says something: nothing if it is not as long as
    /// the standard has it, or is there already.
    pub(super) fn length_of(&mut self, found: &Chunk<'_>) -> Option<usize> {
        let header = self.header.as_ref()?;
        let (length, colour, channels) = (found.data.len(), header.colour, header.channels());
        let many = matches!(&found.kind, b"IDAT" | b"fdAT" | b"fcTL");
        let fits = match &found.kind {
            b"IEND" => length == 0,
            b"IHDR" => length == 13,
            b"gAMA" | b"cICP" => length == 4,
            b"cHRM" => length == 32,
            b"sRGB" => length == 1,
            b"sBIT" => length as u64 == if colour == 3 { 3 } else { channels },
            b"pHYs" => length == 9,
            b"bKGD" => length == [2, 0, 6, 1, 2, 0, 6][usize::from(colour.min(6))],
            b"tRNS" => match colour {
                0 => length == 2,
                2 => length == 6,
                3 => true,
                _ => false,
            },
            b"PLTE" => {
                // Readers leave alone what no number can mean.
                self.colours = (length / 3).min(1 << header.depth.min(8));
                length.is_multiple_of(3)
            }
            b"hIST" => length == 2 * self.colours,
            b"mDCV" => length == 24,
            b"cLLI" | b"acTL" => length == 8,
            b"fcTL" => length == 26 && self.met.contains(b"acTL"),
            b"fdAT" => self.met.contains(b"fcTL"),
            _ => true,
        };
        let most = match &found.kind {
            b"PLTE" => 3 * self.colours,
            b"tRNS" if colour == 3 => self.colours,
            _ => length,
        };
        (fits && (self.met.insert(found.kind) || many)).then_some(most.min(length))
    }

    /// How many bytes of the pixels' chunks are pixels; nothing where that cannot be told, or where
    /// there is more packed in them than the picture shows.
    pub(super) fn length_of_pixels(&self, file: &[u8]) -> Option<usize> {
        let most = self.header.as_ref()?.unpacked();
        let pieces = chunks(file).filter(|found| &found.kind == b"IDAT");
        deflated(pieces.map(|found| found.data), most)
    }

    /// Where the pixels of each frame that is not the picture itself end, counted from the first of
    /// its chunks. Nothing where frames are not as the standard has them: as many as are told, in
    /// the order of their numbers, each of the size it says.
    pub(super) fn lengths_of_frames(&self, file: &[u8]) -> Option<Vec<usize>> {
        let four =
            |data: &[u8], at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
        let header = self.header.as_ref()?;
        let (mut told, mut numbers) = (0, 0);
        let mut frames: Vec<(u64, Vec<&[u8]>)> = Vec::new();
        let (mut controls, mut is_ordered) = (0, true);
        for found in chunks(file) {
            match &found.kind {
                b"acTL" => told = four(found.data, 0)?,
                b"fcTL" => {
                    controls += 1;
                    let frame = Header {
                        width: four(found.data, 4)?,
                        height: four(found.data, 8)?,
                        ..*header
                    };
                    frames.push((frame.unpacked(), Vec::new()));
                }
                b"fdAT" => match (frames.last_mut(), found.data.get(4..)) {
                    (Some((_, pieces)), Some(piece)) => pieces.push(piece),
                    _ => is_ordered = false,
                },
                _ => continue,
            }
            if matches!(&found.kind, b"fcTL" | b"fdAT") {
                if four(found.data, 0)? != numbers {
                    is_ordered = false;
                }
                numbers += 1;
            }
        }
        if told == 0 {
            // Without that, nobody shows them: they go.
            return Some(Vec::new());
        }
        if controls != told || !is_ordered {
            return None;
        }
        // The first may be the picture itself, whose pixels are no frame's.
        let own = frames.iter().filter(|(_, pieces)| !pieces.is_empty());
        own.map(|(most, pieces)| deflated(pieces.iter().copied(), *most))
            .collect()
    }
}
