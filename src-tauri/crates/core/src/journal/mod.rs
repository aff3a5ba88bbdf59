//! The journal: the durable record of jobs and their objects. History is its finished part.
//!
//! SQLite with WAL and `synchronous=FULL`: what is acknowledged survives a power cut. One thread of
//! one process writes at a time; requests that arrive together share a commit, so durability costs
//! one disk flush for many jobs.

mod access;
mod adopt;
mod asking;
mod batches;
mod claims;
mod commits;
mod ending;
mod failure;
mod folders;
mod jobs;
mod layouts;
mod outbox;
mod queue;
mod record;
mod removals;
mod rows;
mod schema;
mod search;
mod sheet;
mod taking;
mod uploads;
mod watched;
mod words;
mod writer;

pub use access::Journal;
pub(crate) use access::new_id;
pub use batches::BatchState;
pub use claims::Claim;
pub use ending::{Outcome, SentObject};
pub use outbox::{Message, MessageKind};
pub use queue::{InHand, Tally, Unfinished, Wanted};
pub use record::{OnRecord, Trace};
pub use removals::{Leave, Removable, Removal, Removals};
pub use rows::{JobRow, JobState, NewJob, ObjectRow, PlannedObject};
pub use search::Sought;
pub use sheet::{Day, Place, Shelf};
pub use uploads::{Orphan, PartRow, UploadKey, UploadRow};
pub use watched::PutAway;
pub use words::folded;

#[cfg(test)]
mod tests;
