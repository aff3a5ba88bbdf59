//! When to try again what could not be done.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::profile::ProfileId;

/// A webhook that does not answer is tried again after this, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// When to try again what could not be done: by time that passed, whatever the clock on the wall
/// says.
#[derive(Default)]
pub(in crate::engine) struct Later {
    pub(super) removals: HashMap<i64, Again>,
    pub(super) webhooks: HashMap<ProfileId, Again>,
    pub(super) manifests: HashMap<ProfileId, Again>,
    /// Since when the first of a profile's entries waits for others.
    pub(super) gathering: HashMap<ProfileId, Instant>,
}

/// What could not be done is tried again.
pub(super) struct Again {
    pub(super) at: Instant,
    /// Twice that after the next failure.
    pub(super) pause: Duration,
    /// Why; nothing where it was only put off.
    pub(super) error: Option<Error>,
}

pub(super) fn again(later: &mut HashMap<ProfileId, Again>, profile: &ProfileId, error: Error) {
    let pause = later
        .get(profile)
        .map_or(FIRST_PAUSE, |known| (known.pause * 2).min(LONGEST_PAUSE));
    later.insert(
        profile.clone(),
        Again {
            at: Instant::now() + pause,
            pause,
            error: Some(error),
        },
    );
}

pub(super) fn is_due<K: Eq + std::hash::Hash>(later: &HashMap<K, Again>, what: &K) -> bool {
    later
        .get(what)
        .is_none_or(|known| known.at <= Instant::now())
}

/// Why any of it is not done yet, if that is so.
pub(super) fn left<K>(later: &HashMap<K, Again>) -> Result<()> {
    later
        .values()
        .find_map(|known| known.error.clone())
        .map_or(Ok(()), Err)
}
