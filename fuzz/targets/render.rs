//! Decoding, resizing, encoding: every way through the renderer, within small limits.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use tintype_core::content::{self, Kind, SNIFF_LEN};
use tintype_core::imaging::{Renderer, Source, cost};
use tintype_core::metadata;
use tintype_core::settings::Limits;
use tintype_core::variant::Variant;

const WAYS: [&[&str]; 4] = [
    &["a=64x48:cover:jpeg", "b=20x20:inside:jpeg"],
    &["a=64x48:contain:auto:gravity=attention", "b=9x9:crop:png"],
    &["a=64x48:fill:webp:keep=icc+copyright:linear"],
    &["a=30x30:inside:jpeg:auto:60:region=3,3,40,40:ratio=2/1"],
];

thread_local! {
    static RENDERER: RefCell<Renderer> = RefCell::new(Renderer::new(LIMITS));
}

const LIMITS: Limits = Limits {
    megapixels: 2,
    decode_mib: 32,
    seconds: 20,
    memory_mib: 64,
};

fuzz_target!(|data: &[u8]| {
    let Some((way, file)) = data.split_last() else {
        return;
    };
    let content = content::sniff(&file[..file.len().min(SNIFF_LEN)], "x.nef");
    let Kind::Image(codec) = content.kind else {
        return;
    };
    let specs = WAYS[usize::from(*way) % WAYS.len()];
    let variants: Vec<Variant> = specs.iter().map(|spec| spec.parse().expect("variant")).collect();
    let source = Source {
        file,
        codec,
        orientation: metadata::orientation(file, codec),
    };
    assert!(cost(source, &variants, LIMITS) <= 32 << 20);
    RENDERER.with_borrow_mut(|renderer| {
        if let Ok(rendered) = renderer.render(source, &variants) {
            assert_eq!(rendered.renditions.len() + rendered.failures.len(), variants.len());
        }
    });
});
