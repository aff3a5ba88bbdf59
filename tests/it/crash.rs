//! `kill -9` at any time: nothing is lost, nothing is uploaded twice under two names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::program::sha256;
use tintype_tests::server::Server;

const FILES: u32 = 200;
const KILLS: u32 = 50;

#[test]
fn fifty_kills_over_two_hundred_files_lose_and_double_nothing() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let mut contents = Vec::new();
    for number in 0..FILES {
        let bytes = jpeg(&landscape(240 + number % 7, 180, number), None);
        std::fs::write(photos.join(format!("{number:03}.jpg")), &bytes).unwrap();
        contents.push((format!("{number:03}.jpg"), bytes));
    }
    let args = ["upload", "--profile", "test", photos.to_str().unwrap()];
    let mut dice = 0x2545_f491_u32;
    let mut killed = 0;
    for _ in 0..KILLS {
        let mut child = client.start(&mut client.command(args));
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The moment of the kill is the point of the test: anywhere from before main() to near the
        // end.
        std::thread::sleep(Duration::from_millis(u64::from(dice >> 8) % 220));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    let ended = client.run(args).with_code(0);

    assert!(
        killed > KILLS / 2,
        "only {killed} of {KILLS} runs were killed: the machine is too fast for this test"
    );
    assert_eq!(ended.lines().len(), FILES as usize);
    let expected: BTreeSet<String> = contents
        .iter()
        .flat_map(|(name, _)| {
            ["originals", "800x600", "400x300", "200x150"].map(|folder| format!("{folder}/{name}"))
        })
        .collect();
    assert_eq!(
        server.demo_keys().into_iter().collect::<BTreeSet<_>>(),
        expected,
        "every key once, and no others"
    );
    for ((name, bytes), link) in contents.iter().zip(ended.lines()) {
        let fetched = server.fetch(link);
        assert_eq!(
            (fetched.status, sha256(&fetched.body)),
            (200, sha256(bytes)),
            "{name}"
        );
        assert_eq!(fetched.content_type, "image/jpeg");
    }
    let unfinished = client
        .run(["history", "--json", "--limit", "100000"])
        .with_code(0)
        .json();
    assert!(
        unfinished
            .iter()
            .all(|file| file["status"] == "uploaded" || file["status"] == "present"),
        "everything is finished"
    );
}

#[test]
fn what_was_queued_goes_on_by_itself_at_the_next_start() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    for number in 0..40 {
        std::fs::write(
            folder.path().join(format!("{number}.jpg")),
            jpeg(&landscape(900, 700, number), None),
        )
        .unwrap();
    }
    let mut child = client.start(&mut client.command([
        "upload",
        "--profile",
        "test",
        folder.path().to_str().unwrap(),
    ]));
    let journal = client.home().join("journal.sqlite");
    let queued = || {
        let db = rusqlite::Connection::open_with_flags(
            &journal,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .ok()?;
        db.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, i64>(0))
            .ok()
    };
    tintype_tests::server::wait_for("the batch is in the journal", || queued() == Some(40));
    child.kill().unwrap();
    child.wait().unwrap();

    // Another file, another command: the forty go along.
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "x").unwrap();
    client
        .run(["upload", "--profile", "test", other.to_str().unwrap()])
        .with_code(0);

    assert_eq!(
        server
            .demo_keys()
            .iter()
            .filter(|key| key.starts_with("originals/"))
            .count(),
        41
    );
}

#[test]
fn two_engines_killed_in_turn_lose_and_double_nothing() {
    const EACH: u32 = 4;
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (client, turns) = (server.client(), 2 * kills());
    let mut contents = BTreeMap::new();
    let mut engines = [None, None];
    let (mut dice, mut killed) = (0x9e37_79b9_u32, 0);
    for turn in 0..turns {
        let new = folder.path().join(turn.to_string());
        std::fs::create_dir(&new).unwrap();
        for number in turn * EACH..(turn + 1) * EACH {
            let bytes = jpeg(&landscape(120 + number % 7, 90, number), None);
            let name = format!("{number:05}.jpg");
            std::fs::write(new.join(&name), &bytes).unwrap();
            contents.insert(name, bytes);
        }
        let args = ["upload", "--profile", "test", new.to_str().unwrap()];
        let slot = &mut engines[turn as usize % 2];
        if let Some(mut engine) = slot.replace(client.start(&mut client.command(args))) {
            killed += u32::from(end(&mut engine));
        }
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The moment of the kill is the point of the test.
        std::thread::sleep(Duration::from_millis(u64::from(dice >> 8) % 250));
    }
    engines.iter_mut().flatten().for_each(|engine| {
        end(engine);
    });

    let ended = client
        .run([
            "upload",
            "--profile",
            "test",
            folder.path().to_str().unwrap(),
        ])
        .with_code(0);

    assert!(killed > turns / 3, "only {killed} of {turns} were killed");
    assert_eq!(ended.lines().len(), contents.len());
    let expected: BTreeSet<String> = contents
        .keys()
        .map(|name| format!("originals/{name}"))
        .collect();
    let keys: BTreeSet<String> = server
        .demo_keys()
        .into_iter()
        .filter(|key| key.starts_with("originals/"))
        .collect();
    assert_eq!(keys, expected, "every key once, and no others");
    for (name, bytes) in &contents {
        let there = std::fs::read(server.demo_object(&format!("originals/{name}"))).unwrap();
        assert_eq!(sha256(&there), sha256(bytes), "{name}");
    }
    let history = client
        .run(["history", "--json", "--limit", "1000000"])
        .with_code(0)
        .json();
    assert!(
        history
            .iter()
            .all(|file| file["status"] == "uploaded" || file["status"] == "present"),
        "everything is finished"
    );
}

/// Kills it; whether it was still there.
fn end(engine: &mut std::process::Child) -> bool {
    let was_there = engine.try_wait().unwrap().is_none();
    engine.kill().unwrap();
    engine.wait().unwrap();
    was_there
}

/// How often it is killed; 200 times where `TINTYPE_KILLS=200` asks for that.
fn kills() -> u32 {
    std::env::var("TINTYPE_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(25)
}

#[test]
#[ignore = "needs Garage: run `cargo xtask test`"]
fn kills_amid_small_and_large_files_leave_no_part_behind() {
    // Garage lists unfinished uploads, which the demo bucket does not.
    let server = Server::garage();
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    for number in 0..100_u32 {
        let length = if number % 10 == 0 {
            17_000_000 + number
        } else {
            30_000 + number
        };
        let bytes: Vec<u8> = (0..length)
            .map(|n| ((n ^ number).wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        std::fs::write(files.join(format!("{number:03}.bin")), bytes).unwrap();
    }
    let args = [
        "upload",
        "--json",
        "--profile",
        "test",
        files.to_str().unwrap(),
    ];
    let (mut dice, mut killed) = (0x1234_5678_u32, 0);
    for _ in 0..kills() {
        let mut child = client.start(&mut client.command(args));
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(Duration::from_millis(u64::from(dice >> 8) % 400));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    let reports = client.run(args).with_code(0).json();

    assert!(
        killed > kills() / 3,
        "only {killed} of {} runs were killed",
        kills()
    );
    let mut keys: Vec<&str> = reports
        .iter()
        .map(|report| report["key"].as_str().unwrap())
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        (0..100)
            .map(|number| format!("originals/{number:03}.bin"))
            .collect::<Vec<_>>()
    );
    for report in &reports {
        let body = server.fetch(report["url"].as_str().unwrap()).body;
        assert_eq!(
            sha256(&body),
            report["sha256"].as_str().unwrap(),
            "{report}"
        );
    }
    assert_eq!(
        server.garage_counts(),
        (100, 0),
        "every object once, and no upload that is not finished"
    );
}
