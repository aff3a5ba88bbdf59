//! What a handle asks of the actor.

use std::path::PathBuf;

use tokio::sync::oneshot;

use crate::engine::shown::view::Snapshot;
use crate::error::{Error, Result};
use crate::folder::WatchedFolder;
use crate::profile::{OnLocation, ProfileId};
use crate::settings::Settings;

pub(in crate::engine) type Answer<T> = oneshot::Sender<T>;
pub(in crate::engine) type Change = Box<dyn FnOnce(&mut Settings) -> Result<()> + Send>;

pub(in crate::engine) enum Request {
    Snapshot(Answer<Result<Snapshot>>),
    Settings(Answer<Settings>),
    Edit(Change, Answer<Result<Settings>>),
    /// Jobs were put into the journal.
    Queued(Vec<i64>, Answer<()>),
    /// Jobs are to rest, or to go on.
    Paused(Vec<String>, Answer<Result<()>>, bool),
    /// A person's word on jobs that were asked about.
    Answered(Vec<String>, Answer<Result<()>>, OnLocation),
    /// Jobs were taken out of it.
    Forgotten(Vec<String>, Answer<()>),
    /// Watch these as well, in this run.
    Watch(Vec<WatchedFolder>, Answer<()>),
    /// What is on record of watched folders was changed.
    FoldersChanged(Answer<()>),
    /// Put away what these folders have in the bucket.
    PutAway(Vec<WatchedFolder>, Answer<Vec<Error>>),
    /// Compare this watched folder with what is on record, now.
    Look(PathBuf, Answer<()>),
    /// Why jobs of this profile wait, if they do.
    WhyWaiting(ProfileId, Answer<Option<Error>>),
    /// Whether this engine has nothing to do that it could do now.
    IsIdle(Answer<bool>),
    /// All that is due beside the jobs is to be done now, as far as that is possible.
    Finish(Answer<()>),
    Stop(Answer<()>),
}
