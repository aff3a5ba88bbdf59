//! As many seeds as fit into a minute; `cargo xtask bench sim` runs many more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_minute_of_seeds_finds_no_broken_promise() {
    let (next, until) = (AtomicU64::new(0), Instant::now() + Duration::from_secs(60));
    let threads: Vec<Vec<String>> = std::thread::scope(|scope| {
        let work = || {
            let mut broken = Vec::new();
            while Instant::now() < until {
                let found = tintype_sim::run(next.fetch_add(1, Ordering::Relaxed), false);
                broken.extend(
                    found
                        .broken
                        .into_iter()
                        .map(|what| format!("seed {}: {what}", found.seed)),
                );
            }
            broken
        };
        let started: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .map(|thread| thread.join().expect("a simulation does not panic"))
            .collect()
    });

    let seeds = next.into_inner();
    assert!(
        seeds > 20 && threads.concat().is_empty(),
        "of {seeds} seeds: {:#?}",
        threads.concat()
    );
}

/// Each of these found something once: a claim that was never let go of, a repair in another
/// upload's place, patience that did not end while uploads rested, an object that was ours and was
/// taken for another's, one that nobody remembered, uploads that were begun by tries whose answers
/// were lost, a stranger's object of our length.
#[test]
fn seeds_that_found_something_find_it_no_more() {
    let found = std::thread::spawn(|| {
        [2, 29, 43, 66, 564, 830, 403_385, 409_408]
            .map(|seed| tintype_sim::run(seed, false).broken)
            .concat()
    });
    assert_eq!(
        found.join().expect("a simulation does not panic"),
        Vec::<String>::new()
    );
}

#[test]
fn a_seed_is_the_same_each_time() {
    let run = || {
        std::thread::spawn(|| tintype_sim::run(7, false))
            .join()
            .expect("a simulation does not panic")
    };
    // The folder has another name each time.
    let told = |found: tintype_sim::Found| {
        let names = |line: String| {
            line.split('/')
                .filter(|part| !part.starts_with(".tmp"))
                .collect::<String>()
        };
        found.trace.into_iter().map(names).collect::<Vec<_>>()
    };
    let (one, other) = (told(run()), told(run()));
    assert!(one.len() > 10);
    assert_eq!(one, other);
}
