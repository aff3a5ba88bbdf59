//! Looking for text as people do: whatever its case, and however its letters are composed.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use unicode_normalization::UnicodeNormalization as _;

/// A text in the form in which texts are compared.
pub(super) fn folded(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).collect()
}

/// Gives a connection the function `contains(text, folded)`.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.create_scalar_function(
        "contains",
        2,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        |context| {
            let (text, sought) = (
                context.get_raw(0).as_str_or_null()?,
                context.get_raw(1).as_str()?,
            );
            Ok(text.is_some_and(|text| contains(text, sought)))
        },
    )
}

fn contains(text: &str, sought: &str) -> bool {
    if text.is_ascii() {
        // Most names are: nothing has to be made anew for them.
        return sought.is_ascii()
            && text
                .as_bytes()
                .windows(sought.len())
                .any(|part| part.eq_ignore_ascii_case(sought.as_bytes()));
    }
    folded(text).contains(sought)
}

#[cfg(test)]
mod tests {
    use super::{contains, folded};

    #[test]
    fn case_and_composition_do_not_matter_in_any_script() {
        for (text, sought) in [
            ("Ärger.jpg", "ärger"),
            ("Москва.jpg", "МОСКВА"),
            ("CAFÉ", "cafe\u{301}"),
            ("IMG_1.JPG", "img_1"),
            ("100%.jpg", "0%."),
        ] {
            assert!(contains(text, &folded(sought)), "{text}");
        }
        assert!(!contains("a.jpg", &folded("ä")) && !contains("1000.jpg", &folded("0%")));
    }
}
