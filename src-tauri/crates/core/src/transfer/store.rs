//! A bucket as the transfer knows it: one trait, and the words it speaks in.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::progress::Progress;
use crate::error::{Code, Result};
use crate::held::{Held, META_SHA256};
use crate::profile::{Conditions, ObjectHeaders};

/// What goes with an object besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Its media type.
    pub content_type: String,
    /// How its bytes are compressed, where whoever fetches it is to be told.
    pub content_encoding: Option<String>,
    /// What the profile wants for it besides.
    pub extra: ObjectHeaders,
    /// User metadata, without the `x-amz-meta-`; ASCII.
    pub metadata: Vec<(String, String)>,
}

impl Headers {
    /// The SHA-256 of the object's bytes, as its metadata say.
    pub fn sha256(&self) -> Option<&str> {
        self.says(META_SHA256)
    }

    /// What of their metadata has that name.
    pub fn says(&self, name: &str) -> Option<&str> {
        self.metadata
            .iter()
            .find(|(known, _)| known == name)
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

/// A bucket. Failures say themselves whether trying again helps ([`crate::Error::retry_class`]); an
/// implementation makes one attempt per call.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Looks at a key.
    async fn head(&self, key: &str) -> Result<Lookup>;
    /// Looks at a key before something is concluded from there being nothing: that is asked twice,
    /// because a HEAD answer has no body that could say whether it is the object that is missing, or
    /// the bucket.
    async fn look(&self, key: &str) -> Result<Lookup> {
        let seen = self.head(key).await?;
        if seen != Lookup::Absent {
            return Ok(seen);
        }
        match self.get_range(key, 0, 1).await {
            Err(error) if error.code == Code::ObjectMissing => Ok(Lookup::Absent),
            Err(error) => Err(error),
            // It has come just now.
            Ok(_) => self.head(key).await,
        }
    }
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
    /// Deletes an object, on a condition (`key-taken` where it does not hold); that there is none
    /// is fine.
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
    /// Where conditions are enforced by the bucket itself.
    fn conditions(&self) -> Conditions;
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
