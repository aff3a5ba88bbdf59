//! The desktop shell: thin. It builds the window, hands requests to the engine, and shows what the
//! engine tells.

mod bridge;
mod clipboard;
mod commands;
mod links;
mod preview;
mod running;
mod tray;
mod trial;

use std::process::ExitCode;

use running::Running;
use tauri::Manager as _;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};
use tintype_core::engine::Wish;
use tintype_core::worker::{self};

/// Everything that the page may call or hear; also the source of `ui/src/bindings.ts`.
pub fn bindings() -> Builder<tauri::Wry> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
        .commands(collect_commands![
            commands::snapshot,
            commands::providers,
            commands::job,
            commands::upload,
            commands::pick_files,
            commands::pick_folder,
            commands::inspect,
            trial::try_variant,
            trial::stop_trying,
            commands::paste,
            commands::retry,
            commands::pause,
            commands::answer,
            commands::pause_all,
            commands::set_bandwidth,
            commands::blank_profile,
            commands::forget,
            commands::search,
            commands::failed,
            commands::days,
            commands::upcoming,
            commands::between,
            commands::entries,
            links::copy_link,
            links::copy_links,
            links::open_link,
            commands::use_demo,
            commands::save_profile,
            commands::remove_profile,
            commands::set_default_profile,
            commands::test_profile,
            commands::test_draft,
            commands::fix_profile,
            commands::copy_rights,
            commands::add_folder,
            commands::change_folder,
            commands::look_at_folder,
            commands::pause_folder,
            commands::remove_folder,
            commands::blank_folder,
            commands::variant_specs,
            commands::parse_variants,
            commands::keep_removed,
            commands::remove_now,
            commands::start_afresh,
        ])
        .events(collect_events![
            bridge::Changed,
            bridge::Resync,
            bridge::Dropped
        ])
}

/// `--demo` makes sure there is a bucket on this computer; paths are uploaded.
fn arguments(app: &tauri::AppHandle) {
    let (flags, paths): (Vec<_>, Vec<_>) =
        std::env::args_os().skip(1).partition(|arg| arg == "--demo");
    if let (Ok(handle), false) = (
        app.state::<Running>().handle(),
        flags.is_empty() && paths.is_empty(),
    ) {
        tauri::async_runtime::spawn(async move {
            let demo = if flags.is_empty() {
                Ok(())
            } else {
                handle.use_demo().await.map(|_| ())
            };
            let paths: Vec<_> = paths.into_iter().map(Into::into).collect();
            let queued = if paths.is_empty() {
                Ok(())
            } else {
                handle
                    .enqueue(paths, None, Wish::default())
                    .await
                    .map(|_| ())
            };
            if let Err(error) = demo.and(queued) {
                tracing::error!(%error, "the command line could not be followed");
            }
        });
    }
}

/// The configuration, with the page inside.
fn context() -> tauri::Context<tauri::Wry> {
    tauri::generate_context!()
}

/// Opens the window and runs until it is closed.
pub fn run() -> ExitCode {
    worker::serve_if_asked();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("TINTYPE_LOG")
                .unwrap_or_else(|_| "warn,s3s=off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let bindings = bindings();
    let built = tauri::Builder::default()
        // The first plugin: a second start only brings the first window to the front.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            tray::show_window(app)
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .register_asynchronous_uri_scheme_protocol("tintype", preview::serve)
        .on_window_event(bridge::hear_drops)
        .invoke_handler(bindings.invoke_handler())
        .setup(move |app| {
            bindings.mount_events(app);
            app.manage(Running::start());
            app.manage(clipboard::Clipboard::default());
            tray::build(app)?;
            bridge::connect(app.handle());
            arguments(app.handle());
            Ok(())
        })
        .build(context());
    match built {
        Ok(app) => {
            app.run(|app, event| {
                if let tauri::RunEvent::Exit = event
                    && let Some(engine) = app.state::<Running>().take()
                {
                    tauri::async_runtime::block_on(engine.shutdown());
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window cannot open");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bindings in the tree are those of the code. `cargo xtask bindings` writes them anew.
    #[test]
    fn the_bindings_are_up_to_date() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/bindings.ts");
        let fresh = tempfile::tempdir()?.keep().join("bindings.ts");
        bindings().export(
            specta_typescript::Typescript::default().header("// @ts-nocheck\n"),
            &fresh,
        )?;
        let fresh = std::fs::read_to_string(fresh)?;
        if std::env::var_os("TINTYPE_WRITE_BINDINGS").is_some() {
            std::fs::write(path, fresh)?;
        } else {
            assert!(
                std::fs::read_to_string(path)? == fresh,
                "run `cargo xtask bindings` and commit ui/src/bindings.ts"
            );
        }
        Ok(())
    }

    /// Whatever was built first, and under whatever names: what the window shows is the page as it
    /// is now.
    #[test]
    fn the_page_that_was_built_last_is_inside() -> std::io::Result<()> {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/dist");
        assert!(
            page.join("index.html").exists(),
            "the page is not built: run `cargo xtask test`"
        );
        let (context, mut folders) = (context(), vec![page.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(&page) {
                    assert!(
                        context
                            .assets()
                            .get(&name.to_string_lossy().as_ref().into())
                            .is_some(),
                        "{} is not inside",
                        name.display()
                    );
                }
            }
        }
        Ok(())
    }
}
