//! Is what the journal says still in the bucket?

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::engine::asked::handle::EngineHandle;
use crate::engine::bucket::stores::Open;
use crate::engine::job::verdict::is_about_one;
use crate::engine::queue::request::Request;
use crate::error::Result;
use crate::held::{Labels, Likeness, Made, Meant};
use crate::journal::{JobRow, Journal, ObjectRow};
use crate::profile::ProfileId;
use crate::transfer::Lookup;
use crate::world::blocking;

/// Jobs looked at together.
const PAGE: u32 = 64;
/// Objects asked for at once.
const AT_ONCE: usize = 16;

/// What is wrong with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The bucket has nothing under the key.
    Missing,
    /// The bucket has something else under the key.
    Differs,
    /// The credentials may not look.
    Hidden,
    /// The bucket gives no good answer about this one.
    Unclear,
}

impl Fault {
    /// Whether sending it again can help.
    const fn is_curable(self) -> bool {
        matches!(self, Self::Missing | Self::Differs)
    }
}

/// An object that is not as the journal says.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The source file.
    pub source: crate::LocalPath,
    /// The object's key.
    pub key: String,
    /// What is wrong.
    pub fault: Fault,
    /// Its file was put back into the queue.
    pub queued: bool,
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Objects looked at.
    pub objects: u64,
    /// Of those, not as the journal says.
    pub faults: u64,
    /// Of those, to be mended: their files were put back into the queue.
    pub mending: u64,
    /// The batch of the files that were put back into the queue, if there are any.
    pub repairing: Option<String>,
}

impl EngineHandle {
    /// Compares all finished jobs of a profile with its bucket: by HEAD, or with `deep` by reading
    /// every byte. With `repair`, what is missing or differs is put back into the queue, if the
    /// file it came from is still what it was.
    pub async fn verify(
        &self,
        profile: Option<&str>,
        deep: bool,
        repair: bool,
        mut found: impl FnMut(Finding),
    ) -> Result<Verified> {
        let profile = self.settings().await?.profile(profile)?.clone();
        let open = self.stages.stores.get(&profile).await?.awake();
        let (mut verified, mut after) = (Verified::default(), 0);
        let mut repair = repair.then(|| Repair {
            journal: &self.stages.journal,
            profile: &profile.id,
            looked: HashMap::new(),
        });
        let looked = async {
            loop {
                let rows = self
                    .stages
                    .journal
                    .done_after(&profile.id, after, PAGE)
                    .await?;
                let Some(last) = rows.last() else {
                    return Ok(());
                };
                after = last.id;
                for row in rows {
                    // What went to another bucket, before the profile was changed, is not this
                    // one's affair.
                    let objects = self.stages.journal.stands_for(&row, &open.target).await?;
                    verified.objects += objects.len() as u64;
                    for (object, fault) in
                        faults(&self.stages.journal, &open, &row, &objects, deep).await?
                    {
                        verified.faults += 1;
                        let mended = match &mut repair {
                            Some(repair) if fault.is_curable() => repair.mends(object).await?,
                            _ => None,
                        };
                        verified.mending += u64::from(mended.is_some());
                        found(Finding {
                            queued: mended.is_some(),
                            source: mended.unwrap_or_else(|| row.source.clone()).into(),
                            key: object.key.clone(),
                            fault,
                        });
                    }
                }
            }
        }
        .await;
        // What was found until then is mended all the same.
        let redo = repair.map(Repair::jobs).unwrap_or_default();
        if !redo.is_empty() {
            let batch = crate::journal::new_id();
            self.stages
                .journal
                .redo(batch.clone(), redo.clone())
                .await?;
            self.ask(|answer| Request::Queued(redo, answer)).await?;
            verified.repairing = Some(batch);
        }
        looked.map(|()| verified)
    }
}

/// What is to be sent again.
struct Repair<'a> {
    journal: &'a Journal,
    profile: &'a ProfileId,
    /// Jobs whose file was looked at: whether it is as it was.
    looked: HashMap<i64, bool>,
}

impl Repair<'_> {
    /// The file that mends an object: of all that it was made of, or found to be alike, one that is
    /// here as it was.
    async fn mends(&mut self, object: &ObjectRow) -> Result<Option<PathBuf>> {
        for job in self.journal.done_with(self.profile, object).await? {
            let mends = match self.looked.get(&job.id) {
                Some(known) => *known,
                None => is_as_it_was(&job).await,
            };
            self.looked.insert(job.id, mends);
            if mends {
                return Ok(Some(job.source));
            }
        }
        Ok(None)
    }

    fn jobs(self) -> Vec<i64> {
        let mending = self.looked.into_iter().filter(|(_, mends)| *mends);
        let mut jobs: Vec<i64> = mending.map(|(job, _)| job).collect();
        jobs.sort_unstable();
        jobs
    }
}

/// Whether the file of a job is here, and what was sent: what lies under its path by now may be
/// nobody's to see.
async fn is_as_it_was(row: &JobRow) -> bool {
    if row.foreign || !row.source.is_absolute() {
        return false;
    }
    let (path, sha256) = (row.source.clone(), row.sha256.clone());
    let same = blocking("reading a file", move || {
        crate::intake::sha256(&path).is_ok_and(|now| Some(now) == sha256)
    });
    same.await.unwrap_or(false)
}

async fn faults<'a>(
    journal: &Journal,
    open: &Open,
    row: &JobRow,
    objects: &'a [ObjectRow],
    deep: bool,
) -> Result<Vec<(&'a ObjectRow, Fault)>> {
    let mut faults = Vec::new();
    for group in objects.chunks(AT_ONCE) {
        let looks = group.iter().map(|object| async move {
            let seen = match look(journal.labels(), open, row, object).await {
                Ok(None) if deep => read(open, object).await,
                seen => seen,
            };
            let fault = match seen {
                // What is wrong with the bucket, or the way to it, is so for all.
                Err(error) if !is_about_one(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, key = object.key, "an object could not be looked at");
                    Some(Fault::Unclear)
                }
                Ok(fault) => fault,
            };
            Ok::<_, crate::Error>(fault.map(|fault| (object, fault)))
        });
        faults.extend(
            futures::future::try_join_all(looks)
                .await?
                .into_iter()
                .flatten(),
        );
    }
    Ok(faults)
}

async fn look(
    labels: &Labels,
    open: &Open,
    row: &JobRow,
    object: &ObjectRow,
) -> Result<Option<Fault>> {
    let bucket = &open.bucket;
    let seen = bucket.call(0, || bucket.store.look(&object.key));
    Ok(match seen.await? {
        Lookup::Absent => Some(Fault::Missing),
        Lookup::Hidden => Some(Fault::Hidden),
        Lookup::Found(held) => {
            let made = row.sha256.as_deref().zip(object.spec.as_deref());
            let meant = Meant {
                size: object.size.unwrap_or(held.size),
                sha256: object.sha256.as_deref().unwrap_or_default(),
                etag: object.etag.as_deref(),
                made: made.map(|(source, spec)| Made {
                    labels,
                    source,
                    spec,
                }),
            };
            (held.compare(&meant) == Likeness::Other).then_some(Fault::Differs)
        }
    })
}

/// Reads the object piece by piece: it may be larger than the memory.
async fn read(open: &Open, object: &ObjectRow) -> Result<Option<Fault>> {
    let size = object.size.unwrap_or_default();
    let mut sum = Sha256::new();
    let mut from = 0;
    while from < size {
        let until = (from + (8 << 20)).min(size);
        let piece = open
            .bucket
            .call(until - from, || {
                open.bucket.store.get_range(&object.key, from, until)
            })
            .await?;
        sum.update(&piece);
        from = until;
    }
    let same = object.sha256.as_deref() == Some(hex::encode(sum.finalize()).as_str());
    Ok((!same).then_some(Fault::Differs))
}
