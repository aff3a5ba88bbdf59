//! One object into the bucket: whole or in parts, retried, verified.

use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt as _};
use md5::{Digest as _, Md5};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::Semaphore;

use super::{Headers, Lookup, META_SHA256, ObjectMeta, ObjectStore, Part, Progress, retrying};
use crate::error::{Code, Error, Result, Retry};

/// Larger files go up in parts of this size (S3 allows 5 MiB to 5 GiB; R2 wants them equal).
const PART_SIZE: u64 = 16 << 20;
/// S3 takes at most this many parts.
const MOST_PARTS: u64 = 10_000;
/// Parts of one object in flight: enough to fill a line, few enough for the memory.
const PARTS_IN_FLIGHT: usize = 4;

/// Where an object's bytes are.
pub enum Content<'a> {
    /// In memory.
    Memory(Bytes),
    /// In a file of that size, read part by part. The file is asked whether it is still the same before the parts
    /// are put together, so that a torn object never appears.
    File(&'a Path, u64, &'a (dyn Fn() -> bool + Send + Sync)),
}

/// What all uploads share.
#[derive(Debug, Clone)]
pub struct Limits {
    /// One permit per request in flight.
    pub network: Arc<Semaphore>,
    /// One permit per KiB of file content held in memory.
    pub memory_kib: Arc<Semaphore>,
}

impl Limits {
    /// Waits for room to hold that many bytes; never more than there is at all.
    pub async fn memory(&self, bytes: u64) -> Result<tokio::sync::OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, MEMORY_KIB);
        Arc::clone(&self.memory_kib).acquire_many_owned(kib).await.map_err(|_| closing())
    }

    /// Waits until one more request may be in flight.
    pub async fn request(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        self.network.acquire().await.map_err(|_| closing())
    }
}

/// Memory for file contents over all uploads, in KiB.
pub(crate) const MEMORY_KIB: u32 = 128 << 10;

fn closing() -> Error {
    Error::new(Code::Closing, "Tintype is closing")
}

/// Whether a file of that size goes up in parts.
pub(crate) fn in_parts(size: u64) -> bool {
    size > PART_SIZE
}

/// Sends one object and makes sure that it is there, whole.
///
/// # Errors
/// `key-taken` if the bucket itself found the key taken; otherwise what the bucket or the network said last.
pub async fn send(
    store: &dyn ObjectStore,
    limits: &Limits,
    key: &str,
    content: Content<'_>,
    headers: &Headers,
    if_absent: bool,
    progress: &Progress,
) -> Result<()> {
    match content {
        Content::Memory(bytes) => whole(store, limits, key, &bytes, headers, if_absent, progress).await,
        Content::File(path, size, unchanged) => {
            let upload = retrying(|| store.create_upload(key, headers)).await?;
            let sent = match send_parts(store, limits, key, &upload, path, size, progress).await {
                Ok(_) if !unchanged() => Err(changed(path)),
                Ok(parts) => finish_parts(store, key, &upload, &parts, size, headers).await,
                Err(error) => Err(error),
            };
            if sent.is_err() {
                abandon(store, key, &upload).await;
            }
            sent
        }
    }
}

async fn whole(
    store: &dyn ObjectStore,
    limits: &Limits,
    key: &str,
    bytes: &Bytes,
    headers: &Headers,
    if_absent: bool,
    progress: &Progress,
) -> Result<()> {
    let md5 = hex::encode(Md5::digest(bytes));
    let mut earlier_try = false;
    retrying(|| {
        let lost_reply = std::mem::replace(&mut earlier_try, true);
        let md5 = &md5;
        async move {
            let _permit = limits.request().await?;
            let attempt = progress.attempt();
            let etag = match store.put(key, bytes.clone(), headers, if_absent, attempt.progress()).await {
                // An earlier try may have arrived although its answer did not.
                Err(error) if error.code == Code::KeyTaken && lost_reply => match store.head(key).await? {
                    Lookup::Found(meta) if meta.get(META_SHA256) == sha256_of(headers) => meta.etag,
                    _ => return Err(error),
                },
                other => other?,
            };
            if etag != *md5 {
                verify(store, key, bytes.len() as u64, headers).await?;
            }
            attempt.keep();
            Ok(())
        }
    })
    .await
}

/// Asks the bucket what it has, where the answer to the upload did not prove it already.
async fn verify(store: &dyn ObjectStore, key: &str, size: u64, headers: &Headers) -> Result<ObjectMeta> {
    let wrong = |what: String| {
        Err(Error::new(Code::ChecksumMismatch, format!("the bucket has {what} under {key}"))
            .hint("Tintype sent it several times; the service, or something between, changes the bytes")
            .retry(Retry::Soon))
    };
    match store.head(key).await? {
        Lookup::Found(meta) if meta.size != size => wrong(format!("{} bytes instead of {size}", meta.size)),
        Lookup::Found(meta) if meta.get(META_SHA256).is_some_and(|sha| Some(sha) != sha256_of(headers)) => {
            wrong("an object with another checksum".into())
        }
        Lookup::Found(meta) => Ok(meta),
        Lookup::Absent => wrong("nothing".into()),
        // Write-only credentials: the server checked the MD5 that went along, more cannot be had.
        Lookup::Hidden => Ok(ObjectMeta { size, ..ObjectMeta::default() }),
    }
}

fn sha256_of(headers: &Headers) -> Option<&str> {
    headers.metadata.iter().find(|(name, _)| *name == META_SHA256).map(|(_, value)| value.as_str())
}

/// Unfinished uploads are billed by the byte. What cannot be aborted now is named in the log.
async fn abandon(store: &dyn ObjectStore, key: &str, upload: &str) {
    if let Err(error) = retrying(|| store.abort_upload(key, upload)).await {
        tracing::warn!(%error, key, upload, "an unfinished upload could not be aborted");
    }
}

fn changed(path: &Path) -> Error {
    Error::new(Code::FileChanging, format!("{} changed while it was uploaded", path.display()))
        .hint("Tintype takes it again when it is finished")
        .retry(Retry::Soon)
}

/// A constant size for one upload, grown so that any file fits.
fn part_size(size: u64) -> u64 {
    PART_SIZE.max(size.div_ceil(MOST_PARTS).next_multiple_of(1 << 20))
}

async fn send_parts(
    store: &dyn ObjectStore,
    limits: &Limits,
    key: &str,
    upload: &str,
    path: &Path,
    size: u64,
    progress: &Progress,
) -> Result<Vec<Part>> {
    let part_size = part_size(size);
    let mut waiting = (0..size.div_ceil(part_size)).map(|index| {
        let (start, number) = (index * part_size, i32::try_from(index + 1).unwrap_or(i32::MAX));
        send_part(store, limits, key, upload, path, start, part_size.min(size - start), number, progress)
    });
    let mut in_flight: FuturesUnordered<_> = waiting.by_ref().take(PARTS_IN_FLIGHT).collect();
    let mut parts = Vec::new();
    while let Some(part) = in_flight.next().await {
        parts.push(part?);
        in_flight.extend(waiting.next());
    }
    parts.sort_unstable_by_key(|part| part.number);
    Ok(parts)
}

#[expect(clippy::too_many_arguments, reason = "a part is named by all of these, and by nothing less")]
async fn send_part(
    store: &dyn ObjectStore,
    limits: &Limits,
    key: &str,
    upload: &str,
    path: &Path,
    start: u64,
    length: u64,
    number: i32,
    progress: &Progress,
) -> Result<Part> {
    let _memory = limits.memory(length).await?;
    let bytes = read_part(path, start, length).await?;
    let md5 = hex::encode(Md5::digest(&bytes));
    retrying(|| async {
        let _permit = limits.request().await?;
        let attempt = progress.attempt();
        let part = store.put_part(key, upload, number, bytes.clone(), attempt.progress()).await?;
        // A part's ETag is its MD5 unless the object is encrypted with a key of its own.
        tracing::trace!(number, same = part.etag == md5, "part sent");
        attempt.keep();
        Ok(part)
    })
    .await
}

async fn read_part(path: &Path, start: u64, length: u64) -> Result<Bytes> {
    let read = async {
        let mut file = tokio::fs::File::open(path).await?;
        file.seek(SeekFrom::Start(start)).await?;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.take(length).read_to_end(&mut bytes).await?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read.await.map_err(|error| Error::from_io(&error, path))?;
    if bytes.len() as u64 != length {
        return Err(changed(path));
    }
    Ok(bytes.into())
}

async fn finish_parts(store: &dyn ObjectStore, key: &str, upload: &str, parts: &[Part], size: u64, headers: &Headers) -> Result<()> {
    retrying(|| async {
        match store.complete_upload(key, upload, parts).await {
            // The reply to an earlier try was lost: what is under the key decides.
            Err(error) if !error.is_retryable() => match store.head(key).await {
                Ok(Lookup::Found(meta)) if meta.size == size && meta.get(META_SHA256) == sha256_of(headers) => Ok(()),
                _ => Err(error),
            },
            Err(error) => Err(error),
            Ok(_) => verify(store, key, size, headers).await.map(|_| ()),
        }
    })
    .await
}
