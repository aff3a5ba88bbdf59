//! `tintype folder`

use std::path::{Path, PathBuf};

use tintype_core::engine::FolderView;
use tintype_core::error::{Code, Error, Result};
use tintype_core::folder::WatchedFolder;

use crate::args::{FolderCommand, Meant};
use crate::{Outcome, start_engine, terminal};

pub(crate) async fn run(command: FolderCommand) -> Result<Outcome> {
    match command {
        FolderCommand::Add { meant, dirs } => add(&meant, dirs).await?,
        FolderCommand::List { json } => list(json).await?,
        FolderCommand::Remove { dir } => {
            let path = change(&dir, async |engine, path| engine.remove_folder(path).await.map(|_| ())).await?;
            terminal::say(&format!("{} is no longer watched", path.display()));
        }
        FolderCommand::Pause { dir } => {
            let path = change(&dir, async |engine, path| engine.pause_folder(path, true).await.map(|_| ())).await?;
            terminal::say(&format!("{} rests", path.display()));
        }
        FolderCommand::Resume { dir } => {
            let path = change(&dir, async |engine, path| engine.pause_folder(path, false).await.map(|_| ())).await?;
            terminal::say(&format!("{} goes on", path.display()));
        }
        FolderCommand::Keep { dir } => {
            let path = change(&dir, async |engine, path| engine.keep_removed(path).await).await?;
            terminal::say(&format!("the bucket keeps what was deleted from {}", path.display()));
        }
        FolderCommand::RemoveNow { dir } => {
            change(&dir, async |engine, path| {
                engine.remove_now(path).await?;
                engine.finish_chores().await
            })
            .await?;
        }
    }
    Ok(Outcome::AllWell)
}

/// Remembers folders; those that are known are meant anew.
pub(crate) async fn add(meant: &Meant, dirs: Vec<PathBuf>) -> Result<()> {
    let engine = start_engine(|_| {})?;
    let handle = engine.handle();
    let added = async {
        if meant.profile.as_deref() == Some(tintype_core::profile::DEMO) {
            handle.use_demo().await?;
        }
        for dir in dirs {
            let folder = WatchedFolder { path: absolute(&dir)?.into(), ..meant.folder() };
            let known = handle.settings().await?.folders.into_iter().find(|known| known.path == folder.path);
            let path = folder.path.display().to_string();
            match known {
                Some(known) => {
                    let profile = if folder.profile.is_empty() { known.profile } else { folder.profile };
                    handle.change_folder(WatchedFolder { profile, paused: known.paused, ..folder }).await?;
                    terminal::say(&format!("{path} is meant anew"));
                }
                None => {
                    handle.add_folder(folder).await?;
                    terminal::say(&format!("{path} is watched by the window and by `tintype watch`"));
                }
            }
        }
        Ok(())
    };
    let added = added.await;
    engine.shutdown().await;
    added
}

/// Does something with a folder that is known; its full path.
async fn change(dir: &Path, work: impl AsyncFnOnce(tintype_core::engine::EngineHandle, PathBuf) -> Result<()>) -> Result<PathBuf> {
    let path = absolute(dir)?;
    let engine = start_engine(|_| {})?;
    let handle = engine.handle();
    let done = async {
        if !handle.settings().await?.folders.iter().any(|known| known.path == path) {
            return Err(Error::new(Code::FolderInvalid, format!("{} is not watched", path.display()))
                .hint("tintype folder list shows those that are"));
        }
        work(handle, path.clone()).await
    };
    let done = done.await;
    engine.shutdown().await;
    done.map(|()| path)
}

async fn list(json: bool) -> Result<()> {
    let engine = start_engine(|_| {})?;
    let snapshot = engine.handle().snapshot().await;
    engine.shutdown().await;
    let snapshot = snapshot?;
    for view in snapshot.folders {
        let meant = snapshot.settings.folders.iter().find(|folder| folder.path == view.path);
        match (json, meant) {
            (true, Some(meant)) => terminal::print_json(meant),
            _ => terminal::print(&line(&view)),
        }
    }
    Ok(())
}

fn line(view: &FolderView) -> String {
    let counts = [(view.waiting, "on their way"), (view.failed, "failed"), (view.removing, "deleted, to be removed from the bucket")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!(", {count} {words}")).collect::<String>();
    format!("{}{} to \"{}\"{counts}", view.path.display(), if view.paused { " (rests)" } else { "" }, view.profile)
}

fn absolute(dir: &Path) -> Result<PathBuf> {
    std::path::absolute(dir).map_err(|error| Error::new(Code::FolderInvalid, format!("{}: {error}", dir.display())))
}
