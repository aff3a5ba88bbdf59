//! Intake: is it a readable, finished file? What is its fingerprint?

mod gather;

pub use gather::{Found, gather};

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::content::{self, Content, Kind};
use crate::digest;
use crate::error::{Code, Error, Result, Retry};
use crate::folder::Stamp;
use crate::metadata::{self, mtime_ns};
use crate::regular;
use crate::variant::Variant;

/// A file as it was when it was read.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// What it is.
    pub content: Content,
    /// The file's own date: year, month, day. A picture's facts may tell a better one.
    pub date: (i16, i8, i8),
    /// The whole content, where it was asked for.
    pub bytes: Option<Bytes>,
}

/// What a watched folder saw under a path, and decided to send: nothing else that may be there by
/// now goes up for it.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// How it looked.
    pub stamp: Stamp,
    /// Whether links are followed.
    pub follow_links: bool,
}

impl Expected {
    /// Whether the open file is what was seen, and is there by itself.
    fn check(&self, path: &Path, open: &std::fs::Metadata) -> Result<()> {
        let there =
            std::fs::symlink_metadata(path).map_err(|error| Error::from_io(&error, path))?;
        let through_link = there.is_symlink() && !self.follow_links;
        if !through_link && self.stamp.is(&Stamp::of(open)) {
            return Ok(());
        }
        let told = format!("{} is not what its folder saw", path.display());
        Err(Error::new(Code::FileChanging, told)
            .hint("its folder looks at it anew")
            .retry(Retry::Soon))
    }
}

/// A picture's file of more bytes is not decoded.
pub const LARGEST_PICTURE: u64 = 512 << 20;

/// What a file is, by its first bytes, and how many it has. Blocks.
pub fn sniffed(path: &Path) -> Result<(Content, u64)> {
    let io = |error: std::io::Error| Error::from_io(&error, path);
    let mut file = regular::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut head = vec![0; content::SNIFF_LEN];
    let length = read_up_to(&mut file, &mut head).map_err(io)?;
    let content = content::sniff(&head[..length], &crate::key::file_name(path));
    Ok((content, size))
}

/// Bytes that a file and its variants take in memory until they are sent: pictures and small files
/// are held whole, whatever they are called. Blocks.
pub fn held_in_memory(path: &Path, keep: u64, variants: &[Variant]) -> Result<u64> {
    let (content, size) = sniffed(path)?;
    let picture = matches!(content.kind, Kind::Image(_));
    let whole = picture && size <= LARGEST_PICTURE;
    let made = if whole {
        variants.iter().map(Variant::most_bytes).sum()
    } else {
        0
    };
    Ok(made + if whole { size } else { size.min(keep) })
}

/// Reads a file once: hashes it, looks at its kind, and keeps its bytes if it is a picture or no
/// larger than `keep`.
///
/// Blocks; call it where that is allowed.
pub fn read(path: &Path, keep: u64, expected: Option<&Expected>) -> Result<Fingerprint> {
    let io = |error: std::io::Error| Error::from_io(&error, path);
    let mut file = regular::open(path).map_err(io)?;
    let before = file.metadata().map_err(io)?;
    if let Some(expected) = expected {
        expected.check(path, &before)?;
    }
    check_kind(path, &before)?;
    let name = crate::key::file_name(path);
    let mut kept =
        vec![0; content::SNIFF_LEN.min(usize::try_from(before.len()).unwrap_or(usize::MAX))];
    let head_len = read_up_to(&mut file, &mut kept).map_err(io)?;
    kept.truncate(head_len);
    let content = content::sniff(&kept, &name);
    let keep_bytes = before.len() <= keep
        || (matches!(content.kind, Kind::Image(_)) && before.len() <= LARGEST_PICTURE);
    let mut sha256 = Sha256::new();
    let size = if keep_bytes {
        kept.reserve_exact(
            usize::try_from(before.len())
                .unwrap_or_default()
                .saturating_sub(head_len),
        );
        file.read_to_end(&mut kept).map_err(io)?;
        sha256.update(&kept);
        kept.len() as u64
    } else {
        sha256.update(&kept);
        head_len as u64 + digest::rest(&mut file, &mut sha256).map_err(io)?
    };
    let after = file.metadata().map_err(io)?;
    let mtime_ns = metadata::mtime_ns(&after);
    if size != after.len() || size != before.len() || mtime_ns != metadata::mtime_ns(&before) {
        return Err(changing(path));
    }
    let date = after.modified().map_or((1970, 1, 1), file_date);
    Ok(Fingerprint {
        size,
        mtime_ns,
        sha256: hex::encode(sha256.finalize()),
        content,
        date,
        bytes: keep_bytes.then(|| kept.into()),
    })
}

/// A file that is no larger than a picture may be, whole, and what it is. Blocks.
///
/// # Errors
/// Whatever the disk says; `file-empty`; `image-too-large`.
pub fn whole(path: &Path) -> Result<(Bytes, Content)> {
    let io = |error: std::io::Error| Error::from_io(&error, path);
    let mut open = regular::open(path).map_err(io)?;
    let meta = open.metadata().map_err(io)?;
    check_kind(path, &meta)?;
    if meta.len() > LARGEST_PICTURE {
        let told = format!(
            "{} has more than {} MiB: too large to look into",
            path.display(),
            LARGEST_PICTURE >> 20
        );
        return Err(Error::new(Code::ImageTooLarge, told));
    }
    let mut file = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    open.read_to_end(&mut file).map_err(io)?;
    let head = &file[..file.len().min(content::SNIFF_LEN)];
    let content = content::sniff(head, &crate::key::file_name(path));
    Ok((file.into(), content))
}

/// The first and the last bytes of a file, `each` of them at most, put together. Blocks.
///
/// # Errors
/// Whatever the disk says.
pub fn ends(path: &Path, each: u64) -> Result<Bytes> {
    let io = |error: std::io::Error| Error::from_io(&error, path);
    let mut file = regular::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut ends = Vec::new();
    (&mut file).take(each).read_to_end(&mut ends).map_err(io)?;
    let tail = length.saturating_sub(each).max(ends.len() as u64);
    file.seek(SeekFrom::Start(tail)).map_err(io)?;
    file.take(each).read_to_end(&mut ends).map_err(io)?;
    Ok(ends.into())
}

/// Whether there is anything to read.
fn check_kind(path: &Path, meta: &std::fs::Metadata) -> Result<()> {
    let shown = path.display();
    if meta.is_dir() {
        let told = format!("{shown} is a folder, not a file");
        return Err(Error::new(Code::FileSpecial, told));
    }
    if meta.len() == 0 {
        return Err(Error::new(Code::FileEmpty, format!("{shown} is empty"))
            .hint("nothing was uploaded; check where the file came from"));
    }
    Ok(())
}

fn changing(path: &Path) -> Error {
    let told = format!("{} changed while it was read", path.display());
    Error::new(Code::FileChanging, told)
        .hint("Tintype takes it again when it is finished")
        .retry(Retry::Soon)
}

/// SHA-256 of a file, hex. Blocks.
pub fn sha256(path: &Path) -> Result<String> {
    digest::sha256(path)
        .map(hex::encode)
        .map_err(|error| Error::from_io(&error, path))
}

/// MD5 of a file, hex: what most buckets show as ETag. Blocks.
pub fn md5(path: &Path) -> Result<String> {
    let mut hash = md5::Md5::new();
    let read = regular::open(path).and_then(|mut file| digest::rest(&mut file, &mut hash));
    read.map(|_| hex::encode(hash.finalize()))
        .map_err(|error| Error::from_io(&error, path))
}

/// Whether a file is still what its fingerprint says, by size and time.
pub fn unchanged(path: &Path, fingerprint: &Fingerprint) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|now| now.len() == fingerprint.size && mtime_ns(&now) == fingerprint.mtime_ns)
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The day of a file's time, here; the nearest one there is, where a camera's or a disk's clock
/// tells nonsense.
fn file_date(time: SystemTime) -> (i16, i8, i8) {
    let nearest = if time < SystemTime::UNIX_EPOCH {
        (1, 1, 1)
    } else {
        (9999, 12, 31)
    };
    jiff::Timestamp::try_from(time).map_or(nearest, |time| {
        let date = time.to_zoned(jiff::tz::TimeZone::system()).date();
        (date.year().max(1), date.month(), date.day())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_is_read_once_and_known() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a.txt");
        std::fs::write(&path, "abc")?;
        let found = read(&path, 16, None).expect("readable");
        assert_eq!(
            found.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            md5(&path).expect("readable"),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert_eq!(found.bytes.as_deref(), Some(b"abc".as_slice()));
        assert!(unchanged(&path, &found));
        std::fs::write(&path, "abcd")?;
        assert!(!unchanged(&path, &found));
        assert!(
            read(&path, 2, None).expect("readable").bytes.is_none(),
            "larger files stay on disk"
        );
        Ok(())
    }

    #[test]
    fn every_time_has_a_day() {
        const YEAR: Duration = Duration::from_secs(31_557_600);
        let year = |time: Option<SystemTime>| time.map(|time| file_date(time).0);
        let (epoch, later) = (SystemTime::UNIX_EPOCH, |years| {
            SystemTime::UNIX_EPOCH.checked_add(YEAR * years)
        });
        assert_eq!(year(later(50)), Some(2020));
        assert_eq!(year(epoch.checked_sub(YEAR * 5)), Some(1964));
        assert_eq!(year(later(9000)), Some(9999));
        assert_eq!(year(epoch.checked_sub(YEAR * 20_000)), Some(1));
    }

    #[test]
    fn what_cannot_be_taken_is_said() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let empty = dir.path().join("empty.jpg");
        std::fs::write(&empty, "")?;
        assert_eq!(
            read(&empty, 9, None).expect_err("empty").code,
            Code::FileEmpty
        );
        assert_eq!(
            read(&dir.path().join("none"), 9, None)
                .expect_err("missing")
                .code,
            Code::FileMissing
        );
        assert_eq!(
            read(dir.path(), 9, None).expect_err("folder").code,
            Code::FileSpecial
        );
        Ok(())
    }
}
