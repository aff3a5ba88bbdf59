//! One object into the bucket: whole or in parts, retried, verified.

use bytes::Bytes;

use super::order::{Arrived, Before, Order, Source, verify};
use super::parts::Large;
use super::progress::Progress;
use super::retry::Bucket;
use super::store::{Only, Receipt};
use crate::error::{Code, Result};

/// Larger files go up in parts.
const WHOLE: u64 = 16 << 20;

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

/// Sends one object and makes sure that it is there, whole; returns its ETag, as far as it is
/// known.
///
/// # Errors
/// `key-taken` if the bucket itself found the key taken, or by something else than was seen there; otherwise what the
/// bucket or the network said last.
pub async fn send(
    bucket: &Bucket,
    order: &Order<'_>,
    content: Content<'_>,
    progress: &Progress,
) -> Result<String> {
    match content {
        Content::Memory(bytes) => whole(bucket, order, &bytes, progress).await,
        Content::File(source) => {
            Large {
                bucket,
                order,
                source: &source,
                progress,
            }
            .send()
            .await
        }
    }
}

async fn whole(
    bucket: &Bucket,
    order: &Order<'_>,
    bytes: &Bytes,
    progress: &Progress,
) -> Result<String> {
    let (store, size) = (&*bucket.store, bytes.len() as u64);
    let mut earlier_try = false;
    bucket
        .send(size, progress, |progress| {
            let lost_reply = std::mem::replace(&mut earlier_try, true);
            async move {
                let only = match order.before(store, size).await? {
                    Before::Done(etag) => return Ok(etag),
                    Before::Send(only) => only,
                };
                let put = async |only: &Only| {
                    store
                        .put(order.key, bytes.clone(), order.headers, only, &progress)
                        .await
                };
                let mut stored = put(&only).await;
                if let Err(error) = &stored
                    && error.code == Code::KeyTaken
                    && lost_reply
                {
                    match order.look(store, size).await? {
                        Arrived::Whole(etag) => return Ok(etag),
                        // The bytes of an earlier try are not those that were sent: these may be.
                        Arrived::Torn(etag) => {
                            order.still.meant().await?;
                            stored = put(&Only::IfStill(etag)).await;
                        }
                        Arrived::Not => {}
                    }
                }
                match stored? {
                    Receipt { proven: true, etag } => Ok(etag),
                    Receipt { etag, .. } => verify(store, order, size, Some(&etag)).await,
                }
            }
        })
        .await
}
