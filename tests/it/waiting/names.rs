//! Names that are no Unicode, or mean to speak to the terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::*;

fn json(client: &Tintype, args: &[&OsStr]) -> Vec<Value> {
    client.run(args).with_code(0).json()
}

/// Every door a path goes through, with a name that is no Unicode.
#[test]
fn a_name_that_is_no_unicode_is_a_name_like_any_other() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let dir = folder.path().join(OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&dir).unwrap();
    let file = dir.join(OsStr::from_bytes(b"\xff.jpg"));
    std::fs::write(
        &file,
        tintype_tests::pictures::jpeg(&tintype_tests::pictures::landscape(60, 40, 1), None),
    )
    .unwrap();
    let other = write_name(folder.path(), "other.txt");
    let (file, dir, out) = (file.as_os_str(), dir.as_os_str(), folder.path().join("out"));
    let word = OsStr::new;

    let sent = json(
        &client,
        &[
            word("upload"),
            word("--json"),
            word("--profile"),
            word("test"),
            file,
            other.as_os_str(),
        ],
    );
    assert_eq!(sent.len(), 2);
    let source = sent[0]["source"].as_str().unwrap();
    assert!(source.ends_with("caf\u{201B}E9/\u{201B}FF.jpg"), "{source}");
    assert_eq!(
        server.fetch(sent[0]["url"].as_str().unwrap()).body,
        std::fs::read(file).unwrap()
    );
    assert_eq!(json(&client, &[word("history"), word("--json")]).len(), 2);
    assert_eq!(
        json(&client, &[word("inspect"), word("--json"), file])[0]["source"],
        source
    );
    let made = json(
        &client,
        &[
            word("variants"),
            word("--json"),
            word("--out"),
            out.as_os_str(),
            file,
        ],
    );
    assert_eq!(made[0]["variants"].as_array().unwrap().len(), 3, "{made:?}");
    client
        .run([
            word("folder"),
            word("add"),
            dir,
            word("--profile"),
            word("test"),
        ])
        .with_code(0);
    let listed = json(&client, &[word("folder"), word("list"), word("--json")]);
    assert!(
        listed[0]["path"]
            .as_str()
            .unwrap()
            .ends_with("caf\u{201B}E9"),
        "{listed:?}"
    );
    client.run(["pause"]).with_code(0);
    client.run(["resume"]).with_code(0);
    let watched = json(&client, &[word("watch"), word("--once"), word("--json")]);
    assert_eq!(watched[0]["status"], "present", "{watched:?}");
    client
        .run([word("folder"), word("remove"), dir])
        .with_code(0);
}

#[test]
fn a_terminal_is_told_of_names_and_obeys_none() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let file = folder
        .path()
        .join("x\u{1b}]0;owned\u{7}\u{1b}[2J\nline.jpg");
    std::fs::write(
        &file,
        tintype_tests::pictures::jpeg(&tintype_tests::pictures::landscape(60, 40, 1), None),
    )
    .unwrap();
    let client = server.client();
    for args in [
        &["inspect"][..],
        &[
            "variants",
            "--out",
            folder.path().join("out").to_str().unwrap(),
        ],
        &["upload", "--profile", "test"],
        &["history"],
    ] {
        let mut args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        if args[0] != "history" {
            args.push(file.as_os_str());
        }
        let ended = client.run(&args);
        let printed = ended.stdout + &ended.stderr;
        assert!(
            !printed.contains(['\u{1b}', '\u{7}']) && !printed.contains("\nline"),
            "{args:?}: {printed:?}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_leaves_no_work_undone() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    for name in ["a.txt", "b.txt", "c.txt"] {
        write_name(folder.path(), name);
    }
    let mut child = client.start(&mut client.command(upload([&folder.path().into()], "20")));
    drop(child.stdout.take());

    let ended = child.wait().unwrap();

    assert!(ended.success(), "{ended:?}");
    assert_eq!(server.demo_keys().len(), 3);
}

#[test]
fn results_that_cannot_be_written_are_said() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let mut command = client.command(upload([&write_name(folder.path(), "a.txt")], "20"));
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ended = command
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        ended.status.code() == Some(1) && said.contains("cannot be written"),
        "{:?} {said}",
        ended.status
    );
}
