//! Fifteen further services, by how often they turn up in clients' tables and issues. Sources as in
//! `table.rs`. What is said of conditions and policies by nobody stays "no": the doctor sees.

use super::{Addressing, BASE, Conditions, NOTHING_OPENS, Provider, REGIONAL, Takes};

const UNTRIED: &str =
    "open only if the service shows the bucket to everybody, which nobody has written down";

pub(super) static ROWS: &[Provider] = &[
    // rclone IONOS.yaml (path style; eu-central-1 is signed as `de`), Cyberduck.
    Provider {
        id: "ionos",
        label: "IONOS Object Storage",
        endpoint: "https://s3.{region}.ionoscloud.com",
        asks_region: true,
        regions: &[
            "eu-central-1",
            "eu-central-2",
            "eu-central-3",
            "eu-central-4",
            "eu-south-2",
            "us-central-1",
        ],
        signs_as: &[("eu-central-1", "de")],
        public_url: "https://s3.{region}.ionoscloud.com/{bucket}",
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            ..Takes::PLAIN
        },
        ..BASE
    },
    // community.exoscale.com (SOS, changelog of 19 August 2025: put and delete), Cyberduck.
    Provider {
        id: "exoscale",
        label: "Exoscale SOS",
        endpoint: "https://sos-{region}.exo.io",
        regions: &[
            "ch-gva-2", "ch-dk-2", "de-fra-1", "de-muc-1", "at-vie-1", "at-vie-2", "bg-sof-1",
            "hr-zag-1",
        ],
        public_url: "https://{bucket}.sos-{region}.exo.io",
        conditions: Conditions::PUT,
        note: "Links open for objects with the ACL public-read: give it to them by a rule.",
        ..REGIONAL
    },
    // rclone Mega.yaml, Cyberduck (without the numbers at the end).
    Provider {
        id: "mega",
        label: "MEGA S4",
        endpoint: "https://s3.{region}.megas4.com",
        asks_region: true,
        regions: &[
            "eu-luxembourg-1",
            "eu-luxembourg-2",
            "eu-amsterdam-1",
            "eu-amsterdam-2",
            "eu-paris-1",
            "eu-paris-2",
            "eu-barcelona-1",
            "eu-barcelona-2",
            "ca-montreal-1",
            "ca-montreal-2",
            "ca-vancouver-1",
            "ca-vancouver-2",
            "ap-tokyo-1",
            "ap-tokyo-2",
        ],
        links_fail: UNTRIED,
        opens_by: "copy the public address of the bucket from the console",
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            ..Takes::PLAIN
        },
        ..BASE
    },
    // rclone IBMCOS.yaml, Cyberduck; cloud.ibm.com/docs/cloud-object-storage (HMAC credentials).
    Provider {
        id: "ibm",
        label: "IBM Cloud Object Storage",
        endpoint: "https://s3.{region}.cloud-object-storage.appdomain.cloud",
        asks_region: true,
        regions: &[
            "eu-de", "us-south", "eu-gb", "jp-tok", "au-syd", "eu", "us", "ap",
        ],
        public_url: "https://s3.{region}.cloud-object-storage.appdomain.cloud/{bucket}",
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            tags: true,
            ..Takes::PLAIN
        },
        note: "Make a service credential with HMAC. Links open if public access is granted to the bucket.",
        ..BASE
    },
    // docs.vultr.com (the Terraform resource's s3_hostname).
    Provider {
        id: "vultr",
        label: "Vultr Object Storage",
        endpoint: "https://{region}.vultrobjects.com",
        regions: &["ewr1", "sjc1", "ams1", "sgp1", "blr1", "del1"],
        public_url: "https://{bucket}.{region}.vultrobjects.com",
        note: "The region is the first part of the host that the console shows.",
        ..REGIONAL
    },
    // docs.contabo.com/docs/products/Object-Storage/technical-description, Cyberduck (signed as
    // `default`, path style only).
    Provider {
        id: "contabo",
        label: "Contabo Object Storage",
        endpoint: "https://{region}.contabostorage.com",
        asks_region: true,
        regions: &["eu2", "usc1", "sin1"],
        signs_as: &[("*", "default")],
        links_fail: "need the bucket's public address, which has the account's number in it",
        opens_by: "switch public sharing on for the bucket, and copy its address (https://HOST/TENANT:BUCKET)",
        takes: Takes::ALL,
        ..BASE
    },
    // docs.oracle.com (Amazon S3 Compatibility API).
    Provider {
        id: "oci",
        label: "Oracle Cloud",
        endpoint_example: "https://NAMESPACE.compat.objectstorage.eu-frankfurt-1.oci.customer-oci.com",
        asks_endpoint: true,
        asks_region: true,
        regions: &[
            "eu-frankfurt-1",
            "eu-amsterdam-1",
            "uk-london-1",
            "us-ashburn-1",
            "us-phoenix-1",
            "ap-tokyo-1",
        ],
        links_fail: NOTHING_OPENS,
        opens_by: "make the bucket public; its objects have the native address (https://objectstorage.REGION.oraclecloud.com/n/NAMESPACE/b/BUCKET/o)",
        note: "The key is a Customer Secret Key of the user.",
        ..BASE
    },
    // rclone Synology.yaml, Cyberduck.
    Provider {
        id: "synology",
        label: "Synology C2",
        endpoint: "https://{region}.s3.synologyc2.net",
        asks_region: true,
        regions: &[
            "eu-001", "eu-002", "eu-003", "eu-004", "us-001", "us-002", "us-003", "tw-001",
        ],
        addressing: Addressing::Virtual,
        links_fail: UNTRIED,
        opens_by: "copy the public address of the bucket from the console",
        ..BASE
    },
    // rclone ImpossibleCloud.yaml, Cyberduck.
    Provider {
        id: "impossible",
        label: "Impossible Cloud",
        endpoint: "https://{region}.storage.impossibleapi.net",
        regions: &[
            "eu-central-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-east-1",
            "eu-north-1",
            "us-east-1",
        ],
        links_fail: UNTRIED,
        opens_by: "copy the public address of the bucket from the console",
        ..REGIONAL
    },
    // docs.selectel.ru (conditional writes: put, complete, delete), rclone; servercore.com.
    Provider {
        id: "selectel",
        label: "Selectel",
        endpoint: "https://s3.{region}.storage.selcloud.ru",
        regions: &["ru-1", "ru-3", "ru-7", "gis-1"],
        conditions: Conditions::ALL,
        links_fail: "need the bucket's own address",
        opens_by: "make the bucket public, and copy its address (https://UUID.selstorage.ru)",
        takes: Takes {
            acls: None,
            ..Takes::PLAIN
        },
        note: "Servercore: set the endpoint below (https://s3.uz-2.srvstorage.uz, https://s3.kz-1.srvstorage.kz).",
        ..REGIONAL
    },
    // rclone HuaweiOBS.yaml.
    Provider {
        id: "huawei",
        label: "Huawei OBS",
        endpoint: "https://obs.{region}.myhuaweicloud.com",
        regions: &[
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "cn-north-1",
            "cn-north-4",
            "cn-east-2",
            "cn-east-3",
            "cn-south-1",
            "af-south-1",
            "sa-brazil-1",
            "na-mexico-1",
        ],
        public_url: "https://{bucket}.obs.{region}.myhuaweicloud.com",
        ..REGIONAL
    },
    // rclone Qiniu.yaml.
    Provider {
        id: "qiniu",
        label: "Qiniu Kodo",
        endpoint: "https://s3-{region}.qiniucs.com",
        asks_region: true,
        regions: &[
            "cn-east-1",
            "cn-east-2",
            "cn-north-1",
            "cn-south-1",
            "us-north-1",
            "ap-southeast-1",
            "ap-northeast-1",
        ],
        links_fail: "open at a domain of the bucket alone",
        opens_by: "bind a domain to the bucket",
        takes: Takes {
            acls: Takes::OPEN_OR_NOT,
            ..Takes::PLAIN
        },
        ..BASE
    },
    // Cyberduck; infomaniak.com.
    Provider {
        id: "infomaniak",
        label: "Infomaniak",
        endpoint_example: "https://s3.pub1.infomaniak.cloud",
        asks_endpoint: true,
        links_fail: UNTRIED,
        opens_by: "make the container public, and copy its address",
        note: "Public Cloud: s3.pub1 or s3.pub2.infomaniak.cloud; Swiss Backup: s3.swiss-backup01 to 04.infomaniak.com.",
        ..BASE
    },
    // docs.bunny.net/storage (S3, a preview): Content-MD5 on parts; the zone's name and password.
    Provider {
        id: "bunny",
        label: "bunny.net Storage",
        endpoint: "https://{region}-s3.storage.bunnycdn.com",
        asks_region: true,
        regions: &["de", "ny", "sg", "uk", "se", "la", "jh", "syd"],
        links_fail: NOTHING_OPENS,
        opens_by: "connect a pull zone to the storage zone",
        note: "S3 has to be chosen when the storage zone is made. The key id is the zone's name, the secret its password.",
        ..BASE
    },
    // docs.rustfs.com, 1.0 of September 2026.
    Provider {
        id: "rustfs",
        label: "RustFS",
        endpoint_example: "http://127.0.0.1:9000",
        asks_endpoint: true,
        conditions: Conditions::ALL,
        takes: Takes {
            acls: Some(&[]),
            tags: true,
            ..Takes::ALL
        },
        takes_policy: true,
        note: "Links open if the bucket's policy lets everybody read.",
        ..BASE
    },
];
