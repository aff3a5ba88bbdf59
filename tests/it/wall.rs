//! The wall around whoever reads files of strangers, as this system's kernel tells of it.

use std::path::{Path, PathBuf};
use std::process::Child;

use tintype_core::error::Code;
use tintype_core::settings::Limits;
use tintype_core::variant::Variant;
use tintype_core::worker::{Program, Workers};
use tintype_tests::pictures::{jpeg, landscape, slow_drawing};
use tintype_tests::program::{Tintype, built};
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

#[tokio::test]
async fn variants_are_tried_in_one_worker_on_a_picture_that_is_decoded_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    std::fs::write(&path, jpeg(&landscape(1200, 900, 3), None)).unwrap();
    let workers = Workers::new(Program::Own(built("tintype")), Limits::default());
    let variant = |spec: &str| spec.parse::<Variant>().unwrap();

    let good = workers
        .try_out(&path, variant("400x300:cover:jpeg:90"))
        .await;
    let poor = workers
        .try_out(&path, variant("400x300:cover:webp:20"))
        .await;
    std::fs::write(&path, jpeg(&landscape(90, 60, 4), None)).unwrap();
    let other = workers
        .try_out(&path, variant("400x300:inside:jpeg:90"))
        .await;
    let nothing = workers
        .try_out(&folder.path().join("b.jpg"), variant("4x3"))
        .await;

    let (good, poor) = (good.unwrap().unwrap(), poor.unwrap().unwrap());
    assert_eq!((good.pixels, poor.pixels), ((400, 300), (400, 300)));
    assert!(poor.bytes.len() < good.bytes.len() && poor.worth.score < good.worth.score);
    assert_eq!(
        other.unwrap().unwrap().pixels,
        (90, 60),
        "it was saved anew"
    );
    assert_eq!(nothing.unwrap_err().code, Code::FileMissing);
    workers.put_down().await;
}
