//! `tintype variants`: imaging alone, to files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tintype_core::content::{self, Content, Kind};
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_core::imaging::Rendition;
use tintype_core::imaging::worker::{Program, Workers};
use tintype_core::intake::{self, Found};
use tintype_core::metadata;
use tintype_core::settings::Settings;
use tintype_core::variant::Variant;
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
    let limits = Settings::load(&Home::locate()?.settings())?.limits;
    let work = Arc::new(Work { specs, out: args.out, hashed: args.json, workers: Workers::new(Program::current(), limits) });
    // One more than there are cores: a file is read while the others are decoded.
    let ahead = work.workers.cores() + 1;
    let mut tasks = JoinSet::new();
    let mut waiting = found.into_iter().zip(stems).enumerate();
    let mut results: Vec<Option<FileReport>> = Vec::new();
    let mut printed = 0;
    let mut outcome = Outcome::AllWell;
    loop {
        while tasks.len() < ahead
            && let Some((index, (found, stem))) = waiting.next()
        {
            let work = Arc::clone(&work);
            results.push(None);
            tasks.spawn(async move { (index, work.one(found, &stem).await) });
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

/// What all files share.
struct Work {
    specs: Vec<Variant>,
    out: PathBuf,
    hashed: bool,
    workers: Workers,
}

impl Work {
    async fn one(&self, found: Found, stem: &str) -> FileReport {
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
            match self.make(&found.path, stem, &mut report).await {
                Ok(note) => {
                    report.status = Status::Uploaded;
                    report.error = note;
                }
                Err(error) => report.error = Some(error),
            }
        }
        report
    }

    /// Makes and writes a file's variants; what is to be said of them although they were made.
    async fn make(&self, path: &Path, stem: &str, report: &mut FileReport) -> Result<Option<Error>> {
        let (file, content) = read(path)?;
        report.size = Some(file.len() as u64);
        report.content_type = Some(content.content_type.clone());
        // Only a program asks for it, and it takes time.
        report.sha256 = self.hashed.then(|| hex::encode(Sha256::digest(&file)));
        let shown = path.display();
        let Kind::Image(codec) = content.kind else {
            return Err(no_picture(&content, &shown));
        };
        let orientation = metadata::read(&file, codec).orientation;
        let _core = self.workers.core().await?;
        let rendered = self.workers.render(file, codec, orientation, self.specs.clone()).await.map_err(|error| error.about(&shown))?;
        for rendition in rendered.renditions {
            report.variants.push(write(rendition, stem, &self.out)?);
        }
        Ok(rendered.note.map(|note| note.about(&shown)))
    }
}

fn read(path: &Path) -> Result<(Bytes, Content)> {
    let file = std::fs::read(path).map_err(|error| Error::from_io(&error, path))?;
    if file.is_empty() {
        return Err(Error::new(Code::FileEmpty, format!("{} is empty", path.display())).hint("check where the file came from"));
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let content = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], &name);
    Ok((file.into(), content))
}

fn no_picture(content: &Content, shown: &dyn std::fmt::Display) -> Error {
    if content.false_image {
        let told = format!("{shown} is named like a picture, but its content is {}", content.content_type);
        return Error::new(Code::ImageFalse, told).hint("check where the file came from");
    }
    let told = format!("{shown} is no picture this version can decode ({})", content.content_type);
    Error::new(Code::ImageUnsupported, told)
        .hint("there are JPEG, PNG, GIF, WebP, AVIF, HEIC, JPEG XL, TIFF, BMP, ICO, SVG and cameras' raw files")
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
