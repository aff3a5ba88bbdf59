//! `tintype inspect`: what pictures say of themselves.

mod table;

use std::path::Path;

use futures::StreamExt as _;
use indicatif::DecimalBytes;
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_core::imaging::Facts;
use tintype_core::intake::Found;
use tintype_core::settings::Settings;
use tintype_core::worker::{Program, Workers};
use tintype_core::{LocalPath, intake};

use crate::args::Inspect;
use crate::door::Outcome;
use crate::terminal;

pub(crate) async fn run(args: &Inspect) -> Result<Outcome> {
    let limits = Settings::load(&Home::locate()?.settings())?.limits;
    let workers = Workers::new(Program::current(), limits);
    let found = intake::gather(&args.paths);
    let shape = match (args.json, found.as_slice()) {
        (true, _) => Shape::Json,
        // What a picture that is named says of itself is a page; a folder's are a table.
        (false, named) if named.iter().all(|found| found.folder.is_empty()) => Shape::Page,
        (false, _) => Shape::Table,
    };
    let looks = found.into_iter().map(|found| look(&workers, found));
    // One more than there are cores: a file is read while the others are looked at.
    let mut looked = futures::stream::iter(looks).buffered(workers.cores() + 1);
    let (mut outcome, mut sum) = (Outcome::AllWell, Sum::default());
    if shape == Shape::Table {
        terminal::print(&table::HEAD);
    }
    while let Some((found, facts)) = looked.next().await {
        match shape {
            Shape::Json => terminal::print_json(&Line {
                source: LocalPath::from(found.path.as_path()),
                facts: facts.as_ref().ok(),
                error: facts.as_ref().err(),
            }),
            Shape::Page => facts.iter().for_each(|facts| page(&found.path, facts)),
            Shape::Table => facts
                .iter()
                .for_each(|facts| terminal::print(&table::row(&found.path, facts))),
        }
        sum.add(&found, &facts);
        if let Err(error) = &facts
            && !is_something_else(&found, error)
        {
            terminal::say_error(error);
            outcome = Outcome::SomethingFailed;
        }
        if terminal::is_unread() {
            break;
        }
    }
    if shape == Shape::Table {
        terminal::say(&sum.told());
    }
    Ok(outcome)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Json,
    Page,
    Table,
}

async fn look(workers: &Workers, found: Found) -> (Found, Result<Facts>) {
    let facts = match found.refused.clone() {
        Some(refused) => Err(refused),
        None => workers.inspect(&found.path).await,
    };
    (found, facts)
}

/// A folder may have whatever it likes besides pictures; what is named must be one.
fn is_something_else(found: &Found, error: &Error) -> bool {
    !found.folder.is_empty() && error.code == Code::ImageUnsupported
}

/// What a table ends with.
#[derive(Default)]
struct Sum {
    pictures: u64,
    bytes: u64,
    located: u64,
    others: u64,
}

impl Sum {
    fn add(&mut self, found: &Found, facts: &Result<Facts>) {
        match facts {
            Ok(facts) => {
                self.pictures += 1;
                self.bytes += facts.size;
                self.located += u64::from(facts.has_location);
            }
            Err(error) => self.others += u64::from(is_something_else(found, error)),
        }
    }

    fn told(&self) -> String {
        let mut told = format!(
            "{}, {}; {} where they were taken",
            terminal::counted(self.pictures, "picture"),
            DecimalBytes(self.bytes),
            match self.located {
                0 => "none tells".to_owned(),
                1 => "1 tells".to_owned(),
                many => format!("{many} tell"),
            },
        );
        if self.others > 0 {
            let others = terminal::counted(self.others, "other file");
            told = format!("{told}; {others} left out");
        }
        told
    }
}

#[derive(serde::Serialize)]
struct Line<'a> {
    source: LocalPath,
    #[serde(flatten)]
    facts: Option<&'a Facts>,
    error: Option<&'a Error>,
}

fn page(path: &Path, facts: &Facts) {
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
