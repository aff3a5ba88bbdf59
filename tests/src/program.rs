//! The real program, as a person runs it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A program that was built beside the tests.
pub fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let program = this
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps/it")
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "{} is not built: run `cargo xtask test` or `cargo build --workspace`",
        program.display()
    );
    program
}

/// `tintype` with a home of its own.
pub struct Tintype {
    home: TempDir,
    env: HashMap<String, String>,
}

/// How a run ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The lines of stdout as JSON.
    pub fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The lines of stdout.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// The same, if it ended with this status.
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

impl Default for Tintype {
    fn default() -> Self {
        Self::new()
    }
}

impl Tintype {
    /// With an empty home, and no keyring to be found.
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("temporary folder");
        Self {
            home,
            env: HashMap::from([(
                "DBUS_SESSION_BUS_ADDRESS".into(),
                "unix:path=/nonexistent".into(),
            )]),
        }
    }

    /// With one more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Its home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command, ready to be started.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(built("tintype"));
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
        ] {
            command.env_remove(name);
        }
        command
            .args(args)
            .env("TINTYPE_HOME", self.home())
            .envs(&self.env)
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ended {
        ended(self.command(args).output().expect("tintype starts"))
    }

    /// Runs it to its end with something on stdin.
    pub fn run_with<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        stdin: &str,
    ) -> Ended {
        let mut child = self.start(self.command(args).stdin(Stdio::piped()));
        child
            .stdin
            .take()
            .expect("stdin")
            .write_all(stdin.as_bytes())
            .expect("tintype reads");
        ended(child.wait_with_output().expect("tintype ends"))
    }

    /// Starts it.
    pub fn start(&self, command: &mut Command) -> Child {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tintype starts")
    }

    /// Whether a text stands in any file of the home.
    pub fn home_contains(&self, text: &str) -> bool {
        files_below(self.home()).iter().any(|file| {
            let content = std::fs::read(file).unwrap_or_default();
            content
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_else(|_| Vec::new());
    entries
        .into_iter()
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// SHA-256, hex.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}
