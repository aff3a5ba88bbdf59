//! `tintype variants`: imaging alone, to files.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tintype_core::LocalPath;
use tintype_core::content::{Content, Kind};
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_core::imaging::Rendition;
use tintype_core::intake::{self, Found};
use tintype_core::placeholder::Placeholder;
use tintype_core::settings::Settings;
use tintype_core::variant::{Variant, Worth};
use tintype_core::worker::{Program, Workers};
use tokio::task::JoinSet;

use crate::args::Variants;
use crate::door::Outcome;
use crate::report::{FileReport, Status, VariantReport};
use crate::terminal;

pub(crate) async fn run(args: Variants) -> Result<Outcome> {
    let specs = if args.specs.is_empty() {
        Settings::load(&Home::locate()?.settings())?.variants
    } else {
        args.specs
    };
    Variant::check_all(&specs)?;
    std::fs::create_dir_all(&args.out).map_err(|error| Error::unwritable(&error, &args.out))?;
    let found = intake::gather(&args.paths);
    let stems = stems(&found);
    let limits = Settings::load(&Home::locate()?.settings())?.limits;
    let sources = found
        .iter()
        .filter_map(|found| found.path.canonicalize().ok())
        .collect();
    let workers = Workers::new(Program::current(), limits);
    let work = Arc::new(Work {
        specs,
        out: args.out,
        overwrite: args.overwrite,
        sources,
        written: Mutex::default(),
        hashed: args.json,
        workers,
    });
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
        let Some(done) = tasks.join_next().await else {
            break;
        };
        let (index, report) = done.map_err(|error| {
            Error::new(
                Code::Internal,
                format!("making variants ended early: {error}"),
            )
        })?;
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
        report
            .variants
            .iter()
            .for_each(|variant| terminal::print(&terminal::shown(&variant.key)));
    }
    if let Some(error) = &report.error {
        terminal::say_error(error);
    }
}

/// The stem of each file's variants: two files of one stem (`a.png`, `b/a.jpg`) must not share a
/// variant.
fn stems(found: &[Found]) -> Vec<OsString> {
    let mut taken = HashSet::new();
    let mut stem_of = |found: &Found| {
        let (stem, name) = (
            found.path.file_stem().unwrap_or_default(),
            found.path.file_name().unwrap_or_default(),
        );
        let numbered = (2..).map(|number| with(name, &format!("-{number}")));
        let mut choices = [stem.to_owned(), name.to_owned()]
            .into_iter()
            .chain(numbered);
        choices
            .find(|choice| taken.insert(choice.to_ascii_lowercase()))
            .unwrap_or_default()
    };
    found.iter().map(&mut stem_of).collect()
}

fn with(name: &OsStr, end: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(end);
    name
}

/// What all files share.
struct Work {
    specs: Vec<Variant>,
    out: PathBuf,
    overwrite: bool,
    /// The files variants are made of, wherever links lead: none of them is written over.
    sources: HashSet<PathBuf>,
    /// Names, in small letters, that variants of this run have: they are not written over either.
    written: Mutex<HashSet<OsString>>,
    hashed: bool,
    workers: Workers,
}

impl Work {
    async fn one(&self, found: Found, stem: &OsStr) -> FileReport {
        let mut report = FileReport {
            source: found.path.clone().into(),
            status: Status::Failed,
            key: None,
            url: None,
            size: None,
            sha256: None,
            content_type: None,
            placeholder: None,
            variants: Vec::new(),
            error: found.refused,
            link: None,
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
    async fn make(
        &self,
        path: &Path,
        stem: &OsStr,
        report: &mut FileReport,
    ) -> Result<Option<Error>> {
        let (file, content) = intake::whole(path)?;
        report.size = Some(file.len() as u64);
        report.content_type = Some(content.content_type.clone());
        // Only a program asks for it, and it takes time.
        report.sha256 = self.hashed.then(|| hex::encode(Sha256::digest(&file)));
        let shown = path.display();
        if !matches!(content.kind, Kind::Image(_)) {
            return Err(no_picture(&content, &shown));
        }
        let mut visit = self.workers.visit(file, content).await?;
        let rendered = visit
            .render(self.specs.clone())
            .await
            .map_err(|error| error.about(&shown))?;
        let told = rendered.told().map(|told| told.about(&shown));
        if let (true, Some(error)) = (rendered.renditions.is_empty(), &told) {
            return Err(error.clone());
        }
        report.placeholder = rendered.placeholder;
        // What is wrong with one costs no other.
        let mut unwritten = None;
        for rendition in rendered.renditions {
            match self.write(rendition, stem) {
                Ok(written) => report.variants.push(written),
                Err(error) => unwritten = unwritten.or(Some(error)),
            }
        }
        unwritten.map_or(Ok(told), Err)
    }

    /// Writes a variant whole, under a name that is free; nothing that is there is touched unasked,
    /// and no link is followed.
    fn write(&self, rendition: Rendition, stem: &OsStr) -> Result<VariantReport> {
        let variant = rendition.variant;
        let name = with(
            stem,
            &format!("_{}.{}", variant.name, variant.format.extension()),
        );
        let path = self.out.join(&name);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if !written.insert(name.to_ascii_lowercase()) {
            let told = format!(
                "{} is the name of another variant of this run",
                path.display()
            );
            return Err(Error::new(Code::FileExists, told).hint(
                "make the variants of these files one after the other, in folders of their own",
            ));
        }
        drop(written);
        if self.overwrite
            && path
                .canonicalize()
                .is_ok_and(|there| self.sources.contains(&there))
        {
            let told = format!(
                "{} is one of the files that variants are made of",
                path.display()
            );
            return Err(Error::new(Code::FileExists, told)
                .hint("write to another folder; nothing was changed"));
        }
        let io = |error: std::io::Error| Error::unwritable(&error, &path);
        let mut builder = tempfile::Builder::new();
        // A temporary file is its owner's alone; this one is as readable as any other file of
        // theirs.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder
            .prefix(".tintype-")
            .tempfile_in(&self.out)
            .map_err(io)?;
        file.write_all(&rendition.bytes).map_err(io)?;
        let written = if self.overwrite {
            file.persist(&path)
        } else {
            file.persist_noclobber(&path)
        };
        written.map_err(|error| io(error.error))?;
        Ok(VariantReport {
            name: variant.name,
            key: LocalPath::from(path.as_path()).to_text(),
            url: None,
            width: Some(rendition.pixels.0),
            height: Some(rendition.pixels.1),
            size: Some(rendition.bytes.len() as u64),
            format: Some(variant.format.name().into()),
            worth: rendition.worth,
        })
    }
}

fn no_picture(content: &Content, shown: &dyn std::fmt::Display) -> Error {
    if content.false_image {
        let told = format!(
            "{shown} is named like a picture, but its content is {}",
            content.content_type
        );
        return Error::new(Code::ImageFalse, told).hint("check where the file came from");
    }
    let told = format!(
        "{shown} is no picture this version can decode ({})",
        content.content_type
    );
    Error::new(Code::ImageUnsupported, told)
        .hint("there are JPEG, PNG, GIF, WebP, AVIF, HEIC, JPEG XL, TIFF, BMP, ICO, SVG and cameras' raw files")
}

/// A file's result without keys and links, which there are none of.
#[derive(serde::Serialize)]
struct VariantsOnly<'a> {
    source: &'a LocalPath,
    status: &'static str,
    size: Option<u64>,
    sha256: Option<&'a str>,
    content_type: Option<&'a str>,
    #[serde(flatten)]
    placeholder: Option<&'a Placeholder>,
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
    #[serde(flatten)]
    worth: Worth,
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
            worth: variant.worth,
        };
        Self {
            source: &report.source,
            status: if report.status == Status::Failed {
                "failed"
            } else {
                "made"
            },
            size: report.size,
            sha256: report.sha256.as_deref(),
            content_type: report.content_type.as_deref(),
            placeholder: report.placeholder.as_ref(),
            variants: report.variants.iter().map(file).collect(),
            error: report.error.as_ref(),
        }
    }
}
