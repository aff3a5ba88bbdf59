//! Where coded pixels end: what stands behind them in their strip, chunk or block no reader reads.
//! Codes are walked through; no pixel is made of them.

use flate2::{Decompress, FlushDecompress, Status};

/// Codes of LZW have up to so many bits, in GIF and in TIFF.
const WIDEST: u32 = 12;

/// How bits of LZW lie in their bytes, and when codes get wider.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Lzw {
    /// The first bit is a byte's last (GIF89a, appendix F).
    Gif {
        /// Bits of a pixel.
        size: u32,
    },
    /// The first bit is a byte's first, and codes get wider one code earlier (TIFF 6.0, section 13).
    Tiff,
}

impl Lzw {
    const fn size(self) -> u32 {
        match self {
            Self::Gif { size } => size,
            Self::Tiff => 8,
        }
    }

    /// The code of so many bits at that bit.
    fn code(self, bytes: &[u8], at: usize, width: u32) -> Option<u32> {
        let mut read: u32 = 0;
        for (index, byte) in bytes.get(at / 8..)?.iter().take(3).enumerate() {
            read |= match self {
                Self::Gif { .. } => u32::from(*byte) << (8 * index),
                Self::Tiff => u32::from(*byte) << (16 - 8 * index),
            };
        }
        let end = at + width as usize;
        let within = u32::try_from(at % 8).ok()?;
        let code = match self {
            Self::Gif { .. } => read >> within,
            Self::Tiff => read >> (24 - within - width),
        };
        (end <= bytes.len() * 8).then_some(code & ((1 << width) - 1))
    }

    /// Bytes of the codes for so many pixels, and of the code that ends them; nothing where they
    /// are none, or go on behind the pixels.
    pub(super) fn length(self, bytes: &[u8], pixels: usize) -> Option<usize> {
        let (clear, end) = (1 << self.size(), (1 << self.size()) + 1);
        let early = u32::from(self == Self::Tiff);
        // How many pixels each code stands for.
        let mut runs: Vec<usize> = vec![1; end as usize + 1];
        let (mut at, mut made, mut before) = (0, 0_usize, None::<usize>);
        let mut width = self.size() + 1;
        loop {
            let code = match self.code(bytes, at, width) {
                Some(code) => code,
                // Some leave out the last code.
                None if made >= pixels => return Some(bytes.len()),
                None => return None,
            };
            at += width as usize;
            if code == end {
                return Some(at.div_ceil(8));
            }
            if code == clear {
                runs.truncate(end as usize + 1);
                (width, before) = (self.size() + 1, None);
                continue;
            }
            if made >= pixels {
                return None;
            }
            let run = match (runs.get(code as usize), before) {
                (Some(run), _) => *run,
                (None, Some(before)) if code as usize == runs.len() => before + 1,
                _ => return None,
            };
            if let Some(before) = before
                && runs.len() < 1 << WIDEST
            {
                runs.push(before + 1);
            }
            made = made.saturating_add(run);
            before = Some(run);
            let next = u32::try_from(runs.len()).ok()? + early;
            if next >= 1 << width && width < WIDEST {
                width += 1;
            }
        }
    }
}

/// Bytes of a strip that PackBits made (TIFF 6.0, section 9) for so many.
pub(super) fn packbits(bytes: &[u8], unpacked: usize) -> Option<usize> {
    let (mut at, mut made) = (0, 0_usize);
    while made < unpacked {
        let head = *bytes.get(at)?;
        at += match head {
            128 => 1,
            0..128 => {
                made += usize::from(head) + 1;
                2 + usize::from(head)
            }
            _ => {
                made += 257 - usize::from(head);
                2
            }
        };
    }
    (at <= bytes.len()).then_some(at)
}

/// Bytes of a zlib stream that lies in pieces; nothing where it does not end, or gives more than
/// `most`.
pub(super) fn deflated<'a>(pieces: impl Iterator<Item = &'a [u8]>, most: u64) -> Option<usize> {
    let (mut unpacker, mut scratch) = (Decompress::new(true), vec![0; 64 << 10]);
    for piece in pieces {
        let before = unpacker.total_in();
        loop {
            let read = usize::try_from(unpacker.total_in() - before).ok()?;
            let rest = piece.get(read..)?;
            let out = unpacker.total_out();
            let status = unpacker
                .decompress(rest, &mut scratch, FlushDecompress::None)
                .ok()?;
            if unpacker.total_out() > most {
                return None;
            }
            if status == Status::StreamEnd {
                return usize::try_from(unpacker.total_in()).ok();
            }
            let has_moved = unpacker.total_out() > out;
            if unpacker.total_in() - before == piece.len() as u64 && !has_moved {
                break;
            }
            if !has_moved && unpacker.total_in() - before == read as u64 {
                return None;
            }
        }
    }
    // The sum behind them may be missing.
    (unpacker.total_out() == most).then(|| usize::try_from(unpacker.total_in()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let numbers = (0_u32..).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8);
        numbers.take(length).collect()
    }

    #[test]
    fn codes_end_where_their_decoder_says() {
        use weezl::BitOrder::{Lsb, Msb};
        for length in [1, 2, 500, 9000, 70_000] {
            let pixels = noise(length);
            for (way, mut encoder) in [
                (Lzw::Gif { size: 5 }, weezl::encode::Encoder::new(Lsb, 5)),
                (Lzw::Gif { size: 8 }, weezl::encode::Encoder::new(Lsb, 8)),
                (
                    Lzw::Tiff,
                    weezl::encode::Encoder::with_tiff_size_switch(Msb, 8),
                ),
            ] {
                let coded = encoder.encode(&pixels).expect("encodes");
                let with_words = [&coded[..], b"Stephansplatz 48.2082"].concat();

                assert_eq!(way.length(&coded, length), Some(coded.len()), "{length}");
                assert_eq!(way.length(&with_words, length), Some(coded.len()));
                assert_eq!(way.length(&coded, length / 2), None, "more than there are");
            }
        }
    }

    #[test]
    fn runs_of_packbits_end_with_their_bytes() {
        // Three times one byte, two bytes as they are, nothing, one byte as it is.
        let packed = [254, 7, 1, 8, 9, 128, 0, 5];

        assert_eq!(packbits(&packed, 6), Some(8));
        assert_eq!(packbits(&[&packed[..], b"words"].concat(), 6), Some(8));
        assert_eq!(packbits(&packed[..7], 6), None);
    }
}
