//! One engine at a time: a second program hands its files over, and takes over when the first ends.

use std::io::{BufRead as _, BufReader};

use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::server::{Server, wait_for};

#[test]
fn files_are_handed_to_the_engine_that_runs() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let watched = folder.path().join("watched");
    std::fs::create_dir(&watched).unwrap();
    // A watching tintype holds the lock, as the window would.
    let mut first = client.start(&mut client.command([
        "watch",
        "--profile",
        "test",
        watched.to_str().unwrap(),
    ]));
    let mut stderr = BufReader::new(first.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("watching"), "{line}");
    let file = folder.path().join("a.jpg");
    std::fs::write(&file, jpeg(&landscape(900, 700, 1), None)).unwrap();

    let ended = client
        .run(["upload", "--profile", "test", file.to_str().unwrap()])
        .with_code(0);

    assert_eq!(
        server.fetch(ended.lines()[0]).body,
        std::fs::read(&file).unwrap()
    );
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn the_second_takes_over_when_the_first_ends() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let lock = client.home().join("engine.lock");
    // Something holds the lock and does no work.
    let held = std::fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let mut second =
        client.start(&mut client.command(["upload", "--profile", "test", file.to_str().unwrap()]));
    let journal = client.home().join("journal.sqlite");
    let queued = || {
        rusqlite::Connection::open(&journal)
            .ok()?
            .query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, i64>(0))
            .ok()
    };
    wait_for("the file is queued", || queued() == Some(1));
    assert!(
        second.try_wait().unwrap().is_none(),
        "it waits for the one that holds the lock"
    );

    drop(held);

    assert!(second.wait().unwrap().success());
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
}
