//! Keys and the files they are kept in. Most keys are paths, so that people find their pictures
//! again; those that no file can be called like (S3 takes 1,024 bytes, and `a` beside `a/b`) are
//! kept under a name of ours.

use std::io;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

/// Where objects lie whose keys are no paths.
const APART: &str = ".apart/";
/// Longer keys do not fit into the names the file store makes of them (255 bytes, in base64, with
/// an upload's id).
const LONGEST: usize = 120;

/// Which file a key's object is in.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// One folder for each bucket, with its objects.
    objects: PathBuf,
    /// The keys of the objects that lie apart, by bucket.
    keys: PathBuf,
}

impl Names {
    pub(crate) fn new(objects: PathBuf, keys: PathBuf) -> Self {
        Self { objects, keys }
    }

    /// Where an object is looked for.
    pub(crate) fn find(&self, bucket: &str, key: &str) -> String {
        let apart = digest(key);
        let is_apart = self.keys.join(bucket).join(&apart).is_file();
        let is_plain = || is_path(key) && !self.is_in_the_way(bucket, key);
        // An earlier Tintype kept more keys as they are.
        if !is_apart && (is_plain() || self.is_of_before(bucket, key)) {
            return key.to_owned();
        }
        format!("{APART}{apart}")
    }

    /// Where a new object goes; what it is called is written down first.
    pub(crate) fn claim(&self, bucket: &str, key: &str) -> io::Result<String> {
        let place = self.find(bucket, key);
        if place == key && is_path(key) {
            return Ok(place);
        }
        let (folder, apart) = (self.keys.join(bucket), digest(key));
        if !folder.join(&apart).is_file() {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(&apart), key)?;
        }
        Ok(format!("{APART}{apart}"))
    }

    /// The key of the object in a place; nothing if nobody knows it.
    pub(crate) fn key(&self, bucket: &str, place: &str) -> Option<String> {
        match place.strip_prefix(APART) {
            Some(apart) => std::fs::read_to_string(self.keys.join(bucket).join(apart)).ok(),
            None => Some(place.to_owned()),
        }
    }

    fn is_of_before(&self, bucket: &str, key: &str) -> bool {
        let stays = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\\');
        key.split('/').all(stays) && self.objects.join(bucket).join(key).is_file()
    }

    /// Whether there is a folder where the file would be, or a file where one of its folders would
    /// be.
    fn is_in_the_way(&self, bucket: &str, key: &str) -> bool {
        let top = self.objects.join(bucket);
        let path = top.join(key);
        path.is_dir()
            || path
                .ancestors()
                .skip(1)
                .take_while(|above| **above != top)
                .any(|above| above.is_file())
    }
}

fn digest(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}

/// Whether a file can be called like that, on every system.
fn is_path(key: &str) -> bool {
    let is_name = |name: &str| {
        !matches!(name, "" | "." | "..")
            && !name.ends_with(['.', ' '])
            && !name.contains(|odd: char| odd.is_control() || "\\<>:\"|?*".contains(odd))
    };
    let first = key.split('/').next().unwrap_or_default();
    let ours = first.eq_ignore_ascii_case(APART.trim_end_matches('/'));
    key.len() <= LONGEST && !ours && key.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_paths_are_files_and_all_others_come_back() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let names = Names::new(dir.path().join("objects"), dir.path().join("keys"));
        std::fs::create_dir_all(dir.path().join("objects/demo/a"))?;
        std::fs::write(dir.path().join("objects/demo/b"), "")?;
        std::fs::write(dir.path().join("objects/demo/x?y"), "")?;
        assert!(
            names.find("demo", "a").starts_with(APART),
            "a folder is no object"
        );
        assert_eq!(
            names.find("demo", "x?y"),
            "x?y",
            "an earlier version kept it so"
        );
        let long = "写".repeat(341);
        for key in [
            long.as_str(),
            "a",
            "b/c",
            "x//y",
            "/x",
            "x/",
            "../x",
            ".apart/x",
            ".apart",
            "a?.jpg",
            "x.",
        ] {
            let place = names.claim("demo", key)?;
            assert!(place.starts_with(APART), "{key}");
            assert_eq!(names.find("demo", key), place, "{key}");
            assert_eq!(names.key("demo", &place).as_deref(), Some(key));
        }
        for key in ["photos/2026/x.jpg", "c", "a/x", "写.jpg"] {
            assert_eq!(
                (
                    names.claim("demo", key)?.as_str(),
                    names.find("demo", key).as_str()
                ),
                (key, key)
            );
        }
        Ok(())
    }
}
