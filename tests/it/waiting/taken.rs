//! A journal that takes nothing: another program keeps it to itself in the middle of the work.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::Connection;
use tempfile::TempDir;
use tintype_tests::files::write_name;
use tintype_tests::middleman::{Asked, Fate, Middleman};
use tintype_tests::program::Tintype;
use tintype_tests::server::Server;

/// Another program, which takes the journal as soon as the first file is sent, and only then: what
/// was not sent before it lets go, goes up afterwards.
#[derive(Clone, Default)]
struct Taker {
    journal: Arc<OnceLock<PathBuf>>,
    has_come: Arc<AtomicBool>,
    holds: Arc<Mutex<Option<Connection>>>,
}

impl Taker {
    fn judge(&self) -> impl Fn(&Asked) -> Fate + Send + Sync + 'static {
        let this = self.clone();
        move |asked| {
            let mut holds = this.holds.lock().unwrap();
            if asked.is_put() && !this.has_come.swap(true, Ordering::Relaxed) {
                let other = Connection::open(this.journal.get().unwrap()).unwrap();
                other
                    .busy_timeout(std::time::Duration::from_secs(10))
                    .unwrap();
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                *holds = Some(other);
            }
            Fate::Pass
        }
    }

    fn lets_go(&self) {
        let held = self.holds.lock().unwrap().take().unwrap();
        held.execute_batch("ROLLBACK").unwrap();
    }
}

/// Twelve files, and a client whose journal is taken as soon as it sends the first.
fn set_up(server: &Server) -> (TempDir, Taker, Middleman, Tintype) {
    let (folder, taker) = (tempfile::tempdir().unwrap(), Taker::default());
    for number in 0..12 {
        write_name(folder.path(), &format!("{number}.txt"));
    }
    let middleman = Middleman::before(&server.endpoint, taker.judge());
    let client = server.client_at(&middleman.endpoint(), &[]);
    let journal = client.home().join("journal.sqlite");
    taker.journal.set(journal).unwrap();
    (folder, taker, middleman, client)
}

fn ends_and_goes_on(args: &[&str]) {
    let server = Server::demo();
    let (folder, taker, _middleman, client) = set_up(&server);
    let mut args: Vec<_> = args.iter().map(std::ffi::OsStr::new).collect();
    args.push(folder.path().as_os_str());

    let ended = client.run(&args).with_code(1);

    let said = "another program keeps the journal to itself";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    taker.lets_go();
    client.run(&args).with_code(0);
    assert_eq!(server.demo_keys().len(), 12);
}

#[test]
fn an_upload_ends_when_another_program_takes_the_journal_and_loses_nothing() {
    ends_and_goes_on(&[
        "upload",
        "--profile",
        "test",
        "--no-variants",
        "--patience",
        "2",
    ]);
}

#[test]
fn so_does_a_look_at_a_folder() {
    ends_and_goes_on(&["watch", "--once", "--all-files", "--profile", "test"]);
}

/// Who interrupts does not wait for the journal.
#[cfg(unix)]
#[test]
fn so_does_what_a_person_interrupts() {
    let server = Server::demo();
    let (folder, taker, _middleman, client) = set_up(&server);
    let args = ["upload", "--profile", "test", "--no-variants"].map(std::ffi::OsStr::new);
    let mut command = client.command(args.into_iter().chain([folder.path().as_os_str()]));
    let mut running = client.start(&mut command);
    tintype_tests::server::wait_for("the journal to be taken", || {
        taker.holds.lock().unwrap().is_some()
    });

    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();

    assert!(interrupted.unwrap().success());
    tintype_tests::server::wait_for("it to end", || running.try_wait().unwrap().is_some());
    taker.lets_go();
}
