//! `tintype history`

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tintype_core::engine::{EngineHandle, JobReport};
use tintype_core::error::Result;

use crate::args::History;
use crate::door::{Ending, Outcome, with_engine};
use crate::report::{FileReport, Status};
use crate::terminal;

/// One file of the history, for programs. The names are part of the command's interface.
#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    file: FileReport,
    /// The profile's name.
    profile: String,
    /// When it was given (RFC 3339).
    queued_at: String,
    /// When it was finished, or failed.
    finished_at: Option<String>,
}

impl From<JobReport> for Entry {
    fn from(report: JobReport) -> Self {
        Self {
            profile: report.job.profile.clone(),
            queued_at: moment(report.job.created_at).to_string(),
            finished_at: report.job.finished_at.map(|at| moment(at).to_string()),
            file: FileReport::from(report),
        }
    }
}

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

pub(crate) async fn run(args: History) -> Result<Outcome> {
    with_engine(
        |_| {},
        Ending::AtOnce,
        async |handle| show(handle, args).await,
    )
    .await
}

async fn show(handle: &EngineHandle, args: History) -> Result<Outcome> {
    if args.rebuild {
        let (new, damaged) = handle.rebuild(args.profile.as_deref()).await?;
        let files = terminal::counted(new, "file");
        terminal::say(&format!("new to this computer: {files}"));
        if damaged > 0 {
            terminal::say(&format!(
                "  left out of the manifest, because it could not be read: {}",
                terminal::counted(damaged, "line")
            ));
        }
    }
    for report in handle.history(&args.search, args.limit).await? {
        if args.json {
            terminal::print_json(&Entry::from(report));
            continue;
        }
        let when = moment(report.job.finished_at.unwrap_or(report.job.created_at))
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M");
        let report = FileReport::from(report);
        let status = match report.status {
            Status::Uploaded => "uploaded",
            Status::Present => "present",
            Status::Skipped => "skipped",
            Status::Failed => "failed",
            Status::Queued => "queued",
        };
        let shown = report
            .url
            .or(report.error.map(|error| error.message))
            .unwrap_or_default();
        terminal::print(&format!(
            "{when}  {status:<9} {}  {}",
            terminal::path(&report.source),
            terminal::shown(&shown)
        ));
    }
    Ok(Outcome::AllWell)
}
