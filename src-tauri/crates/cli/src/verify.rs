//! `tintype verify`, `tintype pause`, `tintype resume`

use tintype_core::engine::{Fault, Finding};
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
    if args.repair {
        handle.idle(PATIENCE).await?;
        terminal::say(&format!("{} files uploaded again; look again with `tintype verify`", found.repaired));
    } else {
        terminal::say("  hint: `tintype verify --repair` uploads them again");
    }
    engine.shutdown().await;
    Ok(Outcome::SomethingFailed)
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
