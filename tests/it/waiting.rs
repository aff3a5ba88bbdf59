//! Waiting is the rule, failing the exception: what passes by itself, or what a person cures for
//! all, fails no file.

#[cfg(target_os = "linux")]
mod names;
mod taken;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tintype_tests::files::write_name;
use tintype_tests::middleman::{Asked, Fate, Middleman};
use tintype_tests::program::Tintype;
use tintype_tests::server::{Server, wait_for};

fn upload<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
    patience: &'a str,
) -> Vec<&'a std::ffi::OsStr> {
    let args = [
        "upload",
        "--profile",
        "test",
        "--no-variants",
        "--patience",
        patience,
    ];
    args.into_iter()
        .map(std::ffi::OsStr::new)
        .chain(files.into_iter().map(|file| file.as_os_str()))
        .collect()
}

/// Jobs by state and code.
fn states(client: &Tintype) -> Vec<(String, Option<String>)> {
    let journal = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    let mut statement = journal
        .prepare("SELECT DISTINCT state, error_code FROM jobs ORDER BY 1, 2")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// What becomes of three files where the bucket's answers are not the bucket's; nothing of them
/// fails.
fn waits(judge: impl Fn(&Asked) -> Fate + Send + Sync + 'static, code: &str, sentence: &str) {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, judge);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let files: Vec<PathBuf> = ["1.txt", "2.txt", "3.txt"]
        .iter()
        .map(|name| write_name(folder.path(), name))
        .collect();

    let ended = client.run(upload(&files, "1")).with_code(1);

    assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    let states = states(&client);
    assert!(
        states.iter().all(|(state, _)| state != "failed"),
        "{states:?}"
    );
    assert!(
        states.iter().any(|(_, said)| said.as_deref() == Some(code)),
        "{states:?}"
    );
    // The cure: then they go up by themselves.
    let well = server.client_at(&server.endpoint, &[]);
    let settings = std::fs::read_to_string(well.home().join("settings.toml")).unwrap();
    std::fs::write(client.home().join("settings.toml"), settings).unwrap();
    client
        .run(upload([&write_name(folder.path(), "4.txt")], "20"))
        .with_code(0);
    assert_eq!(server.demo_keys().len(), 4);
}

fn page(status: u16) -> impl Fn(&Asked) -> Fate + Send + Sync {
    move |_| Fate::Page(status)
}

#[test]
fn a_proxys_page_is_no_answer_of_the_bucket() {
    waits(
        page(403),
        "endpoint-unreachable",
        "does not let requests through",
    );
}

#[test]
fn a_proxy_that_wants_a_password_is_waited_for() {
    waits(
        page(407),
        "endpoint-unreachable",
        "wants a name and a password",
    );
}

#[test]
fn numbers_that_only_gateways_have_are_waited_for() {
    waits(page(522), "server-busy", "522");
}

#[test]
fn a_full_account_is_told_in_the_servers_words_and_waited_for() {
    waits(
        |_| Fate::Say(403, "QuotaExceeded"),
        "bucket-full",
        "takes no more",
    );
}

#[test]
fn a_bucket_that_is_not_there_yet_is_waited_for() {
    waits(
        |_| Fate::Say(404, "NoSuchBucket"),
        "bucket-missing",
        "there is no bucket",
    );
}

#[test]
fn a_gateways_passing_number_is_tried_again() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let count = std::sync::atomic::AtomicUsize::new(0);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let early = asked.is_put() && count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
        if early { Fate::Page(520) } else { Fate::Pass }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    client
        .run(upload([&write_name(folder.path(), "a.txt")], "20"))
        .with_code(0);
}

#[test]
fn one_file_that_never_goes_up_holds_up_no_other() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let poison = |asked: &Asked| {
        if asked.is_put() && asked.target.contains("poison") {
            Fate::Say(500, "InternalError")
        } else {
            Fate::Pass
        }
    };
    let middleman = Middleman::before(&server.endpoint, poison);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let files: Vec<PathBuf> = ["a.txt", "poison.txt", "b.txt"]
        .iter()
        .map(|name| write_name(folder.path(), name))
        .collect();

    let mut child = client.start(&mut client.command(upload(&files, "3")));
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = stdout.next().unwrap().unwrap();
    assert!(
        child.try_wait().unwrap().is_none(),
        "the first link is there while the second file is tried"
    );
    let rest: Vec<String> = stdout.map(Result::unwrap).collect();

    assert!(
        first.ends_with("a.txt") && rest.len() == 1 && rest[0].ends_with("b.txt"),
        "{first} {rest:?}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(states(&client).iter().all(|(state, _)| state != "failed"));
}

#[test]
fn settings_that_are_away_for_a_moment_fail_nothing() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| {
        std::thread::sleep(Duration::from_millis(10));
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let files: Vec<PathBuf> = (0..300)
        .map(|number| write_name(folder.path(), &format!("{number:03}.txt")))
        .collect();
    let child = client.start(&mut client.command(upload(&files, "20")));
    wait_for("some are there", || server.demo_keys().len() > 5);
    let path = client.home().join("settings.toml");
    let settings = std::fs::read(&path).unwrap();
    let seen = || server.demo_keys().len();

    // As editors save: emptied, then written; and put aside, then renamed into place.
    std::fs::write(&path, "").unwrap();
    let before = seen();
    wait_for("it goes on meanwhile", || seen() > before + 20);
    std::fs::remove_file(&path).unwrap();
    let before = seen();
    wait_for("it goes on meanwhile", || seen() > before + 20);
    std::fs::write(&path, settings).unwrap();

    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), states(&client)),
        (Some(0), vec![("done".into(), None)])
    );
}

#[test]
fn a_journal_that_somebody_else_holds_is_waited_for() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    client
        .run(upload([&write_name(folder.path(), "0.txt")], "20"))
        .with_code(0);
    let held = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    let files: Vec<PathBuf> = (1..40)
        .map(|number| write_name(folder.path(), &format!("{number}.txt")))
        .collect();
    let child = client.start(&mut client.command(upload(&files, "60")));
    wait_for("some are there", || server.demo_keys().len() > 3);

    held.busy_timeout(Duration::from_secs(10)).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::sleep(Duration::from_secs(7));
    held.execute_batch("ROLLBACK").unwrap();

    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(
        (states(&client), server.demo_keys().len()),
        (vec![("done".into(), None)], 40)
    );
}

#[test]
fn what_is_in_the_environment_never_stands_in_for_the_keyring() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Pass);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let path = client.home().join("settings.toml");
    let settings = std::fs::read_to_string(&path)
        .unwrap()
        .replace("credentials = \"env\"", "credentials = \"keyring\"");
    std::fs::write(&path, settings).unwrap();

    let ended = client
        .run(upload([&write_name(folder.path(), "a.txt")], "1"))
        .with_code(1);

    assert!(
        ended.stderr.contains("keyring") && middleman.asked().is_empty(),
        "{}",
        ended.stderr
    );
    assert_eq!(
        states(&client),
        [("queued".into(), Some("keyring-missing".into()))],
        "it goes on when the keyring is there"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn too_many_open_files_are_waited_for() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let files: Vec<PathBuf> = (0..300)
        .map(|number| write_name(folder.path(), &format!("{number}.txt")))
        .collect();
    let real = client.command(upload(&files, "60"));
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(real.get_program())
        .args(real.get_args());
    limited.envs(
        real.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );

    let ended = limited.output().unwrap();

    assert_eq!(
        states(&client),
        [("done".into(), None)],
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn the_same_file_given_twice_is_answered_twice() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (a, b) = (
        write_name(folder.path(), "a.txt"),
        write_name(folder.path(), "b.txt"),
    );
    let ended = server.client().run(upload([&a, &b, &a], "20")).with_code(0);
    let lines = ended.lines();
    assert!(
        lines.len() == 3 && lines[0] == lines[2] && lines[0] != lines[1],
        "{lines:?}"
    );
}

#[test]
fn a_second_command_for_a_file_on_its_way_sends_what_it_is_now() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| {
        if asked.is_put() {
            std::thread::sleep(Duration::from_secs(2));
        }
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let file = write_name(folder.path(), "d.txt");
    let mut first = client.start(&mut client.command(upload([&file], "20")));
    wait_for("it is being sent", || {
        middleman.asked().iter().any(Asked::is_put)
    });
    std::fs::write(&file, "saved anew").unwrap();

    let second = client.run(upload([&file], "20")).with_code(0);

    assert_eq!(server.fetch(second.lines()[0]).body, b"saved anew");
    first.wait().unwrap();
}

#[test]
fn what_was_never_tried_is_waited_for_no_longer_than_what_was() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| match asked.is_put() {
        true => Fate::Say(503, "ServiceUnavailable"),
        false => Fate::Pass,
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    // More than are sent at once.
    let files: Vec<PathBuf> = (0..90)
        .map(|number| write_name(folder.path(), &format!("{number}.txt")))
        .collect();

    let ended = client.run(upload(&files, "4")).with_code(1);

    assert_eq!(ended.stderr.matches("stays queued").count(), 90);
}
