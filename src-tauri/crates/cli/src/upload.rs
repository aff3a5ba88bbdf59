//! `tintype upload`

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tintype_core::engine::{EngineHandle, JobView, Stage};
use tintype_core::error::Result;

use crate::args::Upload;
use crate::report::FileReport;
use crate::{Outcome, start_engine, terminal};

pub(crate) async fn run(args: Upload) -> Result<Outcome> {
    let engine = start_engine(|_| {})?;
    let handle = engine.handle();
    let before = handle.snapshot().await?.overall.unfinished;
    if before > 0 {
        terminal::say(&format!("{before} earlier uploads are not finished; they go on as well"));
    }
    let batch = handle.enqueue(args.paths, args.profile, !args.no_variants).await?;
    let done = finish(&handle, &batch, args.json, Duration::from_secs(args.patience)).await;
    // What an earlier run left behind is finished, too, as far as there is a way to its bucket.
    handle.idle().await?;
    engine.shutdown().await;
    done
}

/// Waits for a batch, shows its progress and prints its results.
pub(crate) async fn finish(handle: &EngineHandle, batch: &str, json: bool, patience: Duration) -> Result<Outcome> {
    let progress = Progress::new();
    let waited = handle.wait(batch, Some(patience), |job| progress.show(job)).await;
    progress.end();
    let waited = waited?;
    let first_error = waited.jobs.iter().find_map(|report| report.job.error.clone().filter(|_| report.job.stage == Stage::Waiting));
    let mut outcome = Outcome::AllWell;
    for mut report in waited.jobs {
        if waited.gave_up && report.job.error.is_none() && !matches!(report.job.stage, Stage::Done | Stage::Failed) {
            report.job.error.clone_from(&first_error);
        }
        let report = FileReport::from(report);
        let report = if waited.gave_up { report.given_up() } else { report };
        report.print(json);
        if !report.is_well() {
            outcome = Outcome::SomethingFailed;
        }
    }
    Ok(outcome)
}

/// A bar where a person watches; nothing where nobody does.
struct Progress {
    bar: ProgressBar,
    jobs: std::cell::RefCell<HashMap<String, (bool, u64, u64)>>,
}

impl Progress {
    fn new() -> Self {
        let target = if terminal::is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24.cyan/black} {msg}  {bytes}/{total_bytes}  {bytes_per_sec}") {
            bar.set_style(style.progress_chars("━━ "));
        }
        Self { bar, jobs: std::cell::RefCell::default() }
    }

    fn show(&self, job: &JobView) {
        let mut jobs = self.jobs.borrow_mut();
        let ended = matches!(job.stage, Stage::Done | Stage::Failed);
        let entry = jobs.entry(job.id.clone()).or_default();
        *entry = (ended, if ended { entry.2.max(job.total) } else { job.sent }, entry.2.max(job.total));
        let finished = jobs.values().filter(|(ended, ..)| *ended).count();
        self.bar.set_length(jobs.values().map(|(.., total)| total).sum());
        self.bar.set_position(jobs.values().map(|(_, sent, _)| sent).sum());
        let why = job.error.as_ref().filter(|_| job.stage == Stage::Waiting).map(|error| format!("  waiting: {error}"));
        self.bar.set_message(format!("{finished} of {}{}", jobs.len(), why.unwrap_or_default()));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
