//! `tintype history`

use tintype_core::engine::EngineHandle;
use tintype_core::error::Result;

use crate::args::History;
use crate::door::{Ending, Outcome, with_engine};
use crate::report::{FileReport, Status};
use crate::terminal;

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
        terminal::say(&format!("{new} files were new to this computer"));
        if damaged > 0 {
            terminal::say(&format!(
                "  {damaged} lines of the manifest could not be read and were left out"
            ));
        }
    }
    for report in handle.history(&args.search, args.limit).await? {
        let report = FileReport::from(report);
        if args.json {
            terminal::print_json(&report);
            continue;
        }
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
            "{status:<9} {}  {}",
            terminal::path(&report.source),
            terminal::shown(&shown)
        ));
    }
    Ok(Outcome::AllWell)
}
