//! Is what the journal says still in the bucket?

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::actor::Request;
use super::handle::EngineHandle;
use super::stores::Open;
use crate::error::Result;
use crate::journal::{JobRow, ObjectRow};
use crate::transfer::{Lookup, META_SHA256};

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
    /// It was put back into the queue.
    pub repaired: bool,
}

/// How it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Objects looked at.
    pub objects: u64,
    /// Of those, not as the journal says.
    pub faults: u64,
    /// Jobs put back into the queue.
    pub repaired: u64,
}

impl EngineHandle {
    /// Compares all finished jobs of a profile with its bucket: by HEAD, or with `deep` by reading every byte. With
    /// `repair`, what is missing or differs is put back into the queue.
    pub async fn verify(&self, profile: Option<&str>, deep: bool, repair: bool, mut found: impl FnMut(Finding)) -> Result<Verified> {
        let profile = self.settings().await?.profile(profile)?.clone();
        let open = self.stages.stores.get(&profile).await?.awake();
        let (mut verified, mut after) = (Verified::default(), 0);
        loop {
            let rows = self.stages.journal.done_after(&profile.name, after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(verified) };
            after = last.id;
            for row in rows {
                // What went to another bucket, before the profile was changed, is not this one's affair.
                let all = self.stages.journal.objects(row.id).await?;
                let objects: Vec<_> = all.into_iter().filter(|object| object.target == open.target && object.url.is_some()).collect();
                verified.objects += objects.len() as u64;
                let faults = faults(&open, &objects, deep).await?;
                // Another computer's file, or one that is gone, cannot be sent from here.
                let here = row.source.is_absolute() && row.source.is_file();
                let redo = repair && here && faults.iter().any(|(_, fault)| *fault != Fault::Hidden);
                if redo {
                    self.redo(&row).await?;
                    verified.repaired += 1;
                }
                for (key, fault) in faults {
                    verified.faults += 1;
                    found(Finding { source: row.source.clone().into(), key, fault, repaired: redo && fault != Fault::Hidden });
                }
            }
        }
    }

    async fn redo(&self, row: &JobRow) -> Result<()> {
        self.stages.journal.redo(row.id).await?;
        let id = row.id;
        self.ask(|answer| Request::Queued(vec![id], answer)).await
    }
}

async fn faults(open: &Open, objects: &[ObjectRow], deep: bool) -> Result<Vec<(String, Fault)>> {
    let mut faults = Vec::new();
    for group in objects.chunks(AT_ONCE) {
        let looks = group.iter().filter(|object| object.url.is_some()).map(|object| async move {
            let fault = if deep { read(open, object).await? } else { look(open, object).await? };
            Ok::<_, crate::Error>(fault.map(|fault| (object.key.clone(), fault)))
        });
        faults.extend(futures::future::try_join_all(looks).await?.into_iter().flatten());
    }
    Ok(faults)
}

async fn look(open: &Open, object: &ObjectRow) -> Result<Option<Fault>> {
    Ok(match open.bucket.call(0, || open.bucket.store.head(&object.key)).await? {
        Lookup::Absent => Some(Fault::Missing),
        Lookup::Hidden => Some(Fault::Hidden),
        Lookup::Found(meta) => {
            let other_bytes = object.size.is_some_and(|size| size != meta.size);
            let other_sum = meta.get(META_SHA256).zip(object.sha256.as_deref()).is_some_and(|(there, ours)| there != ours);
            // A variant that an earlier version made of the same file is as good.
            (other_bytes || (other_sum && object.variant.is_none())).then_some(Fault::Differs)
        }
    })
}

/// Reads the object piece by piece: it may be larger than the memory.
async fn read(open: &Open, object: &ObjectRow) -> Result<Option<Fault>> {
    if let Some(fault) = look(open, object).await? {
        return Ok(Some(fault));
    }
    let size = object.size.unwrap_or_default();
    let mut sum = Sha256::new();
    let mut from = 0;
    while from < size {
        let until = (from + (8 << 20)).min(size);
        let piece = open.bucket.call(until - from, || open.bucket.store.get_range(&object.key, from, until)).await?;
        sum.update(&piece);
        from = until;
    }
    let same = object.sha256.as_deref() == Some(hex::encode(sum.finalize()).as_str());
    Ok((!same).then_some(Fault::Differs))
}
