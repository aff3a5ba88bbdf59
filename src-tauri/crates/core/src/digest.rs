//! Digests of files, read piece by piece: they may be larger than the memory.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Result};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::regular;

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// SHA-256 of a file. Blocks.
pub(crate) fn sha256(path: &Path) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    rest(&mut regular::open(path)?, &mut hash)?;
    Ok(hash.finalize().into())
}

/// Takes in what of a file is not read yet; how many bytes that was.
pub(crate) fn rest(file: &mut File, hash: &mut impl Digest) -> Result<u64> {
    let (mut chunk, mut size) = (vec![0; CHUNK], 0);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(size),
            Ok(length) => {
                hash.update(&chunk[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
