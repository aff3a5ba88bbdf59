//! `tintype watch`

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use tintype_core::LocalPath;
use tintype_core::engine::{EngineHandle, Event, FolderView, Stage};
use tintype_core::error::{Code, Error, Result};

use tokio::sync::broadcast::error::RecvError;

use crate::args::Watch;
use crate::door::{Ending, Outcome, PATIENCE, with_engine};
use crate::report::FileReport;
use crate::{folder, install, terminal, upload};

pub(crate) async fn run(args: Watch) -> Result<Outcome> {
    if args.uninstall {
        return install::uninstall();
    }
    if args.install {
        return install(args).await;
    }
    let from_settings = args.dirs.is_empty();
    let ending = if args.once {
        Ending::Finish(PATIENCE)
    } else {
        Ending::WhenInterrupted
    };
    let watches = from_settings && !args.once;
    with_engine(
        |config| config.watch = watches,
        ending,
        async |handle| watch(handle, args).await,
    )
    .await
}

async fn watch(handle: &EngineHandle, args: Watch) -> Result<Outcome> {
    let Watch {
        dirs, meant, json, ..
    } = args;
    if meant.profile.as_deref() == Some(tintype_core::profile::DEMO) {
        handle.use_demo().await?;
    }
    if dirs.is_empty() && handle.settings().await?.folders.is_empty() {
        return Err(Error::new(Code::WatchFailed, "no folder is watched")
            .hint("name one: tintype watch DIR; or have one remembered: tintype folder add DIR"));
    }
    if args.once {
        let found = handle
            .reconcile(dirs.clone(), meant.profile.clone(), &meant.folder())
            .await?;
        if found.writing > 0 {
            terminal::say(&format!(
                "note: left for the next time, because it is still being written: {}",
                terminal::counted(found.writing as u64, "file")
            ));
        }
        found.blind.iter().for_each(terminal::say_error);
        let shape = upload::Shape {
            json,
            ..upload::Shape::default()
        };
        let finished = upload::finish(handle, &found.batch, shape, PATIENCE).await;
        let left = handle
            .put_away(dirs, meant.profile.clone(), &meant.folder())
            .await?;
        left.iter().for_each(terminal::say_error);
        return match finished? {
            Outcome::AllWell if !(found.blind.is_empty() && left.is_empty()) => {
                Ok(Outcome::SomethingFailed)
            }
            finished => Ok(finished),
        };
    }
    if !dirs.is_empty() {
        let settings = handle.settings().await?;
        for folder in handle
            .watch(dirs, meant.profile.clone(), &meant.folder())
            .await?
        {
            let profile = &settings.profile_for(&folder)?.name;
            terminal::say(&format!(
                "watching {} for the profile \"{profile}\"; Ctrl+C ends it",
                terminal::path(&folder.path)
            ));
        }
    }
    follow(handle, json).await
}

/// Remembers the folders, and has the system watch them.
async fn install(args: Watch) -> Result<Outcome> {
    let remember = async |handle: &EngineHandle| {
        folder::add(handle, &args.meant, args.dirs).await?;
        if handle.settings().await?.folders.is_empty() {
            return Err(Error::new(Code::WatchFailed, "no folder is watched")
                .hint("name one: tintype watch --install DIR"));
        }
        Ok(Outcome::AllWell)
    };
    with_engine(|_| {}, Ending::AtOnce, remember).await?;
    install::install()
}

/// A folder's state, for programs. The names are part of the command's interface.
#[derive(Serialize)]
struct FolderReport<'a> {
    folder: &'a FolderView,
}

/// Says what is new about the folders: all of it as JSON, or what is wrong.
fn tell_folders(folders: Vec<FolderView>, known: &mut HashMap<LocalPath, FolderView>, json: bool) {
    for folder in folders {
        let before = known.get(&folder.path);
        if before == Some(&folder) {
            continue;
        }
        if json {
            terminal::print_json(&FolderReport { folder: &folder });
        } else {
            let said = |error: &Error| {
                before.is_some_and(|before| {
                    before.told.contains(error) || before.error.as_ref() == Some(error)
                })
            };
            folder
                .error
                .iter()
                .chain(folder.told.iter().rev())
                .filter(|error| !said(error))
                .for_each(terminal::say_error);
        }
        known.insert(folder.path.clone(), folder);
    }
}

/// What keeps uploads waiting, each said once for as long as it lasts.
#[derive(Default)]
struct Troubles(HashMap<String, Error>);

impl Troubles {
    fn say(&mut self, whose: &str, error: &Error) {
        let known = self.0.insert(whose.to_owned(), error.clone());
        if known.is_none_or(|known| known.code != error.code) {
            terminal::say_error(error);
        }
    }

    fn are_over(&mut self, whose: &str) {
        self.0.remove(whose);
    }
}

fn paused() -> Error {
    Error::new(Code::Paused, "uploads are paused")
        .hint("`tintype resume` lets them go on; so does the window")
}

/// Prints each file as it is finished, and why any wait, until interrupted.
async fn follow(handle: &EngineHandle, json: bool) -> Result<Outcome> {
    let mut events = handle.events();
    let (mut told, mut folders) = (HashSet::new(), HashMap::new());
    let mut troubles = Troubles::default();
    if handle.settings().await?.paused {
        troubles.say("", &paused());
    }
    loop {
        let jobs = match events.recv().await {
            Ok(Event::Jobs(jobs)) => jobs,
            Ok(Event::Folders(views)) => {
                tell_folders(views, &mut folders, json);
                continue;
            }
            Ok(Event::Health(health)) => {
                for trouble in health {
                    troubles.say(&format!("{:?}", trouble.duty), &trouble.error);
                }
                continue;
            }
            Ok(Event::Settings(settings)) => {
                match settings.paused {
                    true => troubles.say("", &paused()),
                    false => troubles.are_over(""),
                }
                continue;
            }
            Ok(_) => continue,
            Err(RecvError::Lagged(_)) => handle.snapshot().await?.jobs,
            Err(RecvError::Closed) => return Ok(Outcome::AllWell),
        };
        for job in jobs.into_iter().filter(|job| job.watched) {
            let ended = matches!(job.stage, Stage::Done | Stage::Failed);
            match &job.error {
                Some(error) if job.stage == Stage::Waiting => troubles.say(&job.profile, error),
                // Each is a question of its own.
                Some(error) if job.stage == Stage::Asks => troubles.say(&job.id, error),
                _ if job.stage == Stage::Done => troubles.are_over(&job.profile),
                _ => {}
            }
            if ended && told.insert(job.id.clone()) {
                FileReport::from(handle.job(&job.id).await?).print(json);
            }
        }
        // It was meant for who read it; what is queued goes on with the next command.
        if terminal::is_unread() {
            return Ok(Outcome::AllWell);
        }
    }
}
