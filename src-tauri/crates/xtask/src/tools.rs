//! Tools that are built once and kept in the user's cache folder.

use std::path::PathBuf;

use crate::sh::{self, Result};

/// A program from crates.io, at one version.
pub(crate) struct Tool {
    krate: &'static str,
    program: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

/// An S3 server for tests, independent of ours. It is AGPL: run, never linked.
pub(crate) const GARAGE: Tool = Tool {
    krate: "garage",
    program: "garage",
    version: "2.5.0",
    features: &["--no-default-features", "--features", "sqlite,bundled-libs"],
};
/// WebDriver for Tauri windows.
pub(crate) const TAURI_DRIVER: Tool = Tool {
    krate: "tauri-driver",
    program: "tauri-driver",
    version: "2.1.0",
    features: &[],
};
/// Licences, sources and duplicates of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    krate: "cargo-deny",
    program: "cargo-deny",
    version: "0.20.2",
    features: &[],
};

/// Changes the code in small ways, to see whether a test notices.
pub(crate) const CARGO_MUTANTS: Tool = Tool {
    krate: "cargo-mutants",
    program: "cargo-mutants",
    version: "27.1.0",
    features: &[],
};

/// Gives programs broken input, and sees where that leads.
pub(crate) const CARGO_FUZZ: Tool = Tool {
    krate: "cargo-fuzz",
    program: "cargo-fuzz",
    version: "0.13.2",
    features: &[],
};

impl Tool {
    /// The program; built first if it is not there yet.
    pub(crate) fn get(&self) -> Result<PathBuf> {
        let home = cache()?.join(format!("{}-{}", self.krate, self.version));
        let program = home
            .join("bin")
            .join(self.program)
            .with_extension(std::env::consts::EXE_EXTENSION);
        if !program.exists() {
            println!(
                "\nBuilding {} {} once; it is kept in {}",
                self.krate,
                self.version,
                home.display()
            );
            let mut install = sh::cargo();
            install
                .args(["install", self.krate, "--version", self.version, "--locked"])
                .args(self.features)
                .arg("--root")
                .arg(&home);
            // Its own folder: the repository's build cache is for the repository.
            install
                .env("CARGO_TARGET_DIR", home.join("build"))
                .current_dir(std::env::temp_dir());
            sh::run(&mut install)?;
            // The build's leftovers are ten times the program. That they stay is no failure.
            if let Err(error) = std::fs::remove_dir_all(home.join("build")) {
                println!(
                    "{} could not be cleaned up: {error}",
                    home.join("build").display()
                );
            }
        }
        Ok(program)
    }
}

fn cache() -> Result<PathBuf> {
    let var = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        var("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        var("HOME").map(|home| home.join("Library/Caches"))
    } else {
        var("XDG_CACHE_HOME").or_else(|| var("HOME").map(|home| home.join(".cache")))
    };
    base.map(|base| base.join("tintype-tools"))
        .ok_or_else(|| "this user has no home folder".into())
}
