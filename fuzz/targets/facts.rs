//! What a picture says of itself: format, size, date, camera, place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, Kind, SNIFF_LEN};
use tintype_core::{imaging, metadata};

fuzz_target!(|file: &[u8]| {
    let content = content::sniff(&file[..file.len().min(SNIFF_LEN)], "x.nef");
    if let Kind::Image(codec) = content.kind {
        let facts = imaging::facts(file, codec, &content.content_type);
        assert!((1..=8).contains(&facts.orientation));
        let _ = (facts.day(), metadata::rights(file, codec));
    }
});
