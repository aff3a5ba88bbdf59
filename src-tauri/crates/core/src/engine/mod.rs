//! The engine: one actor owns all state; handles send it requests and hear its events.
//!
//! One engine at a time works on a journal. A second one (the command line beside the window)
//! stands by: what it queues is done by the first, and it takes over when the first ends.
//!
//! The rooms, from the door to the ground; each knows only those below it:
//!
//! - `asked`: what a handle can be asked. It sends requests to the queue.
//! - `queue`: the actor, which owns all state and decides when a job runs or waits.
//! - `later`: what is due beside the uploads: orphans, removals, webhooks, manifests.
//! - `folder`: a folder's way: its thread, what it found, and what becomes of its files.
//! - `job`: a job's way: read, made, planned, compared, sent, recorded.
//! - `bucket`: from a profile to its bucket, and whether it is as it should be.
//! - `shown`: what a window or a terminal is shown.
//!
//! `config`, `stages` and `aside` are what the rooms share; `start` puts all of it together.

mod aside;
mod asked;
mod bucket;
mod config;
mod folder;
mod job;
mod later;
mod queue;
mod shown;
mod stages;
mod start;

pub use asked::folders::Reconciled;
pub use asked::handle::{EngineHandle, Wish};
pub use asked::library::{DayView, EndView, Part, PlaceView};
pub use asked::profiles::ProfileDraft;
pub use asked::verify::{Fault, Finding, Verified};
pub use asked::waiting::Watching;
pub use bucket::doctor::{Step, StepResult};
pub use bucket::stores::Buckets;
pub use config::Config;
pub use shown::health::{Duty, Trouble};
pub use shown::previews::Preview;
pub use shown::view::{
    Event, FolderView, JobReport, JobView, ObjectView, Overall, Snapshot, Stage,
};
pub use start::Engine;
