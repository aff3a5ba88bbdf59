//! Which files other programs have open for writing, where the system shows it. Without that, only
//! a file's rest tells that it is finished; with it, a pause of its writer is not taken for the
//! end.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::place::{self, Identity};
use crate::world;

/// What was seen counts for this long: many files are asked for at once.
const FRESH: Duration = Duration::from_secs(1);

/// Asked only for files that changed in the last seconds, and of which nobody says who writes them.
#[derive(Default)]
pub(super) struct Writers {
    looked: Option<Instant>,
    open: HashSet<Identity>,
}

impl Writers {
    /// Whether somebody may have a file below `root` open for writing: a program of this person
    /// has, or it is another person's file, whose programs are not shown.
    pub(super) fn may_have(&mut self, root: &Path, file: &Metadata) -> bool {
        if world::is_simulated() {
            return false;
        }
        if !is_own(file) {
            return true;
        }
        if self.looked.is_none_or(|at| at.elapsed() >= FRESH) {
            self.open = open_for_writing(root);
            self.looked = Some(Instant::now());
        }
        self.open.contains(&place::of(file))
    }
}

/// proc(5): each process's open files, and how they were opened. Other people's processes are not
/// shown.
#[cfg(target_os = "linux")]
fn open_for_writing(root: &Path) -> HashSet<Identity> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let others = processes.filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| {
            name.starts_with(|first: char| first.is_ascii_digit()) && name != own
        })
    });
    let mut open = HashSet::new();
    for process in others.map(|entry| entry.path()) {
        for file in std::fs::read_dir(process.join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            // Where the file lies is asked last: on a share that is away, that would take for ever.
            let info = std::fs::read_to_string(process.join("fdinfo").join(file.file_name()));
            let below = || std::fs::read_link(file.path()).is_ok_and(|at| at.starts_with(root));
            if info.is_ok_and(|info| writes(&info)) && below() {
                let found = std::fs::metadata(file.path()).ok();
                open.extend(found.map(|meta| place::of(&meta)));
            }
        }
    }
    open
}

/// Whether a file belongs to who runs this program.
#[cfg(target_os = "linux")]
fn is_own(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == file.uid())
}

#[cfg(not(target_os = "linux"))]
fn is_own(_: &Metadata) -> bool {
    false
}

/// The flags are octal; the lowest two bits are 1 for writing, 2 for both.
#[cfg(target_os = "linux")]
fn writes(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & 3 != 0)
}

#[cfg(not(target_os = "linux"))]
fn open_for_writing(_: &Path) -> HashSet<Identity> {
    HashSet::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_file_that_another_program_writes_is_seen() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a");
        let file = std::fs::File::create(&path)?;
        let mut writer = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(file)
            .spawn()?;
        assert!(Writers::default().may_have(dir.path(), &path.metadata()?));
        writer
            .stdin
            .take()
            .map_or(Ok(()), |mut stdin| stdin.write_all(b"end"))?;
        writer.wait()?;
        assert!(!Writers::default().may_have(dir.path(), &path.metadata()?));
        Ok(())
    }

    #[test]
    fn how_a_file_was_opened_is_read() {
        assert!(writes("pos:\t0\nflags:\t0100001\n") && writes("flags:\t02\n"));
        assert!(!writes("pos:\t0\nflags:\t0100000\n") && !writes("pos:\t1\n"));
    }
}
