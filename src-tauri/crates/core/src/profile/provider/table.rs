//! The rows, each with where its fields are from. Looked up in October 2026 unless a line says
//! another time: a vendor's page is named by its address; *measured* is what others wrote down of
//! real accounts in public notes (github.com/vdavid/cmdr, docs/notes/s3, 2–3 October 2026);
//! *rclone* and *Cyberduck* are those clients' tables (rclone 64ab1ac, iterate-ch/profiles 0a0ec1e).
//! What a row leaves out is as S3 itself has it, and not known to be otherwise.

use super::{
    Addressing, BASE, Checksum, Conditions, DEMO, NOTHING_OPENS, OTHER, Provider, REGIONAL, Takes,
};

pub(super) static ROWS: &[Provider] = &[
    // endpoint, addressing, public_url: docs.aws.amazon.com/general/latest/gr/s3.html; regions: the
    // same page, those that need no opting in. conditions, checksum, parts: the API's pages of
    // PutObject and CompleteMultipartUpload, and measured. takes: the same pages (ACLs are switched
    // off in new buckets). note: blocking of public access is on in new buckets since April 2023.
    Provider {
        id: "aws",
        label: "AWS S3",
        asks_region: true,
        regions: &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "ca-central-1",
            "sa-east-1",
            "eu-central-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-north-1",
            "ap-south-1",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-southeast-1",
            "ap-southeast-2",
        ],
        addressing: Addressing::Virtual,
        public_url: "https://{bucket}.s3.{region}.amazonaws.com",
        conditions: Conditions::ALL,
        checksum: Checksum::Crc32,
        takes: Takes::ALL,
        takes_policy: true,
        note: "New buckets are closed to the public: links open through a CloudFront domain (set it as the public address), or when the bucket's public access is unblocked and its policy allows reading.",
        ..BASE
    },
    // endpoint, jurisdictions: developers.cloudflare.com/r2/reference/data-location; region,
    // checksum, takes: …/r2/api/s3/api; conditions: …/r2/api/s3/extensions (conditional operations)
    // and measured; links: …/r2/buckets/public-buckets; parts, metadata: …/r2/platform/limits.
    Provider {
        id: "r2",
        label: "Cloudflare R2",
        endpoint_example: "https://ACCOUNT.r2.cloudflarestorage.com",
        asks_endpoint: true,
        default_region: "auto",
        links_fail: NOTHING_OPENS,
        opens_by: "connect a domain to the bucket, or switch its r2.dev address on",
        elsewhere: "a bucket of a jurisdiction has an endpoint of its own (https://ACCOUNT.eu.r2.cloudflarestorage.com)",
        conditions: Conditions::ALL,
        takes: Takes {
            classes: Some(&["STANDARD", "STANDARD_IA"]),
            metadata: 8192,
            ..Takes::PLAIN
        },
        note: "Objects are public through a custom domain: set it as the public address. Buckets of a jurisdiction have an endpoint of their own, with .eu or .fedramp in it.",
        ..BASE
    },
    // All but conditions: backblaze.com/docs/cloud-storage-s3-compatible-api; regions: there, and
    // Cyberduck. conditions: measured (501 for any). takes: an ACL may only be the bucket's own;
    // AES256 is SSE-B2; metadata: 7,000 bytes of names and headers together. checksum: CRC32 since
    // July 2025; Content-MD5 is on no page, and works everywhere it was tried.
    Provider {
        id: "b2",
        label: "Backblaze B2",
        endpoint: "https://s3.{region}.backblazeb2.com",
        asks_region: true,
        regions: &[
            "us-west-004",
            "us-west-002",
            "us-west-001",
            "us-west-000",
            "us-east-005",
            "eu-central-003",
        ],
        public_url: "https://{bucket}.s3.{region}.backblazeb2.com",
        elsewhere: "a key belongs to one region, which may be another than {region}",
        takes: Takes {
            classes: Some(&["STANDARD"]),
            encryptions: &["AES256"],
            metadata: 6000,
            ..Takes::PLAIN
        },
        note: "The region is the middle of the bucket's endpoint, for example eu-central-003. Make an application key for the bucket: the master key does not work. Links open if the bucket is public.",
        ..BASE
    },
    // docs.digitalocean.com/products/spaces (availability, limits, CDN); conditions: measured (put
    // is refused, complete ignores it), and only for an ETag without quotation marks. takes:
    // private and public-read, SSE-C alone, one class.
    Provider {
        id: "spaces",
        label: "DigitalOcean Spaces",
        endpoint: "https://{region}.digitaloceanspaces.com",
        regions: &[
            "nyc3", "ams3", "sfo2", "sfo3", "sgp1", "lon1", "fra1", "tor1", "blr1", "syd1", "atl1",
            "ric1", "mkc1",
        ],
        public_url: "https://{bucket}.{region}.digitaloceanspaces.com",
        elsewhere: "it may be in another region than {region}",
        conditions: Conditions::PUT,
        bare_etags: true,
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            tags: true,
            classes: Some(&["STANDARD"]),
            ..Takes::PLAIN
        },
        note: "Files are private unless a rule gives them the ACL public-read. With the Spaces CDN switched on, set its address (BUCKET.REGION.cdn.digitaloceanspaces.com) as the public address.",
        ..REGIONAL
    },
    // docs.wasabi.com (service URLs, public access, IAM and bucket policies); conditions: measured
    // (ignored everywhere). The second names of regions sign as the first. note: accounts made
    // after 13 March 2023.
    Provider {
        id: "wasabi",
        label: "Wasabi",
        endpoint: "https://s3.{region}.wasabisys.com",
        regions: &[
            "us-east-1",
            "us-east-2",
            "us-central-1",
            "us-west-1",
            "us-west-2",
            "ca-central-1",
            "eu-central-1",
            "eu-central-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-south-1",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-southeast-1",
            "ap-southeast-2",
        ],
        signs_as: &[
            ("nl-1", "eu-central-1"),
            ("de-1", "eu-central-2"),
            ("uk-1", "eu-west-1"),
            ("fr-1", "eu-west-2"),
            ("uk-2", "eu-west-3"),
            ("it-1", "eu-south-1"),
        ],
        public_url: "https://{bucket}.s3.{region}.wasabisys.com",
        takes: Takes {
            tags: true,
            classes: Some(&["STANDARD"]),
            ..Takes::ALL
        },
        takes_policy: true,
        note: "Public links need Wasabi's support to switch them on for the account, and trials cannot have them: otherwise let links be signed. Each object is billed for 90 days at least, replaced ones too.",
        ..REGIONAL
    },
    // docs.cloud.google.com/storage: docs/aws-simple-migration (endpoint, region, takes), quotas
    // (parts, one write a second for each object), storage-classes; conditions: request-preconditions
    // and measured (ignored). ACLs: only without uniform bucket-level access, the console's default.
    Provider {
        id: "gcs",
        label: "Google Cloud Storage",
        endpoint: "https://storage.googleapis.com",
        default_region: "auto",
        addressing: Addressing::Virtual,
        public_url: "https://storage.googleapis.com/{bucket}",
        takes: Takes {
            acls: None,
            classes: Some(&["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]),
            ..Takes::PLAIN
        },
        note: "Make an HMAC key under Interoperability in the storage settings. Links open if everybody (allUsers) may view the bucket's objects; a rule with an ACL is refused where access is uniform, as the console sets it.",
        ..BASE
    },
    // github.com/scaleway/docs-content, pages/object-storage: api-cli/using-conditional-writes
    // (since 1 July 2026), the S3 API's page, limits (1,000 parts), storage classes, encryption.
    Provider {
        id: "scaleway",
        label: "Scaleway",
        endpoint: "https://s3.{region}.scw.cloud",
        regions: &["fr-par", "nl-ams", "pl-waw"],
        public_url: "https://{bucket}.s3.{region}.scw.cloud",
        conditions: Conditions::ALL,
        most_parts: 1000,
        takes: Takes {
            tags: true,
            classes: Some(&["STANDARD", "ONEZONE_IA", "GLACIER"]),
            encryptions: &["AES256"],
            ..Takes::ALL
        },
        ..REGIONAL
    },
    // docs.hetzner.com/storage/object-storage (overview, supported-actions of 23 September 2024);
    // conditions: measured (put is refused, complete ignores it; not in versioned buckets).
    Provider {
        id: "hetzner",
        label: "Hetzner Object Storage",
        endpoint: "https://{region}.your-objectstorage.com",
        regions: &["fsn1", "nbg1", "hel1"],
        public_url: "https://{bucket}.{region}.your-objectstorage.com",
        elsewhere: "it may be in another location than {region}",
        conditions: Conditions::PUT,
        bare_etags: true,
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            classes: Some(&["STANDARD"]),
            metadata: 8192,
            ..Takes::PLAIN
        },
        note: "The region is the bucket's location. Links open if the bucket's visibility is public.",
        ..REGIONAL
    },
    // help.dreamhost.com, Cyberduck; conditions and limits: not known (B2 may be underneath).
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
    // github.com/tigrisdata/tigris-os-docs 63c94bc, June 2026: objects/conditionals (in global
    // buckets only after a while; for parts it is not said: the doctor sees), buckets, iam, domains.
    // Path style is refused for buckets made since 19 February 2025.
    Provider {
        id: "tigris",
        label: "Tigris",
        endpoint: "https://t3.storage.dev",
        default_region: "auto",
        addressing: Addressing::Virtual,
        virtual_only: true,
        public_url: "https://{bucket}.t3.tigrisfiles.io",
        conditions: Conditions::PUT,
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            tags: true,
            classes: None,
            ..Takes::PLAIN
        },
        takes_policy: true,
        note: "Links open if the bucket is public. In global buckets two computers may still overwrite each other within moments.",
        ..BASE
    },
    // alibabacloud.com/help/en/oss: "use Amazon S3 SDKs to access OSS" (20 March 2026), regions and
    // endpoints; links: the default domain forces a download. conditions: its own header only.
    Provider {
        id: "oss",
        label: "Alibaba Cloud OSS",
        endpoint: "https://s3.oss-{region}.aliyuncs.com",
        endpoint_before: "https://oss-{region}.aliyuncs.com",
        regions: &[
            "cn-hangzhou",
            "cn-shanghai",
            "cn-qingdao",
            "cn-beijing",
            "cn-shenzhen",
            "cn-guangzhou",
            "cn-chengdu",
            "cn-hongkong",
            "us-west-1",
            "us-east-1",
            "ap-northeast-1",
            "ap-southeast-1",
            "eu-central-1",
            "eu-west-1",
        ],
        virtual_only: true,
        public_url: "https://{bucket}.oss-{region}.aliyuncs.com",
        links_fail: "download pictures instead of showing them at its own addresses",
        opens_by: "bind a domain of your own to the bucket",
        takes: Takes {
            acls: Some(&["private", "public-read", "public-read-write", "default"]),
            classes: None,
            encryptions: &["AES256"],
            ..Takes::PLAIN
        },
        ..REGIONAL
    },
    // tencentcloud.com/document/product/436: regions, S3 SDKs; links: buckets made since 2024 force
    // a download at the default domain. Path style: refused for buckets made since 1 January 2024.
    Provider {
        id: "cos",
        label: "Tencent COS",
        endpoint: "https://cos.{region}.myqcloud.com",
        regions: &[
            "ap-guangzhou",
            "ap-shanghai",
            "ap-beijing",
            "ap-chengdu",
            "ap-hongkong",
            "ap-singapore",
            "ap-tokyo",
            "ap-seoul",
            "na-siliconvalley",
            "na-ashburn",
            "eu-frankfurt",
        ],
        virtual_only: true,
        public_url: "https://{bucket}.cos.{region}.myqcloud.com",
        links_fail: "download pictures instead of showing them at its own addresses",
        opens_by: "connect a domain of your own to the bucket",
        takes: Takes {
            tags: true,
            classes: None,
            encryptions: &["AES256"],
            ..Takes::ALL
        },
        note: "The bucket's name ends with your APPID.",
        ..REGIONAL
    },
    // endpoint: rclone; links: storj.dev (linkshare); least_part_mib is Storj's advice on segments.
    // conditions: not known (storj/storj#7377 was closed as delivered): the doctor sees.
    Provider {
        id: "storj",
        label: "Storj",
        endpoint: "https://gateway.storjshare.io",
        default_region: "global",
        links_fail: NOTHING_OPENS,
        opens_by: "share the bucket with linkshare",
        least_part_mib: 64,
        takes: Takes {
            tags: true,
            ..Takes::PLAIN
        },
        note: "Links work through a linkshare address: set it as the public address.",
        ..BASE
    },
    // idrive.com/s3-storage-e2/e2-endpoint-urls; older accounts keep addresses like
    // ABCD.par.idrivee2-00.com, which are typed. takes, conditions: not known.
    Provider {
        id: "idrive",
        label: "IDrive e2",
        endpoint: "https://s3.{region}.idrivee2.com",
        asks_region: true,
        default_region: "auto",
        regions: &[
            "us-east-1",
            "us-west-1",
            "us-west-2",
            "us-west-3",
            "us-central-1",
            "us-midwest-1",
            "us-southeast-1",
            "us-southwest-1",
            "ca-east-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-west-4",
            "eu-central-1",
            "eu-central-2",
        ],
        links_fail: NOTHING_OPENS,
        opens_by: "make the bucket public in the console (paid accounts), and copy its public address",
        takes: Takes {
            acls: None,
            tags: true,
            ..Takes::PLAIN
        },
        note: "Older accounts have an endpoint of their own; the console shows it with the access key: set it below.",
        ..BASE
    },
    // techdocs.akamai.com/cloud-computing (endpoint types; ACLs of E2 and E3: not known).
    Provider {
        id: "linode",
        label: "Akamai (Linode)",
        endpoint: "https://{region}.linodeobjects.com",
        regions: &["us-iad-18", "us-sea-9", "de-fra-1", "eu-central-1"],
        public_url: "https://{bucket}.{region}.linodeobjects.com",
        takes: Takes {
            tags: true,
            ..Takes::ALL
        },
        note: "The region is the first part of the bucket's address, for example us-iad-18.",
        ..REGIONAL
    },
    Provider {
        id: "ovh",
        label: "OVHcloud",
        endpoint: "https://s3.{region}.io.cloud.ovh.net",
        regions: &[
            "gra",
            "rbx",
            "sbg",
            "eu-west-par",
            "eu-south-mil",
            "de",
            "uk",
            "waw",
            "bhs",
            "ca-east-tor",
            "sgp",
            "ap-southeast-syd",
            "ap-south-mum",
        ],
        public_url: "https://{bucket}.s3.{region}.io.cloud.ovh.net",
        ..OVH
    },
    Provider {
        id: "ovh-us",
        label: "OVHcloud US",
        endpoint: "https://s3.{region}.io.cloud.ovh.us",
        regions: &["us-east-va", "us-west-or"],
        public_url: "https://{bucket}.s3.{region}.io.cloud.ovh.us",
        ..OVH
    },
    // supabase.com/docs/guides/storage/s3 (compatibility: no Content-MD5, ACL, tags, classes, SSE);
    // key_signs: supabase/storage, `isValidKey` (issue 133): ASCII only.
    Provider {
        id: "supabase",
        label: "Supabase Storage",
        endpoint_example: "https://PROJECT.storage.supabase.co/storage/v1/s3",
        asks_endpoint: true,
        asks_region: true,
        regions: &[
            "us-east-1",
            "us-west-1",
            "eu-central-1",
            "eu-west-1",
            "eu-west-2",
            "ap-southeast-1",
            "ap-northeast-1",
            "ap-south-1",
            "sa-east-1",
        ],
        links_fail: NOTHING_OPENS,
        opens_by: "make the bucket public; its address is https://PROJECT.supabase.co/storage/v1/object/public/BUCKET",
        key_signs: "_/!-.*'() &$@=;:+,?",
        note: "Links: set https://PROJECT.supabase.co/storage/v1/object/public/BUCKET as the public address. Keys take ASCII letters only: others are written without their accents, or as _. Checksums are not looked at by the service; Tintype compares its ETags.",
        ..BASE
    },
    // github.com/minio/minio: conditions since 2024 by release; the community's repository was
    // archived in 2026.
    Provider {
        id: "minio",
        label: "MinIO",
        endpoint_example: "https://minio.example.com:9000",
        asks_endpoint: true,
        conditions: Conditions::ALL,
        takes: Takes {
            acls: Some(&[]),
            ..Takes::ALL
        },
        takes_policy: true,
        note: "Links open where anyone may download: `mc anonymous set download ALIAS/BUCKET`.",
        ..BASE
    },
    // docs.ceph.com/en/latest/radosgw/s3; conditions: by release (complete: ceph/ceph#64830), the
    // doctor sees.
    Provider {
        id: "ceph",
        label: "Ceph RGW",
        endpoint_example: "https://rgw.example.com",
        asks_endpoint: true,
        asks_region: true,
        takes: Takes::ALL,
        takes_policy: true,
        ..BASE
    },
    // garagehq.deuxfleurs.fr/documentation (S3 compatibility, release notes); tried here.
    Provider {
        id: "garage",
        label: "Garage",
        endpoint_example: "http://127.0.0.1:3900",
        asks_endpoint: true,
        default_region: "garage",
        checksum: Checksum::Crc32,
        links_fail: NOTHING_OPENS,
        opens_by: "switch the bucket's website on",
        note: "Links work through Garage's web endpoint: set it as the public address.",
        ..BASE
    },
];

/// Behind all others.
pub(super) static LAST: &[Provider] = &[
    Provider {
        id: DEMO,
        label: "Demo bucket on this computer",
        conditions: Conditions::ALL,
        checksum: Checksum::Crc32,
        takes: Takes::ALL,
        note: "Links work on this computer while Tintype runs.",
        ..BASE
    },
    Provider {
        id: OTHER,
        label: "Other S3-compatible",
        endpoint_example: "https://s3.example.com",
        asks_endpoint: true,
        asks_region: true,
        takes: Takes::ALL,
        note: "The region as the service's manual has it; many take any.",
        ..BASE
    },
];

/// github.com/ovh/docs: s3_location (the console shows regions in capitals; American accounts have
/// addresses of their own), s3_conditional_writes (all regions since 9 June 2026; ETags without
/// quotation marks; not with SSE-C), storage classes.
const OVH: Provider = Provider {
    conditions: Conditions::ALL,
    bare_etags: true,
    takes: Takes {
        tags: true,
        classes: None,
        encryptions: &["AES256"],
        ..Takes::ALL
    },
    ..REGIONAL
};
