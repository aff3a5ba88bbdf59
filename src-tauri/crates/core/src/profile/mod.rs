//! Bucket profiles: everything needed to reach one bucket, except the secret.

mod address;
mod choices;
mod endpoint;
mod headers;
mod id;
pub mod provider;

pub use choices::{CredentialSource, Duplicates, Fix, OnConflict, OnLocation};
pub use headers::{HeaderRule, ObjectHeaders};
pub use id::ProfileId;
pub use provider::{Addressing, Checksum, Conditions, Provider};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::key::Template;
use crate::privacy::Originals;
use endpoint::invalid;

/// The name of the profile that stands for the bucket on this computer.
pub const DEMO: &str = "demo";

/// One bucket and how to use it. Has no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Profile {
    /// What it is known by, whatever it is called; made when there is none.
    pub id: ProfileId,
    /// What people call it.
    pub name: String,
    /// The provider's id (see [`provider::all`]).
    pub provider: String,
    /// Address of the service; the provider's own where empty.
    pub endpoint: String,
    /// The bucket's region; the provider's default where empty.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// How the bucket is named in addresses; the provider's default where absent.
    pub addressing: Option<Addressing>,
    /// What links begin with; made from endpoint and bucket where empty.
    pub public_url: String,
    /// Template of original keys.
    pub original_key: String,
    /// Template of variant keys.
    pub variant_key: String,
    /// Sent with every object; nothing where empty.
    pub cache_control: String,
    /// Headers by pattern of the key.
    pub rules: Vec<HeaderRule>,
    /// What to do where a key is taken by other content.
    pub on_conflict: OnConflict,
    /// What to do with content that is there already under another name.
    pub duplicates: Duplicates,
    /// GET the public link before a job is called done.
    pub check_links: bool,
    /// Links are signed and good for this many hours, at most 168; 0: plain public links.
    pub link_hours: u32,
    /// How bodies are protected on their way, where the doctor found another way than the
    /// provider's.
    pub checksum: Option<Checksum>,
    /// Whether PutObject honours `If-None-Match`, where the doctor found out.
    pub if_none_match: Option<bool>,
    /// Whether CompleteMultipartUpload does.
    pub if_none_match_complete: Option<bool>,
    /// A PEM file with the certificate authority of the endpoint, besides the system's.
    pub ca_file: String,
    /// Told of every finished job with a POST; nothing where empty.
    pub webhook: String,
    /// Finished jobs are listed in the bucket under this prefix; nothing where empty.
    pub manifest: String,
    /// What happens to the originals' metadata.
    pub originals: Originals,
    /// The window asks before it uploads originals that tell where they were taken.
    pub warn_location: bool,
    /// Where the credentials come from.
    pub credentials: CredentialSource,
    /// The profile in AWS' own configuration, for credentials that are kept there; the usual chain
    /// where empty.
    pub aws_profile: String,
    /// The public half of the credentials.
    pub access_key_id: String,
    /// What the secret is filed under in the keyring.
    pub secret_ref: String,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            id: ProfileId::default(),
            name: String::new(),
            provider: provider::OTHER.into(),
            endpoint: String::new(),
            region: String::new(),
            bucket: String::new(),
            addressing: None,
            public_url: String::new(),
            original_key: "originals/{name}".into(),
            variant_key: "{variant}/{name}".into(),
            cache_control: "public, max-age=31536000, immutable".into(),
            rules: Vec::new(),
            on_conflict: OnConflict::default(),
            duplicates: Duplicates::default(),
            check_links: false,
            link_hours: 0,
            checksum: None,
            if_none_match: None,
            if_none_match_complete: None,
            ca_file: String::new(),
            webhook: String::new(),
            manifest: String::new(),
            originals: Originals::Keep,
            warn_location: true,
            credentials: CredentialSource::Keyring,
            aws_profile: String::new(),
            access_key_id: String::new(),
            secret_ref: String::new(),
        }
    }
}

impl Profile {
    /// The profile of the bucket on this computer.
    pub fn demo() -> Self {
        Self {
            id: ProfileId::named(DEMO),
            name: DEMO.into(),
            provider: provider::DEMO.into(),
            bucket: tintype_demo_bucket::BUCKET.into(),
            credentials: CredentialSource::Demo,
            // Nothing leaves this computer.
            warn_location: false,
            ..Self::default()
        }
    }

    /// The provider's row in the table.
    pub fn provider(&self) -> Result<&'static Provider> {
        provider::find(&self.provider)
    }

    /// Tidies what a person typed (spaces, a missing scheme, the bucket in the address) and checks
    /// that the profile can work.
    pub fn normalise(&mut self) -> Result<()> {
        for field in [
            &mut self.name,
            &mut self.endpoint,
            &mut self.region,
            &mut self.bucket,
            &mut self.public_url,
            &mut self.access_key_id,
            &mut self.aws_profile,
            &mut self.ca_file,
            &mut self.webhook,
            &mut self.manifest,
        ] {
            *field = field.trim().to_owned();
        }
        self.manifest = self.manifest.trim_matches('/').to_owned();
        self.check_name()?;
        (self.endpoint, self.bucket) = endpoint::normalise(&self.endpoint, &self.bucket)?;
        self.public_url = endpoint::with_scheme(&self.public_url);
        // Some consoles show them in capitals, and no service with a list has any in them.
        if !self.provider()?.regions.is_empty() {
            self.region.make_ascii_lowercase();
        }
        self.check_address()?;
        self.check_links()?;
        let provider = self.provider()?;
        for rule in &self.rules {
            rule.check()?;
            provider.check_rule(rule)?;
        }
        Template::parse(&self.original_key)?;
        Template::parse(&self.variant_key)?;
        Ok(())
    }

    fn check_name(&self) -> Result<()> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(plain) {
            return Err(invalid(
                "a profile's name has 1 to 64 letters, digits, spaces, \".\", \"_\" or \"-\"",
                "choose another name",
            ));
        }
        if self.name == DEMO && self.credentials != CredentialSource::Demo {
            return Err(invalid(
                &format!("\"{DEMO}\" is the name of the bucket on this computer"),
                "choose another name",
            ));
        }
        Ok(())
    }

    fn check_address(&self) -> Result<()> {
        let provider = self.provider()?;
        if self.bucket.is_empty() || self.bucket.contains(['/', ' ']) {
            return Err(invalid(
                &format!("\"{}\" is no bucket name", self.bucket),
                "give the bucket's name alone, without address or path",
            ));
        }
        self.check_kind_of_bucket()?;
        if provider.asks_endpoint && self.endpoint.is_empty() {
            return Err(invalid(
                &format!("{} needs an endpoint", provider.label),
                &format!("for example {}", provider.endpoint_example),
            ));
        }
        if provider.asks_region && self.region.is_empty() && self.endpoint.is_empty() {
            return Err(invalid(
                &format!("{} needs the bucket's region", provider.label),
                &match provider.regions {
                    [] => "the provider's console shows it beside the bucket".into(),
                    known => format!("there are {}", known.join(", ")),
                },
            ));
        }
        if provider.virtual_only && self.addressing == Some(Addressing::Path) {
            return Err(invalid(
                &format!("{} does not take path addressing", provider.label),
                "choose virtual addressing",
            ));
        }
        Ok(())
    }

    /// What AWS has besides general purpose buckets. The alias of an access point is a bucket's name
    /// like any other; acceleration, dual stack and FIPS are endpoints, which can be typed.
    fn check_kind_of_bucket(&self) -> Result<()> {
        if self.bucket.ends_with("--x-s3") {
            return Err(invalid(
                &format!(
                    "\"{}\" is a directory bucket: those have sessions and an order of their own, which Tintype does not speak",
                    self.bucket
                ),
                "choose a general purpose bucket",
            ));
        }
        if self.bucket.starts_with("arn:") {
            return Err(invalid(
                &format!("\"{}\" names a resource of AWS, and no bucket", self.bucket),
                "give the bucket's name, or the alias of the access point (it ends with -s3alias)",
            ));
        }
        Ok(())
    }

    fn check_links(&self) -> Result<()> {
        if self.link_hours > 168 {
            return Err(invalid(
                "signed links are good for at most 168 hours (7 days)",
                "choose fewer hours, or make the bucket public",
            ));
        }
        if !self.webhook.is_empty()
            && !self.webhook.starts_with("https://")
            && !self.webhook.starts_with("http://")
        {
            return Err(invalid(
                "the webhook is no web address",
                "it begins with https://",
            ));
        }
        Ok(())
    }

    /// Sets what the doctor found to be right.
    pub fn apply(&mut self, fix: &Fix) {
        match fix {
            Fix::Region { region } => self.region.clone_from(region),
            Fix::Checksum { checksum } => self.checksum = Some(*checksum),
            Fix::IfNoneMatch { put, complete } => {
                self.if_none_match = Some(*put);
                self.if_none_match_complete = Some(*complete);
            }
        }
    }

    /// The headers of the object with that key.
    pub fn headers(&self, key: &str) -> ObjectHeaders {
        headers::of(&self.cache_control, &self.rules, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn profile(provider: &str) -> Profile {
        Profile {
            name: "photos".into(),
            provider: provider.into(),
            bucket: "photos".into(),
            ..Profile::default()
        }
    }

    #[test]
    fn what_people_type_is_tidied() -> Result<()> {
        let mut typed = Profile {
            endpoint: " minio.example:9000/ ".into(),
            public_url: "cdn.example/".into(),
            ..profile("minio")
        };
        typed.normalise()?;
        assert_eq!(typed.endpoint, "https://minio.example:9000");
        assert_eq!(typed.public_url, "https://cdn.example");
        let mut local = Profile {
            endpoint: "localhost:9000".into(),
            ..profile("minio")
        };
        local.normalise()?;
        assert_eq!(local.endpoint, "http://localhost:9000");
        let mut from_endpoint = Profile {
            endpoint: "s3.eu-central-003.backblazeb2.com".into(),
            ..profile("b2")
        };
        from_endpoint.normalise()?;
        assert_eq!(from_endpoint.region()?, "eu-central-003");
        Ok(())
    }

    #[test]
    fn what_is_missing_is_named() {
        for (mut bad, word) in [
            (profile("minio"), "endpoint"),
            (profile("aws"), "region"),
            (
                Profile {
                    bucket: "a/b".into(),
                    ..profile("demo")
                },
                "bucket",
            ),
            (
                Profile {
                    original_key: "../{name}".into(),
                    ..profile("demo")
                },
                "..",
            ),
            (
                Profile {
                    name: "demo".into(),
                    ..profile("aws")
                },
                "on this computer",
            ),
            (profile("nonsense"), "provider"),
            (
                Profile {
                    bucket: "photos--use1-az4--x-s3".into(),
                    ..profile("demo")
                },
                "directory bucket",
            ),
            (
                Profile {
                    bucket: "arn:aws:s3:eu-west-1:1:accesspoint:p".into(),
                    ..profile("demo")
                },
                "resource of AWS",
            ),
        ] {
            let error = bad.normalise().expect_err(word);
            assert!(error.message.contains(word), "{error}");
        }
    }
}
