//! What ends a worker from inside, on every system: a question that takes too long or too much
//! memory.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a worker at work is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Why a worker ended itself; its exit code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    TooSlow = 75,
    TooLarge = 76,
}

impl End {
    /// What an exit code says.
    pub(super) const fn of(code: i32) -> Option<Self> {
        match code {
            75 => Some(Self::TooSlow),
            76 => Some(Self::TooLarge),
            _ => None,
        }
    }
}

/// Looks after one worker.
#[derive(Clone)]
pub(super) struct Watchdog(Arc<(Mutex<Watched>, Condvar)>);

#[derive(Default)]
struct Watched {
    /// When the question at hand has to be answered.
    deadline: Option<Instant>,
    /// Bytes this process may have in memory.
    memory: u64,
}

impl Watchdog {
    /// Ends this process by its own thread.
    pub(super) fn of_this_process() -> Self {
        let dog = Self(Arc::default());
        let watching = dog.clone();
        std::thread::spawn(move || watching.watch(|end| std::process::exit(end as i32)));
        dog
    }

    /// Nobody is ended by it: for a desk in the app's own process.
    #[cfg(test)]
    pub(super) fn asleep() -> Self {
        Self(Arc::default())
    }

    pub(super) fn limit_memory(&self, bytes: u64) {
        self.change(|watched| watched.memory = bytes);
    }

    /// A question is at hand.
    pub(super) fn begin(&self, within: Duration) {
        self.change(|watched| watched.deadline = Some(Instant::now() + within));
    }

    /// It is answered.
    pub(super) fn done(&self) {
        self.change(|watched| watched.deadline = None);
    }

    fn change(&self, change: impl FnOnce(&mut Watched)) {
        let (watched, changed) = &*self.0;
        change(&mut watched.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_one();
    }

    fn watch(&self, end: impl Fn(End)) {
        let (watched, changed) = &*self.0;
        let mut now = watched.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // While nothing is asked there is nothing to look at.
            now = match now.deadline {
                None => changed.wait(now).unwrap_or_else(PoisonError::into_inner),
                Some(_) => {
                    changed
                        .wait_timeout(now, TICK)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
            if now.deadline.is_some_and(|until| Instant::now() >= until) {
                end(End::TooSlow);
            }
            if now.deadline.is_some() && is_beyond(now.memory) {
                end(End::TooLarge);
            }
        }
    }
}

/// Whether this process holds more memory than that; 0: as much as it likes.
fn is_beyond(bytes: u64) -> bool {
    bytes > 0 && memory_stats::memory_stats().is_some_and(|stats| stats.physical_mem as u64 > bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// What a watchdog ends a process for, told instead of done.
    fn watched() -> (Watchdog, mpsc::Receiver<End>) {
        let (dog, (tell, told)) = (Watchdog::asleep(), mpsc::channel());
        let watching = dog.clone();
        std::thread::spawn(move || {
            watching.watch(|end| {
                // Nobody listens once it was told.
                let _told = tell.send(end);
            })
        });
        (dog, told)
    }

    #[test]
    fn a_question_that_takes_too_long_or_too_much_is_the_end() {
        let (slow, slow_told) = watched();
        slow.begin(Duration::ZERO);
        assert_eq!(slow_told.recv(), Ok(End::TooSlow));

        let (large, large_told) = watched();
        large.limit_memory(1);
        large.begin(Duration::from_secs(3600));
        assert_eq!(large_told.recv(), Ok(End::TooLarge));
    }

    #[test]
    fn an_exit_code_tells_why() {
        for end in [End::TooSlow, End::TooLarge] {
            assert_eq!(End::of(end as i32), Some(end));
        }
        assert_eq!(End::of(1), None);
    }
}
