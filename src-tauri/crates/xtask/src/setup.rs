//! System packages: found out what is missing, said, asked, installed.

use std::io::Write as _;
use std::process::Command;

use crate::sh::{self, Result};

/// What the packages are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build and run.
    Run,
    /// To test the real window, too.
    Test,
}

const DEBIAN_BUILD: &[&str] = &[
    "build-essential",
    "cmake",
    "nasm",
    "perl",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libxdo-dev",
];

const DEBIAN_TEST: &[&str] = &[
    "webkit2gtk-driver",
    "xvfb",
    "openbox",
    "xdotool",
    "imagemagick",
    "dbus",
    "dbus-x11",
    "gnome-keyring",
    "at-spi2-core",
    "python3-gi",
    "gir1.2-gtk-3.0",
    "xclip",
    "fonts-dejavu-core",
    "libimage-exiftool-perl",
];

pub(crate) fn install(yes: bool, purpose: Purpose) -> Result {
    check_node()?;
    if cfg!(target_os = "linux") {
        install_debian(yes, purpose)
    } else if cfg!(target_os = "macos") {
        install_one_by_one(
            yes,
            &["brew", "install"],
            if purpose == Purpose::Test {
                &[
                    ("cmake", "cmake"),
                    ("nasm", "nasm"),
                    ("exiftool", "exiftool"),
                ]
            } else {
                &[("cmake", "cmake"), ("nasm", "nasm")]
            },
        )
    } else {
        let winget = [
            "winget",
            "install",
            "--accept-source-agreements",
            "--accept-package-agreements",
            "--id",
        ];
        install_one_by_one(
            yes,
            &winget,
            &[
                ("cmake", "Kitware.CMake"),
                ("nasm", "NASM.NASM"),
                ("perl", "StrawberryPerl.StrawberryPerl"),
            ],
        )
    }
}

/// What Vite, its Svelte plugin and Vitest run on, as their packages say.
const NODE: &str = "Node.js 20.19, 22.12, 24 or newer";

fn check_node() -> Result {
    let from = "install it from your system's packages or nodejs.org";
    let Ok(found) = sh::output(Command::new("node").arg("--version")) else {
        return Err(format!("{NODE} is missing: {from}"));
    };
    if !is_node_fit(found.trim()) {
        return Err(format!(
            "Node.js is {}, but the page needs {NODE}: {from}",
            found.trim()
        ));
    }
    if !sh::succeeds(Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).arg("--version")) {
        return Err(format!("npm, which comes with Node.js, is missing: {from}"));
    }
    Ok(())
}

/// `v22.12.0`: Vite wants features of the later releases of 20 and 22, and supports no odd ones.
fn is_node_fit(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or_default());
    let (major, minor) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    matches!((major, minor), (20, 19..) | (22, 12..) | (24.., _))
}

fn install_debian(yes: bool, purpose: Purpose) -> Result {
    let wanted = DEBIAN_BUILD.iter().chain(if purpose == Purpose::Test {
        DEBIAN_TEST
    } else {
        &[]
    });
    if !sh::succeeds(Command::new("dpkg-query").arg("--version")) {
        println!(
            "This is no Debian or Ubuntu: make sure that these, or what your system calls them, are installed:"
        );
        println!("  {}", wanted.copied().collect::<Vec<_>>().join(" "));
        return Ok(());
    }
    let is_missing = |package: &&&str| {
        let status = Command::new("dpkg-query")
            .args(["-W", "-f=${Status}", package])
            .output();
        !status.is_ok_and(|output| output.stdout.ends_with(b"install ok installed"))
    };
    let missing: Vec<&str> = wanted.filter(is_missing).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let sudo: &[&str] = if is_root() { &[] } else { &["sudo"] };
    let update: Vec<&str> = [sudo, &["apt-get", "update"]].concat();
    let install: Vec<&str> = [
        sudo,
        &["apt-get", "install", "--yes", "--no-install-recommends"],
        &missing,
    ]
    .concat();
    ask(yes, &[&update, &install])?;
    execute(&update)?;
    execute(&install)
}

fn install_one_by_one(yes: bool, installer: &[&str], tools: &[(&str, &str)]) -> Result {
    for (tool, package) in tools {
        if !sh::succeeds(Command::new(tool).arg("-version"))
            && !sh::succeeds(Command::new(tool).arg("--version"))
        {
            let install: Vec<&str> = [installer, &[package]].concat();
            ask(yes, &[&install])?;
            execute(&install)?;
        }
    }
    Ok(())
}

fn ask(yes: bool, commands: &[&[&str]]) -> Result {
    println!("Some system packages are missing. To be run:\n");
    commands
        .iter()
        .for_each(|command| println!("  {}", command.join(" ")));
    if yes {
        return Ok(());
    }
    print!("\nRun it now? [y/N] ");
    let mut answer = String::new();
    let asked = std::io::stdout()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut answer));
    if asked.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err("nothing was installed; run the commands above yourself, or add --yes".into())
}

fn execute(words: &[&str]) -> Result {
    let Some((program, args)) = words.split_first() else {
        return Ok(());
    };
    sh::run(
        sh::command(program)
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> bool {
    sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::is_node_fit;

    #[test]
    fn node_is_judged_as_the_page_s_packages_do() {
        for (version, fit) in [
            ("v20.20.2", true),
            ("v20.18.3", false),
            ("v21.7.0", false),
            ("v22.11.0", false),
            ("v22.12.0", true),
            ("v23.1.0", false),
            ("v24.0.0", true),
            ("v26.1.0", true),
            ("", false),
        ] {
            assert_eq!(is_node_fit(version), fit, "{version}");
        }
    }
}
