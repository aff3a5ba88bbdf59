//! `cargo xtask bench`: ourselves and the peers in turn, on the same files, in one run.

use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::tools;

pub(crate) fn run(yes: bool, what: Option<&str>, folder: Option<&str>) -> Result {
    setup::install(yes, Purpose::Run)?;
    if what == Some("sim") {
        let seeds = folder.unwrap_or("100000");
        return sh::run(sh::cargo().args([
            "run",
            "--release",
            "--package",
            "tintype-sim",
            "--",
            "0",
            seeds,
        ]));
    }
    sh::run(sh::cargo().args([
        "build",
        "--release",
        "--package",
        "tintype-cli",
        "--package",
        "tintype-bench",
    ]))?;
    let target = sh::target()?;
    let built = |name: &str| {
        target
            .join("release")
            .join(name)
            .with_extension(std::env::consts::EXE_EXTENSION)
    };
    let tintype = built("tintype");
    let bench = sh::root().join("tests/bench");
    let photos = folder.map(|folder| std::env::current_dir().unwrap_or_default().join(folder));
    let photos = photos
        .or_else(|| Some(sh::root().join("../shared/photos")).filter(|photos| photos.exists()));
    if matches!(what, None | Some("images")) {
        let photos = photos
            .as_ref()
            .ok_or("name a folder of photographs: cargo xtask bench images FOLDER")?;
        let mut npm = sh::npm(&["ci", "--no-audit", "--no-fund"]);
        sh::run(npm.current_dir(&bench))?;
        sh::run(
            sh::command("node")
                .arg(bench.join("images.mjs"))
                .arg(&tintype)
                .arg(built("tintype-bench"))
                .arg(photos),
        )?;
    }
    if matches!(what, None | Some("watch")) {
        sh::run(
            sh::command("python3")
                .arg(bench.join("watch.py"))
                .arg(&tintype)
                .arg(tools::GARAGE.get()?),
        )?;
    }
    if matches!(what, None | Some("transfer")) {
        let garage = tools::GARAGE.get()?;
        let venv = target.join("bench-venv");
        let python = venv.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        if !python.exists() {
            sh::run(sh::command("python3").args(["-m", "venv"]).arg(&venv))?;
        }
        let pip = ["-m", "pip", "install", "--quiet", "--requirement"];
        sh::run(
            sh::command(&python)
                .args(pip)
                .arg(bench.join("requirements.txt")),
        )?;
        sh::run(
            sh::command(&python)
                .arg(bench.join("transfer.py"))
                .arg(&tintype)
                .arg(garage)
                .args(&photos),
        )?;
    }
    Ok(())
}
