//! What lies compressed in a file, unpacked as far as the budget reaches.

use std::io::{Read, Write as _};

use super::budget::Budget;

/// What a zlib stream holds; nothing where it is damaged, or not worth its bytes.
pub fn inflated(packed: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    unpacked(flate2::read::ZlibDecoder::new(packed), budget)
}

/// A zlib stream that holds that.
pub fn deflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

/// The same of a brotli stream.
pub fn unbrotlied(packed: &[u8], budget: &mut Budget) -> Option<Vec<u8>> {
    unpacked(brotli_decompressor::Decompressor::new(packed, 4096), budget)
}

fn unpacked(from: impl Read, budget: &mut Budget) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let most = budget.left() as u64;
    from.take(most).read_to_end(&mut out).ok()?;
    budget.pays(out.len().saturating_add(1)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_not_unpacked_to_its_end() {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 64 << 20]).expect("packs");
        let bomb = packer.finish().expect("packs");
        let mut budget = Budget::of(&bomb);

        assert!(bomb.len() < 100_000 && inflated(&bomb, &mut budget).is_none());
        assert!(budget.is_spent());
    }
}
