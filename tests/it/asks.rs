//! A file that tells where it was taken waits for a person's word, through whichever door it came.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tintype_core::content::Codec;
use tintype_core::privacy::tells_location;
use tintype_tests::pictures::{Camera, jpeg, landscape};
use tintype_tests::program::{Ended, Tintype};
use tintype_tests::server::Server;

fn photo(folder: &Path, name: &str, seed: u32, gps: bool) -> PathBuf {
    let camera = Camera {
        orientation: 1,
        captured: "2026:07:04 18:30:00",
        gps,
    };
    let path = folder.join(name);
    std::fs::write(&path, jpeg(&landscape(300, 200, seed), Some(camera))).unwrap();
    path
}

/// What a phone films: the place stands in an atom of its own (QuickTime file format, `©xyz`).
fn film(folder: &Path) -> PathBuf {
    let boxed = |kind: &[u8], content: &[u8]| {
        let length = u32::try_from(content.len() + 8).unwrap();
        [&length.to_be_bytes()[..], kind, content].concat()
    };
    let place = boxed(b"\xa9xyz", b"\0\x12\x15\xc7+48.8583+002.2945/");
    let film = [
        boxed(b"ftyp", b"isom\0\0\0\x01isommp42"),
        boxed(b"mdat", &vec![7; 20 << 20]),
        boxed(b"moov", &boxed(b"udta", &place)),
    ];
    let path = folder.join("holiday.mp4");
    std::fs::write(&path, film.concat()).unwrap();
    path
}

fn upload(client: &Tintype, more: &[&str], files: &[&PathBuf]) -> Ended {
    let mut args = vec!["upload", "--json", "--no-variants", "--profile", "test"];
    args.extend(more);
    args.extend(files.iter().filter_map(|file| file.to_str()));
    client.run(args)
}

/// The error's code of each report, or its status.
fn said(reports: &[Value]) -> Vec<&str> {
    let said = reports.iter().map(|report| {
        report["error"]["code"]
            .as_str()
            .or(report["status"].as_str())
    });
    said.map(Option::unwrap_or_default).collect()
}

#[test]
fn what_tells_its_place_waits_for_a_word_and_goes_up_by_it() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let home = photo(folder.path(), "home.jpg", 1, true);
    let work = photo(folder.path(), "work.jpg", 2, true);
    let nowhere = photo(folder.path(), "nowhere.jpg", 3, false);
    let film = film(folder.path());

    let asked = upload(&client, &[], &[&home, &nowhere, &work, &film])
        .with_code(1)
        .json();

    assert_eq!(
        said(&asked),
        [
            "location-asked",
            "uploaded",
            "location-asked",
            "location-asked"
        ]
    );
    assert_eq!(server.demo_keys().len(), 1, "nothing of the others went up");

    // Answered by giving them once more.
    let kept = upload(&client, &["--location", "keep"], &[&home, &film])
        .with_code(0)
        .json();
    let stripped = upload(&client, &["--location", "strip"], &[&work])
        .with_code(0)
        .json();

    assert_eq!(said(&kept), ["uploaded", "uploaded"]);
    let link = |report: &Value| report["url"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        server.fetch(&link(&kept[0])).body,
        std::fs::read(&home).unwrap()
    );
    let fetched = server.fetch(&link(&stripped[0])).body;
    assert!(tells_location(&std::fs::read(&work).unwrap(), Codec::Jpeg));
    assert!(!tells_location(&fetched, Codec::Jpeg));
    let waiting = client.run(["history", "--json"]).with_code(0).json();
    assert!(
        waiting.iter().all(|job| job["status"] == "uploaded"),
        "the answers were to the same jobs"
    );
}

#[test]
fn a_choice_made_at_once_is_not_asked_for() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let home = photo(folder.path(), "home.jpg", 1, true);

    let kept = upload(&client, &["--location", "keep"], &[&home])
        .with_code(0)
        .json();
    let refused = upload(&client, &["--location", "strip"], &[&film(folder.path())]);

    assert_eq!(said(&kept), ["uploaded"]);
    assert_eq!(said(&refused.with_code(1).json()), ["cannot-strip"]);
}

#[test]
fn a_name_tells_nothing_of_what_was_taken_out() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    std::fs::create_dir(&first).unwrap();
    std::fs::create_dir(&second).unwrap();
    let first = photo(&first, "home.jpg", 1, false);
    let second = photo(&second, "home.jpg", 2, true);
    upload(&client, &[], &[&first]).with_code(0);

    let told = upload(&client, &["--location", "strip"], &[&second])
        .with_code(0)
        .json();

    let key = told[0]["key"].as_str().unwrap();
    let body = server.fetch(told[0]["url"].as_str().unwrap()).body;
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes))[..8].to_owned();
    assert_eq!(key, format!("originals/home-{}.jpg", hash(&body)));
    assert!(!key.contains(&hash(&std::fs::read(&second).unwrap())));
}

#[test]
fn a_watched_folder_asks_too() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    photo(folder.path(), "home.jpg", 1, true);
    photo(folder.path(), "nowhere.jpg", 2, false);
    let path = folder.path().to_str().unwrap();
    let once = [
        "watch",
        "--once",
        "--json",
        "--no-variants",
        "--profile",
        "test",
        path,
    ];

    let asked = client.run(once).with_code(1).json();

    // Whichever was done first.
    let mut told = said(&asked);
    told.sort();
    assert_eq!(told, ["location-asked", "uploaded"]);
    assert_eq!(server.demo_keys().len(), 1);
    client.run(once);
    assert_eq!(server.demo_keys().len(), 1, "it waits still");
}
