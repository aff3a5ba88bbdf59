//! Buckets to test against: the demo bucket and Garage, each its own process.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::middleman::Middleman;
use crate::program::{Tintype, built, files_below};
use crate::services::{AtWork, Conditions};

/// A running S3 server with one empty bucket.
pub struct Server {
    _process: Option<Running>,
    folder: TempDir,
    pub provider: &'static str,
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// What links begin with.
    pub public_url: String,
    /// The `Host` a GET of a link needs, where it is not that of the address.
    host: Option<String>,
    /// Where it keeps conditions: whole objects, objects in parts.
    pub conditions: (bool, bool),
    /// Whether a wrong secret is refused.
    pub checks_signatures: bool,
    /// Whether pages of any origin may read from it, without being allowed to.
    pub allows_every_page: bool,
    /// Who makes it look like another service.
    _before: Option<Middleman>,
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a GET of a link gave.
pub struct Fetched {
    pub status: u16,
    pub content_type: String,
    pub cache_control: String,
    pub body: Vec<u8>,
}

impl Server {
    /// The demo bucket, as `tintype demo` serves it.
    pub fn demo() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut process = Command::new(built("tintype"))
            .args(["demo", "--json", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tintype demo starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("one line");
        let access: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| access[name].as_str().expect(name).to_owned();
        Self {
            _process: Some(Running(process)),
            folder,
            provider: "other",
            endpoint: text("endpoint"),
            region: text("region"),
            bucket: text("bucket"),
            access_key_id: text("access_key_id"),
            secret_access_key: text("secret_access_key"),
            public_url: text("public_url"),
            host: None,
            conditions: (true, true),
            checks_signatures: true,
            allows_every_page: false,
            _before: None,
        }
    }

    /// Garage, an independent server for production.
    pub fn garage() -> Self {
        let program = PathBuf::from(needed("TINTYPE_GARAGE"));
        let folder = tempfile::tempdir().expect("temporary folder");
        let [rpc, api, web, admin] = free_ports();
        let config = folder.path().join("garage.toml");
        std::fs::write(&config, garage_config(&folder, [rpc, api, web, admin])).expect("writable");
        let (key, secret) = (format!("GK{}", "3".repeat(24)), "5".repeat(64));
        let garage = |args: &[&str]| {
            let mut command = Command::new(&program);
            command
                .arg("-c")
                .arg(&config)
                .args(args)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        let process = garage(&["server", "--single-node", "--default-bucket"])
            .env("GARAGE_DEFAULT_ACCESS_KEY", &key)
            .env("GARAGE_DEFAULT_SECRET_KEY", &secret)
            .env("GARAGE_DEFAULT_BUCKET", "photos")
            .spawn()
            .expect("garage starts");
        let server = Self {
            _process: Some(Running(process)),
            folder,
            provider: "garage",
            endpoint: format!("http://127.0.0.1:{api}"),
            region: "garage".into(),
            bucket: "photos".into(),
            access_key_id: key,
            secret_access_key: secret,
            public_url: format!("http://127.0.0.1:{web}"),
            host: Some("photos.web.localhost".into()),
            conditions: (false, false),
            checks_signatures: true,
            allows_every_page: false,
            _before: None,
        };
        wait_for("Garage listens", || {
            TcpStream::connect(("127.0.0.1", api)).is_ok()
        });
        wait_for("Garage has its bucket", || {
            garage(&["bucket", "website", "--allow", "photos"])
                .status()
                .is_ok_and(|done| done.success())
        });
        server
    }

    /// Ceph, which `cargo xtask test` starts where it is installed: a bucket of its own there. What
    /// it does with conditions is said of release 16.
    pub fn ceph() -> Self {
        Self::standing("TINTYPE_CEPH", "ceph", (true, false))
    }

    /// moto, which `cargo xtask test` starts where it is installed. It takes every signature, and
    /// lets every page read.
    pub fn moto() -> Self {
        Self {
            checks_signatures: false,
            allows_every_page: true,
            ..Self::standing("TINTYPE_MOTO", "other", (true, true))
        }
    }

    /// A bucket of its own at a server that stands for all tests, and is told of in the environment.
    fn standing(access: &str, provider: &'static str, conditions: (bool, bool)) -> Self {
        let access = needed(access);
        let access = access.to_string_lossy();
        let mut access = access.split(' ').map(str::to_owned);
        let mut next = || access.next().expect("an address, a key, a secret");
        let (endpoint, access_key_id, secret_access_key) = (next(), next(), next());
        let folder = tempfile::tempdir().expect("temporary folder");
        let name = folder.path().file_name().expect("a name");
        let bucket = name.to_string_lossy().to_lowercase().replace('.', "t");
        let public_url = format!("{endpoint}/{bucket}");
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"],
            "Resource": [format!("arn:aws:s3:::{bucket}/*")],
        }]});
        for (address, body) in [
            (public_url.clone(), String::new()),
            (format!("{public_url}?policy="), policy.to_string()),
        ] {
            let made = Command::new("curl")
                .args(["--silent", "--show-error", "--fail", "--request", "PUT"])
                .args(["--aws-sigv4", "aws:amz:us-east-1:s3"])
                .args(["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"])
                .args(["--header", "content-type: application/json"])
                .args(["--user", &format!("{access_key_id}:{secret_access_key}")])
                .args(["--data", &body, &address])
                .status();
            assert!(made.is_ok_and(|made| made.success()), "PUT {address}");
        }
        Self {
            _process: None,
            folder,
            provider,
            endpoint,
            region: "us-east-1".into(),
            bucket,
            access_key_id,
            secret_access_key,
            public_url,
            host: None,
            conditions,
            checks_signatures: true,
            allows_every_page: false,
            _before: None,
        }
    }

    /// Garage behind somebody who has the ways of another service.
    pub fn like(provider: &'static str) -> Self {
        Self::behind(AtWork::of(provider))
    }

    /// The same, where what nobody says of the service is the other way.
    pub fn perhaps_like(provider: &'static str) -> Self {
        Self::behind(AtWork::otherwise(provider))
    }

    fn behind(ways: AtWork) -> Self {
        let provider = ways.service().provider;
        let conditions = match ways.service().conditions {
            Conditions::Keeps { put, complete } => (put, complete),
            Conditions::Refuses => (false, false),
        };
        let garage = Self::garage();
        let before = Middleman::with(&garage.endpoint, ways);
        let endpoint = before.endpoint();
        Self {
            provider,
            endpoint,
            conditions,
            _before: Some(before),
            ..garage
        }
    }

    /// Whether anybody can open its links at the address they have.
    pub const fn opens_links(&self) -> bool {
        self.host.is_none()
    }

    /// `tintype` with a profile `test` for this server, and the credentials in the environment.
    pub fn client(&self) -> Tintype {
        self.client_at(&self.endpoint, &[])
    }

    /// The same, reached at another address, and with more words for `profile add`.
    pub fn client_at(&self, endpoint: &str, more: &[&str]) -> Tintype {
        let tintype = Tintype::new()
            .env("AWS_ACCESS_KEY_ID", &self.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret_access_key);
        let add = [
            "profile",
            "add",
            "test",
            "--credentials",
            "env",
            "--provider",
            self.provider,
            "--endpoint",
            endpoint,
        ];
        let rest = [
            "--bucket",
            &self.bucket,
            "--region",
            &self.region,
            "--public-url",
            &self.public_url,
        ];
        tintype
            .run(add.iter().chain(&rest).chain(more))
            .with_code(0);
        tintype
    }

    /// What Garage says of its bucket: objects, and uploads in parts that are not finished.
    pub fn garage_counts(&self) -> (u64, u64) {
        let program = needed("TINTYPE_GARAGE");
        let config = self.folder.path().join("garage.toml");
        let asked = format!("{{\"globalAlias\": \"{}\"}}", self.bucket);
        let told = Command::new(program)
            .arg("-c")
            .arg(config)
            .args(["json-api", "GetBucketInfo", &asked])
            .output()
            .expect("garage runs");
        let info: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
        let count = |name: &str| {
            info[name]
                .as_u64()
                .unwrap_or_else(|| panic!("no {name} in {info}"))
        };
        (count("objects"), count("unfinishedMultipartUploads"))
    }

    /// The file that is an object of the demo bucket.
    pub fn demo_object(&self, key: &str) -> PathBuf {
        self.folder
            .path()
            .join("objects")
            .join(&self.bucket)
            .join(key)
    }

    /// Files of parts that belong to no whole object, in the demo bucket.
    pub fn demo_strays(&self) -> Vec<PathBuf> {
        let objects = self.folder.path().join("objects");
        let is_part = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(".upload"))
        };
        files_below(&objects).into_iter().filter(is_part).collect()
    }

    /// GETs a link, as a stranger.
    pub fn fetch(&self, url: &str) -> Fetched {
        fetch(url, self.host.as_deref())
    }

    /// The keys in the demo bucket, sorted: its objects are files.
    pub fn demo_keys(&self) -> Vec<String> {
        let bucket = self.folder.path().join("objects").join(&self.bucket);
        let key = |path: PathBuf| {
            path.strip_prefix(&bucket)
                .expect("below")
                .to_string_lossy()
                .replace('\\', "/")
        };
        let mut keys: Vec<String> = files_below(&bucket).into_iter().map(key).collect();
        keys.sort();
        keys
    }
}

fn garage_config(folder: &TempDir, [rpc, api, web, admin]: [u16; 4]) -> String {
    let dir = folder.path().display();
    format!(
        "metadata_dir = \"{dir}/meta\"\ndata_dir = \"{dir}/data\"\ndb_engine = \"sqlite\"\nreplication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\nrpc_secret = \"{}\"\n\
         [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{api}\"\nroot_domain = \".s3.localhost\"\n\
         [s3_web]\nbind_addr = \"127.0.0.1:{web}\"\nroot_domain = \".web.localhost\"\n\
         [admin]\napi_bind_addr = \"127.0.0.1:{admin}\"\nadmin_token = \"x\"\n",
        "7".repeat(64)
    )
}

/// A program that `cargo xtask test` installs and names.
pub fn needed(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is not set: this test needs what `cargo xtask test` sets up")
    })
}

/// Ports that were free a moment ago.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held: Vec<TcpListener> = (0..N)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    std::array::from_fn(|index| held[index].local_addr().expect("bound").port())
}

/// Waits for something another process does.
pub fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited a minute: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Fetches a link, with that `Host`.
pub fn fetch(url: &str, host: Option<&str>) -> Fetched {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(url);
    if let Some(host) = host {
        request = request.header("Host", host);
    }
    let mut response = request
        .call()
        .unwrap_or_else(|error| panic!("{url}: {error}"));
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    Fetched {
        status: response.status().as_u16(),
        content_type: header("content-type"),
        cache_control: header("cache-control"),
        body: response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()
            .expect("a body"),
    }
}
