//! `cargo xtask mutants`: changes the pure rooms in small ways, one at a time, and sees whether a
//! test notices. What no test notices is printed by name.

use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::tools;

/// Rules without a disk, a network or a clock of their own: whatever is changed in them, a unit
/// test can tell.
const PURE: [&str; 14] = [
    "held.rs",
    "key.rs",
    "link.rs",
    "manifest.rs",
    "patterns.rs",
    "engine/job/verdict.rs",
    "imaging/plan.rs",
    "journal/schema.rs",
    "privacy/pieces.rs",
    "profile/endpoint.rs",
    "profile/headers.rs",
    "transfer/pace.rs",
    "transfer/retry.rs",
    "watch/settle.rs",
];

/// Of all pure rooms, or of the one that is named.
pub(crate) fn run(yes: bool, room: Option<&str>) -> Result {
    setup::install(yes, Purpose::Run)?;
    let mut command = sh::command(tools::CARGO_MUTANTS.get()?);
    // Each is built and tested anew; a test that does not end by then never will.
    command.args(["mutants", "--package", "tintype-core", "--timeout", "15"]);
    command.args(["--no-shuffle", "--colors", "never", "--profile", "mutants"]);
    // Said here it holds for the build, too, which is the most of it.
    command.arg("--cargo-arg=--lib");
    command.arg("--output").arg(sh::target()?);
    for file in PURE
        .iter()
        .filter(|file| room.is_none_or(|room| file.contains(room)))
    {
        command
            .arg("--file")
            .arg(format!("src-tauri/crates/core/src/{file}"));
    }
    // Those that decode and clean for seconds tell nothing of these rooms.
    command.args(["--", "--"]);
    for slow in ["worker::", "imaging::tests", "privacy::tests"] {
        command.args(["--skip", slow]);
    }
    sh::run(&mut command)
}
