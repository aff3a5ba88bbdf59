//! Orientation, date, place and rights: whatever the bytes, reading them ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, Kind};
use tintype_core::metadata;

fuzz_target!(|file: &[u8]| {
    if let Kind::Image(codec) = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], "x.nef").kind {
        assert!((1..=8).contains(&metadata::orientation(file, codec)));
        let _ = metadata::rights(file, codec);
    }
});
