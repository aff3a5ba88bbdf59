//! The doctor, first cut: a small object goes the whole way, and every step is named with its result.

use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::transfer::{Headers, Lookup, ObjectStore, Progress};

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Step {
    /// Store a small object.
    Put,
    /// Ask for its size.
    Head,
    /// Read it back.
    Get,
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
}

/// Puts, looks at, reads and deletes one small object; stops at the first step that fails, but always cleans up.
pub(super) async fn examine(store: &dyn ObjectStore) -> Vec<StepResult> {
    let key = format!(".tintype-test/{}.txt", uuid::Uuid::new_v4().simple());
    let body = Bytes::from_static(b"Tintype was here to test the connection. This object may be deleted.\n");
    let headers = Headers { content_type: "text/plain; charset=utf-8".into(), ..Headers::default() };
    let mut results = Vec::new();
    let progress = Progress::default();
    let put = async { store.put(&key, body.clone(), &headers, false, &progress).await.map(|_| ()) };
    let mut well = record(&mut results, Step::Put, put).await;
    let stored = well;
    if well {
        well = record(&mut results, Step::Head, check_head(store, &key, body.len() as u64)).await;
    }
    if well {
        record(&mut results, Step::Get, check_get(store, &key, &body)).await;
    }
    if stored {
        record(&mut results, Step::Delete, store.delete(&key)).await;
    }
    results
}

async fn record(results: &mut Vec<StepResult>, step: Step, attempt: impl Future<Output = Result<()>>) -> bool {
    let start = Instant::now();
    let error = attempt.await.err();
    let well = error.is_none();
    results.push(StepResult { step, millis: u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX), error });
    well
}

async fn check_head(store: &dyn ObjectStore, key: &str, size: u64) -> Result<()> {
    match store.head(key).await? {
        Lookup::Found(meta) if meta.size == size => Ok(()),
        Lookup::Found(meta) => Err(Error::new(Code::ChecksumMismatch, format!("the bucket has {} bytes of {size}", meta.size))),
        Lookup::Absent => Err(Error::new(Code::ObjectMissing, "the object that was just stored is not there")),
        Lookup::Hidden => Err(Error::new(Code::AccessDenied, "the credentials may store objects but not look at them")
            .hint("give the key the right to get objects (s3:GetObject) in this bucket")),
    }
}

async fn check_get(store: &dyn ObjectStore, key: &str, body: &Bytes) -> Result<()> {
    let found = store.get(key).await?;
    if found == *body {
        return Ok(());
    }
    Err(Error::new(Code::ChecksumMismatch, "the bucket gave back other bytes than were stored"))
}
