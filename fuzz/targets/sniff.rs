//! What a file is, by its first bytes and its name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, SNIFF_LEN};

fuzz_target!(|file: &[u8]| {
    let head = &file[..file.len().min(SNIFF_LEN)];
    for name in ["x", "x.svg", "x.jpg", "x.nef", "x.tga"] {
        let content = content::sniff(head, name);
        assert!(content.content_type.contains('/'));
    }
});
