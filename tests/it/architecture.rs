//! The direction inside the core: stages do not know each other, nouns know no stage.

use std::path::{Path, PathBuf};

use tintype_tests::program::files_below;

const STAGES: [&str; 5] = ["intake", "imaging", "transfer", "journal", "watch"];
/// What uses stages: the wall around those that read files of strangers, and the engine.
const ABOVE: [&str; 2] = ["worker", "engine"];

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
                    !foreign && !ABOVE.contains(&room),
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn nouns_know_no_stage() {
    // Whatever is neither a stage nor above them is a noun.
    let is_noun =
        |room: &str| !STAGES.contains(&room) && !ABOVE.contains(&room) && room != "lib.rs";
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
                    !STAGES.contains(&other) && !ABOVE.contains(&other),
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
/// The rooms of the engine, from the ground up; those of one floor do not know each other.
const ENGINE: [(&str, u8); 7] = [
    ("shown", 0),
    ("bucket", 1),
    ("job", 2),
    ("folder", 2),
    ("later", 2),
    ("queue", 3),
    ("asked", 4),
];

#[test]
fn the_engines_rooms_know_only_those_below() {
    let floor = |name: &str| ENGINE.iter().find(|room| room.0 == name).map(|room| room.1);
    for (room, own) in ENGINE {
        for file in files_below(&core().join("engine").join(room)) {
            for used in uses(&file) {
                let mut words = used.split("::");
                let other = words
                    .next()
                    .filter(|first| *first == "engine")
                    .and(words.next());
                let Some((other, below)) = other.and_then(|other| Some((other, floor(other)?)))
                else {
                    continue;
                };
                assert!(
                    other == room || below < own,
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

/// Which file of the core a path names: its longest part that is a file.
fn place(path: &str) -> Option<PathBuf> {
    let words: Vec<&str> = path
        .split("::")
        .map(|word| word.trim_matches(['{', '}', ';', ' ']))
        .collect();
    (1..=words.len()).rev().find_map(|length| {
        let at = core().join(words[..length].join("/"));
        let file = at.with_extension("rs");
        if file.is_file() {
            Some(file)
        } else {
            Some(at.join("mod.rs")).filter(|room| room.is_file())
        }
    })
}

#[test]
fn no_file_comes_back_to_itself() {
    let files = files_below(&core());
    let knows = |file: &PathBuf| -> Vec<PathBuf> {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // `super` is the folder of a file, and the folder above that of a `mod.rs`.
        let inside = file.strip_prefix(core()).unwrap().with_extension("");
        let inside = if inside.ends_with("mod") {
            inside.parent().unwrap().to_owned()
        } else {
            inside
        };
        let above = inside
            .parent()
            .map(|above| above.to_string_lossy().replace('/', "::"))
            .unwrap_or_default();
        let line = |line: &str| {
            let used = line.trim().strip_prefix("use ")?;
            let path = match used.strip_prefix("super::") {
                Some(rest) if above.is_empty() => rest.to_owned(),
                Some(rest) => format!("{above}::{rest}"),
                None => used.strip_prefix("crate::")?.to_owned(),
            };
            place(&path)
        };
        code.lines()
            .filter_map(line)
            .filter(|other| other != file && !other.ends_with("mod.rs"))
            .collect()
    };
    let edges: std::collections::HashMap<PathBuf, Vec<PathBuf>> = files
        .iter()
        .map(|file| (file.clone(), knows(file)))
        .collect();
    for start in &files {
        let (mut seen, mut left) = (std::collections::HashSet::new(), edges[start].clone());
        while let Some(next) = left.pop() {
            assert!(next != *start, "{} comes back to itself", start.display());
            if seen.insert(next.clone()) {
                left.extend(edges.get(&next).cloned().unwrap_or_default());
            }
        }
    }
}
