//! A picture on disk that a person tries variants on: read and decoded once, however often they
//! change their mind.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;

use super::Workers;
use super::look::read;
use super::process::Process;
use crate::content::Content;
use crate::error::{Error, Result};
use crate::imaging::Rendition;
use crate::variant::Variant;
use crate::world::blocking;

/// The picture, and who has it.
pub(super) struct Trial {
    path: PathBuf,
    saved: Saved,
    file: Bytes,
    content: Content,
    host: Option<Process>,
}

/// By what a file is told from what it was.
type Saved = (u64, Option<SystemTime>);

impl Workers {
    /// How one variant of a picture would look: the file that would be uploaded, and its score. The
    /// picture stays decoded until another one is asked about, or [`Workers::put_down`]. Nothing where
    /// another variant was asked for meanwhile.
    ///
    /// # Errors
    /// Whatever the disk says; as [`crate::worker::Visit::render`].
    pub async fn try_out(&self, path: &Path, variant: Variant) -> Result<Option<Rendition>> {
        // One after the other: whoever moves a slider wants the last one only.
        let own = self.asked_once_more();
        let mut tried = self.trial().lock().await;
        if self.is_outdated(own) {
            return Ok(None);
        }
        let owned = path.to_owned();
        let saved = blocking("looking at a picture", move || saved(&owned)).await??;
        let is_same = |trial: &Trial| trial.path == path && trial.saved == saved;
        let mut trial = match tried.take().filter(is_same) {
            Some(trial) => trial,
            None => Trial::begin(path, saved).await?,
        };
        let mut visit = self
            .visit(trial.file.clone(), trial.content.clone())
            .await?;
        visit.host = trial.host.take();
        let was_kept = visit.host.is_some();
        let mut made = visit.try_out(variant.clone()).await;
        if made.is_err() && was_kept && visit.host.is_none() {
            // The system may have ended it while it was kept: that is not the picture's fault.
            made = visit.try_out(variant).await;
        }
        trial.host = visit.host.take();
        drop(visit);
        *tried = Some(trial);
        made.map(Some).map_err(|error| error.about(&path.display()))
    }

    /// Nobody tries variants any more: the picture is not held any longer.
    pub async fn put_down(&self) {
        self.asked_once_more();
        *self.trial().lock().await = None;
    }
}

impl Trial {
    async fn begin(path: &Path, saved: Saved) -> Result<Self> {
        let owned = path.to_owned();
        let (file, content) = blocking("reading a picture", move || read(&owned)).await??;
        Ok(Self {
            path: path.to_owned(),
            saved,
            file,
            content,
            host: None,
        })
    }
}

fn saved(path: &Path) -> Result<Saved> {
    let meta = std::fs::metadata(path).map_err(|error| Error::from_io(&error, path))?;
    Ok((meta.len(), meta.modified().ok()))
}
