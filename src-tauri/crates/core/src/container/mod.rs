//! The containers pictures come in: their segments, chunks, boxes and directories, read without
//! trust.
//!
//! Nothing here looks at pixels. Every parser ends on every input, allocates no more than its input
//! is long, and gives what it could read.

pub mod bmff;
pub mod budget;
pub mod gif;
pub mod ico;
pub mod jpeg;
pub mod packed;
pub mod png;
pub mod riff;
pub mod svg;
pub mod tiff;
