//! What goes wrong between Tintype and the bucket, one test per row of the list of failures: a man
//! in the middle makes it happen, before a real server. What must be said at the end is what the
//! bucket has.

mod answers;
mod quirks;
mod services;
mod strangers;
mod unheard;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tintype_tests::clock::http_date;
use tintype_tests::files::write;
use tintype_tests::middleman::{Asked, Fate, Middleman};
use tintype_tests::program::{Ended, Tintype, sha256};
use tintype_tests::server::{Server, free_ports, wait_for};

/// Goes up in parts.
const LARGE: u32 = 40_000_003;

fn noise(length: u32, seed: u32) -> Vec<u8> {
    (0..length)
        .map(|n| ((n ^ seed).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn upload(client: &Tintype, files: &[PathBuf]) -> Ended {
    client.run(
        ["upload", "--json", "--profile", "test"]
            .iter()
            .map(std::ffi::OsStr::new)
            .chain(files.iter().map(|file| file.as_os_str())),
    )
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Uploads one file through a man in the middle, and makes sure that the bucket has it in the end.
fn arrives(
    bytes: &[u8],
    judge: impl Fn(&tintype_tests::middleman::Asked) -> Fate + Send + Sync + 'static,
) -> Middleman {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, judge);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let file = write(folder.path(), "a.bin", bytes);
    let report = upload(&client, &[file]).with_code(0).json().remove(0);
    assert_eq!(text(&report, "status"), "uploaded", "{report}");
    assert_eq!(
        sha256(&server.fetch(text(&report, "url")).body),
        sha256(bytes)
    );
    assert_eq!(
        server.demo_keys(),
        ["originals/a.bin"],
        "once, and nothing else"
    );
    assert_eq!(
        server.demo_strays(),
        [] as [PathBuf; 0],
        "no part is left over"
    );
    middleman
}

/// A judge who does something once, to the first request that fits.
fn once(
    fits: impl Fn(&tintype_tests::middleman::Asked) -> bool,
    fate: impl Fn() -> Fate,
) -> impl Fn(&tintype_tests::middleman::Asked) -> Fate {
    let done = Mutex::new(false);
    move |asked| {
        let mut done = done.lock().unwrap();
        if !*done && fits(asked) {
            *done = true;
            return fate();
        }
        Fate::Pass
    }
}

#[test]
fn row_06_a_file_that_changes_during_its_upload_is_taken_again_whole() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (old, new) = (noise(LARGE, 1), noise(LARGE + 7, 2));
    let file = write(folder.path(), "film.bin", &old);
    let (changing, fresh, changed) = (file.clone(), new.clone(), AtomicUsize::new(0));
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_part() && changed.fetch_add(1, Ordering::SeqCst) == 1 {
            std::fs::write(&changing, &fresh).unwrap();
        }
        Fate::Pass
    });

    let report = upload(&server.client_at(&middleman.endpoint(), &[]), &[file])
        .with_code(0)
        .json()
        .remove(0);

    assert_eq!(
        sha256(&server.fetch(text(&report, "url")).body),
        sha256(&new),
        "never a mixture"
    );
    assert_eq!(server.demo_keys(), ["originals/film.bin"]);
    assert_eq!(
        server.demo_strays(),
        [] as [PathBuf; 0],
        "the torn one is aborted"
    );
}

#[test]
fn row_09_content_is_never_replaced_by_nothing() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--on-conflict", "overwrite"]);
    let file = write(folder.path(), "a.txt", b"all my notes");
    let first = upload(&client, std::slice::from_ref(&file))
        .with_code(0)
        .json()
        .remove(0);
    // What a power cut leaves of a file that was being written.
    std::fs::write(&file, b"").unwrap();

    let second = upload(&client, &[file]).with_code(1).json().remove(0);

    assert_eq!(text(&second["error"], "code"), "file-empty");
    assert_eq!(server.fetch(text(&first, "url")).body, b"all my notes");
}

#[test]
fn row_12_a_crash_between_the_put_and_its_record_makes_no_second_object() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (tell, told) = channel();
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_put() {
            tell.send(()).unwrap();
            return Fate::LoseReply;
        }
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let file = write(folder.path(), "a.txt", b"hello");
    let mut child =
        client.start(&mut client.command(["upload", "--profile", "test", file.to_str().unwrap()]));
    told.recv().unwrap();
    wait_for("the object is in the bucket", || {
        server.demo_keys() == ["originals/a.txt"]
    });
    child.kill().unwrap();
    child.wait().unwrap();

    let reports = upload(&client, &[file]).with_code(0).json();

    assert_eq!(text(&reports[0], "key"), "originals/a.txt");
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    let history = client.run(["history", "--json"]).with_code(0).json();
    assert_eq!(history.len(), 1, "no second job: {history:?}");
}

#[cfg(unix)]
#[test]
fn row_16_after_a_sleep_with_dead_connections_it_goes_on() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (tell, told) = channel();
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_part() {
            // Nobody may listen any more: only the first part is waited for.
            let _ = tell.send(());
        }
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let bytes = noise(LARGE, 3);
    let file = write(folder.path(), "film.bin", &bytes);
    let child = client.start(&mut client.command([
        "upload",
        "--json",
        "--profile",
        "test",
        file.to_str().unwrap(),
    ]));
    told.recv().unwrap();
    let signal = |name: &str| {
        std::process::Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap()
    };
    signal("-STOP");
    middleman.cut();
    signal("-CONT");

    let ended = child.wait_with_output().unwrap();

    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    assert_eq!(
        sha256(&std::fs::read(server.demo_object("originals/film.bin")).unwrap()),
        sha256(&bytes)
    );
}

#[test]
fn row_17_a_name_that_has_no_address_is_offline_and_waits() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at("http://bucket.invalid", &[]);
    let file = write(folder.path(), "a.txt", b"hello");
    let ended = client
        .run([
            "upload",
            "--json",
            "--patience",
            "1",
            "--profile",
            "test",
            file.to_str().unwrap(),
        ])
        .with_code(1);
    assert_eq!(
        text(&ended.json()[0]["error"], "code"),
        "endpoint-unreachable"
    );
    let waiting = client.run(["history", "--json"]).json();
    assert_eq!(
        text(&waiting[0], "status"),
        "queued",
        "no attempt is used up: {waiting:?}"
    );
}

#[test]
fn row_18_a_slow_line_is_no_dead_one() {
    let middleman = arrives(&noise(1_500_000, 4), |asked| {
        if asked.is_put() {
            Fate::Slowly(500_000)
        } else {
            Fate::Pass
        }
    });
    let puts = middleman
        .asked()
        .iter()
        .filter(|asked| asked.is_put())
        .count();
    assert_eq!(puts, 1, "nothing was given up and begun again");
}

#[test]
fn row_19_a_wrong_clock_is_corrected_by_the_servers() {
    // The server's clock is 14 minutes ahead; it takes what is at most 5 minutes off.
    let middleman = arrives(b"hello", |asked| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let date = http_date(&format!("@{}", now + 14 * 60));
        let minute = |stamp: &str| {
            stamp
                .get(9..13)
                .and_then(|time| time.parse::<u64>().ok())
                .map(|time| time / 100 * 60 + time % 100)
        };
        let (server, signed) = (
            (now / 60 + 14) % 1440,
            minute(asked.header("x-amz-date")).unwrap_or_default(),
        );
        if server.abs_diff(signed).min(1440 - server.abs_diff(signed)) > 5 {
            return Fate::SayWith(403, "RequestTimeTooSkewed", format!("date: {date}\r\n"));
        }
        Fate::Dated(date)
    });
    assert!(middleman.asked().len() < 8, "once corrected, it stays so");
}

#[test]
fn row_20_slow_down_for_variants_leaves_no_job_half_done() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let refused = Mutex::new(std::collections::HashMap::<String, u32>::new());
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let mut refused = refused.lock().unwrap();
        let times = refused.entry(asked.target.clone()).or_default();
        if asked.is_put() && !asked.target.contains("originals") && *times < 2 {
            *times += 1;
            return Fate::Say(503, "SlowDown");
        }
        Fate::Pass
    });
    let picture =
        tintype_tests::pictures::jpeg(&tintype_tests::pictures::landscape(900, 700, 1), None);
    let file = write(folder.path(), "a.jpg", &picture);
    upload(&server.client_at(&middleman.endpoint(), &[]), &[file]).with_code(0);
    assert_eq!(
        server.demo_keys(),
        [
            "200x150/a.jpg",
            "400x300/a.jpg",
            "800x600/a.jpg",
            "originals/a.jpg"
        ]
    );
}

#[test]
fn row_27_a_proxy_is_honoured() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let proxy = Middleman::before(&server.endpoint, |_| Fate::Pass);
    let client = server
        .client_at("http://s3.elsewhere.example", &[])
        .env("HTTP_PROXY", &proxy.endpoint());
    let file = write(folder.path(), "a.txt", b"hello");
    upload(&client, &[file]).with_code(0);
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
}

#[test]
fn thirty_percent_of_everything_failing_costs_time_and_nothing_else() {
    const FILES: u32 = 2000;
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    for number in 0..FILES {
        write(
            &photos,
            &format!("{number:04}.bin"),
            noise(1000 + number, number),
        );
    }
    let dice = Mutex::new(0x9e37_79b9_u32);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let mut dice = dice.lock().unwrap();
        *dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match (*dice >> 8) % 100 {
            0..6 => Fate::Say(503, "SlowDown"),
            6..12 => Fate::Say(500, "InternalError"),
            12..18 => Fate::Reset,
            18..24 => Fate::LoseReply,
            24..27 if asked.is_put() => Fate::Swallow,
            27..30 if asked.is_put() => Fate::Say(200, "InternalError"),
            24..30 => Fate::Reset,
            _ => Fate::Pass,
        }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);

    let ended = client.run([
        "upload",
        "--json",
        "--profile",
        "test",
        "--patience",
        "120",
        photos.to_str().unwrap(),
    ]);

    let reports = ended.json();
    let failed: Vec<&Value> = reports
        .iter()
        .filter(|report| text(report, "status") == "failed")
        .collect();
    assert!(
        failed.is_empty() && reports.len() == FILES as usize,
        "{} failed, the first: {:?}",
        failed.len(),
        failed.first()
    );
    assert_eq!(server.demo_keys().len(), FILES as usize);
    for number in 0..FILES {
        let there =
            std::fs::read(server.demo_object(&format!("originals/{number:04}.bin"))).unwrap();
        assert_eq!(
            sha256(&there),
            sha256(&noise(1000 + number, number)),
            "{number}"
        );
    }
    let asked = middleman.asked().len();
    assert!(
        asked <= 3 * 2 * FILES as usize,
        "{asked} requests for {FILES} files"
    );
}

#[test]
fn a_refused_connection_uses_up_no_attempts() {
    let [nobody] = free_ports();
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&format!("http://127.0.0.1:{nobody}"), &[]);
    let file = write(folder.path(), "a.txt", b"hello");
    for _ in 0..3 {
        client
            .run([
                "upload",
                "--patience",
                "1",
                "--profile",
                "test",
                file.to_str().unwrap(),
            ])
            .with_code(1);
    }
    assert_eq!(
        text(&client.run(["history", "--json"]).json()[0], "status"),
        "queued"
    );
}
