//! Secrets: in the real keyring, and nowhere else.

use tintype_tests::program::Tintype;
use tintype_tests::server::Server;

fn add(server: &Server) -> Vec<String> {
    let args = [
        "profile",
        "add",
        "kept",
        "--provider",
        "other",
        "--endpoint",
        &server.endpoint,
        "--bucket",
        &server.bucket,
        "--access-key-id",
        &server.access_key_id,
    ];
    args.map(str::to_owned).to_vec()
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs D-Bus and a keyring: run `cargo xtask test`"]
fn a_secret_goes_through_the_keyring_and_into_no_file() {
    let (server, desktop) = (Server::demo(), tintype_tests::desktop::Desktop::keyring());
    let client = desktop
        .env()
        .iter()
        .fold(Tintype::new(), |client, (name, value)| {
            client.env(name, value)
        })
        .env("TINTYPE_LOG", "trace");

    let added = client
        .run_with(add(&server), &format!("{}\n", server.secret_access_key))
        .with_code(0);
    let tested = client.run(["profile", "test", "kept"]).with_code(0);

    // No credentials in the environment: only the keyring can have had the secret.
    assert_eq!(tested.lines().len(), 11);
    assert!(
        !client.home_contains(&server.secret_access_key),
        "a file has the secret"
    );
    for printed in [added.stdout, added.stderr, tested.stdout, tested.stderr] {
        assert!(
            !printed.contains(&server.secret_access_key),
            "the log has the secret"
        );
    }
    client.run(["profile", "remove", "kept"]).with_code(0);
    client.run(["profile", "show", "kept"]).with_code(1);
}

#[test]
fn without_a_keyring_nothing_is_stored_and_the_way_out_is_named() {
    let (server, client) = (Server::demo(), Tintype::new());
    let ended = client
        .run_with(add(&server), &server.secret_access_key)
        .with_code(1);
    assert!(
        ended.stderr.contains("keyring") && ended.stderr.contains("--credentials env"),
        "{}",
        ended.stderr
    );
    assert_eq!(client.run(["profile", "list"]).stdout, "");
    assert!(!client.home_contains(&server.secret_access_key));
}

#[test]
fn the_environment_serves_where_there_is_no_keyring() {
    let server = Server::demo();
    let client = server.client();
    client.run(["profile", "test", "test"]).with_code(0);
    assert!(!client.home_contains(&server.secret_access_key));
}
