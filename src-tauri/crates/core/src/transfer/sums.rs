//! The checksums that go along with a body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use crate::error::Result;
use crate::held::same_etag;
use crate::profile::Checksum;
use crate::world::blocking;

/// One of them: the server refuses other bytes than were meant.
pub(super) struct Sums {
    pub(super) crc32: Option<String>,
    md5: Option<Vec<u8>>,
}

impl Sums {
    /// The checksums that go along with a body: the server refuses other bytes than were meant.
    pub(super) async fn of(body: &Bytes, checksum: Checksum) -> Result<Self> {
        if checksum == Checksum::Crc32 {
            return Ok(Self {
                crc32: Some(BASE64.encode(crc32fast::hash(body).to_be_bytes())),
                md5: None,
            });
        }
        let body = body.clone();
        let md5 = blocking("a checksum", move || Md5::digest(&body)).await?;
        Ok(Self {
            crc32: None,
            md5: Some(md5.to_vec()),
        })
    }

    pub(super) fn content_md5(&self) -> Option<String> {
        self.md5.as_ref().map(|md5| BASE64.encode(md5))
    }

    /// Whether the answer shows that the bucket has these very bytes. The ETag is their MD5 unless
    /// the object is encrypted with a key of its own, or the service makes ETags in a way of its
    /// own.
    pub(super) fn proven_by(&self, etag: &str, crc32: Option<&str>, body: &Bytes) -> bool {
        match (&self.crc32, crc32) {
            (Some(sent), Some(stored)) => sent == stored,
            _ if etag.len() != 32 => false,
            _ => {
                let md5 = self.md5.as_ref();
                let md5 = md5.map_or_else(|| hex::encode(Md5::digest(body)), hex::encode);
                same_etag(&md5, etag)
            }
        }
    }
}
