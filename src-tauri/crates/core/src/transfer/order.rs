//! What is to be sent and on which condition; what is looked at before it, and after it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::log::PartsLog;
use super::store::{Headers, Lookup, ObjectStore, Only};
use crate::error::{Code, Error, Result, Retry};
use crate::held::{Likeness, Meant};

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
            // An earlier try arrived although its answer did not.
            Lookup::Found(held) if held.compare(&self.meant(size)) == Likeness::Same => {
                return Ok(Before::Done(held.etag));
            }
            // It is gone: then nothing is replaced.
            Lookup::Absent => Only::IfAbsent,
            Lookup::Found(_) | Lookup::Hidden => {
                return Err(Error::new(
                    Code::KeyTaken,
                    "what is under the key is another object by now",
                ));
            }
        };
        // Last of all: the look took its time.
        self.still.meant().await.map(|()| Before::Send(only))
    }

    /// Whether an earlier try arrived although its answer did not; its ETag.
    pub(super) async fn arrived(&self, store: &dyn ObjectStore, size: u64) -> Option<String> {
        match store.head(self.key).await {
            Ok(Lookup::Found(held)) if held.compare(&self.meant(size)) == Likeness::Same => {
                Some(held.etag)
            }
            _ => None,
        }
    }
}

/// That an earlier try stored other bytes. Until that is mended, "the key is taken" and "no such
/// upload" are its own echo, and no news.
#[derive(Default)]
pub(super) struct Wrong(Mutex<Option<Error>>);

impl Wrong {
    /// Takes note of what the bucket was found to have.
    pub(super) fn note<T>(&self, verified: Result<T>) -> Result<T> {
        verified.inspect_err(|error| {
            if error.code == Code::ChecksumMismatch {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            }
        })
    }

    /// What an echo stands for.
    pub(super) fn or(&self, echo: Error) -> Error {
        let wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.clone().unwrap_or(echo)
    }
}

/// Asks the bucket what it has, where the answer to the upload did not prove it already.
pub(super) async fn verify(
    store: &dyn ObjectStore,
    order: &Order<'_>,
    size: u64,
) -> Result<String> {
    let wrong = |what: String| {
        Err(Error::new(
            Code::ChecksumMismatch,
            format!("the bucket has {what} under {}", order.key),
        )
        .hint("Tintype sent it several times; the service, or something between, changes the bytes")
        .retry(Retry::Soon))
    };
    match store.head(order.key).await? {
        Lookup::Found(held) => match held.compare(&order.meant(size)) {
            Likeness::Same | Likeness::Unlabelled => Ok(held.etag),
            Likeness::MadeAlike | Likeness::Other if held.size != size => {
                wrong(format!("{} bytes instead of {size}", held.size))
            }
            Likeness::MadeAlike | Likeness::Other => {
                wrong("an object with another checksum".into())
            }
        },
        Lookup::Absent => wrong("nothing".into()),
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

    #[test]
    fn a_taken_key_is_the_echo_of_other_bytes_that_an_earlier_try_stored() {
        let of = |code| Error::new(code, "said");
        let (wrong, passing) = (Wrong::default(), Wrong::default());

        let _: Result<()> = wrong.note(Err(of(Code::ChecksumMismatch)));
        let _: Result<()> = wrong.note(Err(of(Code::ServerBusy)));
        let _: Result<()> = passing.note(Err(of(Code::ServerBusy)));

        assert_eq!(wrong.or(of(Code::KeyTaken)).code, Code::ChecksumMismatch);
        assert_eq!(passing.or(of(Code::KeyTaken)).code, Code::KeyTaken);
    }
}
