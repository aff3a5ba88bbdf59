//! Claims on keys: a job has them until it is finished.

use rusqlite::{Transaction, params};

use super::access::Journal;
use super::rows::{PlannedObject, spec};
use crate::error::Result;
use crate::key;

/// The answer to a claim on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The keys belong to the job until it is finished, and no other is known to have had them.
    New,
    /// The keys belong to the job until it is finished.
    Granted,
    /// Another unfinished job has one of them for other content.
    Busy,
    /// Other content is in the bucket under a key that differs in case or composition only.
    Twin,
    /// What is under one of them is being taken away at this moment.
    Leaving,
}

impl Journal {
    /// Claims keys for a job and records its plan, in one commit: either all keys are the job's, or
    /// nothing changed.
    ///
    /// Only unfinished jobs hold claims; for finished ones the bucket itself is asked.
    pub async fn plan(
        &self,
        job: i64,
        target: String,
        sha256: String,
        objects: Vec<PlannedObject>,
    ) -> Result<Claim> {
        self.writer
            .write(move |tx| {
                let mut claim = Claim::New;
                for object in &objects {
                    match claimed(tx, job, &target, &sha256, object)? {
                        Claim::New => {}
                        Claim::Granted => claim = Claim::Granted,
                        refused => return Ok(refused),
                    }
                }
                store_plan(tx, job, &target, &sha256, &objects)?;
                Ok(claim)
            })
            .await
    }
}

/// Whether another unfinished job has this key for other content, or for another rendition of the
/// same; whether other content is in the bucket under one that differs in case or composition only;
/// whether it is being taken away.
fn claimed(
    tx: &Transaction<'_>,
    job: i64,
    target: &str,
    sha256: &str,
    object: &PlannedObject,
) -> rusqlite::Result<Claim> {
    let worst: Option<i64> = tx
        .prepare_cached(
            "SELECT max(rank) FROM ( \
             SELECT CASE WHEN j.state = 'planned' AND (j.sha256 IS NOT ?4 OR o.spec IS NOT ?5) THEN 2 ELSE 0 END AS rank \
             FROM objects o JOIN jobs j ON j.id = o.job WHERE o.target = ?1 AND o.folded = ?2 AND j.id <> ?3 \
             UNION ALL SELECT CASE WHEN key <> ?6 AND source_sha256 <> ?4 AND sha256 <> '' THEN 1 ELSE 0 END FROM bucket_objects INDEXED BY bucket_objects_by_folded_key WHERE target = ?1 AND folded = ?2 \
             UNION ALL SELECT 3 FROM leaving WHERE target = ?1 AND key = ?6)",
        )?
        .query_row(params![target, key::folded(&object.key), job, sha256, spec(object.variant.as_ref()), object.key], |row| row.get(0))?;
    Ok(match worst {
        None => Claim::New,
        Some(0) => Claim::Granted,
        Some(1) => Claim::Twin,
        Some(2) => Claim::Busy,
        Some(_) => Claim::Leaving,
    })
}

fn store_plan(
    tx: &Transaction<'_>,
    job: i64,
    target: &str,
    sha256: &str,
    objects: &[PlannedObject],
) -> rusqlite::Result<()> {
    let mends: bool = tx
        .prepare_cached("UPDATE jobs SET state = 'planned', sha256 = ?2 WHERE id = ?1 RETURNING wanted IS NOT NULL")?
        .query_row(params![job, sha256], |row| row.get(0))?;
    // What is to be mended is planned already: it stands for what the bucket is to have.
    if mends {
        return Ok(());
    }
    tx.prepare_cached("DELETE FROM objects WHERE job = ?1")?
        .execute(params![job])?;
    for (position, object) in objects.iter().enumerate() {
        let variant = object.variant.as_ref();
        tx.prepare_cached(
            "INSERT INTO objects(job, position, uid, variant, spec, target, key, folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            job,
            position as i64,
            object.uid,
            variant.map(|variant| &variant.name),
            spec(variant),
            target,
            object.key,
            key::folded(&object.key)
        ])?;
    }
    Ok(())
}
