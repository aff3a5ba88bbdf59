//! What a profile promises: keys that are taken, links, headers, webhooks, the manifest, checking
//! what is there.

mod records;

use std::path::Path;

use serde_json::Value;
use tintype_tests::files::write;
use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::program::{Ended, Tintype};
use tintype_tests::server::Server;
use tintype_tests::webhook::listener;

fn upload(client: &Tintype, file: &Path) -> Ended {
    client.run([
        "upload".as_ref(),
        "--json".as_ref(),
        "--profile".as_ref(),
        "test".as_ref(),
        file.as_os_str(),
    ])
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Two files of one name: what is said of the second, and what the key holds then.
fn second_of_one_name(choice: &str) -> (Value, Vec<u8>, Vec<String>) {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--on-conflict", choice]);
    let first = upload(&client, &write(folder.path(), "1/a.txt", b"old"))
        .with_code(0)
        .json()
        .remove(0);
    let second = upload(&client, &write(folder.path(), "2/a.txt", b"new"))
        .json()
        .remove(0);
    let there = server.fetch(text(&first, "url")).body;
    (second, there, server.demo_keys())
}

#[test]
fn row_30_a_taken_key_is_a_choice() {
    let (report, there, keys) = second_of_one_name("keep-both");
    assert_eq!(
        (text(&report, "status"), there.as_slice(), keys.len()),
        ("uploaded", b"old".as_slice(), 2)
    );
    let (report, there, keys) = second_of_one_name("overwrite");
    assert_eq!(
        (text(&report, "status"), there.as_slice(), keys.len()),
        ("uploaded", b"new".as_slice(), 1)
    );
    let (report, there, keys) = second_of_one_name("skip");
    assert_eq!(
        (text(&report, "status"), there.as_slice(), keys.len()),
        ("skipped", b"old".as_slice(), 1)
    );
    let (report, there, keys) = second_of_one_name("ask");
    assert_eq!(
        (text(&report, "status"), there.as_slice(), keys.len()),
        ("failed", b"old".as_slice(), 1)
    );
    assert_eq!(text(&report["error"], "code"), "key-taken");
    assert!(
        text(&report["error"], "hint").contains("--on-conflict"),
        "{report}"
    );
}

#[test]
fn a_choice_can_be_made_for_one_upload() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--on-conflict", "ask"]);
    let first = upload(&client, &write(folder.path(), "1/a.txt", b"old"))
        .with_code(0)
        .json()
        .remove(0);
    let file = write(folder.path(), "2/a.txt", b"new");
    upload(&client, &file).with_code(1);
    client
        .run([
            "upload",
            "--on-conflict",
            "overwrite",
            "--profile",
            "test",
            file.to_str().unwrap(),
        ])
        .with_code(0);
    assert_eq!(
        (
            server.fetch(text(&first, "url")).body,
            server.demo_keys().len()
        ),
        (b"new".to_vec(), 1)
    );
}

#[test]
fn row_31_twins_in_case_and_composition_have_one_identity() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let composed = upload(
        &client,
        &write(folder.path(), "1/Gr\u{f6}\u{df}e.txt", b"same"),
    )
    .with_code(0)
    .json()
    .remove(0);
    let decomposed = upload(
        &client,
        &write(folder.path(), "2/Gro\u{308}\u{df}e.txt", b"same"),
    )
    .with_code(0)
    .json()
    .remove(0);
    assert_eq!(
        (text(&decomposed, "status"), text(&decomposed, "key")),
        ("present", text(&composed, "key"))
    );
    let twin = upload(
        &client,
        &write(folder.path(), "3/GR\u{d6}\u{df}E.TXT", b"other"),
    )
    .with_code(0)
    .json()
    .remove(0);
    assert_ne!(
        text(&twin, "key").to_lowercase(),
        text(&composed, "key").to_lowercase(),
        "never two objects that differ in case only"
    );
}

#[test]
fn the_same_content_under_another_name_is_linked_if_wanted() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client_at(&server.endpoint, &["--duplicates", "link"]);
    let picture = jpeg(&landscape(900, 700, 1), None);
    let first = upload(&client, &write(folder.path(), "a.jpg", &picture))
        .with_code(0)
        .json()
        .remove(0);
    let second = upload(&client, &write(folder.path(), "b.jpg", &picture))
        .with_code(0)
        .json()
        .remove(0);
    assert_eq!(
        (text(&second, "status"), text(&second, "url")),
        ("present", text(&first, "url"))
    );
    assert_eq!(second["variants"].as_array().unwrap().len(), 3);
    assert_eq!(server.demo_keys().len(), 4);
    // What was linked is gone from the bucket: then it goes up after all.
    server
        .demo_keys()
        .iter()
        .for_each(|key| std::fs::remove_file(server.demo_object(key)).unwrap());
    let third = upload(&client, &write(folder.path(), "c.jpg", &picture))
        .with_code(0)
        .json()
        .remove(0);
    assert_eq!(
        (text(&third, "status"), text(&third, "key")),
        ("uploaded", "originals/c.jpg")
    );
}

#[test]
fn signed_links_open_and_plain_ones_are_checked() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let signed = server.client_at(&server.endpoint, &["--link-hours", "2", "--check-links"]);
    let report = upload(&signed, &write(folder.path(), "a b+c.txt", b"hello"))
        .with_code(0)
        .json()
        .remove(0);
    assert!(
        text(&report, "url").contains("X-Amz-Expires=7200"),
        "{report}"
    );
    assert_eq!(server.fetch(text(&report, "url")).body, b"hello");
    let args = [
        "profile",
        "add",
        "wrong",
        "--credentials",
        "env",
        "--provider",
        "other",
        "--bucket",
        &server.bucket,
        "--check-links",
    ];
    let more = [
        "--endpoint",
        &server.endpoint,
        "--public-url",
        &format!("{}/nowhere", server.endpoint),
    ];
    signed.run(args.iter().chain(&more)).with_code(0);
    let file = write(folder.path(), "b.txt", b"hello");
    let ended = signed
        .run([
            "upload",
            "--json",
            "--profile",
            "wrong",
            file.to_str().unwrap(),
        ])
        .with_code(1);
    assert_eq!(text(&ended.json()[0]["error"], "code"), "link-broken");
}

#[test]
fn headers_follow_the_rules() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Pass);
    let rules = [
        "--rule",
        "*.svg; content-disposition=attachment; meta-kind=drawing",
        "--rule",
        "originals/**; cache-control=private",
    ];
    let client = server.client_at(&middleman.endpoint(), &rules);
    let svg = write(
        folder.path(),
        "a.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    );
    client
        .run([
            "upload",
            "--no-variants",
            "--profile",
            "test",
            svg.to_str().unwrap(),
        ])
        .with_code(0);
    let put = middleman
        .asked()
        .into_iter()
        .find(|asked| asked.is_put())
        .unwrap();
    assert_eq!(
        (
            put.header("content-disposition"),
            put.header("cache-control")
        ),
        ("attachment", "private")
    );
    assert_eq!(
        (put.header("x-amz-meta-kind"), put.header("x-amz-acl")),
        ("drawing", ""),
        "no ACL unless asked"
    );
}

/// Requests of a kind that were made while `client` uploaded a folder to its end.
fn asked_during(middleman: &Middleman, client: &Tintype, folder: &Path, method: &str) -> usize {
    let before = middleman.asked().len();
    client
        .run([
            "upload",
            "--no-variants",
            "--profile",
            "strict",
            folder.to_str().unwrap(),
        ])
        .with_code(0);
    middleman.asked()[before..]
        .iter()
        .filter(|asked| asked.method == method)
        .count()
}

/// A client of a service that is said to refuse taken keys.
fn strict(server: &Server, endpoint: &str) -> Tintype {
    let client = server.client_at(endpoint, &[]);
    let add = [
        "profile",
        "add",
        "strict",
        "--credentials",
        "env",
        "--provider",
        "minio",
        "--endpoint",
        endpoint,
    ];
    client
        .run(add.iter().chain(&[
            "--bucket",
            &server.bucket,
            "--region",
            &server.region,
            "--public-url",
            &server.public_url,
        ]))
        .with_code(0);
    client
}

#[test]
fn small_new_files_are_not_asked_for_and_known_ones_are_not_sent() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Pass);
    // Far more than are under way at once before the first answers are there, however slow the
    // machine is.
    (0..400).for_each(|number| {
        drop(write(
            folder.path(),
            &format!("{number}.txt"),
            format!("file {number}").as_bytes(),
        ))
    });

    let looks = asked_during(
        &middleman,
        &strict(&server, &middleman.endpoint()),
        folder.path(),
        "HEAD",
    );
    let sent_again = asked_during(
        &middleman,
        &strict(&server, &middleman.endpoint()),
        folder.path(),
        "PUT",
    );

    assert!(looks < 200, "{looks} questions for 400 new files");
    assert_eq!(
        (sent_again, server.demo_keys().len()),
        (0, 400),
        "another computer finds them there"
    );
}

#[test]
#[ignore = "needs Garage: run `cargo xtask test`"]
fn a_service_that_does_not_refuse_taken_keys_is_found_out() {
    let server = Server::garage();
    let folder = tempfile::tempdir().unwrap();
    let first = upload(
        &server.client(),
        &write(folder.path(), "other/zz.txt", b"first"),
    )
    .with_code(0)
    .json()
    .remove(0);
    (0..100).for_each(|number| {
        drop(write(
            folder.path(),
            &format!("f/{number:03}.txt"),
            format!("file {number}").as_bytes(),
        ))
    });
    write(folder.path(), "f/zz.txt", b"second");

    let client = strict(&server, &server.endpoint);
    client
        .run([
            "upload",
            "--no-variants",
            "--profile",
            "strict",
            folder.path().join("f").to_str().unwrap(),
        ])
        .with_code(0);

    assert_eq!(
        server.fetch(text(&first, "url")).body,
        b"first",
        "nothing is overwritten unasked, whatever a preset promises"
    );
}
