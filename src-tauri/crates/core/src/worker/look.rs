//! A look at a picture on disk, for who asks about it before anything is uploaded.

use std::path::Path;

use bytes::Bytes;

use super::Workers;
use crate::content::{Content, Kind};
use crate::error::{Code, Error, Result};
use crate::imaging::Facts;
use crate::intake;
use crate::world::blocking;

impl Workers {
    /// What a picture's file says of itself.
    ///
    /// # Errors
    /// Whatever the disk says; `image-unsupported` for what is no picture; `image-too-large`.
    pub async fn inspect(&self, path: &Path) -> Result<Facts> {
        let owned = path.to_owned();
        let (file, content) = blocking("looking at a picture", move || read(&owned)).await??;
        let mut visit = self.visit(file, content).await?;
        visit
            .facts()
            .await
            .map_err(|error| error.about(&path.display()))
    }
}

/// A film is told by its beginning: it is not read whole to be refused.
pub(super) fn read(path: &Path) -> Result<(Bytes, Content)> {
    let (content, _) = intake::sniffed(path)?;
    if matches!(content.kind, Kind::Image(_)) {
        return intake::whole(path);
    }
    let told = format!(
        "{} is no picture this version knows ({})",
        path.display(),
        content.content_type
    );
    Err(Error::new(Code::ImageUnsupported, told).hint("inspect looks at pictures only"))
}
