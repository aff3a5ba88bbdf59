//! Builds libavif as it lies in `vendor/`, with libaom by its own crate.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=vendor");
    let vendor = Path::new("vendor");
    let scaling = vendor.join("third_party/libyuv");
    let mut build = cc::Build::new();
    build
        .files(sources(&vendor.join("src")))
        .files(sources(&scaling.join("source")))
        .include(vendor.join("include"))
        .include(scaling.join("include"));
    // libaom's crate tells where it put its headers.
    if let Some(headers) = std::env::var_os("DEP_AOM_INCLUDE") {
        build.include(headers);
    }
    for codec in [
        "AVIF_CODEC_AOM",
        "AVIF_CODEC_AOM_ENCODE",
        "AVIF_CODEC_AOM_DECODE",
    ] {
        build.define(codec, "1");
    }
    // Pixels are worked on here also where the rest is built to be looked into.
    build.opt_level(3).warnings(false).compile("avif");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "c"))
        .collect();
    files.sort();
    files
}
