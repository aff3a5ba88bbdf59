//! `cargo xtask test`: every check and every test, set-up included.

use crate::ceph::Ceph;
use crate::moto::Moto;
use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::tools;

pub(crate) fn run(yes: bool, quick: bool) -> Result {
    setup::install(yes, Purpose::Test)?;
    check_page()?;
    build_page()?;
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    if !quick {
        let deny = tools::CARGO_DENY.get()?;
        // Advisories need the network's database; the workflow checks those.
        sh::run(sh::command(deny).args([
            "--workspace",
            "--all-features",
            "check",
            "bans",
            "licenses",
            "sources",
        ]))?;
        sh::run(sh::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]))?;
    }
    // The programs that the integration tests start.
    sh::run(sh::cargo().args(["build", "--workspace"]))?;
    let mut tests = sh::cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    if quick {
        tests.args(["--lib", "--bins"]);
    } else {
        // Garage is no program for Windows; there the suite runs on the demo bucket alone.
        if !cfg!(windows) {
            tests.env("TINTYPE_GARAGE", tools::GARAGE.get()?);
        }
        if cfg!(target_os = "linux") {
            tests.env("TINTYPE_TAURI_DRIVER", tools::TAURI_DRIVER.get()?);
        }
    }
    let ceph = if quick { None } else { Ceph::start()? };
    let moto = if quick { None } else { Moto::start()? };
    if let Some(ceph) = &ceph {
        tests.env("TINTYPE_CEPH", ceph.access());
    }
    if let Some(moto) = &moto {
        tests.env("TINTYPE_MOTO", moto.access());
    }
    if !quick && !cfg!(windows) {
        // What stands there as ignored needs what was set up above.
        tests.args(["--", "--include-ignored"]);
        if cfg!(target_os = "linux") && !sh::succeeds(sh::command("unshare").args(["-Urm", "true"]))
        {
            println!(
                "This system forbids user namespaces: the tests that mount, or need limits of their own, are left out."
            );
            tests.args(["--skip", "in_a_namespace"]);
        }
        if ceph.is_none() {
            println!("Ceph is not installed: what is tested against it is left out.");
            tests.args(["--skip", "suite::ceph"]);
        }
        if moto.is_none() {
            println!("moto is not installed: what is tested against it is left out.");
            tests.args(["--skip", "suite::moto"]);
        }
    }
    tests.env("TINTYPE_TEST_OUTPUT", sh::root().join("test-output"));
    sh::run(&mut tests)
}

/// The page's own checks and tests.
fn check_page() -> Result {
    install_page()?;
    sh::run(&mut sh::npm(&["run", "check"]))?;
    sh::run(&mut sh::npm(&["run", "test"]))
}

/// Builds the page, unless it is newer than all it is made of: a new page means a new program.
pub(crate) fn build_page() -> Result {
    install_page()?;
    let ui = sh::root().join("ui");
    let sources = [
        "src",
        "index.html",
        "package-lock.json",
        "vite.config.ts",
        "svelte.config.js",
        "tsconfig.json",
    ];
    let newest = sources
        .iter()
        .filter_map(|name| newest(&ui.join(name)))
        .max();
    let built = std::fs::metadata(ui.join("dist/index.html"))
        .and_then(|meta| meta.modified())
        .ok();
    if built > newest {
        return Ok(());
    }
    sh::run(&mut sh::npm(&["run", "build"]))
}

/// When something at or below a path was written last; a folder tells of what was taken away.
fn newest(path: &std::path::Path) -> Option<std::time::SystemTime> {
    let own = std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .ok();
    let below = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| newest(&entry.path()));
    below.chain(own).max()
}

/// Installs the page's packages where they are missing or older than the lock file.
fn install_page() -> Result {
    let ui = sh::root().join("ui");
    let time = |path: &str| {
        std::fs::metadata(ui.join(path))
            .and_then(|meta| meta.modified())
            .ok()
    };
    if time("node_modules/.package-lock.json") >= time("package-lock.json")
        && time("node_modules/.package-lock.json").is_some()
    {
        return Ok(());
    }
    sh::run(&mut sh::npm(&["ci", "--no-audit", "--no-fund"]))
}

/// Writes `ui/src/bindings.ts` from the Rust types.
pub(crate) fn write_bindings(yes: bool) -> Result {
    setup::install(yes, Purpose::Run)?;
    let mut test = sh::cargo();
    test.args([
        "test",
        "--workspace",
        "--lib",
        "the_bindings_are_up_to_date",
    ])
    .env("TINTYPE_WRITE_BINDINGS", "1");
    sh::run(&mut test)
}
