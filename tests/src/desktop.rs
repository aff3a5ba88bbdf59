//! A desktop without a screen: D-Bus, a real keyring, X with a window manager, WebDriver. Linux
//! only.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::program::built;
use crate::server::{free_ports, wait_for};
use crate::webdriver::Window;

/// Ends its processes when dropped.
pub struct Desktop {
    processes: Vec<Child>,
    folder: TempDir,
    env: HashMap<&'static str, String>,
    driver: Option<(PathBuf, u16)>,
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Desktop {
    /// A session bus and an unlocked keyring, no screen.
    pub fn keyring() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut desktop = Self {
            processes: Vec::new(),
            folder,
            env: HashMap::new(),
            driver: None,
        };
        let runtime = desktop.folder.path().join("run");
        std::fs::create_dir(&runtime).expect("writable");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&runtime, PermissionsExt::from_mode(0o700))
                .expect("own folder");
        }
        for name in ["XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME"] {
            desktop
                .env
                .insert(name, desktop.folder.path().display().to_string());
        }
        desktop
            .env
            .insert("XDG_RUNTIME_DIR", runtime.display().to_string());
        desktop.start_bus();
        desktop.unlock_keyring();
        desktop
    }

    /// The same with a screen of 1280 × 800, a window manager, and a driver for windows.
    pub fn with_screen(driver: PathBuf) -> Self {
        let mut desktop = Self::keyring();
        let mut screen = desktop.command("Xvfb");
        let mut xvfb = screen.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ]);
        xvfb = xvfb.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut xvfb = xvfb.spawn().expect("Xvfb starts");
        let mut number = String::new();
        BufReader::new(xvfb.stdout.take().expect("stdout"))
            .read_line(&mut number)
            .expect("a display number");
        desktop.processes.push(xvfb);
        desktop.env.insert("DISPLAY", format!(":{}", number.trim()));
        desktop.env.insert("GDK_BACKEND", "x11".into());
        // Without a graphics card the accelerated way only costs time.
        desktop
            .env
            .insert("WEBKIT_DISABLE_COMPOSITING_MODE", "1".into());
        desktop.spawn("openbox", &[]);
        desktop.driver = Some((driver, 0));
        desktop
    }

    fn start_bus(&mut self) {
        let mut bus = self.command("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut bus = bus.spawn().expect("dbus-daemon starts");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().expect("stdout"))
            .read_line(&mut address)
            .expect("an address");
        self.processes.push(bus);
        self.env
            .insert("DBUS_SESSION_BUS_ADDRESS", address.trim().to_owned());
    }

    fn unlock_keyring(&mut self) {
        let mut keyring = self.command("gnome-keyring-daemon");
        keyring.args(["--unlock", "--components=secrets", "--foreground"]);
        let mut keyring = keyring
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring starts");
        keyring
            .stdin
            .take()
            .expect("stdin")
            .write_all(b"pw\n")
            .expect("the keyring reads");
        self.processes.push(keyring);
        let list = "--dest=org.freedesktop.DBus --print-reply /org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets";
        wait_for("the keyring is on the bus", || {
            let asked = self
                .command("dbus-send")
                .arg("--session")
                .args(list.split(' '))
                .output();
            asked.is_ok_and(|answer| {
                String::from_utf8_lossy(&answer.stdout).contains("boolean true")
            })
        });
    }

    /// A program that lives on this desktop.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(&self.env);
        command
    }

    /// What a program of this desktop has in its environment.
    pub fn env(&self) -> &HashMap<&'static str, String> {
        &self.env
    }

    fn spawn(&mut self, program: &str, args: &[&str]) {
        let process = self
            .command(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.processes
            .push(process.unwrap_or_else(|error| panic!("{program}: {error}")));
    }

    /// Opens the app with a home and, if asked, in dark colours.
    pub fn open_app(&mut self, home: &Path, dark: bool) -> Window {
        let (driver, _) = self.driver.clone().expect("a desktop with a screen");
        let [port, native] = free_ports();
        let mut command = self.command(driver);
        command.args([
            "--port",
            &port.to_string(),
            "--native-port",
            &native.to_string(),
        ]);
        command
            .env("TINTYPE_HOME", home)
            .env("GTK_THEME", if dark { "Adwaita:dark" } else { "Adwaita" });
        self.processes
            .push(command.spawn().expect("tauri-driver starts"));
        for port in [native, port] {
            wait_for("the drivers listen", || {
                std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
            });
        }
        Window::open(port, &built("tintype-app"))
    }

    /// A picture of the screen, kept with the tests' output.
    pub fn screenshot(&self, name: &str) {
        let folder = std::env::var_os("TINTYPE_TEST_OUTPUT")
            .map_or_else(|| self.folder.path().to_owned(), PathBuf::from);
        std::fs::create_dir_all(&folder).expect("writable");
        let path = folder.join(format!("{name}.png"));
        let done = self
            .command("import")
            .args(["-window", "root"])
            .arg(&path)
            .status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "no screenshot {}",
            path.display()
        );
    }

    /// Runs a script with Debian's Python, which has GTK.
    fn spawn_python(&mut self, script: &str, files: &[PathBuf]) {
        let process = self
            .command("/usr/bin/python3")
            .args(["-c", script])
            .args(files)
            .spawn()
            .expect("Debian's Python starts");
        self.processes.push(process);
    }

    /// Copies a picture, as an image viewer does.
    pub fn copy_picture(&mut self, file: &Path) {
        self.spawn_python(include_str!("clipboard_source.py"), &[file.to_owned()]);
        let targets = || {
            self.command("xclip")
                .args(["-selection", "clipboard", "-out", "-target", "TARGETS"])
                .output()
        };
        wait_for("the picture is on the clipboard", || {
            targets().is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("image/png"))
        });
    }

    /// What is on the clipboard.
    pub fn clipboard(&self) -> String {
        let read = self
            .command("xclip")
            .args(["-selection", "clipboard", "-out"])
            .output()
            .expect("xclip starts");
        String::from_utf8_lossy(&read.stdout).into_owned()
    }

    /// `xdotool` with these words.
    pub fn xdotool(&self, words: &str) -> String {
        let done = self
            .command("xdotool")
            .args(words.split(' '))
            .output()
            .expect("xdotool starts");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Drags files out of another program's window over the app's, step by step as a hand does.
    pub fn drag(&mut self, files: &[PathBuf]) {
        let app = self.find_window("^Tintype$");
        self.xdotool(&format!("windowmove {app} 20 20"));
        self.spawn_python(include_str!("drag_source.py"), files);
        let window = self.find_window("^DragSource$");
        self.xdotool(&format!("windowactivate --sync {window}"));
        self.xdotool(&format!("windowmove --sync {window} 1100 600"));
        self.xdotool("mousemove --sync 1150 660");
        self.xdotool("mousedown 1");
        for step in 0..=20 {
            self.xdotool(&format!(
                "mousemove --sync {} {}",
                1150 - step * 28,
                660 - step * 12
            ));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.xdotool("mousemove --sync 586 418");
        // The hand rests a moment over the target before it lets go: that is a drag, not an awaited
        // event.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }

    /// Lets go of what is dragged.
    pub fn drop_here(&mut self) {
        self.xdotool("mouseup 1");
        if let Some(mut source) = self.processes.pop() {
            // Its window has served.
            std::thread::sleep(std::time::Duration::from_millis(500));
            let _ = source.kill();
            let _ = source.wait();
        }
    }

    /// Presses keys on the app's window, as a keyboard does (`ctrl+v`).
    pub fn press_keys(&self, keys: &str) {
        let app = self.find_window("^Tintype$");
        self.xdotool(&format!("windowactivate --sync {app} key {keys}"));
    }

    fn find_window(&self, title: &str) -> String {
        let mut found = String::new();
        wait_for(title, || {
            found = self
                .xdotool(&format!("search --onlyvisible --name {title}"))
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned();
            !found.is_empty()
        });
        found
    }
}
