//! The sheet: what is done, by the day on which it was done, newest first. How many there are on
//! each day is kept up by the database itself, so that a window knows how high its sheet is before
//! it reads any of it; entries are read where somebody looks, whatever lies before them.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::access::{Journal, read_on};
use super::rows::{self, JobRow};
use crate::error::Result;
use crate::profile::ProfileId;

/// A part of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// Everything.
    All,
    /// What went to a bucket.
    Profile(ProfileId),
    /// What a watched folder brought; its path as the journal has it.
    Folder(std::path::PathBuf),
}

/// So many entries of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970.
    pub day: i64,
    /// Entries.
    pub entries: u32,
}

/// Where in a day one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Days since 1970.
    pub day: i64,
    /// Behind the entry with this number; from the newest on without one.
    pub behind: Option<i64>,
    /// So many further entries are passed over.
    pub skip: u32,
}

impl Shelf {
    /// SQL, and the value of its parameter 1.
    fn condition(&self) -> (&'static str, rusqlite::types::Value) {
        match self {
            Self::All => ("?1 IS NULL", rusqlite::types::Value::Null),
            Self::Profile(profile) => ("j.profile = ?1", profile.as_str().to_owned().into()),
            Self::Folder(path) => ("j.watched = ?1", rows::path_to_blob(path).into()),
        }
    }
}

impl Journal {
    /// The days of a shelf, the newest first.
    pub async fn days(&self, shelf: Shelf) -> Result<Vec<Day>> {
        let sql = match &shelf {
            Shelf::All => {
                "SELECT day, sum(jobs) FROM days WHERE ?1 IS NULL GROUP BY day HAVING sum(jobs) > 0 ORDER BY day DESC"
            }
            Shelf::Profile(_) => {
                "SELECT day, jobs FROM days WHERE profile = ?1 AND jobs > 0 ORDER BY day DESC"
            }
            // A folder's are counted: they are few beside all.
            Shelf::Folder(_) => {
                "SELECT day, count(*) FROM jobs WHERE hidden = 0 AND state = 'done' AND watched = ?1 GROUP BY day ORDER BY day DESC"
            }
        };
        let look = move |db: &Connection| {
            db.prepare_cached(sql)?
                .query_map(params![shelf.condition().1], |row| {
                    Ok(Day {
                        day: row.get(0)?,
                        entries: row.get(1)?,
                    })
                })?
                .collect()
        };
        read_on(Arc::clone(&self.people), look).await
    }

    /// Entries of a shelf, the newest first.
    pub async fn entries(&self, shelf: Shelf, place: Place, limit: u32) -> Result<Vec<JobRow>> {
        let look = move |db: &Connection| {
            let (condition, value) = shelf.condition();
            let clauses = format!(
                "WHERE j.hidden = 0 AND j.state = 'done' AND {condition} AND j.day = ?2 AND j.id < ?3 ORDER BY j.id DESC LIMIT ?4 OFFSET ?5"
            );
            let behind = place.behind.unwrap_or(i64::MAX);
            rows::select_jobs(
                db,
                &clauses,
                params![value, place.day, behind, limit, place.skip],
            )
        };
        read_on(Arc::clone(&self.people), look).await
    }

    /// The public ids of all entries of a shelf from one end to the other, both included, in the order
    /// in which they lie; an end is a day and a number.
    pub async fn between(
        &self,
        shelf: Shelf,
        first: (i64, i64),
        last: (i64, i64),
    ) -> Result<Vec<String>> {
        let look = move |db: &Connection| {
            let (condition, value) = shelf.condition();
            let sql = format!(
                "SELECT j.uid FROM jobs j WHERE j.hidden = 0 AND j.state = 'done' AND {condition} AND j.day BETWEEN ?4 AND ?2 \
                 AND (j.day, j.id) <= (?2, ?3) AND (j.day, j.id) >= (?4, ?5) ORDER BY j.day DESC, j.id DESC"
            );
            db.prepare_cached(&sql)?
                .query_map(params![value, first.0, first.1, last.0, last.1], |row| {
                    row.get(0)
                })?
                .collect()
        };
        read_on(Arc::clone(&self.people), look).await
    }

    /// Failed jobs of the list, the newest first, older than a number.
    pub async fn failed(&self, behind: Option<i64>, limit: u32) -> Result<Vec<JobRow>> {
        let look = move |db: &Connection| {
            let clauses = "WHERE j.hidden = 0 AND j.state = 'failed' AND j.id < ?1 ORDER BY j.id DESC LIMIT ?2";
            rows::select_jobs(db, clauses, params![behind.unwrap_or(i64::MAX), limit])
        };
        read_on(Arc::clone(&self.people), look).await
    }

    /// Unfinished jobs of the list in the order in which they come, after a number.
    pub async fn upcoming(&self, after: i64, limit: u32) -> Result<Vec<JobRow>> {
        let look = move |db: &Connection| {
            let clauses =
                "WHERE j.state IN ('queued', 'planned') AND j.id > ?1 ORDER BY j.id LIMIT ?2";
            rows::select_jobs(db, clauses, params![after, limit])
        };
        read_on(Arc::clone(&self.people), look).await
    }
}
