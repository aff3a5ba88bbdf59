//! Watched folders on the real file system: whatever is in the folder and settled is in the bucket.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tintype_tests::middleman::{Fate, Middleman};
use tintype_tests::pictures::{jpeg, landscape};
use tintype_tests::server::{Server, wait_for};
use tintype_tests::watching::{Watching, picture};

#[test]
fn what_is_there_and_what_appears_goes_up_once() {
    let mut watching = Watching::with(Server::demo(), &[], &[], |folder| {
        fs::write(folder.join("there.jpg"), picture(1)).unwrap();
        fs::write(folder.join("half.jpg.part"), picture(2)).unwrap();
        fs::write(folder.join("notes.txt"), "no picture").unwrap();
    });
    watching.wait(&["there.jpg"]);
    fs::write(watching.path(".cache/deep/thumb.jpg"), picture(9)).unwrap();
    fs::write(watching.path("new/deep/inside.jpg"), picture(3)).unwrap();
    fs::rename(watching.path("half.jpg.part"), watching.path("whole.jpg")).unwrap();
    watching.wait(&["inside.jpg", "there.jpg", "whole.jpg"]);
    watching.kill();

    // Once more from the start: the journal knows all of them, and finds the one that came
    // meanwhile.
    fs::write(watching.path("later.jpg"), picture(4)).unwrap();
    let once = [
        "watch",
        "--once",
        "--profile",
        "test",
        watching.folder.path().to_str().unwrap(),
    ];
    let lines = watching.client.run(once).with_code(0);
    assert_eq!(lines.lines().len(), 1, "{}", lines.stdout);
    assert!(lines.stdout.contains("later.jpg"));
    assert_eq!(watching.client.run(once).with_code(0).stdout, "");
}

#[test]
fn row_01_a_burst_is_found_whole() {
    // The queue of events is cut where that is allowed; the scan has to find them either way.
    let limit = "/proc/sys/fs/inotify/max_queued_events";
    let before = fs::read_to_string(limit).unwrap_or_default();
    let cut = fs::write(limit, "16").is_ok();
    let watching = Watching::start(&[]);
    watching.wait_past("first.jpg", &["first.jpg"]);
    if cut {
        fs::write(limit, &before).unwrap();
    }
    for number in 0..500 {
        fs::write(
            watching.path(&format!("{}/{number:03}.jpg", number % 7)),
            picture(number),
        )
        .unwrap();
    }
    wait_for("all of the burst", || watching.names().len() == 501);
    assert_eq!(
        watching.count("SELECT count(*) FROM jobs"),
        501,
        "none twice"
    );
}

#[test]
fn row_02_files_in_folders_that_have_just_been_made_are_found() {
    let watching = Watching::start(&[]);
    watching.wait_past("first.jpg", &["first.jpg"]);
    for number in 0..50 {
        fs::write(
            watching.path(&format!("{number}/a/b/c/d/e/f/g/h/i/{number:02}.jpg")),
            picture(number),
        )
        .unwrap();
    }
    wait_for("all of them", || watching.names().len() == 51);
}

#[test]
fn row_04_what_nobody_announced_is_found_when_asked_for() {
    let mut watching = Watching::start(&[]);
    watching.wait_past("first.jpg", &["first.jpg"]);
    // A program that is stopped hears no events, as if there were none.
    watching.kill();
    fs::write(watching.path("silent.jpg"), picture(2)).unwrap();
    fs::remove_file(watching.path("first.jpg")).unwrap();
    watching.wake();
    watching.wait(&["first.jpg", "silent.jpg"]);
}

#[test]
fn row_05_a_slow_writer_is_waited_for() {
    let watching = Watching::start(&[]);
    watching.wait_past("first.jpg", &["first.jpg"]);
    let whole = jpeg(&landscape(600, 400, 5), None);
    let mut file = fs::File::create(watching.path("slow.jpg")).unwrap();
    for piece in whole.chunks(whole.len() / 4 + 1) {
        file.write_all(piece).unwrap();
        file.sync_all().unwrap();
        // This is what is tested: pauses longer than the rest a file needs where nobody tells.
        std::thread::sleep(Duration::from_millis(1300));
        assert_eq!(watching.names(), ["first.jpg"], "taken before its end");
    }
    drop(file);
    watching.wait(&["first.jpg", "slow.jpg"]);
    assert_eq!(watching.object("slow.jpg"), whole);
}

#[test]
fn row_06_a_file_that_changes_while_it_is_sent_arrives_as_it_is_last() {
    let mut server = Server::demo();
    let slow = Middleman::before(&server.endpoint, |asked| {
        if asked.is_put() {
            Fate::Slowly(60_000)
        } else {
            Fate::Pass
        }
    });
    server.endpoint = slow.endpoint();
    let watching = Watching::with(server, &["--on-conflict", "overwrite"], &[], |_| {});
    let (old, new) = (
        jpeg(&landscape(500, 400, 6), None),
        jpeg(&landscape(500, 400, 7), None),
    );
    fs::write(watching.path("a.jpg"), &old).unwrap();
    wait_for("the upload", || {
        slow.asked().iter().any(|asked| asked.is_put())
    });
    fs::write(watching.path(".a.tmp"), &new).unwrap();
    fs::rename(watching.path(".a.tmp"), watching.path("a.jpg")).unwrap();

    wait_for("the last content", || watching.object("a.jpg") == new);

    assert_eq!(watching.names(), ["a.jpg"]);
}

#[test]
fn row_07_a_save_by_temporary_and_rename_is_one_file_under_its_final_name() {
    let watching = Watching::start(&["--changed", "replace"]);
    let save = |seed: u32, temporary: &str| {
        fs::write(watching.path(temporary), picture(seed)).unwrap();
        fs::rename(watching.path(temporary), watching.path("a.jpg")).unwrap();
    };
    save(1, "a.jpg~RF1.tmp");
    watching.wait(&["a.jpg"]);
    save(2, ".a.jpg.swp");
    wait_for("the second save", || watching.object("a.jpg") == picture(2));
    // An editor that keeps the old one as a backup.
    fs::rename(watching.path("a.jpg"), watching.path("a.jpg~")).unwrap();
    fs::write(watching.path("a.jpg"), picture(3)).unwrap();
    wait_for("the third save", || watching.object("a.jpg") == picture(3));
    assert_eq!(watching.names(), ["a.jpg"]);
}

#[test]
fn row_08_and_09_a_file_without_content_is_left_alone_until_it_has_some() {
    let watching = Watching::start(&[]);
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    watching.wait(&["a.jpg"]);
    // A power cut leaves nothing, or nothing but zeros; a cloud drive a stand-in of the right size.
    fs::write(watching.path("a.jpg"), "").unwrap();
    fs::write(watching.path("zeros.jpg"), vec![0; 5000]).unwrap();
    fs::File::create(watching.path("placeholder.jpg"))
        .unwrap()
        .set_len(9_000_000)
        .unwrap();
    watching.wait_past("b.jpg", &["a.jpg", "b.jpg"]);
    assert_eq!(
        watching.object("a.jpg"),
        picture(1),
        "content is not replaced by nothing"
    );
    fs::write(watching.path("placeholder.jpg"), picture(4)).unwrap();
    watching.wait(&["a.jpg", "b.jpg", "placeholder.jpg"]);
}

#[cfg(unix)]
#[test]
fn row_10_links_are_followed_only_if_that_is_chosen_and_each_file_is_taken_once() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("outside.jpg"), picture(1)).unwrap();
    let linked = |folder: &Path| {
        fs::write(folder.join("a.jpg"), picture(2)).unwrap();
        std::os::unix::fs::symlink(folder, folder.join("loop")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.join("escape")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.join("again")).unwrap();
    };
    let plain = Watching::with(Server::demo(), &[], &[], linked);
    plain.wait_past("z.jpg", &["a.jpg", "z.jpg"]);
    let following = Watching::with(Server::demo(), &[], &["--follow-links"], linked);
    following.wait_past("z.jpg", &["a.jpg", "outside.jpg", "z.jpg"]);
    assert_eq!(
        following.count("SELECT count(*) FROM jobs"),
        3,
        "none twice"
    );
}

#[test]
fn a_file_that_is_moved_or_only_touched_is_not_sent_again() {
    let mut watching = Watching::start(&["--original-key", "originals/{folder}/{name}"]);
    fs::write(watching.path("a/1.jpg"), picture(1)).unwrap();
    fs::write(watching.path("a/2.jpg"), picture(2)).unwrap();
    watching.wait(&["a/1.jpg", "a/2.jpg"]);
    fs::rename(watching.path("a"), watching.path("b")).unwrap();
    fs::write(watching.path("a/3.jpg"), picture(3)).unwrap();
    watching.wait(&["a/1.jpg", "a/2.jpg", "a/3.jpg"]);
    watching.kill();
    fs::rename(watching.path("b/1.jpg"), watching.path("c.jpg")).unwrap();
    fs::File::options()
        .append(true)
        .open(watching.path("b/2.jpg"))
        .unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    watching.wake();
    watching.wait_past("a/4.jpg", &["a/1.jpg", "a/2.jpg", "a/3.jpg", "a/4.jpg"]);
    assert_eq!(watching.count("SELECT count(*) FROM jobs"), 4);
}

#[test]
fn what_was_there_before_can_be_left_alone_and_names_too() {
    let watching = Watching::with(
        Server::demo(),
        &[],
        &["--only-new", "--pattern", "drafts/", "--flat"],
        |folder| {
            fs::write(folder.join("old.jpg"), picture(1)).unwrap();
        },
    );
    wait_for("the first look", || {
        watching.count("SELECT count(*) FROM folders WHERE begun = 1") == 1
    });
    fs::write(watching.path("drafts/a.jpg"), picture(2)).unwrap();
    fs::write(watching.path("deep/a.jpg"), picture(3)).unwrap();
    watching.wait_past("new.jpg", &["new.jpg"]);
    fs::write(watching.path("old.jpg"), picture(4)).unwrap();
    watching.wait(&["new.jpg", "old.jpg"]);
}

#[test]
fn a_folder_that_goes_away_and_comes_back_loses_nothing() {
    let watching = Watching::start(&[]);
    fs::write(watching.path("a.jpg"), picture(1)).unwrap();
    watching.wait(&["a.jpg"]);
    let elsewhere = watching.folder.path().with_extension("away");
    fs::rename(watching.folder.path(), &elsewhere).unwrap();
    fs::write(elsewhere.join("b.jpg"), picture(2)).unwrap();
    fs::rename(&elsewhere, watching.folder.path()).unwrap();
    watching.wait(&["a.jpg", "b.jpg"]);
    fs::write(watching.path("c.jpg"), picture(3)).unwrap();
    watching.wait(&["a.jpg", "b.jpg", "c.jpg"]);
}

#[test]
fn killed_again_and_again_during_a_burst_nothing_is_lost() {
    let kills: u32 = std::env::var("TINTYPE_WATCH_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(15);
    let mut watching = Watching::start(&[]);
    let mut dice = 0x2545_f491_u32;
    for number in 0..kills * 20 {
        fs::write(watching.path(&format!("{number:05}.jpg")), picture(number)).unwrap();
        if number % 20 == 19 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // A random moment is what is tested.
            std::thread::sleep(Duration::from_millis(u64::from(dice >> 16) % 400));
            watching.kill();
            watching.wake();
        }
    }
    wait_for("all of them", || {
        watching.names().len() == kills as usize * 20
    });
    wait_for("the end", || {
        watching.count("SELECT count(*) FROM jobs WHERE state <> 'done'") == 0
    });
    for number in 0..kills * 20 {
        assert_eq!(
            watching.object(&format!("{number:05}.jpg")),
            picture(number)
        );
    }
}

#[test]
fn a_missing_folder_is_said() {
    let server = Server::demo();
    let ended = server
        .client()
        .run(["watch", "--profile", "test", "/no/such/folder"])
        .with_code(1);
    assert!(ended.stderr.contains("does not exist"), "{}", ended.stderr);
}

#[test]
fn the_state_of_a_folder_is_told_to_programs() {
    let watching = Watching::with(Server::demo(), &[], &["--json"], |folder| {
        fs::write(folder.join("notes.txt"), "no picture").unwrap();
    });
    watching.wait_for_state("watching", |folder| {
        folder["following"] == "watching" && folder["seen"] == 1
    });
    let state = &watching.states().pop().unwrap()["folder"];
    assert_eq!(state["skipped"], 1);
    assert!(
        state["told"][0]["message"]
            .as_str()
            .unwrap()
            .contains("is no picture"),
        "{state}"
    );
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs user namespaces: run `cargo xtask test`"]
fn row_03_in_a_namespace_without_room_for_watches_a_folder_is_polled_until_there_is_room() {
    let apart = apart();
    // A user namespace has a limit of its own; it is raised when the file `room` appears.
    let script = "echo 2 > /proc/sys/user/max_inotify_watches; \
                  (for i in $(seq 900); do [ -e \"$0/../room\" ] && echo 9999 > /proc/sys/user/max_inotify_watches && break; sleep 0.1; done) & \
                  exec \"$@\"";
    let home = tempfile::tempdir().unwrap();
    let watching = Watching::wrapped(Server::demo(), &[], &["--json"], |folder| {
        for number in 0..5 {
            fs::create_dir(folder.join(number.to_string())).unwrap();
        }
        let signals = home.path().join("signals");
        fs::create_dir(&signals).unwrap();
        apart
            .iter()
            .copied()
            .chain(["sh", "-c", script, signals.to_str().unwrap()])
            .map(str::to_owned)
            .collect()
    });
    watching.wait_for_state("polling", |folder| folder["following"] == "polling");
    let state = &watching.states().pop().unwrap()["folder"];
    assert!(
        state["error"]["hint"].as_str().unwrap().contains("sysctl"),
        "{state}"
    );
    assert!(
        state["error"]["message"]
            .as_str()
            .unwrap()
            .contains("inotify"),
        "{state}"
    );
    fs::write(watching.path("1/polled.jpg"), picture(1)).unwrap();
    watching.wait(&["polled.jpg"]);
    fs::write(home.path().join("room"), "").unwrap();
    watching.wait_for_state("watching", |folder| {
        folder["following"] == "watching" && folder["error"].is_null()
    });
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs user namespaces: run `cargo xtask test`"]
fn row_04_in_a_namespace_a_folder_without_events_is_found_out_and_polled() {
    let apart = apart();
    // What is written below an overlay appears in it without any event, as on a share.
    let script = "mount -t overlay overlay -o lowerdir=\"$0/lower\",upperdir=\"$0/upper\",workdir=\"$0/work\" \"$1\" && shift && exec \"$@\"";
    let layers = tempfile::tempdir().unwrap();
    let watching = Watching::wrapped(Server::demo(), &[], &["--json"], |folder| {
        ["lower", "upper", "work"]
            .iter()
            .for_each(|layer| fs::create_dir(layers.path().join(layer)).unwrap());
        let [layers, folder] = [layers.path(), folder].map(|path| path.to_str().unwrap());
        apart
            .iter()
            .copied()
            .chain(["sh", "-c", script, layers, folder])
            .map(str::to_owned)
            .collect()
    });
    watching.wait_for_state("watching", |folder| folder["following"] == "watching");
    fs::write(layers.path().join("upper/silent.jpg"), picture(1)).unwrap();
    watching.wait(&["silent.jpg"]);
    watching.wait_for_state("polling", |folder| folder["following"] == "polling");
}

/// How to run something where it may mount, and has limits of its own.
#[cfg(target_os = "linux")]
pub(crate) fn apart() -> [&'static str; 2] {
    ["unshare", "-Urm"]
}

#[test]
fn what_is_being_written_when_the_watching_begins_is_not_taken_torn() {
    let mut writer = None;
    let watching = Watching::with(Server::demo(), &[], &["--all-files"], |folder| {
        // It pauses for longer than a file has to rest, and has the file open all the while.
        let script = format!(
            "(printf 'first half '; sleep 5; printf 'second half') > '{}'",
            folder.join("a.txt").display()
        );
        writer = Some(
            std::process::Command::new("sh")
                .args(["-c", &script])
                .spawn()
                .unwrap(),
        );
        wait_for("the first half", || {
            fs::metadata(folder.join("a.txt")).is_ok_and(|meta| meta.len() > 0)
        });
    });

    watching.wait(&["a.txt"]);

    writer.unwrap().wait().unwrap();
    assert_eq!(watching.object("a.txt"), b"first half second half");
}
