//! Opening files to read: regular ones alone. A pipe would be waited for, and a device never ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// A pipe, a socket or a device is under the path.
#[derive(Debug)]
pub(crate) struct NotRegular;

impl std::fmt::Display for NotRegular {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is a pipe, a socket or a device, not a file")
    }
}

impl std::error::Error for NotRegular {}

/// Opens a file, whatever links lead to it, without waiting for anybody. A folder opens too, and
/// says so when it is read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Otherwise a pipe is only open when somebody writes to it.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() || kind.is_dir() {
        Ok(file)
    } else {
        Err(io::Error::other(NotRegular))
    }
}

/// The text of a small file.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map(|_| text)
}

/// The bytes of a small file.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map(|_| bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )?;
        let endless = dir.path().join("endless");
        std::os::unix::fs::symlink("/dev/zero", &endless)?;
        std::fs::write(dir.path().join("file"), "text")?;

        let is_refused = |path: &Path| {
            let error = text(path).err();
            error.is_some_and(|error| {
                error
                    .get_ref()
                    .is_some_and(|inner| inner.is::<NotRegular>())
            })
        };

        assert!(is_refused(&pipe) && is_refused(&endless));
        let of_a_folder = text(dir.path()).err().map(|error| error.kind());
        assert_eq!(of_a_folder, Some(io::ErrorKind::IsADirectory));
        assert_eq!(text(&dir.path().join("file"))?, "text");
        Ok(())
    }
}
