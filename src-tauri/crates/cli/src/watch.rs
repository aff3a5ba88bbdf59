//! `tintype watch`

use std::collections::HashSet;
use std::time::Duration;

use tintype_core::engine::{Event, Stage};
use tintype_core::error::{Code, Error, Result};
use tokio::sync::broadcast::error::RecvError;

use crate::args::Watch;
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
        let batch = handle.reconcile(args.dirs, args.profile).await?;
        upload::finish(&handle, &batch, args.json, PATIENCE).await
    } else {
        if !from_settings {
            for folder in handle.watch(args.dirs, args.profile).await? {
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

/// Prints each file as it is finished, until interrupted.
async fn follow(handle: &tintype_core::engine::EngineHandle, json: bool) -> Result<Outcome> {
    let mut events = handle.events();
    let mut told = HashSet::new();
    loop {
        let jobs = match events.recv().await {
            Ok(Event::Jobs(jobs)) => jobs,
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
