//! `tintype-sim [FROM [SEEDS]]`: runs so many seeds and prints what they find; with `--trace`, what
//! was done, too, and what is left on the computers is kept.
#![expect(clippy::print_stdout, reason = "a command-line tool talks")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("TINTYPE_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .without_time()
        .init();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let trace = args.iter().any(|arg| arg == "--trace");
    let mut numbers = args.iter().filter_map(|arg| arg.parse::<u64>().ok());
    let (from, seeds) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or(1),
    );
    let (next, wrong) = (AtomicU64::new(from), AtomicU64::new(0));
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let found = tintype_sim::run(seed, trace);
                    if trace {
                        found.trace.iter().for_each(|line| println!("{line}"));
                    }
                    found
                        .broken
                        .iter()
                        .for_each(|what| println!("seed {seed}: {what}"));
                    wrong.fetch_add(u64::from(!found.broken.is_empty()), Ordering::Relaxed);
                }
            });
        }
    });
    let (wrong, took) = (wrong.into_inner(), start.elapsed().as_secs_f64());
    println!("{seeds} seeds in {took:.1} s: {wrong} found something");
    if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
