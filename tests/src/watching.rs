//! A folder that is watched by the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::pictures::{jpeg, landscape};
use crate::program::Tintype;
use crate::server::{Server, wait_for};

/// A folder that is watched by the real program.
pub struct Watching {
    pub server: Server,
    pub client: Tintype,
    pub folder: tempfile::TempDir,
    child: Option<Child>,
    args: Vec<String>,
    /// What is run instead, with the real command as its arguments.
    wrapper: Vec<String>,
}

impl Watching {
    /// Watches a fresh folder before a fresh demo bucket.
    pub fn start(args: &[&str]) -> Self {
        Self::with(Server::demo(), &[], args, |_| {})
    }

    /// The same, with something done to the folder before it is watched.
    pub fn with(
        server: Server,
        profile: &[&str],
        args: &[&str],
        before: impl FnOnce(&Path),
    ) -> Self {
        Self::wrapped(server, profile, args, |folder| {
            before(folder);
            Vec::new()
        })
    }

    /// The same; what `before` returns is run, with the real command as its arguments.
    pub fn wrapped(
        server: Server,
        profile: &[&str],
        args: &[&str],
        before: impl FnOnce(&Path) -> Vec<String>,
    ) -> Self {
        let (client, folder) = (
            server.client_at(&server.endpoint.clone(), profile),
            tempfile::tempdir().expect("the test can work here"),
        );
        let (wrapper, args) = (
            before(folder.path()),
            args.iter().map(|&arg| arg.to_owned()).collect(),
        );
        let mut watching = Self {
            server,
            client,
            folder,
            child: None,
            args,
            wrapper,
        };
        watching.wake();
        watching
    }

    /// Starts the program.
    pub fn wake(&mut self) {
        let own: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let folder = self.folder.path().to_str().expect("the test can work here");
        let mut command = self.client.command(
            ["watch", "--profile", "test"]
                .iter()
                .copied()
                .chain(own)
                .chain([folder]),
        );
        if let [program, more @ ..] = self.wrapper.as_slice() {
            let mut outer = Command::new(program);
            outer
                .args(more)
                .arg(command.get_program())
                .args(command.get_args());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => outer.env(name, value),
                    None => outer.env_remove(name),
                };
            }
            command = outer;
        }
        // Nobody reads along; a full pipe must not stop it.
        let told = fs::File::options()
            .create(true)
            .append(true)
            .open(self.client.home().join("told"))
            .expect("the test can work here");
        command.stdout(told).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("the test can work here"));
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the test can work here");
            child.wait().expect("the test can work here");
        }
    }

    /// A path in the folder; the folders on the way to it are made.
    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("the test can work here"))
            .expect("the test can work here");
        path
    }

    /// Names of the originals in the bucket.
    pub fn names(&self) -> Vec<String> {
        let keys = self.server.demo_keys();
        keys.iter()
            .filter_map(|key| key.strip_prefix("originals/"))
            .map(str::to_owned)
            .collect()
    }

    /// The original of that name in the bucket.
    pub fn object(&self, name: &str) -> Vec<u8> {
        fs::read(self.server.demo_object(&format!("originals/{name}"))).unwrap_or_default()
    }

    /// Waits until these are in the bucket, and nothing is on its way.
    pub fn wait(&self, names: &[&str]) {
        let unfinished = "SELECT count(*) FROM jobs WHERE state NOT IN ('done', 'failed')";
        wait_for(&format!("{names:?}"), || {
            self.names() == names && self.count(unfinished) == 0
        });
    }

    /// A file that comes after everything else: when it is there, what was to be left alone has
    /// been left alone.
    pub fn wait_past(&self, name: &str, names: &[&str]) {
        fs::write(self.path(name), picture(99)).expect("the test can work here");
        self.wait(names);
    }

    /// What it said of the folder so far (`--json`).
    pub fn states(&self) -> Vec<Value> {
        let told = fs::read_to_string(self.client.home().join("told")).unwrap_or_default();
        // The last line may not be whole yet.
        told.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|told| told["folder"].is_object())
            .collect()
    }

    /// Waits until it says something of the folder that is as it should be.
    pub fn wait_for_state(&self, what: &str, is: impl Fn(&Value) -> bool) {
        wait_for(what, || {
            self.states().last().is_some_and(|told| is(&told["folder"]))
        });
    }

    /// One number from the journal.
    pub fn count(&self, sql: &str) -> i64 {
        let journal = rusqlite::Connection::open(self.client.home().join("journal.sqlite"))
            .expect("the test can work here");
        journal
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_default()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A small picture, another one for every seed.
pub fn picture(seed: u32) -> Vec<u8> {
    jpeg(&landscape(60, 40, seed), None)
}
