//! The one door of all commands that need an engine.

use std::time::Duration;

use tintype_core::engine::{Config, Duty, Engine, EngineHandle};
use tintype_core::error::Result;
use tintype_core::home::Home;
use tintype_core::secret::Secrets;
use tintype_core::settings::Settings;
use tintype_core::worker::Program;

use crate::terminal;

/// Whether everything that was asked for worked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    AllWell,
    SomethingFailed,
    /// A person, or the system, wanted it to end.
    Interrupted,
}

/// What a command does before it ends.
pub(crate) enum Ending {
    /// All that is due, by whatever run it was left: jobs, webhooks, manifests, removals. What does
    /// not go on is waited for no longer than that.
    Finish(Duration),
    /// Nothing: it only asked, or changed the settings.
    AtOnce,
    /// It goes on until a person, or the system, wants it to end.
    WhenInterrupted,
}

/// What does not go on is waited for no longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Who wants to end does not wait longer to learn how much is left.
const TO_COUNT: Duration = Duration::from_secs(2);

/// The one door of all commands that need an engine: works with it, does what is due, and lets it
/// end.
pub(crate) async fn with_engine(
    change: impl FnOnce(&mut Config),
    ending: Ending,
    work: impl AsyncFnOnce(&EngineHandle) -> Result<Outcome>,
) -> Result<Outcome> {
    let engine = start_engine(change)?;
    let handle = engine.handle();
    let all = async {
        let outcome = work(&handle).await?;
        if let Ending::Finish(patience) = ending {
            handle.finish(patience).await?;
            say_what_is_left(&handle).await?;
        }
        Ok(outcome)
    };
    let done = tokio::select! {
        done = all => done,
        () = terminal::interrupted() => if matches!(ending, Ending::WhenInterrupted) { Ok(Outcome::AllWell) } else {
            let left = tokio::time::timeout(TO_COUNT, handle.snapshot()).await;
            let left = left.map_or(0, |snapshot| snapshot.map_or(0, |snapshot| snapshot.overall.unfinished));
            if left > 0 {
                let files = terminal::counted(left, "file");
                terminal::say(&format!("interrupted; queued for the next `tintype upload`, or for the app: {files}"));
            }
            Ok(Outcome::Interrupted)
        }
    };
    engine.shutdown().await;
    done
}

/// What was due and could not be done: it is tried again at the next start.
async fn say_what_is_left(handle: &EngineHandle) -> Result<()> {
    let due = [Duty::Removals, Duty::Webhooks, Duty::Manifests];
    let troubles = handle.snapshot().await?.health.into_iter();
    troubles
        .filter(|trouble| due.contains(&trouble.duty))
        .for_each(|trouble| terminal::say_error(&trouble.error));
    Ok(())
}

fn start_engine(change: impl FnOnce(&mut Config)) -> Result<Engine> {
    let home = Home::locate()?;
    for field in Settings::unknown_fields(&home.settings()) {
        terminal::say(&format!(
            "note: the settings have a field \"{field}\" that this version does not know; it does nothing"
        ));
    }
    let mut config = Config::new(home, Secrets::default());
    config.imaging = Program::current();
    change(&mut config);
    Engine::start(config)
}
