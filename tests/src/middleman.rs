//! A man in the middle: an HTTP proxy of our own between Tintype and a real S3 server, who delays,
//! cuts, loses and lies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// How many requests came before it.
    pub number: usize,
}

impl Asked {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }

    /// Whether a part of a large object is sent.
    pub fn is_part(&self) -> bool {
        self.method == "PUT" && self.target.contains("partNumber=")
    }

    /// Whether the parts of a large object are put together.
    pub fn is_complete(&self) -> bool {
        self.method == "POST" && self.target.contains("uploadId=")
    }

    /// Its path, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether an object is sent whole.
    pub fn is_put(&self) -> bool {
        self.method == "PUT" && !self.target.contains("partNumber=")
    }
}

/// A header's value; empty where there is none.
fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value)
}

/// What becomes of a request.
#[derive(Clone)]
pub enum Fate {
    /// The server gets it, Tintype gets the answer.
    Pass,
    /// The server never hears of it: this status with this S3 error code is the answer.
    Say(u16, &'static str),
    /// The same, with more header lines.
    SayWith(u16, &'static str, String),
    /// The same, in the service's own words.
    SayInWords(u16, &'static str, &'static str),
    /// The server never hears of it: a page for people with this status is the answer, as a proxy
    /// or a gateway gives it.
    Page(u16),
    /// The server does it, the answer is lost.
    LoseReply,
    /// The connection is cut before anything.
    Reset,
    /// The server never hears of it, and the answer is that all is well.
    Swallow,
    /// The server does it; of the answer these headers are taken away.
    Without(&'static [&'static str]),
    /// The server does it, but its clock says something else: the answer's `date`.
    Dated(String),
    /// The body comes slowly: so many bytes a second.
    Slowly(u64),
}

/// An answer on its way back.
pub struct Answer<'a> {
    pub status: u16,
    pub headers: &'a mut Vec<(String, String)>,
}

impl Answer<'_> {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        value(self.headers, name)
    }
}

/// What a man in the middle makes of requests and answers.
pub trait Manners: Send + Sync + 'static {
    fn judge(&self, asked: &Asked) -> Fate;
    /// The server has answered.
    fn answered(&self, _asked: &Asked, _answer: &mut Answer<'_>) {}
}

impl<J: Fn(&Asked) -> Fate + Send + Sync + 'static> Manners for J {
    fn judge(&self, asked: &Asked) -> Fate {
        self(asked)
    }
}

/// What he says where nobody said what.
const OURS: &str = "said by the man in the middle";

struct Shared {
    upstream: String,
    manners: Box<dyn Manners>,
    asked: Mutex<Vec<Asked>>,
    count: AtomicUsize,
    open: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

/// See the module.
pub struct Middleman {
    shared: Arc<Shared>,
    port: u16,
}

impl Middleman {
    /// Stands before the server at `endpoint`.
    pub fn before(endpoint: &str, judge: impl Fn(&Asked) -> Fate + Send + Sync + 'static) -> Self {
        Self::with(endpoint, judge)
    }

    /// The same, with more to him than judging requests.
    pub fn with(endpoint: &str, manners: impl Manners) -> Self {
        let shared = Arc::new(Shared {
            upstream: endpoint.trim_start_matches("http://").to_owned(),
            manners: Box::new(manners),
            asked: Mutex::default(),
            count: AtomicUsize::new(0),
            open: AtomicBool::new(true),
            connections: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        listen(listener, Arc::clone(&shared));
        Self { shared, port }
    }

    /// The same, who lets everything pass unless the switch is on.
    pub fn switched(
        endpoint: &str,
        judge: impl Fn(&Asked) -> Fate + Send + Sync + 'static,
    ) -> (Self, Arc<AtomicBool>) {
        let switch = Arc::new(AtomicBool::new(false));
        let is_on = Arc::clone(&switch);
        let middleman = Self::before(endpoint, move |asked| match is_on.load(Ordering::SeqCst) {
            true => judge(asked),
            false => Fate::Pass,
        });
        (middleman, switch)
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("unpoisoned").clone()
    }

    /// Cuts every connection there is.
    pub fn cut(&self) {
        for connection in self
            .shared
            .connections
            .lock()
            .expect("unpoisoned")
            .drain(..)
        {
            // It may be closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Nobody answers on the port any more: connections are refused.
    pub fn go_away(&self) {
        self.shared.open.store(false, Ordering::SeqCst);
        // The listener waits for a connection: this one wakes it, and is the last.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut();
    }

    /// Back on the same port.
    pub fn come_back(&self) {
        self.shared.open.store(true, Ordering::SeqCst);
        listen(
            TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free"),
            Arc::clone(&self.shared),
        );
    }
}

fn listen(listener: TcpListener, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            if !shared.open.load(Ordering::SeqCst) {
                return;
            }
            let shared = Arc::clone(&shared);
            shared
                .connections
                .lock()
                .expect("unpoisoned")
                .push(connection.try_clone().expect("a handle"));
            // A connection that breaks is what this is all about.
            std::thread::spawn(move || serve(connection, &shared).ok());
        }
    });
}

struct Head {
    first: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn read(from: &mut impl std::io::BufRead) -> std::io::Result<Option<Self>> {
        let mut first = String::new();
        if from.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Some(Self {
            first: first.trim_end().to_owned(),
            headers,
        }))
    }

    fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }

    fn length(&self) -> u64 {
        self.header("content-length").parse().unwrap_or(0)
    }

    fn write(&self, to: &mut impl std::io::Write) -> std::io::Result<()> {
        let lines: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        write!(to, "{}\r\n{lines}\r\n", self.first)
    }
}

fn serve(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut from_client = BufReader::new(client.try_clone()?);
    let mut client = client;
    let mut server: Option<BufReader<TcpStream>> = None;
    while let Some(mut head) = Head::read(&mut from_client)? {
        let mut words = head.first.splitn(3, ' ');
        let (method, target) = (
            words.next().unwrap_or_default().to_owned(),
            words.next().unwrap_or_default().to_owned(),
        );
        // As a proxy one is asked for whole addresses.
        let target = target
            .strip_prefix("http://")
            .map_or(target.clone(), |rest| {
                rest[rest.find('/').unwrap_or(rest.len())..].to_owned()
            });
        let number = shared.count.fetch_add(1, Ordering::SeqCst);
        let asked = Asked {
            method: method.clone(),
            target: target.clone(),
            headers: head.headers.clone(),
            number,
        };
        shared.asked.lock().expect("unpoisoned").push(asked.clone());
        let fate = shared.manners.judge(&asked);
        if matches!(fate, Fate::Reset) {
            return client.shutdown(Shutdown::Both);
        }
        if head.header("expect") == "100-continue" {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            head.headers.retain(|(name, _)| name != "expect");
        }
        let body = read_body(&mut from_client, head.length(), &fate)?;
        match fate {
            Fate::Say(status, code) => say(&mut client, status, (code, OURS), "", &method)?,
            Fate::SayWith(status, code, more) => {
                say(&mut client, status, (code, OURS), &more, &method)?
            }
            Fate::SayInWords(status, code, words) => {
                say(&mut client, status, (code, words), "", &method)?
            }
            Fate::Page(status) => {
                let page = "<html><title>no</title></html>";
                let body = if method == "HEAD" { "" } else { page };
                write!(
                    client,
                    "HTTP/1.1 {status} No\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{body}",
                    page.len()
                )?;
            }
            Fate::Swallow => {
                client.write_all(b"HTTP/1.1 200 OK\r\netag: \"00\"\r\ncontent-length: 0\r\n\r\n")?
            }
            fate => {
                head.first = format!("{method} {target} HTTP/1.1");
                let upstream = match &mut server {
                    Some(server) => server,
                    None => server.insert(BufReader::new(TcpStream::connect(&shared.upstream)?)),
                };
                head.write(upstream.get_mut())?;
                upstream.get_mut().write_all(&body)?;
                let (mut answer, body) = answer_of(upstream, &method)?;
                if matches!(fate, Fate::LoseReply) {
                    return client.shutdown(Shutdown::Both);
                }
                if let Fate::Without(names) = &fate {
                    answer
                        .headers
                        .retain(|(name, _)| !names.contains(&name.as_str()));
                }
                if let Fate::Dated(date) = &fate {
                    answer.headers.retain(|(name, _)| name != "date");
                    answer.headers.push(("date".into(), date.clone()));
                }
                let status = answer
                    .first
                    .split(' ')
                    .nth(1)
                    .and_then(|text| text.parse().ok());
                let mut told = Answer {
                    status: status.unwrap_or_default(),
                    headers: &mut answer.headers,
                };
                shared.manners.answered(&asked, &mut told);
                answer.write(&mut client)?;
                client.write_all(&body)?;
            }
        }
    }
    Ok(())
}

fn read_body(from: &mut impl std::io::Read, length: u64, fate: &Fate) -> std::io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(length).unwrap_or_default()];
    match fate {
        Fate::Slowly(rate) => {
            // A tenth of a second's worth at a time: this is what a slow line is.
            for piece in body.chunks_mut(usize::try_from((rate / 10).max(1)).unwrap_or(1)) {
                from.read_exact(piece)?;
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        _ => from.read_exact(&mut body)?,
    }
    Ok(body)
}

fn answer_of(server: &mut BufReader<TcpStream>, method: &str) -> std::io::Result<(Head, Vec<u8>)> {
    let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let head = Head::read(server)?.ok_or_else(gone)?;
    let mut body = Vec::new();
    if method == "HEAD" || head.first.contains(" 204") {
        return Ok((head, body));
    }
    if head.header("transfer-encoding") == "chunked" {
        loop {
            let start = body.len();
            server.read_until(b'\n', &mut body)?;
            let size = std::str::from_utf8(&body[start..])
                .ok()
                .and_then(|line| u64::from_str_radix(line.trim(), 16).ok())
                .ok_or_else(gone)?;
            server.take(size + 2).read_to_end(&mut body)?;
            if size == 0 {
                return Ok((head, body));
            }
        }
    }
    server.take(head.length()).read_to_end(&mut body)?;
    Ok((head, body))
}

fn say(
    client: &mut TcpStream,
    status: u16,
    (code, message): (&str, &str),
    more: &str,
    method: &str,
) -> std::io::Result<()> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/xml\r\nx-amz-request-id: 1\r\n{more}content-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes())?;
    if method == "HEAD" {
        Ok(())
    } else {
        client.write_all(body.as_bytes())
    }
}
