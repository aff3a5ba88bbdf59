//! An S3 server inside this process, on this computer only.
//!
//! It is the bucket a new user tries Tintype with, and the server of the tests. Objects are files
//! below one folder. Anyone on this computer may read an object (so that links open in a browser);
//! everything else must be signed. Its keys are invented at each start and hold until its end; other
//! programs of the same person find them beside the objects, where nobody else may read.

mod names;
mod served;

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder as ConnectionBuilder;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::path::S3Path;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use names::Names;
use served::Served;

/// The one bucket there is at the start.
pub const BUCKET: &str = "demo";
/// The region the server says it is in.
pub const REGION: &str = "us-east-1";

/// A running demo bucket; it stops when dropped.
#[derive(Debug)]
pub struct DemoBucket {
    address: SocketAddr,
    access_key_id: String,
    secret_access_key: String,
    stop: CancellationToken,
    told: PathBuf,
    // Two servers on one folder would take each other's unfinished files for rubbish.
    _lock: File,
}

impl DemoBucket {
    /// Serves the objects below `dir`, on `port` or on the port of the last time (a free one at
    /// first), so that links stay the same. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `AddrInUse` if the asked port is taken, `WouldBlock` if another server uses the folder, and whatever the
    /// file system says.
    pub async fn start(dir: &Path, port: Option<u16>) -> io::Result<Self> {
        let objects = dir.join("objects");
        std::fs::create_dir_all(objects.join(BUCKET))?;
        let lock = lock(dir)?;
        let listener = listen(&dir.join("port"), port).await?;
        let address = listener.local_addr()?;
        let (access_key_id, secret_access_key) = (format!("DEMO{}", random_hex(8)), random_hex(20));
        let service = service(&objects, &access_key_id, &secret_access_key)?;
        let told = dir.join(TOLD);
        let endpoint = format!("http://{address}");
        tell(&told, &[&endpoint, &access_key_id, &secret_access_key])?;
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, service, stop.clone()));
        Ok(Self {
            address,
            access_key_id,
            secret_access_key,
            stop,
            told,
            _lock: lock,
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the links of the demo bucket begin with.
    pub fn public_url(&self) -> String {
        format!("{}/{BUCKET}", self.endpoint())
    }

    /// The public half of the credentials.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret half; good until the server stops.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }
}

impl Drop for DemoBucket {
    fn drop(&mut self) {
        self.stop.cancel();
        // Whoever still reads it finds nobody there.
        let _gone = std::fs::remove_file(&self.told);
    }
}

/// Where a running server says how it is reached.
const TOLD: &str = "serving";

/// How a server in another process is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl Elsewhere {
    /// The server that another process of this person runs on that folder, if it says so.
    pub fn find(dir: &Path) -> Option<Self> {
        let told = std::fs::read_to_string(dir.join(TOLD)).ok()?;
        let mut lines = told.lines().map(str::to_owned);
        Some(Self {
            endpoint: lines.next()?,
            access_key_id: lines.next()?,
            secret_access_key: lines.next()?,
        })
    }
}

/// Writes lines that only their owner may read.
fn tell(path: &Path, lines: &[&str]) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One that was left behind may have other rights.
    let _left = std::fs::remove_file(path);
    io::Write::write_all(&mut options.open(path)?, lines.join("\n").as_bytes())
}

fn lock(dir: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another Tintype serves the demo bucket of this folder",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

async fn listen(remembered: &PathBuf, asked: Option<u16>) -> io::Result<TcpListener> {
    let on = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = asked {
        return on(port).await;
    }
    let last = std::fs::read_to_string(remembered)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    if let Some(Ok(listener)) = match last {
        Some(port) => Some(on(port).await),
        None => None,
    } {
        return Ok(listener);
    }
    let listener = on(0).await?;
    // Where the port of the links there are is taken this once, they open again the next time.
    if last.is_none() {
        std::fs::write(remembered, listener.local_addr()?.port().to_string())?;
    }
    Ok(listener)
}

fn service(objects: &Path, access_key_id: &str, secret_access_key: &str) -> io::Result<S3Service> {
    let files = FileSystem::new(objects).map_err(|error| io::Error::other(format!("{error:?}")))?;
    let names = Names::new(objects.to_owned(), objects.with_file_name("keys"));
    let mut builder = S3ServiceBuilder::new(Served { files, names });
    builder.set_auth(SimpleAuth::from_single(access_key_id, secret_access_key));
    builder.set_access(ReadableByAll {
        objects: objects.to_owned(),
    });
    Ok(builder.build())
}

/// Reading one object needs no signature; everything else does.
struct ReadableByAll {
    objects: PathBuf,
}

#[async_trait::async_trait]
impl S3Access for ReadableByAll {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name();
        if cx.credentials().is_none() && !matches!(operation, "GetObject" | "HeadObject") {
            return Err(s3_error!(AccessDenied, "this request must be signed"));
        }
        // s3s-fs makes the folder of a bucket that does not exist; a real service refuses.
        let bucket = match cx.s3_path() {
            S3Path::Bucket { bucket } | S3Path::Object { bucket, .. } => Some(bucket),
            S3Path::Root => None,
        };
        match bucket {
            Some(bucket)
                if operation != "CreateBucket" && !self.objects.join(&**bucket).is_dir() =>
            {
                Err(s3_error!(NoSuchBucket))
            }
            _ => Ok(()),
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                // Small answers must not wait for acknowledgements of earlier ones.
                let _ = socket.set_nodelay(true);
                let service = service.clone();
                connections.spawn(async move {
                    let builder = ConnectionBuilder::new(TokioExecutor::new());
                    if let Err(error) = builder
                        .serve_connection(TokioIo::new(socket), service)
                        .await
                    {
                        tracing::debug!(%error, "a connection to the demo bucket ended early");
                    }
                });
            }
            Err(error) => {
                // Out of file handles, most likely: give the open connections time to end.
                tracing::warn!(%error, "the demo bucket could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.shutdown().await;
}

fn random_hex(bytes: usize) -> String {
    let mut text =
        uuid::Uuid::new_v4().simple().to_string() + &uuid::Uuid::new_v4().simple().to_string();
    text.truncate(bytes * 2);
    text
}
