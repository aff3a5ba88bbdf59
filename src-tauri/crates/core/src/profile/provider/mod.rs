//! Providers as data: one row each, no code paths. A new provider is a new row.

mod further;
mod table;
mod takes;

pub use takes::Takes;

use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::headers::HeaderRule;
use crate::error::{Code, Error, Result};
use crate::key::with_hash;

/// How a bucket is named in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Addressing {
    /// `https://host/bucket/key`
    Path,
    /// `https://bucket.host/key`
    Virtual,
}

/// How bodies are protected on their way: the service refuses other bytes than were meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Checksum {
    /// `x-amz-checksum-crc32`: newer, quick to compute, named in the answer.
    Crc32,
    /// `Content-MD5`: every service knows it.
    Md5,
}

impl std::fmt::Display for Checksum {
    /// As the settings have it.
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        text.write_str(match self {
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
        })
    }
}

/// Where a condition on what is under a key (`If-None-Match`, `If-Match`) is kept: the two ways to
/// store an object have two answers in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Conditions {
    /// By PutObject.
    pub put: bool,
    /// By CompleteMultipartUpload.
    pub complete: bool,
}

impl Conditions {
    /// By neither.
    pub const NONE: Self = Self {
        put: false,
        complete: false,
    };
    /// By both.
    pub const ALL: Self = Self {
        put: true,
        complete: true,
    };
    /// By PutObject alone.
    pub(crate) const PUT: Self = Self {
        put: true,
        complete: false,
    };
}

/// A preset that fills a profile in. Where each field of a row is from stands beside the row.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Provider {
    /// In settings and on the command line.
    pub id: &'static str,
    /// As its vendor writes it.
    pub label: &'static str,
    /// Address of the service with `{region}`; empty where the SDK knows it or the user says it.
    pub endpoint: &'static str,
    /// What to show where the user has to give it.
    pub endpoint_example: &'static str,
    /// Whether the form asks for the endpoint.
    pub asks_endpoint: bool,
    /// The endpoint by which the journal knows its buckets, where that was another once.
    pub endpoint_before: &'static str,
    /// Whether the form asks for the region.
    pub asks_region: bool,
    /// The region where none is given.
    pub default_region: &'static str,
    /// Regions to choose from; there may be others.
    pub regions: &'static [&'static str],
    /// What requests are signed with where that is not the region itself: by region; `*` for all.
    pub signs_as: &'static [(&'static str, &'static str)],
    /// How its buckets are named in addresses.
    pub addressing: Addressing,
    /// Whether path addressing is refused.
    pub virtual_only: bool,
    /// Public address of a bucket, with `{endpoint}`, `{bucket}` and `{region}`.
    pub public_url: &'static str,
    /// What is wrong with links at that address, whatever the bucket's settings: "do not open: …";
    /// empty where nothing is.
    pub links_fail: &'static str,
    /// How links can open then.
    pub opens_by: &'static str,
    /// What else it may be where the service does not know the bucket or the key, with `{region}`.
    pub elsewhere: &'static str,
    /// Where a condition on what is under a key is kept.
    pub conditions: Conditions,
    /// Whether `If-Match` is understood without quotation marks only.
    pub bare_etags: bool,
    /// How bodies are protected on their way.
    pub checksum: Checksum,
    /// Parts of a large object, at most.
    pub most_parts: u32,
    /// MiB of a part, at least (but for the last).
    pub least_part_mib: u32,
    /// What keys may consist of besides ASCII letters and digits; empty: of anything.
    pub key_signs: &'static str,
    /// What may be sent with an object.
    pub takes: Takes,
    /// Who writes policies as AWS does.
    pub takes_policy: bool,
    /// What a person should know when filling in the form.
    pub note: &'static str,
}

/// The id for services that have no row.
pub const OTHER: &str = "other";
/// The id of the bucket on this computer.
pub const DEMO: &str = "demo";

const NOTHING_OPENS: &str = "do not open: its endpoint shows nothing without a signature";

const BASE: Provider = Provider {
    id: "",
    label: "",
    endpoint: "",
    endpoint_example: "",
    asks_endpoint: false,
    endpoint_before: "",
    asks_region: false,
    default_region: "us-east-1",
    regions: &[],
    signs_as: &[],
    addressing: Addressing::Path,
    virtual_only: false,
    public_url: "{endpoint}/{bucket}",
    links_fail: "",
    opens_by: "",
    elsewhere: "",
    conditions: Conditions::NONE,
    bare_etags: false,
    checksum: Checksum::Md5,
    most_parts: 10_000,
    least_part_mib: 5,
    key_signs: "",
    takes: Takes::PLAIN,
    takes_policy: false,
    note: "",
};

/// A service with one endpoint per region, buckets in the host name, ACLs that open objects or not.
const REGIONAL: Provider = Provider {
    asks_region: true,
    addressing: Addressing::Virtual,
    takes: Takes {
        acls: Takes::OPEN_OR_NOT,
        ..Takes::PLAIN
    },
    ..BASE
};

impl Provider {
    /// Whether the service takes what a rule sends.
    pub(crate) fn check_rule(&self, rule: &HeaderRule) -> Result<()> {
        self.takes.check(self, rule)
    }

    /// A key in the letters that the service takes. What had others gets a mark of its own, so that
    /// two keys never become one.
    pub fn spelled(&self, key: String) -> String {
        let takes = |c: char| {
            self.key_signs.is_empty() || c.is_ascii_alphanumeric() || self.key_signs.contains(c)
        };
        if key.chars().all(takes) {
            return key;
        }
        let bare = key.nfkd().filter(|c| !is_combining_mark(*c));
        let plain: String = bare.map(|c| if takes(c) { c } else { '_' }).collect();
        let mark = hex::encode(Sha256::digest(key.as_bytes()));
        with_hash(&plain, &mark, 8)
    }

    /// What requests to a region are signed with.
    pub fn signing_region<'a>(&'a self, region: &'a str) -> &'a str {
        let known = |name: &str| self.signs_as.iter().find(|(of, _)| *of == name);
        known(region)
            .or_else(|| known("*"))
            .map_or(region, |(_, signs)| signs)
    }

    /// A region as the vendor writes it.
    pub fn region_example(&self) -> &'static str {
        self.regions.first().unwrap_or(&self.default_region)
    }
}

/// Every provider, in the order the form shows them.
pub fn all() -> impl Iterator<Item = &'static Provider> {
    table::ROWS.iter().chain(further::ROWS).chain(table::LAST)
}

/// The row of that id.
pub fn find(id: &str) -> Result<&'static Provider> {
    all().find(|row| row.id == id).ok_or_else(|| {
        let known: Vec<&str> = all().map(|row| row.id).collect();
        Error::new(
            Code::ProfileInvalid,
            format!("there is no provider \"{id}\""),
        )
        .hint(format!("there are {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_can_be_filled_in() {
        let ids: HashSet<&str> = all().map(|row| row.id).collect();
        assert_eq!(ids.len(), all().count());
        for row in all() {
            assert!(
                !row.label.is_empty() && !row.default_region.is_empty(),
                "{}",
                row.id
            );
            assert!(
                row.asks_region || !row.endpoint.contains("{region}"),
                "{} has a region nobody asks for",
                row.id
            );
            assert_eq!(
                row.asks_endpoint,
                !row.endpoint_example.is_empty(),
                "{}",
                row.id
            );
            assert!(
                row.id == "aws"
                    || row.id == DEMO
                    || row.asks_endpoint
                    || row.endpoint.starts_with("https://"),
                "{}",
                row.id
            );
            assert!(
                !row.virtual_only || row.addressing == Addressing::Virtual,
                "{}",
                row.id
            );
            assert!(row.public_url.contains("{bucket}"), "{}", row.id);
            assert_eq!(
                row.links_fail.is_empty(),
                row.opens_by.is_empty(),
                "{}",
                row.id
            );
            assert!(!row.conditions.complete || row.conditions.put, "{}", row.id);
        }
    }

    #[test]
    fn keys_are_written_in_the_letters_that_a_service_takes() -> Result<()> {
        let supabase = |key: &str| find("supabase").map(|row| row.spelled(key.into()));

        assert_eq!(supabase("originals/a b (1).jpg")?, "originals/a b (1).jpg");
        let cafe = supabase("originals/café.jpg")?;
        assert!(cafe.starts_with("originals/cafe-") && cafe.ends_with(".jpg"));
        let (one, other) = (supabase("写真.jpg")?, supabase("画像.jpg")?);
        assert!(one.starts_with("__-") && one != other);
        assert_eq!(find("aws")?.spelled("写真.jpg".into()), "写真.jpg");
        Ok(())
    }

    #[test]
    fn some_regions_are_signed_by_another_name() -> Result<()> {
        assert_eq!(find("ionos")?.signing_region("eu-central-1"), "de");
        assert_eq!(find("ionos")?.signing_region("eu-south-2"), "eu-south-2");
        assert_eq!(find("contabo")?.signing_region("eu2"), "default");
        assert_eq!(find("wasabi")?.signing_region("nl-1"), "eu-central-1");
        Ok(())
    }
}
