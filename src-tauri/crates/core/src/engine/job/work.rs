//! What the stations of a job's way hand on: all that is known of it, and its objects.

use std::path::Path;

use bytes::Bytes;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::folder::WatchedFolder;
use crate::imaging::Rendered;
use crate::intake::{self, Fingerprint};
use crate::journal::{self, JobRow};
use crate::profile::Profile;
use crate::variant::{Variant, Worth};
use crate::world;

/// All that is known of a job when its objects are about to be sent.
pub(in crate::engine) struct Work<'a> {
    pub(in crate::engine) stages: &'a Stages,
    pub(in crate::engine) open: &'a Open,
    pub(in crate::engine) profile: &'a Profile,
    pub(in crate::engine) job: &'a JobRow,
    pub(in crate::engine) file: &'a Fingerprint,
    pub(in crate::engine) rendered: Option<&'a Rendered>,
    /// The watched folder it came from.
    pub(super) folder: Option<&'a WatchedFolder>,
}

/// An object of the job, with its bytes if they are in memory.
pub(in crate::engine) struct Object {
    pub(in crate::engine) uid: String,
    pub(in crate::engine) variant: Option<Variant>,
    pub(in crate::engine) key: String,
    pub(in crate::engine) pixels: Option<(u32, u32)>,
    pub(in crate::engine) worth: Worth,
    pub(in crate::engine) size: u64,
    pub(in crate::engine) sha256: String,
    pub(in crate::engine) content_type: String,
    pub(super) bytes: Option<Bytes>,
}

impl Object {
    /// MD5 of its bytes, hex: what most buckets show as ETag. Rarely needed, so it is made when it
    /// is.
    pub(in crate::engine) async fn md5(&self, source: &Path) -> Result<String> {
        let (bytes, source) = (self.bytes.clone(), source.to_owned());
        blocking(move || match bytes {
            Some(bytes) => Ok(hex::encode(Md5::digest(&bytes))),
            None => intake::md5(&source),
        })
        .await
    }
}

/// The job's objects, the original first.
pub(super) fn objects(
    file: &Fingerprint,
    stripped: Option<Bytes>,
    rendered: Option<&Rendered>,
) -> Vec<Object> {
    let (size, sha256) = match &stripped {
        Some(clean) => (clean.len() as u64, hex::encode(Sha256::digest(clean))),
        None => (file.size, file.sha256.clone()),
    };
    let original = Object {
        uid: journal::new_id(),
        variant: None,
        key: String::new(),
        pixels: rendered.map(|rendered| rendered.pixels),
        worth: Worth::default(),
        size,
        sha256,
        content_type: file.content.content_type.clone(),
        bytes: stripped.or_else(|| file.bytes.clone()),
    };
    let renditions = rendered
        .map(|rendered| rendered.renditions.as_slice())
        .unwrap_or_default();
    let variants = renditions.iter().map(|rendition| Object {
        uid: journal::new_id(),
        variant: Some(rendition.variant.clone()),
        key: String::new(),
        pixels: Some(rendition.pixels),
        worth: rendition.worth,
        size: rendition.bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&rendition.bytes)),
        content_type: rendition.variant.format.content_type().into(),
        bytes: Some(rendition.bytes.clone()),
    });
    std::iter::once(original).chain(variants).collect()
}

/// Says why a job waits that is tried again: until it goes on, that is as it was.
pub(super) async fn tell_reason(
    stages: &Stages,
    job: &JobRow,
    reason: Option<Error>,
) -> Result<()> {
    if job.error.is_none() {
        return Ok(());
    }
    let journal = &stages.journal;
    journal.tell_reason(&stages.engine, job.id, reason).await
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    // A panic in a decoder: the file is to blame, the queue is not.
    let damaged = |error: Error| Error::new(Code::ImageDamaged, error.message);
    world::blocking("reading the file", work)
        .await
        .map_err(damaged)?
}
