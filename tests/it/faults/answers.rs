//! Answers that are lost, false, or somebody else's.

use super::*;

#[test]
fn row_21_a_200_with_an_error_in_it_is_no_success() {
    let middleman = arrives(
        &noise(LARGE, 5),
        once(
            |asked| asked.is_complete(),
            || Fate::Say(200, "InternalError"),
        ),
    );
    assert!(
        middleman
            .asked()
            .iter()
            .filter(|asked| asked.is_complete())
            .count()
            > 1
    );
}

#[test]
fn row_22_a_lost_answer_to_the_last_step_is_looked_up() {
    let middleman = arrives(
        &noise(LARGE, 6),
        once(|asked| asked.is_complete(), || Fate::LoseReply),
    );
    assert_eq!(
        middleman
            .asked()
            .iter()
            .filter(|asked| asked.target.ends_with("?uploads"))
            .count(),
        1,
        "not sent again"
    );
}

#[test]
#[ignore = "needs Garage: run `cargo xtask test`"]
fn a_lost_answer_to_the_first_step_leaves_nothing_behind() {
    let server = Server::garage();
    let (folder, lost) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let begins = asked.method == "POST" && asked.target.contains("uploads");
        if begins && lost.fetch_add(1, Ordering::SeqCst) == 0 {
            Fate::LoseReply
        } else {
            Fate::Pass
        }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);

    upload(
        &client,
        &[write(folder.path(), "a.bin", noise(20 << 20, 5))],
    )
    .with_code(0);

    assert_eq!(
        server.garage_counts(),
        (1, 0),
        "one object, no unfinished upload"
    );
}

#[test]
fn row_23_a_killed_upload_goes_on_from_the_last_whole_part() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let (tell, told) = channel();
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_part() {
            let _ = tell.send(());
            return Fate::Slowly(16_000_000);
        }
        Fate::Pass
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let bytes = noise(LARGE, 7);
    let file = write(folder.path(), "film.bin", &bytes);
    let mut child =
        client.start(&mut client.command(["upload", "--profile", "test", file.to_str().unwrap()]));
    // The fifth part begins when one of the first four has arrived.
    (0..5).for_each(|_| told.recv().unwrap());
    let journal = client.home().join("journal.sqlite");
    let recorded = || {
        rusqlite::Connection::open(&journal)
            .ok()?
            .query_row("SELECT count(*) FROM parts", [], |row| row.get::<_, u32>(0))
            .ok()
    };
    wait_for("a part is on record", || {
        recorded().is_some_and(|parts| parts > 0)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let (before, kept) = (middleman.asked().len(), recorded().unwrap());

    let report = upload(&client, &[file]).with_code(0).json().remove(0);

    let after = middleman.asked()[before..]
        .iter()
        .filter(|asked| asked.is_part())
        .count();
    assert_eq!(after, 5 - kept as usize, "only the missing parts are sent");
    assert_eq!(
        sha256(&server.fetch(text(&report, "url")).body),
        sha256(&bytes)
    );
    assert_eq!(server.demo_strays(), [] as [PathBuf; 0]);
}

#[test]
fn row_24_parts_are_equal() {
    let middleman = arrives(&noise(LARGE, 8), |_| Fate::Pass);
    let sizes: Vec<u32> = middleman
        .asked()
        .iter()
        .filter(|asked| asked.is_part())
        .map(|part| part.header("content-length").parse().unwrap())
        .collect();
    let largest = *sizes.iter().max().unwrap();
    assert_eq!(
        sizes.iter().filter(|size| **size != largest).count(),
        1,
        "all but the last: {sizes:?}"
    );
}

#[test]
fn row_25_a_refused_checksum_is_found_out_and_put_right() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| {
        if asked.header("x-amz-checksum-crc32").is_empty() {
            Fate::Pass
        } else {
            Fate::Say(501, "NotImplemented")
        }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    // As if somebody had taken a provider's preset for a service that is not that provider's.
    let settings = client.home().join("settings.toml");
    let given = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(
        &settings,
        given.replace("[[profiles]]", "[[profiles]]\nchecksum = \"crc32\""),
    )
    .unwrap();
    let file = write(folder.path(), "a.txt", b"hello");
    assert_eq!(
        text(
            &upload(&client, std::slice::from_ref(&file))
                .with_code(1)
                .json()[0]["error"],
            "code"
        ),
        "request-refused"
    );

    let tested = client
        .run(["profile", "test", "test", "--fix"])
        .with_code(0);

    assert!(
        tested.stderr.contains("refuses crc32 checksums"),
        "{}",
        tested.stderr
    );
    upload(&client, &[file]).with_code(0);
}

#[test]
fn row_26_the_right_region_is_one_word_away() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| {
        if asked.header("authorization").contains("/eu-west-1/")
            || asked.header("authorization").is_empty()
        {
            return Fate::Pass;
        }
        Fate::SayWith(
            301,
            "PermanentRedirect",
            "x-amz-bucket-region: eu-west-1\r\n".into(),
        )
    });
    let client = server.client_at(&middleman.endpoint(), &["--check-links"]);
    let file = write(folder.path(), "a.txt", b"hello");
    let failed = upload(&client, std::slice::from_ref(&file))
        .with_code(1)
        .json()
        .remove(0);
    assert_eq!(
        text(&failed["error"], "message"),
        format!(
            "bucket \"{}\" is in eu-west-1, not us-east-1",
            server.bucket
        )
    );

    let hint = client.run(["profile", "test", "test"]).with_code(1).stderr;
    client
        .run(["profile", "test", "test", "--fix"])
        .with_code(1);

    assert!(
        hint.contains("--fix` sets region = \"eu-west-1\""),
        "{hint}"
    );
    let shown = client.run(["profile", "show", "test"]).stdout;
    for line in ["region             eu-west-1", "check links        true"] {
        assert!(shown.contains(line), "{shown}");
    }
    upload(&client, &[file]).with_code(0);
}

#[test]
fn row_28_an_etag_that_is_no_md5_proves_nothing_and_spoils_nothing() {
    let middleman = arrives(b"hello", |asked| {
        if asked.is_put() {
            Fate::Without(&["etag", "x-amz-checksum-crc32"])
        } else {
            Fate::Pass
        }
    });
    let heads = middleman
        .asked()
        .iter()
        .filter(|asked| asked.method == "HEAD")
        .count();
    assert!(heads >= 2, "the bucket itself was asked");
}

#[test]
fn row_29_a_200_for_nothing_is_found_out() {
    arrives(b"hello", once(|asked| asked.is_put(), || Fate::Swallow));
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let middleman = Middleman::before(&server.endpoint, |asked| {
        if asked.is_put() {
            Fate::Swallow
        } else {
            Fate::Pass
        }
    });
    let file = write(folder.path(), "a.txt", b"hello");
    let report = upload(&server.client_at(&middleman.endpoint(), &[]), &[file])
        .with_code(1)
        .json()
        .remove(0);
    assert_eq!(
        text(&report["error"], "code"),
        "checksum-mismatch",
        "never called done: {report}"
    );
}

#[test]
fn a_sign_in_page_is_no_bucket_but_offline() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let page = "content-type: text/html\r\n";
    let middleman = Middleman::before(&server.endpoint, move |_| {
        Fate::SayWith(511, "", page.into())
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
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
    let error = &ended.json()[0]["error"];
    assert_eq!(text(error, "code"), "endpoint-unreachable", "{error}");
    assert!(text(error, "message").contains("sign-in page"), "{error}");
}
