//! Variants and templates as people type them: what is read is written the same way again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype_core::key::Template;
use tintype_core::link;
use tintype_core::variant::Variant;

fuzz_target!(|text: &str| {
    if let Ok(variant) = text.parse::<Variant>() {
        let written = format!("{}={variant}", variant.name);
        assert_eq!(written.parse::<Variant>().expect("readable"), variant);
    }
    let _ = Template::parse(text);
    if let Ok(template) = link::Template::parse(text) {
        let _ = template.filled(&link::Values::default());
    }
});
