//! The walk through all that a file carries: whatever the bytes, it ends, what is cleaned tells no
//! place, and cleaning it once more changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, Kind, SNIFF_LEN};
use tintype_core::privacy::{Cleaned, Originals, bytes_tell_location, strip, tells_location};

fuzz_target!(|file: &[u8]| {
    let content = content::sniff(&file[..file.len().min(SNIFF_LEN)], "x");
    let Kind::Image(codec) = content.kind else {
        let _ = bytes_tell_location(file);
        return;
    };
    let _ = tells_location(file, codec);
    for originals in [Originals::StripLocation, Originals::StripAll] {
        if let Ok(Cleaned { bytes: clean, .. }) = strip(file.to_vec(), &content, originals) {
            assert!(!tells_location(&clean, codec));
            assert_eq!(
                strip(clean.clone(), &content, originals)
                    .expect("is clean")
                    .bytes,
                clean
            );
        }
    }
});
