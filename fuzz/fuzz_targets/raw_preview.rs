//! The preview inside a camera's raw file, and JPEG's segments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::container::jpeg;

fuzz_target!(|file: &[u8]| {
    if let Some((preview, frame)) = jpeg::largest_inside(file) {
        assert!(preview.starts_with(&[0xff, 0xd8, 0xff]) && frame.width > 0);
    }
    let _ = (jpeg::Segments::of(file).count(), jpeg::icc(file), jpeg::by_adobe(file));
});
