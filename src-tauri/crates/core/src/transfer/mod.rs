//! Transfer: objects into a bucket, retried where that helps, verified against what the bucket says.

mod body;
mod failure;
mod retry;
mod s3;
mod send;

pub use retry::retrying;
pub use s3::S3;
pub use send::{Content, Limits, send};
pub(crate) use send::{MEMORY_KIB, in_parts};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Result;

/// What goes with an object besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Its media type.
    pub content_type: String,
    /// `Cache-Control`; not sent where empty.
    pub cache_control: String,
    /// User metadata, without the `x-amz-meta-`; ASCII.
    pub metadata: Vec<(&'static str, String)>,
}

/// Metadata: SHA-256 of the object's bytes, hex.
pub const META_SHA256: &str = "sha256";
/// Metadata: SHA-256 of the file a variant was made of.
pub const META_SOURCE: &str = "source-sha256";
/// Metadata: what variant it is, as `WxH:FIT:FORMAT:QUALITY`.
pub const META_VARIANT: &str = "variant";

/// What the bucket says of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Bytes.
    pub size: u64,
    /// The ETag without quotes.
    pub etag: String,
    /// Encrypted with a KMS key: then the ETag is no MD5.
    pub kms: bool,
    /// User metadata.
    pub metadata: Vec<(String, String)>,
}

impl ObjectMeta {
    /// A metadata value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.metadata.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a look at a key shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// There is nothing under the key.
    Absent,
    /// There is an object.
    Found(ObjectMeta),
    /// The credentials may not look; writing may be allowed all the same.
    Hidden,
}

/// A finished part of a large object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: i32,
    /// The ETag as the bucket gave it.
    pub etag: String,
}

/// Counts bytes on their way, for progress.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    job: Arc<AtomicU64>,
    attempt: Arc<AtomicU64>,
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

    /// Back to nothing, for a new try at the whole job.
    pub(crate) fn reset(&self) {
        self.job.store(0, Ordering::Relaxed);
    }

    /// One request's share: shown as it goes, taken back if the request comes to nothing.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt(Self { job: Arc::clone(&self.job), attempt: Arc::default() })
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
        let _ = self.0.job.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| Some(sent.saturating_sub(counted)));
    }
}

/// A bucket. Failures say themselves whether trying again helps ([`crate::Error::retry_class`]); an implementation
/// makes one attempt per call.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Looks at a key.
    async fn head(&self, key: &str) -> Result<Lookup>;
    /// Stores an object; with `if_absent`, only where the key is free (`key-taken` if not). Returns the ETag.
    async fn put(&self, key: &str, body: Bytes, headers: &Headers, if_absent: bool, progress: &Progress) -> Result<String>;
    /// Reads an object.
    async fn get(&self, key: &str) -> Result<Bytes>;
    /// Deletes an object; that there is none is fine.
    async fn delete(&self, key: &str) -> Result<()>;
    /// Begins a large object; returns the upload id.
    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String>;
    /// Stores one part of it.
    async fn put_part(&self, key: &str, upload: &str, number: i32, body: Bytes, progress: &Progress) -> Result<Part>;
    /// Puts the parts together; returns the ETag.
    async fn complete_upload(&self, key: &str, upload: &str, parts: &[Part]) -> Result<String>;
    /// Gives a large object up.
    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()>;
    /// Whether `if_absent` is enforced by the bucket itself.
    fn honours_if_absent(&self) -> bool;
}
