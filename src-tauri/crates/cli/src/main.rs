//! The `tintype` command: the whole job without a window.
//!
//! Results go to stdout (text for people, JSON for programs), everything else to stderr. Exit status: 0 all well,
//! 1 something failed, 2 wrong usage.

mod args;
mod demo;
mod folder;
mod history;
mod inspect;
mod install;
mod profile;
mod report;
mod terminal;
mod upload;
mod variants;
mod verify;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tintype_core::engine::{Config, Engine, EngineHandle};
use tintype_core::error::Result;
use tintype_core::home::Home;
use tintype_core::imaging::worker::{self, Program};
use tintype_core::secret::Secrets;
use tintype_core::settings::Settings;

use args::{Args, Command};

/// Whether everything that was asked for worked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AllWell,
    SomethingFailed,
    /// A person, or the system, wanted it to end.
    Interrupted,
}

fn main() -> ExitCode {
    worker::serve_if_asked();
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("TINTYPE_LOG")
                .unwrap_or_else(|_| "error".into()),
        )
        .with_writer(std::io::stderr)
        .without_time()
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::say(&format!(
                "error: the system gave no threads to work with: {error}"
            ));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(args.command));
    // A keyring prompt or a slow disk must not hold the exit up.
    runtime.shutdown_background();
    match done {
        Ok(Outcome::AllWell) => ExitCode::SUCCESS,
        Ok(Outcome::SomethingFailed) => ExitCode::FAILURE,
        // What a shell says of a program that was ended by Ctrl+C.
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => {
            terminal::say_error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Upload(args) => upload::run(args).await,
        Command::Variants(args) => variants::run(args).await,
        Command::Inspect(args) => inspect::run(&args),
        Command::Watch(args) => watch::run(args).await,
        Command::Folder(command) => folder::run(command).await,
        Command::Profile(command) => profile::run(command).await,
        Command::History(args) => history::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Pause => verify::pause(true).await,
        Command::Resume => verify::pause(false).await,
        Command::Demo(args) => demo::run(args).await,
    }
}

/// What a command does before it ends.
enum Ending {
    /// All that is due, by whatever run it was left: jobs, webhooks, manifests, removals. What does not go on is waited
    /// for no longer than that.
    Finish(Duration),
    /// Nothing: it only asked, or changed the settings.
    AtOnce,
    /// It goes on until a person, or the system, wants it to end.
    WhenInterrupted,
}

/// What does not go on is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// The one door of all commands that need an engine: works with it, does what is due, and lets it end.
async fn with_engine(
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
        }
        Ok(outcome)
    };
    let done = tokio::select! {
        done = all => done,
        () = terminal::interrupted() => if matches!(ending, Ending::WhenInterrupted) { Ok(Outcome::AllWell) } else {
            let left = handle.snapshot().await.map(|snapshot| snapshot.overall.unfinished).unwrap_or_default();
            if left > 0 {
                terminal::say(&format!("interrupted: {left} files stay queued; they go up with the next `tintype upload`, or when the app runs"));
            }
            Ok(Outcome::Interrupted)
        }
    };
    engine.shutdown().await;
    done
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
