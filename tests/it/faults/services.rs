//! Answers that services give, each in its own way.

use super::*;

#[test]
fn an_upload_in_parts_begins_with_a_length() {
    // Google's servers refuse a POST without one, in a page.
    arrives(&noise(LARGE, 31), |asked| {
        let begins = asked.method == "POST" && asked.target.ends_with("?uploads");
        match begins && asked.header("content-length") != "0" {
            true => Fate::Page(411),
            false => Fate::Pass,
        }
    });
}

#[test]
fn a_conflict_at_the_end_begins_the_upload_anew() {
    let middleman = arrives(
        &noise(LARGE, 32),
        once(
            |asked| asked.is_complete(),
            || Fate::Say(409, "ConditionalRequestConflict"),
        ),
    );

    let asked = middleman.asked();
    let begun = asked
        .iter()
        .filter(|asked| asked.target.ends_with("?uploads"));
    assert_eq!(begun.count(), 2);
}

#[test]
fn a_conflict_is_no_taken_key() {
    arrives(
        b"small",
        once(
            |asked| asked.is_put(),
            || Fate::Say(409, "ConditionalRequestConflict"),
        ),
    );
}

#[test]
fn one_object_with_a_bad_answer_does_not_keep_the_others_from_being_mended() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (middleman, is_bad) = Middleman::switched(&server.endpoint, |asked| {
        match asked.target.contains("b.bin") {
            true => Fate::Say(400, "InvalidRequest"),
            false => Fate::Pass,
        }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let files = ["a.bin", "b.bin", "c.bin"].map(|name| write(folder.path(), name, name));
    upload(&client, &files).with_code(0);
    std::fs::remove_file(server.demo_object("originals/a.bin")).unwrap();
    std::fs::remove_file(server.demo_object("originals/c.bin")).unwrap();
    is_bad.store(true, Ordering::SeqCst);

    let verified = client.run(["verify", "--json", "--profile", "test", "--repair"]);

    let findings = verified.with_code(1).json();
    let faults: Vec<&str> = findings
        .iter()
        .filter(|finding| !finding["fault"].is_null())
        .map(|finding| text(finding, "fault"))
        .collect();
    assert_eq!(faults, ["missing", "unclear", "missing"]);
    let keys = server.demo_keys();
    assert!(keys.contains(&"originals/a.bin".into()) && keys.contains(&"originals/c.bin".into()));
}
