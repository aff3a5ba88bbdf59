//! What is told, recorded, found again and held to.

use super::*;

#[test]
fn a_webhook_is_told_of_every_job_even_if_it_sleeps_at_first() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (hook, told) = listener(vec![500, 200]);
    let client = server
        .client_at(&server.endpoint, &["--webhook", &hook])
        .env("TINTYPE_WEBHOOK_SECRET", "open-sesame");
    let picture = jpeg(&landscape(900, 700, 1), None);
    let report = upload(&client, &write(folder.path(), "a.jpg", &picture))
        .with_code(0)
        .json()
        .remove(0);
    told.recv().unwrap();
    // The next start tries again, when it is time.
    let journal = rusqlite::Connection::open(client.home().join("journal.sqlite")).unwrap();
    assert_eq!(
        journal.execute("UPDATE outbox SET due_at = 0", []).unwrap(),
        1,
        "what was not told stays on record"
    );
    client.run([
        "upload",
        "--profile",
        "test",
        write(folder.path(), "b.txt", b"x").to_str().unwrap(),
    ]);

    let (secret, body) = told.recv().unwrap();

    assert_eq!(secret, "open-sesame");
    assert_eq!(
        (text(&body, "url"), text(&body, "key")),
        (text(&report, "url"), "originals/a.jpg")
    );
    assert_eq!(
        (body["contentLength"].as_u64(), text(&body, "contentType")),
        (Some(picture.len() as u64), "image/jpeg")
    );
    assert_eq!(
        (
            text(&body, "sha256"),
            body["variants"].as_array().unwrap().len()
        ),
        (text(&report, "sha256"), 3)
    );
    let placeholder = |told: &Value| {
        (
            text(told, "thumbhash").to_owned(),
            text(told, "colour").to_owned(),
        )
    };
    assert_eq!(placeholder(&body), placeholder(&report));
    assert!(placeholder(&body).1.starts_with('#'));
    assert!(
        !client.home_contains("open-sesame"),
        "the secret is in no file"
    );
}

#[test]
fn every_command_that_uploads_does_what_is_due_before_it_ends() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (hook, told) = listener(vec![200, 200]);
    let client = server.client_at(
        &server.endpoint,
        &["--webhook", &hook, "--manifest", "lists"],
    );
    write(folder.path(), "a.jpg", jpeg(&landscape(90, 70, 1), None));
    let lists = || {
        server
            .demo_keys()
            .iter()
            .filter(|key| key.starts_with("lists/"))
            .count()
    };

    client
        .run([
            "watch",
            "--once",
            "--profile",
            "test",
            folder.path().to_str().unwrap(),
        ])
        .with_code(0);
    let of_the_first = (told.try_recv().is_ok(), lists());
    std::fs::remove_file(server.demo_object("originals/a.jpg")).unwrap();
    client
        .run(["verify", "--repair", "--profile", "test"])
        .with_code(0);

    assert_eq!(
        (of_the_first, told.try_recv().is_ok(), lists()),
        ((true, 1), true, 2)
    );
}

#[test]
fn another_computer_rebuilds_its_history_from_the_bucket() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let more = ["--manifest", "lists"];
    let first = server.client_at(&server.endpoint, &more);
    let report = upload(
        &first,
        &write(folder.path(), "a.jpg", jpeg(&landscape(900, 700, 1), None)),
    )
    .with_code(0)
    .json()
    .remove(0);
    let second = server.client_at(&server.endpoint, &more);

    let history = second
        .run(["history", "--rebuild", "--json"])
        .with_code(0)
        .json();

    assert_eq!(
        (history.len(), text(&history[0], "url")),
        (1, text(&report, "url"))
    );
    assert_eq!(history[0]["variants"], report["variants"]);
    assert_eq!(
        (&history[0]["thumbhash"], &history[0]["colour"]),
        (&report["thumbhash"], &report["colour"])
    );
    assert_eq!(
        second
            .run(["history", "--rebuild", "--json"])
            .with_code(0)
            .json()
            .len(),
        1,
        "nothing is taken twice"
    );
}

#[test]
fn what_is_missing_or_differs_is_found_and_mended() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--on-conflict", "overwrite"]);
    for name in ["a.txt", "b.txt", "c.txt"] {
        upload(&client, &write(folder.path(), name, name.as_bytes())).with_code(0);
    }
    client
        .run(["verify", "--profile", "test", "--deep"])
        .with_code(0);
    std::fs::remove_file(server.demo_object("originals/a.txt")).unwrap();
    std::fs::write(server.demo_object("originals/b.txt"), b"B.TXT").unwrap();
    let faults = |more: &[&str]| {
        let ended = client.run(["verify", "--profile", "test", "--json"].iter().chain(more));
        ended
            .json()
            .iter()
            .map(|fault| {
                (
                    text(fault, "key").to_owned(),
                    text(fault, "fault").to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let fault = |key: &str, fault: &str| (format!("originals/{key}.txt"), fault.to_owned());
    assert_eq!(
        faults(&[]),
        [fault("a", "missing")],
        "the same size under the same name hides from a look"
    );

    assert_eq!(
        faults(&["--deep", "--repair"]),
        [fault("a", "missing"), fault("b", "differs")]
    );

    assert_eq!(
        std::fs::read(server.demo_object("originals/a.txt")).unwrap(),
        b"a.txt"
    );
}

#[test]
fn an_object_is_looked_at_once_however_often_it_was_uploaded() {
    let (server, one, two) = (
        Server::demo(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let client = server.client();
    let first = write(one.path(), "a.txt", b"a");
    let second = write(two.path(), "a.txt", b"a");
    for file in [&first, &second, &second] {
        upload(&client, file).with_code(0);
    }
    std::fs::remove_file(server.demo_object("originals/a.txt")).unwrap();
    std::fs::remove_file(second).unwrap();

    let found = client
        .run(["verify", "--profile", "test", "--repair", "--json"])
        .with_code(0);

    let sources: Vec<_> = found
        .json()
        .iter()
        .map(|fault| text(fault, "source").to_owned())
        .collect();
    assert_eq!(
        sources,
        [first.to_str().unwrap()],
        "the file mends it that is still here"
    );
    assert_eq!(
        std::fs::read(server.demo_object("originals/a.txt")).unwrap(),
        b"a"
    );
}

#[test]
fn paused_uploads_wait_until_they_may_go_on() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let file = write(folder.path(), "a.txt", b"hello");
    client.run(["pause"]).with_code(0);
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
    assert_eq!(text(&ended.json()[0]["error"], "code"), "paused");
    assert_eq!(server.demo_keys(), [] as [&str; 0]);
    client.run(["resume"]).with_code(0);
    upload(&client, &file).with_code(0);
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
}

#[test]
fn a_bandwidth_limit_is_kept() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let settings = client.home().join("settings.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(
        &settings,
        text.replace("kib_per_second = 0", "kib_per_second = 512"),
    )
    .unwrap();
    let start = std::time::Instant::now();
    upload(&client, &write(folder.path(), "a.bin", vec![7; 1 << 20])).with_code(0);
    // A MiB at half a MiB a second; the first frame goes at once.
    assert!(start.elapsed().as_millis() > 1700, "{:?}", start.elapsed());
}

#[test]
fn the_rights_a_key_needs_are_ready_to_copy() {
    let client = Tintype::new();
    client
        .run([
            "profile",
            "add",
            "x",
            "--credentials",
            "env",
            "--provider",
            "aws",
            "--bucket",
            "photos",
            "--region",
            "eu-west-1",
        ])
        .with_code(0);
    let policy: Value =
        serde_json::from_str(&client.run(["profile", "rights", "x"]).with_code(0).stdout).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:s3:::photos/*");
}

#[test]
fn a_quality_that_is_looked_for_is_told_with_its_score_and_a_link_has_any_shape() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let settings = client.home().join("settings.toml");
    let variant =
        "[[variants]]\nname = \"web\"\nwidth = 400\nheight = 300\nquality = \"auto:60\"\n";
    let before = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("{before}\n{variant}")).unwrap();
    let path = write(
        folder.path(),
        "a b.jpg",
        jpeg(&landscape(900, 700, 1), None),
    );

    let report = upload(&client, &path).with_code(0).json().remove(0);
    let html =
        "<img src=\"{url:web}\" width=\"{width:web}\" style=\"background:{colour}\" alt=\"{alt}\">";
    let link = client
        .run([
            "upload",
            "--profile",
            "test",
            "--link",
            html,
            path.to_str().unwrap(),
        ])
        .with_code(0)
        .stdout;

    let variants = report["variants"].as_array().unwrap();
    let web = variants.iter().find(|made| made["name"] == "web").unwrap();
    let (score, quality) = (
        web["score"].as_f64().unwrap(),
        web["quality"].as_u64().unwrap(),
    );
    assert!((60.0..75.0).contains(&score) && quality < 80, "{web}");
    let expected = format!(
        "<img src=\"{}\" width=\"400\" style=\"background:{}\" alt=\"a b\">\n",
        text(web, "url"),
        text(&report, "colour")
    );
    assert_eq!(link, expected);
    client
        .run([
            "upload",
            "--profile",
            "test",
            "--link",
            "{ulr}",
            path.to_str().unwrap(),
        ])
        .with_code(2);
}
