//! Lets Tauri read its configuration, and has the program built anew when its page has changed.

fn main() {
    // `cargo check` and clippy work before the page was built for the first time.
    let dist = std::path::Path::new("../ui/dist");
    if !dist.exists()
        && let Err(error) = std::fs::create_dir_all(dist)
    {
        println!("cargo:warning=no folder for the page: {error}");
    }
    // The page is embedded; without this line nothing tells cargo that it is another by now, or
    // there at last.
    println!("cargo:rerun-if-changed={}", dist.display());
    tauri_build::build();
}
