//! A request body from memory that counts what leaves, and lets it leave no faster than it may.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tokio::time::Sleep;

use super::Progress;
use super::flow::Limits;

/// Hands out its bytes in small frames and counts them as they go.
pub(super) struct Counted {
    rest: Bytes,
    progress: Progress,
    limits: Limits,
    /// The next frame is paid for and leaves when this is over.
    wait: Option<Pin<Box<Sleep>>>,
}

impl Counted {
    pub(super) fn new(bytes: Bytes, progress: Progress, limits: Limits) -> Self {
        Self {
            rest: bytes,
            progress,
            limits,
            wait: None,
        }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(self.limits.bandwidth().frame());
        if self.wait.is_none() {
            let wait = self
                .limits
                .bandwidth()
                .reserve(length as u64, Instant::now());
            if !wait.is_zero() {
                self.wait = Some(Box::pin(tokio::time::sleep(wait)));
                self.progress.hold(true);
            }
        }
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
            self.progress.hold(false);
        }
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
