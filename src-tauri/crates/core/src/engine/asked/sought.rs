//! What somebody looks for, in the journal's words.

use crate::journal::{Sought, folded};
use crate::settings::Settings;

/// What somebody looks for, with the profiles whose names have it.
pub(super) fn sought(text: &str, settings: &Settings) -> Sought {
    Sought::new(text, |word| {
        let named = settings.profiles.iter();
        named
            .filter(|profile| folded(&profile.name).contains(word))
            .map(|profile| profile.id.clone())
            .collect()
    })
}
