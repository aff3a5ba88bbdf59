//! One object into the bucket: whole or in parts, retried, verified.

use std::path::Path;

use bytes::Bytes;

use super::parts::Large;
use super::{Bucket, Headers, Lookup, META_SHA256, ObjectStore, PartsLog, Progress, Receipt};
use crate::error::{Code, Error, Result, Retry};

/// Larger files go up in parts.
const WHOLE: u64 = 16 << 20;

/// A file that is read part by part.
pub struct Source<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Bytes.
    pub size: u64,
    /// Asked before the parts are put together, so that a torn object never appears.
    pub unchanged: &'a (dyn Fn() -> bool + Send + Sync),
    /// Where the parts are recorded.
    pub log: Box<dyn PartsLog + 'a>,
}

/// Where an object's bytes are.
pub enum Content<'a> {
    /// In memory.
    Memory(Bytes),
    /// In a file.
    File(Source<'a>),
}

/// Whether a file of that size goes up in parts.
pub const fn in_parts(size: u64) -> bool {
    size > WHOLE
}

/// Sends one object and makes sure that it is there, whole.
///
/// # Errors
/// `key-taken` if the bucket itself found the key taken; otherwise what the bucket or the network said last.
pub async fn send(bucket: &Bucket, key: &str, content: Content<'_>, headers: &Headers, if_absent: bool, progress: &Progress) -> Result<()> {
    match content {
        Content::Memory(bytes) => whole(bucket, key, &bytes, headers, if_absent, progress).await,
        Content::File(source) => Large { bucket, key, source: &source, headers, if_absent, progress }.send().await,
    }
}

async fn whole(bucket: &Bucket, key: &str, bytes: &Bytes, headers: &Headers, if_absent: bool, progress: &Progress) -> Result<()> {
    let (store, size) = (&*bucket.store, bytes.len() as u64);
    let mut earlier_try = false;
    bucket
        .send(size, progress, |progress| {
            let lost_reply = std::mem::replace(&mut earlier_try, true);
            async move {
                match store.put(key, bytes.clone(), headers, if_absent, &progress).await {
                    // An earlier try may have arrived although its answer did not.
                    Err(error) if error.code == Code::KeyTaken && lost_reply => match store.head(key).await? {
                        found if is_ours(&found, size, headers) => Ok(()),
                        _ => Err(error),
                    },
                    Ok(Receipt { proven: true, .. }) => Ok(()),
                    Ok(_) => verify(store, key, size, headers).await,
                    Err(error) => Err(error),
                }
            }
        })
        .await
}

/// Asks the bucket what it has, where the answer to the upload did not prove it already.
pub(super) async fn verify(store: &dyn ObjectStore, key: &str, size: u64, headers: &Headers) -> Result<()> {
    let wrong = |what: String| {
        Err(Error::new(Code::ChecksumMismatch, format!("the bucket has {what} under {key}"))
            .hint("Tintype sent it several times; the service, or something between, changes the bytes")
            .retry(Retry::Soon))
    };
    match store.head(key).await? {
        Lookup::Found(meta) if meta.size != size => wrong(format!("{} bytes instead of {size}", meta.size)),
        Lookup::Found(meta) if meta.get(META_SHA256).is_some_and(|sha| Some(sha) != headers.sha256()) => {
            wrong("an object with another checksum".into())
        }
        Lookup::Absent => wrong("nothing".into()),
        // Write-only credentials: the server checked the checksum that went along, more cannot be had.
        Lookup::Found(_) | Lookup::Hidden => Ok(()),
    }
}

/// Whether what is under the key is what these headers describe.
pub(super) fn is_ours(found: &Lookup, size: u64, headers: &Headers) -> bool {
    matches!(found, Lookup::Found(meta) if meta.size == size && meta.get(META_SHA256).is_some() && meta.get(META_SHA256) == headers.sha256())
}

pub(super) fn changed(path: &Path) -> Error {
    Error::new(Code::FileChanging, format!("{} changed while it was uploaded", path.display()))
        .hint("Tintype takes it again when it is finished")
        .retry(Retry::Soon)
}
