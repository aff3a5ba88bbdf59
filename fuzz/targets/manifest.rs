//! A manifest, which anybody who may write the bucket has written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::manifest;

fuzz_target!(|text: &[u8]| {
    let (entries, _) = manifest::read(text);
    for entry in &entries {
        let _ = (entry.original(), entry.placeholder());
    }
    let (again, damaged) = manifest::read(&manifest::write(&entries));
    assert_eq!((again.len(), damaged), (entries.len(), 0));
});
