//! Several programs at once: nobody waits for ever, nothing is lost, nothing is done twice.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use tintype_tests::files::{write, write_name};
use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::program::Tintype;
use tintype_tests::server::{Server, fetch, wait_for};
use tintype_tests::webhook::listener;

fn ends_well(mut child: Child, what: &str) {
    let mut status = None;
    wait_for(what, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(
        status.is_some_and(|status| status.success()),
        "{what}: {status:?}"
    );
}

/// How often twenty programs are started at once; 100 times where `TINTYPE_ROUNDS=100` asks for
/// that.
fn rounds() -> u32 {
    std::env::var("TINTYPE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(2)
}

#[test]
fn twenty_uploads_at_once_all_end() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    for round in 0..rounds() {
        let started: Vec<Child> = (0..20)
            .map(|number| {
                let file = write_name(folder.path(), &format!("{round}-{number}.txt"));
                client.start(&mut client.command([
                    "upload",
                    "--profile",
                    "test",
                    file.to_str().unwrap(),
                ]))
            })
            .collect();
        started
            .into_iter()
            .for_each(|child| ends_well(child, "an upload beside nineteen others"));
    }
    assert_eq!(server.demo_keys().len(), 20 * rounds() as usize);
}

#[test]
fn what_the_leader_did_ends_the_one_that_waits() {
    // The demo bucket is served by one of them; the other's file is done by that one, which ends at
    // once.
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    for round in 0..4 {
        let started: Vec<Child> = (0..3)
            .map(|number| {
                let file = write_name(folder.path(), &format!("{round}-{number}.txt"));
                client.start(&mut client.command([
                    "upload",
                    "--profile",
                    "demo",
                    file.to_str().unwrap(),
                ]))
            })
            .collect();
        started
            .into_iter()
            .for_each(|child| ends_well(child, "an upload beside two others"));
    }
}

/// Whether an engine leads.
fn is_led(client: &Tintype) -> bool {
    std::fs::File::open(client.home().join("engine.lock"))
        .is_ok_and(|lock| lock.try_lock().is_err())
}

/// Starts `tintype demo`; what its links begin with.
fn serve_demo(client: &Tintype) -> (Child, String) {
    let mut serving = client.start(&mut client.command(["demo", "--json"]));
    let mut access = String::new();
    BufReader::new(serving.stdout.take().unwrap())
        .read_line(&mut access)
        .unwrap();
    let access: Value = serde_json::from_str(&access).unwrap();
    (serving, access["public_url"].as_str().unwrap().to_owned())
}

#[test]
fn while_the_demo_bucket_is_served_other_commands_send_to_it() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let (mut serving, public_url) = serve_demo(&client);
    assert!(!client.home().join("settings.toml").exists());
    assert!(!is_led(&client), "it does nobody else's work");
    let file = write(folder.path(), "a.txt", b"hello");

    let ended = client
        .run(["upload", "--profile", "demo", file.to_str().unwrap()])
        .with_code(0);

    let link = format!("{public_url}/originals/a.txt");
    assert_eq!(ended.lines(), [link.as_str()]);
    assert_eq!(fetch(&link, None).body, b"hello", "it stays open");
    client.run(["verify"]).with_code(0);
    client.run(["profile", "test", "demo"]).with_code(0);
    end(&mut serving);
    client.run(["verify"]).with_code(0);
}

#[test]
fn who_serves_the_demo_bucket_does_all_of_its_uploads_whoever_leads() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let (watched, given) = (folder.path().join("watched"), folder.path().join("given"));
    std::fs::create_dir(&watched).unwrap();
    std::fs::create_dir(&given).unwrap();
    let watch = ["watch", "--profile", "demo", watched.to_str().unwrap()];
    let mut leader = client.start(&mut client.command(watch));
    wait_for("it leads", || is_led(&client));
    let (mut serving, _) = serve_demo(&client);
    (0..60).for_each(|number| drop(write_name(&given, &format!("{number}.txt"))));

    let ended = client
        .run(["upload", "--profile", "demo", given.to_str().unwrap()])
        .with_code(0);

    assert_eq!(ended.lines().len(), 60);
    end(&mut serving);
    end(&mut leader);
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_leader_is_noticed_by_who_waits() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| {
        if asked.is_put() && asked.target.contains("slow") {
            std::thread::sleep(Duration::from_secs(600));
        }
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let slow = write_name(folder.path(), "slow.txt");
    let mut leader =
        client.start(&mut client.command(["upload", "--profile", "test", slow.to_str().unwrap()]));
    wait_for("the leader sends", || {
        middleman.asked().iter().any(|asked| asked.is_put())
    });
    let quick = write_name(folder.path(), "quick.txt");
    let waits = client.start(&mut client.command([
        "upload",
        "--profile",
        "test",
        "--patience",
        "60",
        quick.to_str().unwrap(),
    ]));

    leader.kill().unwrap();
    leader.wait().unwrap();

    wait_for("quick.txt is there", || {
        server.demo_keys() == ["originals/quick.txt"]
    });
    let mut waits = waits;
    waits.kill().unwrap();
    waits.wait().unwrap();
}

#[test]
fn credentials_of_the_environment_are_those_of_who_asks() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    // It leads, and has no credentials.
    let mut command = client.command([
        "watch",
        "--profile",
        "test",
        folder.path().to_str().unwrap(),
    ]);
    let mut leader = client.start(
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY"),
    );
    wait_for("it leads", || client.home().join("engine.lock").exists());
    let other = tempfile::tempdir().unwrap();

    client
        .run([
            "upload",
            "--profile",
            "test",
            write_name(other.path(), "a.txt").to_str().unwrap(),
        ])
        .with_code(0);

    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    leader.kill().unwrap();
    leader.wait().unwrap();
}

#[test]
fn a_lead_that_cannot_be_taken_is_said_and_waited_for_no_longer_than_asked() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    std::fs::create_dir(client.home().join("engine.lock")).unwrap();

    let ended = client
        .run([
            "upload",
            "--profile",
            "demo",
            "--patience",
            "1",
            write_name(folder.path(), "a.txt").to_str().unwrap(),
        ])
        .with_code(1);

    assert!(
        ended.stderr.contains("cannot be locked") && ended.stderr.contains("hint: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn jobs_that_a_person_pauses_elsewhere_do_not_start() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| {
        std::thread::sleep(Duration::from_millis(20));
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    (0..200).for_each(|number| drop(write_name(folder.path(), &format!("{number:03}.txt"))));
    let path = client.home().join("settings.toml");
    let settings = std::fs::read_to_string(&path)
        .unwrap()
        .replace("uploads_at_once = 64", "uploads_at_once = 1");
    std::fs::write(&path, settings).unwrap();
    let mut child = client.start(&mut client.command([
        "upload",
        "--no-variants",
        "--profile",
        "test",
        folder.path().to_str().unwrap(),
    ]));
    wait_for("some are there", || server.demo_keys().len() > 5);

    // What the window does, in another process.
    let journal = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    journal.busy_timeout(Duration::from_secs(10)).unwrap();
    let paused = journal
        .execute(
            "UPDATE jobs SET paused = 1 WHERE state IN ('queued', 'planned')",
            [],
        )
        .unwrap();
    assert!(paused > 0);
    wait_for("what runs has ended", || {
        journal
            .query_row(
                "SELECT count(*) FROM jobs WHERE engine IS NOT NULL",
                [],
                |row| row.get::<_, i64>(0),
            )
            .unwrap()
            == 0
    });
    let there = server.demo_keys().len();
    let left: i64 = journal
        .query_row(
            "SELECT count(*) FROM jobs WHERE paused = 1 AND state <> 'done'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let in_flight = there as i64 - (200 - left);
    assert!(
        left > 100 && in_flight <= 4,
        "what was paused has not gone up: {there} there, {left} left"
    );
}

#[test]
fn a_profile_that_is_renamed_while_its_jobs_run_stays_the_same() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (hook, told) = listener(vec![200; 4]);
    let slow = Middleman::before(&server.endpoint, |asked| {
        if asked.is_put() && asked.target.contains(".txt") {
            Fate::Slowly(100)
        } else {
            Fate::Pass
        }
    });
    let client = server.client_at(
        &slow.endpoint(),
        &["--webhook", &hook, "--manifest", "lists"],
    );
    let files: Vec<_> = (0..4)
        .map(|number| write(folder.path(), &format!("{number}.txt"), [number; 100]))
        .collect();
    let args = ["upload", "--profile", "test"]
        .map(std::ffi::OsStr::new)
        .into_iter();
    let upload =
        client.start(&mut client.command(args.chain(files.iter().map(|file| file.as_os_str()))));
    wait_for("a file is on its way", || {
        slow.asked().iter().any(|asked| asked.is_put())
    });

    let settings = client.home().join("settings.toml");
    let renamed = std::fs::read_to_string(&settings)
        .unwrap()
        .replace("name = \"test\"", "name = \"new\"");
    std::fs::write(&settings, renamed).unwrap();

    ends_well(upload, "an upload to a profile that was renamed");
    let told = (0..4)
        .map_while(|_| told.recv_timeout(Duration::from_secs(10)).ok())
        .count();
    assert_eq!(told, 4, "the webhook is told of all of them");
    assert_eq!(
        server
            .demo_keys()
            .iter()
            .filter(|key| key.starts_with("lists/"))
            .count(),
        1,
        "and the manifest lists them"
    );
    let history = client
        .run(["history", "--json", "--search", "new"])
        .with_code(0)
        .json();
    assert_eq!(history.len(), 4, "all are found under the new name");
}
