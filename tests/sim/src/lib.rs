//! The engine, its journal and its folders in one process, on simulated time, with a simulated
//! bucket, on one or two computers, with people who save, delete, pause, keep, rename and kill. A
//! run is a seed, and is the same each time.
//!
//! What is looked for: anything acknowledged that is lost, torn or private in the bucket, anything
//! replaced or removed that was not meant at that moment, a wait that does not end, and a journal
//! that does not say what the bucket has.
#![expect(
    clippy::expect_used,
    reason = "a simulation that cannot be set up has to stop"
)]

mod bucket;
mod computer;
mod ledger;
mod people;

use std::path::Path;
use std::sync::{Arc, Mutex};

use bucket::Server;
use people::People;

/// What a run found.
pub struct Found {
    /// The seed it can be repeated with.
    pub seed: u64,
    /// Promises that were broken.
    pub broken: Vec<String>,
    /// What was done, in order.
    pub trace: Vec<String>,
}

/// Runs a seed, and keeps its homes and journals if wanted. Must be called on a thread that has no
/// other work.
pub fn run(seed: u64, keep: bool) -> Found {
    tintype_core::world::simulate();
    // Where the engine rolls dice of its own.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir_in(memory()).expect("a folder");
    let mut dice = fastrand::Rng::with_seed(seed);
    let server = Arc::new(Mutex::new(Server::new(dice.u8(0..4) > 0, dice.fork())));
    let mut broken = runtime.block_on(async {
        let mut people =
            People::new(folder.path(), Arc::clone(&server), dice).expect("two computers");
        people.live().await;
        people.end().await;
        people.told()
    });
    drop(runtime);
    let mut server = server.lock().expect("nobody panicked");
    broken.append(&mut server.ledger.broken);
    let mut trace = std::mem::take(&mut server.trace);
    if keep {
        trace.push(format!("what it left is in {}", folder.keep().display()));
    }
    Found {
        seed,
        broken,
        trace,
    }
}

/// Where files cost little.
fn memory() -> &'static Path {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm } else { Path::new(".") }
}
