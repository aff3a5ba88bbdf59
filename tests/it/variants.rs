//! `tintype variants`: the same imaging, to files.

use std::path::Path;

use image::ImageFormat;
use tintype_tests::pictures::{encoded, jpeg, landscape, noise, samples, slow_drawing};
use tintype_tests::program::Tintype;
#[cfg(target_os = "linux")]
use tintype_tests::server::wait_for;

#[test]
fn variants_are_written_beside_each_other() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    samples(&photos);
    let out = folder.path().join("out");
    let specs = [
        "--spec",
        "web=640x480:inside:webp:75",
        "--spec",
        "square=100x100:cover:png",
    ];
    let args = ["variants", "--json", "--out", out.to_str().unwrap()];

    let reports = client
        .run(args.iter().chain(&specs).chain(&[photos.to_str().unwrap()]))
        .with_code(0)
        .json();

    assert_eq!(reports.len(), 5);
    let upright = image::open(out.join("Rome, upright_web.webp")).unwrap();
    assert_eq!(
        (upright.width(), upright.height()),
        (320, 480),
        "turned as the camera was held"
    );
    let square = image::open(out.join("screenshot_square.png")).unwrap();
    assert_eq!((square.width(), square.height()), (100, 100));
    for report in &reports {
        assert_eq!(report["status"], "made");
        for variant in report["variants"].as_array().unwrap() {
            assert!(Path::new(variant["path"].as_str().unwrap()).exists());
            assert!(variant.get("url").is_none() && variant.get("key").is_none());
        }
    }
}

#[test]
fn files_of_one_stem_do_not_overwrite_each_other() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let (a, b) = (folder.path().join("a.png"), folder.path().join("a.bmp"));
    std::fs::write(&a, encoded(&landscape(300, 200, 1), ImageFormat::Png)).unwrap();
    std::fs::write(&b, encoded(&landscape(300, 200, 2), ImageFormat::Bmp)).unwrap();
    let out = folder.path().join("out");
    let args = [
        "variants",
        "--out",
        out.to_str().unwrap(),
        "--spec",
        "s=30x20",
    ];
    let printed = client
        .run(
            args.iter()
                .chain(&[a.to_str().unwrap(), b.to_str().unwrap()]),
        )
        .with_code(0);
    assert_eq!(printed.lines().len(), 2);
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 2);
}

#[test]
fn what_is_no_picture_is_said() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let out = folder.path().join("out");
    let ended = client
        .run([
            "variants",
            "--json",
            "--out",
            out.to_str().unwrap(),
            file.to_str().unwrap(),
        ])
        .with_code(1);
    assert_eq!(ended.json()[0]["error"]["code"], "image-unsupported");
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(id: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_decoder_that_dies_costs_one_picture_at_most() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let photo = jpeg(&landscape(3000, 2000, 7), None);
    let files: Vec<_> = (0..40)
        .map(|n| folder.path().join(format!("{n}.jpg")))
        .collect();
    files
        .iter()
        .for_each(|file| std::fs::write(file, &photo).unwrap());
    let out = folder.path().join("out");
    let args = [
        "variants",
        "--json",
        "--spec",
        "1000x700:cover:webp:80",
        "--out",
        out.to_str().unwrap(),
    ];
    let args = args
        .iter()
        .map(|text| (*text).to_owned())
        .chain(files.iter().map(|file| file.display().to_string()));
    let child = client.start(&mut client.command(args));
    let mut worker = None;
    wait_for("a worker works", || {
        worker = children(child.id()).first().copied();
        worker.is_some()
    });

    assert!(
        std::process::Command::new("kill")
            .args(["-9", &worker.unwrap().to_string()])
            .status()
            .unwrap()
            .success()
    );

    let ended = child.wait_with_output().unwrap();
    let lines = String::from_utf8(ended.stdout).unwrap();
    let reports: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let failed: Vec<_> = reports
        .iter()
        .filter(|report| report["status"] == "failed")
        .collect();
    assert_eq!(reports.len(), 40, "every file is reported");
    assert!(failed.len() <= 1, "{failed:?}");
    assert!(
        failed
            .iter()
            .all(|report| report["error"]["code"] == "image-damaged"),
        "{failed:?}"
    );
}

#[test]
fn a_variant_may_be_larger_than_its_pixels() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let picture = folder.path().join("noise.png");
    std::fs::write(&picture, encoded(&noise(1200, 900), ImageFormat::Png)).unwrap();
    let out = folder.path().join("out");
    let spec = Path::new("1200x900:inside:jpeg:100");
    let args = ["variants", "--json", "--out"].map(Path::new);
    let args = args
        .into_iter()
        .chain([out.as_path(), Path::new("--spec"), spec, &picture]);

    let reports = client.run(args).with_code(0).json();

    let size = reports[0]["variants"][0]["size"].as_u64().unwrap();
    assert!(size > 1200 * 900 + (64 << 10), "{size} bytes");
}

#[test]
fn what_takes_too_long_is_given_up() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    std::fs::write(
        client.home().join("settings.toml"),
        "[limits]\nseconds = 1\n",
    )
    .unwrap();
    let (slow, quick) = (slow_drawing(folder.path()), folder.path().join("quick.jpg"));
    std::fs::write(&quick, jpeg(&landscape(300, 200, 7), None)).unwrap();
    let out = folder.path().join("out");
    let args = [
        "variants",
        "--json",
        "--spec",
        "3000x3000:inside",
        "--out",
        out.to_str().unwrap(),
        slow.to_str().unwrap(),
    ];

    let reports = client
        .run(args.iter().chain(&[quick.to_str().unwrap()]))
        .with_code(1)
        .json();

    assert_eq!(
        reports[0]["error"]["code"], "image-too-slow",
        "{}",
        reports[0]
    );
    assert_eq!(reports[1]["status"], "made");
}

#[test]
fn what_a_picture_says_of_itself_is_shown() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let files = samples(folder.path());
    let facts = client
        .run(
            ["inspect", "--json"]
                .iter()
                .map(Path::new)
                .chain([1, 0, 2].map(|n| files[n].as_path())),
        )
        .with_code(0)
        .json();
    assert_eq!(
        (facts[0]["width"].as_u64(), facts[0]["height"].as_u64()),
        (Some(1600), Some(2400)),
        "upright"
    );
    assert_eq!(
        (
            facts[0]["orientation"].as_u64(),
            facts[0]["has_location"].as_bool()
        ),
        (Some(6), Some(true))
    );
    assert_eq!(
        (
            facts[2]["orientation"].as_u64(),
            facts[2]["has_location"].as_bool()
        ),
        (Some(3), Some(false))
    );
    assert_eq!(
        (facts[1]["format"].as_str(), facts[1]["captured"].as_str()),
        (Some("JPEG"), Some("2026-07-04T18:30:00"))
    );
    assert_eq!(facts[1]["has_location"].as_bool(), Some(true));
    let text = client
        .run(["inspect", files[0].to_str().unwrap()])
        .with_code(0)
        .stdout;
    assert!(
        text.contains("2400 × 1600 pixels") && text.contains("location    yes"),
        "{text}"
    );
}

#[test]
fn a_folder_is_looked_at_as_a_table_and_what_is_no_picture_is_no_error() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    samples(folder.path());
    std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let looked = |json: &[&str]| {
        let words = ["inspect"].iter().chain(json).map(Path::new);
        client.run(words.chain([folder.path()]))
    };

    let table = looked(&[]).with_code(0);
    let lines = looked(&["--json"]).with_code(0).json();

    let rows: Vec<&str> = table.stdout.lines().collect();
    assert!(rows[0].starts_with("FORMAT    PIXELS"), "{}", table.stdout);
    assert_eq!(rows.len(), lines.len(), "a head, but no text file");
    let place = rows[0].find("FILE").unwrap();
    let ends: Vec<String> = rows[1..]
        .iter()
        .map(|row| row.chars().skip(place).collect())
        .collect();
    assert!(
        ends.iter().all(|path| Path::new(path).is_file()),
        "{ends:?}"
    );
    assert!(ends.is_sorted(), "in the order of the folder");
    assert!(
        table.stderr.contains("1 other file left out"),
        "{}",
        table.stderr
    );
    let told = lines
        .iter()
        .filter(|line| line["error"]["code"] == "image-unsupported");
    assert_eq!(told.count(), 1);
}

#[test]
fn a_file_that_is_there_stays_unless_asked_and_a_source_stays_always() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let picture = |name: &str, seed| {
        std::fs::write(path(name), jpeg(&landscape(300, 200, seed), None)).unwrap()
    };
    picture("a.jpg", 1);
    picture("a_web.jpg", 2);
    let kept = std::fs::read(path("a_web.jpg")).unwrap();
    let run = |more: &[&str], files: &[&str]| {
        let args = ["variants", "--spec", "web=100x100:inside:jpeg:80", "--out"]
            .map(std::path::PathBuf::from);
        let files = files.iter().map(|name| path(name));
        Tintype::new().run(
            args.into_iter()
                .chain([folder.path().to_owned()])
                .chain(more.iter().map(Into::into))
                .chain(files),
        )
    };

    let refused = run(&[], &["a.jpg"]).with_code(1);
    assert!(
        refused.stderr.contains("is there already") && refused.stderr.contains("--overwrite"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read(path("a_web.jpg")).unwrap(), kept);

    let own = run(&["--overwrite"], &["a.jpg", "a_web.jpg"]).with_code(1);
    assert!(
        own.stderr.contains("variants are made of"),
        "{}",
        own.stderr
    );
    assert_eq!(std::fs::read(path("a_web.jpg")).unwrap(), kept);

    #[cfg(unix)]
    {
        // A link is replaced, and what it leads to is not written over.
        std::fs::write(path("precious.txt"), "precious").unwrap();
        std::fs::remove_file(path("a_web.jpg")).unwrap();
        std::os::unix::fs::symlink(path("precious.txt"), path("a_web.jpg")).unwrap();
        run(&[], &["a.jpg"]).with_code(1);
        run(&["--overwrite"], &["a.jpg"]).with_code(0);
        assert_eq!(std::fs::read(path("precious.txt")).unwrap(), b"precious");
        assert!(
            std::fs::read(path("a_web.jpg"))
                .unwrap()
                .starts_with(b"\xff\xd8")
        );
    }
}
