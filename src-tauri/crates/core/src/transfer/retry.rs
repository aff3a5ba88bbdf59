//! Trying again: exponential backoff with full jitter, within a budget.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::flow::{Lane, Limits};
use super::{ObjectStore, Progress};
use crate::error::{Code, Error, Result, Retry};

const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = if cfg!(test) {
    Duration::from_micros(10)
} else {
    Duration::from_millis(100)
};
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Who asks for more is not waited for here: the job waits.
const LONGEST_AFTER: Duration = Duration::from_secs(30);

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
        let mut tries = Tries::default();
        loop {
            let request = self.lane.request(&self.limits, self.rests).await?;
            let result = attempt().await;
            request.ended(&result, bytes);
            let error = match result {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let error = tries.after(error, || self.lane.may_retry())?;
            tracing::debug!(%error, tries = tries.made, "trying again");
            let pause = pause(tries.backoff(&error));
            tokio::time::sleep(error.after.map_or(pause, |after| pause.max(after))).await;
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

/// The tries of one request so far.
#[derive(Default)]
struct Tries {
    made: u32,
    /// Those that stored other bytes than were sent.
    wrong: u32,
}

impl Tries {
    /// The error of a try, if there is to be another.
    ///
    /// # Errors
    /// What the request ends with. That a bucket has other bytes condemns a file, so it has to be
    /// proved: only where every one of the tries ended so is it final, and no budget cuts it short.
    fn after(&mut self, error: Error, may_retry: impl FnOnce() -> bool) -> Result<Error> {
        self.made += 1;
        let wrong = error.code == Code::ChecksumMismatch;
        self.wrong += u32::from(wrong);
        let asks_for_long = error.after.is_some_and(|after| after > LONGEST_AFTER);
        if asks_for_long || !matches!(error.retry_class(), Retry::Soon | Retry::Slower) {
            return Err(error);
        }
        if self.made == ATTEMPTS {
            let proved = self.wrong == ATTEMPTS;
            return Err(if proved {
                error.retry(Retry::Never)
            } else {
                error
            });
        }
        if wrong || may_retry() {
            Ok(error)
        } else {
            Err(error)
        }
    }

    /// How often the pause has doubled by now: once for each try, and once more where the bucket
    /// asked for less.
    fn backoff(&self, error: &Error) -> u32 {
        self.made + u32::from(error.retry_class() == Retry::Slower)
    }
}

/// Anything between nothing and the bound, so that clients which failed together do not return
/// together (AWS Architecture Blog, "Exponential Backoff And Jitter").
fn pause(tries: u32) -> Duration {
    longest(tries).mul_f64(fastrand::f64())
}

/// Twice as long each time, up to a bound.
fn longest(tries: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << tries.min(16))
        .min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::secret::{Credentials, Secret};
    use crate::transfer::{S3, Signer};

    fn end(errors: impl IntoIterator<Item = Error>, budget: bool) -> (u32, Option<Error>) {
        let mut tries = Tries::default();
        let end = errors
            .into_iter()
            .find_map(|error| tries.after(error, || budget).err());
        (tries.made, end)
    }

    fn passing(code: Code) -> Error {
        Error::new(code, "said").retry(Retry::Soon)
    }

    #[test]
    fn other_bytes_than_were_sent_are_final_only_if_every_try_ended_so() {
        let wrong = || passing(Code::ChecksumMismatch);
        let busy = || passing(Code::ServerBusy);

        let (made, always) = end(std::iter::repeat_with(wrong), false);
        let (_, once) = end((1..ATTEMPTS).map(|_| busy()).chain([wrong()]), true);

        assert_eq!(made, ATTEMPTS, "whatever the budget says");
        assert_eq!(always.map(|error| error.retry_class()), Some(Retry::Never));
        assert_eq!(once.map(|error| error.retry_class()), Some(Retry::Soon));
    }

    #[test]
    fn what_a_person_asks_for_just_now_does_not_rest_with_the_uploads() {
        let profile = Profile {
            endpoint: "http://127.0.0.1:9".into(),
            bucket: "b".into(),
            ..Profile::default()
        };
        let credentials = Credentials {
            access_key_id: "id".into(),
            secret_access_key: Secret::new("secret"),
            session_token: None,
        };
        let limits = Limits::new(1);
        let store = S3::new(&profile, Signer::from(&credentials), &limits).expect("client");
        let resting = Bucket {
            store: Arc::new(store),
            lane: Arc::new(Lane::new(1)),
            limits,
            rests: true,
        };

        assert!(!resting.awake().rests && resting.rests);
    }

    #[test]
    fn pauses_double_and_lie_anywhere_below_their_bound() {
        assert_eq!(longest(0), FIRST_PAUSE);
        assert_eq!(longest(3), FIRST_PAUSE * 8);
        assert_eq!(longest(16), (FIRST_PAUSE * 65_536).min(LONGEST_PAUSE));
        assert_eq!(longest(99), longest(16));
        let drawn: Vec<Duration> = (0..64).map(|_| pause(10)).collect();
        assert!(drawn.iter().all(|pause| *pause <= longest(10)));
        assert!(drawn.iter().any(|pause| *pause > longest(10) / 4));
    }

    #[test]
    fn who_is_asked_for_less_waits_as_if_it_had_tried_once_more() {
        let tries = Tries { made: 2, wrong: 0 };
        let slower = Error::new(Code::ServerBusy, "said").retry(Retry::Slower);

        assert_eq!(tries.backoff(&passing(Code::ServerBusy)), 2);
        assert_eq!(tries.backoff(&slower), 3);
    }

    #[test]
    fn a_passing_fault_is_tried_as_often_as_there_are_attempts_and_budget() {
        let busy = || passing(Code::ServerBusy);

        let (with, ended) = end(std::iter::repeat_with(busy), true);
        let (without, _) = end(std::iter::repeat_with(busy), false);
        let (refused, _) = end([Error::new(Code::AccessDenied, "no")], true);

        assert_eq!((with, without, refused), (ATTEMPTS, 1, 1));
        assert!(ended.is_some_and(|error| error.is_retryable()));
    }
}
