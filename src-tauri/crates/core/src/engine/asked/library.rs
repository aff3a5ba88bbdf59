//! The library: what is done, as a window lays it out and looks for it.

use serde::{Deserialize, Serialize};

use crate::engine::asked::handle::EngineHandle;
use crate::engine::asked::sought::sought;
use crate::engine::shown::view::JobView;
use crate::error::Result;
use crate::journal::{JobRow, Place, Shelf};
use crate::local_path::LocalPath;
use crate::settings::Settings;

/// What of the library is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Part {
    /// Everything.
    All,
    /// What went up by a profile, by its name.
    Bucket(String),
    /// What a watched folder brought.
    Folder(LocalPath),
}

/// So many entries of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DayView {
    /// Days since 1970, as they were here.
    pub day: i64,
    /// Entries.
    pub entries: u32,
}

/// Where in a day of the library one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlaceView {
    /// Days since 1970.
    pub day: i64,
    /// Behind the entry with this order; from the newest on without one.
    pub behind: Option<i64>,
    /// So many further entries are passed over.
    pub skip: u32,
    /// At most so many.
    pub limit: u32,
}

/// An end of a row of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndView {
    /// Days since 1970.
    pub day: i64,
    /// The entry's order; without one, the day's own end.
    pub order: Option<i64>,
}

/// No request reads more entries than this.
const AT_ONCE: u32 = 500;

impl EngineHandle {
    /// The days of a part of the library, the newest first.
    ///
    /// # Errors
    /// `profile-missing`; the journal's.
    pub async fn days(&self, part: Part) -> Result<Vec<DayView>> {
        let shelf = shelf(part, &self.settings().await?)?;
        let days = self.stages.journal.days(shelf).await?;
        let view = |day: crate::journal::Day| DayView {
            day: day.day,
            entries: day.entries,
        };
        Ok(days.into_iter().map(view).collect())
    }

    /// Entries of a part of the library, the newest first.
    ///
    /// # Errors
    /// `profile-missing`; the journal's.
    pub async fn entries(&self, part: Part, place: PlaceView) -> Result<Vec<JobView>> {
        let settings = self.settings().await?;
        let PlaceView {
            day,
            behind,
            skip,
            limit,
        } = place;
        let (shelf, place) = (shelf(part, &settings)?, Place { day, behind, skip });
        let journal = &self.stages.journal;
        let rows = journal.entries(shelf, place, limit.min(AT_ONCE)).await?;
        Ok(views(&rows, &settings))
    }

    /// The ids of all entries of a part between two, both included, in the order in which they lie.
    ///
    /// # Errors
    /// `profile-missing`; the journal's.
    pub async fn between(&self, part: Part, first: EndView, last: EndView) -> Result<Vec<String>> {
        let shelf = shelf(part, &self.settings().await?)?;
        let end = |end: EndView, else_order: i64| (end.day, end.order.unwrap_or(else_order));
        let (first, last) = (end(first, i64::MAX), end(last, 0));
        self.stages.journal.between(shelf, first, last).await
    }

    /// Unfinished jobs, the ones that come next first.
    ///
    /// # Errors
    /// The journal's.
    pub async fn upcoming(&self, limit: u32) -> Result<Vec<JobView>> {
        let settings = self.settings().await?;
        let journal = &self.stages.journal;
        let rows = journal.upcoming(0, limit.min(AT_ONCE)).await?;
        Ok(views(&rows, &settings))
    }

    /// Jobs that have all words of a text in their names, folders, keys or profiles' names, the
    /// newest first; older than the one with that order.
    pub async fn found(&self, text: &str, behind: Option<i64>, limit: u32) -> Result<Vec<JobView>> {
        let settings = self.settings().await?;
        let (sought, limit) = (sought(text, &settings), limit.min(AT_ONCE));
        let rows = self.stages.journal.found(sought, behind, limit).await?;
        Ok(views(&rows, &settings))
    }

    /// Failed jobs, the newest first; older than the one with that order.
    pub async fn failed(&self, behind: Option<i64>, limit: u32) -> Result<Vec<JobView>> {
        let settings = self.settings().await?;
        let journal = &self.stages.journal;
        let rows = journal.failed(behind, limit.min(AT_ONCE)).await?;
        Ok(views(&rows, &settings))
    }
}

fn views(rows: &[JobRow], settings: &Settings) -> Vec<JobView> {
    rows.iter().map(|row| JobView::of(row, settings)).collect()
}

fn shelf(part: Part, settings: &Settings) -> Result<Shelf> {
    Ok(match part {
        Part::All => Shelf::All,
        Part::Bucket(name) => Shelf::Profile(settings.profile(Some(&name))?.id.clone()),
        Part::Folder(path) => Shelf::Folder(path.into()),
    })
}
