//! From what was dropped to a list of files: folders are walked, in order.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::{Code, Error};
use crate::patterns::Patterns;

/// A file, or a reason why there is none.
#[derive(Debug, Clone)]
pub struct Found {
    /// Absolute path.
    pub path: PathBuf,
    /// Its folder relative to the parent of the folder that was given, `/` between the parts.
    pub folder: String,
    /// Why it cannot be taken.
    pub refused: Option<Error>,
}

/// Lists the files behind paths, in the order given and by name within folders.
///
/// Inside folders hidden files, and what systems and editors keep for themselves, are left out,
/// links inside folders are not followed, and what a folder has is taken once. Blocks; call it
/// where that is allowed.
pub fn gather(paths: &[PathBuf]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut taken = HashSet::new();
    for given in paths {
        let path = std::path::absolute(given).unwrap_or_else(|_| given.clone());
        match std::fs::metadata(&path) {
            Err(error) => found.push(refused(&path, Error::from_io(&error, given))),
            Ok(meta) if meta.is_dir() => walk(&path, &mut found, &mut taken),
            // Who names a file twice wants two answers.
            Ok(meta) if meta.is_file() => {
                taken.insert(path.clone());
                found.push(Found {
                    path,
                    folder: String::new(),
                    refused: None,
                });
            }
            Ok(_) => found.push(refused(
                &path,
                Error::new(
                    Code::FileSpecial,
                    format!("{} is neither a file nor a folder", given.display()),
                ),
            )),
        }
    }
    found
}

fn walk(root: &Path, found: &mut Vec<Found>, taken: &mut HashSet<PathBuf>) {
    let base = root.parent().unwrap_or(root);
    // Its own patterns are always understood.
    let patterns = Patterns::new(root, &[]).ok();
    let meant = |entry: &DirEntry| {
        patterns
            .as_ref()
            .is_none_or(|patterns| patterns.wants_here(entry.path(), entry.file_type().is_dir()))
    };
    let entries = WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || meant(entry));
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let folder = relative(base, entry.path().parent().unwrap_or(root));
                take(entry.into_path(), folder, found, taken);
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let told = match error.io_error() {
                    Some(io) => Error::from_io(io, &path),
                    None => Error::new(
                        Code::FolderLoop,
                        format!("{} links back to itself", path.display()),
                    )
                    .hint("remove the link"),
                };
                found.push(refused(&path, told));
            }
        }
    }
}

fn take(path: PathBuf, folder: String, found: &mut Vec<Found>, taken: &mut HashSet<PathBuf>) {
    if taken.insert(path.clone()) {
        found.push(Found {
            path,
            folder,
            refused: None,
        });
    }
}

fn refused(path: &Path, error: Error) -> Found {
    Found {
        path: path.to_owned(),
        folder: String::new(),
        refused: Some(error),
    }
}

/// A path relative to another, with `/` between its parts on every system.
fn relative(base: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(base).unwrap_or(path).components();
    let names: Vec<String> = parts
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_links_not_followed() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let root = dir.path().join("Rome");
        std::fs::create_dir_all(root.join("b"))?;
        for name in ["b/2.jpg", "a.jpg", ".hidden", "b/1.jpg"] {
            std::fs::write(root.join(name), "x")?;
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&root, root.join("loop"))?;
        let found = gather(&[
            root.join("b/2.jpg"),
            root.clone(),
            dir.path().join("missing"),
        ]);
        let told: Vec<(String, &str)> = found
            .iter()
            .map(|f| (crate::key::file_name(&f.path), f.folder.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("2.jpg".to_owned(), ""),
                ("a.jpg".to_owned(), "Rome"),
                ("1.jpg".to_owned(), "Rome/b"),
                ("missing".to_owned(), "")
            ]
        );
        assert_eq!(
            found
                .last()
                .and_then(|f| f.refused.as_ref())
                .map(|e| e.code),
            Some(Code::FileMissing)
        );
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_itself_is_said() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let link = dir.path().join("loop");
        std::os::unix::fs::symlink(&link, &link)?;
        assert_eq!(
            gather(&[link])[0].refused.as_ref().map(|e| e.code),
            Some(Code::FolderLoop)
        );
        Ok(())
    }
}
