//! What is to be sent and on which condition; what is looked at before it, and after it.

use std::path::Path;

use async_trait::async_trait;

use super::log::PartsLog;
use super::store::{Headers, Lookup, ObjectStore, Only};
use crate::error::{Code, Error, Result, Retry};
use crate::held::{Held, Likeness, META_UPLOAD, Meant, is_md5, same_etag};

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

/// Asked inside every attempt that takes the place of something, right before it.
#[async_trait]
pub trait Still: Send + Sync {
    /// Whether it is still meant; if not, why.
    async fn meant(&self) -> Result<()>;
}

/// What is to be sent, and on which condition.
pub struct Order<'a> {
    /// Under which key.
    pub key: &'a str,
    /// With what.
    pub headers: &'a Headers,
    /// Whether something may be there.
    pub only: &'a Only,
    /// Whether taking its place is still meant.
    pub still: &'a dyn Still,
}

/// What is found right before something is sent.
pub(super) enum Before {
    /// It is to be sent, on this condition.
    Send(Only),
    /// It is there already, with this ETag.
    Done(String),
}

impl Order<'_> {
    fn meant(&self, size: u64) -> Meant<'_> {
        Meant {
            size,
            sha256: self.headers.sha256().unwrap_or_default(),
            ..Meant::default()
        }
    }

    /// Before something is put in the place of what was seen: is it still that, and still meant?
    pub(super) async fn before(&self, store: &dyn ObjectStore, size: u64) -> Result<Before> {
        let Only::IfStill(seen) = self.only else {
            return Ok(Before::Send(self.only.clone()));
        };
        let only = match store.head(self.key).await? {
            Lookup::Found(held) if held.etag == *seen => self.only.clone(),
            Lookup::Found(held) => match self.arrived(&held, size) {
                Arrived::Whole(etag) => return Ok(Before::Done(etag)),
                Arrived::Torn(etag) => Only::IfStill(etag),
                Arrived::Not => return Err(taken()),
            },
            // It is gone: then nothing is replaced.
            Lookup::Absent => Only::IfAbsent,
            Lookup::Hidden => return Err(taken()),
        };
        // Last of all: the look took its time.
        self.still.meant().await.map(|()| Before::Send(only))
    }

    /// Where the bucket does not refuse it itself: has the key been taken while the parts were on
    /// their way? With an ETag: an earlier try had put them together already.
    pub(super) async fn came_meanwhile(
        &self,
        store: &dyn ObjectStore,
        size: u64,
        only: &Only,
    ) -> Result<Option<String>> {
        if *only != Only::IfAbsent || store.conditions().complete {
            return Ok(None);
        }
        match store.head(self.key).await? {
            Lookup::Found(held) => match self.arrived(&held, size) {
                Arrived::Whole(etag) => Ok(Some(etag)),
                Arrived::Torn(_) => Ok(None),
                Arrived::Not => Err(taken()),
            },
            Lookup::Absent | Lookup::Hidden => Ok(None),
        }
    }

    /// Whether what is under the key is what an earlier try sent, although its answer did not
    /// arrive.
    fn arrived(&self, held: &Held, size: u64) -> Arrived {
        if self.is_anothers(held) {
            Arrived::Not
        } else if held.compare(&self.meant(size)) == Likeness::Same {
            Arrived::Whole(held.etag.clone())
        } else if held.get(META_UPLOAD).is_some() {
            Arrived::Torn(held.etag.clone())
        } else {
            Arrived::Not
        }
    }

    /// Another job than the one that is being sent put it there, as it says itself; the same
    /// content makes it no less another's.
    fn is_anothers(&self, held: &Held) -> bool {
        let upload = held.get(META_UPLOAD);
        upload.is_some() && upload != self.headers.says(META_UPLOAD)
    }

    /// Looks for what an earlier try sent. What was to be replaced, and is there still, is not
    /// that: it may well look like what is sent, where that is to mend it.
    pub(super) async fn look(&self, store: &dyn ObjectStore, size: u64) -> Result<Arrived> {
        Ok(match store.head(self.key).await? {
            Lookup::Found(held) if matches!(self.only, Only::IfStill(seen) if held.etag == *seen) => {
                Arrived::Not
            }
            Lookup::Found(held) => self.arrived(&held, size),
            Lookup::Absent | Lookup::Hidden => Arrived::Not,
        })
    }
}

/// What became of an earlier try.
pub(super) enum Arrived {
    /// It is there, with this ETag.
    Whole(String),
    /// It is there with other bytes, under this ETag.
    Torn(String),
    /// What is under the key, if anything, is not of this job.
    Not,
}

fn taken() -> Error {
    Error::new(
        Code::KeyTaken,
        "what is under the key is another object by now",
    )
}

/// The bucket has other bytes than were sent. To be tried again; it is final where every try ended
/// so.
pub(super) fn torn(key: &str, what: &str) -> Error {
    Error::new(
        Code::ChecksumMismatch,
        format!("the bucket has {what} under {key}"),
    )
    .hint("Tintype sent it several times; the service, or something between, changes the bytes")
    .retry(Retry::Soon)
}

/// Asks the bucket what it has, where the answer to the upload did not prove it already; `stored`:
/// the ETag that this answer gave.
pub(super) async fn verify(
    store: &dyn ObjectStore,
    order: &Order<'_>,
    size: u64,
    stored: Option<&str>,
) -> Result<String> {
    // Of what says nothing of itself: what came after ours has another.
    let is_another = |held: &Held| {
        let stored = stored.filter(|etag| is_md5(etag) && is_md5(&held.etag));
        held.metadata.is_empty() && stored.is_some_and(|etag| !same_etag(etag, &held.etag))
    };
    match store.head(order.key).await? {
        // Somebody took the key right after: no fault of the bytes.
        Lookup::Found(held) if order.is_anothers(&held) || is_another(&held) => Err(taken()),
        Lookup::Found(held) => match held.compare(&order.meant(size)) {
            Likeness::Same | Likeness::Unlabelled => Ok(held.etag),
            Likeness::MadeAlike | Likeness::Other if held.size != size => Err(torn(
                order.key,
                &format!("{} bytes instead of {size}", held.size),
            )),
            Likeness::MadeAlike | Likeness::Other => {
                Err(torn(order.key, "an object with another checksum"))
            }
        },
        Lookup::Absent => Err(torn(order.key, "nothing")),
        // Write-only credentials: the server checked the checksum that went along, more cannot be
        // had.
        Lookup::Hidden => Ok(String::new()),
    }
}

pub(super) fn changed(path: &Path) -> Error {
    Error::new(
        Code::FileChanging,
        format!("{} changed while it was uploaded", path.display()),
    )
    .hint("Tintype takes it again when it is finished")
    .retry(Retry::Soon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::held::META_SHA256;

    struct AsBefore;

    #[async_trait]
    impl Still for AsBefore {
        async fn meant(&self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_under_the_key_is_of_an_earlier_try_where_it_says_so() {
        let labels = |sha256: &str, upload: &str| {
            vec![
                (META_SHA256.to_owned(), sha256.to_owned()),
                (META_UPLOAD.to_owned(), upload.to_owned()),
            ]
        };
        let headers = Headers {
            metadata: labels("abc", "own"),
            ..Headers::default()
        };
        let order = Order {
            key: "a.txt",
            headers: &headers,
            only: &Only::IfAbsent,
            still: &AsBefore,
        };
        let arrived = |size, sha256, upload| {
            let held = Held {
                size,
                etag: "e".into(),
                metadata: labels(sha256, upload),
            };
            match order.arrived(&held, 3) {
                Arrived::Whole(_) => "whole",
                Arrived::Torn(_) => "torn",
                Arrived::Not => "not",
            }
        };

        assert_eq!(arrived(3, "abc", "own"), "whole");
        assert_eq!(arrived(2, "abc", "own"), "torn", "it lacks a byte");
        assert_eq!(arrived(3, "def", "another"), "not", "somebody was faster");
        assert_eq!(arrived(3, "abc", "another"), "not", "even with the same");
    }
}
