//! A total outage with hundreds of jobs: nothing fails, and it goes on by itself within seconds of
//! the end.

use std::time::{Duration, Instant};

use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::server::{Server, wait_for};
use tintype_tests::tls::{HOST, Tunnel};

const JOBS: usize = 500;

/// How long the outage lasts; ten minutes where `TINTYPE_OUTAGE=600` asks for them.
fn length() -> Duration {
    Duration::from_secs(
        std::env::var("TINTYPE_OUTAGE")
            .ok()
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(12),
    )
}

#[test]
fn five_hundred_jobs_wait_for_the_network_and_go_on_by_themselves() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    for number in 0..JOBS {
        std::fs::write(photos.join(format!("{number}.txt")), number.to_string()).unwrap();
    }
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Pass);
    let client = server.client_at(&middleman.endpoint(), &[]);
    let args = [
        "upload",
        "--json",
        "--patience",
        "3600",
        "--profile",
        "test",
        photos.to_str().unwrap(),
    ];
    let child = client.start(&mut client.command(args));
    wait_for("some are up", || server.demo_keys().len() > 20);
    middleman.go_away();
    let (before, asked) = (server.demo_keys().len(), middleman.asked().len());
    std::thread::sleep(length());

    middleman.come_back();
    let back = Instant::now();
    wait_for("it goes on", || server.demo_keys().len() > before + 20);

    assert!(
        back.elapsed() < Duration::from_secs(30),
        "going again after {:?}",
        back.elapsed()
    );
    let ended = child.wait_with_output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    assert_eq!(server.demo_keys().len(), JOBS);
    // Two requests for each job, and what was in flight when the network went.
    assert!(
        middleman.asked().len() - asked <= 2 * JOBS + 200,
        "{} requests",
        middleman.asked().len() - asked
    );
}

#[test]
fn a_company_network_is_passed_by_proxy_and_authority() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let tunnel = Tunnel::to(&server.endpoint);
    let (file, authority) = (
        folder.path().join("a.txt"),
        folder.path().join("authority.pem"),
    );
    std::fs::write(&file, "hello").unwrap();
    std::fs::write(&authority, &tunnel.authority).unwrap();
    let client = server
        .client_at(
            &format!("https://{HOST}"),
            &["--ca-file", authority.to_str().unwrap()],
        )
        .env("HTTPS_PROXY", &tunnel.proxy());
    let stranger = server
        .client_at(&format!("https://{HOST}"), &[])
        .env("HTTPS_PROXY", &tunnel.proxy());
    let upload = [
        "upload",
        "--json",
        "--patience",
        "1",
        "--profile",
        "test",
        file.to_str().unwrap(),
    ];

    let refused = stranger.run(upload).with_code(1).json().remove(0);
    let sent = client.run(upload).with_code(0).json().remove(0);

    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("certificate"),
        "{refused}"
    );
    assert!(
        refused["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("CA file"),
        "{refused}"
    );
    assert_eq!(
        (sent["status"].as_str(), server.demo_keys().len()),
        (Some("uploaded"), 1),
        "{sent}"
    );
    assert!(tunnel.opened() > 0);
}
