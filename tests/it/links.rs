//! A link that is printed opens, whatever the file is called and whatever the clock says, or it
//! says why not.

use std::path::PathBuf;

use tintype_tests::clock::{http_date, utc};
use tintype_tests::files::write_name;
use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::program::{Ended, Tintype};
use tintype_tests::server::Server;

fn upload(client: &Tintype, files: &[PathBuf]) -> Ended {
    let args = ["upload", "--profile", "test"]
        .iter()
        .map(std::ffi::OsStr::new);
    client
        .run(args.chain(files.iter().map(|file| file.as_os_str())))
        .with_code(0)
}

#[test]
fn a_link_to_a_variant_that_is_not_made_is_refused_before_anything_goes_up() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let file = write_name(folder.path(), "a.txt");
    let upload = ["upload", "--profile", "test", "--link"];
    let link = |template: &str| {
        let named = [template, file.to_str().unwrap()];
        client.run(upload.iter().chain(&named))
    };

    let refused = link("{url:big}").with_code(1);

    assert!(refused.stderr.contains("\"big\""), "{}", refused.stderr);
    assert!(refused.stderr.contains("800x600"), "{}", refused.stderr);
    assert!(server.demo_keys().is_empty());
    // What this file has none of, is the file itself.
    let linked = link("{url:800x600}").with_code(0);
    assert!(linked.lines()[0].ends_with("/originals/a.txt"));
}

#[test]
fn the_demo_bucket_takes_every_name_that_s3_takes() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let deep: String = (0..9).map(|_| format!("{}/", "d".repeat(81))).collect();
    let client = server.client_at(
        &server.endpoint,
        &["--original-key", &format!("{deep}{{name}}")],
    );
    // 255 bytes of a name are what file systems take; with the folders before it the key has 993.
    let names = [
        format!("{}.txt", "写".repeat(83)),
        format!("{}.txt", "k".repeat(251)),
        "a".into(),
        "a?b*.txt".into(),
    ];
    let paths: Vec<_> = names
        .iter()
        .map(|name| write_name(folder.path(), name))
        .collect();

    let links = upload(&client, &paths);
    let again = upload(&client, &paths);

    assert_eq!(
        (links.lines().len(), links.lines()),
        (names.len(), again.lines()),
        "found again as they are"
    );
    for (link, name) in links.lines().iter().zip(&names) {
        assert_eq!(
            server.fetch(link).body,
            format!("this is {name}").as_bytes(),
            "{name}"
        );
    }
}

#[test]
fn links_are_signed_by_the_servers_clock() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    // The server is ten minutes ahead, as far as it tells; more it would not take.
    let middleman = Middleman::before(&server.endpoint, |_| Fate::Dated(http_date("+10 min")));
    let before = utc("+10 min", "+%Y%m%dT%H%M");
    let client = server.client_at(&middleman.endpoint(), &["--link-hours", "1"]);
    let file = write_name(folder.path(), "a.txt");

    let told = upload(&client, &[file]);
    let listed = client.run(["history"]).with_code(0);

    for lines in [told.stdout, listed.stdout] {
        let signed = lines.split("X-Amz-Date=").nth(1).unwrap_or_default();
        assert!(signed > before.as_str(), "{lines}");
    }
}

#[test]
fn links_that_nobody_can_open_say_so_when_the_profile_is_added_and_beside_each_link() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = Tintype::new()
        .env("AWS_ACCESS_KEY_ID", &server.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &server.secret_access_key);
    let add = [
        "profile",
        "add",
        "test",
        "--credentials",
        "env",
        "--provider",
        "r2",
        "--bucket",
        &server.bucket,
        "--endpoint",
        &server.endpoint,
    ];
    let added = client.run(add).with_code(0);
    let told = upload(&client, &[write_name(folder.path(), "a.txt")]);
    for said in [added.stderr, told.stderr] {
        assert!(
            said.contains("do not open") && said.contains("public address"),
            "{said}"
        );
    }
    assert_eq!(told.stdout.lines().count(), 1);
}
