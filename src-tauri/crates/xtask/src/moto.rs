//! moto, an imitation of AWS in Python, where it is installed (`pip install 'moto[server]'`): another
//! S3 server to test against.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sh::{self, Result};

const PROGRAM: &str = "moto_server";
/// A slow machine may take so long to start it.
const PATIENCE: Duration = Duration::from_secs(60);

/// It ends when the tests have ended.
pub(crate) struct Moto {
    running: Child,
    port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

impl Moto {
    /// Nothing where it is not installed.
    pub(crate) fn start() -> Result<Option<Self>> {
        if !sh::succeeds(Command::new(PROGRAM).arg("--help")) {
            return Ok(None);
        }
        println!("Starting moto, to test against it, too.");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|held| held.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        let running = Command::new(PROGRAM)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{PROGRAM}: {error}"))?;
        let moto = Self { running, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err("moto does not start".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(moto))
    }

    /// How tests reach it: an address, and a key and a secret, which it does not look at.
    pub(crate) fn access(&self) -> String {
        format!("http://127.0.0.1:{} testing testing", self.port)
    }
}
