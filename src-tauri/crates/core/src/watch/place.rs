//! Where a folder is: whether it is there, the same one as before, and on a file system that tells
//! what happens on it.

use std::path::Path;

use crate::error::{Code, Error, Result};

/// Which folder it is: device and number.
pub(super) type Identity = (u64, u64);

/// Whether a folder is there and readable.
pub(crate) fn check(folder: &Path) -> Result<()> {
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(Error::new(
            Code::WatchFailed,
            format!("{} is no folder", folder.display()),
        )
        .hint("choose a folder")),
        Err(error) => Err(Error::from_io(&error, folder)),
    }
}

/// Which folder is under that path now. Asks without opening it: that would be an event of its own.
///
/// # Errors
/// Whatever the system says where there is none.
pub(super) fn identity(folder: &Path) -> Result<Identity> {
    let meta = std::fs::metadata(folder).map_err(|error| Error::from_io(&error, folder))?;
    Ok(of(&meta))
}

#[cfg(unix)]
pub(super) fn of(meta: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
pub(super) fn of(_: &std::fs::Metadata) -> Identity {
    (0, 0)
}

/// Whether a folder is a drive of its own: the top of what is mounted there.
pub(super) fn is_drive(folder: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(path).ok().map(|meta| of(&meta).0);
    match (device(folder), folder.parent().and_then(device)) {
        (Some(own), Some(above)) => own != above,
        (own, _) => own.is_some(),
    }
}

/// Whether others may change the folder without this computer's system knowing.
#[cfg(target_os = "linux")]
pub(super) fn is_remote(folder: &Path) -> bool {
    // statfs(2): AFS, Ceph, Coda, CIFS, FUSE, NFS, SMB, SMB2, 9P, and two of VirtualBox and VMware
    // for shared folders.
    const REMOTE: [u64; 10] = [
        0x5346_414f,
        0x00c3_6400,
        0x7375_7245,
        0xff53_4d42,
        0x6573_5546,
        0x6969,
        0x517b,
        0xfe53_4d42,
        0x0102_1997,
        0x786f_4256,
    ];
    rustix::fs::statfs(folder)
        .is_ok_and(|found| REMOTE.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

#[cfg(windows)]
pub(super) fn is_remote(folder: &Path) -> bool {
    folder.to_string_lossy().starts_with("\\\\")
}

#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn is_remote(folder: &Path) -> bool {
    // Shares are mounted there.
    folder.starts_with("/Volumes") || folder.starts_with("/net")
}
