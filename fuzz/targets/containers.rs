//! The parts that files are made of: segments, chunks, boxes, directories.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::container::tiff::Tiff;
use tintype_core::container::budget::Budget;
use tintype_core::container::{bmff, gif, ico, jpeg, png, riff, tiff};

fuzz_target!(|file: &[u8]| {
    if let Some((preview, frame)) = jpeg::largest_inside(file) {
        assert!(preview.starts_with(&[0xff, 0xd8, 0xff]) && frame.width > 0);
    }
    let _ = (jpeg::Segments::of(file).count(), jpeg::icc(file), jpeg::by_adobe(file), jpeg::exif(file));
    let _ = (jpeg::frame(file), jpeg::without_gaps(file));
    let _ = (png::chunks(file).count(), png::is_animated(file), png::plays(file));
    let _ = (gif::blocks(file).count(), gif::is_animated(file), gif::plays(file), gif::with_screen(file));
    let _ = (riff::chunks(file).count(), riff::is_animated(file), riff::plays(file), riff::reaches_the_end(file));
    let _ = (bmff::boxes(file, 0..file.len()), bmff::items(file), bmff::are_all_read(file), bmff::trimmed(file));
    if let Some(meta) = bmff::meta(file) {
        let _ = bmff::inside_meta(file, &meta);
    }
    let _ = (ico::png_inside(file), tiff::first_directory_has(file, 0xc612));
    if let Some(tiff) = Tiff::new(file) {
        let mut budget = Budget::of(file);
        let tree = tiff.tree(&mut budget);
        for directory in tree.main() {
            for tag in [0x0112, 0x8769, 0x8825, 0x0111] {
                let _ = directory.entry(tag).map(|entry| tiff.numbers(entry));
            }
        }
    }
});
