//! What becomes of the files of watched folders, and of their objects, as each folder says.

mod put_away;

use std::fs;

use tintype_tests::program::Tintype;
use tintype_tests::server::{Server, wait_for};
use tintype_tests::watching::{Watching, picture};

#[test]
fn new_content_replaces_what_the_same_file_was_and_nothing_else() {
    let watching = Watching::start(&["--changed", "replace"]);
    fs::write(watching.path("a/x.jpg"), picture(1)).unwrap();
    watching.wait(&["x.jpg"]);
    fs::write(watching.path("b/x.jpg"), picture(2)).unwrap();
    wait_for("both", || watching.names().len() == 2);
    let hashed = watching
        .names()
        .into_iter()
        .find(|name| name != "x.jpg")
        .unwrap();

    fs::write(watching.path("b/x.jpg"), picture(3)).unwrap();
    wait_for("the second one's new content", || {
        watching.names().len() == 3
    });
    assert_eq!(
        watching.object("x.jpg"),
        picture(1),
        "another file's object is not taken"
    );
    fs::write(watching.path("a/x.jpg"), picture(4)).unwrap();
    wait_for("the first one's new content", || {
        watching.object("x.jpg") == picture(4)
    });
    assert_eq!(
        (watching.names().len(), watching.object(&hashed)),
        (3, picture(2))
    );
}

#[test]
fn what_two_files_share_is_not_taken_from_one_by_the_other() {
    let watching = Watching::start(&["--changed", "replace", "--remove-deleted", "--grace", "0"]);
    fs::write(watching.path("a/x.jpg"), picture(1)).unwrap();
    watching.wait(&["x.jpg"]);
    fs::copy(watching.path("a/x.jpg"), watching.path("b/x.jpg")).unwrap();
    wait_for("the copy's job", || {
        watching.count("SELECT count(*) FROM jobs WHERE state = 'done'") == 2
    });
    assert_eq!(watching.names(), ["x.jpg"], "one object for both");

    fs::write(watching.path("b/x.jpg"), picture(2)).unwrap();
    wait_for("the new content", || watching.names().len() == 2);
    assert_eq!(watching.object("x.jpg"), picture(1));
    fs::remove_file(watching.path("b/x.jpg")).unwrap();
    wait_for("its removal", || watching.names() == ["x.jpg"]);
    assert_eq!(watching.object("x.jpg"), picture(1));
}

#[test]
fn an_object_of_somebody_else_is_not_removed_with_a_file_that_was_skipped() {
    let watching = Watching::with(
        Server::demo(),
        &["--on-conflict", "skip"],
        &["--remove-deleted", "--grace", "0", "--no-variants"],
        |_| {},
    );
    fs::write(watching.path("own.jpg"), picture(1)).unwrap();
    watching.wait(&["own.jpg"]);
    fs::write(
        watching.server.demo_object("originals/a.jpg"),
        "somebody else's",
    )
    .unwrap();
    fs::write(watching.path("a.jpg"), picture(2)).unwrap();
    wait_for("the skipped job", || {
        watching.count("SELECT count(*) FROM jobs WHERE error_code = 'skipped'") == 1
    });

    fs::remove_file(watching.path("a.jpg")).unwrap();
    fs::remove_file(watching.path("own.jpg")).unwrap();
    wait_for("the removal of what is its own", || {
        watching.names() == ["a.jpg"]
    });
    wait_for("the end", || {
        watching.count("SELECT count(*) FROM removals") == 0
    });
    assert_eq!(watching.object("a.jpg"), b"somebody else's");
}

#[test]
fn what_is_left_out_from_now_on_was_not_deleted() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    fs::create_dir(folder.path().join("drafts")).unwrap();
    fs::write(folder.path().join("drafts/a.jpg"), picture(1)).unwrap();
    let path = folder.path().to_str().unwrap();
    let once = [
        "watch",
        "--once",
        "--no-variants",
        "--profile",
        "test",
        "--remove-deleted",
        "--grace",
        "0",
        path,
    ];
    client.run(once).with_code(0);
    client
        .run(once.iter().copied().chain(["--pattern", "drafts/"]))
        .with_code(0);
    let journal = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    let count = |sql| {
        journal
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(
        (
            count("SELECT count(*) FROM seen"),
            count("SELECT count(*) FROM removals")
        ),
        (1, 0)
    );
    assert_eq!(server.demo_keys(), ["originals/a.jpg"]);
}

#[test]
fn what_was_overwritten_is_not_missed() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--on-conflict", "overwrite"]);
    for (place, seed) in [("1", 1), ("2", 2)] {
        fs::create_dir(folder.path().join(place)).unwrap();
        let path = folder.path().join(place).join("a.jpg");
        fs::write(&path, picture(seed)).unwrap();
        client
            .run(["upload", "--profile", "test", path.to_str().unwrap()])
            .with_code(0);
    }
    let verified = client
        .run(["verify", "--json", "--profile", "test", "--repair"])
        .with_code(0);
    assert_eq!(verified.stdout, "", "nothing is missing");
    assert_eq!(
        fs::read(server.demo_object("originals/a.jpg")).unwrap(),
        picture(2)
    );
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs user namespaces: run `cargo xtask test`"]
fn in_a_namespace_a_drive_that_goes_away_is_no_deletion() {
    let apart = crate::watch::apart();
    let (source, signals) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(source.path().join("card.jpg"), picture(1)).unwrap();
    let script = "card=\"$2/card\"; go=\"$1/go\"; mkdir \"$card\" && mount -t tmpfs none \"$card\" && cp \"$0/card.jpg\" \"$card/\" && shift 2; \
                  (for i in $(seq 900); do [ -e \"$go\" ] && umount \"$card\" && touch \"$go.done\" && break; sleep 0.1; done) & \
                  exec \"$@\"";
    let watching = Watching::wrapped(
        Server::demo(),
        &[],
        &["--remove-deleted", "--grace", "0"],
        |folder| {
            let words = [source.path(), signals.path(), folder]
                .map(|path| path.to_str().unwrap().to_owned());
            let shell = apart
                .iter()
                .copied()
                .chain(["sh", "-c", script])
                .map(str::to_owned);
            shell.chain(words).collect()
        },
    );
    watching.wait(&["card.jpg"]);
    fs::write(watching.path("other.jpg"), picture(2)).unwrap();
    watching.wait(&["card.jpg", "other.jpg"]);
    fs::write(signals.path().join("go"), "").unwrap();
    wait_for("the drive to be away", || {
        signals.path().join("go.done").exists()
    });
    // A real deletion after it is carried out; the files of the drive stay.
    fs::remove_file(watching.path("other.jpg")).unwrap();
    watching.wait(&["card.jpg"]);
    wait_for("the end of it", || {
        watching.count("SELECT count(*) FROM removals") == 0
    });
    assert_eq!(
        watching.count("SELECT count(*) FROM seen"),
        1,
        "the file of the drive is still on record"
    );
}

#[test]
fn folders_are_remembered_listed_and_let_go() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (client, path) = (server.client(), folder.path().to_str().unwrap());
    let (fresh, elsewhere) = (Tintype::new(), tempfile::tempdir().unwrap());
    fresh
        .run([
            "folder",
            "add",
            "--profile",
            "demo",
            elsewhere.path().to_str().unwrap(),
        ])
        .with_code(0);
    client
        .run([
            "folder",
            "add",
            "--profile",
            "test",
            "--variant",
            "tiny=10x10:cover:png",
            "--changed",
            "version",
            path,
        ])
        .with_code(0);
    let listed = client
        .run(["folder", "list", "--json"])
        .with_code(0)
        .json()
        .remove(0);
    assert_eq!(
        (&listed["changed"], &listed["variants"][0]["name"]),
        (&"version".into(), &"tiny".into())
    );
    fs::write(folder.path().join("a.png"), picture(1)).unwrap();
    client.run(["watch", "--once"]).with_code(0);
    assert_eq!(
        server.demo_keys().len(),
        2,
        "an original and its own variant: {:?}",
        server.demo_keys()
    );
    client.run(["folder", "pause", path]).with_code(0);
    assert!(
        client
            .run(["folder", "list"])
            .with_code(0)
            .stdout
            .contains("(rests)")
    );
    client.run(["folder", "resume", path]).with_code(0);
    client.run(["folder", "remove", path]).with_code(0);
    assert_eq!(client.run(["folder", "list"]).with_code(0).stdout, "");
    let unknown = client.run(["folder", "pause", path]).with_code(1);
    assert!(
        unknown.stderr.contains("is not watched"),
        "{}",
        unknown.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_system_is_told_to_watch_and_says_why_it_cannot() {
    let (server, folder, config) = (
        Server::demo(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let client: Tintype = server
        .client()
        .env("XDG_CONFIG_HOME", config.path().to_str().unwrap());
    let client = client
        .env("XDG_RUNTIME_DIR", "/nowhere")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let path = folder.path().to_str().unwrap();
    // No session of the system can be reached from here, so the last step fails, with its sentence.
    let ended = client
        .run(["watch", "--install", "--profile", "test", path])
        .with_code(1);
    assert!(
        ended.stderr.contains("systemctl") && ended.stderr.contains("enable --now tintype-watch"),
        "{}",
        ended.stderr
    );
    assert!(
        client.run(["folder", "list"]).stdout.contains(path),
        "the folder is remembered"
    );
    let unit = config.path().join("systemd/user/tintype-watch.service");
    let text = fs::read_to_string(&unit).unwrap();
    assert!(
        text.contains("\" watch\n") && text.contains(client.home().to_str().unwrap()),
        "{text}"
    );
    if let Ok(checked) = std::process::Command::new("systemd-analyze")
        .args(["--user", "verify"])
        .arg(&unit)
        .env("XDG_RUNTIME_DIR", config.path())
        .output()
    {
        assert!(
            checked.status.success(),
            "{}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
    client.run(["watch", "--uninstall"]).with_code(0);
    assert!(!unit.exists());
}

#[test]
fn what_lies_in_another_watched_folder_goes_up_once() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    fs::create_dir(folder.path().join("inner")).unwrap();
    fs::write(folder.path().join("inner/a.jpg"), picture(1)).unwrap();
    fs::write(folder.path().join("b.jpg"), picture(2)).unwrap();
    let (outer, inner) = (folder.path().to_str().unwrap(), folder.path().join("inner"));
    for path in [outer, inner.to_str().unwrap()] {
        client
            .run(["folder", "add", "--profile", "test", "--no-variants", path])
            .with_code(0);
    }

    client.run(["watch", "--once"]).with_code(0);

    let journal = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    let jobs: i64 = journal
        .query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))
        .unwrap();
    assert_eq!(
        (jobs, server.demo_keys()),
        (2, vec!["originals/a.jpg".into(), "originals/b.jpg".into()])
    );
}

#[test]
fn a_folder_that_is_not_there_keeps_no_other_from_going_up() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    fs::write(folder.path().join("a.jpg"), picture(1)).unwrap();
    let (here, missing) = (folder.path(), folder.path().with_extension("missing"));

    let ended = client.run([
        "watch",
        "--once",
        "--profile",
        "test",
        here.to_str().unwrap(),
        missing.to_str().unwrap(),
    ]);

    let ended = ended.with_code(1);
    assert_eq!(ended.lines().len(), 1, "its link is printed");
    assert!(
        ended.stderr.contains(missing.to_str().unwrap()),
        "{}",
        ended.stderr
    );
}
