//! The doctor: walks a small object the whole way through a profile, step by step, and names the setting at fault.
//! It needs no right to list anything.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use serde::Serialize;

use super::check;
use super::stores::{Open, Stores};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::profile::{Checksum, CredentialSource, Fix, Profile};
use crate::transfer::{Headers, Lookup, ObjectStore, Only, Progress};
use crate::world::blocking;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Step {
    /// Find the service's address.
    Resolve,
    /// Reach it.
    Connect,
    /// Compare clocks.
    Clock,
    /// Ask for a key that is not there: credentials, region and bucket are right.
    Ask,
    /// Store a small object.
    Put,
    /// Ask for its size.
    Head,
    /// Read it back.
    Get,
    /// Open its link as a stranger.
    Link,
    /// Store it again only if it is not there: honoured or not.
    Conditional,
    /// Store an object in parts.
    Parts,
    /// May a page of that origin read it?
    Cors,
    /// Take it away again.
    Delete,
}

/// How a step went.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StepResult {
    /// What was tried.
    pub step: Step,
    /// Milliseconds it took.
    pub millis: u32,
    /// Why it failed; nothing if it worked.
    pub error: Option<Error>,
    /// What a person should know although it worked.
    pub note: Option<String>,
    /// The setting that would be right.
    pub fix: Option<Fix>,
}

/// What a step found out, if it worked.
#[derive(Default)]
struct Finding {
    note: Option<String>,
    fix: Option<Fix>,
}

/// The clocks may differ by a quarter of an hour before signatures are refused (AWS, "RequestTimeTooSkewed").
const SKEW: Duration = Duration::from_secs(5 * 60);
const REACH: Duration = Duration::from_secs(10);

/// One examination.
pub(super) struct Doctor<'a> {
    pub(super) stores: &'a Stores,
    pub(super) profile: &'a Profile,
    /// Where pages come from that are to read the objects.
    pub(super) cors: Option<String>,
    pub(super) results: Vec<StepResult>,
}

impl Doctor<'_> {
    /// Takes all steps; stops where nothing further can work, but always cleans up.
    pub(super) async fn examine(mut self) -> Result<Vec<StepResult>> {
        let mut open = self.stores.open(self.profile).await?.awake();
        if let Some((host, port)) = open
            .endpoint
            .as_deref()
            .filter(|_| !behind_proxy())
            .and_then(host_and_port)
            && !(self.step(Step::Resolve, resolve(&host, port)).await
                && self.step(Step::Connect, connect(&host, port)).await)
        {
            return Ok(self.results);
        }
        if let Some(endpoint) = open.endpoint.clone() {
            self.step(Step::Clock, clock(endpoint)).await;
        }
        let key = format!(".tintype-test/{}.txt", uuid::Uuid::new_v4().simple());
        let asked = async {
            open.bucket
                .store
                .head(&key)
                .await
                .map(|_| Finding::default())
        };
        if !self.step(Step::Ask, asked).await {
            return Ok(self.results);
        }
        if !self.put(&mut open, &key).await? {
            return Ok(self.results);
        }
        self.look(&open, &key).await?;
        let store = &*open.bucket.store;
        self.step(Step::Delete, async {
            store
                .delete(&key, &Only::Always)
                .await
                .map(|()| Finding::default())
        })
        .await;
        Ok(self.results)
    }

    async fn step(&mut self, step: Step, attempt: impl Future<Output = Result<Finding>>) -> bool {
        let start = Instant::now();
        let result = attempt.await;
        let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
        let (error, finding) = match result {
            Ok(finding) => (None, finding),
            Err(error) => {
                let fix = error
                    .right_region
                    .clone()
                    .map(|region| Fix::Region { region });
                (
                    Some(error),
                    Finding {
                        fix,
                        ..Finding::default()
                    },
                )
            }
        };
        let well = error.is_none();
        self.results.push(StepResult {
            step,
            millis,
            error,
            note: finding.note,
            fix: finding.fix,
        });
        well
    }

    /// Stores the object; where the provider's way of protecting bodies is refused, the other way is tried.
    async fn put(&mut self, open: &mut Open, key: &str) -> Result<bool> {
        let checksum = self
            .profile
            .checksum
            .unwrap_or(self.profile.provider()?.checksum);
        let first = put(&*open.bucket.store, key, &Only::Always).await;
        let refused = first.as_ref().is_err_and(|error| {
            matches!(error.code, Code::RequestRefused | Code::ChecksumMismatch)
        });
        if !refused {
            return Ok(self.step(Step::Put, async { first }).await);
        }
        let other = if checksum == Checksum::Crc32 {
            Checksum::Md5
        } else {
            Checksum::Crc32
        };
        let second = self
            .stores
            .open(&Profile {
                checksum: Some(other),
                ..self.profile.clone()
            })
            .await?
            .awake();
        let tried = put(&*second.bucket.store, key, &Only::Always).await;
        if tried.is_err() {
            return Ok(self.step(Step::Put, async { first }).await);
        }
        *open = second;
        let note = Some(format!(
            "the service refuses {checksum:?} checksums, and takes {other:?}"
        ));
        let fix = Some(Fix::Checksum { checksum: other });
        Ok(self
            .step(Step::Put, async { Ok(Finding { note, fix }) })
            .await)
    }

    /// Everything that is done with an object once it is there.
    async fn look(&mut self, open: &Open, key: &str) -> Result<()> {
        let store = &*open.bucket.store;
        self.step(Step::Head, check_head(store, key)).await;
        self.step(Step::Get, check_get(store, key)).await;
        let link = link::url(&open.public_base, key);
        if self.profile.link_hours > 0 {
            let signed = async {
                let link = store.presign(key, Duration::from_secs(3600)).await?;
                check::links(vec![link], &self.profile.name)
                    .await
                    .map(|()| Finding::default())
            };
            self.step(Step::Link, signed).await;
        } else {
            self.step(Step::Link, public_link(link.clone(), self.profile))
                .await;
        }
        let assumed = store.honours_conditions();
        let asking = self
            .stores
            .open(&Profile {
                if_none_match: Some(true),
                ..self.profile.clone()
            })
            .await?
            .awake();
        self.step(
            Step::Conditional,
            conditional(&*asking.bucket.store, key, assumed),
        )
        .await;
        self.step(Step::Parts, parts(store, &format!("{key}.parts")))
            .await;
        if let Some(origin) = self.cors.clone() {
            self.step(Step::Cors, cors(link, origin)).await;
        }
        Ok(())
    }
}

fn body() -> Bytes {
    Bytes::from_static(b"Tintype was here to test the connection. This object may be deleted.\n")
}

fn headers() -> Headers {
    Headers {
        content_type: "text/plain; charset=utf-8".into(),
        ..Headers::default()
    }
}

fn behind_proxy() -> bool {
    [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ]
    .iter()
    .any(|name| std::env::var_os(name).is_some())
}

fn host_and_port(endpoint: &str) -> Option<(String, u16)> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let authority = rest.split('/').next()?;
    let default = if scheme == "http" { 80 } else { 443 };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host.to_owned(), port.parse().ok()?)),
        _ => Some((authority.to_owned(), default)),
    }
}

async fn resolve(host: &str, port: u16) -> Result<Finding> {
    let found = tokio::time::timeout(REACH, tokio::net::lookup_host((host, port))).await;
    match found.map(|found| found.map(Iterator::count)) {
        Ok(Ok(addresses)) if addresses > 0 => Ok(Finding::default()),
        _ => Err(
            Error::new(Code::EndpointUnreachable, format!("{host} has no address"))
                .hint("check the spelling of the endpoint, and whether this computer is online"),
        ),
    }
}

async fn connect(host: &str, port: u16) -> Result<Finding> {
    let refused = |why: String| {
        Error::new(
            Code::EndpointUnreachable,
            format!("{host}:{port} cannot be reached: {why}"),
        )
        .hint("check the endpoint's port and scheme, and whether a firewall is in the way")
    };
    match tokio::time::timeout(REACH, tokio::net::TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(Finding::default()),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused(format!("no answer for {} s", REACH.as_secs()))),
    }
}

/// A wrong clock is put right by the server's for signatures; a person should know all the same.
async fn clock(endpoint: String) -> Result<Finding> {
    let date = blocking("asking for the time", move || check::server_time(&endpoint))
        .await
        .ok()
        .flatten();
    let Some(server) = date else {
        return Ok(Finding::default());
    };
    let now = SystemTime::now();
    let (apart, way) = match server.duration_since(now) {
        Ok(behind) => (behind, "behind"),
        Err(ahead) => (ahead.duration(), "ahead of"),
    };
    let note = (apart > SKEW).then(|| {
        format!(
            "this computer's clock is {} minutes {way} the server's: Tintype signs by the server's; set it to automatic",
            apart.as_secs() / 60
        )
    });
    Ok(Finding { note, fix: None })
}

async fn put(store: &dyn ObjectStore, key: &str, only: &Only) -> Result<Finding> {
    store
        .put(key, body(), &headers(), only, &Progress::default())
        .await
        .map(|_| Finding::default())
}

async fn check_head(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    let size = body().len() as u64;
    match store.head(key).await? {
        Lookup::Found(meta) if meta.size == size => Ok(Finding::default()),
        Lookup::Found(meta) => Err(Error::new(
            Code::ChecksumMismatch,
            format!("the bucket has {} bytes of {size}", meta.size),
        )),
        Lookup::Absent => Err(Error::new(
            Code::ObjectMissing,
            "the object that was just stored is not there",
        )),
        Lookup::Hidden => Err(Error::new(
            Code::AccessDenied,
            "the credentials may store objects but not look at them",
        )
        .hint("give the key the right to get objects (s3:GetObject) in this bucket")),
    }
}

async fn check_get(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    if store.get(key).await? == body() {
        return Ok(Finding::default());
    }
    Err(Error::new(
        Code::ChecksumMismatch,
        "the bucket gave back other bytes than were stored",
    ))
}

async fn public_link(link: String, profile: &Profile) -> Result<Finding> {
    let opened = check::links(vec![link], &profile.name).await;
    opened.map(|()| Finding::default()).map_err(|error| {
        error.hint("make the bucket's objects public, set the public address (a CDN's or the bucket's website), or let links be signed")
    })
}

async fn conditional(store: &dyn ObjectStore, key: &str, assumed: bool) -> Result<Finding> {
    let honoured = match put(store, key, &Only::IfAbsent).await {
        Err(error) if error.code == Code::KeyTaken => true,
        Err(error) if error.code == Code::RequestRefused => false,
        Err(error) => return Err(error),
        Ok(_) => false,
    };
    let note = if honoured {
        "honoured: two computers cannot overwrite each other"
    } else {
        "not honoured: Tintype looks before it stores"
    };
    Ok(Finding {
        note: Some(note.into()),
        fix: (honoured != assumed).then_some(Fix::IfNoneMatch { honoured }),
    })
}

async fn parts(store: &dyn ObjectStore, key: &str) -> Result<Finding> {
    let upload = store.create_upload(key, &headers()).await?;
    let sent = async {
        let part = store
            .put_part(key, &upload, 1, body(), &Progress::default())
            .await?;
        store
            .complete_upload(key, &upload, &[part], &Only::Always)
            .await
    };
    if let Err(error) = sent.await {
        store.abort_upload(key, &upload).await?;
        return Err(error);
    }
    let checked = check_head(store, key).await;
    store.delete(key, &Only::Always).await?;
    checked
}

async fn cors(link: String, origin: String) -> Result<Finding> {
    let asked = origin.clone();
    let allowed = blocking("asking for an origin", move || {
        check::allowed_origin(&link, &asked)
    })
    .await
    .ok()
    .flatten();
    match allowed {
        Some(allowed) if allowed == "*" || allowed == origin => Ok(Finding::default()),
        _ => Err(Error::new(
            Code::LinkBroken,
            format!("pages of {origin} may not read the objects"),
        )
        .hint("allow GET and HEAD from that origin in the bucket's CORS rules")),
    }
}

/// The rights the key needs, for the provider to copy: JSON where it takes policies, else a sentence.
pub(super) fn rights(profile: &Profile) -> Result<String> {
    if !profile.provider()?.takes_policy || profile.credentials == CredentialSource::Demo {
        return Ok(format!(
            "Give the access key the right to read and write objects in the bucket \"{}\", and nothing else.",
            profile.bucket
        ));
    }
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            "Resource": format!("arn:aws:s3:::{}/*", profile.bucket),
        }],
    });
    serde_json::to_string_pretty(&policy).map_err(|error| {
        Error::new(
            Code::Internal,
            format!("a policy has no JSON form: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_host_and_a_port() {
        for (endpoint, host, port) in [
            ("https://s3.example.com", "s3.example.com", 443),
            ("http://127.0.0.1:3900/x", "127.0.0.1", 3900),
            ("http://[::1]:9000", "[::1]", 9000),
        ] {
            assert_eq!(host_and_port(endpoint), Some((host.to_owned(), port)));
        }
    }

    #[test]
    fn the_policy_names_the_bucket_and_lists_nothing() -> Result<()> {
        let aws = Profile {
            provider: "aws".into(),
            bucket: "photos".into(),
            ..Profile::default()
        };
        let policy: serde_json::Value = serde_json::from_str(&rights(&aws)?).expect("JSON");
        assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:s3:::photos/*");
        assert!(!policy.to_string().contains("ListBucket\""));
        let r2 = Profile {
            provider: "r2".into(),
            ..aws
        };
        assert!(rights(&r2)?.contains("read and write"));
        Ok(())
    }
}
