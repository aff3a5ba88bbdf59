//! `tintype variants`: imaging alone, to files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tintype_core::content::Kind;
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_core::imaging::{self, Rendition};
use tintype_core::intake::{self, Found};
use tintype_core::settings::Settings;
use tintype_core::variant::Variant;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::args::Variants;
use crate::report::{FileReport, Status, VariantReport};
use crate::terminal;

pub(crate) async fn run(args: Variants) -> Result<Outcome> {
    let specs = if args.specs.is_empty() { Settings::load(&Home::locate()?.settings())?.variants } else { args.specs };
    Variant::check_all(&specs)?;
    std::fs::create_dir_all(&args.out).map_err(|error| Error::from_io(&error, &args.out))?;
    let found = intake::gather(&args.paths);
    let stems = stems(&found);
    let (specs, out) = (Arc::new(specs), Arc::new(args.out));
    let cores = Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));
    let mut tasks = JoinSet::new();
    let mut waiting = found.into_iter().zip(stems).enumerate();
    let mut results: Vec<Option<FileReport>> = Vec::new();
    let mut printed = 0;
    let mut outcome = Outcome::AllWell;
    loop {
        while tasks.len() < cores.available_permits()
            && let Some((index, (found, stem))) = waiting.next()
        {
            let (specs, out) = (Arc::clone(&specs), Arc::clone(&out));
            results.push(None);
            tasks.spawn_blocking(move || (index, one(found, &stem, &specs, &out)));
        }
        let Some(done) = tasks.join_next().await else { break };
        let (index, report) = done.map_err(|error| Error::new(Code::Internal, format!("making variants ended early: {error}")))?;
        results[index] = Some(report);
        // In the order given, whoever is ready first.
        while let Some(report) = results.get_mut(printed).and_then(Option::take) {
            report_one(&report, args.json);
            if !report.is_well() {
                outcome = Outcome::SomethingFailed;
            }
            printed += 1;
        }
    }
    Ok(outcome)
}

fn report_one(report: &FileReport, json: bool) {
    if json {
        terminal::print_json(&VariantsOnly::from(report));
    } else {
        report.variants.iter().for_each(|variant| terminal::print(&variant.key));
    }
    if let Some(error) = &report.error {
        terminal::say_error(error);
    }
}

/// The stem of each file's variants: two files of one stem (`a.png`, `b/a.jpg`) must not share a variant.
fn stems(found: &[Found]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut stem_of = |found: &Found| {
        let stem = found.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = found.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut choices = [stem, name.clone()].into_iter().chain(numbered);
        choices.find(|choice| taken.insert(choice.to_lowercase())).unwrap_or_default()
    };
    found.iter().map(&mut stem_of).collect()
}

fn one(found: Found, stem: &str, specs: &[Variant], out: &Path) -> FileReport {
    let mut report = FileReport {
        source: found.path.clone(),
        status: Status::Failed,
        key: None,
        url: None,
        size: None,
        sha256: None,
        content_type: None,
        variants: Vec::new(),
        error: found.refused,
    };
    if report.error.is_none() {
        match make(&found.path, stem, specs, out, &mut report) {
            Ok(()) => report.status = Status::Uploaded,
            Err(error) => report.error = Some(error),
        }
    }
    report
}

fn make(path: &Path, stem: &str, specs: &[Variant], out: &Path, report: &mut FileReport) -> Result<()> {
    let file = intake::read(path, 0)?;
    report.size = Some(file.size);
    report.content_type = Some(file.content.content_type.clone());
    report.sha256 = Some(file.sha256.clone());
    let shown = path.display();
    let bytes = match (file.content.kind, file.bytes) {
        (Kind::Image(_), Some(bytes)) => bytes,
        _ if file.content.false_image => {
            return Err(Error::new(
                Code::ImageFalse,
                format!("{shown} is named like a picture, but its content is {}", file.content.content_type),
            )
            .hint("check where the file came from"));
        }
        _ => {
            return Err(Error::new(
                Code::ImageUnsupported,
                format!("{shown} is no picture this version can decode ({})", file.content.content_type),
            )
            .hint("there are JPEG, PNG, GIF, WebP, BMP and TIFF"));
        }
    };
    let rendered = imaging::render(&bytes, file.content.kind, file.metadata, specs).map_err(|error| error.about(&shown))?;
    for rendition in rendered.renditions {
        report.variants.push(write(rendition, stem, out)?);
    }
    Ok(())
}

fn write(rendition: Rendition, stem: &str, out: &Path) -> Result<VariantReport> {
    let variant = rendition.variant;
    let path: PathBuf = out.join(format!("{stem}_{}.{}", variant.name, variant.format.extension()));
    std::fs::write(&path, &rendition.bytes).map_err(|error| Error::from_io(&error, &path))?;
    Ok(VariantReport {
        name: variant.name,
        key: path.display().to_string(),
        url: None,
        width: Some(rendition.pixels.0),
        height: Some(rendition.pixels.1),
        size: Some(rendition.bytes.len() as u64),
        format: Some(variant.format.name().into()),
    })
}

/// A file's result without keys and links, which there are none of.
#[derive(serde::Serialize)]
struct VariantsOnly<'a> {
    source: &'a Path,
    status: &'static str,
    size: Option<u64>,
    sha256: Option<&'a str>,
    content_type: Option<&'a str>,
    variants: Vec<VariantFile<'a>>,
    error: Option<&'a Error>,
}

#[derive(serde::Serialize)]
struct VariantFile<'a> {
    name: &'a str,
    path: &'a str,
    width: Option<u32>,
    height: Option<u32>,
    size: Option<u64>,
    format: Option<&'a str>,
}

impl<'a> From<&'a FileReport> for VariantsOnly<'a> {
    fn from(report: &'a FileReport) -> Self {
        let file = |variant: &'a VariantReport| VariantFile {
            name: &variant.name,
            path: &variant.key,
            width: variant.width,
            height: variant.height,
            size: variant.size,
            format: variant.format.as_deref(),
        };
        Self {
            source: &report.source,
            status: if report.status == Status::Failed { "failed" } else { "made" },
            size: report.size,
            sha256: report.sha256.as_deref(),
            content_type: report.content_type.as_deref(),
            variants: report.variants.iter().map(file).collect(),
            error: report.error.as_ref(),
        }
    }
}
