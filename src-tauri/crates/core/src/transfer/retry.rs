//! Trying again: exponential backoff with full jitter, within a budget.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::flow::{Lane, Limits};
use super::{ObjectStore, Progress};
use crate::error::{Result, Retry};

const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = if cfg!(test) {
    Duration::from_micros(10)
} else {
    Duration::from_millis(100)
};
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A bucket as uploads use it: every request waits for its turn, is tried again where that helps,
/// and tells how it went.
#[derive(Clone)]
pub struct Bucket {
    /// The bucket itself.
    pub store: Arc<dyn ObjectStore>,
    /// What may be in flight to it.
    pub lane: Arc<Lane>,
    /// What all buckets share.
    pub limits: Limits,
    /// Whether its requests rest while uploads do.
    pub rests: bool,
}

impl Bucket {
    /// For what a person asks for just now: it does not rest with the uploads.
    #[must_use]
    pub fn awake(&self) -> Self {
        Self {
            rests: false,
            ..self.clone()
        }
    }

    /// Makes one request, of that many bytes, until it succeeds, fails for good, finds no way to
    /// the bucket, or has been tried six times. What is still a passing fault then is handed on as
    /// it is: the job waits and comes back.
    pub async fn call<T, F: Future<Output = Result<T>>>(
        &self,
        bytes: u64,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T> {
        let mut tries = 0;
        loop {
            let request = self.lane.request(&self.limits, self.rests).await?;
            let result = attempt().await;
            request.ended(&result, bytes);
            let error = match result {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            tries += 1;
            if !matches!(error.retry_class(), Retry::Soon | Retry::Slower) {
                return Err(error);
            }
            if tries == ATTEMPTS || !self.lane.may_retry() {
                return Err(error);
            }
            tracing::debug!(%error, tries, "trying again");
            let slower = u32::from(error.retry_class() == Retry::Slower);
            tokio::time::sleep(pause(tries + slower)).await;
        }
    }

    /// The same for one that sends a body, whose progress is taken back where a try comes to
    /// nothing.
    pub(super) async fn send<T, F: Future<Output = Result<T>>>(
        &self,
        bytes: u64,
        progress: &Progress,
        mut attempt: impl FnMut(Progress) -> F,
    ) -> Result<T> {
        self.call(bytes, || {
            let counted = progress.attempt();
            let sending = attempt(counted.progress().clone());
            async move {
                let done = sending.await?;
                counted.keep();
                Ok(done)
            }
        })
        .await
    }
}

/// Anything between nothing and the bound, so that clients which failed together do not return
/// together (AWS Architecture Blog, "Exponential Backoff And Jitter").
fn pause(tries: u32) -> Duration {
    let bound = FIRST_PAUSE
        .saturating_mul(1 << tries.min(16))
        .min(LONGEST_PAUSE);
    bound.mul_f64(fastrand::f64())
}
