//! The record of a large object's upload, as the transfer asks for it.

use async_trait::async_trait;

use super::store::Part;
use crate::error::Result;

/// An upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The id the bucket gave it.
    pub upload: String,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// The parts known to be in the bucket.
    pub parts: Vec<Part>,
}

/// What is recorded of one object's upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Nothing.
    Nothing,
    /// It was about to begin; whether it did is not known. With the uploads of its key that others
    /// had begun before, where the bucket told.
    Intended(Option<Vec<String>>),
    /// It was begun.
    Begun(Begun),
}

/// The durable record of one object's upload. Every call returns when it is safe on disk.
#[async_trait]
pub trait PartsLog: Send + Sync {
    /// What is known of an upload of these very bytes under this key.
    async fn recall(&self) -> Result<Recalled>;
    /// An upload is about to begin, while others have begun these.
    async fn intend(&self, before: Option<&[String]>) -> Result<()>;
    /// The bucket gave it an id.
    async fn begun(&self, upload: &str, part_size: u64) -> Result<()>;
    /// A part is in the bucket.
    async fn part(&self, part: &Part) -> Result<()>;
    /// It is given up: if it cannot be aborted now, then later.
    async fn discard(&self) -> Result<()>;
    /// The bucket has another upload of this key, of which nothing was known; nobody goes on with
    /// it.
    async fn stray(&self, upload: &str) -> Result<()>;
    /// Nothing is left in the bucket of the upload with that id.
    async fn gone(&self, upload: &str) -> Result<()>;
}
