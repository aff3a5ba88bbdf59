//! `tintype upload`

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tintype_core::engine::{EngineHandle, JobView, Stage, Watching, Wish};
use tintype_core::error::{Code, Error, Result};
use tintype_core::link::Template;

use crate::args::Upload;
use crate::door::{Ending, Outcome, with_engine};
use crate::report::FileReport;
use crate::terminal;

pub(crate) async fn run(args: Upload) -> Result<Outcome> {
    // What an earlier run left behind is finished, too, as far as there is a way to its bucket.
    let patience = Duration::from_secs(args.patience);
    with_engine(
        |config| config.begin_when_queued = true,
        Ending::Finish(patience),
        async |handle| upload(handle, args, patience).await,
    )
    .await
}

async fn upload(handle: &EngineHandle, args: Upload, patience: Duration) -> Result<Outcome> {
    let before = handle.snapshot().await?.overall.unfinished;
    if before > 0 {
        terminal::say(&format!(
            "{} not finished: what can go on does so as well",
            terminal::counted(before, "earlier upload")
        ));
    }
    if let Some(template) = &args.link {
        names_are_known(handle, &args, template).await?;
    }
    let wish = Wish {
        no_variants: args.no_variants,
        on_conflict: args.on_conflict.map(Into::into),
        on_location: args.location.map(Into::into),
    };
    let batch = handle.enqueue(args.paths, args.profile, wish).await?;
    if handle.batch(&batch, 0, 1).await?.is_empty() {
        terminal::say(
            "note: there is nothing to upload: no file was found (links inside folders and hidden files are left out)",
        );
    }
    let shape = Shape {
        json: args.json,
        link: args.link.as_ref(),
    };
    let done = finish(handle, &batch, shape, patience).await;
    if handle.serves_demo().await {
        terminal::say(
            "note: links of the demo bucket open while Tintype runs: `tintype demo` keeps them open, and so does the app",
        );
    }
    done
}

/// A variant that is not made is not to be linked by mistake: the whole original would stand there.
async fn names_are_known(handle: &EngineHandle, args: &Upload, template: &Template) -> Result<()> {
    let settings = handle.settings().await?;
    let made: Vec<&str> = match args.no_variants {
        true => Vec::new(),
        false => settings
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect(),
    };
    let Some(name) = template.variants().find(|name| !made.contains(name)) else {
        return Ok(());
    };
    let told = format!("the link template asks for the variant \"{name}\", which is not made");
    let hint = match made.as_slice() {
        [] => "no variants are made here".to_owned(),
        made => format!("there are {}", made.join(", ")),
    };
    Err(Error::new(Code::TemplateToken, told).hint(hint))
}

/// How results are printed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape<'a> {
    pub(crate) json: bool,
    /// In the URL's place.
    pub(crate) link: Option<&'a Template>,
}

/// Waits for a batch, shows its progress and prints each result as soon as it and all before it are
/// known.
pub(crate) async fn finish(
    handle: &EngineHandle,
    batch: &str,
    shape: Shape<'_>,
    patience: Duration,
) -> Result<Outcome> {
    let progress = Progress::new();
    let mut outcome = Outcome::AllWell;
    let mut print = |report: FileReport| {
        progress.bar.suspend(|| report.print(shape.json));
        if !report.is_well() {
            outcome = Outcome::SomethingFailed;
        }
    };
    let waited = handle.wait(batch, Some(patience), |seen| match seen {
        Watching::Open { open, total } => progress.count(open, total),
        Watching::Job(job) => progress.show(job),
        Watching::Ended(report) => print(FileReport::shaped(*report, shape.link)),
        Watching::GivenUp(report) => print(FileReport::from(*report).given_up()),
    });
    let waited = waited.await;
    progress.bar.finish_and_clear();
    waited.map(|()| outcome)
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
        let target = if terminal::is_watched() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:24.cyan/black} {msg}  {bytes}/{total_bytes}  {bytes_per_sec}",
        ) {
            bar.set_style(style.progress_chars("━━ "));
        }
        Self {
            bar,
            jobs: RefCell::default(),
            finished: RefCell::default(),
        }
    }

    fn count(&self, open: usize, total: usize) {
        *self.finished.borrow_mut() = (total - open, total);
    }

    fn show(&self, job: &JobView) {
        let mut jobs = self.jobs.borrow_mut();
        let ended = matches!(job.stage, Stage::Done | Stage::Failed);
        let (sent, total) = jobs.remove(&job.id).unwrap_or_default();
        let now = (
            if ended {
                total.max(job.total)
            } else {
                job.sent
            },
            total.max(job.total),
        );
        self.bar.inc_length(now.1 - total);
        self.bar
            .set_position(self.bar.position().saturating_sub(sent) + now.0);
        if ended {
            self.finished.borrow_mut().0 += 1;
        } else {
            jobs.insert(job.id.clone(), now);
        }
        let (finished, of) = *self.finished.borrow();
        let why = job
            .error
            .as_ref()
            .filter(|_| job.stage == Stage::Waiting)
            .map(|error| format!("  waiting: {error}"));
        self.bar
            .set_message(format!("{finished} of {of}{}", why.unwrap_or_default()));
    }
}
