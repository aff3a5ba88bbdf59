//! How many requests a bucket and the line to it take at once: found by trying, as congestion
//! control does. Pure: the clock is handed in.
//!
//! Windows of finished requests are compared. While more in flight brings more through, the number
//! grows by half; then it stays, with a careful step up every few windows. Where the server says
//! "slow down", it shrinks by half the share of such answers: a server that refuses everything
//! halves it with every window, one that stumbles now and then hardly changes it (DCTCP: RFC 8257,
//! 3.3).

use std::time::Duration;

use tokio::time::Instant;
/// Requests in flight to begin with.
const FIRST: usize = 16;
/// A window is at least this long.
const WINDOW: Duration = Duration::from_millis(200);
/// What one request counts for besides its bytes: for small objects the requests are the work.
const REQUEST_WEIGHT: u64 = 64 << 10;
/// Windows between two careful steps up.
const STEADY: u32 = 4;
/// Retries that may be taken before anything has succeeded, and at most saved up.
const BUDGET: f64 = 64.0;
/// What a success adds to the retries.
const EARNED: f64 = 1.0;

#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    limit: usize,
    /// Permits to give out (positive) or to withdraw (negative) until the semaphore is as the limit
    /// says.
    owed: isize,
    growing: bool,
    steady: u32,
    window_began: Instant,
    window_requests: usize,
    window_weight: u64,
    window_slowed: usize,
    last_rate: f64,
    retries: f64,
}

impl Pace {
    pub(super) fn new(most: usize, now: Instant) -> Self {
        let most = most.max(1);
        Self {
            most,
            limit: FIRST.min(most),
            owed: 0,
            growing: true,
            steady: 0,
            window_began: now,
            window_requests: 0,
            window_weight: 0,
            window_slowed: 0,
            last_rate: 0.0,
            retries: BUDGET,
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn done(&mut self, bytes: u64, now: Instant) {
        self.retries = (self.retries + EARNED).min(BUDGET);
        self.window_weight += REQUEST_WEIGHT + bytes;
        self.count(now);
    }

    /// The server said "slow down".
    pub(super) fn slower(&mut self, now: Instant) {
        self.window_slowed += 1;
        self.count(now);
    }

    fn count(&mut self, now: Instant) {
        self.window_requests += 1;
        let length = now.saturating_duration_since(self.window_began);
        if length >= WINDOW && self.window_requests >= self.limit {
            self.end_window(length);
            (
                self.window_began,
                self.window_requests,
                self.window_weight,
                self.window_slowed,
            ) = (now, 0, 0, 0);
        }
    }

    fn end_window(&mut self, length: Duration) {
        let rate = self.window_weight as f64 / length.as_secs_f64();
        let slowed = self.window_slowed as f64 / self.window_requests as f64;
        let down = (self.limit as f64 * slowed / 2.0).round() as usize;
        if down > 0 {
            self.growing = false;
            self.set(self.limit - down);
        } else if self.growing && rate > self.last_rate * 1.2 {
            self.set(self.limit + self.limit.div_ceil(2));
        } else if rate < self.last_rate * 0.7 && !self.growing {
            // The line became narrower, or other work takes its share: feel the way again, from a
            // little below.
            self.set(self.limit - self.limit / 4);
            self.steady = 0;
        } else {
            self.growing = false;
            self.steady += 1;
            if self.steady.is_multiple_of(STEADY) {
                self.set(self.limit + 1);
            }
        }
        self.last_rate = rate;
    }

    fn set(&mut self, limit: usize) {
        let limit = limit.clamp(1, self.most);
        self.owed += limit as isize - self.limit as isize;
        self.limit = limit;
    }

    /// Permits to add now.
    pub(super) fn settle(&mut self) -> usize {
        let grown = usize::try_from(self.owed).unwrap_or_default();
        self.owed -= grown as isize;
        grown
    }

    /// Whether a permit that comes back is to be withdrawn.
    pub(super) fn withdraw(&mut self) -> bool {
        let withdrawn = self.owed < 0;
        self.owed += isize::from(withdrawn);
        withdrawn
    }

    pub(super) fn may_retry(&mut self) -> bool {
        let may = self.retries >= 1.0;
        self.retries -= f64::from(u8::from(may));
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers `most` requests per 10 ms, however many are in flight.
    fn run(pace: &mut Pace, from: Instant, most: usize, windows: u32) -> Instant {
        let mut now = from;
        for _ in 0..windows * 20 {
            now += Duration::from_millis(10);
            for _ in 0..pace.limit().min(most) {
                pace.done(0, now);
            }
        }
        now
    }

    #[test]
    fn grows_while_it_helps_and_stays_then() {
        let start = Instant::now();
        let mut pace = Pace::new(64, start);
        let now = run(&mut pace, start, 20, 8);
        assert!((20..=40).contains(&pace.limit()), "{}", pace.limit());
        run(&mut pace, now, 20, 20);
        assert!((20..=45).contains(&pace.limit()), "{}", pace.limit());
    }

    #[test]
    fn it_grows_when_more_came_through_in_the_same_time() {
        let slower = WINDOW * 3 / 2;
        for (bytes, length, expected) in [
            (0, WINDOW, 36),
            (0, slower, 24),
            (32 << 10, slower, 36),
            (0, WINDOW * 3, 24),
        ] {
            let start = Instant::now();
            let mut pace = Pace::new(64, start);
            (0..FIRST).for_each(|_| pace.done(0, start + WINDOW));
            assert_eq!(pace.limit(), 24, "the first window is more than none");

            (0..24).for_each(|_| pace.done(bytes, start + WINDOW + length));

            assert_eq!(pace.limit(), expected, "{bytes} bytes each, in {length:?}");
        }
    }

    #[test]
    fn a_narrower_line_gets_less_and_a_steady_one_is_tried_now_and_then() {
        let mut now = Instant::now();
        let mut pace = Pace::new(64, now);
        // As many requests as may be in flight, finished after so long.
        let mut window = |pace: &mut Pace, length: Duration| {
            now += length;
            (0..pace.limit()).for_each(|_| pace.done(0, now));
            pace.limit()
        };

        let wide = [WINDOW, WINDOW * 3 / 2].map(|length| window(&mut pace, length));
        let narrow = window(&mut pace, WINDOW * 3);
        let steady = [WINDOW * 2; 4].map(|length| window(&mut pace, length));

        assert_eq!(wide, [24, 24]);
        assert_eq!(narrow, 18, "a quarter less");
        assert_eq!(steady, [18, 18, 18, 19], "one more at the fourth");
    }

    #[test]
    fn permits_are_given_out_and_withdrawn_until_they_are_as_many_as_the_limit() {
        let mut now = Instant::now();
        let mut pace = Pace::new(64, now);
        assert_eq!((pace.settle(), pace.withdraw()), (0, false), "as it began");

        now += WINDOW;
        (0..FIRST).for_each(|_| pace.done(0, now));
        let given = [pace.settle(), pace.settle()];
        now += WINDOW;
        (0..24).for_each(|_| pace.slower(now));
        let withdrawn = (0..100).take_while(|_| pace.withdraw()).count();

        assert_eq!(given, [8, 0]);
        assert_eq!((pace.limit(), withdrawn, pace.settle()), (12, 12, 0));
    }

    #[test]
    fn a_server_that_refuses_everything_halves_it_with_every_window() {
        let mut now = Instant::now();
        let mut pace = Pace::new(64, now);
        for expected in [8, 4, 2, 1, 1] {
            now += WINDOW;
            (0..FIRST).for_each(|_| pace.slower(now));
            assert_eq!(pace.limit(), expected);
        }
    }

    #[test]
    fn a_server_that_stumbles_now_and_then_hardly_changes_it() {
        let mut now = Instant::now();
        let mut pace = Pace::new(64, now);
        for request in 0..4000 {
            now += Duration::from_millis(10);
            if request % 16 == 0 {
                pace.slower(now)
            } else {
                pace.done(0, now)
            }
        }
        assert!(pace.limit() >= FIRST / 2, "{}", pace.limit());
    }

    #[test]
    fn retries_are_earned_by_successes() {
        let now = Instant::now();
        let mut pace = Pace::new(8, now);
        let taken = (0..1000).filter(|_| pace.may_retry()).count();
        assert_eq!(taken as f64, BUDGET, "an outage is not multiplied");
        for _ in 0..10 {
            pace.done(0, now);
        }
        assert_eq!((0..1000).filter(|_| pace.may_retry()).count(), 10);
    }
}
