//! Credentials as AWS' own programs keep them.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tintype_tests::aws::Aws;
use tintype_tests::files::write;
use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::program::Tintype;
use tintype_tests::server::Server;

/// A client that finds its credentials by the profile `work` of a configuration with these lines.
fn client(server: &Server, endpoint: &str, folder: &Path, config: &str) -> Tintype {
    let file = write(folder, "config", format!("[profile work]\n{config}\n"));
    let client = Tintype::new()
        .env("AWS_CONFIG_FILE", file.to_str().unwrap())
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Another account's, which must not be taken instead.
        .env("AWS_ACCESS_KEY_ID", "AKIAWRONG")
        .env("AWS_SECRET_ACCESS_KEY", "wrong");
    let add = [
        "profile",
        "add",
        "test",
        "--credentials",
        "aws",
        "--aws-profile",
        "work",
        "--provider",
        server.provider,
        "--endpoint",
        endpoint,
    ];
    let rest = ["--bucket", &server.bucket, "--region", &server.region];
    client.run(add.iter().chain(&rest)).with_code(0);
    client
}

/// A program that says the credentials, for an hour, and notes that it was asked.
fn teller(server: &Server, folder: &Path) -> String {
    let (key, secret) = (&server.access_key_id, &server.secret_access_key);
    let script = format!(
        "#!/bin/sh\ntest -e {0}/silent && exit 1\necho asked >> {0}/asked\nend=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)\n\
         echo '{{\"Version\": 1, \"AccessKeyId\": \"{key}\", \"SecretAccessKey\": \"{secret}\", \"Expiration\": \"'$end'\"}}'\n",
        folder.display()
    );
    let file = write(folder, "teller", script);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
    format!("credential_process = {}", file.display())
}

fn times_asked(folder: &Path) -> usize {
    let asked = std::fs::read_to_string(folder.join("asked")).unwrap_or_default();
    asked.lines().count()
}

fn upload(client: &Tintype, files: &[std::path::PathBuf]) -> tintype_tests::program::Ended {
    let words = ["upload", "--profile", "test", "--patience", "2"].map(std::ffi::OsStr::new);
    let files = files.iter().map(|file| file.as_os_str());
    client.run(words.into_iter().chain(files))
}

#[test]
fn keys_of_an_aws_profile_open_the_bucket() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let keys = format!(
        "aws_access_key_id = {}\naws_secret_access_key = {}",
        server.access_key_id, server.secret_access_key
    );
    let client = client(&server, &server.endpoint, folder.path(), &keys);

    upload(&client, &[write(folder.path(), "a.txt", "a")]).with_code(0);

    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    assert!(!client.home_contains(&server.secret_access_key));
}

#[test]
fn a_program_that_tells_them_is_asked_once_for_many_files() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let teller = teller(&server, folder.path());
    let client = client(&server, &server.endpoint, folder.path(), &teller);
    let files: Vec<_> = (0..20)
        .map(|number| write(folder.path(), &format!("{number}.txt"), format!("{number}")))
        .collect();

    upload(&client, &files).with_code(0);

    assert_eq!(server.demo_keys().len(), 20);
    assert_eq!(times_asked(folder.path()), 1);
}

#[test]
fn a_session_that_ends_in_the_middle_is_renewed_without_a_failed_job() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let told = AtomicBool::new(false);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let ends = asked.is_put() && asked.target.contains("b.txt");
        if ends && !told.swap(true, Ordering::SeqCst) {
            Fate::Say(400, "ExpiredToken")
        } else {
            Fate::Pass
        }
    });
    let teller = teller(&server, folder.path());
    let client = client(&server, &middleman.endpoint(), folder.path(), &teller);
    let files = ["a.txt", "b.txt", "c.txt"].map(|name| write(folder.path(), name, name));

    upload(&client, &files).with_code(0);

    assert_eq!(server.demo_keys().len(), 3);
    assert_eq!(times_asked(folder.path()), 2);
}

#[test]
fn so_is_one_that_ends_before_parts_are_put_together() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let told = AtomicBool::new(false);
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_complete() && !told.swap(true, Ordering::SeqCst) {
            Fate::Say(400, "ExpiredToken")
        } else {
            Fate::Pass
        }
    });
    let teller = teller(&server, folder.path());
    let client = client(&server, &middleman.endpoint(), folder.path(), &teller);
    let film = write(folder.path(), "film.bin", vec![7; 17 << 20]);

    upload(&client, &[film]).with_code(0);

    assert_eq!(server.demo_keys(), ["originals/film.bin"]);
    assert_eq!(times_asked(folder.path()), 2);
}

#[test]
fn a_session_that_is_not_renewed_is_waited_for() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let silent = folder.path().join("silent");
    let marker = silent.clone();
    // The service wants new ones from the second file on, and there are none.
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        if asked.is_put() && asked.target.contains("b.txt") && !marker.exists() {
            std::fs::write(&marker, "").unwrap();
            return Fate::Say(400, "ExpiredToken");
        }
        Fate::Pass
    });
    let teller = teller(&server, folder.path());
    let client = client(&server, &middleman.endpoint(), folder.path(), &teller);
    upload(&client, &[write(folder.path(), "a.txt", "a")]).with_code(0);
    let file = write(folder.path(), "b.txt", "b");

    let ended = upload(&client, std::slice::from_ref(&file)).with_code(1);

    let said = &ended.stderr;
    assert!(
        said.contains("aws sso login") && said.contains("stays queued"),
        "{said}"
    );
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    // Signed in again: it goes up by itself.
    std::fs::remove_file(&silent).unwrap();
    let endpoint = format!("endpoint = \"{}\"", middleman.endpoint());
    let settings = std::fs::read_to_string(client.home().join("settings.toml")).unwrap();
    let straight = settings.replace(&endpoint, &format!("endpoint = \"{}\"", server.endpoint));
    std::fs::write(client.home().join("settings.toml"), straight).unwrap();
    upload(&client, &[file]).with_code(0);
    assert_eq!(server.demo_keys().len(), 2);
}

#[test]
fn what_cannot_be_had_is_said_and_waited_for() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = client(
        &server,
        &server.endpoint,
        folder.path(),
        "credential_process = /bin/false",
    );
    let file = write(folder.path(), "a.txt", "a");

    let ended = upload(&client, std::slice::from_ref(&file)).with_code(1);

    assert!(
        ended.stderr.contains("aws sso login --profile work"),
        "{}",
        ended.stderr
    );
    let keys = teller(&server, folder.path());
    write(folder.path(), "config", format!("[profile work]\n{keys}\n"));
    upload(&client, &[file]).with_code(0);
    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
}

#[test]
fn a_workload_s_token_is_changed_for_a_session() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let aws = Aws::giving(&server.access_key_id, &server.secret_access_key);
    let token = write(folder.path(), "token", "told by the cluster");
    let role = format!(
        "role_arn = arn:aws:iam::123456789012:role/up\nweb_identity_token_file = {}\nregion = us-east-1",
        token.display()
    );
    let client = client(&server, &server.endpoint, folder.path(), &role)
        .env("AWS_ENDPOINT_URL_STS", &aws.endpoint);

    upload(&client, &[write(folder.path(), "a.txt", "a")]).with_code(0);

    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    assert!(aws.was_asked("POST / HTTP/1.1 AssumeRoleWithWebIdentity"));
}

#[test]
fn a_person_who_signed_in_once_uploads() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let aws = Aws::giving(&server.access_key_id, &server.secret_access_key);
    let session = "sso_session = team\nsso_account_id = 123456789012\nsso_role_name = up\nregion = us-east-1\n\
                   [sso-session team]\nsso_region = us-east-1\nsso_start_url = https://example.com/start";
    // What `aws sso login` leaves: the name is the SHA-1 of the session's.
    let cache = folder.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let signed_in = r#"{"startUrl":"https://example.com/start","region":"us-east-1","accessToken":"t","expiresAt":"2099-01-01T00:00:00Z"}"#;
    write(
        &cache,
        "d25187dc137f35c88bc80ec8c3ffbdb17b5eb873.json",
        signed_in,
    );
    let client = client(&server, &server.endpoint, folder.path(), session)
        .env("HOME", folder.path().to_str().unwrap())
        .env("AWS_ENDPOINT_URL_SSO", &aws.endpoint);

    upload(&client, &[write(folder.path(), "a.txt", "a")]).with_code(0);

    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    assert!(aws.was_asked("GET /federation/credentials"));
}

#[test]
fn a_machine_of_aws_takes_a_role() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let aws = Aws::giving(&server.access_key_id, &server.secret_access_key);
    let role = "role_arn = arn:aws:iam::123456789012:role/up\ncredential_source = Ec2InstanceMetadata\nregion = us-east-1";
    let client = client(&server, &server.endpoint, folder.path(), role)
        .env("AWS_EC2_METADATA_DISABLED", "false")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &aws.endpoint)
        .env("AWS_ENDPOINT_URL_STS", &aws.endpoint);

    upload(&client, &[write(folder.path(), "a.txt", "a")]).with_code(0);

    assert_eq!(server.demo_keys(), ["originals/a.txt"]);
    assert!(aws.was_asked("PUT /latest/api/token"));
    assert!(aws.was_asked("POST / HTTP/1.1 AssumeRole"));
}
