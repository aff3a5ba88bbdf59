//! What becomes of uploaded and of deleted files.

use super::*;

#[test]
fn uploaded_files_are_moved_and_nothing_else_is() {
    let out = tempfile::tempdir().unwrap();
    let watching = Watching::with(
        Server::demo(),
        &[],
        &["--move-to", out.path().to_str().unwrap()],
        |folder| {
            fs::write(folder.join("notes.txt"), "no picture").unwrap();
        },
    );
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    fs::write(watching.path("deep/er/b.jpg"), picture(2)).unwrap();
    let moved = |name: &str, seed: u32| {
        wait_for(name, || {
            fs::read(out.path().join(name)).is_ok_and(|bytes| bytes == picture(seed))
        })
    };
    moved("a.jpg", 1);
    moved("deep/er/b.jpg", 2);
    assert!(!watching.path("a.jpg").exists() && watching.path("notes.txt").exists());
    // Another one of that name.
    fs::write(watching.path("a.jpg"), picture(3)).unwrap();
    moved("a (2).jpg", 3);
    assert_eq!(watching.names().len(), 3);
}

#[test]
fn what_cannot_be_moved_is_said_and_moved_at_the_next_start() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("sent");
    // A file is in the way of the folder.
    fs::write(&to, "").unwrap();
    let mut watching = Watching::start(&["--json", "--move-to", to.to_str().unwrap()]);
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    watching.wait_for_state("the reason", |folder| {
        folder["told"].as_array().unwrap().iter().any(|told| {
            told["message"]
                .as_str()
                .unwrap()
                .contains("was uploaded, but stays where it is")
        })
    });
    assert!(watching.path("a.jpg").exists());
    watching.kill();
    fs::remove_file(&to).unwrap();
    watching.wake();
    wait_for("the move", || {
        fs::read(to.join("a.jpg")).is_ok_and(|bytes| bytes == picture(1))
    });
    assert_eq!(watching.count("SELECT count(*) FROM jobs"), 1);
}

#[test]
fn watching_once_puts_away_all_it_has_uploaded() {
    let (server, folder, out) = (
        Server::demo(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    for seed in 0..30 {
        fs::write(folder.path().join(format!("{seed:02}.jpg")), picture(seed)).unwrap();
    }
    let once = [
        "watch",
        "--once",
        "--no-variants",
        "--profile",
        "test",
        "--move-to",
    ];
    let paths = [
        out.path().to_str().unwrap(),
        folder.path().to_str().unwrap(),
    ];
    server.client().run(once.iter().chain(&paths)).with_code(0);
    assert_eq!(
        (
            fs::read_dir(folder.path()).unwrap().count(),
            fs::read_dir(out.path()).unwrap().count()
        ),
        (0, 30)
    );
}

#[test]
fn what_was_put_away_during_a_look_is_no_deleted_file() {
    let (server, folder, out) = (
        Server::demo(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for seed in 0..4 {
        let path = folder.path().join(format!("{seed}.jpg"));
        fs::write(&path, picture(seed)).unwrap();
        // The last one has to settle first; by then the others are away.
        if seed < 3 {
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(hour_ago)
                .unwrap();
        }
    }
    let client = server.client();
    let once = [
        "watch",
        "--once",
        "--no-variants",
        "--profile",
        "test",
        "--remove-deleted",
        "--grace",
        "0",
        "--move-to",
    ];
    let paths = [
        out.path().to_str().unwrap(),
        folder.path().to_str().unwrap(),
    ];

    let first = client.run(once.iter().chain(&paths)).with_code(0);
    client.run(once.iter().chain(&paths)).with_code(0);

    assert_eq!((first.lines().len(), server.demo_keys().len()), (4, 4));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 4);
}

#[cfg(target_os = "linux")]
#[test]
fn uploaded_files_go_into_the_trash() {
    let trash = tempfile::tempdir().unwrap();
    let watching = Watching::wrapped(Server::demo(), &[], &["--trash"], |_| {
        [
            "env".into(),
            format!("XDG_DATA_HOME={}", trash.path().display()),
        ]
        .into()
    });
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    wait_for("the trash", || {
        fs::read(trash.path().join("Trash/files/a.jpg")).is_ok_and(|bytes| bytes == picture(1))
    });
    let note = fs::read_to_string(trash.path().join("Trash/info/a.jpg.trashinfo")).unwrap();
    assert!(
        note.contains(watching.folder.path().to_str().unwrap()),
        "it can be put back from there: {note}"
    );
    watching.wait(&["a.jpg"]);
}

#[test]
fn objects_of_deleted_files_are_removed_with_their_variants_and_others_stay() {
    let watching = Watching::start(&["--remove-deleted", "--grace", "0"]);
    for (name, seed) in [("a.jpg", 1), ("b.jpg", 2)] {
        fs::write(watching.path(name), picture(seed)).unwrap();
    }
    watching.wait(&["a.jpg", "b.jpg"]);
    let of = |name: &str| {
        watching
            .server
            .demo_keys()
            .into_iter()
            .filter(|key| key.ends_with(name))
            .count()
    };
    assert_eq!(
        (of("/a.jpg"), of("/b.jpg")),
        (4, 4),
        "an original and three variants each"
    );
    fs::remove_file(watching.path("a.jpg")).unwrap();
    wait_for("the removal", || of("/a.jpg") == 0);
    assert_eq!(of("/b.jpg"), 4);
    // A file that comes back goes up again.
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    wait_for("its return", || of("/a.jpg") == 4);
}

#[test]
fn a_removal_can_be_undone_or_hastened() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let path = folder.path().to_str().unwrap();
    for (name, seed) in [("a.jpg", 1), ("b.jpg", 2)] {
        fs::write(folder.path().join(name), picture(seed)).unwrap();
    }
    client
        .run(["folder", "add", "--remove-deleted", "--no-variants", path])
        .with_code(0);
    let mut child = client.start(&mut client.command(["watch"]));
    let journal = || rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    let count = |sql: &str| {
        journal()
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap_or_default()
    };
    wait_for("both", || {
        count("SELECT count(*) FROM jobs WHERE state = 'done'") == 2
    });

    fs::remove_file(folder.path().join("a.jpg")).unwrap();
    wait_for("the removal", || {
        count("SELECT count(*) FROM removals") == 1
    });
    assert!(
        client
            .run(["folder", "list"])
            .with_code(0)
            .stdout
            .contains("1 deleted, to be removed")
    );
    client.run(["folder", "keep", path]).with_code(0);
    assert_eq!(count("SELECT count(*) FROM removals"), 0);
    fs::remove_file(folder.path().join("b.jpg")).unwrap();
    wait_for("the other removal", || {
        count("SELECT count(*) FROM removals") == 1
    });
    client.run(["folder", "remove-now", path]).with_code(0);
    wait_for("its end", || server.demo_keys() == ["originals/a.jpg"]);
    child.kill().unwrap();
    child.wait().unwrap();
}
