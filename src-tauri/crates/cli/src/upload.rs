//! `tintype upload`

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tintype_core::engine::{EngineHandle, JobView, Stage, Waited, Watching, Wish};
use tintype_core::error::{Code, Error, Result};

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
    let wish = Wish { no_variants: args.no_variants, on_conflict: args.on_conflict.map(Into::into) };
    let batch = handle.enqueue(args.paths, args.profile, wish).await?;
    let done = finish(&handle, &batch, args.json, Duration::from_secs(args.patience)).await;
    // What an earlier run left behind is finished, too, as far as there is a way to its bucket.
    handle.idle().await?;
    handle.finish_chores().await?;
    engine.shutdown().await;
    done
}

/// So many results are fetched at a time: a batch may have a hundred thousand.
const PAGE: u32 = 500;

/// Waits for a batch, shows its progress and prints its results.
pub(crate) async fn finish(handle: &EngineHandle, batch: &str, json: bool, patience: Duration) -> Result<Outcome> {
    let progress = Progress::new();
    let waited = handle.wait(batch, Some(patience), |seen| progress.see(seen)).await;
    progress.end();
    let gave_up = waited? == Waited::GaveUp;
    let why = if gave_up { why_waiting(handle).await? } else { None };
    let mut outcome = Outcome::AllWell;
    for from in (0..).step_by(PAGE as usize) {
        let reports = handle.batch(batch, from, PAGE).await?;
        let last = reports.len() < PAGE as usize;
        for mut report in reports {
            let ended = matches!(report.job.stage, Stage::Done | Stage::Failed);
            if gave_up && !ended && report.job.error.is_none() {
                report.job.error.clone_from(&why);
            }
            let report = FileReport::from(report);
            let report = if gave_up { report.given_up() } else { report };
            report.print(json);
            if !report.is_well() {
                outcome = Outcome::SomethingFailed;
            }
        }
        if last {
            break;
        }
    }
    Ok(outcome)
}

async fn why_waiting(handle: &EngineHandle) -> Result<Option<Error>> {
    let snapshot = handle.snapshot().await?;
    if snapshot.settings.paused {
        return Ok(Some(Error::new(Code::Paused, "uploads are paused").hint("let them go on with `tintype resume`, or in the window")));
    }
    Ok(snapshot.overall.waiting_for)
}

/// A bar where a person watches; nothing where nobody does.
struct Progress {
    bar: ProgressBar,
    /// Bytes sent and to be sent, of the jobs that move.
    jobs: RefCell<HashMap<String, (u64, u64)>>,
    finished: RefCell<(usize, usize)>,
}

impl Progress {
    fn new() -> Self {
        let target = if terminal::is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24.cyan/black} {msg}  {bytes}/{total_bytes}  {bytes_per_sec}") {
            bar.set_style(style.progress_chars("━━ "));
        }
        Self { bar, jobs: RefCell::default(), finished: RefCell::default() }
    }

    fn see(&self, seen: Watching<'_>) {
        match seen {
            Watching::Open { open, total } => *self.finished.borrow_mut() = (total - open, total),
            Watching::Job(job) => self.show(job),
        }
    }

    fn show(&self, job: &JobView) {
        let mut jobs = self.jobs.borrow_mut();
        let ended = matches!(job.stage, Stage::Done | Stage::Failed);
        let (sent, total) = jobs.remove(&job.id).unwrap_or_default();
        let now = (if ended { total.max(job.total) } else { job.sent }, total.max(job.total));
        self.bar.inc_length(now.1 - total);
        self.bar.set_position(self.bar.position().saturating_sub(sent) + now.0);
        if ended {
            self.finished.borrow_mut().0 += 1;
        } else {
            jobs.insert(job.id.clone(), now);
        }
        let (finished, of) = *self.finished.borrow();
        let why = job.error.as_ref().filter(|_| job.stage == Stage::Waiting).map(|error| format!("  waiting: {error}"));
        self.bar.set_message(format!("{finished} of {of}{}", why.unwrap_or_default()));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
