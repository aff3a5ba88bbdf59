//! `cargo xtask`: everything a person does with this repository, set-up included.
//!
//! It has no dependencies, so that it builds at once on a machine that has only Rust.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks"
)]

mod audit;
mod bench;
mod ceph;
mod fuzz;
mod moto;
mod mutants;
mod run;
mod setup;
mod sh;
mod test;
mod tools;

use std::process::ExitCode;

const HELP: &str = "cargo xtask COMMAND

  run [FOLDER]      start Tintype on the demo bucket; without a display, do the main job
                    on sample pictures (or on FOLDER) and check every link
  test [--quick]    set up and run every check and test (--quick: Rust and page tests only)
  bench [images|transfer|watch] [FOLDER]
                    measure against the peers, on the same files in the same run
  bench sim [SEEDS] run the engine on simulated time, with people and a bucket that
                    interfere (100,000 seeds), and look for broken promises
  mutants [ROOM]    change the pure rooms in small ways and see whether a test notices
  fuzz [SECONDS] [TARGET]
                    give every reader of what others wrote broken files (60 s each)
  audit             ask whether a hole is known in the C that is built in
  bindings          write ui/src/bindings.ts from the Rust types
  setup             install what is missing, nothing else

  --yes             install without asking (also: CI is set)";

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let yes = args.iter().any(|arg| arg == "--yes") || std::env::var_os("CI").is_some();
    let quick = args.iter().any(|arg| arg == "--quick");
    args.retain(|arg| arg != "--yes" && arg != "--quick");
    let mut words = args.iter().map(String::as_str);
    let done = match words.next() {
        Some("run") => run::run(yes, words.next()),
        Some("test") => test::run(yes, quick),
        Some("bench") => bench::run(yes, words.next(), words.next()),
        Some("mutants") => mutants::run(yes, words.next()),
        Some("fuzz") => fuzz::run(yes, &words.collect::<Vec<_>>()),
        Some("audit") => audit::run(),
        Some("bindings") => test::write_bindings(yes),
        Some("setup") => setup::install(yes, setup::Purpose::Test),
        _ => {
            println!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
