//! `tintype variants`: the same imaging, to files.

use image::ImageFormat;
use tintype_tests::pictures::{encoded, landscape, samples};
use tintype_tests::program::Tintype;

#[test]
fn variants_are_written_beside_each_other() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    samples(&photos);
    let out = folder.path().join("out");
    let specs = ["--spec", "web=640x480:inside:webp:75", "--spec", "square=100x100:cover:png"];
    let args = ["variants", "--json", "--out", out.to_str().unwrap()];

    let reports = client.run(args.iter().chain(&specs).chain(&[photos.to_str().unwrap()])).with_code(0).json();

    assert_eq!(reports.len(), 5);
    let upright = image::open(out.join("Rome, upright_web.webp")).unwrap();
    assert_eq!((upright.width(), upright.height()), (320, 480), "turned as the camera was held");
    let square = image::open(out.join("screenshot_square.png")).unwrap();
    assert_eq!((square.width(), square.height()), (100, 100));
    for report in &reports {
        assert_eq!(report["status"], "made");
        for variant in report["variants"].as_array().unwrap() {
            assert!(std::path::Path::new(variant["path"].as_str().unwrap()).exists());
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
    let args = ["variants", "--out", out.to_str().unwrap(), "--spec", "s=30x20"];
    let printed = client.run(args.iter().chain(&[a.to_str().unwrap(), b.to_str().unwrap()])).with_code(0);
    assert_eq!(printed.lines().len(), 2);
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 2);
}

#[test]
fn what_is_no_picture_is_said() {
    let (client, folder) = (Tintype::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let out = folder.path().join("out");
    let ended = client.run(["variants", "--json", "--out", out.to_str().unwrap(), file.to_str().unwrap()]).with_code(1);
    assert_eq!(ended.json()[0]["error"]["code"], "image-unsupported");
}
