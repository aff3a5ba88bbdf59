//! A request body from memory that counts what leaves.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Progress;

const FRAME: usize = 64 * 1024;

/// Hands out its bytes in small frames and counts them as they go.
pub(super) struct Counted {
    rest: Bytes,
    progress: Progress,
}

impl Counted {
    pub(super) fn new(bytes: Bytes, progress: Progress) -> Self {
        Self { rest: bytes, progress }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(FRAME);
        let frame = self.rest.split_to(length);
        self.progress.add(length as u64);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }
}
