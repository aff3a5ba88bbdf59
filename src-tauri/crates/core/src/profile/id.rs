//! What a profile is known by, whatever it is called.

use serde::{Deserialize, Serialize};

/// Between the first name and a number that makes an id unlike all others. No name has it.
const MARK: char = '#';

/// A profile's id: its jobs, unfinished uploads and messages go by it, so that a new name changes
/// nothing for them. It is the name the profile had first. One that is added under a name that
/// another had first gets a number, so that it is another one; one that is removed and added again
/// for the same bucket is the same, and what waits for it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "specta", specta(transparent))]
pub struct ProfileId(String);

impl ProfileId {
    /// The id that is written so.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// An id for a profile of that name, where some are taken.
    pub fn free(name: &str, taken: impl Fn(&Self) -> bool) -> Self {
        let numbered = (2_u32..).map(|number| Self(format!("{name}{MARK}{number}")));
        std::iter::once(Self::named(name))
            .chain(numbered)
            .find(|id| !taken(id))
            .unwrap_or_default()
    }

    /// How a folder refers to a profile by its id instead of its name: in a way that no name has.
    pub fn to_reference(&self) -> String {
        format!("{MARK}{}", self.0)
    }

    /// The id that is referred to, if it is not a name.
    pub fn from_reference(text: &str) -> Option<Self> {
        text.strip_prefix(MARK).map(Self::named)
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the profile was called first.
    pub fn first_name(&self) -> &str {
        self.0.split(MARK).next().unwrap_or_default()
    }
}

#[cfg(test)]
impl From<&str> for ProfileId {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_another_had_first_makes_another_id() {
        let first = ProfileId::named("photos");
        let second = ProfileId::free("photos", |id| *id == first);
        assert_eq!(
            (second.as_str(), second.first_name()),
            ("photos#2", "photos")
        );
        let third = ProfileId::free("photos", |id| *id == first || *id == second);
        assert_eq!(third.as_str(), "photos#3");
        assert_eq!(
            ProfileId::free("photos", |_| false),
            first,
            "removed and added again"
        );
    }
}
