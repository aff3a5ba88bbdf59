//! The only place that prints. A reader that went away (`| head`) is no error of ours, and no reason
//! to leave work undone; a full disk is an error.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tintype_core::{Error, LocalPath};

/// Nobody reads the results any more.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Whether nobody reads the results any more: what only finds things out may end.
pub(crate) fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// A result, for stdout.
pub(crate) fn print(line: &str) {
    if is_unread() {
        return;
    }
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            UNREAD.store(true, Ordering::Relaxed);
        }
        Err(error) => {
            say(&format!("error: the results cannot be written: {error}"));
            say(
                "  hint: make room where they go to; what was queued goes on with the next `tintype upload`",
            );
            std::process::exit(1);
        }
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
    let _ = writeln!(std::io::stderr().lock(), "{}", shown(line));
}

/// A text as a terminal may have it: names of files are whatever somebody called them, and a
/// terminal obeys some of that.
pub(crate) fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(|char: char| char.is_control()) {
        return text.into();
    }
    text.chars()
        .map(|char| {
            if char.is_control() {
                char.escape_default().to_string()
            } else {
                char.to_string()
            }
        })
        .collect::<String>()
        .into()
}

/// A path as a terminal may have it; what is no Unicode is shown in a way that can be told from
/// other names.
pub(crate) fn path(path: &Path) -> String {
    shown(&LocalPath::from(path).to_text()).into_owned()
}

/// So many of a thing, as people say it.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{many}")
}

/// What went wrong and what to do about it.
pub(crate) fn say_error(error: &Error) {
    let word = if error.code.is_note() {
        "note"
    } else {
        "error"
    };
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
