//! `cargo xtask run`: the app on the demo bucket, or the main job without a window.

use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::test::build_page;

pub(crate) fn run(yes: bool, folder: Option<&str>) -> Result {
    setup::install(yes, Purpose::Run)?;
    let window = has_display();
    build_page()?;
    // The whole workspace, as `test` builds it: cargo compiles the dependencies once for both.
    sh::run(sh::cargo().args(["build", "--workspace"]))?;
    let program = if window { "tintype-app" } else { "main-job" };
    let mut program = sh::command(
        sh::target()?
            .join("debug")
            .join(format!("{program}{}", std::env::consts::EXE_SUFFIX)),
    );
    if window {
        program.arg("--demo");
    } else {
        println!("There is no display: doing the main job without a window.");
    }
    if let Some(folder) = folder {
        let here = std::env::current_dir().unwrap_or_default();
        program.arg(here.join(folder));
    }
    sh::run(&mut program)
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
