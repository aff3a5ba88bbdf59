//! A bucket that is slow, fails, loses answers and does what it was asked all the same, as the
//! weather wants it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use tintype_core::error::{Code, Error, Result, Retry};
use tintype_core::held::Held;
use tintype_core::profile::Conditions;
use tintype_core::transfer::{
    Headers, Lookup, ObjectStore, Only, Page, Part, PartRules, Progress, Receipt,
};
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
    /// Uploads in parts that are neither whole nor given up.
    pub(crate) unfinished: BTreeMap<String, Unfinished>,
    begun: u32,
    start: Option<Instant>,
    /// What was done and asked, in order.
    pub(crate) trace: Vec<String>,
}

/// An upload in parts.
pub(crate) struct Unfinished {
    pub(crate) key: String,
    metadata: Vec<(String, String)>,
    parts: BTreeMap<i32, Bytes>,
}

impl Server {
    pub(crate) fn new(honours: bool, dice: fastrand::Rng) -> Self {
        Self {
            ledger: Ledger::default(),
            weather: Weather {
                slow: 50,
                ..Weather::default()
            },
            honours,
            dice,
            unfinished: BTreeMap::new(),
            begun: 0,
            start: None,
            trace: Vec::new(),
        }
    }

    pub(crate) fn say(&mut self, what: &str) {
        let start = *self.start.get_or_insert_with(Instant::now);
        self.trace
            .push(format!("{:>8.3} {what}", start.elapsed().as_secs_f64()));
    }

    fn unfinished(&mut self, key: &str, upload: &str) -> Result<&mut Unfinished> {
        let lost = || Error::new(Code::UploadLost, "there is no such upload");
        self.unfinished
            .get_mut(upload)
            .filter(|found| found.key == key)
            .ok_or_else(lost)
    }
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
        let Weather {
            away,
            busy,
            broken,
            lost,
            slow,
        } = server.weather;
        let mut time = || Duration::from_millis(server.dice.u64(1..=slow.max(1)));
        let (there, back) = (time(), time());
        let roll = server.dice.u32(0..1000);
        let fate = if away {
            Fate::Not(
                Error::new(Code::EndpointUnreachable, "nobody is there").retry(Retry::WhenOnline),
            )
        } else if roll < busy {
            Fate::Not(Error::new(Code::ServerBusy, "slow down").retry(Retry::Slower))
        } else if roll < busy + broken {
            Fate::Not(
                Error::new(Code::EndpointUnreachable, "the connection broke").retry(Retry::Soon),
            )
        } else if roll < busy + broken + lost {
            Fate::Lost
        } else {
            Fate::Pass
        };
        (there, fate, back)
    }

    /// One request. What is on its way to the server arrives there, whatever becomes of who asked.
    async fn ask<T: Send + 'static>(
        &self,
        what: &str,
        key: &str,
        work: impl FnOnce(&mut Server, usize, Instant) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let begun = Instant::now();
        let (there, fate, back) = self.roll();
        let end = match &fate {
            Fate::Pass => String::new(),
            Fate::Lost => ": the answer will be lost".into(),
            Fate::Not(error) => format!(": {}", error.message),
        };
        self.server()
            .say(&format!("  {}: {what} {key}{end}", self.computer));
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
        let answer = arrives
            .await
            .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        tokio::time::sleep(back).await;
        if lost {
            Err(Error::new(Code::EndpointUnreachable, "the answer was lost").retry(Retry::Soon))
        } else {
            answer
        }
    }
}

fn etag_of(body: &Bytes) -> String {
    hex::encode(Md5::digest(body))
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
        let place = key.to_owned();
        self.ask("HEAD", key, move |server, _, _| {
            Ok(server
                .ledger
                .object(&place)
                .map_or(Lookup::Absent, |object| {
                    Lookup::Found(Held {
                        size: object.body.len() as u64,
                        etag: object.etag.clone(),
                        metadata: object.metadata.clone(),
                    })
                }))
        })
        .await
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        headers: &Headers,
        only: &Only,
        _: &Progress,
    ) -> Result<Receipt> {
        let (place, metadata, only) = (key.to_owned(), headers.metadata.clone(), only.clone());
        self.ask("PUT", key, move |server, computer, _| {
            if !holds(server, &place, &only) {
                return Err(taken());
            }
            let object = Object::new(body, metadata, Some(computer));
            let etag = object.etag.clone();
            let proven = server.dice.bool();
            let honours = server.honours;
            server.ledger.put(&place, object, honours);
            Ok(Receipt { etag, proven })
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        let place = key.to_owned();
        let missing = || Error::new(Code::ObjectMissing, "there is no such object");
        self.ask("GET", key, move |server, _, _| {
            server
                .ledger
                .object(&place)
                .map(|object| object.body.clone())
                .ok_or_else(missing)
        })
        .await
    }

    async fn get_range(&self, key: &str, from: u64, until: u64) -> Result<Bytes> {
        let body = self.get(key).await?;
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        Ok(body.slice(place(from)..place(until)))
    }

    async fn list(&self, prefix: &str, _: Option<String>) -> Result<Page> {
        let wanted = prefix.to_owned();
        self.ask("LIST", prefix, move |server, _, _| {
            Ok(Page {
                keys: server.ledger.keys(&wanted),
                next: None,
            })
        })
        .await
    }

    async fn delete(&self, key: &str, only: &Only) -> Result<()> {
        let (place, only) = (key.to_owned(), only.clone());
        self.ask("DELETE", key, move |server, computer, begun| {
            if !holds(server, &place, &only) {
                return Err(taken());
            }
            let honours = server.honours;
            server.ledger.delete(&place, computer, begun, honours);
            Ok(())
        })
        .await
    }

    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String> {
        let (place, metadata) = (key.to_owned(), headers.metadata.clone());
        self.ask("BEGIN", key, move |server, _, _| {
            server.begun += 1;
            let id = format!("upload-{}", server.begun);
            server.unfinished.insert(
                id.clone(),
                Unfinished {
                    key: place,
                    metadata,
                    parts: BTreeMap::new(),
                },
            );
            Ok(id)
        })
        .await
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
        _: &Progress,
    ) -> Result<Part> {
        let (place, id) = (key.to_owned(), upload.to_owned());
        self.ask("PART", key, move |server, _, _| {
            let part = Part {
                number,
                size: body.len() as u64,
                etag: etag_of(&body),
                crc32: None,
            };
            server.unfinished(&place, &id)?.parts.insert(number, body);
            Ok(part)
        })
        .await
    }

    async fn list_parts(&self, key: &str, upload: &str) -> Result<Option<Vec<Part>>> {
        let (place, id) = (key.to_owned(), upload.to_owned());
        self.ask("PARTS", key, move |server, _, _| {
            let Ok(found) = server.unfinished(&place, &id) else {
                return Ok(None);
            };
            let part = |(number, body): (&i32, &Bytes)| Part {
                number: *number,
                size: body.len() as u64,
                etag: etag_of(body),
                crc32: None,
            };
            Ok(Some(found.parts.iter().map(part).collect()))
        })
        .await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
        only: &Only,
    ) -> Result<String> {
        let (place, id, only) = (key.to_owned(), upload.to_owned(), only.clone());
        let named: Vec<i32> = parts.iter().map(|part| part.number).collect();
        self.ask("COMPLETE", key, move |server, computer, _| {
            if !holds(server, &place, &only) {
                return Err(taken());
            }
            let found = server.unfinished(&place, &id)?;
            let body: Vec<u8> = named
                .iter()
                .filter_map(|number| found.parts.get(number))
                .flatten()
                .copied()
                .collect();
            let object = Object::new(body.into(), found.metadata.clone(), Some(computer));
            let (etag, honours) = (object.etag.clone(), server.honours);
            server.unfinished.remove(&id);
            server.ledger.put(&place, object, honours);
            Ok(etag)
        })
        .await
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()> {
        let id = upload.to_owned();
        self.ask("ABORT", key, move |server, _, _| {
            server.unfinished.remove(&id);
            Ok(())
        })
        .await
    }

    async fn unfinished_uploads(&self, key: &str) -> Result<Vec<String>> {
        let place = key.to_owned();
        let of_key = move |server: &mut Server, _, _| {
            let found = server
                .unfinished
                .iter()
                .filter(|(_, upload)| upload.key == place);
            Ok(found.map(|(id, _)| id.clone()).collect())
        };
        self.ask("UPLOADS", key, of_key).await
    }

    async fn presign(&self, key: &str, _: Duration) -> Result<String> {
        Ok(format!("https://signed.example/{key}"))
    }

    fn conditions(&self) -> Conditions {
        if self.server().honours {
            Conditions::ALL
        } else {
            Conditions::NONE
        }
    }

    fn part_rules(&self) -> PartRules {
        PartRules {
            least: 5 << 20,
            most: 10_000,
        }
    }
}
