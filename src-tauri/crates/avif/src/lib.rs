//! AVIF in and out: libavif with libaom behind [`decode`], [`frames`], [`encode`] and [`Moving`].
//!
//! libaom was chosen over rav1e by measurement: at equal score it is about four times as fast and
//! its files are smaller (`cargo xtask bench images` measures what is left to the distance from
//! sharp).

mod decode;
mod encode;
mod sys;

use std::ffi::CStr;
use std::fmt;

// Linked, not called from here.
use libaom_sys as _;

pub use decode::{Colour, Frames, Header, Picture, Samples, decode, frames, header};
pub use encode::{Moving, Options, encode};

/// What libavif said, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// One phrase.
    pub message: String,
    /// The file asks for more than the limits allow.
    pub too_large: bool,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

fn check(result: sys::avifResult) -> Result<(), Error> {
    if result == sys::AVIF_RESULT_OK {
        return Ok(());
    }
    // SAFETY: libavif returns a pointer to a string that is never freed.
    let text = unsafe { CStr::from_ptr(sys::avifResultToString(result)) };
    Err(Error {
        message: text.to_string_lossy().to_lowercase(),
        too_large: result == sys::AVIF_RESULT_OUT_OF_MEMORY,
    })
}

fn too_large() -> Error {
    Error {
        message: "the picture is larger than the limit".into(),
        too_large: true,
    }
}

fn out_of_memory() -> Error {
    Error {
        message: "no memory".into(),
        too_large: true,
    }
}

fn point<T: TryInto<u8>>(code: T) -> u8 {
    code.try_into().unwrap_or(2)
}

/// A copy of one of libavif's buffers; nothing if it is empty.
fn bytes(buffer: &sys::avifRWData) -> Option<Vec<u8>> {
    if buffer.data.is_null() || buffer.size == 0 {
        return None;
    }
    // SAFETY: libavif keeps `size` bytes at `data` for as long as the image that holds the buffer
    // lives.
    Some(unsafe { std::slice::from_raw_parts(buffer.data, buffer.size) }.to_vec())
}

#[cfg(test)]
mod tests;
