//! A look at a picture on disk, for who asks about it before anything is uploaded.

use std::path::Path;

use super::Workers;
use crate::content::{self, Kind};
use crate::error::{Code, Error, Result};
use crate::imaging::Facts;
use crate::intake::LARGEST_PICTURE;
use crate::world::blocking;

impl Workers {
    /// What a picture's file says of itself.
    ///
    /// # Errors
    /// Whatever the disk says; `image-unsupported` for what is no picture; `image-too-large`.
    pub async fn inspect(&self, path: &Path) -> Result<Facts> {
        let owned = path.to_owned();
        let (file, content) = blocking("looking at a picture", move || read(&owned)).await??;
        let mut visit = self.visit(file.into(), content).await?;
        visit
            .facts()
            .await
            .map_err(|error| error.about(&path.display()))
    }
}

fn read(path: &Path) -> Result<(Vec<u8>, content::Content)> {
    let io = |error: std::io::Error| Error::from_io(&error, path);
    if std::fs::metadata(path).map_err(io)?.len() > LARGEST_PICTURE {
        let told = format!(
            "{} has more than {} MiB: too large to look into",
            path.display(),
            LARGEST_PICTURE >> 20
        );
        return Err(Error::new(Code::ImageTooLarge, told));
    }
    let file = std::fs::read(path).map_err(io)?;
    let head = &file[..file.len().min(content::SNIFF_LEN)];
    let content = content::sniff(head, &crate::key::file_name(path));
    if matches!(content.kind, Kind::Image(_)) {
        return Ok((file, content));
    }
    let told = format!(
        "{} is no picture this version knows ({})",
        path.display(),
        content.content_type
    );
    Err(Error::new(Code::ImageUnsupported, told).hint("inspect looks at pictures only"))
}
