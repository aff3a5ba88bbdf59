//! Transfer: objects into a bucket, retried where that helps, verified against what the bucket says.

mod body;
mod client;
mod clock;
mod failure;
mod flow;
mod pace;
mod parts;
mod retry;
mod s3;
mod send;
mod watchdog;

pub(crate) use flow::Room;
pub use flow::{Lane, Limits};
pub use parts::{Begun, PartsLog, Recalled};
pub use retry::Bucket;
pub use s3::S3;
pub use send::{Content, Order, Source, Still, in_parts, send};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Result;
pub use crate::held::{Held, META_SHA256, META_SOURCE, META_UPLOAD, META_VARIANT};
use crate::profile::ObjectHeaders;

/// What goes with an object besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Its media type.
    pub content_type: String,
    /// What the profile wants for it besides.
    pub extra: ObjectHeaders,
    /// User metadata, without the `x-amz-meta-`; ASCII.
    pub metadata: Vec<(String, String)>,
}

impl Headers {
    /// The SHA-256 of the object's bytes, as its metadata say.
    pub fn sha256(&self) -> Option<&str> {
        self.metadata
            .iter()
            .find(|(name, _)| name == META_SHA256)
            .map(|(_, value)| value.as_str())
    }
}

/// What a look at a key shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// There is nothing under the key.
    Absent,
    /// There is an object.
    Found(Held),
    /// The credentials may not look; writing may be allowed all the same.
    Hidden,
}

/// A finished part of a large object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: i32,
    /// Bytes.
    pub size: u64,
    /// The ETag as the bucket gave it.
    pub etag: String,
    /// CRC32 of its bytes, base64, where the bucket checks those.
    pub crc32: Option<String>,
}

/// The bucket's answer to a PUT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The ETag without quotes.
    pub etag: String,
    /// The answer itself shows that the bucket has these bytes: it names their checksum.
    pub proven: bool,
}

/// Under which condition something is stored, or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// Where the key is free.
    IfAbsent,
    /// In the place of what was seen there, by its ETag, and of nothing else.
    IfStill(String),
    /// Whatever is there: for objects with names of their own.
    Always,
}

/// Keys, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// At most a thousand.
    pub keys: Vec<String>,
    /// How to ask for more; nothing where there are no more.
    pub next: Option<String>,
}

/// Counts bytes on their way, for progress.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    job: Arc<AtomicU64>,
    attempt: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes handed to the network so far.
    pub fn sent(&self) -> u64 {
        self.job.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.job.fetch_add(bytes, Ordering::Relaxed);
        self.attempt.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of this attempt alone.
    fn of_attempt(&self) -> u64 {
        self.attempt.load(Ordering::Relaxed)
    }

    /// Nothing moves because nothing may: the bandwidth limit is reached.
    fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Back to nothing, for a new try at the whole job.
    pub(crate) fn reset(&self) {
        self.job.store(0, Ordering::Relaxed);
    }

    /// One request's share: shown as it goes, taken back if the request comes to nothing.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt(Self {
            job: Arc::clone(&self.job),
            ..Self::default()
        })
    }
}

/// See [`Progress::attempt`].
pub(crate) struct Attempt(Progress);

impl Attempt {
    pub(crate) fn progress(&self) -> &Progress {
        &self.0
    }

    pub(crate) fn keep(self) {
        self.0.attempt.store(0, Ordering::Relaxed);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let counted = self.0.attempt.load(Ordering::Relaxed);
        // A reset may have come between; progress never goes below nothing.
        let _ = self
            .0
            .job
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| {
                Some(sent.saturating_sub(counted))
            });
    }
}

/// A bucket. Failures say themselves whether trying again helps ([`crate::Error::retry_class`]); an implementation
/// makes one attempt per call.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Looks at a key.
    async fn head(&self, key: &str) -> Result<Lookup>;
    /// Stores an object, on a condition (`key-taken` where it does not hold).
    async fn put(
        &self,
        key: &str,
        body: Bytes,
        headers: &Headers,
        only: &Only,
        progress: &Progress,
    ) -> Result<Receipt>;
    /// Reads an object.
    async fn get(&self, key: &str) -> Result<Bytes>;
    /// Reads some bytes of an object: `from` up to but without `until`.
    async fn get_range(&self, key: &str, from: u64, until: u64) -> Result<Bytes>;
    /// Keys that begin so, in order; from the beginning, or from where a page before said.
    async fn list(&self, prefix: &str, from: Option<String>) -> Result<Page>;
    /// Deletes an object, on a condition (`key-taken` where it does not hold); that there is none is fine.
    async fn delete(&self, key: &str, only: &Only) -> Result<()>;
    /// Begins a large object; returns the upload id.
    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String>;
    /// Stores one part of it.
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
        progress: &Progress,
    ) -> Result<Part>;
    /// The parts that are there, by number; nothing if there is no such upload.
    async fn list_parts(&self, key: &str, upload: &str) -> Result<Option<Vec<Part>>>;
    /// Puts the parts together, on a condition as for [`Self::put`]; returns the ETag.
    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
        only: &Only,
    ) -> Result<String>;
    /// Gives a large object up; that there is none is fine.
    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()>;
    /// The ids of uploads of this very key that were begun and not finished.
    async fn unfinished_uploads(&self, key: &str) -> Result<Vec<String>>;
    /// A link that works for that long (at most 7 days) without credentials.
    async fn presign(&self, key: &str, lifetime: Duration) -> Result<String>;
    /// Whether conditions are enforced by the bucket itself.
    fn honours_conditions(&self) -> bool;
    /// What the service takes at most and at least.
    fn part_rules(&self) -> PartRules;
}

/// What a service allows for parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRules {
    /// Bytes of a part, at least.
    pub least: u64,
    /// Number of parts, at most.
    pub most: u64,
}
