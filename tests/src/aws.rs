//! AWS' own services that give out credentials: STS, single sign-on, an instance's metadata. As
//! their documentation has the answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// All three at one address; what they were asked for.
pub struct Aws {
    pub endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    /// They give out this key, with this session of AWS.
    pub fn giving(key: &str, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (known, key, secret) = (Arc::clone(&asked), key.to_owned(), secret.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let line = request(&stream);
                let (head, body) = answer(&line, &key, &secret);
                known.lock().expect("not poisoned").push(line);
                let mut stream = stream;
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                )
                .expect("an answer");
            }
        });
        Self { endpoint, asked }
    }

    /// Whether somebody asked for something that begins so.
    pub fn was_asked(&self, beginning: &str) -> bool {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().any(|line| line.starts_with(beginning))
    }
}

/// Reads a request to its end; its first line, and what STS is asked to do.
fn request(stream: &TcpStream) -> String {
    let mut from = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    from.read_line(&mut first).expect("a request");
    loop {
        let mut line = String::new();
        from.read_line(&mut line).expect("a header");
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).expect("a body");
    let body = String::from_utf8_lossy(&body);
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    match action {
        Some(action) => format!("{} {action}", first.trim_end()),
        None => first,
    }
}

fn answer(line: &str, key: &str, secret: &str) -> (&'static str, String) {
    // Far away: nothing here is renewed.
    const END: &str = "2099-01-01T00:00:00Z";
    const JSON: &str = "content-type: application/json\r\n";
    if line.starts_with("PUT /latest/api/token") {
        let ttl = "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";
        return (ttl, "token".into());
    }
    if line.starts_with("GET /federation/credentials") {
        let told = serde_json::json!({ "roleCredentials": {
            "accessKeyId": key, "secretAccessKey": secret, "sessionToken": "session",
            "expiration": 4_070_908_800_000_u64,
        }});
        return (JSON, told.to_string());
    }
    if line.starts_with("GET /latest/meta-data/iam/security-credentials/ ") {
        return ("", "uploads".into());
    }
    if line.starts_with("GET /latest/meta-data/iam/security-credentials/uploads") {
        let told = serde_json::json!({
            "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
            "AccessKeyId": key, "SecretAccessKey": secret, "Token": "session", "Expiration": END,
        });
        return (JSON, told.to_string());
    }
    let action = line.rsplit(' ').next().unwrap_or_default();
    let told = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>session</SessionToken><Expiration>{END}</Expiration>\
         </Credentials><AssumedRoleUser><AssumedRoleId>A:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/up/s</Arn></AssumedRoleUser>\
         </{action}Result></{action}Response>"
    );
    ("content-type: text/xml\r\n", told)
}
