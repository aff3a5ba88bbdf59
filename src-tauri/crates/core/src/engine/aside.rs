//! What is done beside the jobs, and tells the actor what became of it.

use std::path::PathBuf;

use crate::engine::shown::health::Duty;
use crate::error::Result;

/// What was done beside.
pub(in crate::engine) enum Aside {
    /// A file that is in the bucket was to be put away.
    PutAway(PutDown),
    /// The objects of a job were removed, since its file was deleted.
    Removed(i64),
    /// How something that is due beside the jobs went, where that is news.
    Chore(Duty, Result<()>),
}

/// What became of a file.
pub(in crate::engine) struct PutDown {
    pub(in crate::engine) folder: PathBuf,
    pub(in crate::engine) file: PathBuf,
    /// Whether it is away now.
    pub(in crate::engine) result: Result<bool>,
}
