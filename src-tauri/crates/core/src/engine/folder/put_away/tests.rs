//! Files are moved, and none is lost over it.

use super::*;

fn file(path: &Path, bytes: &[u8]) -> PutAway {
    std::fs::write(path, bytes).expect("writes");
    let stamp = Stamp::of(&std::fs::metadata(path).expect("is there"));
    PutAway {
        path: path.to_owned(),
        stamp,
        sha256: hex::encode(Sha256::digest(bytes)),
    }
}

fn moving_to(root: &Path) -> WatchedFolder {
    WatchedFolder {
        path: root.join("in").into(),
        after_upload: AfterUpload::Move(root.join("out").into()),
        ..WatchedFolder::default()
    }
}

#[test]
fn a_file_is_moved_to_its_place_and_takes_nobodys_name() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let (folder, day) = (moving_to(dir.path()), dir.path().join("in/day"));
    std::fs::create_dir_all(&day)?;
    for bytes in [b"one", b"two"] {
        assert_eq!(
            put_away(&folder, &file(&day.join("a.jpg"), bytes)),
            Ok(true)
        );
    }
    assert_eq!(std::fs::read(dir.path().join("out/day/a.jpg"))?, b"one");
    assert_eq!(std::fs::read(dir.path().join("out/day/a (2).jpg"))?, b"two");
    assert!(!day.join("a.jpg").exists());
    Ok(())
}

#[test]
fn a_file_that_has_changed_since_stays() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let (folder, path) = (moving_to(dir.path()), dir.path().join("in/a.jpg"));
    std::fs::create_dir_all(dir.path().join("in"))?;
    let sent = file(&path, b"sent");
    std::fs::write(&path, b"not sent yet")?;
    assert_eq!(put_away(&folder, &sent), Ok(false));
    assert_eq!(std::fs::read(&path)?, b"not sent yet");
    Ok(())
}

#[test]
fn a_copy_that_is_not_what_was_sent_does_not_cost_the_file() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = PutAway {
        sha256: hex::encode(Sha256::digest(b"other")),
        ..file(&dir.path().join("a.jpg"), b"this")
    };
    let error = copy(&sent, &dir.path().join("b.jpg")).expect_err("differs");
    assert_eq!(error.code, Code::FileChanging);
    assert!(sent.path.exists() && !dir.path().join("b.jpg").exists());
    Ok(())
}

#[test]
fn a_copy_takes_the_files_time_and_place() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = file(&dir.path().join("a.jpg"), b"this");
    let time = std::fs::metadata(&sent.path)?.modified()?;
    copy(&sent, &dir.path().join("b.jpg")).expect("copies");
    assert!(!sent.path.exists());
    assert_eq!(
        (
            std::fs::read(dir.path().join("b.jpg"))?,
            std::fs::metadata(dir.path().join("b.jpg"))?.modified()?
        ),
        (b"this".to_vec(), time)
    );
    assert_eq!(
        std::fs::read_dir(dir.path())?.count(),
        1,
        "no piece is left"
    );
    Ok(())
}

#[test]
fn what_is_saved_while_the_old_one_is_aside_stays_and_nothing_is_lost() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = file(&dir.path().join("a.jpg"), b"sent");
    // The program was killed between two steps of a move to another drive.
    std::fs::rename(&sent.path, aside(&sent.path))?;
    bring_back(&sent.path).expect("comes back");
    assert_eq!(std::fs::read(&sent.path)?, b"sent");
    std::fs::rename(&sent.path, aside(&sent.path))?;
    std::fs::write(&sent.path, b"saved meanwhile")?;
    bring_back(&sent.path).expect("finds a name");
    assert_eq!(std::fs::read(&sent.path)?, b"saved meanwhile");
    assert_eq!(std::fs::read(dir.path().join("a (2).jpg"))?, b"sent");
    Ok(())
}

#[test]
fn coming_back_twice_makes_no_second_file() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = file(&dir.path().join("a.jpg"), b"sent");
    // Killed between the last two steps of coming back.
    std::fs::hard_link(&sent.path, aside(&sent.path))?;
    bring_back(&sent.path).expect("comes back");
    assert_eq!(std::fs::read_dir(dir.path())?.count(), 1);
    assert_eq!(std::fs::read(&sent.path)?, b"sent");
    Ok(())
}

#[test]
fn another_content_that_was_put_aside_is_not_taken_away() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = file(&dir.path().join("a.jpg"), b"sent");
    // Same bytes as what was sent, so the copy is sound, but saved anew since.
    let sent = PutAway {
        stamp: Stamp {
            mtime_ns: sent.stamp.mtime_ns - 1,
            ..sent.stamp
        },
        ..sent
    };
    assert_eq!(
        copy(&sent, &dir.path().join("b.jpg"))
            .expect_err("another")
            .code,
        Code::FileChanging
    );
    assert!(sent.path.exists() && !dir.path().join("b.jpg").exists());
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_keeps_its_bytes() -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempfile::tempdir()?;
    let (folder, day) = (moving_to(dir.path()), dir.path().join("in"));
    std::fs::create_dir_all(&day)?;
    for bytes in [b"one", b"two"] {
        assert_eq!(
            put_away(
                &folder,
                &file(
                    &day.join(std::ffi::OsStr::from_bytes(b"caf\xe9.jpg")),
                    bytes
                )
            ),
            Ok(true)
        );
    }
    assert_eq!(
        std::fs::read(
            dir.path()
                .join("out")
                .join(std::ffi::OsStr::from_bytes(b"caf\xe9 (2).jpg"))
        )?,
        b"two"
    );
    Ok(())
}

#[test]
fn what_was_written_in_the_last_moment_comes_back() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let sent = file(&dir.path().join("a.jpg"), b"sent");
    std::fs::write(&sent.path, b"newer")?;
    std::fs::rename(&sent.path, dir.path().join("b.jpg"))?;
    assert_eq!(
        take_back_if_new(&sent, &dir.path().join("b.jpg"))
            .expect_err("newer")
            .code,
        Code::FileChanging
    );
    assert_eq!(std::fs::read(&sent.path)?, b"newer");
    Ok(())
}
