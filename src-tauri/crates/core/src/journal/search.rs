//! Looking for text as people do: whatever its case, and however its letters are composed.
//!
//! An index knows every run of three signs of an entry's words. It narrows a search to few entries,
//! which are then looked at themselves; what is shorter than three signs is looked for in the
//! entries alone.

use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction};
use unicode_normalization::UnicodeNormalization as _;

use super::access::{Journal, read_on};
use super::rows::{self, JobRow};
use crate::error::Result;
use crate::profile::ProfileId;

/// Signs of a run of the index.
const RUN: usize = 3;

/// A text in the form in which texts are compared.
pub(super) fn folded(text: &str) -> String {
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

/// A word somebody looks for.
#[derive(Debug, Clone)]
struct Word {
    folded: String,
    /// The profiles whose names have it.
    profiles: Vec<ProfileId>,
}

impl Word {
    /// What the index is asked for; nothing where the word is too short for it.
    fn narrowed(&self) -> Option<String> {
        let mut ways = vec![runs(&self.folded)?];
        for profile in &self.profiles {
            ways.push(runs(&folded(&format!("\u{2}{}\u{3}", profile.as_str())))?);
        }
        Some(format!("(({}))", ways.join(") OR (")))
    }
}

/// All runs of three signs of a text, as the index is asked for them.
fn runs(text: &str) -> Option<String> {
    let signs: Vec<char> = text.chars().collect();
    let runs: Vec<String> = signs
        .windows(RUN)
        .map(|run| run.iter().collect::<String>().replace('"', "\"\""))
        .map(|run| format!("\"{run}\""))
        .collect();
    (!runs.is_empty()).then(|| runs.join(" AND "))
}

/// What somebody looks for: every word is in the name, the folder or the key of what is found, or
/// in its profile's name.
#[derive(Debug, Clone, Default)]
pub struct Sought(Vec<Word>);

impl Sought {
    /// The words of a text. Which profiles have a word in their names, the caller knows.
    pub fn new(text: &str, named: impl Fn(&str) -> Vec<ProfileId>) -> Self {
        let word = |word: &str| {
            let folded = folded(word);
            let profiles = named(&folded);
            Word { folded, profiles }
        };
        Self(text.split_whitespace().map(word).collect())
    }

    /// What the index is asked for; nothing where it cannot help.
    fn narrowed(&self) -> Option<String> {
        let words: Vec<String> = self.0.iter().filter_map(Word::narrowed).collect();
        (!words.is_empty()).then(|| words.join(" AND "))
    }

    /// SQL that holds for a job that has all words, with its values behind those that are there.
    fn condition(&self, values: &mut Vec<Value>) -> String {
        let mut parameter = |value: String| {
            values.push(value.into());
            format!("?{}", values.len())
        };
        let mut holds = String::new();
        for Word { folded, profiles } in &self.0 {
            let (word, profiles) = (parameter(folded.clone()), parameter(rows::json(profiles)));
            holds.push_str(&format!(
                " AND (contains(j.name, {word}) OR contains(j.folder, {word}) \
                 OR contains((SELECT key FROM objects o WHERE o.job = j.id AND o.position = 0), {word}) \
                 OR j.profile IN (SELECT value FROM json_each({profiles})))"
            ));
        }
        holds
    }
}

impl Journal {
    /// Jobs of the list that have what is sought, the newest first, older than a number. It may
    /// take its time over a long history; nothing else waits for it.
    pub async fn found(
        &self,
        sought: Sought,
        behind: Option<i64>,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        let find = move |db: &Connection| {
            let mut values: Vec<Value> = vec![behind.unwrap_or(i64::MAX).into(), limit.into()];
            let (from, id) = match sought.narrowed() {
                Some(narrowed) => {
                    values.push(narrowed.into());
                    (
                        "JOIN sought s ON s.rowid = j.id WHERE s.sought MATCH ?3 AND",
                        "s.rowid",
                    )
                }
                None => ("WHERE", "j.id"),
            };
            let holds = sought.condition(&mut values);
            let clauses =
                format!("{from} {id} < ?1 AND j.hidden = 0{holds} ORDER BY {id} DESC LIMIT ?2");
            rows::select_jobs(db, &clauses, rusqlite::params_from_iter(values))
        };
        read_on(Arc::clone(&self.people), find).await
    }
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
