//! The main job without a window: pictures into the demo bucket, every link printed and fetched.
#![expect(clippy::print_stdout, reason = "this is a demonstration")]

use std::path::PathBuf;
use std::process::ExitCode;

use tintype_core::engine::{Config, Engine, JobReport, Wish};
use tintype_core::error::Result;
use tintype_core::home::Home;
use tintype_core::profile::{DEMO, OnLocation};
use tintype_core::secret::Secrets;
use tintype_tests::pictures;
use tintype_tests::program::sha256;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            println!("\n{wrong} did not work");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!(
                "error: {error}\n  hint: {}",
                error.hint.as_deref().unwrap_or("none")
            );
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<usize> {
    let drawn = tempfile::tempdir()
        .map_err(|error| tintype_core::Error::from_io(&error, &std::env::temp_dir()))?;
    let paths: Vec<PathBuf> = match std::env::args_os().nth(1) {
        Some(folder) => vec![folder.into()],
        None => pictures::samples(drawn.path()),
    };
    let engine = Engine::start(Config::new(Home::locate()?, Secrets::default()))?;
    let handle = engine.handle();
    let batch = handle
        .enqueue(
            paths,
            Some(DEMO.into()),
            // The bucket is on this computer.
            Wish {
                on_location: Some(OnLocation::Keep),
                ..Wish::default()
            },
        )
        .await?;
    handle.wait(&batch, None, |_| {}).await?;
    let jobs = handle.batch(&batch, 0, u32::MAX).await?;
    let (mut links, mut wrong) = (0, 0);
    for job in jobs {
        println!("\n{}", job.job.name);
        if let Some(error) = &job.job.error {
            println!("  {error}");
            wrong += usize::from(job.objects.is_empty());
        }
        let (fetched, failed) = check(&job);
        links += fetched;
        wrong += failed;
    }
    println!(
        "\n{links} links printed, every one fetched: {} as they should be, {wrong} not",
        links - wrong.min(links)
    );
    engine.shutdown().await;
    Ok(wrong)
}

/// GETs every link of a job; how many there are and how many are not as the journal says.
fn check(report: &JobReport) -> (usize, usize) {
    let mut wrong = 0;
    for object in &report.objects {
        let url = object.url.as_deref().unwrap_or_default();
        let body = ureq::get(url).call().and_then(|mut response| {
            response
                .body_mut()
                .with_config()
                .limit(1 << 32)
                .read_to_vec()
        });
        // The journal knows the checksum of the original, and the size of every object.
        let as_sent = |body: &[u8]| match &object.variant {
            None => report.sha256.as_deref() == Some(sha256(body).as_str()),
            Some(_) => object.size == Some(body.len() as u64),
        };
        let told = match body {
            Ok(body) if as_sent(&body) => format!("GET 200, {} bytes", body.len()),
            Ok(body) => {
                wrong += 1;
                format!("GET 200, but {} other bytes", body.len())
            }
            Err(error) => {
                wrong += 1;
                format!("GET failed: {error}")
            }
        };
        println!(
            "  {:<9} {url}  {told}",
            object.variant.as_deref().unwrap_or("original")
        );
    }
    (report.objects.len(), wrong)
}
