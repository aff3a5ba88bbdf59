//! Words as people look for them, whatever their case and however their letters are composed; and what
//! statements of the journal know beyond SQL.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Transaction};
use unicode_normalization::UnicodeNormalization as _;

/// A text in the form in which texts are compared.
pub fn folded(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).collect()
}

/// Gives a connection the functions that statements of the journal use.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("contains", 2, pure, |given| {
        let (text, sought) = (
            given.get_raw(0).as_str_or_null()?,
            given.get_raw(1).as_str()?,
        );
        Ok(text.is_some_and(|text| contains(text, sought)))
    })?;
    db.create_scalar_function("words", -1, pure, words)?;
    db.create_scalar_function("day_of", 1, FunctionFlags::SQLITE_UTF8, |given| {
        Ok(day_of(given.get(0)?))
    })
}

/// What is given, as the index has it.
fn words(given: &Context<'_>) -> rusqlite::Result<String> {
    let mut all = String::new();
    for number in 0..given.len() {
        if let Some(text) = given.get_raw(number).as_str_or_null()? {
            all.push_str(&folded(text));
            all.push('\n');
        }
    }
    Ok(all)
}

/// A moment (milliseconds since 1970) as the day it was here, in days since 1970.
fn day_of(moment: i64) -> i64 {
    let day = jiff::Timestamp::from_millisecond(moment)
        .map(|moment| moment.to_zoned(jiff::tz::TimeZone::system()).date())
        .ok();
    let since = |day: jiff::civil::Date| jiff::civil::date(1970, 1, 1).until(day).ok();
    day.and_then(since)
        .map_or(0, |span| i64::from(span.get_days()))
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

/// SQL: what the index has of a job. Its profile's id is there between two signs that nobody types,
/// since profiles change their names.
const WORDS: &str = "words(j.name, j.folder, (SELECT key FROM objects WHERE job = j.id AND position = 0), char(2) || j.profile || char(3))";

/// Puts the words of a job into the index.
pub(super) fn note(tx: &Transaction<'_>, job: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT OR REPLACE INTO sought(rowid, words) SELECT j.id, {WORDS} FROM jobs j WHERE j.id = ?1"
    );
    tx.prepare_cached(&sql)?.execute([job]).map(|_| ())
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
