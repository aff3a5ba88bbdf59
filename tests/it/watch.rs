//! Watched folders on the real file system.

use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::server::{Server, wait_for};

#[test]
fn what_is_there_and_what_appears_goes_up_once() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let client = server.client();
    let photo = |name: &str, seed| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, jpeg(&landscape(300, 200, seed), None)).unwrap();
    };
    photo("there.jpg", 1);
    photo("half.jpg.part", 2);
    std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let watched = folder.path().to_str().unwrap();
    let mut watching = client.start(&mut client.command(["watch", "--profile", "test", watched]));
    let originals = || server.demo_keys().into_iter().filter(|key| key.starts_with("originals/")).collect::<Vec<_>>();

    wait_for("the one that is there", || originals() == ["originals/there.jpg"]);
    photo("new/deep/inside.jpg", 3);
    std::fs::rename(folder.path().join("half.jpg.part"), folder.path().join("whole.jpg")).unwrap();
    wait_for("those that appear", || originals() == ["originals/inside.jpg", "originals/there.jpg", "originals/whole.jpg"]);
    watching.kill().unwrap();
    watching.wait().unwrap();

    // Once more from the start: the journal knows all of them, and finds the one that came meanwhile.
    photo("later.jpg", 4);
    let lines = client.run(["watch", "--once", "--profile", "test", watched]).with_code(0);
    assert_eq!(lines.lines().len(), 1, "{}", lines.stdout);
    assert!(lines.stdout.contains("later.jpg"));
    assert_eq!(client.run(["watch", "--once", "--profile", "test", watched]).with_code(0).stdout, "");
}

#[test]
fn a_missing_folder_is_said() {
    let server = Server::demo();
    let ended = server.client().run(["watch", "--profile", "test", "/no/such/folder"]).with_code(1);
    assert!(ended.stderr.contains("does not exist"), "{}", ended.stderr);
}
