//! What an engine is started with.

use crate::engine::bucket::stores::Buckets;
use crate::home::Home;
use crate::secret::Secrets;
use crate::worker::Program;

/// What an engine is started with.
#[derive(Clone)]
pub struct Config {
    /// Where its files are.
    pub home: Home,
    /// Who decodes pictures.
    pub imaging: Program,
    /// How buckets are reached.
    pub buckets: Buckets,
    /// Where its secrets are.
    pub secrets: Secrets,
    /// Watch the watched folders.
    pub watch: bool,
    /// Serve the demo bucket, if there is a profile for it, for as long as the engine runs.
    pub serve_demo: bool,
    /// Do what is due for all, where no other engine does: otherwise only what needs this one.
    pub may_lead: bool,
    /// Begin to work when the first files have been queued: then what an earlier run left
    /// unfinished of the very same files is not done twice.
    pub begin_when_queued: bool,
}

impl Config {
    /// For one-off work: no folders are watched, the demo bucket runs only when it is needed.
    pub fn new(home: Home, secrets: Secrets) -> Self {
        Self {
            home,
            secrets,
            imaging: Program::Here,
            buckets: Buckets::default(),
            watch: false,
            serve_demo: false,
            may_lead: true,
            begin_when_queued: false,
        }
    }
}
