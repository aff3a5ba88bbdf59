//! One suite, every server: what a user is promised must hold on each of them.

mod profile;

use std::path::PathBuf;

use image::ImageFormat;
use serde_json::Value;
use tintype_tests::files::write;
use tintype_tests::pictures::{Camera, encoded, jpeg, landscape, samples};
use tintype_tests::program::{Tintype, sha256};
use tintype_tests::server::Server;

use profile::{
    a_missing_bucket_is_said, a_wrong_secret_is_said, templates_have_their_say,
    the_doctor_walks_all_steps,
};

/// Makes a module of tests for a server.
macro_rules! suite {
    ($name:ident, $server:expr $(, $attribute:meta)?) => {
        mod $name {
            use super::*;

            suite!(@tests $server, [$($attribute)?],
                photographs_go_up_with_their_variants,
                the_same_again_is_present,
                the_same_content_twice_in_one_batch_is_sent_once,
                other_content_under_the_same_name_gets_a_hash,
                twins_share_no_variant,
                every_name_has_a_link_that_works,
                a_large_file_goes_up_in_parts,
                originals_go_up_without_their_place,
                templates_have_their_say,
                the_doctor_walks_all_steps,
                a_wrong_secret_is_said,
                a_missing_bucket_is_said,
            );
        }
    };
    (@tests $server:expr, [$($attribute:meta)?], $($test:ident,)*) => {
        suite!(@each $server, ($(#[$attribute])?), $($test,)*);
    };
    (@each $server:expr, $attributes:tt, $($test:ident,)*) => {
        $(suite!(@one $server, $attributes, $test);)*
    };
    (@one $server:expr, ($($attribute:tt)*), $test:ident) => {
        #[test]
        $($attribute)*
        fn $test() {
            super::$test(&$server);
        }
    };
}

suite!(demo, Server::demo());
suite!(
    garage,
    Server::garage(),
    ignore = "needs Garage: run `cargo xtask test`"
);

suite!(
    ceph,
    Server::ceph(),
    ignore = "needs Ceph: install it, and run `cargo xtask test`"
);

suite!(
    moto,
    Server::moto(),
    ignore = "needs moto: install it (pip install 'moto[server]'), and run `cargo xtask test`"
);

/// Garage behind the ways of other services.
macro_rules! imitations {
    ($($name:ident: $provider:literal,)*) => {
        $(suite!(
            $name,
            Server::like($provider),
            ignore = "needs Garage: run `cargo xtask test`"
        );)*
    };
}

imitations! {
    like_aws: "aws",
    like_r2: "r2",
    like_b2: "b2",
    like_spaces: "spaces",
    like_wasabi: "wasabi",
    like_gcs: "gcs",
    like_hetzner: "hetzner",
    like_scaleway: "scaleway",
    like_ovh: "ovh",
    like_oss: "oss",
    like_cos: "cos",
    like_supabase: "supabase",
    like_minio: "minio",
    like_ceph: "ceph",
}

/// The same, for services of which nobody says what they do with conditions: the other way.
macro_rules! unknown {
    ($($name:ident: $provider:literal,)*) => {
        $(suite!(
            $name,
            Server::perhaps_like($provider),
            ignore = "needs Garage: run `cargo xtask test`"
        );)*
    };
}

unknown! {
    unknown_if_cos_keeps_conditions: "cos",
    unknown_if_supabase_keeps_conditions: "supabase",
    unknown_if_minio_keeps_conditions: "minio",
    unknown_if_ceph_keeps_conditions_in_parts: "ceph",
}

fn upload(client: &Tintype, paths: &[PathBuf]) -> Vec<Value> {
    let args = [
        "upload",
        "--json",
        "--location",
        "keep",
        "--profile",
        "test",
    ];
    let mut args: Vec<PathBuf> = args.iter().map(PathBuf::from).collect();
    args.extend_from_slice(paths);
    client.run(args).json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn photographs_go_up_with_their_variants(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let files = samples(folder.path());

    let reports = upload(&client, &files);

    for (file, report) in files.iter().zip(&reports) {
        assert_eq!(text(report, "status"), "uploaded", "{report}");
        assert_eq!(
            text(report, "source"),
            file.to_str().unwrap(),
            "in the order given"
        );
        let original = std::fs::read(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(text(report, "key"), format!("originals/{name}"));
        let fetched = server.fetch(text(report, "url"));
        assert_eq!(
            (fetched.status, sha256(&fetched.body)),
            (200, sha256(&original))
        );
        assert_eq!(
            (text(report, "sha256"), report["size"].as_u64()),
            (sha256(&original).as_str(), Some(original.len() as u64))
        );
        assert_eq!(fetched.content_type, text(report, "content_type"));
        assert!(
            fetched.cache_control.contains("max-age"),
            "{}",
            fetched.cache_control
        );
        let variants = report["variants"].as_array().unwrap();
        let sizes: Vec<_> = variants
            .iter()
            .map(|v| (v["width"].as_u64().unwrap(), v["height"].as_u64().unwrap()))
            .collect();
        assert_eq!(sizes, [(800, 600), (400, 300), (200, 150)]);
        for variant in variants {
            let fetched = server.fetch(text(variant, "url"));
            assert_eq!(
                (fetched.status, fetched.content_type.as_str()),
                (200, "image/jpeg")
            );
            assert_eq!(Some(fetched.body.len() as u64), variant["size"].as_u64());
            let picture = image::load_from_memory(&fetched.body).unwrap();
            assert_eq!(Some(u64::from(picture.width())), variant["width"].as_u64());
            assert!(
                !fetched.body.windows(4).any(|window| window == b"Exif"),
                "no place, no orientation in variants"
            );
        }
    }
}

fn the_same_again_is_present(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let file = write(folder.path(), "a.jpg", jpeg(&landscape(900, 700, 8), None));
    let first = upload(&client, std::slice::from_ref(&file)).remove(0);
    // Another home knows nothing of the first: only the bucket can tell.
    for again in [&client, &server.client()] {
        let report = upload(again, std::slice::from_ref(&file)).remove(0);
        assert_eq!(text(&report, "status"), "present");
        assert_eq!(text(&report, "url"), text(&first, "url"));
    }
}

fn the_same_content_twice_in_one_batch_is_sent_once(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let bytes = jpeg(&landscape(900, 700, 9), None);
    let files = [
        write(folder.path(), "x/a.jpg", &bytes),
        write(folder.path(), "y/a.jpg", &bytes),
    ];
    let reports = upload(&client, &files);
    let mut statuses = [text(&reports[0], "status"), text(&reports[1], "status")];
    statuses.sort_unstable();
    assert_eq!(statuses, ["present", "uploaded"]);
    assert_eq!(text(&reports[0], "url"), text(&reports[1], "url"));
}

fn other_content_under_the_same_name_gets_a_hash(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let (one, two) = (
        jpeg(&landscape(900, 700, 1), None),
        jpeg(&landscape(900, 700, 2), None),
    );
    let first = upload(&client, &[write(folder.path(), "a.jpg", &one)]).remove(0);
    let second = upload(&client, &[write(folder.path(), "a.jpg", &two)]).remove(0);
    let digits = &sha256(&two)[..8];
    assert_eq!(text(&second, "key"), format!("originals/a-{digits}.jpg"));
    assert_eq!(
        text(&second["variants"][0], "key"),
        format!("800x600/a-{digits}.jpg")
    );
    assert_eq!(
        server.fetch(text(&first, "url")).body,
        one,
        "nothing is overwritten"
    );
    assert_eq!(server.fetch(text(&second, "url")).body, two);
    assert_ne!(
        server.fetch(text(&first["variants"][0], "url")).body,
        server.fetch(text(&second["variants"][0], "url")).body
    );
}

fn twins_share_no_variant(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let (one, two) = (landscape(900, 700, 3), landscape(900, 700, 4));
    let files = [
        write(folder.path(), "a.png", encoded(&one, ImageFormat::Png)),
        write(folder.path(), "a.jpg", jpeg(&two, None)),
    ];
    let reports = upload(&client, &files);
    let key = |report: &Value| text(&report["variants"][0], "key").to_owned();
    assert_ne!(key(&reports[0]), key(&reports[1]));
    let bodies = reports
        .iter()
        .map(|report| server.fetch(text(&report["variants"][0], "url")).body);
    let blue: Vec<_> = bodies
        .map(|body| {
            image::load_from_memory(&body)
                .unwrap()
                .into_rgb8()
                .get_pixel(400, 20)
                .0
        })
        .collect();
    for (found, drawn) in blue.iter().zip([&one, &two]) {
        let wanted = drawn.get_pixel(450, 35).0;
        assert!(
            found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 20),
            "{found:?} for {wanted:?}"
        );
    }
}

fn every_name_has_a_link_that_works(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let names = [
        "a b.txt",
        "100%.txt",
        "a+b.txt",
        "a#b.txt",
        "a&b=c.txt",
        "it's.txt",
        "größe.txt",
        "日本語.txt",
        "😀.txt",
        "שלום.txt",
        "a;b,c@d.txt",
        "%41.txt",
    ];
    let files: Vec<PathBuf> = names
        .iter()
        .map(|name| write(folder.path(), name, name.as_bytes()))
        .collect();
    for (name, report) in names.iter().zip(upload(&client, &files)) {
        let fetched = server.fetch(text(&report, "url"));
        assert_eq!(
            (
                fetched.status,
                String::from_utf8_lossy(&fetched.body).as_ref()
            ),
            (200, *name),
            "{report}"
        );
        assert_eq!(
            report["variants"],
            Value::Array(Vec::new()),
            "no picture, no variants"
        );
    }
}

fn a_large_file_goes_up_in_parts(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let bytes: Vec<u8> = (0..40_000_003_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let file = write(folder.path(), "film.bin", &bytes);
    let report = upload(&client, std::slice::from_ref(&file)).remove(0);
    assert_eq!(text(&report, "status"), "uploaded", "{report}");
    assert_eq!(
        sha256(&server.fetch(text(&report, "url")).body),
        sha256(&bytes)
    );
    assert_eq!(
        text(&upload(&client, &[file]).remove(0), "status"),
        "present"
    );
}

fn originals_go_up_without_their_place(server: &Server) {
    let (client, folder) = (server.client(), tempfile::tempdir().unwrap());
    let endpoint = [
        "--provider",
        server.provider,
        "--endpoint",
        &server.endpoint,
        "--bucket",
        &server.bucket,
    ];
    let more = [
        "--region",
        &server.region,
        "--public-url",
        &server.public_url,
        "--originals",
        "strip-location",
    ];
    client
        .run(
            ["profile", "add", "private", "--credentials", "env"]
                .iter()
                .chain(&endpoint)
                .chain(&more),
        )
        .with_code(0);
    let camera = Camera {
        orientation: 6,
        captured: "2026:07:04 18:30:00",
        gps: true,
    };
    let photo = write(
        folder.path(),
        "home.jpg",
        jpeg(&landscape(900, 700, 31), Some(camera)),
    );
    let film = write(
        folder.path(),
        "home.mp4",
        b"\0\0\0\x18ftypisom\0\0\0\x01isommp42 and a place in it",
    );

    let args = [
        "upload",
        "--json",
        "--profile",
        "private",
        photo.to_str().unwrap(),
        film.to_str().unwrap(),
    ];
    let reports = client.run(args).with_code(1).json();

    let tells = |bytes: &[u8]| {
        tintype_core::privacy::tells_location(bytes, tintype_core::content::Codec::Jpeg)
    };
    assert_eq!(text(&reports[0], "status"), "uploaded", "{}", reports[0]);
    let fetched = server.fetch(text(&reports[0], "url")).body;
    assert!(tells(&std::fs::read(&photo).unwrap()) && !tells(&fetched));
    assert_eq!(reports[0]["variants"].as_array().unwrap().len(), 3);
    assert_eq!(
        (
            text(&reports[1], "status"),
            text(&reports[1]["error"], "code")
        ),
        ("failed", "cannot-strip"),
        "{}",
        reports[1]
    );
    assert!(
        reports[1]["url"].is_null(),
        "what cannot be cleaned does not go up"
    );
    let again = client
        .run([
            "upload",
            "--json",
            "--profile",
            "private",
            photo.to_str().unwrap(),
        ])
        .json();
    assert_eq!(text(&again[0], "status"), "present", "{}", again[0]);
}
