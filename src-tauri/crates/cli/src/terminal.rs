//! The only place that prints. A reader that went away (`| head`) is no error of ours.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;
use tintype_core::Error;

/// A result, for stdout.
pub(crate) fn print(line: &str) {
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        // EPIPE: nobody reads any more.
        std::process::exit(0);
    }
}

/// A result for programs: one JSON object on one line.
pub(crate) fn print_json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => print(&line),
        Err(error) => say(&format!("error: a result has no JSON form: {error}")),
    }
}

/// A word to the person, on stderr.
pub(crate) fn say(line: &str) {
    // Without stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// What went wrong and what to do about it.
pub(crate) fn say_error(error: &Error) {
    let word = if error.code.is_note() { "note" } else { "error" };
    say(&format!("{word}: {error}"));
    if let Some(hint) = &error.hint {
        say(&format!("  hint: {hint}"));
    }
}

/// Whether a person watches stderr.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Waits until somebody wants this program to end: Ctrl+C, or the system.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without that signal the program is ended the hard way, which it survives.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
