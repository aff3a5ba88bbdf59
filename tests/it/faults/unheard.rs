//! What is in the bucket, and nobody was told of: of a try that was killed, of a job that failed, of
//! another computer that was quicker.

use std::path::Path;

use tintype_tests::pictures::{jpeg, landscape};

use super::*;

/// So many objects arrive, and nothing is heard after the last of them.
fn deaf_after(endpoint: &str, objects: usize) -> (Middleman, Arc<AtomicBool>) {
    let (puts, deaf) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let is_deaf = Arc::clone(&deaf);
    let middleman = Middleman::before(endpoint, move |asked| {
        if is_deaf.load(Ordering::SeqCst) {
            Fate::Say(503, "SlowDown")
        } else if asked.is_put() && puts.fetch_add(1, Ordering::SeqCst) + 1 == objects {
            is_deaf.store(true, Ordering::SeqCst);
            Fate::LoseReply
        } else {
            Fate::Pass
        }
    });
    (middleman, deaf)
}

#[test]
fn what_a_killed_try_left_in_the_place_of_what_was_known_is_no_strangers() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, deaf) = deaf_after(&server.endpoint, 2);
    let client = server.client_at(&middleman.endpoint(), &["--on-conflict", "replace"]);
    let file = write(folder.path(), "a.txt", b"first");
    upload(&client, std::slice::from_ref(&file)).with_code(0);
    std::fs::write(&file, b"second").unwrap();
    kill_when(&client, &file, || {
        std::fs::read(server.demo_object("originals/a.txt")).is_ok_and(|bytes| bytes == b"second")
    });
    deaf.store(false, Ordering::SeqCst);
    std::fs::write(&file, b"third").unwrap();

    let report = upload(&client, &[file]).with_code(0).json().remove(0);

    assert_eq!(text(&report, "key"), "originals/a.txt");
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    assert_eq!(server.fetch(text(&report, "url")).body, b"third");
}

#[test]
fn what_a_killed_try_left_under_a_key_that_is_not_used_again_is_remembered() {
    let (server, folder, other) = (
        Server::demo(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let (middleman, deaf) = deaf_after(&server.endpoint, 2);
    let client = server.client_at(&middleman.endpoint(), &[]);
    upload(&client, &[write(other.path(), "a.txt", b"another's")]).with_code(0);
    let file = write(folder.path(), "a.txt", b"first");
    let first = format!("originals/a-{}.txt", &sha256(b"first")[..8]);
    kill_when(&client, &file, || server.demo_keys().contains(&first));
    deaf.store(false, Ordering::SeqCst);
    std::fs::write(&file, b"second").unwrap();

    upload(&client, &[file]).with_code(0);

    let mut expected = vec![
        first,
        format!("originals/a-{}.txt", &sha256(b"second")[..8]),
    ];
    expected.sort();
    assert_eq!(
        relied_on(&client, folder.path()),
        expected,
        "both are the file's own"
    );
}

#[test]
fn what_a_job_sent_before_it_failed_is_remembered() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, refuses_variants);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let picture = jpeg(&landscape(400, 300, 1), None);

    let report = upload(&client, &[write(folder.path(), "a.jpg", picture)])
        .with_code(1)
        .json()
        .remove(0);

    assert_eq!(text(&report, "status"), "failed", "{report}");
    assert_eq!(server.demo_keys(), ["originals/a.jpg"]);
    // Of the others nobody knows whether they will arrive yet.
    assert!(relied_on(&client, folder.path()).contains(&"originals/a.jpg".to_owned()));
}

#[test]
fn what_nobody_was_told_of_makes_room_for_its_files_next_upload() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, refuses) = Middleman::switched(&server.endpoint, refuses_variants);
    refuses.store(true, Ordering::SeqCst);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let picture = |seed| jpeg(&landscape(400, 300, seed), None);
    let file = write(folder.path(), "a.jpg", picture(1));
    upload(&client, std::slice::from_ref(&file)).with_code(1);
    refuses.store(false, Ordering::SeqCst);
    std::fs::write(&file, picture(2)).unwrap();

    let report = upload(&client, &[file]).with_code(0).json().remove(0);

    assert_eq!(
        text(&report, "key"),
        "originals/a.jpg",
        "no key of its own beside it"
    );
    assert_eq!(server.fetch(text(&report, "url")).body, picture(2));
}

fn refused_if(is_meant: bool) -> Fate {
    match is_meant {
        true => Fate::Say(403, "AccessDenied"),
        false => Fate::Pass,
    }
}

fn refuses_variants(asked: &Asked) -> Fate {
    refused_if(asked.is_put() && !asked.target.contains("originals"))
}

/// The keys that a folder's files rely on, as the journal knows.
fn relied_on(client: &Tintype, folder: &Path) -> Vec<String> {
    journal(client)
        .prepare("SELECT key FROM reliance WHERE CAST(source AS TEXT) LIKE ?1 ORDER BY key")
        .unwrap()
        .query_map([format!("{}%", folder.display())], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn what_another_computer_put_there_is_not_ours_even_with_the_same_content() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let file = write(folder.path(), "a.txt", b"the same");
    let (other, others_file) = (server.client_at(&server.endpoint, &[]), file.clone());
    let puts = AtomicUsize::new(0);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if !asked.is_put() {
            return Fate::Pass;
        }
        if puts.fetch_add(1, Ordering::SeqCst) > 0 {
            return Fate::Say(412, "PreconditionFailed");
        }
        upload(&other, std::slice::from_ref(&others_file)).with_code(0);
        Fate::Reset
    });
    let client = server.client_at(&middleman.endpoint(), &[]);

    let report = upload(&client, &[file]).with_code(0).json().remove(0);

    assert_eq!(text(&report, "status"), "present", "{report}");
    let ours: bool = journal(&client)
        .query_row("SELECT ours FROM bucket_objects", [], |row| row.get(0))
        .unwrap();
    assert!(!ours, "it is not this computer's to remove");
}

#[test]
fn what_is_to_be_mended_and_was_not_is_not_said_to_be() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, refuses) =
        Middleman::switched(&server.endpoint, |asked| refused_if(asked.is_complete()));
    let client = server.client_at(&middleman.endpoint(), &[]);
    let bytes = noise(LARGE, 7);
    upload(&client, &[write(folder.path(), "a.bin", &bytes)]).with_code(0);
    let mut rotten = bytes;
    rotten[1000] ^= 0xff;
    std::fs::write(server.demo_object("originals/a.bin"), &rotten).unwrap();
    refuses.store(true, Ordering::SeqCst);
    let repair = ["verify", "--profile", "test", "--deep", "--repair"];

    let ended = client.run(repair);

    let said = ended.with_code(1).stderr;
    assert!(said.contains("0 files uploaded again, 1 not"), "{said}");
}

#[test]
fn what_could_not_be_mended_is_still_missing() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, refuses) =
        Middleman::switched(&server.endpoint, |asked| refused_if(asked.is_put()));
    let client = server.client_at(&middleman.endpoint(), &[]);
    upload(&client, &[write(folder.path(), "a.txt", b"hello")]).with_code(0);
    std::fs::remove_file(server.demo_object("originals/a.txt")).unwrap();
    let verify = |repair: &[&str]| {
        let words = ["verify", "--profile", "test"];
        client.run(words.iter().chain(repair))
    };
    refuses.store(true, Ordering::SeqCst);

    let refused = verify(&["--repair"]).with_code(1).stderr;
    let after = verify(&[]).with_code(1).stderr;
    refuses.store(false, Ordering::SeqCst);
    verify(&["--repair"]).with_code(0);
    let mended = verify(&[]).with_code(0).stderr;

    assert!(
        refused.contains("0 files uploaded again, 1 not"),
        "{refused}"
    );
    assert!(
        after.contains("1 object looked at, 1 not as before"),
        "{after}"
    );
    assert!(
        mended.contains("1 object looked at, all as before"),
        "{mended}"
    );
}

#[test]
fn what_is_to_be_mended_is_not_sent_to_another_bucket() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &[]);
    upload(&client, &[write(folder.path(), "a.txt", b"hello")]).with_code(0);
    std::fs::remove_file(server.demo_object("originals/a.txt")).unwrap();
    client.run(["pause"]).with_code(0);
    client
        .run(["verify", "--profile", "test", "--repair"])
        .with_code(1);
    let settings = client.home().join("settings.toml");
    let elsewhere = std::fs::read_to_string(&settings).unwrap().replace(
        &format!("bucket = \"{}\"", server.bucket),
        "bucket = \"another\"",
    );
    std::fs::write(&settings, elsewhere).unwrap();
    client.run(["resume"]).with_code(0);

    client.run(["watch", "--once", folder.path().to_str().unwrap()]);

    let code: String = journal(&client)
        .query_row(
            "SELECT error_code FROM jobs WHERE wanted IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(code, "file-replaced");
}

#[test]
fn what_a_killed_try_left_makes_room_for_what_goes_up_in_parts() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let forgotten = Mutex::new(None);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let mut forgotten = forgotten.lock().unwrap();
        // The first upload is forgotten for good.
        match asked.is_complete() && forgotten.get_or_insert(asked.target.clone()) == &asked.target
        {
            true => Fate::Say(404, "NoSuchUpload"),
            false => Fate::Pass,
        }
    });
    let deaf = deaf_after(&middleman.endpoint(), 1);
    let client = server.client_at(&deaf.0.endpoint(), &[]);
    let file = write(folder.path(), "a.bin", b"small at first");
    kill_when(&client, &file, || server.demo_keys() == ["originals/a.bin"]);
    deaf.1.store(false, Ordering::SeqCst);
    let grown = noise(LARGE, 8);
    std::fs::write(&file, &grown).unwrap();

    let report = upload(&client, &[file]).with_code(0).json().remove(0);

    assert_eq!(text(&report, "key"), "originals/a.bin", "{report}");
    assert_eq!(
        sha256(&server.fetch(text(&report, "url")).body),
        sha256(&grown)
    );
}

/// Uploads a file, and kills that when something has happened.
fn kill_when(client: &Tintype, file: &Path, happened: impl FnMut() -> bool) {
    let mut command = client.command(["upload", "--profile", "test"]);
    let mut child = client.start(command.arg(file));
    wait_for("it has arrived", happened);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn journal(client: &Tintype) -> rusqlite::Connection {
    rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap()
}
