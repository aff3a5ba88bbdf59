//! Jobs of the same content and bucket go one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Whose turn it is: the second job finds everything present, and what is being removed is not
/// taken for present.
#[derive(Default)]
pub(in crate::engine) struct SameContent(Mutex<HashMap<(String, String), Weak<Turn>>>);

/// Held by the job whose turn it is.
type Turn = tokio::sync::Mutex<()>;

impl SameContent {
    pub(in crate::engine) fn of(&self, target: &str, sha256: &str) -> Arc<Turn> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, lock| lock.strong_count() > 0);
        let place = known.entry((target.into(), sha256.into())).or_default();
        place.upgrade().unwrap_or_else(|| {
            let fresh = Arc::default();
            *place = Arc::downgrade(&fresh);
            fresh
        })
    }
}
