//! Variants and key templates as people type them: what is read is written the same way again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::key::Template;
use tintype_core::variant::Variant;

fuzz_target!(|text: &str| {
    if let Ok(variant) = text.parse::<Variant>() {
        assert_eq!(format!("{}={variant}", variant.name).parse::<Variant>().expect("readable"), variant);
    }
    let _ = Template::parse(text);
});
