//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tintype_core::profile::HeaderRule;
use tintype_core::variant::Variant;

/// Pictures into a bucket, with every thumbnail made on this computer, and their links ready to paste.
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
    /// Buckets: add, list, show, test, remove
    Profile(Profile),
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
    /// Upload originals only
    #[arg(long)]
    pub(crate) no_variants: bool,
    /// Where a key is taken by other content (default: as the profile says)
    #[arg(long, value_enum)]
    pub(crate) on_conflict: Option<OnConflict>,
    /// Give up after this many seconds without a way to the bucket; what is left goes on at the next start
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
    /// FIT: inside, cover, contain, fill, crop. FORMAT: jpeg, png, webp, avif, auto. OPTION: gravity=attention,
    /// background=ffffff, region=LEFT,TOP,WIDTH,HEIGHT, ratio=16/9, effort=best, baseline, enlarge, linear, lossless, still,
    /// keep=icc+copyright, mark=POSITION,OPACITY,SIZE,text,WORDS or mark=…,picture,PATH (percent-encoded).
    #[arg(long = "spec", value_name = "SPEC")]
    pub(crate) specs: Vec<Variant>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
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

/// What becomes of the object.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ChangedFile {
    /// The new content takes its place
    Replace,
    /// Both stay; the new one's name gets a short hash
    Version,
}

#[derive(ClapArgs)]
pub(crate) struct Watch {
    /// The bucket profile to use (default: each folder's own)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Upload what is new now, then end
    #[arg(long)]
    pub(crate) once: bool,
    /// Print one JSON object per file, and one whenever a folder's state changes
    #[arg(long)]
    pub(crate) json: bool,
    /// Names to leave alone besides partial and hidden ones, as in .gitignore; `!*.tmp` takes some back in
    #[arg(long = "pattern", value_name = "PATTERN")]
    pub(crate) patterns: Vec<String>,
    /// Not the folders in it
    #[arg(long)]
    pub(crate) flat: bool,
    /// Follow links to files and folders
    #[arg(long)]
    pub(crate) follow_links: bool,
    /// Files that are no pictures, too
    #[arg(long)]
    pub(crate) all_files: bool,
    /// Leave alone what was there before the folder was watched for the first time
    #[arg(long)]
    pub(crate) only_new: bool,
    /// When a file gets new content (default: as its profile says for keys that are taken)
    #[arg(long, value_enum)]
    pub(crate) changed: Option<ChangedFile>,
    /// Key template for originals, for example {folder}/{name} (default: the profile's)
    #[arg(long, value_name = "TEMPLATE", default_value = "", hide_default_value = true)]
    pub(crate) original_key: String,
    /// Key template for variants (default: the profile's)
    #[arg(long, value_name = "TEMPLATE", default_value = "", hide_default_value = true)]
    pub(crate) variant_key: String,
    /// Folders (default: the watched folders of the settings)
    #[arg(value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct Profile {
    #[command(subcommand)]
    pub(crate) command: ProfileCommand,
}

#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// Connect a bucket; the secret access key is read from stdin or a prompt
    Add(Box<AddProfile>),
    /// The profiles, the default one marked
    List {
        /// Print one JSON object per profile
        #[arg(long)]
        json: bool,
    },
    /// All of one profile but its secret
    Show { name: String },
    /// Remove a profile and its secret
    Remove { name: String },
    /// Walk a small object all the way through: address, clock, credentials, store, read, link, delete
    Test {
        name: String,
        /// Set what was found to be right (region, checksums, conditional writes)
        #[arg(long)]
        fix: bool,
        /// Also ask whether pages of this origin may read the objects
        #[arg(long, value_name = "ORIGIN")]
        cors: Option<String>,
        /// Print one JSON object per step
        #[arg(long)]
        json: bool,
    },
    /// The rights the access key needs, to copy to the provider
    Rights { name: String },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialSource {
    /// Secret in the system's keyring
    Keyring,
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read at run time; nothing is stored
    Env,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Addressing {
    /// https://host/bucket/key
    Path,
    /// https://bucket.host/key
    Virtual,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Originals {
    /// Every byte as it is
    Keep,
    /// Take out whatever tells where a picture was taken; what cannot be cleaned is not uploaded
    StripLocation,
    /// Take out all metadata but orientation and colours; what cannot be cleaned is not uploaded
    StripAll,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// The new one gets a piece of its content's hash into its name
    KeepBoth,
    /// The new one takes the place of the old one
    Overwrite,
    /// The new one is not uploaded
    Skip,
    /// The upload waits for a person to choose
    Ask,
}

impl From<OnConflict> for tintype_core::profile::OnConflict {
    fn from(choice: OnConflict) -> Self {
        match choice {
            OnConflict::KeepBoth => Self::KeepBoth,
            OnConflict::Overwrite => Self::Overwrite,
            OnConflict::Skip => Self::Skip,
            OnConflict::Ask => Self::Ask,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Duplicates {
    /// It goes up under this name, too
    Send,
    /// The links of what is there are given
    Link,
}

#[derive(ClapArgs)]
pub(crate) struct AddProfile {
    pub(crate) name: String,
    /// aws, r2, b2, spaces, wasabi, gcs, scaleway, hetzner, dreamobjects, tigris, oss, cos, storj, idrive, linode, ovh,
    /// supabase, minio, ceph, garage or other
    #[arg(long, value_name = "P")]
    pub(crate) provider: String,
    #[arg(long)]
    pub(crate) bucket: String,
    /// Address of the service, where the provider does not say it
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) endpoint: String,
    #[arg(long, default_value = "")]
    pub(crate) region: String,
    /// How the bucket is named in addresses (default: the provider's way)
    #[arg(long, value_enum)]
    pub(crate) addressing: Option<Addressing>,
    /// What links begin with, for example a CDN's address
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) public_url: String,
    /// Template of original keys (default: originals/{name})
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) original_key: Option<String>,
    /// Template of variant keys (default: {variant}/{name})
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) variant_key: Option<String>,
    /// Cache-Control of every object
    #[arg(long, value_name = "TEXT")]
    pub(crate) cache_control: Option<String>,
    /// What happens to the metadata of originals
    #[arg(long, value_enum, default_value_t = Originals::Keep)]
    pub(crate) originals: Originals,
    /// Where a key is taken by other content
    #[arg(long, value_enum, default_value_t = OnConflict::KeepBoth)]
    pub(crate) on_conflict: OnConflict,
    /// Content that is there already under another name
    #[arg(long, value_enum, default_value_t = Duplicates::Send)]
    pub(crate) duplicates: Duplicates,
    /// Headers by pattern, as "PATTERN; NAME=VALUE; …"; may be given several times
    ///
    /// NAME: cache-control, content-disposition, storage-class, encryption, kms-key, acl, meta-X, tag-X.
    #[arg(long = "rule", value_name = "RULE")]
    pub(crate) rules: Vec<HeaderRule>,
    /// GET each link before a file is called done
    #[arg(long)]
    pub(crate) check_links: bool,
    /// Signed links for a private bucket, good for so many hours (at most 168)
    #[arg(long, value_name = "HOURS", default_value_t = 0)]
    pub(crate) link_hours: u32,
    /// A PEM file with the endpoint's certificate authority
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(crate) ca_file: String,
    /// Told of every finished file with a POST; its secret: TINTYPE_WEBHOOK_SECRET
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) webhook: String,
    /// List finished files in the bucket under this prefix
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(crate) manifest: String,
    #[arg(long, value_enum, default_value_t = CredentialSource::Keyring)]
    pub(crate) credentials: CredentialSource,
    #[arg(long, value_name = "ID", default_value = "")]
    pub(crate) access_key_id: String,
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
