//! `cargo xtask fuzz`: every reader of what others wrote is given broken files, as long as one likes.

use std::path::{Path, PathBuf};
use std::process::Child;

use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::tools;

/// Longer than a look at any file may take, sanitizer included.
const SLOWEST_SECONDS: u32 = 20;
/// More than any of them takes within the targets' own small limits.
const MOST_MIB: u32 = 600;
/// What is asked for and never touched costs nothing: JPEG XL's reader makes room for as much as a
/// header promises.
const MOST_AT_ONCE_MIB: u32 = 4096;
/// What a sanitizer sees is in the first kilobytes; larger ones only make it slow.
const LONGEST: u32 = 1 << 16;

/// Each target for so many seconds, as many at once as there are cores; or one.
pub(crate) fn run(yes: bool, words: &[&str]) -> Result {
    setup::install(yes, Purpose::Run)?;
    let seconds = words.iter().find_map(|word| word.parse::<u32>().ok());
    let named = words.iter().find(|word| word.parse::<u32>().is_err());
    let all = targets()?;
    let chosen: Vec<&String> = all
        .iter()
        .filter(|target| named.is_none_or(|named| named == target))
        .collect();
    if chosen.is_empty() {
        return Err(format!("there are the targets {}", all.join(", ")));
    }
    let folder = sh::target()?.join("fuzz");
    let corpus = folder.join("corpus");
    draw(&corpus)?;
    build(&folder)?;
    let triple = sh::output(sh::command("rustc").args(["--print", "host-tuple"]))?;
    let built = folder.join(triple.trim()).join("release");
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut wrong = Vec::new();
    for some in chosen.chunks(cores) {
        let running: Vec<(&String, Child)> = some
            .iter()
            .map(|target| {
                Ok((
                    *target,
                    start(target, (&built, &folder, &corpus), seconds.unwrap_or(60))?,
                ))
            })
            .collect::<Result<_>>()?;
        for (target, mut child) in running {
            let ended = child.wait().map_err(|error| error.to_string())?;
            if !ended.success() {
                wrong.push(target.as_str());
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} found something: see {}",
        wrong.join(", "),
        folder.join("found").display()
    ))
}

fn fuzz() -> PathBuf {
    sh::root().join("fuzz")
}

fn targets() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(fuzz().join("targets")).map_err(|error| error.to_string())?;
    let names = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        Some(path.file_stem()?.to_string_lossy().into_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

/// The files to begin with, which the tests draw.
fn draw(corpus: &Path) -> Result {
    std::fs::create_dir_all(corpus).map_err(|error| error.to_string())?;
    let mut test = sh::cargo();
    test.args(["test", "--workspace", "--lib", "--", "in_the_corpus"]);
    test.env("TINTYPE_WRITE_CORPUS", corpus);
    sh::run(&mut test)
}

/// The compiler that is there is no nightly one; it has the sanitizers all the same.
fn build(folder: &Path) -> Result {
    let program = tools::CARGO_FUZZ.get()?;
    // The same versions as everywhere.
    let locks = (sh::root().join("Cargo.lock"), fuzz().join("Cargo.lock"));
    std::fs::copy(locks.0, locks.1).map_err(|error| error.to_string())?;
    let mut build = sh::command(program);
    build.args(["fuzz", "build", "--fuzz-dir"]).arg(fuzz());
    build
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", folder);
    sh::run(&mut build)
}

fn start(
    target: &str,
    (built, folder, corpus): (&Path, &Path, &Path),
    seconds: u32,
) -> Result<Child> {
    let program = built.join(target);
    let own = folder.join("grown").join(target);
    let found = folder.join("found");
    for made in [&own, &found] {
        std::fs::create_dir_all(made).map_err(|error| error.to_string())?;
    }
    let log = folder.join(format!("{target}.log"));
    let log = std::fs::File::create(log).map_err(|error| error.to_string())?;
    println!("{target} for {seconds} s");
    let mut command = sh::command(program);
    // libaom has one table in several of its files.
    command.env("ASAN_OPTIONS", "detect_odr_violation=0");
    // To name a panic's place takes more memory than is allowed here.
    command.env("RUST_BACKTRACE", "0");
    command
        .arg(own)
        .arg(corpus)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={SLOWEST_SECONDS}"))
        .arg(format!("-rss_limit_mb={MOST_MIB}"))
        .arg(format!("-malloc_limit_mb={MOST_AT_ONCE_MIB}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        .stderr(log);
    command
        .spawn()
        .map_err(|error| format!("{target} could not be started: {error}"))
}
