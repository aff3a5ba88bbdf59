//! `tintype verify`, `tintype pause`, `tintype resume`

use tintype_core::engine::{EngineHandle, Fault, Finding, JobReport, Stage, Watching};
use tintype_core::error::Result;

use crate::args::Verify;
use crate::{Outcome, start_engine, terminal};

/// What does not go on is waited for no longer than this.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

pub(crate) async fn run(args: Verify) -> Result<Outcome> {
    let engine = start_engine(|_| {})?;
    let handle = engine.handle();
    let found = handle.verify(args.profile.as_deref(), args.deep, args.repair, |finding| tell(&finding, args.json)).await?;
    let Some(also) = (found.faults > 0).then(|| format!(", {} not as they were", found.faults)) else {
        terminal::say(&format!("{} objects are as they were", found.objects));
        engine.shutdown().await;
        return Ok(Outcome::AllWell);
    };
    terminal::say(&format!("{} objects looked at{also}", found.objects));
    let mut outcome = Outcome::SomethingFailed;
    match found.repairing {
        Some(batch) => outcome = repaired(&handle, &batch, found.faults).await?,
        None if args.repair => terminal::say("  hint: none of their files is here as it was; nothing was uploaded"),
        None => terminal::say("  hint: `tintype verify --repair` uploads them again"),
    }
    handle.finish_chores().await?;
    engine.shutdown().await;
    Ok(outcome)
}

/// Waits for what is uploaded again, and says how that went.
async fn repaired(handle: &EngineHandle, batch: &str, faults: u64) -> Result<Outcome> {
    let (mut again, mut not) = (0u64, 0u64);
    let mut count = |report: &JobReport| {
        let well = report.job.stage == Stage::Done;
        again += u64::from(well);
        not += u64::from(!well);
        report.job.error.iter().filter(|_| !well).for_each(terminal::say_error);
    };
    let waited = handle.wait(batch, Some(PATIENCE), |seen| match seen {
        Watching::Ended(report) | Watching::GivenUp(report) => count(&report),
        Watching::Open { .. } | Watching::Job(_) => {}
    });
    waited.await?;
    terminal::say(&format!("{again} files uploaded again, {not} not; look again with `tintype verify`"));
    let all = not == 0 && again > 0 && faults > 0;
    Ok(if all { Outcome::AllWell } else { Outcome::SomethingFailed })
}

fn tell(finding: &Finding, json: bool) {
    if json {
        return terminal::print_json(finding);
    }
    let fault = match finding.fault {
        Fault::Missing => "missing",
        Fault::Differs => "differs",
        Fault::Hidden => "hidden",
    };
    terminal::print(&format!("{fault:<8} {}  ({})", terminal::shown(&finding.key), terminal::path(&finding.source)));
}

/// Lets all uploads rest, or go on.
pub(crate) async fn pause(paused: bool) -> Result<Outcome> {
    let engine = start_engine(|_| {})?;
    engine.handle().pause_all(paused).await?;
    terminal::say(if paused { "uploads rest until `tintype resume`" } else { "uploads go on" });
    engine.shutdown().await;
    Ok(Outcome::AllWell)
}
