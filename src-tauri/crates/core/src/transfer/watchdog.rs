//! Ends a request that does not move. What counts is progress, not total time: a slow line is no
//! stalled one.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::Progress;

/// No byte moved for this long: the connection is dead.
const STALL: Duration = Duration::from_secs(30);
/// The last bytes wait in the system's buffers: so many may still be on a line of this speed (bytes
/// per second).
const BUFFERED: u64 = 4 << 20;
const SLOWEST: u64 = 20_000;
/// How often to look.
const LOOK: Duration = Duration::from_secs(1);

/// What became of a watched request.
pub(super) enum Watched<T> {
    Ended(T),
    Stalled,
}

/// Waits for a request without a body.
pub(super) async fn answer<T>(limit: Duration, request: impl Future<Output = T>) -> Watched<T> {
    tokio::time::timeout(limit, request)
        .await
        .map_or(Watched::Stalled, Watched::Ended)
}

/// Waits for a request with a body of `bytes`, whose way is counted in `progress`.
pub(super) async fn moving<T>(
    bytes: u64,
    progress: &Progress,
    request: impl Future<Output = T>,
) -> Watched<T> {
    tokio::pin!(request);
    let mut watch = Watch::new(bytes, Instant::now());
    loop {
        if let Ok(ended) = tokio::time::timeout(LOOK, &mut request).await {
            return Watched::Ended(ended);
        }
        if watch.is_stalled(progress.of_attempt(), progress.is_held(), Instant::now()) {
            return Watched::Stalled;
        }
    }
}

/// When a body moved last. Pure: the clock is handed in.
struct Watch {
    bytes: u64,
    seen: u64,
    since: Instant,
}

impl Watch {
    fn new(bytes: u64, now: Instant) -> Self {
        Self {
            bytes,
            seen: 0,
            since: now,
        }
    }

    /// Notes how far the body is, or that it is held back on purpose, and tells whether it is
    /// stuck.
    fn is_stalled(&mut self, moved: u64, held: bool, now: Instant) -> bool {
        if moved != self.seen || held {
            (self.seen, self.since) = (moved, now);
        }
        let in_buffers = if self.seen >= self.bytes {
            self.bytes.min(BUFFERED)
        } else {
            0
        };
        now.saturating_duration_since(self.since)
            > STALL + Duration::from_secs(in_buffers / SLOWEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_slow_line_is_no_stalled_one() {
        let start = Instant::now();
        let mut watch = Watch::new(100, start);
        assert!((1..=99).all(|byte| !watch.is_stalled(byte, false, after(start, byte * 20))));
    }

    #[test]
    fn what_does_not_move_is_ended() {
        let start = Instant::now();
        let mut watch = Watch::new(100, start);
        assert!(!watch.is_stalled(50, false, after(start, 5)));
        assert!(!watch.is_stalled(50, false, after(start, 34)));
        assert!(watch.is_stalled(50, false, after(start, 36)));
    }

    #[test]
    fn the_last_bytes_may_still_be_in_the_systems_buffers() {
        let start = Instant::now();
        let mut watch = Watch::new(4 << 20, start);
        assert!(!watch.is_stalled(4 << 20, false, start));
        assert!(!watch.is_stalled(4 << 20, false, after(start, 200)));
        assert!(watch.is_stalled(4 << 20, false, after(start, 300)));
    }

    #[test]
    fn waiting_for_bandwidth_is_no_stall() {
        let start = Instant::now();
        let mut watch = Watch::new(100, start);
        assert!((0..50).all(|look| !watch.is_stalled(0, true, after(start, look * 10))));
    }
}
