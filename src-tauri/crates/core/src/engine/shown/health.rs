//! What the engine cannot do for the moment, and why. Each duty is on its own: one that fails keeps
//! none of the others from being done, and says so where a person sees it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{Error, Result};

/// Something an engine does all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Duty {
    /// Being the one engine that works, where no other is.
    Lead,
    /// Following the settings.
    Settings,
    /// Reading and writing the journal.
    Journal,
    /// Following the watched folders.
    Folders,
    /// Serving the bucket on this computer.
    Demo,
    /// Aborting unfinished uploads nobody goes on with.
    Uploads,
    /// Removing objects of deleted files.
    Removals,
    /// Telling webhooks.
    Webhooks,
    /// Keeping up the manifests.
    Manifests,
}

/// A duty that cannot be done for the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Trouble {
    /// Which.
    pub duty: Duty,
    /// Why.
    pub error: Error,
}

/// The duties that cannot be done for the moment.
#[derive(Debug, Default)]
pub(in crate::engine) struct Health {
    troubles: BTreeMap<Duty, Error>,
    changed: bool,
}

impl Health {
    /// Notes how a duty went.
    pub(in crate::engine) fn note<T>(&mut self, duty: Duty, done: Result<T>) -> Option<T> {
        match done {
            Ok(done) => {
                self.changed |= self.troubles.remove(&duty).is_some();
                Some(done)
            }
            Err(error) => {
                if self.troubles.get(&duty) != Some(&error) {
                    tracing::warn!(%error, ?duty, "this cannot be done for the moment");
                    self.changed = true;
                    self.troubles.insert(duty, error);
                }
                None
            }
        }
    }

    /// As people are shown it.
    pub(in crate::engine) fn troubles(&self) -> Vec<Trouble> {
        self.troubles
            .iter()
            .map(|(duty, error)| Trouble {
                duty: *duty,
                error: error.clone(),
            })
            .collect()
    }

    /// The same if it is news.
    pub(in crate::engine) fn news(&mut self) -> Option<Vec<Trouble>> {
        std::mem::take(&mut self.changed).then(|| self.troubles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn what_is_wrong_is_told_once_and_so_is_its_end() {
        let (mut health, busy) = (Health::default(), || {
            Err::<(), _>(Error::new(Code::JournalBusy, "locked"))
        });
        health.note(Duty::Journal, busy());
        health.note(Duty::Lead, Ok(()));
        assert_eq!(health.news().map(|troubles| troubles.len()), Some(1));
        health.note(Duty::Journal, busy());
        assert_eq!(health.news(), None);
        health.note(Duty::Journal, Ok(()));
        assert_eq!(health.news(), Some(Vec::new()));
    }
}
