//! The queue: one actor owns all state, and decides when a job runs or waits.

pub(super) mod actor;
mod next;
mod outages;
pub(super) mod presence;
pub(super) mod request;
