//! What is due later, beside the uploads. All of it is on record, and tried again until it is done.

mod again;
pub(super) mod chores;
pub(super) mod manifests;
mod orphans;
mod removals;
mod told;
mod webhooks;
