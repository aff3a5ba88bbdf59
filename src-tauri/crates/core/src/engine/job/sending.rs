//! A job's objects into the bucket, under keys that are theirs.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use futures::future::join_all;

use super::compare::How;
use super::live::Live;
use super::objects::Object;
use super::plan::{HASH_DIGITS, Planned, plan};
use super::record::Record;
use super::unheard;
use super::work::{Work, tell_reason};
use crate::engine::bucket::free_keys::SMALL;
use crate::engine::bucket::stores::Open;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::held::label_of;
use crate::intake;
use crate::journal::{JobRow, JobState, SentObject, UploadKey};
use crate::link;
use crate::profile::OnConflict;
use crate::transfer::{
    self, Content, Headers, META_MADE, META_SHA256, META_SOURCE, META_UPLOAD, Only, Order, Source,
    Still,
};

/// Sends what has to be sent: how each object was, or nothing at all if the file is skipped.
pub(super) async fn plan_and_send(
    work: &Work<'_>,
    objects: &mut [Object],
    live: &Live,
) -> Result<Option<Vec<Sent>>> {
    let choice = work.job.on_conflict.unwrap_or(work.profile.on_conflict);
    let keeps_both = matches!(choice, OnConflict::KeepBoth | OnConflict::Replace);
    let (mut level, mut again) = (0, 0);
    loop {
        // What mends goes where it was; whatever else had a plan may get another one now.
        if work.job.wanted.is_none() && (again > 0 || work.job.sha256.is_some()) {
            unheard::remember(work.stages, work.open, work.job, false).await?;
        }
        let plan = match plan(work, objects, level, again > 0).await? {
            Planned::Skip => return Ok(None),
            Planned::Go(plan) => plan,
        };
        // The bucket was asked, and answered: it goes on.
        tell_reason(work.stages, work.job, None).await?;
        match send_all(work, objects, &plan.send, live).await {
            // Someone else was faster, or took a key that cannot be seen: look again; then take
            // other keys.
            Err(error)
                if error.code == Code::KeyTaken
                    && again < HASH_DIGITS.len()
                    && (keeps_both || !plan.hidden) =>
            {
                again += 1;
                let elsewhere =
                    keeps_both && (plan.hidden || again > 1) && level + 1 < HASH_DIGITS.len();
                level += usize::from(elsewhere);
            }
            other => return other.map(Some),
        }
    }
}

/// How an object came to be in the bucket.
pub(super) struct Sent {
    /// It was sent; otherwise the bucket had it.
    pub(super) sent: bool,
    /// This computer put it there, now or before.
    ours: bool,
    size: u64,
    sha256: String,
    etag: String,
}

async fn send_all(
    work: &Work<'_>,
    objects: &[Object],
    plan: &[How],
    live: &Live,
) -> Result<Vec<Sent>> {
    live.progress.reset();
    let to_send = objects
        .iter()
        .zip(plan)
        .filter(|(_, how)| how.only().is_some());
    live.total.store(
        to_send.map(|(object, _)| object.size).sum(),
        Ordering::Relaxed,
    );
    // Each to its end, also where another has failed: what was given up halfway might arrive after
    // the key was looked at.
    let sending = objects.iter().zip(plan);
    join_all(sending.map(|(object, how)| send(work, object, how, live)))
        .await
        .into_iter()
        .collect()
}

async fn send(work: &Work<'_>, object: &Object, how: &How, live: &Live) -> Result<Sent> {
    let Work {
        stages,
        open,
        job,
        file,
        ..
    } = work;
    let (only, progress) = match how {
        // What the bucket has is what it says itself, whoever made it.
        How::Not(held) => {
            let sha256 = held.get(META_SHA256).unwrap_or(&object.sha256).to_owned();
            // An earlier try of this very job may have sent it, and not have heard of it.
            let sent = held.get(META_UPLOAD) == Some(&label_of(&job.uid));
            return Ok(Sent {
                sent,
                ours: sent || unheard::is_unheard_of(work, &object.key, held).await?,
                size: held.size,
                sha256,
                etag: held.etag.clone(),
            });
        }
        how => (how.only().unwrap_or(Only::IfAbsent), &live.progress),
    };
    let unchanged = || intake::unchanged(&job.source, file);
    let content = match &object.bytes {
        Some(bytes) => Content::Memory(bytes.clone()),
        None => Content::File(Source {
            path: &job.source,
            size: object.size,
            unchanged: &unchanged,
            log: Box::new(Record {
                journal: &stages.journal,
                key: upload_key(work, object),
            }),
        }),
    };
    let (headers, still) = (headers(work, object), StillMeant { stages, job });
    let order = Order {
        key: &object.key,
        headers: &headers,
        only: &only,
        still: &still,
    };
    let etag = transfer::send(&open.bucket, &order, content, progress).await?;
    match &object.bytes {
        Some(bytes)
            if only == Only::IfAbsent && object.size <= SMALL && open.free_keys.begin_proof() =>
        {
            open.free_keys
                .prove(&open.bucket, &object.key, bytes.clone(), &headers)
                .await;
        }
        _ => {}
    }
    Ok(Sent {
        sent: true,
        ours: true,
        size: object.size,
        sha256: object.sha256.clone(),
        etag,
    })
}

struct StillMeant<'a> {
    stages: &'a Stages,
    job: &'a JobRow,
}

#[async_trait]
impl Still for StillMeant<'_> {
    /// A person may have let the job rest, or taken it back, in another process.
    async fn meant(&self) -> Result<()> {
        match self.stages.journal.job(&self.job.uid).await? {
            Some(now)
                if !now.paused
                    && now.state != JobState::Failed
                    && !self.stages.limits.is_paused() =>
            {
                Ok(())
            }
            _ => Err(Error::new(
                Code::Paused,
                "it is not meant to go up at the moment",
            )),
        }
    }
}

fn upload_key(work: &Work<'_>, object: &Object) -> UploadKey {
    UploadKey {
        job: work.job.id,
        profile: work.profile.id.clone(),
        target: work.open.target.clone(),
        key: object.key.clone(),
        sha256: object.sha256.clone(),
    }
}

fn headers(work: &Work<'_>, object: &Object) -> Headers {
    let mut metadata = vec![
        (META_SHA256.to_owned(), object.sha256.clone()),
        (META_UPLOAD.to_owned(), label_of(&work.job.uid)),
    ];
    if object.variant.is_some() || object.sha256 != work.file.sha256 {
        let source = work.stages.journal.labels().source(&work.file.sha256);
        metadata.push((META_SOURCE.to_owned(), source));
    }
    if let Some(variant) = &object.variant {
        let made = work.stages.journal.labels().made(&variant.to_string());
        metadata.push((META_MADE.to_owned(), made));
    }
    Headers {
        content_type: object.content_type.clone(),
        content_encoding: (object.variant.is_none() && work.file.content.gzipped)
            .then(|| "gzip".to_owned()),
        extra: work.profile.headers(&object.key),
        metadata,
    }
}

pub(super) fn sent_object(object: &Object, sent: &Sent, open: &Open) -> SentObject {
    SentObject {
        uid: object.uid.clone(),
        key: object.key.clone(),
        ours: sent.ours,
        etag: sent.etag.clone(),
        pixels: object.pixels,
        worth: object.worth,
        size: sent.size,
        sha256: sent.sha256.clone(),
        content_type: object.content_type.clone(),
        url: link::url(&open.public_base, &object.key),
    }
}
