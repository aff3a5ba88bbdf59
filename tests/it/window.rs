//! The real window, driven as a person drives it. Linux: WebDriver under Xvfb, a real keyring, a
//! real drag and drop.

use std::path::{Path, PathBuf};

use tintype_tests::desktop::Desktop;
use tintype_tests::pictures::samples;
use tintype_tests::program::Tintype;
use tintype_tests::server::{Server, needed, wait_for};
use tintype_tests::webdriver::Window;

fn testid(name: &str) -> String {
    format!("[data-testid={name}]")
}

fn wait_for_done(window: &Window, count: u64) {
    window.until(&format!("{count} finished uploads"), || {
        let done = window.script(
            "return document.querySelectorAll('[data-testid=job][data-stage=done]').length",
        );
        (done.as_u64() == Some(count)).then_some(())
    });
}

/// Links of all objects of the open details, with their variant's name.
fn shown_links(window: &Window) -> Vec<(String, String)> {
    let script = "return [...document.querySelectorAll('[data-testid=object]')].map(o => [o.dataset.variant, o.querySelector('[data-testid=link]').textContent])";
    let rows = window.until("four objects", || {
        window
            .script(script)
            .as_array()
            .filter(|rows| rows.len() == 4)
            .cloned()
    });
    rows.iter()
        .map(|row| {
            (
                row[0].as_str().unwrap().to_owned(),
                row[1].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[test]
#[ignore = "needs a desktop and a driver: run `cargo xtask test`"]
fn from_the_first_start_to_a_pasted_link_and_back() {
    let driver = PathBuf::from(needed("TINTYPE_TAURI_DRIVER"));
    let (home, photos, server) = (Tintype::new(), tempfile::tempdir().unwrap(), Server::demo());
    let files = samples(photos.path());
    let mut desktop = Desktop::with_screen(driver);
    let window = desktop.open_app(home.home(), false);

    first_run(&window, &desktop);
    let link = drop_photographs(&window, &mut desktop, &files[..3]);
    let fetched = ureq::get(&link)
        .call()
        .unwrap()
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_vec()
        .unwrap();
    assert_eq!(
        fetched,
        std::fs::read(&files[0]).unwrap(),
        "the pasted link gives the picture back"
    );
    many_and_one(&window, &desktop);
    paste_a_picture(&window, &mut desktop, &files[4]);
    connect_a_bucket(&window, &desktop, &server);
    let watched = tempfile::tempdir().unwrap();
    watch_a_folder(&window, &desktop, watched.path(), &files[3]);
    say_what_becomes_of_files(&window, &desktop, watched.path());
    fail_and_retry(&window, &desktop, photos.path(), &files[1]);
    take_the_location_out(&window, &mut desktop, photos.path(), &files[0]);
    assert!(
        !home.home_contains(&server.secret_access_key),
        "the secret is in a file"
    );
    window.close();

    let again = desktop.open_app(home.home(), true);
    find_everything(&again, &desktop);
    again.close();
}

fn first_run(window: &Window, desktop: &Desktop) {
    window.wait(&testid("welcome"));
    desktop.screenshot("1 first run");
    window.click(&testid("try-demo"));
    window.wait(&testid("add-files"));
    desktop.screenshot("2 nothing yet");
}

/// Drops files, waits for their links and copies the link of the first; returns what is on the
/// clipboard.
fn drop_photographs(window: &Window, desktop: &mut Desktop, files: &[PathBuf]) -> String {
    desktop.drag(files);
    window.wait(&testid("drop-target"));
    desktop.screenshot("3 over the window");
    desktop.drop_here();
    wait_for_done(window, 3);
    desktop.screenshot("5 uploaded");
    let name = files[0].file_name().unwrap().to_str().unwrap();
    window.click(&format!("[data-testid=job][data-name='{name}'] button"));
    let links = shown_links(window);
    assert_eq!(
        links
            .iter()
            .map(|(variant, _)| variant.as_str())
            .collect::<Vec<_>>(),
        ["original", "800x600", "400x300", "200x150"]
    );
    let previews = "return [...document.querySelectorAll('[data-testid=details] img')].filter(i => i.complete && i.naturalWidth > 0).length";
    window.until("the picture is drawn", || {
        window.script(previews).as_u64().filter(|drawn| *drawn == 1)
    });
    window.click("[data-testid=object][data-variant=original] [data-testid=copy]");
    wait_for("the link is on the clipboard", || {
        desktop.clipboard() == links[0].1
    });
    desktop.screenshot("6 details");
    let link = desktop.clipboard();
    copy_other_shapes(window, desktop);
    link
}

fn copy_other_shapes(window: &Window, desktop: &Desktop) {
    for (shape, begins) in [
        ("markdown", "!["),
        ("html", "<img src="),
        ("srcset", "<img src="),
    ] {
        window.script(&format!(
            "document.querySelector('[data-testid=shape-{shape}]').click()"
        ));
        window.click("[data-testid=object][data-variant='800x600'] [data-testid=copy]");
        wait_for(shape, || desktop.clipboard().starts_with(begins));
    }
    assert!(
        desktop.clipboard().contains("800w"),
        "{}",
        desktop.clipboard()
    );
    // Escape closes the details.
    window.press(&["\u{e00c}"]);
    window.until("the details are closed", || {
        window
            .script("return document.querySelector('[data-testid=details]') === null")
            .as_bool()
            .filter(|closed| *closed)
    });
}

/// All of a day, in one go; and one of them by a word of its name, in whatever case.
fn many_and_one(window: &Window, desktop: &Desktop) {
    window.click(&testid("select-day"));
    window.click(&testid("copy-selection"));
    wait_for("three links are on the clipboard", || {
        desktop.clipboard().lines().count() == 3
    });
    desktop.screenshot("6a many");
    window.press(&["\u{e00c}"]);
    let search = |text: &str| {
        window.script(&format!(
            "const s = document.querySelector('{}'); s.value = '{text}'; s.dispatchEvent(new Event('input', {{bubbles: true}}))",
            testid("search")
        ))
    };
    search("NOON");
    wait_for_done(window, 1);
    desktop.screenshot("6b found");
    search("nowhere");
    wait_for_done(window, 0);
    search("");
    wait_for_done(window, 3);
}

fn paste_a_picture(window: &Window, desktop: &mut Desktop, png: &Path) {
    desktop.copy_picture(png);
    desktop.press_keys("ctrl+v");
    wait_for_done(window, 4);
}

fn connect_a_bucket(window: &Window, desktop: &Desktop, server: &Server) {
    window.click(&testid("nav-buckets"));
    window.click(&testid("add-profile"));
    window.script("const s = document.querySelector('[data-testid=field-provider]'); s.value = 'other'; s.dispatchEvent(new Event('change', {bubbles: true}))");
    let fields = [
        ("name", "Second"),
        ("bucket", &server.bucket),
        ("endpoint", &server.endpoint),
        ("access-key-id", &server.access_key_id),
    ];
    for (field, text) in fields {
        window.fill(&testid(&format!("field-{field}")), text);
    }
    window.fill(&testid("field-secret"), &server.secret_access_key);
    window.click(&testid("test-draft"));
    wait_for_steps(window);
    desktop.screenshot("7 connect a bucket");
    window.click(&testid("save-profile"));
    window.click("[data-testid=profile][data-name=Second] [data-testid=test-profile]");
    // The form is gone: the secret of this test came out of the keyring.
    wait_for_steps(window);
    desktop.screenshot("8 buckets");
}

fn wait_for_steps(window: &Window) {
    let steps = "return [...document.querySelectorAll('[data-testid=steps] li')].map(s => `${s.dataset.step} ${s.dataset.ok}`).join()";
    let all = [
        "resolve",
        "connect",
        "clock",
        "ask",
        "put",
        "head",
        "get",
        "link",
        "conditional",
        "parts",
        "delete",
    ];
    let well = all.map(|step| format!("{step} true")).join(",");
    window.until("all steps succeed", || {
        (window.script(steps) == well.as_str()).then_some(())
    });
}

/// The dialog belongs to the system; the command it leads to is called as the page calls it.
fn invoke(window: &Window, command: &str, arguments: &str) {
    window.script(&format!(
        "window.__TAURI_INTERNALS__.invoke('{command}', {arguments})"
    ));
}

fn watch_a_folder(window: &Window, desktop: &Desktop, folder: &Path, photo: &Path) {
    window.click(&testid("nav-folders"));
    window.wait(&testid("add-folder"));
    invoke(
        window,
        "add_folder",
        &format!(
            "{{folder: {{path: '{}', profile: 'demo'}}}}",
            folder.display()
        ),
    );
    window.wait(&testid("folder"));
    desktop.screenshot("9 folders");
    window.click(&testid("nav-uploads"));
    std::fs::copy(photo, folder.join("appeared.jpg")).unwrap();
    wait_for_done(window, 5);
}

/// The folder's form: a deleted file's objects are to be removed, which a person undoes in time.
fn say_what_becomes_of_files(window: &Window, desktop: &Desktop, folder: &Path) {
    window.click(&testid("nav-folders"));
    window.click("[data-testid=folder] [title=Settings]");
    window.wait(&testid("folder-form"));
    let choose = |field: &str, value: &str| {
        let select = format!(
            "const s = document.querySelector('{}'); s.value = '{value}'",
            testid(field)
        );
        window.script(&format!(
            "{select}; s.dispatchEvent(new Event('change', {{bubbles: true}}))"
        ));
    };
    choose("deleted", "remove");
    choose("after-upload", "move");
    choose("making", "own");
    let written = format!(
        "return document.querySelector('{}')?.value.split('\\n').length === 3",
        testid("specs")
    );
    window.until("the variants of the settings to begin with", || {
        window.script(&written).as_bool().filter(|all| *all)
    });
    desktop.screenshot("9a folder settings");
    choose("after-upload", "leave");
    choose("making", "settings");
    window.click(&testid("save-folder"));
    std::fs::write(folder.join("notes.txt"), "no picture").unwrap();
    window.wait(&testid("left-alone"));
    std::fs::remove_file(folder.join("appeared.jpg")).unwrap();
    window.wait(&testid("removal"));
    window.click(&format!("{} summary", testid("left-alone")));
    desktop.screenshot("9b a deleted file");
    window.click(&testid("keep-removed"));
    let gone = format!(
        "return document.querySelector('{}') === null",
        testid("removal")
    );
    window.until("it stays in the bucket", || {
        window.script(&gone).as_bool().filter(|gone| *gone)
    });
    window.click(&testid("nav-uploads"));
}

/// A file that is not there fails with its sentence; when it is there, Retry takes it.
fn fail_and_retry(window: &Window, desktop: &Desktop, folder: &Path, photo: &Path) {
    let late = folder.join("late.jpg");
    invoke(
        window,
        "upload",
        &format!("{{paths: ['{}'], profile: 'demo'}}", late.display()),
    );
    window.wait("[data-testid=job][data-stage=failed]");
    let row = window
        .script("return document.querySelector('[data-testid=job][data-stage=failed]').textContent")
        .to_string();
    assert!(row.contains("late.jpg does not exist"), "{row}");
    desktop.screenshot("10 failed");
    std::fs::copy(photo, &late).unwrap();
    window.click(&testid("retry"));
    wait_for_done(window, 6);
}

/// Sent to a real bucket under other names: nothing goes up before the person has said how, and
/// where they have the place taken out, the bucket never sees it.
fn take_the_location_out(window: &Window, desktop: &mut Desktop, folder: &Path, photo: &Path) {
    let upload_to = "const s = document.querySelector('[aria-label=\"Upload to\"]'); s.value = 'Second'; s.dispatchEvent(new Event('change', {bubbles: true}))";
    window.script(upload_to);
    let [private, public, secret] = ["private.jpg", "public.jpg", "secret.jpg"].map(|name| {
        std::fs::copy(photo, folder.join(name)).unwrap();
        folder.join(name)
    });
    for (file, choice) in [(&secret, "cancel"), (&public, "keep"), (&private, "strip")] {
        desktop.drag(std::slice::from_ref(file));
        window.wait(&testid("drop-target"));
        desktop.drop_here();
        window.wait(&testid("location-question"));
        let asks = "return document.querySelectorAll('[data-testid=job][data-stage=asks]').length";
        assert_eq!(window.script(asks).as_u64(), Some(1), "it waits");
        desktop.screenshot("11 a question");
        window.click(&testid(&format!("location-{choice}")));
        window.until("the question is gone", || {
            let asked = "return document.querySelector('[data-testid=location-question]') === null";
            window.script(asked).as_bool().filter(|gone| *gone)
        });
    }
    wait_for_done(window, 8);
    window.click("[data-testid=job][data-name='private.jpg'] button");
    let link = shown_links(window).remove(0).1;
    window.until("what the file says is shown", || {
        window
            .script("return document.querySelector('[data-testid=location]')?.textContent === 'In the file on this computer'")
            .as_bool()
            .filter(|shown| *shown)
    });
    desktop.screenshot("12 without its place");
    let fetched = ureq::get(&link)
        .call()
        .unwrap()
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_vec()
        .unwrap();
    let file = std::fs::read(&private).unwrap();
    let tells = |bytes: &[u8]| {
        tintype_core::privacy::tells_location(bytes, tintype_core::content::Codec::Jpeg)
    };
    assert!(
        tells(&file) && !tells(&fetched),
        "the place is in the file and not in the bucket"
    );
    assert_eq!(
        image::load_from_memory(&fetched).unwrap(),
        image::load_from_memory(&file).unwrap(),
        "the same pixels"
    );
    window.press(&["\u{e00c}"]);
}

fn find_everything(window: &Window, desktop: &Desktop) {
    wait_for_done(window, 8);
    let pictures = "return [...document.querySelectorAll('[data-testid=job] img')].filter(i => i.complete && i.naturalWidth > 0).length";
    window.until("the pictures are drawn", || {
        window.script(pictures).as_u64().filter(|drawn| *drawn == 8)
    });
    window.click("[data-testid=job]:first-child button");
    shown_links(window);
    desktop.screenshot("13 after a restart, dark");
    window.click(&testid("nav-buckets"));
    window.click("[data-testid=profile][data-name=Second] [data-testid=test-profile]");
    wait_for_steps(window);
}
