//! `tintype folder`

use std::path::{Path, PathBuf};

use tintype_core::engine::{EngineHandle, FolderView};
use tintype_core::error::{Code, Error, Result};
use tintype_core::folder::WatchedFolder;

use crate::args::{FolderCommand, Meant};
use crate::door::{Ending, Outcome, PATIENCE, with_engine};
use crate::terminal;

pub(crate) async fn run(command: FolderCommand) -> Result<Outcome> {
    // Only what is removed now takes its time.
    let ending = if matches!(command, FolderCommand::RemoveNow { .. }) {
        Ending::Finish(PATIENCE)
    } else {
        Ending::AtOnce
    };
    with_engine(
        |_| {},
        ending,
        async |handle| obey(handle, command).await.map(|()| Outcome::AllWell),
    )
    .await
}

async fn obey(handle: &EngineHandle, command: FolderCommand) -> Result<()> {
    match command {
        FolderCommand::Add { meant, dirs } => add(handle, &meant, dirs).await?,
        FolderCommand::List { json } => list(handle, json).await?,
        FolderCommand::Remove { dir } => {
            let path = known(handle, &dir).await?;
            handle.remove_folder(path.clone()).await?;
            terminal::say(&format!("{} is no longer watched", path.display()));
        }
        FolderCommand::Pause { dir } => {
            let path = known(handle, &dir).await?;
            handle.pause_folder(path.clone(), true).await?;
            terminal::say(&format!("{} rests", path.display()));
        }
        FolderCommand::Resume { dir } => {
            let path = known(handle, &dir).await?;
            handle.pause_folder(path.clone(), false).await?;
            terminal::say(&format!("{} goes on", path.display()));
        }
        FolderCommand::Keep { dir } => {
            let path = known(handle, &dir).await?;
            handle.keep_removed(path.clone()).await?;
            terminal::say(&format!(
                "the bucket keeps what was deleted from {}",
                path.display()
            ));
        }
        FolderCommand::RemoveNow { dir } => {
            let path = known(handle, &dir).await?;
            handle.remove_now(path).await?;
        }
    }
    Ok(())
}

/// Remembers folders; those that are known are meant anew.
pub(crate) async fn add(handle: &EngineHandle, meant: &Meant, dirs: Vec<PathBuf>) -> Result<()> {
    if meant.profile.as_deref() == Some(tintype_core::profile::DEMO) {
        handle.use_demo().await?;
    }
    for dir in dirs {
        let folder = WatchedFolder {
            path: absolute(&dir)?.into(),
            ..meant.folder()
        };
        let known = handle
            .settings()
            .await?
            .folders
            .into_iter()
            .find(|known| known.path == folder.path);
        let path = terminal::path(&folder.path);
        match known {
            Some(known) => {
                let profile = if folder.profile.is_empty() {
                    known.profile
                } else {
                    folder.profile
                };
                handle
                    .change_folder(WatchedFolder {
                        profile,
                        paused: known.paused,
                        ..folder
                    })
                    .await?;
                terminal::say(&format!("{path} is meant anew"));
            }
            None => {
                handle.add_folder(folder).await?;
                terminal::say(&format!(
                    "{path} is watched by the window and by `tintype watch`"
                ));
            }
        }
    }
    Ok(())
}

/// The full path of a folder that is watched.
async fn known(handle: &EngineHandle, dir: &Path) -> Result<PathBuf> {
    let path = absolute(dir)?;
    if handle
        .settings()
        .await?
        .folders
        .iter()
        .any(|known| known.path == path)
    {
        return Ok(path);
    }
    Err(Error::new(
        Code::FolderInvalid,
        format!("{} is not watched", path.display()),
    )
    .hint("tintype folder list shows those that are"))
}

async fn list(handle: &EngineHandle, json: bool) -> Result<()> {
    let snapshot = handle.snapshot().await?;
    for view in snapshot.folders {
        let meant = snapshot
            .settings
            .folders
            .iter()
            .find(|folder| folder.path == view.path);
        match (json, meant) {
            (true, Some(meant)) => terminal::print_json(meant),
            _ => terminal::print(&line(&view)),
        }
    }
    Ok(())
}

fn line(view: &FolderView) -> String {
    let counts = [
        (view.waiting, "on their way"),
        (view.failed, "failed"),
        (view.removing, "deleted, to be removed from the bucket"),
    ];
    let counts = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!(", {count} {words}"))
        .collect::<String>();
    format!(
        "{}{} to \"{}\"{counts}",
        terminal::path(&view.path),
        if view.paused { " (rests)" } else { "" },
        view.profile
    )
}

/// As the engine knows a folder, whatever links and `..` it is named with.
fn absolute(dir: &Path) -> Result<PathBuf> {
    WatchedFolder::locate(dir)
}
