//! Where work that blocks is done: on threads of its own. In a simulation there is one thread, and
//! everything is done where it is asked for; with tokio's paused clock, a run is then the same each
//! time.

use std::cell::Cell;

use crate::error::{Code, Error, Result};

thread_local! {
    static SIMULATED: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread runs a simulation.
#[doc(hidden)]
pub fn simulate() {
    SIMULATED.set(true);
}

pub(crate) fn is_simulated() -> bool {
    SIMULATED.get()
}

/// Does work that blocks. `what` it is says the error, should it panic.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if is_simulated() {
        // As everywhere else, others may come first.
        tokio::task::yield_now().await;
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Code::Internal, format!("{what} ended early: {error}")))
}
