//! Somebody who answers in the bucket's place, and says that all is well, or that there is nothing.

use super::*;

/// While the switch is on, every request that `is_meant` gets a page for people with that status.
fn page_before(
    server: &Server,
    status: u16,
    is_meant: impl Fn(&Asked) -> bool + Send + Sync + 'static,
) -> (Middleman, Arc<AtomicBool>) {
    Middleman::switched(&server.endpoint, move |asked| match is_meant(asked) {
        true => Fate::Page(status),
        false => Fate::Pass,
    })
}

#[test]
fn a_page_that_answers_for_everything_is_waited_out() {
    for of_puts_only in [false, true] {
        let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
        let is_meant = move |asked: &Asked| !of_puts_only || asked.is_put();
        let (middleman, on) = page_before(&server, 200, is_meant);
        on.store(true, Ordering::SeqCst);
        let client = server.client_at(&middleman.endpoint(), &["--on-conflict", "skip"]);
        let file = write(folder.path(), "a.txt", b"hello");
        let file = file.to_str().unwrap();
        let up = [
            "upload",
            "--json",
            "--patience",
            "1",
            "--profile",
            "test",
            file,
        ];

        let report = client.run(up).with_code(1).json().remove(0);
        on.store(false, Ordering::SeqCst);
        let after = client.run(up).with_code(0).json().remove(0);

        let error = &report["error"];
        assert_eq!(text(error, "code"), "endpoint-unreachable", "{error}");
        assert!(text(error, "message").contains("sign-in page"), "{error}");
        assert_eq!(text(&after, "status"), "uploaded", "{after}");
    }
}

#[test]
fn what_is_to_be_removed_is_gone_only_if_the_bucket_says_so() {
    for status in [200, 404] {
        let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
        let (middleman, on) = page_before(&server, status, |_| true);
        let client = server.client_at(&middleman.endpoint(), &[]);
        let watched = folder.path().to_str().unwrap();
        let (file, _other) = (
            write(folder.path(), "a.txt", b"hello"),
            write(folder.path(), "b.txt", b"stays"),
        );
        let add = ["folder", "add", watched, "--all-files", "--profile", "test"];
        client
            .run(add.into_iter().chain(["--remove-deleted"]))
            .with_code(0);
        client.run(["watch", "--once"]).with_code(0);
        std::fs::remove_file(file).unwrap();
        client.run(["watch", "--once"]).with_code(0);
        on.store(true, Ordering::SeqCst);

        client.run(["folder", "remove-now", watched]).with_code(0);
        let said = client.run(["watch", "--once"]).stderr;
        let while_away = server.demo_keys();
        on.store(false, Ordering::SeqCst);
        client.run(["watch", "--once"]).with_code(0);

        assert!(
            said.contains("instead of") || said.contains("not as S3 does"),
            "{said}"
        );
        assert_eq!(while_away, ["originals/a.txt", "originals/b.txt"]);
        assert_eq!(server.demo_keys(), ["originals/b.txt"], "{status}");
    }
}

#[test]
fn a_bucket_that_is_away_has_not_lost_its_objects() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, away) =
        Middleman::switched(&server.endpoint, |_| Fate::Say(404, "NoSuchBucket"));
    let client = server.client_at(&middleman.endpoint(), &[]);
    upload(&client, &[write(folder.path(), "a.txt", b"hello")]).with_code(0);
    away.store(true, Ordering::SeqCst);

    let ended = client.run(["verify", "--profile", "test"]);

    let said = ended.with_code(1).stderr;
    assert!(said.contains("there is no bucket"), "{said}");
}

#[test]
fn a_watch_says_why_uploads_wait() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Page(200));
    let client = server.client_at(&middleman.endpoint(), &[]);
    write(folder.path(), "a.txt", b"hello");
    let said = folder.path().with_extension("said");
    let mut command = client.command(["watch", "--all-files", "--profile", "test"]);
    command.arg(folder.path());

    let mut child = command
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();

    wait_for("it says so", || {
        std::fs::read_to_string(&said).is_ok_and(|text| text.contains("sign-in page"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(said).unwrap();
}

#[test]
fn a_webhook_that_never_answers_keeps_no_manifest_waiting() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let webhook = format!("http://{}/", silent.local_addr().unwrap());
    let client = server.client_at(
        &server.endpoint,
        &["--webhook", &webhook, "--manifest", "log"],
    );

    let ended = upload(&client, &[write(folder.path(), "a.txt", b"hello")]);

    let said = ended.with_code(0).stderr;
    assert!(said.contains("webhook"), "{said}");
    let keys = server.demo_keys();
    assert!(keys.iter().any(|key| key.starts_with("log/")), "{keys:?}");
}
