//! A bucket that is slow, fails, loses answers and does what it was asked all the same, as the weather wants it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tintype_core::error::{Code, Error, Result, Retry};
use tintype_core::held::Held;
use tintype_core::transfer::{Headers, Lookup, ObjectStore, Only, Page, Part, PartRules, Progress, Receipt};
use tokio::time::Instant;

use crate::ledger::{Ledger, Object};

/// How likely what is, of a thousand requests, and how long they take at most.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// Nobody is there.
    pub(crate) away: bool,
    /// The server says it is busy.
    pub(crate) busy: u32,
    /// The connection breaks before the server hears of it.
    pub(crate) broken: u32,
    /// The server does it; the answer is lost.
    pub(crate) lost: u32,
    /// Milliseconds.
    pub(crate) slow: u64,
}

/// The bucket's own side: what it has, and what it is like.
pub(crate) struct Server {
    pub(crate) ledger: Ledger,
    pub(crate) weather: Weather,
    /// It honours `If-Match` and `If-None-Match`.
    pub(crate) honours: bool,
    pub(crate) dice: fastrand::Rng,
}

/// The bucket as one computer reaches it.
#[derive(Clone)]
pub(crate) struct Reached {
    pub(crate) server: Arc<Mutex<Server>>,
    pub(crate) computer: usize,
}

/// What becomes of a request.
enum Fate {
    Pass,
    Lost,
    Not(Error),
}

impl Reached {
    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn roll(&self) -> (Duration, Fate, Duration) {
        let mut server = self.server();
        let Weather { away, busy, broken, lost, slow } = server.weather;
        let mut time = || Duration::from_millis(server.dice.u64(1..=slow.max(1)));
        let (there, back) = (time(), time());
        let roll = server.dice.u32(0..1000);
        let fate = if away {
            Fate::Not(Error::new(Code::EndpointUnreachable, "nobody is there").retry(Retry::WhenOnline))
        } else if roll < busy {
            Fate::Not(Error::new(Code::ServerBusy, "slow down").retry(Retry::Slower))
        } else if roll < busy + broken {
            Fate::Not(Error::new(Code::EndpointUnreachable, "the connection broke").retry(Retry::Soon))
        } else if roll < busy + broken + lost {
            Fate::Lost
        } else {
            Fate::Pass
        };
        (there, fate, back)
    }

    /// One request. What is on its way to the server arrives there, whatever becomes of who asked.
    async fn ask<T: Send + 'static>(&self, work: impl FnOnce(&mut Server, usize, Instant) -> Result<T> + Send + 'static) -> Result<T> {
        let begun = Instant::now();
        let (there, fate, back) = self.roll();
        let (on_its_way, computer) = (self.clone(), self.computer);
        let lost = match fate {
            Fate::Not(error) => {
                tokio::time::sleep(there).await;
                return Err(error);
            }
            Fate::Lost => true,
            Fate::Pass => false,
        };
        let arrives = tokio::spawn(async move {
            tokio::time::sleep(there).await;
            work(&mut on_its_way.server(), computer, begun)
        });
        let answer = arrives.await.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        tokio::time::sleep(back).await;
        if lost { Err(Error::new(Code::EndpointUnreachable, "the answer was lost").retry(Retry::Soon)) } else { answer }
    }
}

fn taken() -> Error {
    Error::new(Code::KeyTaken, "the key is taken")
}

/// Whether a condition holds, as far as the bucket honours it.
fn holds(server: &Server, key: &str, only: &Only) -> bool {
    let there = server.ledger.object(key);
    !server.honours
        || match only {
            Only::Always => true,
            Only::IfAbsent => there.is_none(),
            Only::IfStill(etag) => there.is_some_and(|object| object.etag == *etag),
        }
}

#[async_trait]
impl ObjectStore for Reached {
    async fn head(&self, key: &str) -> Result<Lookup> {
        let key = key.to_owned();
        self.ask(move |server, _, _| {
            Ok(server.ledger.object(&key).map_or(Lookup::Absent, |object| {
                Lookup::Found(Held { size: object.body.len() as u64, etag: object.etag.clone(), metadata: object.metadata.clone() })
            }))
        })
        .await
    }

    async fn put(&self, key: &str, body: Bytes, headers: &Headers, only: &Only, _: &Progress) -> Result<Receipt> {
        let (key, metadata, only) = (key.to_owned(), headers.metadata.clone(), only.clone());
        self.ask(move |server, computer, _| {
            if !holds(server, &key, &only) {
                return Err(taken());
            }
            let object = Object::new(body, metadata, Some(computer));
            let etag = object.etag.clone();
            let proven = server.dice.bool();
            let honours = server.honours;
            server.ledger.put(&key, object, honours);
            Ok(Receipt { etag, proven })
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        let key = key.to_owned();
        let missing = || Error::new(Code::RequestRefused, "there is no such object");
        self.ask(move |server, _, _| server.ledger.object(&key).map(|object| object.body.clone()).ok_or_else(missing)).await
    }

    async fn get_range(&self, key: &str, from: u64, until: u64) -> Result<Bytes> {
        let body = self.get(key).await?;
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        Ok(body.slice(place(from)..place(until)))
    }

    async fn list(&self, prefix: &str, _: Option<String>) -> Result<Page> {
        let prefix = prefix.to_owned();
        self.ask(move |server, _, _| Ok(Page { keys: server.ledger.keys(&prefix), next: None })).await
    }

    async fn delete(&self, key: &str, only: &Only) -> Result<()> {
        let (key, only) = (key.to_owned(), only.clone());
        self.ask(move |server, computer, begun| {
            if !holds(server, &key, &only) {
                return Err(taken());
            }
            server.ledger.delete(&key, computer, begun);
            Ok(())
        })
        .await
    }

    async fn create_upload(&self, _: &str, _: &Headers) -> Result<String> {
        Err(no_parts())
    }

    async fn put_part(&self, _: &str, _: &str, _: i32, _: Bytes, _: &Progress) -> Result<Part> {
        Err(no_parts())
    }

    async fn list_parts(&self, _: &str, _: &str) -> Result<Option<Vec<Part>>> {
        Ok(None)
    }

    async fn complete_upload(&self, _: &str, _: &str, _: &[Part], _: &Only) -> Result<String> {
        Err(no_parts())
    }

    async fn abort_upload(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }

    async fn unfinished_uploads(&self, _: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn presign(&self, key: &str, _: Duration) -> Result<String> {
        Ok(format!("https://signed.example/{key}"))
    }

    fn honours_conditions(&self) -> bool {
        self.server().honours
    }

    fn part_rules(&self) -> PartRules {
        PartRules { least: 5 << 20, most: 10_000 }
    }
}

/// Files of a simulation are small.
fn no_parts() -> Error {
    Error::new(Code::RequestRefused, "this bucket takes no parts")
}
