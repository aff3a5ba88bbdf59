//! The direction inside the core: stages do not know each other, nouns know no stage.

use std::path::{Path, PathBuf};

use tintype_tests::program::files_below;

const STAGES: [&str; 5] = ["intake", "imaging", "transfer", "journal", "watch"];

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/core/src")
}

fn uses(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("use crate::"));
    lines
        .map(|line| line.trim_end_matches(';').to_owned())
        .collect()
}

#[test]
fn stages_do_not_know_each_other() {
    for stage in STAGES {
        for file in files_below(&core().join(stage)) {
            for used in uses(&file) {
                let room = used.split("::").next().unwrap_or_default();
                let foreign = STAGES.contains(&room) && room != stage;
                assert!(
                    !foreign && room != "engine",
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn nouns_know_no_stage() {
    // Whatever is neither a stage nor the engine is a noun.
    let is_noun = |room: &str| !STAGES.contains(&room) && room != "engine" && room != "lib.rs";
    for entry in std::fs::read_dir(core()).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_name().unwrap().to_string_lossy().into_owned();
        let files = if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        };
        for file in files.iter().filter(|_| is_noun(&room)) {
            for used in uses(file) {
                let other = used.split("::").next().unwrap_or_default();
                assert!(
                    !STAGES.contains(&other) && other != "engine",
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn only_one_file_of_the_page_knows_the_desktop() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src");
    for file in files_below(&page) {
        let text = std::fs::read_to_string(&file).unwrap();
        let allowed = file.ends_with("backend.ts") || file.ends_with("bindings.ts");
        assert!(
            allowed || !text.contains("@tauri-apps/"),
            "{} imports @tauri-apps",
            file.display()
        );
    }
}
