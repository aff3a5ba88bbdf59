//! What is found out of a profile, and said.

use super::*;

pub(super) fn templates_have_their_say(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let add = [
        "profile",
        "add",
        "dated",
        "--credentials",
        "env",
        "--provider",
        server.provider,
        "--endpoint",
        &server.endpoint,
        "--bucket",
        &server.bucket,
    ];
    let templates = [
        "--original-key",
        "{folder}/{yyyy}/{mm}/{dd}/{sha256:6}.{ext}",
        "--variant-key",
        "{folder}/{stem}.{variant}.{ext}",
        "--region",
        &server.region,
    ];
    client.run(add.iter().chain(&templates)).with_code(0);
    let camera = Camera {
        orientation: 1,
        captured: "2019:07:04 10:00:00",
        gps: false,
    };
    let bytes = jpeg(&landscape(900, 700, 5), Some(camera));
    write(folder.path(), "Trip/Rome/a.jpg", &bytes);
    let report = client
        .run([
            "upload".as_ref(),
            "--json".as_ref(),
            "--profile".as_ref(),
            "dated".as_ref(),
            folder.path().join("Trip").as_os_str(),
        ])
        .with_code(0)
        .json()
        .remove(0);
    assert_eq!(
        text(&report, "key"),
        format!("Trip/Rome/2019/07/04/{}.jpg", &sha256(&bytes)[..6])
    );
    assert_eq!(
        text(&report["variants"][0], "key"),
        "Trip/Rome/a.800x600.jpg"
    );
}

pub(super) fn the_doctor_walks_all_steps(server: &Server) {
    let ended = server.client().run([
        "profile",
        "test",
        "test",
        "--cors",
        "https://blog.example",
        "--json",
    ]);
    let steps = ended.json();
    let names: Vec<&str> = steps.iter().map(|step| text(step, "step")).collect();
    let all = [
        "resolve",
        "connect",
        "clock",
        "ask",
        "put",
        "head",
        "get",
        "link",
        "conditional",
        "parts",
        "cors",
        "delete",
    ];
    assert_eq!(names, all, "{}", ended.stderr);
    let failed: Vec<(&str, &str)> = steps
        .iter()
        .filter(|step| step["error"].is_object())
        .map(|step| (text(step, "step"), text(&step["error"], "code")))
        .collect();
    // Garage's website needs a name of its own that this test has not; nobody allowed that blog
    // anything.
    let mut expected = Vec::new();
    if !server.opens_links() {
        expected.push(("link", "link-broken"));
    }
    if !server.allows_every_page {
        expected.push(("cors", "link-broken"));
    }
    assert_eq!(failed, expected);
    let kept = match server.conditions {
        (true, true) => "honoured: two computers",
        (true, false) => "honoured for small objects",
        (false, _) => "not honoured",
    };
    assert!(text(&steps[8], "note").starts_with(kept), "{steps:?}");
}

pub(super) fn a_wrong_secret_is_said(server: &Server) {
    if !server.checks_signatures {
        return;
    }
    let (client, folder) = (
        server.client().env("AWS_SECRET_ACCESS_KEY", "wrong"),
        tempfile::tempdir().unwrap(),
    );
    let file = write(folder.path(), "a.txt", b"hello");
    let report = upload(&client, &[file]).remove(0);
    assert_eq!(text(&report, "status"), "failed");
    assert_eq!(
        text(&report["error"], "code"),
        "credentials-refused",
        "{report}"
    );
    assert!(report["error"]["hint"].is_string());
}

pub(super) fn a_missing_bucket_is_said(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let add = [
        "profile",
        "add",
        "gone",
        "--credentials",
        "env",
        "--provider",
        server.provider,
        "--endpoint",
        &server.endpoint,
        "--bucket",
        "no-such-bucket",
        "--region",
        &server.region,
    ];
    client.run(add).with_code(0);
    let file = write(folder.path(), "a.txt", b"hello");
    let ended = client
        .run([
            "upload".as_ref(),
            "--json".as_ref(),
            "--profile".as_ref(),
            "gone".as_ref(),
            file.as_os_str(),
        ])
        .with_code(1);
    let report = ended.json().remove(0);
    assert_eq!(text(&report["error"], "code"), "bucket-missing", "{report}");
    assert!(text(&report["error"], "message").contains("no-such-bucket"));
}
