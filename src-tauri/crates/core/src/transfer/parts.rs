//! A large file in parts. What is in the bucket already is recorded, so that after a kill, a crash
//! or a reboot the upload goes on from the last whole part; what is given up is aborted, since
//! unfinished uploads are billed.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::flow::Limits;
use super::log::{Begun, Recalled};
use super::order::{Arrived, Before, Order, Source, changed, torn, verify};
use super::progress::Progress;
use super::retry::Bucket;
use super::store::{Only, Part, PartRules};
use crate::error::{Code, Error, Result};
use crate::held::same_etag;
use crate::regular;
use crate::world::blocking;

/// Parts are this large where the file is not too large for it (S3 allows 5 MiB to 5 GiB; R2 wants
/// them equal).
const PART_SIZE: u64 = 8 << 20;
/// Parts of one object in flight: enough to fill a line, few enough for the memory.
const PARTS_IN_FLIGHT: usize = 4;
/// The server may have to read the whole object before an upload is complete; a service forgets
/// uploads now and then.
const STARTS: u32 = 3;

/// One object on its way in parts.
pub(super) struct Large<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) order: &'a Order<'a>,
    pub(super) source: &'a Source<'a>,
    pub(super) progress: &'a Progress,
}

impl Large<'_> {
    pub(super) async fn send(&self) -> Result<String> {
        let mut starts = 1;
        loop {
            let begun = self.begin().await?;
            match self.go_on(&begun).await {
                // The service forgot the upload, or does not want it any more: then what is left of
                // it would be billed.
                Err(error) if error.code == Code::UploadLost && starts < STARTS => {
                    starts += 1;
                    self.give_up(&begun.upload).await?;
                    self.progress.reset();
                }
                Err(error) if will_give_up(&error) => {
                    self.give_up(&begun.upload).await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
                // Whole: nothing of it is left to be aborted.
                Ok((etag, true)) => {
                    return self.source.log.gone(&begun.upload).await.map(|()| etag);
                }
                // The same is there by another way: what was sent for it here is given up, or known
                // no more.
                Ok((etag, false)) => return self.give_up(&begun.upload).await.map(|()| etag),
            }
        }
    }

    /// The upload to go on with: the one on record if the bucket still knows it, else a new one.
    async fn begin(&self) -> Result<Begun> {
        let log = &self.source.log;
        match log.recall().await? {
            Recalled::Begun(begun) => {
                let there = match self
                    .bucket
                    .call(0, || {
                        self.bucket.store.list_parts(self.order.key, &begun.upload)
                    })
                    .await
                {
                    // The key may not list parts, or the service does not: the record has to do,
                    // the last step compares.
                    Err(error) if !error.is_retryable() && error.code != Code::Closing => {
                        Some(begun.parts.clone())
                    }
                    there => there?,
                };
                if let Some(there) = there {
                    // Some services list no ETags: then the size has to do, the last step compares
                    // the ETags anyway.
                    let same = |part: &Part, other: &Part| {
                        other.number == part.number
                            && other.size == part.size
                            && (other.etag.is_empty() || same_etag(&other.etag, &part.etag))
                    };
                    let parts = begun
                        .parts
                        .into_iter()
                        .filter(|part| there.iter().any(|other| same(part, other)))
                        .collect();
                    return Ok(Begun { parts, ..begun });
                }
                log.gone(&begun.upload).await?;
            }
            Recalled::Intended(before) => self.abort_strays(before.as_deref(), &[]).await?,
            Recalled::Nothing => {}
        }
        // Whatever is begun under this key before is somebody else's.
        let before = self.begun_by_others().await?;
        log.intend(before.as_deref()).await?;
        let part_size = part_size(self.source.size, self.bucket.store.part_rules());
        let tries = AtomicU32::new(0);
        let create = || {
            tries.fetch_add(1, Ordering::Relaxed);
            self.bucket
                .store
                .create_upload(self.order.key, self.order.headers)
        };
        let upload = self.bucket.call(0, create).await?;
        if tries.into_inner() > 1 {
            // An earlier try may have begun an upload although its answer was lost. As long as this
            // one is only intended on record, whoever comes after a kill looks for them all.
            self.abort_strays(before.as_deref(), std::slice::from_ref(&upload))
                .await?;
        }
        log.begun(&upload, part_size).await?;
        Ok(Begun {
            upload,
            part_size,
            parts: Vec::new(),
        })
    }

    /// The uploads of this key that the bucket knows; nothing where it does not list them.
    async fn begun_by_others(&self) -> Result<Option<Vec<String>>> {
        match self
            .bucket
            .call(0, || self.bucket.store.unfinished_uploads(self.order.key))
            .await
        {
            Ok(uploads) => Ok(Some(uploads)),
            Err(error) if error.is_retryable() || error.code == Code::Closing => Err(error),
            Err(error) => {
                tracing::debug!(%error, key = self.order.key, "the bucket does not list unfinished uploads");
                Ok(None)
            }
        }
    }

    /// The bucket's answer, or the record of it, was lost: an upload may have been begun whose id
    /// nobody knows. It is ours if it was not there before; where that is not known, nobody's
    /// upload is touched.
    async fn abort_strays(&self, before: Option<&[String]>, but: &[String]) -> Result<()> {
        let (Some(before), Some(now)) = (before, self.begun_by_others().await?) else {
            return Ok(());
        };
        for stray in now
            .iter()
            .filter(|id| !before.contains(id) && !but.contains(id))
        {
            self.source.log.stray(stray).await?;
            self.abort(stray).await?;
        }
        Ok(())
    }

    /// The object's ETag, and whether this very upload became it.
    async fn go_on(&self, begun: &Begun) -> Result<(String, bool)> {
        let mut parts = begun.parts.clone();
        parts.iter().for_each(|part| self.progress.add(part.size));
        let missing = (1..=self.source.size.div_ceil(begun.part_size))
            .filter_map(|number| i32::try_from(number).ok());
        let known: Vec<i32> = parts.iter().map(|part| part.number).collect();
        let mut waiting = missing
            .filter(|number| !known.contains(number))
            .map(|number| self.send_part(begun, number));
        let mut in_flight: FuturesUnordered<_> = waiting.by_ref().take(PARTS_IN_FLIGHT).collect();
        while let Some(sent) = in_flight.next().await {
            match sent {
                Ok(part) => parts.push(part),
                Err(error) => {
                    // What is still under way would arrive after the abort, and stay.
                    if will_give_up(&error) {
                        while in_flight.next().await.is_some() {}
                    }
                    return Err(error);
                }
            }
            in_flight.extend(waiting.next());
        }
        parts.sort_unstable_by_key(|part| part.number);
        if !(self.source.unchanged)() {
            return Err(changed(self.source.path));
        }
        self.complete(begun, &parts).await
    }

    async fn send_part(&self, begun: &Begun, number: i32) -> Result<Part> {
        let start = (u64::from(number.unsigned_abs()) - 1) * begun.part_size;
        let length = begun.part_size.min(self.source.size - start);
        let _room = self.bucket.limits.memory(length).await?;
        let bytes = read_part(
            self.bucket.limits.clone(),
            self.source.path.to_owned(),
            start,
            length,
        )
        .await?;
        // Recorded parts are of the file as it was hashed, and of no other.
        if !(self.source.unchanged)() {
            return Err(changed(self.source.path));
        }
        let send = |progress: Progress| {
            let bytes = bytes.clone();
            async move {
                self.bucket
                    .store
                    .put_part(self.order.key, &begun.upload, number, bytes, &progress)
                    .await
            }
        };
        let part = self.bucket.send(length, self.progress, send).await?;
        self.source.log.part(&part).await?;
        Ok(part)
    }

    async fn complete(&self, begun: &Begun, parts: &[Part]) -> Result<(String, bool)> {
        let (store, order, size) = (&*self.bucket.store, self.order, self.source.size);
        // The bucket had said that all is well, and had something else.
        let told_well = AtomicBool::new(false);
        self.bucket
            .call(0, || async {
                let only = match order.before(store, size).await? {
                    Before::Done(etag) => return Ok((etag, false)),
                    Before::Send(only) => only,
                };
                if let Some(etag) = order.came_meanwhile(store, size, &only).await? {
                    return Ok((etag, false));
                }
                let complete = async |only: &Only| {
                    store
                        .complete_upload(order.key, &begun.upload, parts, only)
                        .await
                };
                let mut completed = complete(&only).await;
                if let Err(error) = &completed
                    && (!error.is_retryable() || error.code == Code::UploadLost)
                {
                    // The reply to an earlier try was lost: what is under the key decides.
                    match order.look(store, size).await? {
                        Arrived::Whole(etag) => return Ok((etag, false)),
                        _ if told_well.load(Ordering::Relaxed) => {
                            return Err(torn(order.key, "something else than was sent"));
                        }
                        // What an earlier try left of other bytes makes room for these.
                        Arrived::Torn(etag) if error.code == Code::KeyTaken => {
                            order.still.meant().await?;
                            completed = complete(&Only::IfStill(etag)).await;
                        }
                        Arrived::Torn(_) | Arrived::Not => {}
                    }
                }
                completed?;
                let verified = verify(store, order, size, None).await;
                let torn = matches!(&verified, Err(error) if error.code == Code::ChecksumMismatch);
                told_well.fetch_or(torn, Ordering::Relaxed);
                verified.map(|etag| (etag, true))
            })
            .await
    }

    /// Recorded first: if the abort fails, it is tried again later.
    async fn give_up(&self, upload: &str) -> Result<()> {
        self.source.log.discard().await?;
        self.abort(upload).await
    }

    async fn abort(&self, upload: &str) -> Result<()> {
        match self
            .bucket
            .call(0, || self.bucket.store.abort_upload(self.order.key, upload))
            .await
        {
            Ok(()) => self.source.log.gone(upload).await,
            Err(error) => {
                tracing::warn!(%error, key = self.order.key, upload, "an unfinished upload could not be aborted yet");
                Ok(())
            }
        }
    }
}

/// Whether an upload cannot go on after this: the file is another, or the bucket says no for good.
fn will_give_up(error: &Error) -> bool {
    error.code == Code::FileChanging || (!error.is_retryable() && error.code != Code::Closing)
}

/// A constant size for one upload, grown so that any file fits.
fn part_size(size: u64, rules: PartRules) -> u64 {
    PART_SIZE
        .max(rules.least)
        .max(size.div_ceil(rules.most).next_multiple_of(1 << 20))
}

async fn read_part(limits: Limits, path: PathBuf, start: u64, length: u64) -> Result<Bytes> {
    let read = move || {
        limits.filled(|bytes| {
            let io = |error: std::io::Error| Error::from_io(&error, &path);
            let mut file = regular::open(&path).map_err(io)?;
            file.seek(SeekFrom::Start(start)).map_err(io)?;
            bytes.reserve_exact(usize::try_from(length).unwrap_or_default());
            file.take(length).read_to_end(bytes).map_err(io)?;
            if bytes.len() as u64 == length {
                Ok(())
            } else {
                Err(changed(Path::new(&path)))
            }
        })
    };
    blocking("reading a part", read).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_fits_into_the_parts_a_service_takes() {
        let s3 = PartRules {
            least: 5 << 20,
            most: 10_000,
        };
        assert_eq!(part_size(20 << 20, s3), PART_SIZE);
        for (size, rules) in [
            (5 << 40, s3),
            (1 << 40, PartRules { most: 1000, ..s3 }),
            (
                100 << 30,
                PartRules {
                    least: 64 << 20,
                    ..s3
                },
            ),
        ] {
            let part = part_size(size, rules);
            assert!(
                size.div_ceil(part) <= rules.most && part >= rules.least && part <= 5 << 30,
                "{size}: {part}"
            );
        }
    }
}
