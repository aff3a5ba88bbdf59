//! Paths as text that loses nothing: for settings, for programs, for the page.
//!
//! A path is bytes to the system (16-bit units on Windows), and not every path is Unicode. What
//! cannot be said in Unicode is written as `‛` (U+201B) and the byte in hex, `caf‛E9.jpg`; a `‛` of
//! the name's own is doubled. Names without either are written as they are. (rclone writes invalid
//! UTF-8 in the same way.)

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MARK: char = '\u{201B}';

/// A path of this computer that goes through text and comes back as it was.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "specta", specta(transparent))]
pub struct LocalPath(PathBuf);

impl LocalPath {
    /// As text; see the module.
    pub fn to_text(&self) -> String {
        match self.0.to_str() {
            Some(text) => text.replace(MARK, "\u{201B}\u{201B}"),
            None => foreign::to_text(&self.0),
        }
    }

    /// From what [`Self::to_text`] gave.
    pub fn from_text(text: &str) -> Self {
        if text.contains(MARK) {
            Self(foreign::from_text(text))
        } else {
            Self(text.into())
        }
    }
}

impl Deref for LocalPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for LocalPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl From<PathBuf> for LocalPath {
    fn from(path: PathBuf) -> Self {
        Self(path)
    }
}

impl From<&Path> for LocalPath {
    fn from(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl From<LocalPath> for PathBuf {
    fn from(path: LocalPath) -> Self {
        path.0
    }
}

impl PartialEq<Path> for LocalPath {
    fn eq(&self, other: &Path) -> bool {
        self.0 == other
    }
}

impl PartialEq<PathBuf> for LocalPath {
    fn eq(&self, other: &PathBuf) -> bool {
        self.0 == *other
    }
}

impl From<&str> for LocalPath {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl fmt::Debug for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for LocalPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for LocalPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from_text(&text))
    }
}

/// The hex digits after a mark, as a number, and what follows them.
fn unit(text: &str, digits: usize) -> Option<(u16, &str)> {
    let (hex, rest) = text.split_at_checked(digits)?;
    let upper = hex
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    upper
        .then(|| u16::from_str_radix(hex, 16).ok().map(|unit| (unit, rest)))
        .flatten()
}

#[cfg(unix)]
mod foreign {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::{Path, PathBuf};

    use super::{MARK, unit};

    pub(super) fn to_text(path: &Path) -> String {
        let mut text = String::new();
        for chunk in path.as_os_str().as_bytes().utf8_chunks() {
            text.push_str(&chunk.valid().replace(MARK, "\u{201B}\u{201B}"));
            chunk
                .invalid()
                .iter()
                .for_each(|byte| text.push_str(&format!("{MARK}{byte:02X}")));
        }
        text
    }

    pub(super) fn from_text(text: &str) -> PathBuf {
        let (mut bytes, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once(MARK) {
            bytes.extend_from_slice(before.as_bytes());
            rest = match unit(after, 2) {
                Some((byte, rest)) => {
                    bytes.push(byte.to_le_bytes()[0]);
                    rest
                }
                None => {
                    bytes.extend_from_slice(MARK.to_string().as_bytes());
                    after.strip_prefix(MARK).unwrap_or(after)
                }
            };
        }
        bytes.extend_from_slice(rest.as_bytes());
        OsStr::from_bytes(&bytes).into()
    }
}

#[cfg(windows)]
mod foreign {
    use std::ffi::OsString;
    use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    use super::{MARK, unit};

    pub(super) fn to_text(path: &Path) -> String {
        let mut text = String::new();
        for unit in char::decode_utf16(path.as_os_str().encode_wide()) {
            match unit {
                Ok(MARK) => text.extend([MARK, MARK]),
                Ok(char) => text.push(char),
                Err(alone) => text.push_str(&format!("{MARK}{:04X}", alone.unpaired_surrogate())),
            }
        }
        text
    }

    pub(super) fn from_text(text: &str) -> PathBuf {
        let (mut units, mut rest): (Vec<u16>, &str) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once(MARK) {
            units.extend(before.encode_utf16());
            rest = match unit(after, 4) {
                Some((alone, rest)) => {
                    units.push(alone);
                    rest
                }
                None => {
                    units.push(0x201B);
                    after.strip_prefix(MARK).unwrap_or(after)
                }
            };
        }
        units.extend(rest.encode_utf16());
        OsString::from_wide(&units).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_unicode_are_written_as_they_are() {
        for name in ["/a/b.jpg", "Größe 写.jpg", "", "a%E9b"] {
            assert_eq!(LocalPath::from(name).to_text(), name);
            assert_eq!(LocalPath::from_text(name), LocalPath::from(name));
        }
    }

    #[test]
    fn the_mark_itself_comes_back() {
        for name in [
            "\u{201B}",
            "a\u{201B}E9",
            "\u{201B}\u{201B}E9",
            "\u{201B}\u{201B}\u{201B}",
            "‛zz",
        ] {
            let path = LocalPath::from(name);
            assert_eq!(LocalPath::from_text(&path.to_text()), path, "{name}");
        }
        assert_eq!(
            LocalPath::from_text("a\u{201B}z"),
            LocalPath::from("a\u{201B}z"),
            "typed by hand"
        );
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_unicode_come_back() {
        use std::os::unix::ffi::OsStrExt as _;
        for bytes in [
            b"caf\xe9.jpg".as_slice(),
            b"\xff\xfe",
            b"\xe2\x80",
            b"\xe2\x80\x9bE9\xe9",
            b"a\xc3\xa9\xe9",
        ] {
            let path = LocalPath::from(Path::new(std::ffi::OsStr::from_bytes(bytes)));
            let json = serde_json::to_string(&path).unwrap_or_default();
            assert_eq!(
                serde_json::from_str::<LocalPath>(&json).ok(),
                Some(path),
                "{json}"
            );
        }
        assert_eq!(
            LocalPath::from(Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.jpg"))).to_text(),
            "caf\u{201B}E9.jpg"
        );
    }
}
