//! What can be asked of jobs and their objects.

use rusqlite::{OptionalExtension, params};

use super::access::Journal;
use super::rows;
use super::rows::{JobRow, ObjectRow};
use crate::error::Result;
use crate::profile::ProfileId;

/// SQL: a job stands for what it has in a bucket. One that is to be mended does so whatever became
/// of that.
const STANDS: &str = "(j.state = 'done' OR j.wanted IS NOT NULL)";

impl Journal {
    /// Numbers of the unfinished jobs after a number, the newest first.
    pub async fn unfinished_after(&self, after: i64, limit: u32) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM jobs WHERE state IN ('queued', 'planned') AND id > ?1 ORDER BY id DESC LIMIT ?2";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_map(params![after, limit], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Those of these jobs that have finished, or have something to say.
    pub async fn news_of(&self, ids: &[i64]) -> Result<Vec<JobRow>> {
        let ids = rows::json(ids);
        self.read(move |db| {
            let clauses = "WHERE j.id IN (SELECT value FROM json_each(?1)) AND (j.state IN ('done', 'failed') OR j.error_code IS NOT NULL)";
            rows::select_jobs(db, clauses, params![ids])
        })
        .await
    }

    /// The jobs of those ids, in no particular order.
    pub async fn jobs(&self, ids: &[i64]) -> Result<Vec<JobRow>> {
        let ids = rows::json(ids);
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE j.id IN (SELECT value FROM json_each(?1))",
                params![ids],
            )
        })
        .await
    }

    /// The jobs of those public ids, in no particular order.
    pub async fn jobs_by_uid(&self, uids: &[String]) -> Result<Vec<JobRow>> {
        let uids = rows::json(uids);
        self.read(move |db| {
            rows::select_jobs(
                db,
                "WHERE j.uid IN (SELECT value FROM json_each(?1))",
                params![uids],
            )
        })
        .await
    }

    /// A finished job of the same content in the same bucket, with all its objects, if there is
    /// one.
    pub async fn same_content(
        &self,
        target: &str,
        sha256: &str,
    ) -> Result<Option<(JobRow, Vec<ObjectRow>)>> {
        let (target, sha256) = (target.to_owned(), sha256.to_owned());
        self.read(move |db| {
            let clauses = "WHERE j.sha256 = ?1 AND j.state = 'done' AND EXISTS \
                 (SELECT 1 FROM objects o JOIN bucket_objects b ON b.target = o.target AND b.key = o.key AND b.sha256 = o.sha256 \
                 WHERE o.job = j.id AND o.target = ?2) ORDER BY j.id DESC LIMIT 1";
            let Some(job) = rows::select_jobs(db, clauses, params![sha256, target])?.pop() else { return Ok(None) };
            let objects = rows::select_objects(db, job.id)?;
            Ok(Some((job, objects)))
        })
        .await
    }

    /// Finished jobs of a profile after a number, oldest first: for checking them against the
    /// bucket.
    pub async fn done_after(
        &self,
        profile: &ProfileId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        let profile = profile.clone();
        self.read(move |db| {
            let clauses =
                format!("WHERE {STANDS} AND j.profile = ?1 AND j.id > ?2 ORDER BY j.id LIMIT ?3");
            rows::select_jobs(db, &clauses, params![profile, after, limit])
        })
        .await
    }

    /// What a finished job has in a bucket, as far as no later finished job of its profile stands
    /// for the very same: so that each object is met once, whatever was uploaded how often.
    pub async fn stands_for(&self, job: &JobRow, target: &str) -> Result<Vec<ObjectRow>> {
        let (id, profile, target) = (job.id, job.profile.clone(), target.to_owned());
        let condition = format!(
            "o.job = ?1 AND o.target = ?2 AND b.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM objects later JOIN jobs j ON j.id = later.job \
                         WHERE later.target = o.target AND later.key = o.key AND later.sha256 = o.sha256 AND later.job > o.job \
                         AND {STANDS} AND j.profile = ?3)"
        );
        self.read(move |db| {
            rows::select_objects_where(db, &condition, params![id, target, profile])
        })
        .await
    }

    /// The jobs of a profile that put this very object where it is, or found it there;
    /// latest first.
    pub async fn done_with(&self, profile: &ProfileId, object: &ObjectRow) -> Result<Vec<JobRow>> {
        let (profile, object) = (profile.clone(), object.clone());
        let clauses = format!(
            "WHERE j.profile = ?1 AND {STANDS} AND j.id IN \
                       (SELECT job FROM objects WHERE target = ?2 AND key = ?3 AND sha256 = ?4) ORDER BY j.id DESC"
        );
        self.read(move |db| {
            let values = params![profile, object.target, object.key, object.sha256];
            rows::select_jobs(db, &clauses, values)
        })
        .await
    }

    /// The job with that public id.
    pub async fn job(&self, uid: &str) -> Result<Option<JobRow>> {
        let uid = uid.to_owned();
        self.read(move |db| Ok(rows::select_jobs(db, "WHERE j.uid = ?1", params![uid])?.pop()))
            .await
    }

    /// The objects of a job: the original first, then the variants as specified.
    pub async fn objects(&self, job: i64) -> Result<Vec<ObjectRow>> {
        self.read(move |db| rows::select_objects(db, job)).await
    }

    /// Whether a key of a target belongs to an unfinished job (for tests and checks).
    pub async fn is_claimed(&self, target: &str, key: &str) -> Result<bool> {
        let (target, key) = (target.to_owned(), key.to_owned());
        self.read(move |db| {
            db.query_row(
                "SELECT 1 FROM objects o JOIN jobs j ON j.id = o.job WHERE o.target = ?1 AND o.key = ?2 AND j.state = 'planned'",
                params![target, key],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
        })
        .await
    }
}
