//! The profiles in the settings: found by name or by id, put in place, taken out.

use super::{Removed, Settings};
use crate::error::{Code, Error, Result};
use crate::folder::WatchedFolder;
use crate::profile::{DEMO, Profile, ProfileId};

impl Settings {
    /// The profile of that name, or the default one where no name is given.
    pub fn profile(&self, name: Option<&str>) -> Result<&Profile> {
        let wanted = match name {
            Some(name) => name,
            None if self.default_profile.is_empty() => {
                self.profiles.first().map_or("", |profile| &profile.name)
            }
            None => &self.default_profile,
        };
        self.profiles
            .iter()
            .find(|profile| profile.name == wanted)
            .ok_or_else(|| self.no_profile(wanted))
    }

    fn no_profile(&self, wanted: &str) -> Error {
        if self.profiles.is_empty() {
            return Error::new(Code::ProfileMissing, "no bucket is connected yet")
                .hint("add one with `tintype profile add`, or try --profile demo: a bucket on this computer");
        }
        let names: Vec<&str> = self
            .profiles
            .iter()
            .map(|profile| profile.name.as_str())
            .collect();
        Error::new(
            Code::ProfileMissing,
            format!("there is no profile \"{wanted}\""),
        )
        .hint(format!("there are {}", names.join(", ")))
    }

    /// The profile of that id, whatever it is called by now.
    pub fn profile_of(&self, id: &ProfileId) -> Result<&Profile> {
        self.profiles
            .iter()
            .find(|profile| profile.id == *id)
            .ok_or_else(|| {
                Error::new(
                    Code::ProfileMissing,
                    format!("the profile \"{}\" was removed", self.last_name(id)),
                )
                .hint("upload the file anew with another profile")
            })
    }

    fn last_name<'a>(&'a self, id: &'a ProfileId) -> &'a str {
        let gone = self.removed.iter().rfind(|gone| gone.id == *id);
        gone.map_or(id.first_name(), |gone| &gone.name)
    }

    /// The profile of a watched folder. The file names it; a folder of one run knows its id, which
    /// outlasts the name.
    pub fn profile_for(&self, folder: &WatchedFolder) -> Result<&Profile> {
        match ProfileId::from_reference(&folder.profile) {
            Some(id) => self.profile_of(&id),
            None => self.profile(Some(&folder.profile)),
        }
    }

    /// What the profile of that id is called; what it was called, if it was removed.
    pub fn name_of<'a>(&'a self, id: &'a ProfileId) -> &'a str {
        self.profile_of(id)
            .map_or_else(|_| self.last_name(id), |profile| &profile.name)
    }

    /// Adds the demo profile if it is not there yet.
    pub fn ensure_demo(&mut self) {
        if !self.profiles.iter().any(|profile| profile.name == DEMO) {
            let demo = Profile::demo();
            let id = self.new_id(&demo);
            self.profiles.push(Profile { id, ..demo });
        }
    }

    /// Puts a profile in place of the one called `replaces`, whose id it keeps, or adds it. Folders
    /// and the default, which people write by name, follow a new one in the same file.
    pub fn put_profile(&mut self, mut profile: Profile, replaces: Option<&str>) -> Result<()> {
        let taken = self
            .profiles
            .iter()
            .any(|other| other.name == profile.name && Some(other.name.as_str()) != replaces);
        if taken {
            return Err(Error::new(
                Code::ProfileExists,
                format!("there is a profile \"{}\" already", profile.name),
            )
            .hint("choose another name, or remove that profile first"));
        }
        if let Some(old) = replaces {
            let name = profile.name.clone();
            self.folders
                .iter_mut()
                .filter(|folder| folder.profile == old)
                .for_each(|folder| folder.profile.clone_from(&name));
            if self.default_profile == old {
                self.default_profile = name;
            }
        }
        match self
            .profiles
            .iter_mut()
            .find(|other| Some(other.name.as_str()) == replaces)
        {
            Some(place) => {
                profile.id = place.id.clone();
                *place = profile;
            }
            None => {
                if self.default_profile.is_empty() || self.default_profile == DEMO {
                    self.default_profile.clone_from(&profile.name);
                }
                profile.id = self.new_id(&profile);
                self.profiles.push(profile);
            }
        }
        Ok(())
    }

    /// Takes a profile out and returns it.
    pub fn remove_profile(&mut self, name: &str) -> Result<Profile> {
        let place = self
            .profiles
            .iter()
            .position(|profile| profile.name == name)
            .ok_or_else(|| self.no_profile(name))?;
        let profile = self.profiles.remove(place);
        self.removed.retain(|gone| gone.id != profile.id);
        self.removed.push(Removed {
            name: name.to_owned(),
            id: profile.id.clone(),
            bucket: bucket(&profile),
        });
        if self.default_profile == name {
            self.default_profile = self
                .profiles
                .first()
                .map(|next| next.name.clone())
                .unwrap_or_default();
        }
        Ok(profile)
    }

    /// The id of a profile that is added: its own, if it was there before.
    fn new_id(&mut self, profile: &Profile) -> ProfileId {
        let bucket = bucket(profile);
        let free = |id: &ProfileId| self.profiles.iter().all(|other| other.id != *id);
        let was_here = |gone: &Removed| {
            gone.name == profile.name
                && !bucket.is_empty()
                && gone.bucket == bucket
                && free(&gone.id)
        };
        match self.removed.iter().rposition(was_here) {
            Some(place) => self.removed.remove(place).id,
            None => self.free_id(&profile.name),
        }
    }

    fn free_id(&self, name: &str) -> ProfileId {
        let here = self.profiles.iter().map(|profile| &profile.id);
        let gone = self.removed.iter().map(|gone| &gone.id);
        let taken: Vec<&ProfileId> = here.chain(gone).collect();
        ProfileId::free(name, |id| taken.contains(&id))
    }

    /// Gives ids to profiles that have none: made by hand, or when names were ids.
    pub(super) fn give_ids(&mut self) -> Result<(), String> {
        for index in 0..self.profiles.len() {
            if self.profiles[index].id.is_empty() {
                let profile = self.profiles[index].clone();
                self.profiles[index].id = self.new_id(&profile);
            }
        }
        for (index, profile) in self.profiles.iter().enumerate() {
            if let Some(twin) = self.profiles[..index]
                .iter()
                .find(|other| other.id == profile.id)
            {
                return Err(format!(
                    "the profiles \"{}\" and \"{}\" have the same id; take the id out of the one that is the copy",
                    twin.name, profile.name
                ));
            }
        }
        Ok(())
    }
}

/// Its bucket, spelled as it is once it is saved; nothing, if it cannot work.
fn bucket(profile: &Profile) -> String {
    let mut profile = profile.clone();
    let target = profile.normalise().and_then(|()| profile.target());
    target.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_new_name_is_followed() -> Result<()> {
        let mut settings = Settings::default();
        let named = |name: &str| Profile {
            name: name.into(),
            bucket: "b".into(),
            ..Profile::default()
        };
        settings.put_profile(named("a"), None)?;
        settings.folders.push(WatchedFolder::new("/x", "a".into()));
        settings.put_profile(named("z"), Some("a"))?;
        assert_eq!(
            (
                settings.folders[0].profile.as_str(),
                settings.default_profile.as_str()
            ),
            ("z", "z")
        );
        assert_eq!(
            settings
                .put_profile(named("z"), None)
                .expect_err("taken")
                .code,
            Code::ProfileExists
        );
        Ok(())
    }

    #[test]
    fn an_id_is_nobody_elses_after_its_profile_was_renamed_and_removed() -> Result<()> {
        let mut settings = Settings::default();
        let named = |name: &str| Profile {
            name: name.into(),
            bucket: "photos".into(),
            ..Profile::demo()
        };
        settings.put_profile(named("a"), None)?;
        settings.put_profile(named("b"), Some("a"))?;
        let first = settings.remove_profile("b")?.id;

        settings.put_profile(named("a"), None)?;
        let other = settings.profile(Some("a"))?.id.clone();
        let gone = settings.name_of(&first).to_owned();
        settings.put_profile(named("b"), None)?;
        let again = settings.profile(Some("b"))?.id.clone();

        assert_ne!(other, first, "what waits for the first goes nowhere else");
        assert_eq!(gone, "b");
        assert_eq!(again, first, "the same one again");
        assert!(settings.removed.is_empty());
        Ok(())
    }

    #[test]
    fn what_waits_for_a_removed_profile_goes_to_no_other_bucket_of_its_name() -> Result<()> {
        let mut settings = Settings::default();
        let of = |bucket: &str| Profile {
            name: "a".into(),
            bucket: bucket.into(),
            ..Profile::demo()
        };
        settings.put_profile(of("photos"), None)?;
        let first = settings.remove_profile("a")?.id;

        settings.put_profile(of("public"), None)?;
        let elsewhere = settings.remove_profile("a")?.id;
        settings.put_profile(of("photos"), None)?;

        assert_ne!(elsewhere, first);
        assert_eq!(settings.profile(Some("a"))?.id, first, "the same one again");
        Ok(())
    }

    #[test]
    fn two_profiles_of_one_id_are_refused_and_one_without_gets_its_own() {
        let path = Path::new("settings.toml");
        let twins = "[[profiles]]\nid = 'x'\nname = 'a'\n[[profiles]]\nid = 'x'\nname = 'b'\n";
        let error = Settings::parse(twins, path).expect_err("twins");
        assert!(
            error.message.contains("\"a\" and \"b\" have the same id"),
            "{error}"
        );
        let by_hand = Settings::parse(
            "[[profiles]]\nname = 'x'\n[[profiles]]\nid = 'x'\nname = 'was x'\n",
            path,
        )
        .expect("two");
        assert!(by_hand.profiles[0].id != by_hand.profiles[1].id);
    }

    #[test]
    fn the_demo_bucket_is_another_one_than_what_was_called_so() -> Result<()> {
        let mut settings = Settings::default();
        settings.ensure_demo();
        settings.put_profile(
            Profile {
                name: "mine".into(),
                ..Profile::demo()
            },
            Some(DEMO),
        )?;
        settings.ensure_demo();
        assert!(settings.profile(Some("mine"))?.id != settings.profile(Some(DEMO))?.id);
        Ok(())
    }
}
