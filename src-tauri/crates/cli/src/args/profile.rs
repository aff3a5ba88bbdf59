//! What is said about buckets.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use tintype_core::profile::HeaderRule;

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
    /// Walk a small object all the way through: address, clock, credentials, store, read, link,
    /// delete
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
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read at run time; nothing is
    /// stored
    Env,
    /// Wherever AWS' own programs find them: a profile of theirs, SSO, a program, the machine's role
    Aws,
}

impl From<CredentialSource> for tintype_core::profile::CredentialSource {
    fn from(source: CredentialSource) -> Self {
        match source {
            CredentialSource::Keyring => Self::Keyring,
            CredentialSource::Env => Self::Env,
            CredentialSource::Aws => Self::Aws,
        }
    }
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
    /// A file's new content takes the place of what the same file was before; otherwise both are
    /// kept
    Replace,
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
            OnConflict::Replace => Self::Replace,
            OnConflict::Skip => Self::Skip,
            OnConflict::Ask => Self::Ask,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnLocation {
    /// They go up as they are
    Keep,
    /// The place is taken out of them
    Strip,
    /// The upload waits for a person to choose
    Ask,
}

impl From<OnLocation> for tintype_core::profile::OnLocation {
    fn from(choice: OnLocation) -> Self {
        match choice {
            OnLocation::Keep => Self::Keep,
            OnLocation::Strip => Self::Strip,
            OnLocation::Ask => Self::Ask,
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
    /// aws, r2, b2, spaces, wasabi, gcs, scaleway, hetzner, dreamobjects, tigris, oss, cos, storj,
    /// idrive, linode, ovh, ovh-us, supabase, minio, ceph, garage, ionos, exoscale, mega, ibm, vultr,
    /// contabo, oci, synology, impossible, selectel, huawei, qiniu, infomaniak, bunny, rustfs or
    /// other
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
    /// NAME: cache-control, content-disposition, storage-class, encryption, kms-key, acl, meta-X,
    /// tag-X.
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
    /// The profile in AWS' own configuration (with --credentials aws)
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) aws_profile: String,
    #[arg(long, value_name = "ID", default_value = "")]
    pub(crate) access_key_id: String,
}
