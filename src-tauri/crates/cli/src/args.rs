//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use tintype_core::link::Template;
use tintype_core::variant::Variant;

mod folder;
mod profile;

pub(crate) use folder::{FolderCommand, Meant, Watch};
pub(crate) use profile::{
    AddProfile, Addressing, CredentialSource, Duplicates, OnConflict, OnLocation, Originals,
    ProfileCommand,
};

/// Pictures into a bucket, with every thumbnail made on this computer, and their links ready to
/// paste.
#[derive(Parser)]
#[command(name = "tintype", version, propagate_version = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Upload files and folders and print their links
    Upload(Upload),
    /// Make variants into a folder, without any bucket
    Variants(Variants),
    /// Show what pictures say of themselves: size, colours, camera, date, place
    Inspect(Inspect),
    /// Upload what appears in folders
    Watch(Watch),
    /// Watched folders: add, list, remove, pause, resume; undo or hasten removals
    #[command(subcommand)]
    Folder(FolderCommand),
    /// Buckets: add, list, show, test, remove
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// What was uploaded
    History(History),
    /// Is everything that was uploaded still in the bucket, as it was?
    Verify(Verify),
    /// Let all uploads rest, in the window too, until `tintype resume`
    Pause,
    /// Let all uploads go on
    Resume,
    /// Serve a bucket on this computer, to try things with
    Demo(Demo),
}

#[derive(ClapArgs)]
pub(crate) struct Upload {
    /// The bucket profile to use (default: the default profile; "demo": a bucket on this computer)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print one JSON object per file
    #[arg(long)]
    pub(crate) json: bool,
    /// Print this for each file instead of its URL, filled in: {url} {alt} {name} {width} {height}
    /// {thumbhash} {colour}, and {url:NAME} {width:NAME} {height:NAME} of a variant
    #[arg(long, value_name = "TEMPLATE", value_parser = Template::parse, conflicts_with = "json")]
    pub(crate) link: Option<Template>,
    /// Upload originals only
    #[arg(long)]
    pub(crate) no_variants: bool,
    /// Where a key is taken by other content (default: as the profile says)
    #[arg(long, value_enum)]
    pub(crate) on_conflict: Option<OnConflict>,
    /// What to do with originals that tell where they were taken (default: as the profile says,
    /// which asks)
    #[arg(long, value_enum)]
    pub(crate) location: Option<OnLocation>,
    /// Give up on a file that has waited for this many seconds in all (for an answer: 10 at
    /// least); it goes on at the next start
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) patience: u64,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct Variants {
    /// A variant, as NAME=WxH:FIT:FORMAT:QUALITY:OPTION… (default: those of the settings)
    ///
    /// FIT: inside, cover, contain, fill, crop. FORMAT: jpeg, png, webp, avif, auto. QUALITY: 1 to
    /// 100, or auto (auto:NN): the smallest file of at least this SSIMULACRA2 score (75). OPTION:
    /// gravity=attention, background=ffffff, region=LEFT,TOP,WIDTH,HEIGHT, ratio=16/9, effort=best,
    /// baseline, enlarge, linear, lossless, still, keep=icc+copyright,
    /// mark=POSITION,OPACITY,SIZE,text,WORDS or mark=…,picture,PATH (percent-encoded).
    #[arg(long = "spec", value_name = "SPEC")]
    pub(crate) specs: Vec<Variant>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write over files of the same name; without it they stay, and are said
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print one JSON object per file
    #[arg(long)]
    pub(crate) json: bool,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct Inspect {
    /// Print one JSON object per file
    #[arg(long)]
    pub(crate) json: bool,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct History {
    /// Only those whose name, key or profile contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) search: String,
    /// At most so many, newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    /// First read what other computers uploaded from the bucket's manifest
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// With --rebuild: the bucket profile (default: the default profile)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print one JSON object per file
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Verify {
    /// The bucket profile (default: the default profile)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Read every byte, not only sizes and checksums
    #[arg(long)]
    pub(crate) deep: bool,
    /// Upload again what is missing or differs
    #[arg(long)]
    pub(crate) repair: bool,
    /// Print one JSON object per fault
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Demo {
    /// The port (default: that of the last time)
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Where the objects are kept (default: with Tintype's data)
    #[arg(long, value_name = "D")]
    pub(crate) dir: Option<PathBuf>,
    /// First print one line of JSON with endpoint and keys
    #[arg(long)]
    pub(crate) json: bool,
}
