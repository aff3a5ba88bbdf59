//! Trying again: exponential backoff with full jitter.

use std::future::Future;
use std::time::Duration;

use crate::error::{Code, Error, Result, Retry};

const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = if cfg!(test) { Duration::from_micros(10) } else { Duration::from_millis(200) };
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Runs `attempt` until it succeeds, fails for good, finds no way to the bucket, or has been tried six times.
///
/// What is still a passing fault then is handed on as it is: the job waits and comes back later.
pub async fn retrying<T, F: Future<Output = Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<T> {
    let mut tries = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        tries += 1;
        if error.retry_class() != Retry::Soon {
            return Err(error);
        }
        if tries == ATTEMPTS {
            return Err(give_up(error));
        }
        tracing::debug!(%error, tries, "trying again");
        tokio::time::sleep(pause(tries)).await;
    }
}

/// Wrong bytes six times over are no passing fault.
fn give_up(error: Error) -> Error {
    let for_good = error.code == Code::ChecksumMismatch;
    if for_good { error.retry(Retry::Never) } else { error }
}

/// Anything between nothing and the bound, so that clients which failed together do not return together
/// (AWS Architecture Blog, "Exponential Backoff And Jitter").
fn pause(tries: u32) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(1 << tries.min(16)).min(LONGEST_PAUSE);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn passing_faults_are_retried_and_others_are_not() {
        let tries = Cell::new(0);
        let run = |code, retry, until: u32| {
            tries.set(0);
            let tries = &tries;
            retrying(move || async move {
                tries.set(tries.get() + 1);
                if tries.get() < until { Err(Error::new(code, "no").retry(retry)) } else { Ok(tries.get()) }
            })
        };
        assert_eq!(run(Code::ServerBusy, Retry::Soon, 4).await, Ok(4));
        assert!(run(Code::AccessDenied, Retry::Never, 4).await.is_err());
        assert_eq!(tries.get(), 1);
        assert!(run(Code::EndpointUnreachable, Retry::WhenOnline, 4).await.is_err());
        assert_eq!(tries.get(), 1);
        assert_eq!(run(Code::ServerBusy, Retry::Soon, 99).await.map_err(|e| e.retry_class()), Err(Retry::Soon));
        assert_eq!(tries.get(), ATTEMPTS);
        assert_eq!(run(Code::ChecksumMismatch, Retry::Soon, 99).await.map_err(|e| e.retry_class()), Err(Retry::Never));
    }
}
