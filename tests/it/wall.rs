//! The wall around whoever reads files of strangers, as this system's kernel tells of it.

use std::path::{Path, PathBuf};
use std::process::Child;

use tintype_tests::pictures::slow_drawing;
use tintype_tests::program::Tintype;
use tintype_tests::server::wait_for;

/// The process of a worker that has begun to work, by the name of its folder below `/proc`.
fn worker_of(program: &Child) -> PathBuf {
    let tasks = PathBuf::from(format!("/proc/{}/task", program.id()));
    let mut found = None;
    wait_for("a worker has been started", || {
        found = begun(&tasks);
        found.is_some()
    });
    found.unwrap_or_default()
}

/// A worker that reads: so it has been confined before.
fn begun(tasks: &Path) -> Option<PathBuf> {
    let threads = std::fs::read_dir(tasks).ok()?.flatten();
    let children =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let all: String = children.collect();
    let worker = Path::new("/proc").join(all.split_whitespace().next()?);
    let threads = std::fs::read_dir(worker.join("task")).ok()?.count();
    (threads > 1).then_some(worker)
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
    wait_for("it ends with who started it", || {
        !worker.join("environ").exists()
    });
}
