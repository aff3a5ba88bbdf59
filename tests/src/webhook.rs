//! Whoever is told of finished jobs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

/// Listens at an address of its own and answers with one status after the other: the address, and
/// what it is told (the secret, and the body).
pub fn listener(answers: Vec<u16>) -> (String, Receiver<(String, Value)>) {
    let (tell, told) = channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a message");
    let address = format!("http://{}/hook", listener.local_addr().expect("a message"));
    std::thread::spawn(move || {
        for (stream, status) in listener.incoming().flatten().zip(answers) {
            let mut from = BufReader::new(stream.try_clone().expect("a message"));
            let (mut length, mut secret) = (0, String::new());
            loop {
                let mut line = String::new();
                from.read_line(&mut line).expect("a message");
                match line.trim_end().to_ascii_lowercase().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().expect("a message"),
                    Some(("x-tintype-secret", value)) => value.clone_into(&mut secret),
                    Some(_) => {}
                    None if line.trim_end().is_empty() => break,
                    None => {}
                }
            }
            let mut body = vec![0; length];
            from.read_exact(&mut body).expect("a message");
            let mut stream = stream;
            write!(
                stream,
                "HTTP/1.1 {status} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .expect("a message");
            // The test may have heard enough.
            let _ = tell.send((secret, serde_json::from_slice(&body).expect("a message")));
        }
    });
    (address, told)
}
