//! Stripping: whatever the bytes, it ends, and what it gives tells no place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, Kind};
use tintype_core::privacy::{Originals, strip, tells_location};

fuzz_target!(|file: &[u8]| {
    let content = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], "x");
    for originals in [Originals::StripLocation, Originals::StripAll] {
        if let (Ok(clean), Kind::Image(codec)) = (strip(file.to_vec(), &content, originals), content.kind) {
            assert!(!tells_location(&clean, codec));
            assert_eq!(strip(clean.clone(), &content, originals).expect("is clean"), clean);
        }
    }
});
