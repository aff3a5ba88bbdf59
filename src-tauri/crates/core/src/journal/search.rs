//! Looking for text in a long history.
//!
//! An index knows every run of three signs of a job's words. It narrows a search to few jobs, which
//! are then looked at themselves; what is shorter than three signs is looked for in the jobs alone.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::access::{Journal, read_on};
use super::rows::{self, JobRow};
use super::words::folded;
use crate::error::Result;
use crate::profile::ProfileId;

/// Signs of a run of the index.
const RUN: usize = 3;

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
