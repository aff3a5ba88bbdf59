//! Settings: one TOML file, versioned, written atomically, without secrets.

mod limits;
mod profiles;
mod text;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::folder::{Stamp, WatchedFolder};
use crate::home::private_file;
use crate::profile::{Profile, ProfileId};
use crate::regular;
use crate::variant::Variant;

pub use limits::{Bandwidth, Hours, Limits};

const VERSION: u32 = 1;

/// Everything a person can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Settings {
    /// Layout of this file.
    pub version: u32,
    /// The profile that is used when none is named.
    pub default_profile: String,
    /// Requests in flight to one bucket, at most: 1 to 256. How many there are is found out by
    /// trying.
    pub uploads_at_once: u16,
    /// MiB of file contents held in memory, over all uploads.
    pub memory_mib: u32,
    /// How fast bytes may leave.
    pub bandwidth: Bandwidth,
    /// Nothing is uploaded until this is taken back.
    pub paused: bool,
    /// A shape of links of one's own, see [`crate::link::Template`]; empty: none.
    pub link_template: String,
    /// What is made of every image.
    pub variants: Vec<Variant>,
    /// What decoding a picture may take.
    pub limits: Limits,
    /// The buckets.
    pub profiles: Vec<Profile>,
    /// The watched folders.
    pub folders: Vec<WatchedFolder>,
    /// Profiles that were removed.
    #[cfg_attr(feature = "specta", specta(skip))]
    pub removed: Vec<Removed>,
}

/// A profile that is no more. Its id is nobody else's, whatever the next one is called, so that
/// nothing that waits for it goes anywhere else; it is its own again, if it is added again under its
/// name for the same bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What it was called last.
    pub name: String,
    /// The id.
    pub id: ProfileId,
    /// Its bucket, as [`Profile::target`] spells it.
    pub bucket: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            default_profile: String::new(),
            uploads_at_once: 64,
            memory_mib: 64,
            bandwidth: Bandwidth::default(),
            paused: false,
            link_template: String::new(),
            variants: Variant::defaults(),
            limits: Limits::default(),
            profiles: Vec::new(),
            folders: Vec::new(),
            removed: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads the file; defaults where there is none yet. A file that cannot be understood is an
    /// error and stays.
    pub fn load(path: &Path) -> Result<Self> {
        let text = match regular::text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(damaged(path, "it is not text"));
            }
            Err(error) => return Err(Error::from_io(&error, path)),
        };
        // What a program that empties and then writes leaves for a moment; nobody means it.
        if text.trim().is_empty() {
            return Err(damaged(path, "it is empty"));
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut settings = Self::written(text, path)?;
        settings.give_ids().map_err(|why| damaged(path, &why))?;
        Variant::check_all(&settings.variants)?;
        settings.bandwidth.check()?;
        Ok(settings)
    }

    /// As they stand in the file.
    fn written(text: &str, path: &Path) -> Result<Self> {
        let given: toml::Table =
            toml::from_str(text).map_err(|error| damaged(path, error.message()))?;
        // The version alone first: a newer file may have shapes this version cannot read.
        let version = given
            .get("version")
            .and_then(toml::Value::as_integer)
            .unwrap_or_default();
        if version > i64::from(VERSION) {
            return Err(Error::new(
                Code::SettingsNewer,
                format!("{} was written by a newer Tintype (layout {version}; this one knows {VERSION})", path.display()),
            )
            .hint("update Tintype"));
        }
        complete(given)
            .and_then(toml::Table::try_into)
            .map_err(|error| damaged(path, error.message()))
    }

    /// Writes the file whole or not at all: through a link, and with nothing changed in it but what
    /// is different.
    pub fn save(&self, path: &Path) -> Result<()> {
        let unwritable = |error: std::io::Error| {
            Error::new(
                Code::SettingsUnwritable,
                format!(
                    "the settings cannot be written to {}: {error}",
                    path.display()
                ),
            )
            .hint("check the folder's rights and the room on the disk; nothing was changed")
        };
        let path = &through_links(path);
        let text = self.text(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.as_file().sync_all())
            .map_err(unwritable)?;
        file.persist(path)
            .map_err(|error| unwritable(error.error))?;
        Ok(())
    }

    fn text(&self, path: &Path) -> Result<String> {
        let no_form = |error: String| {
            Error::new(
                Code::Internal,
                format!("settings have no text form: {error}"),
            )
        };
        let table = |settings: &Self| {
            toml::Table::try_from(settings).map_err(|error| no_form(error.to_string()))
        };
        match regular::text(path) {
            // What cannot be read back as it is meant is never written; then the whole file is
            // written anew.
            Ok(text) => {
                match text::changed(&text, &table(&Self::written(&text, path)?)?, &table(self)?) {
                    Ok(text) if Self::parse(&text, path).as_ref() == Ok(self) => Ok(text),
                    _ => self.anew(path),
                }
            }
            // There is none yet.
            Err(_) => self.anew(path),
        }
    }

    fn anew(&self, path: &Path) -> Result<String> {
        let no_form = |error: String| {
            Error::new(
                Code::Internal,
                format!("settings have no text form: {error}"),
            )
        };
        let text = toml::to_string_pretty(self).map_err(|error| no_form(error.to_string()))?;
        Self::parse(&text, path).map(|_| text)
    }

    /// Fields in the file that this version does not know: misspelt, or of another version. They
    /// stay, and do nothing.
    pub fn unknown_fields(path: &Path) -> Vec<String> {
        let given = regular::text(path)
            .ok()
            .and_then(|text| text.parse::<toml::Table>().ok())
            .unwrap_or_default();
        let table = |table: Result<toml::Table, toml::ser::Error>| table.unwrap_or_default();
        let mut unknown = text::unknown(&given, &table(toml::Table::try_from(Self::default())));
        let lists = [
            ("profiles", table(toml::Table::try_from(known_profile()))),
            ("folders", table(toml::Table::try_from(known_folder()))),
        ];
        for (list, known) in lists {
            for entry in given
                .get(list)
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_table)
            {
                unknown.extend(
                    text::unknown(entry, &known)
                        .into_iter()
                        .map(|field| format!("{list}.{field}")),
                );
            }
        }
        unknown
    }

    /// Reads the file anew. That it is away, though there was one, is nobody's wish to lose
    /// everything.
    pub fn load_known(path: &Path, known: &SettingsFile) -> Result<Self> {
        if known.is_there() && !SettingsFile::look(path).is_there() {
            return Err(damaged(path, "the file is gone"));
        }
        Self::load(path)
    }

    /// Reads, changes and writes the file as one step, also between processes. Where it is away for
    /// the moment, what is `known` of it is changed. Blocks.
    pub fn edit(
        path: &Path,
        known: &Self,
        change: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<(Self, SettingsFile)> {
        let lock_path = path.with_extension("lock");
        private_file(&lock_path)?;
        let lock = std::fs::File::options()
            .append(true)
            .open(&lock_path)
            .map_err(|error| Error::from_io(&error, &lock_path))?;
        hold(&lock, &lock_path)?;
        let mut settings = if SettingsFile::look(path).is_there() {
            Self::load(path)?
        } else {
            known.clone()
        };
        change(&mut settings)?;
        settings.save(path)?;
        Ok((settings, SettingsFile::look(path)))
    }
}

/// How the settings file looks without being read: two looks that are alike show the same settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SettingsFile(Option<Stamp>);

impl SettingsFile {
    /// As it is now.
    pub fn look(path: &Path) -> Self {
        Self(std::fs::metadata(path).ok().map(|meta| Stamp::of(&meta)))
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

/// Another process changes the settings in a moment; one that takes longer has stopped.
const PATIENCE: Duration = Duration::from_secs(5);

fn hold(lock: &std::fs::File, path: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(std::fs::TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10))
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let told = format!(
                    "another program holds {} and does not let go",
                    path.display()
                );
                return Err(Error::new(Code::SettingsUnwritable, told)
                    .hint("end the other Tintype, then try again; nothing was changed"));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(Error::from_io(&error, path)),
        }
    }
}

/// With everything in it that a profile can have.
fn known_profile() -> Profile {
    let (addressing, checksum) = (
        Some(crate::profile::Addressing::Path),
        Some(crate::profile::Checksum::Crc32),
    );
    Profile {
        addressing,
        checksum,
        if_none_match: Some(true),
        if_none_match_complete: Some(true),
        ..Profile::default()
    }
}

/// The same for a folder.
fn known_folder() -> WatchedFolder {
    WatchedFolder {
        variants: Some(Vec::new()),
        ..WatchedFolder::default()
    }
}

/// What the file leaves out is as by default: in the settings themselves, in the limits, and in
/// each profile.
fn complete(given: toml::Table) -> Result<toml::Table, toml::de::Error> {
    let default =
        |table: Result<toml::Table, toml::ser::Error>| table.map_err(serde::de::Error::custom);
    let mut all = default(toml::Table::try_from(Settings::default()))?;
    let mut limits = default(toml::Table::try_from(Limits::default()))?;
    all.extend(given);
    if let Some(toml::Value::Table(given)) = all.get_mut("limits") {
        limits.extend(std::mem::take(given));
        *given = limits;
    }
    let mut bandwidth = default(toml::Table::try_from(Bandwidth::default()))?;
    if let Some(toml::Value::Table(given)) = all.get_mut("bandwidth") {
        bandwidth.extend(std::mem::take(given));
        *given = bandwidth;
    }
    let profile = default(toml::Table::try_from(Profile::default()))?;
    for place in all
        .get_mut("profiles")
        .and_then(toml::Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let toml::Value::Table(given) = place {
            let mut filled = profile.clone();
            filled.extend(std::mem::take(given));
            *given = filled;
        }
    }
    Ok(all)
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Code::SettingsDamaged, format!("the settings in {} cannot be read: {}", path.display(), why.trim()))
        .hint("mend the file, or move it away to start with fresh settings; uploads and secrets are kept elsewhere")
}

/// Where a file is, or is to be: a link stays one, also where what it leads to is not there yet.
fn through_links(path: &Path) -> PathBuf {
    // As many as systems follow.
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new(".")).join(target);
    }
    path
}

#[cfg(test)]
mod tests;
