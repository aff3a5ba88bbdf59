//! `tintype verify`, `tintype pause`, `tintype resume`

use tintype_core::engine::{EngineHandle, Fault, Finding, JobReport, Stage, Watching};
use tintype_core::error::Result;

use crate::args::Verify;
use crate::door::{Ending, Outcome, PATIENCE, with_engine};
use crate::terminal;

pub(crate) async fn run(args: Verify) -> Result<Outcome> {
    let ending = if args.repair {
        Ending::Finish(PATIENCE)
    } else {
        Ending::AtOnce
    };
    with_engine(|_| {}, ending, async |handle| verify(handle, args).await).await
}

async fn verify(handle: &EngineHandle, args: Verify) -> Result<Outcome> {
    let found = handle
        .verify(args.profile.as_deref(), args.deep, args.repair, |finding| {
            tell(&finding, args.json)
        })
        .await?;
    if found.faults == 0 {
        let objects = terminal::counted(found.objects, "object");
        terminal::say(&format!("{objects} looked at, all as before"));
        return Ok(Outcome::AllWell);
    }
    terminal::say(&format!(
        "{} looked at, {} not as before",
        terminal::counted(found.objects, "object"),
        found.faults
    ));
    match found.repairing {
        Some(batch) => {
            let left = found.faults - found.mending;
            return repaired(handle, &batch, left).await;
        }
        None if args.repair => {
            terminal::say("  hint: none of their files is here as it was; nothing was uploaded")
        }
        None => terminal::say("  hint: `tintype verify --repair` uploads them again"),
    }
    Ok(Outcome::SomethingFailed)
}

/// Waits for what is uploaded again, and says how that went; so many objects are `left` as they are.
async fn repaired(handle: &EngineHandle, batch: &str, left: u64) -> Result<Outcome> {
    let (mut again, mut not) = (0u64, 0u64);
    let mut count = |report: &JobReport| {
        let well = report.job.stage == Stage::Done;
        again += u64::from(well);
        not += u64::from(!well);
        report
            .job
            .error
            .iter()
            .filter(|_| !well)
            .for_each(terminal::say_error);
    };
    let waited = handle.wait(batch, Some(PATIENCE), |seen| match seen {
        Watching::Ended(report) | Watching::GivenUp(report) => count(&report),
        Watching::Open { .. } | Watching::Job(_) => {}
    });
    waited.await?;
    terminal::say(&format!(
        "{} uploaded again, {not} not; look again with `tintype verify`",
        terminal::counted(again, "file")
    ));
    if left > 0 {
        let objects = terminal::counted(left, "object");
        terminal::say(&format!(
            "  hint: left as they are: {objects}; no file is here as it was, or the bucket lets nobody look"
        ));
    }
    Ok(if not == 0 && left == 0 {
        Outcome::AllWell
    } else {
        Outcome::SomethingFailed
    })
}

fn tell(finding: &Finding, json: bool) {
    if json {
        return terminal::print_json(finding);
    }
    let fault = match finding.fault {
        Fault::Missing => "missing",
        Fault::Differs => "differs",
        Fault::Hidden => "hidden",
        Fault::Unclear => "unclear",
    };
    terminal::print(&format!(
        "{fault:<8} {}  ({})",
        terminal::shown(&finding.key),
        terminal::path(&finding.source)
    ));
}

/// Lets all uploads rest, or go on.
pub(crate) async fn pause(paused: bool) -> Result<Outcome> {
    with_engine(
        |_| {},
        Ending::AtOnce,
        async |handle| {
            handle.pause_all(paused).await?;
            terminal::say(if paused {
                "uploads rest until `tintype resume`"
            } else {
                "uploads go on"
            });
            Ok(Outcome::AllWell)
        },
    )
    .await
}
