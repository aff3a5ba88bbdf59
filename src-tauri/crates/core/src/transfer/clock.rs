//! The server's clock, as its answers tell it: a link that is signed for a time that is over for
//! the server, or not yet there, never opens.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

/// Clocks that differ by less are alike: an answer has been on its way, and tells whole seconds.
const ALIKE: Duration = Duration::from_secs(60);
const UNKNOWN: i64 = i64::MIN;

/// By how many seconds the server is ahead.
#[derive(Debug, Clone)]
pub(super) struct ServerClock(Arc<AtomicI64>);

impl Default for ServerClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }
}

impl ServerClock {
    pub(super) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != UNKNOWN
    }

    /// The server does not tell; this computer's clock has to do.
    pub(super) fn give_up(&self) {
        // Another answer may have told meanwhile.
        let _ = self
            .0
            .compare_exchange(UNKNOWN, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The time there, as far as it is known.
    pub(super) fn now(&self) -> SystemTime {
        let (here, ahead) = (SystemTime::now(), self.0.load(Ordering::Relaxed));
        let by = Duration::from_secs(ahead.unsigned_abs());
        match ahead {
            _ if ahead == UNKNOWN || by < ALIKE => here,
            0.. => here.checked_add(by).unwrap_or(here),
            _ => here.checked_sub(by).unwrap_or(here),
        }
    }

    fn note(&self, date: &str, here: SystemTime) {
        if let Ok(there) = DateTime::from_str(date, DateTimeFormat::HttpDate) {
            self.0.store(
                there.secs() - DateTime::from(here).secs(),
                Ordering::Relaxed,
            );
        }
    }
}

impl Intercept for ServerClock {
    fn name(&self) -> &'static str {
        "ServerClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.note(date, SystemTime::now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_a_day_ahead_is_believed_and_a_second_is_not() {
        let clock = ServerClock::default();
        let here = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert!(!clock.is_known());
        clock.note("Sun, 06 Nov 1994 08:49:38 GMT", here);
        assert!(clock.is_known() && clock.now() <= SystemTime::now());
        clock.note("Mon, 07 Nov 1994 08:49:37 GMT", here);
        assert!(clock.now() > SystemTime::now() + Duration::from_secs(86_300));
        clock.note("Sat, 05 Nov 1994 08:49:37 GMT", here);
        assert!(clock.now() < SystemTime::now() - Duration::from_secs(86_300));
        clock.note("yesterday", here);
        assert!(
            clock.now() < SystemTime::now() - Duration::from_secs(86_300),
            "nonsense tells nothing"
        );
    }
}
