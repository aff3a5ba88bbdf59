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
    /// How links can open where the endpoint shows no object to anyone without a signature; empty
    /// where it can.
    pub opens_by: &'static str,
    /// What else it may be where the service does not know the bucket or the key, with `{region}`.
    pub elsewhere: &'static str,
    /// Whether a PUT with `If-None-Match: *` is refused when the key exists.
    pub honours_if_none_match: bool,
    /// Whether path addressing is refused.
    pub virtual_only: bool,
    /// How bodies are protected on their way.
    pub checksum: Checksum,
    /// Parts of a large object, at most.
    pub most_parts: u32,
    /// MiB of a part, at least (but for the last).
    pub least_part_mib: u32,
    /// Whether objects may carry a canned ACL.
    pub takes_acl: bool,
    /// Who writes policies as AWS does.
    pub takes_policy: bool,
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
    opens_by: "",
    elsewhere: "",
    honours_if_none_match: false,
    virtual_only: false,
    checksum: Checksum::Md5,
    most_parts: 10_000,
    least_part_mib: 5,
    takes_acl: false,
    takes_policy: false,
    note: "",
};

/// A service with one endpoint per region, buckets in the host name, ACLs.
const REGIONAL: Provider = Provider {
    asks_region: true,
    addressing: Addressing::Virtual,
    takes_acl: true,
    ..BASE
};

static TABLE: &[Provider] = &[
    Provider {
        id: "aws",
        label: "AWS S3",
        asks_region: true,
        addressing: Addressing::Virtual,
        public_url: "https://{bucket}.s3.{region}.amazonaws.com",
        honours_if_none_match: true,
        checksum: Checksum::Crc32,
        takes_acl: true,
        takes_policy: true,
        note: "Set the public address to your CloudFront domain if you use one.",
        ..BASE
    },
    Provider {
        id: "r2",
        label: "Cloudflare R2",
        endpoint_example: "https://ACCOUNT.r2.cloudflarestorage.com",
        asks_endpoint: true,
        default_region: "auto",
        opens_by: "connect a domain to the bucket, or switch its r2.dev address on",
        elsewhere: "a bucket of a jurisdiction has an endpoint of its own (https://ACCOUNT.eu.r2.cloudflarestorage.com)",
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
        elsewhere: "a key belongs to one region, which may be another than {region}",
        note: "The region is the middle of the bucket's endpoint, for example eu-central-003. Links open if the bucket is public.",
        ..BASE
    },
    Provider {
        id: "spaces",
        label: "DigitalOcean Spaces",
        endpoint: "https://{region}.digitaloceanspaces.com",
        public_url: "https://{bucket}.{region}.cdn.digitaloceanspaces.com",
        elsewhere: "it may be in another region than {region}",
        note: "The region is a short name such as fra1. Links use the Spaces CDN: switch it on for the bucket.",
        ..REGIONAL
    },
    Provider {
        id: "wasabi",
        label: "Wasabi",
        endpoint: "https://s3.{region}.wasabisys.com",
        public_url: "https://{bucket}.s3.{region}.wasabisys.com",
        note: "Public access has to be switched on for the account first.",
        ..REGIONAL
    },
    Provider {
        id: "gcs",
        label: "Google Cloud Storage",
        endpoint: "https://storage.googleapis.com",
        default_region: "auto",
        addressing: Addressing::Virtual,
        public_url: "https://storage.googleapis.com/{bucket}",
        takes_acl: true,
        note: "Make an HMAC key under Interoperability in the storage settings.",
        ..BASE
    },
    Provider {
        id: "scaleway",
        label: "Scaleway",
        endpoint: "https://s3.{region}.scw.cloud",
        public_url: "https://{bucket}.s3.{region}.scw.cloud",
        most_parts: 1000,
        note: "The region is fr-par, nl-ams or pl-waw.",
        ..REGIONAL
    },
    Provider {
        id: "hetzner",
        label: "Hetzner Object Storage",
        endpoint: "https://{region}.your-objectstorage.com",
        public_url: "https://{bucket}.{region}.your-objectstorage.com",
        elsewhere: "it may be in another location than {region}",
        note: "The region is the location: fsn1, nbg1 or hel1.",
        ..REGIONAL
    },
    Provider {
        id: "dreamobjects",
        label: "DreamObjects",
        endpoint: "https://s3.us-east-005.dream.io",
        default_region: "us-east-005",
        addressing: Addressing::Virtual,
        public_url: "https://{bucket}.s3.us-east-005.dream.io",
        note: "The old objects-us-… addresses are gone.",
        ..BASE
    },
    Provider {
        id: "tigris",
        label: "Tigris",
        endpoint: "https://t3.storage.dev",
        default_region: "auto",
        addressing: Addressing::Virtual,
        public_url: "https://{bucket}.t3.tigrisfiles.io",
        ..BASE
    },
    Provider {
        id: "oss",
        label: "Alibaba Cloud OSS",
        endpoint: "https://oss-{region}.aliyuncs.com",
        public_url: "https://{bucket}.oss-{region}.aliyuncs.com",
        virtual_only: true,
        note: "The region as in cn-hangzhou.",
        ..REGIONAL
    },
    Provider {
        id: "cos",
        label: "Tencent COS",
        endpoint: "https://cos.{region}.myqcloud.com",
        public_url: "https://{bucket}.cos.{region}.myqcloud.com",
        virtual_only: true,
        note: "The bucket's name ends with your APPID; the region as in ap-singapore.",
        ..REGIONAL
    },
    Provider {
        id: "storj",
        label: "Storj",
        endpoint: "https://gateway.storjshare.io",
        default_region: "global",
        opens_by: "share the bucket with linkshare",
        least_part_mib: 64,
        note: "Links work through a linkshare address: set it as the public address.",
        ..BASE
    },
    Provider {
        id: "idrive",
        label: "IDrive e2",
        endpoint_example: "https://ABCD.par.idrivee2-00.com",
        asks_endpoint: true,
        default_region: "auto",
        takes_acl: true,
        note: "The endpoint is the account's own; the console shows it with the access key.",
        ..BASE
    },
    Provider {
        id: "linode",
        label: "Akamai (Linode)",
        endpoint: "https://{region}.linodeobjects.com",
        public_url: "https://{bucket}.{region}.linodeobjects.com",
        note: "The region as in the bucket's address, for example eu-central-1.",
        ..REGIONAL
    },
    Provider {
        id: "ovh",
        label: "OVHcloud",
        endpoint: "https://s3.{region}.io.cloud.ovh.net",
        public_url: "https://{bucket}.s3.{region}.io.cloud.ovh.net",
        note: "The region in small letters, for example gra.",
        ..REGIONAL
    },
    Provider {
        id: "supabase",
        label: "Supabase Storage",
        endpoint_example: "https://PROJECT.storage.supabase.co/storage/v1/s3",
        asks_endpoint: true,
        asks_region: true,
        opens_by: "make the bucket public; its address is https://PROJECT.supabase.co/storage/v1/object/public/BUCKET",
        note: "Links: set https://PROJECT.supabase.co/storage/v1/object/public/BUCKET as the public address.",
        ..BASE
    },
    Provider {
        id: "minio",
        label: "MinIO",
        endpoint_example: "https://minio.example.com:9000",
        asks_endpoint: true,
        honours_if_none_match: true,
        takes_policy: true,
        ..BASE
    },
    Provider {
        id: "ceph",
        label: "Ceph RGW",
        endpoint_example: "https://rgw.example.com",
        asks_endpoint: true,
        takes_acl: true,
        takes_policy: true,
        ..BASE
    },
    Provider {
        id: "garage",
        label: "Garage",
        endpoint_example: "http://127.0.0.1:3900",
        asks_endpoint: true,
        default_region: "garage",
        checksum: Checksum::Crc32,
        opens_by: "switch the bucket's website on",
        note: "Links work through Garage's web endpoint: set it as the public address.",
        ..BASE
    },
    Provider {
        id: DEMO,
        label: "Demo bucket on this computer",
        honours_if_none_match: true,
        checksum: Checksum::Crc32,
        note: "Links work on this computer while Tintype runs.",
        ..BASE
    },
    Provider {
        id: OTHER,
        label: "Other S3-compatible",
        endpoint_example: "https://s3.example.com",
        asks_endpoint: true,
        ..BASE
    },
];

/// Every provider, in the order the form shows them.
pub fn all() -> &'static [Provider] {
    TABLE
}

/// The row of that id.
pub fn find(id: &str) -> Result<&'static Provider> {
    TABLE.iter().find(|row| row.id == id).ok_or_else(|| {
        let known: Vec<&str> = TABLE.iter().map(|row| row.id).collect();
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
        let ids: HashSet<&str> = TABLE.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), TABLE.len());
        for row in TABLE {
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
        }
    }
}
