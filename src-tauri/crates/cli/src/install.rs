//! `tintype watch --install`: the system starts `tintype watch` whenever the person is logged in.

use std::path::{Path, PathBuf};
use std::process::Command;

use tintype_core::error::{Code, Error, Result};

use crate::door::Outcome;
use crate::terminal;

#[cfg(target_os = "macos")]
use launchd as system;
#[cfg(not(any(target_os = "macos", windows)))]
use systemd as system;

#[cfg(not(windows))]
pub(crate) fn install() -> Result<Outcome> {
    let program = std::env::current_exe()
        .map_err(|error| failed(&format!("this program does not know where it is: {error}")))?;
    let home = std::env::var_os("TINTYPE_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from);
    let file = system::file()?;
    let written = file
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(&file, system::text(&program, home.as_deref())));
    written
        .map_err(|error| failed(&format!("{} could not be written: {error}", file.display())))?;
    terminal::say(&format!("wrote {}", file.display()));
    system::start(&file)?;
    terminal::say(
        "the watched folders are followed from now on, whenever you are logged in; `tintype watch --uninstall` ends it",
    );
    Ok(Outcome::AllWell)
}

#[cfg(not(windows))]
pub(crate) fn uninstall() -> Result<Outcome> {
    let file = system::file()?;
    if !file.exists() {
        return Err(failed(&format!(
            "{} is not there: nothing is installed",
            file.display()
        )));
    }
    // It may not run, or the system's own program may be missing; without the file it does not
    // start again.
    if let Err(error) = system::stop(&file) {
        terminal::say_error(&error);
    }
    std::fs::remove_file(&file)
        .map_err(|error| failed(&format!("{} could not be removed: {error}", file.display())))?;
    terminal::say(&format!("removed {}", file.display()));
    Ok(Outcome::AllWell)
}

#[cfg(windows)]
pub(crate) fn install() -> Result<Outcome> {
    Err(failed("on Windows the window watches the folders")
        .hint("let Tintype start with the system: Settings, Apps, Startup"))
}

#[cfg(windows)]
pub(crate) fn uninstall() -> Result<Outcome> {
    Err(failed("on Windows nothing is installed"))
}

fn failed(message: &str) -> Error {
    Error::new(Code::WatchFailed, message)
}

/// Runs a program of the system; what it said if it failed.
fn run(program: &str, args: &[&str], by_hand: &str) -> Result<()> {
    let hint = format!("once it can be reached: {by_hand}");
    let output = Command::new(program).args(args).output().map_err(|error| {
        failed(&format!("{program} could not be started: {error}")).hint(hint.clone())
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(&format!(
        "{program} did not do it: {}",
        said.trim().replace('\n', "; ")
    ))
    .hint(hint))
}

fn user_folder() -> Result<directories::BaseDirs> {
    directories::BaseDirs::new().ok_or_else(|| failed("this user has no home folder"))
}

/// systemd.unit(5), systemd.service(5)
#[cfg_attr(
    any(target_os = "macos", windows),
    expect(dead_code, reason = "the other system's")
)]
mod systemd {
    use super::{Path, PathBuf, Result, run, user_folder};

    const UNIT: &str = "tintype-watch.service";

    pub(super) fn file() -> Result<PathBuf> {
        Ok(user_folder()?.config_dir().join("systemd/user").join(UNIT))
    }

    pub(super) fn text(program: &Path, home: Option<&Path>) -> String {
        let home = home.map_or(String::new(), |home| {
            format!(
                "Environment={}\n",
                quoted(&format!("TINTYPE_HOME={}", home.display()))
            )
        });
        format!(
            "[Unit]\nDescription=Tintype: what appears in watched folders goes into a bucket\n\n\
             [Service]\nExecStart={} watch\n{home}Restart=on-failure\nRestartSec=30\n\n\
             [Install]\nWantedBy=default.target\n",
            quoted(&program.display().to_string())
        )
    }

    /// As systemd wants it: quotes, backslashes, % and $ mean something to it.
    fn quoted(word: &str) -> String {
        let escaped = word
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('%', "%%")
            .replace('$', "$$");
        format!("\"{escaped}\"")
    }

    pub(super) fn start(_: &Path) -> Result<()> {
        let by_hand =
            "systemctl --user daemon-reload && systemctl --user enable --now tintype-watch";
        run("systemctl", &["--user", "daemon-reload"], by_hand)?;
        run("systemctl", &["--user", "enable", "--now", UNIT], by_hand)
    }

    pub(super) fn stop(_: &Path) -> Result<()> {
        run(
            "systemctl",
            &["--user", "disable", "--now", UNIT],
            "systemctl --user disable --now tintype-watch",
        )
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn paths_keep_their_blanks_and_signs() {
            let text = text(
                Path::new("/opt/my tools/100%/tin\"type"),
                Some(Path::new("/home/a b")),
            );
            assert!(
                text.contains("ExecStart=\"/opt/my tools/100%%/tin\\\"type\" watch\n"),
                "{text}"
            );
            assert!(
                text.contains("Environment=\"TINTYPE_HOME=/home/a b\"\n"),
                "{text}"
            );
        }
    }
}

/// launchd.plist(5)
#[cfg_attr(
    not(target_os = "macos"),
    expect(dead_code, reason = "the other system's")
)]
mod launchd {
    use super::{Path, PathBuf, Result, failed, run, user_folder};

    const LABEL: &str = "app.tintype.watch";

    pub(super) fn file() -> Result<PathBuf> {
        Ok(user_folder()?
            .home_dir()
            .join("Library/LaunchAgents")
            .join(format!("{LABEL}.plist")))
    }

    pub(super) fn text(program: &Path, home: Option<&Path>) -> String {
        let home = home.map_or(String::new(), |home| {
            let home = escaped(&home.display().to_string());
            format!("  <key>EnvironmentVariables</key><dict><key>TINTYPE_HOME</key><string>{home}</string></dict>\n")
        });
        let program = escaped(&program.display().to_string());
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\"><dict>\n  <key>Label</key><string>{LABEL}</string>\n\
             \x20 <key>ProgramArguments</key><array><string>{program}</string><string>watch</string></array>\n{home}\
             \x20 <key>RunAtLoad</key><true/>\n  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n\
             \x20 <key>ThrottleInterval</key><integer>30</integer>\n</dict></plist>\n"
        )
    }

    fn escaped(word: &str) -> String {
        word.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    }

    /// The person's own domain, as launchctl names it.
    fn domain() -> Result<String> {
        let id = std::process::Command::new("id")
            .arg("-u")
            .output()
            .map_err(|error| failed(&format!("who you are is not known: {error}")))?;
        Ok(format!(
            "gui/{}",
            String::from_utf8_lossy(&id.stdout).trim()
        ))
    }

    pub(super) fn start(file: &Path) -> Result<()> {
        let (domain, file) = (domain()?, file.display().to_string());
        // One from before must go first; usually there is none.
        let _ = run("launchctl", &["bootout", &format!("{domain}/{LABEL}")], "");
        run(
            "launchctl",
            &["bootstrap", &domain, &file],
            &format!("launchctl bootstrap {domain} {file}"),
        )
    }

    pub(super) fn stop(_: &Path) -> Result<()> {
        let service = format!("{}/{LABEL}", domain()?);
        run(
            "launchctl",
            &["bootout", &service],
            &format!("launchctl bootout {service}"),
        )
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn signs_of_xml_are_escaped() {
            let text = text(Path::new("/Applications/Tom & Ann/tintype"), None);
            assert!(
                text.contains(
                    "<string>/Applications/Tom &amp; Ann/tintype</string><string>watch</string>"
                ),
                "{text}"
            );
        }
    }
}
