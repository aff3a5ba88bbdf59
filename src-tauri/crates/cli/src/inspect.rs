//! `tintype inspect`: what pictures say of themselves.

use tintype_core::error::{Error, Result};
use tintype_core::home::Home;
use tintype_core::imaging::Facts;
use tintype_core::settings::Settings;
use tintype_core::worker::{Program, Workers};
use tintype_core::{LocalPath, intake};

use crate::args::Inspect;
use crate::door::Outcome;
use crate::terminal;

pub(crate) async fn run(args: &Inspect) -> Result<Outcome> {
    let limits = Settings::load(&Home::locate()?.settings())?.limits;
    let workers = Workers::new(Program::current(), limits);
    let mut outcome = Outcome::AllWell;
    for found in intake::gather(&args.paths) {
        let facts = match found.refused {
            Some(refused) => Err(refused),
            None => workers.inspect(&found.path).await,
        };
        if args.json {
            terminal::print_json(&Line {
                source: LocalPath::from(found.path.as_path()),
                facts: facts.as_ref().ok(),
                error: facts.as_ref().err(),
            });
        }
        match facts {
            Ok(facts) if !args.json => print(&found.path, &facts),
            Ok(_) => {}
            Err(error) => {
                terminal::say_error(&error);
                outcome = Outcome::SomethingFailed;
            }
        }
    }
    Ok(outcome)
}

#[derive(serde::Serialize)]
struct Line<'a> {
    source: LocalPath,
    #[serde(flatten)]
    facts: Option<&'a Facts>,
    error: Option<&'a Error>,
}

fn print(path: &std::path::Path, facts: &Facts) {
    terminal::print(&terminal::path(path));
    let pixels = facts
        .width
        .zip(facts.height)
        .map(|(width, height)| format!("{width} × {height} pixels"));
    let place = match facts.location {
        Some(place) => Some(format!(
            "yes: {:.5}, {:.5}",
            place.latitude, place.longitude
        )),
        None if facts.has_location => Some("yes".to_owned()),
        None => Some("no".to_owned()),
    };
    let lines = [
        (
            "format",
            Some(format!(
                "{}, {} bytes{}",
                facts.format,
                facts.size,
                if facts.animated { ", animated" } else { "" }
            )),
        ),
        ("size", pixels),
        (
            "orientation",
            (facts.orientation != 1).then(|| facts.orientation.to_string()),
        ),
        (
            "colours",
            Some(
                facts
                    .colour_profile
                    .clone()
                    .unwrap_or_else(|| "no profile (sRGB)".into()),
            ),
        ),
        ("taken", facts.captured.clone()),
        ("camera", facts.camera.clone()),
        ("lens", facts.lens.clone()),
        ("exposure", facts.exposure.clone()),
        ("artist", facts.artist.clone()),
        ("copyright", facts.copyright.clone()),
        ("location", place),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            terminal::print(&format!("  {name:<12}{}", terminal::shown(&value)));
        }
    }
}
