//! Files for tests to upload.

use std::path::{Path, PathBuf};

/// Writes a file, and the folders above it.
pub fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(folder)).expect("a folder for the file");
    std::fs::write(&path, bytes).expect("a file for the test");
    path
}

/// The same with its own name as content: no two are alike.
pub fn write_name(folder: &Path, name: &str) -> PathBuf {
    write(folder, name, format!("this is {name}"))
}
