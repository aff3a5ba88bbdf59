//! How much may be in flight: requests to one bucket (found out by trying), and over all buckets
//! memory, bytes per second, and whether anything may be sent at all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

use super::pace::Pace;
use crate::error::{Code, Error, Result, Retry};

/// What all uploads share.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// One permit per KiB of file content held in memory.
    memory: Semaphore,
    memory_kib: u32,
    bandwidth: Bandwidth,
    paused: watch::Sender<bool>,
    buffers: Mutex<Vec<Vec<u8>>>,
}

/// Buffers for parts that are kept for the next one: fresh memory has to be cleared by the system
/// first, and what is given back stays with one of many threads.
const BUFFERS: usize = 6;
/// Those of very large parts are given back to the system.
const LARGEST_BUFFER: usize = 8 << 20;

/// A part's bytes; the buffer goes back when the last reader is done.
struct Lent {
    bytes: Vec<u8>,
    home: Limits,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut buffers = self.home.buffers();
        if buffers.len() < BUFFERS && self.bytes.capacity() <= LARGEST_BUFFER {
            buffers.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Room in memory; given back when dropped.
pub(crate) type Room<'a> = SemaphorePermit<'a>;

impl Limits {
    /// With room for that many MiB of file contents, over all uploads.
    pub fn new(memory_mib: u32) -> Self {
        let memory_kib = memory_mib.clamp(16, 4096) << 10;
        Self(Arc::new(Shared {
            memory: Semaphore::new(memory_kib as usize),
            memory_kib,
            bandwidth: Bandwidth::default(),
            paused: watch::Sender::new(false),
            buffers: Mutex::default(),
        }))
    }

    /// Waits for room to hold that many bytes; never more than there is at all.
    pub(crate) async fn memory(&self, bytes: u64) -> Result<Room<'_>> {
        let kib = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(u32::MAX)
            .clamp(1, self.0.memory_kib);
        self.0.memory.acquire_many(kib).await.map_err(|_| closing())
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0
            .buffers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes in a buffer that is used again, filled by `fill`.
    pub(super) fn filled(&self, fill: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Bytes> {
        let mut lent = Lent {
            bytes: self.buffers().pop().unwrap_or_default(),
            home: self.clone(),
        };
        lent.bytes.clear();
        fill(&mut lent.bytes)?;
        Ok(Bytes::from_owner(lent))
    }

    /// How fast bytes may leave, over all uploads.
    pub(crate) fn bandwidth(&self) -> &Bandwidth {
        &self.0.bandwidth
    }

    /// Lets no further request begin, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.0
            .paused
            .send_if_modified(|now| std::mem::replace(now, paused) != paused);
    }

    /// Whether nothing may begin at the moment.
    pub fn is_paused(&self) -> bool {
        *self.0.paused.borrow()
    }

    async fn unpaused(&self) -> Result<()> {
        self.0
            .paused
            .subscribe()
            .wait_for(|paused| !paused)
            .await
            .map(|_| ())
            .map_err(|_| closing())
    }
}

/// Bytes a body lets go at a time, where nothing limits them.
const FRAME: usize = 64 << 10;

/// Bytes per second over all uploads: each frame is given the moment at which it may leave.
#[derive(Debug, Default)]
pub(crate) struct Bandwidth {
    /// Bytes per second; 0: no limit.
    rate: AtomicU64,
    next: Mutex<Option<Instant>>,
}

impl Bandwidth {
    /// Sets the limit in bytes per second; 0 for none.
    pub(crate) fn set(&self, bytes_per_second: u64) {
        if self.rate.swap(bytes_per_second, Ordering::Relaxed) != bytes_per_second {
            // What was reserved at the old rate does not hold up the new one.
            *self.next.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Bytes to let go at a time: small enough that many uploads on a narrow line all keep moving.
    pub(super) fn frame(&self) -> usize {
        match self.rate.load(Ordering::Relaxed) {
            0 => FRAME,
            rate => usize::try_from(rate / 20)
                .unwrap_or(FRAME)
                .clamp(1 << 10, FRAME),
        }
    }

    /// How long to wait before that many bytes may leave.
    pub(super) fn reserve(&self, bytes: u64, now: Instant) -> Duration {
        let rate = self.rate.load(Ordering::Relaxed);
        if rate == 0 {
            return Duration::ZERO;
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = next.map_or(now, |next| next.max(now));
        *next = Some(start + Duration::from_secs_f64(bytes as f64 / rate as f64));
        start - now
    }
}

/// The requests in flight to one bucket, and how many retries it has earned.
#[derive(Debug)]
pub struct Lane {
    requests: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

/// One request in flight.
pub(crate) struct Request<'a> {
    lane: &'a Lane,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lane {
    /// A lane that tries up to `most` requests at once.
    pub fn new(most: usize) -> Self {
        let pace = Pace::new(most, Instant::now());
        Self {
            requests: Arc::new(Semaphore::new(pace.limit())),
            pace: Mutex::new(pace),
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests that may be in flight at the moment.
    pub fn limit(&self) -> usize {
        self.pace().limit()
    }

    /// Waits until one more request may be in flight; one that `rests` also until uploads are not
    /// paused.
    pub(crate) async fn request(&self, limits: &Limits, rests: bool) -> Result<Request<'_>> {
        loop {
            if rests {
                limits.unpaused().await?;
            }
            let permit = Arc::clone(&self.requests)
                .acquire_owned()
                .await
                .map_err(|_| closing())?;
            let request = Request {
                lane: self,
                permit: Some(permit),
            };
            // It may have waited long for its turn.
            if !rests || !*limits.0.paused.borrow() {
                return Ok(request);
            }
        }
    }

    /// Takes one retry from the budget; false where it is used up, so that an outage does not
    /// multiply the load.
    pub(super) fn may_retry(&self) -> bool {
        self.pace().may_retry()
    }
}

impl Request<'_> {
    /// Notes how the request ended: this is what the number in flight is found by.
    pub(crate) fn ended<T>(self, result: &Result<T>, bytes: u64) {
        let now = Instant::now();
        let mut pace = self.lane.pace();
        match result {
            Ok(_) => pace.done(bytes, now),
            Err(error) if error.retry_class() == Retry::Slower => pace.slower(now),
            Err(_) => {}
        }
        let grown = pace.settle();
        drop(pace);
        self.lane.requests.add_permits(grown);
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        // Where the limit fell, permits are withdrawn as they come back.
        if let Some(permit) = self.permit.take()
            && self.lane.pace().withdraw()
        {
            permit.forget();
        }
    }
}

pub(super) fn closing() -> Error {
    Error::new(Code::Closing, "Tintype is closing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_no_faster_than_they_may() {
        let (bandwidth, now) = (Bandwidth::default(), Instant::now());
        assert_eq!(bandwidth.reserve(1 << 30, now), Duration::ZERO, "no limit");
        bandwidth.set(1000);
        let waits: Vec<u128> = (0..4)
            .map(|_| bandwidth.reserve(500, now).as_millis())
            .collect();
        assert_eq!(waits, [0, 500, 1000, 1500]);
        assert_eq!(
            bandwidth.reserve(500, now + Duration::from_secs(9)),
            Duration::ZERO,
            "what was not used is not saved up"
        );
    }

    #[tokio::test]
    async fn nothing_begins_while_paused() -> Result<()> {
        let (limits, lane) = (Limits::new(64), Lane::new(8));
        limits.pause(true);
        let waiting =
            tokio::time::timeout(Duration::from_millis(20), lane.request(&limits, true)).await;
        assert!(waiting.is_err());
        drop(lane.request(&limits, false).await?);
        limits.pause(false);
        lane.request(&limits, true).await.map(drop)
    }

    #[tokio::test]
    async fn a_server_that_says_slow_down_gets_fewer_requests() -> Result<()> {
        let (limits, lane) = (Limits::new(64), Lane::new(16));
        let before = lane.limit();
        let slower: Result<()> =
            Err(Error::new(Code::ServerBusy, "slow down").retry(Retry::Slower));
        while lane.limit() == before {
            lane.request(&limits, true).await?.ended(&slower, 0);
        }
        let mut held = Vec::new();
        while let Ok(request) =
            tokio::time::timeout(Duration::from_millis(20), lane.request(&limits, true)).await
        {
            held.push(request?);
        }
        // The first withdrawal comes with the first permit that returns.
        let in_flight = held.len();
        drop(held);
        let mut again = Vec::new();
        while let Ok(request) =
            tokio::time::timeout(Duration::from_millis(20), lane.request(&limits, true)).await
        {
            again.push(request?);
        }
        assert!(
            again.len() <= in_flight && again.len() == lane.limit(),
            "{} of {}",
            again.len(),
            lane.limit()
        );
        Ok(())
    }
}
