//! Lets Tauri read its configuration; makes sure there is a page folder to embed.

fn main() {
    // `cargo check` and clippy work before the page was built for the first time.
    let dist = std::path::Path::new("../ui/dist");
    if !dist.exists()
        && let Err(error) = std::fs::create_dir_all(dist)
    {
        println!("cargo:warning=no folder for the page: {error}");
    }
    tauri_build::build();
}
