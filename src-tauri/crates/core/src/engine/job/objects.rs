//! A job's objects, with their bytes for as long as these are needed.

use std::path::Path;

use bytes::Bytes;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::making::Made;
use super::work::blocking;
use crate::error::Result;
use crate::imaging::Rendition;
use crate::intake;
use crate::journal;
use crate::transfer::Room;
use crate::variant::{Variant, Worth};

/// An object of the job, with its bytes if they are in memory.
pub(super) struct Object {
    pub(super) uid: String,
    pub(super) variant: Option<Variant>,
    pub(super) key: String,
    pub(super) pixels: Option<(u32, u32)>,
    pub(super) worth: Worth,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) content_type: String,
    pub(super) bytes: Option<Bytes>,
}

/// All of them, the original first, and the room in memory that is taken for their bytes: neither
/// is given back without the other.
pub(super) struct Objects<'a> {
    pub(super) all: Vec<Object>,
    room: Option<Room<'a>>,
}

impl<'a> Objects<'a> {
    /// Takes the bytes out of what was made: nobody else holds them from now on.
    pub(super) fn of(made: &mut Made<'a>) -> Self {
        let original = original(made);
        let rendered = made.rendered.iter_mut();
        let variants = rendered.flat_map(|rendered| &mut rendered.renditions);
        Self {
            all: std::iter::once(original)
                .chain(variants.map(variant))
                .collect(),
            room: made.room.take(),
        }
    }

    /// What was sent takes no memory any more.
    pub(super) fn let_go(&mut self) {
        for object in &mut self.all {
            object.bytes = None;
        }
        self.room = None;
    }
}

fn original(made: &mut Made<'_>) -> Object {
    let bytes = made.file.bytes.take();
    let (file, stripped) = (&made.file, made.stripped.take());
    let (size, sha256) = match &stripped {
        Some(clean) => (clean.len() as u64, hex::encode(Sha256::digest(clean))),
        None => (file.size, file.sha256.clone()),
    };
    Object {
        uid: journal::new_id(),
        variant: None,
        key: String::new(),
        pixels: made.rendered.as_ref().map(|rendered| rendered.pixels),
        worth: Worth::default(),
        size,
        sha256,
        content_type: file.content.content_type.clone(),
        bytes: stripped.or(bytes),
    }
}

fn variant(rendition: &mut Rendition) -> Object {
    let bytes = std::mem::take(&mut rendition.bytes);
    Object {
        uid: journal::new_id(),
        variant: Some(rendition.variant.clone()),
        key: String::new(),
        pixels: Some(rendition.pixels),
        worth: rendition.worth,
        size: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&bytes)),
        content_type: rendition.variant.format.content_type().into(),
        bytes: Some(bytes),
    }
}

impl Object {
    /// MD5 of its bytes, hex: what most buckets show as ETag. Rarely needed, so it is made when it
    /// is.
    pub(super) async fn md5(&self, source: &Path) -> Result<String> {
        let (bytes, source) = (self.bytes.clone(), source.to_owned());
        blocking(move || match bytes {
            Some(bytes) => Ok(hex::encode(Md5::digest(&bytes))),
            None => intake::md5(&source),
        })
        .await
    }
}
