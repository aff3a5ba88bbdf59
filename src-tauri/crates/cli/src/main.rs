//! The `tintype` command: the whole job without a window.
//!
//! Results go to stdout (text for people, JSON for programs), everything else to stderr. Exit
//! status: 0 all well, 1 something failed, 2 wrong usage.

mod args;
mod demo;
mod door;
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

use clap::Parser as _;
use tintype_core::error::Result;
use tintype_core::worker;

use args::{Args, Command};
use door::Outcome;

fn main() -> ExitCode {
    worker::serve_if_asked();
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("TINTYPE_LOG")
                // What the demo bucket refuses, whoever asked is told.
                .unwrap_or_else(|_| "error,s3s=off".into()),
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
        Command::Inspect(args) => inspect::run(&args).await,
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
