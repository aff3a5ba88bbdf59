//! The wall around whoever reads files of strangers, as this system's kernel tells of it.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use tintype_tests::program::Tintype;

/// Layers of noise over a whole drawing: minutes of work in a few lines.
fn slow_drawing(folder: &Path) -> PathBuf {
    let noise = "<filter id='n' width='1' height='1'><feTurbulence baseFrequency='.01' numOctaves='9'/></filter>";
    let layers = "<rect width='3000' height='3000' filter='url(#n)'/>".repeat(50);
    let path = folder.join("slow.svg");
    let start = "<svg xmlns='http://www.w3.org/2000/svg' width='3000' height='3000'>";
    std::fs::write(&path, format!("{start}{noise}{layers}</svg>")).unwrap();
    path
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The process of a worker that has begun to work, by the name of its folder below `/proc`.
fn worker_of(program: &Child) -> PathBuf {
    let tasks = PathBuf::from(format!("/proc/{}/task", program.id()));
    until("a worker has been started", || {
        let threads = std::fs::read_dir(&tasks).ok()?.flatten();
        let children = threads
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        let all: String = children.collect();
        let worker = Path::new("/proc").join(all.split_whitespace().next()?);
        // It has read something: so it has been confined before.
        let threads = std::fs::read_dir(worker.join("task")).ok()?.count();
        (threads > 1).then_some(worker)
    })
}

fn status(worker: &Path, name: &str) -> String {
    let status = std::fs::read_to_string(worker.join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default()
        .trim_matches([':', '\t'])
        .to_owned()
}

#[test]
fn a_worker_has_no_rights_no_secrets_and_no_life_of_its_own() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let (slow, out) = (slow_drawing(folder.path()), folder.path().join("out"));
    let client = client.env("AWS_SECRET_ACCESS_KEY", "never-to-be-seen");
    let spec = Path::new("3000x3000:inside");
    let mut command = client.command([
        Path::new("variants"),
        Path::new("--spec"),
        spec,
        Path::new("--out"),
        &out,
        &slow,
    ]);
    let mut program = client.start(&mut command);

    let worker = worker_of(&program);

    assert_eq!(std::fs::read(worker.join("environ")).unwrap(), b"");
    assert_eq!(status(&worker, "NoNewPrivs"), "1");
    assert_eq!(status(&worker, "Seccomp"), "2", "a filter is in force");
    program.kill().unwrap();
    program.wait().unwrap();
    until("it ends with who started it", || {
        (!worker.join("environ").exists()).then_some(())
    });
}
