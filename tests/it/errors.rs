//! Bad input gets one clear sentence with a code and a hint; the rest of the batch goes on; nothing
//! is lost.

use std::path::Path;

use serde_json::Value;
use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::program::Tintype;
use tintype_tests::server::{Server, free_ports};

fn code(report: &Value) -> &str {
    report["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let good = jpeg(&landscape(900, 700, 1), None);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("good.jpg", &good);
    write("empty.jpg", b"");
    write("cut.jpg", &good[..good.len() / 2]);
    write("false.jpg", b"I am a letter, really");
    let mut args = vec!["upload", "--json", "--profile", "test"];
    let paths: Vec<String> = [
        "missing.jpg",
        "empty.jpg",
        "cut.jpg",
        "false.jpg",
        "good.jpg",
    ]
    .iter()
    .map(|name| folder.path().join(name).display().to_string())
    .collect();
    args.extend(paths.iter().map(String::as_str));

    let reports = client.run(args).with_code(1).json();

    let told: Vec<_> = reports
        .iter()
        .map(|report| (report["status"].as_str().unwrap(), code(report)))
        .collect();
    let expected = [
        ("failed", "file-missing"),
        ("failed", "file-empty"),
        ("uploaded", "image-damaged"),
        ("uploaded", "image-false"),
        ("uploaded", ""),
    ];
    assert_eq!(told, expected);
    for report in &reports[..4] {
        assert!(report["error"]["hint"].is_string(), "{report}");
    }
    // A picture that cannot be decoded goes up all the same, as it is.
    assert_eq!(
        server.fetch(reports[2]["url"].as_str().unwrap()).body,
        good[..good.len() / 2]
    );
    assert_eq!(reports[3]["content_type"], "text/plain; charset=utf-8");
}

#[cfg(unix)]
#[test]
fn loops_are_said_and_links_in_folders_not_followed() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("self"), folder.path().join("self")).unwrap();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    let upload = |path: &Path| {
        server.client().run([
            "upload".as_ref(),
            "--json".as_ref(),
            "--profile".as_ref(),
            "test".as_ref(),
            path.as_os_str(),
        ])
    };
    let walked = upload(folder.path()).with_code(0).json();
    assert_eq!(walked.len(), 1, "the file once, the loops not at all");
    assert_eq!(
        code(&upload(&folder.path().join("self")).with_code(1).json()[0]),
        "folder-loop"
    );
}

#[test]
fn an_unreachable_endpoint_is_said_and_the_file_goes_up_later() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let [nobody] = free_ports();
    let add = [
        "profile",
        "add",
        "away",
        "--credentials",
        "env",
        "--provider",
        "other",
        "--bucket",
        "demo",
        "--endpoint",
    ];
    client
        .run(
            add.iter()
                .chain(&[format!("http://127.0.0.1:{nobody}").as_str()]),
        )
        .with_code(0);
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let file = file.to_str().unwrap();

    let ended = client
        .run([
            "upload",
            "--json",
            "--patience",
            "1",
            "--profile",
            "away",
            file,
        ])
        .with_code(1);

    let report = &ended.json()[0];
    assert_eq!(
        (report["status"].as_str(), code(report)),
        (Some("failed"), "endpoint-unreachable")
    );
    assert!(
        report["error"]["message"]
            .as_str()
            .unwrap()
            .contains(&nobody.to_string())
    );
    // The profile is put right: what waited goes up by itself with the next start.
    let settings = client.home().join("settings.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(
        &settings,
        text.replace(&format!("http://127.0.0.1:{nobody}"), &server.endpoint),
    )
    .unwrap();
    let other = folder.path().join("b.txt");
    std::fs::write(&other, "again").unwrap();
    client
        .run(["upload", "--profile", "test", other.to_str().unwrap()])
        .with_code(0);
    assert_eq!(server.demo_keys(), ["originals/a.txt", "originals/b.txt"]);
}

/// A server that gives every request the same answer.
fn stubborn(answer: &'static str) -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let is_head = lines.next().is_some_and(|line| line.starts_with("HEAD"));
            lines
                .by_ref()
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            let (head, _) = answer.split_once("\r\n\r\n").unwrap();
            // The client may have gone; that is its affair.
            let _ = if is_head {
                write!(stream, "{head}\r\n\r\n")
            } else {
                write!(stream, "{answer}")
            };
        }
    });
    address
}

fn upload_to(endpoint: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let client = Tintype::new()
        .env("AWS_ACCESS_KEY_ID", "a")
        .env("AWS_SECRET_ACCESS_KEY", "b");
    let add = [
        "profile",
        "add",
        "x",
        "--credentials",
        "env",
        "--provider",
        "other",
        "--bucket",
        "photos",
        "--endpoint",
        endpoint,
    ];
    client.run(add).with_code(0);
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    client
        .run([
            "upload",
            "--json",
            "--patience",
            "1",
            file.to_str().unwrap(),
        ])
        .with_code(1)
        .json()
        .remove(0)
}

#[test]
fn the_right_region_is_named() {
    let body = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>";
    let head = "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1\r\nx-amz-request-id: 1\r\ncontent-type: application/xml\r\nconnection: close\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let report = upload_to(&stubborn(Box::leak(answer.into_boxed_str())));
    assert_eq!(code(&report), "wrong-region", "{report}");
    assert_eq!(
        report["error"]["message"],
        "bucket \"photos\" is in eu-west-1, not us-east-1"
    );
    assert!(
        report["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("region of the profile \"x\" to eu-west-1")
    );
}

#[test]
fn a_server_that_is_no_s3_is_said() {
    let page = "HTTP/1.1 418 Teapot\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: 13\r\n\r\n<html></html>";
    assert_eq!(code(&upload_to(&stubborn(page))), "endpoint-not-s3");
}

#[test]
fn a_busy_server_is_waited_for_and_said() {
    let busy = "HTTP/1.1 503 Slow Down\r\ncontent-type: application/xml\r\nconnection: close\r\ncontent-length: 36\r\n\r\n<Error><Code>SlowDown</Code></Error>";
    assert_eq!(code(&upload_to(&stubborn(busy))), "server-busy");
}

#[test]
fn templates_that_escape_or_are_unknown_are_refused_when_they_are_set() {
    let client = Tintype::new();
    let add = |template: &str| {
        let args = [
            "profile",
            "add",
            "x",
            "--provider",
            "minio",
            "--endpoint",
            "localhost:9",
            "--bucket",
            "b",
            "--credentials",
            "env",
        ];
        client
            .run(args.iter().chain(&["--original-key", template]))
            .with_code(1)
            .stderr
    };
    assert!(add("../{name}").contains("\"..\""));
    let unknown = add("{nmae}");
    assert!(
        unknown.contains("{nmae}") && unknown.contains("hint: there are {name}"),
        "{unknown}"
    );
    assert_eq!(
        client.run(["profile", "list"]).stdout,
        "",
        "nothing was added"
    );
}

#[test]
fn wrong_usage_ends_with_two() {
    let client = Tintype::new();
    client.run(["upload"]).with_code(2);
    client.run(["upload", "--nonsense", "x"]).with_code(2);
    client
        .run(["variants", "--out", "/tmp", "--spec", "x=0x0", "a.jpg"])
        .with_code(2);
    client.run([] as [&str; 0]).with_code(2);
}

#[test]
fn no_profile_no_upload_but_a_way_out() {
    let ended = Tintype::new().run(["upload", "x.jpg"]).with_code(1);
    assert!(
        ended.stderr.contains("no bucket is connected yet")
            && ended.stderr.contains("--profile demo"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, "");
}

#[test]
fn damaged_settings_are_said_and_left_alone() {
    let client = Tintype::new();
    let path = client.home().join("settings.toml");
    std::fs::write(&path, "profiles = what").unwrap();
    let ended = client.run(["upload", "x.jpg"]).with_code(1);
    assert!(
        ended.stderr.contains("settings.toml cannot be read") && ended.stderr.contains("hint:"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "profiles = what");
}

#[test]
fn a_journal_from_a_newer_version_is_said_and_left_alone() {
    let client = Tintype::new();
    let path = client.home().join("journal.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 4711).unwrap();
    drop(db);
    let ended = client.run(["history"]).with_code(1);
    assert!(
        ended.stderr.contains("newer Tintype") && ended.stderr.contains("hint: update"),
        "{}",
        ended.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs user namespaces: run `cargo xtask test`"]
fn in_a_namespace_a_full_disk_is_said_and_loses_nothing() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    std::fs::create_dir(folder.path().join("disk")).unwrap();
    (0..3).for_each(|n| {
        std::fs::write(
            folder.path().join(format!("{n}.txt")),
            format!("{n} of {}", folder.path().display()),
        )
        .unwrap()
    });
    // A small disk with Tintype's home on it, full at first (4 MiB: what a journal needs to be made
    // is well below).
    let script = "cd \"$1\" && mount -t tmpfs -o size=4m tmpfs disk && cp \"$2/settings.toml\" disk && head -c 4173824 /dev/zero > disk/ballast \
                  && export TINTYPE_HOME=\"$1/disk\" && { \"$0\" upload --profile test ?.txt 2> full; echo $?; rm disk/ballast; \"$0\" upload --profile test ?.txt; }";
    let mut shell = client.command::<&str>([]);
    let program = shell.get_program().to_owned();
    let run = std::process::Command::new("unshare")
        .args(["-Urm", "sh", "-c", script])
        .args([
            program.as_os_str(),
            folder.path().as_os_str(),
            client.home().as_os_str(),
        ])
        .envs(
            shell
                .env_remove("TINTYPE_HOME")
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .unwrap();

    let (printed, full) = (
        String::from_utf8_lossy(&run.stdout),
        std::fs::read_to_string(folder.path().join("full")).unwrap(),
    );
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && printed.starts_with("1\n") && full.contains("room"),
        "{printed}\n{full}\n{said}"
    );
    assert_eq!(
        printed.lines().count(),
        4,
        "all three once there is room: {printed}\n{said}"
    );
}
