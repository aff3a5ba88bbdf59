//! The tray: uploads go on while the window is out of the way.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager as _};
use tintype_core::engine::Event;

const ID: &str = "main";

/// Brings the window to the front.
pub(crate) fn show_window(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        let shown = window
            .unminimize()
            .and_then(|()| window.show())
            .and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}

pub(crate) fn build(app: &tauri::App) -> tauri::Result<()> {
    let open = MenuItem::with_id(app, "open", "Open Tintype", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&open, &quit])?;
    let mut tray = TrayIconBuilder::with_id(ID)
        .menu(&menu)
        .tooltip("Tintype")
        .on_menu_event(|app, event| match event.id.as_ref() {
            "open" => show_window(app),
            "quit" => app.exit(0),
            _ => {}
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    // A desktop without a tray is no reason not to open.
    if let Err(error) = tray.build(app) {
        tracing::warn!(%error, "no tray icon");
    }
    Ok(())
}

/// Shows in the tray how much is left.
pub(crate) fn tell(app: &AppHandle, events: &[Event]) {
    let overall = events.iter().find_map(|event| match event {
        Event::Overall(overall) => Some(overall),
        _ => None,
    });
    if let (Some(overall), Some(tray)) = (overall, app.tray_by_id(ID)) {
        let text = match overall.unfinished {
            0 => "Tintype".to_owned(),
            left => format!("Tintype: {left} to go"),
        };
        if let Err(error) = tray.set_tooltip(Some(text)) {
            tracing::debug!(%error, "the tray has no tooltip");
        }
    }
}
