//! `tintype watch`

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tintype_core::engine::{Event, FolderView, Stage};
use tintype_core::error::{Code, Error, Result};
use tintype_core::folder::{Existing, NewContent, WatchedFolder};
use tokio::sync::broadcast::error::RecvError;

use crate::args::{ChangedFile, Watch};
use crate::report::FileReport;
use crate::{Outcome, start_engine, terminal, upload};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(args: Watch) -> Result<Outcome> {
    let from_settings = args.dirs.is_empty();
    let engine = start_engine(|config| config.watch = from_settings && !args.once)?;
    let handle = engine.handle();
    if args.profile.as_deref() == Some(tintype_core::profile::DEMO) {
        handle.use_demo().await?;
    }
    if from_settings && handle.settings().await?.folders.is_empty() {
        return Err(Error::new(Code::WatchFailed, "no folder is watched").hint("name one: tintype watch DIR"));
    }
    let done = if args.once {
        let batch = handle.reconcile(args.dirs.clone(), args.profile.clone(), &meant(&args)).await?;
        upload::finish(&handle, &batch, args.json, PATIENCE).await
    } else {
        if !from_settings {
            for folder in handle.watch(args.dirs.clone(), args.profile.clone(), &meant(&args)).await? {
                terminal::say(&format!("watching {} for the profile \"{}\"; Ctrl+C ends it", folder.path.display(), folder.profile));
            }
        }
        tokio::select! {
            done = follow(&handle, args.json) => done,
            _ = tokio::signal::ctrl_c() => Ok(Outcome::AllWell),
        }
    };
    engine.shutdown().await;
    done
}

/// How the folders of the command line are meant.
fn meant(args: &Watch) -> WatchedFolder {
    WatchedFolder {
        patterns: args.patterns.clone(),
        recursive: !args.flat,
        follow_links: args.follow_links,
        all_files: args.all_files,
        existing: if args.only_new { Existing::Ignore } else { Existing::Upload },
        changed: match args.changed {
            None => NewContent::Profile,
            Some(ChangedFile::Replace) => NewContent::Replace,
            Some(ChangedFile::Version) => NewContent::Version,
        },
        original_key: args.original_key.clone(),
        variant_key: args.variant_key.clone(),
        ..WatchedFolder::default()
    }
}

/// A folder's state, for programs. The names are part of the command's interface.
#[derive(Serialize)]
struct FolderReport<'a> {
    folder: &'a FolderView,
}

/// Says what is new about the folders: all of it as JSON, or what is wrong.
fn tell_folders(folders: Vec<FolderView>, known: &mut HashMap<PathBuf, FolderView>, json: bool) {
    for folder in folders {
        let before = known.get(&folder.path);
        if before == Some(&folder) {
            continue;
        }
        if json {
            terminal::print_json(&FolderReport { folder: &folder });
        } else {
            let said = |error: &Error| before.is_some_and(|before| before.told.contains(error) || before.error.as_ref() == Some(error));
            folder.error.iter().chain(folder.told.iter().rev()).filter(|error| !said(error)).for_each(terminal::say_error);
        }
        known.insert(folder.path.clone(), folder);
    }
}

/// Prints each file as it is finished, until interrupted.
async fn follow(handle: &tintype_core::engine::EngineHandle, json: bool) -> Result<Outcome> {
    let mut events = handle.events();
    let (mut told, mut folders) = (HashSet::new(), HashMap::new());
    loop {
        let jobs = match events.recv().await {
            Ok(Event::Jobs(jobs)) => jobs,
            Ok(Event::Folders(views)) => {
                tell_folders(views, &mut folders, json);
                continue;
            }
            Ok(_) => continue,
            Err(RecvError::Lagged(_)) => handle.snapshot().await?.jobs,
            Err(RecvError::Closed) => return Ok(Outcome::AllWell),
        };
        for job in jobs.into_iter().filter(|job| job.watched && matches!(job.stage, Stage::Done | Stage::Failed)) {
            if told.insert(job.id.clone()) {
                FileReport::from(handle.job(&job.id).await?).print(json);
            }
        }
    }
}
