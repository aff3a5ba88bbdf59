//! HTTPS before a server that speaks HTTP, and a proxy that opens tunnels: what stands between a
//! company and the world.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A host that can be reached through the proxy only: its name is nowhere in the world's DNS.
pub const HOST: &str = "s3.tintype.test";

/// See the module.
pub struct Tunnel {
    _runtime: Runtime,
    proxy: SocketAddr,
    opened: Arc<AtomicUsize>,
    /// The authority that signed the host's certificate, PEM.
    pub authority: String,
}

impl Tunnel {
    /// Ends in the server at `endpoint`, whose name is [`HOST`] here.
    pub fn to(endpoint: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let signed = rcgen::generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(vec![signed.cert.der().clone()], key)
            })
            .expect("a server's side");
        let (tls, proxy) = runtime.block_on(async {
            let bind = || TcpListener::bind("127.0.0.1:0");
            (bind().await.expect("a port"), bind().await.expect("a port"))
        });
        let (tls_at, proxy_at) = (
            tls.local_addr().expect("bound"),
            proxy.local_addr().expect("bound"),
        );
        let opened = Arc::new(AtomicUsize::new(0));
        runtime.spawn(serve_tls(
            tls,
            TlsAcceptor::from(Arc::new(config)),
            upstream,
        ));
        runtime.spawn(serve_proxy(proxy, tls_at, Arc::clone(&opened)));
        Self {
            _runtime: runtime,
            proxy: proxy_at,
            opened,
            authority: signed.cert.pem(),
        }
    }

    /// The proxy's address.
    pub fn proxy(&self) -> String {
        format!("http://{}", self.proxy)
    }

    /// Tunnels opened so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

async fn serve_tls(listener: TcpListener, acceptor: TlsAcceptor, upstream: String) {
    while let Ok((connection, _)) = listener.accept().await {
        let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
        tokio::spawn(async move {
            // A client that does not trust the certificate goes away: that is one of the tests.
            let mut plain = acceptor.accept(connection).await?;
            copy_bidirectional(&mut plain, &mut TcpStream::connect(upstream).await?).await
        });
    }
}

async fn serve_proxy(listener: TcpListener, tls: SocketAddr, opened: Arc<AtomicUsize>) {
    while let Ok((mut connection, _)) = listener.accept().await {
        let opened = Arc::clone(&opened);
        tokio::spawn(async move {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(connection.read_u8().await?);
            }
            if !asked.starts_with(format!("CONNECT {HOST}:443 ").as_bytes()) {
                return connection
                    .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                    .await
                    .map(|()| (0, 0));
            }
            opened.fetch_add(1, Ordering::SeqCst);
            connection
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            copy_bidirectional(&mut connection, &mut TcpStream::connect(tls).await?).await
        });
    }
}
