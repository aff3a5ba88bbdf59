//! `cargo xtask run`: the app on the demo bucket, or the main job without a window.

use crate::setup::{self, Purpose};
use crate::sh::{self, Result};
use crate::test::build_page;

pub(crate) fn run(yes: bool, folder: Option<&str>) -> Result {
    setup::install(yes, Purpose::Run)?;
    if has_display() {
        build_page()?;
        let mut app = sh::cargo();
        app.args(["run", "--package", "tintype-app", "--", "--demo"]);
        return sh::run(app.args(folder));
    }
    println!("There is no display: doing the main job without a window.");
    let mut job = sh::cargo();
    job.args(["run", "--quiet", "--package", "tintype-tests", "--bin", "main-job", "--"]);
    if let Some(folder) = folder {
        let here = std::env::current_dir().unwrap_or_default();
        job.arg(here.join(folder));
    }
    sh::run(&mut job)
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
