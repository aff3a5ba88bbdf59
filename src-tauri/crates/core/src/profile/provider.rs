//! Providers as data: one row each, no code paths. A new provider is a new row.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

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

/// A preset that fills a profile in. Sources: the vendors' pages.
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
    /// Whether the form asks for the region.
    pub asks_region: bool,
    /// The region where none is given.
    pub default_region: &'static str,
    /// How its buckets are named in addresses.
    pub addressing: Addressing,
    /// Public address of a bucket, with `{endpoint}`, `{bucket}` and `{region}`.
    pub public_url: &'static str,
    /// Whether a PUT with `If-None-Match: *` is refused when the key exists.
    pub honours_if_none_match: bool,
    /// What a person should know when filling in the form.
    pub note: &'static str,
}

/// The id for services that have no row.
pub const OTHER: &str = "other";
/// The id of the bucket on this computer.
pub const DEMO: &str = "demo";

const BASE: Provider = Provider {
    id: "",
    label: "",
    endpoint: "",
    endpoint_example: "",
    asks_endpoint: false,
    asks_region: false,
    default_region: "us-east-1",
    addressing: Addressing::Path,
    public_url: "{endpoint}/{bucket}",
    honours_if_none_match: false,
    note: "",
};

static TABLE: &[Provider] = &[
    Provider {
        id: "aws",
        label: "AWS S3",
        asks_region: true,
        addressing: Addressing::Virtual,
        public_url: "https://{bucket}.s3.{region}.amazonaws.com",
        honours_if_none_match: true,
        note: "Set the public address to your CloudFront domain if you use one.",
        ..BASE
    },
    Provider {
        id: "r2",
        label: "Cloudflare R2",
        endpoint_example: "https://ACCOUNT.r2.cloudflarestorage.com",
        asks_endpoint: true,
        default_region: "auto",
        honours_if_none_match: true,
        note: "Objects are public through a custom domain: set it as the public address.",
        ..BASE
    },
    Provider {
        id: "b2",
        label: "Backblaze B2",
        endpoint: "https://s3.{region}.backblazeb2.com",
        asks_region: true,
        public_url: "https://{bucket}.s3.{region}.backblazeb2.com",
        note: "The region is the middle of the bucket's endpoint, for example eu-central-003.",
        ..BASE
    },
    Provider {
        id: "minio",
        label: "MinIO",
        endpoint_example: "https://minio.example.com:9000",
        asks_endpoint: true,
        honours_if_none_match: true,
        ..BASE
    },
    Provider { id: "ceph", label: "Ceph RGW", endpoint_example: "https://rgw.example.com", asks_endpoint: true, ..BASE },
    Provider {
        id: "garage",
        label: "Garage",
        endpoint_example: "http://127.0.0.1:3900",
        asks_endpoint: true,
        default_region: "garage",
        note: "Links work through Garage's web endpoint: set it as the public address.",
        ..BASE
    },
    Provider {
        id: DEMO,
        label: "Demo bucket on this computer",
        honours_if_none_match: true,
        note: "Links work on this computer while Tintype runs.",
        ..BASE
    },
    Provider { id: OTHER, label: "Other S3-compatible", endpoint_example: "https://s3.example.com", asks_endpoint: true, ..BASE },
];

/// Every provider, in the order the form shows them.
pub fn all() -> &'static [Provider] {
    TABLE
}

/// The row of that id.
pub fn find(id: &str) -> Result<&'static Provider> {
    TABLE.iter().find(|row| row.id == id).ok_or_else(|| {
        let known: Vec<&str> = TABLE.iter().map(|row| row.id).collect();
        Error::new(Code::ProfileInvalid, format!("there is no provider \"{id}\"")).hint(format!("there are {}", known.join(", ")))
    })
}
