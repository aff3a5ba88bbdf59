//! A Ceph of one monitor, one store in memory and one gateway, where its packages are installed
//! (Debian: `radosgw ceph-mon ceph-osd ceph-common`): another real S3 server to test against.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sh::{self, Result};

const PROGRAMS: [&str; 6] = [
    "ceph",
    "ceph-mon",
    "ceph-osd",
    "monmaptool",
    "radosgw",
    "radosgw-admin",
];
/// Nobody else reaches it, and it keeps nothing.
const KEY: &str = "TINTYPETESTS";
const SECRET: &str = "only-on-this-computer";
const CLUSTER: &str = "5f9c3e52-6a3c-4d0b-9d3a-2f4c6f0d9b11";
const STORE: &str = "0d7e5f3a-3b1e-4c57-8f0e-6f6a3b1c2d4e";
/// A slow machine may take so long to start it.
const PATIENCE: Duration = Duration::from_secs(180);

/// It ends when the tests have ended.
pub(crate) struct Ceph {
    running: Vec<Child>,
    folder: PathBuf,
    gateway: u16,
}

impl Drop for Ceph {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Ceph {
    /// Nothing where it is not installed.
    pub(crate) fn start() -> Result<Option<Self>> {
        let is_there = |program: &&str| sh::succeeds(Command::new(program).arg("--version"));
        if !cfg!(target_os = "linux") || !PROGRAMS.iter().all(is_there) {
            return Ok(None);
        }
        println!("Starting Ceph, to test against it, too.");
        let folder = sh::target()?.join("ceph");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
        for part in ["mon", "store"] {
            std::fs::create_dir_all(folder.join(part)).map_err(|error| error.to_string())?;
        }
        let [monitor, gateway] = free_ports()?;
        for (name, said) in [
            ("ceph.conf", config(&folder, monitor, gateway)),
            ("keyring", String::new()),
        ] {
            std::fs::write(folder.join(name), said).map_err(|error| error.to_string())?;
        }
        let mut ceph = Self {
            running: Vec::new(),
            folder,
            gateway,
        };
        ceph.up(monitor)?;
        Ok(Some(ceph))
    }

    /// How tests reach it: an address, a key and its secret.
    pub(crate) fn access(&self) -> String {
        format!("http://127.0.0.1:{} {KEY} {SECRET}", self.gateway)
    }

    fn up(&mut self, monitor: u16) -> Result {
        let map = self.folder.join("monmap");
        let address = format!("[v2:127.0.0.1:{monitor}]");
        let create = ["--create", "--fsid", CLUSTER, "--addv", "a", &address];
        quietly(Command::new("monmaptool").args(create).arg(&map))?;
        quietly(
            self.program("ceph-mon")
                .args(["--mkfs", "-i", "a", "--monmap"])
                .arg(&map),
        )?;
        self.spawn("ceph-mon", &["-i", "a", "-f"])?;
        quietly(self.program("ceph").args(["osd", "new", STORE, "0"]))?;
        let make = ["-i", "0", "--mkfs", "--osd-uuid", STORE];
        quietly(self.program("ceph-osd").args(make))?;
        self.spawn("ceph-osd", &["-i", "0", "-f"])?;
        let place = [
            "osd",
            "crush",
            "add",
            "osd.0",
            "1",
            "root=default",
            "host=here",
        ];
        quietly(self.program("ceph").args(place))?;
        self.wait("its store is up", |ceph| {
            sh::output(ceph.program("ceph").args(["osd", "stat"]))
                .is_ok_and(|told| told.contains("1 up"))
        })?;
        let user = ["user", "create", "--uid=tests", "--display-name=tests"];
        let (key, secret) = (format!("--access-key={KEY}"), format!("--secret={SECRET}"));
        quietly(self.program("radosgw-admin").args(user).args([key, secret]))?;
        self.spawn("radosgw", &["-n", "client.gateway", "-f"])?;
        self.wait("its gateway listens", |ceph| {
            TcpStream::connect(("127.0.0.1", ceph.gateway)).is_ok()
        })
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg("--conf").arg(self.folder.join("ceph.conf"));
        command
    }

    fn spawn(&mut self, name: &str, args: &[&str]) -> Result {
        let mut command = self.program(name);
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        self.running.push(child);
        Ok(())
    }

    fn wait(&self, what: &str, happened: impl Fn(&Self) -> bool) -> Result {
        let start = Instant::now();
        while !happened(self) {
            if start.elapsed() > PATIENCE {
                let folder = self.folder.display();
                return Err(format!(
                    "Ceph does not start ({what}): see the logs in {folder}"
                ));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

/// Runs what talks much.
fn quietly(command: &mut Command) -> Result {
    sh::output(command).map(drop)
}

fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        *port = listener
            .local_addr()
            .map_err(|error| error.to_string())?
            .port();
        held.push(listener);
    }
    Ok(ports)
}

/// Without authentication inside, without copies, and all of it in one folder.
fn config(folder: &Path, monitor: u16, gateway: u16) -> String {
    let modes = [
        "cluster",
        "service",
        "client",
        "mon cluster",
        "mon service",
        "mon client",
    ];
    let modes: String = modes.map(|of| format!("ms {of} mode = crc\n")).concat();
    let auth = [
        "cluster required",
        "service required",
        "client required",
        "supported",
    ];
    let auth: String = auth.map(|what| format!("auth {what} = none\n")).concat();
    let folder = folder.display();
    format!(
        "[global]\nfsid = {CLUSTER}\nmon initial members = a\nmon host = v2:127.0.0.1:{monitor}\n{auth}{modes}\
         public addr = 127.0.0.1\ncluster addr = 127.0.0.1\n\
         osd pool default size = 1\nosd pool default min size = 1\nosd pool default pg num = 1\n\
         osd pool default pgp num = 1\nosd pool default pg autoscale mode = off\n\
         mon allow pool size one = true\nmon max pg per osd = 1000\nmon data avail crit = 0\nosd crush chooseleaf type = 0\n\
         osd objectstore = memstore\nmemstore device bytes = 2147483648\n\
         mon data = {folder}/mon\nosd data = {folder}/store\nrun dir = {folder}\nkeyring = {folder}/keyring\n\
         pid file = {folder}/$name.pid\nadmin socket = {folder}/$name.asok\nlog file = {folder}/$name.log\n\
         [client.gateway]\nkeyring = {folder}/keyring\nrgw data = {folder}/gateway\n\
         rgw frontends = beast endpoint=127.0.0.1:{gateway}\n"
    )
}
