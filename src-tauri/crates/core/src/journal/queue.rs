//! The queue: which jobs are to be run next, and which engine has them in hand.
//!
//! Several engines may use one journal. Whatever an engine runs it has taken in hand before, in one
//! commit, so that no two run the same job; before a job starts its row is read once more, so that
//! what a person decided meanwhile holds.

use rusqlite::{Transaction, params};

use super::{JobRow, Journal, rows};
use crate::error::{Error, Result};
use crate::profile::ProfileId;

/// A job that an engine has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    /// The journal's number for it.
    pub id: i64,
    /// Its profile.
    pub profile: ProfileId,
    /// Whether a watched folder found it: those come after what a person gave.
    pub watched: bool,
}

/// Which jobs an engine can run.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// It leads: all that nobody else has to run. Otherwise only what needs this engine.
    pub leads: bool,
    /// Profiles whose bucket it serves: no other engine reaches that.
    pub serves: Vec<ProfileId>,
    /// Profiles whose credentials it has and the others may not: what was given up for want of them
    /// is for it.
    pub can_open: Vec<ProfileId>,
    /// Profiles that cannot be used at the moment.
    pub without: Vec<ProfileId>,
    /// Only this profile.
    pub only: Option<ProfileId>,
    /// Jobs that wait for a moment of their own.
    pub later: Vec<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Of one profile, what nobody has in hand: the index that finds it, in whose words this is, and what
/// else is asked of it.
fn next(index: &str, and: &str) -> String {
    format!(
        "SELECT id, watched IS NOT NULL FROM jobs INDEXED BY {index} WHERE profile = ?1 AND state IN ('queued', 'planned') AND paused = 0 \
         AND engine IS NULL AND id NOT IN (SELECT value FROM json_each(?2)) AND {and} ORDER BY watched IS NOT NULL, id LIMIT ?3"
    )
}

impl Journal {
    /// Takes the next jobs in hand: those a person gave before those a watched folder found, older
    /// ones first.
    pub async fn take_in_hand(&self, engine: &str, wanted: Wanted) -> Result<Vec<InHand>> {
        let engine = engine.to_owned();
        self.writer
            .write(move |tx| take_in_hand(tx, &engine, &wanted))
            .await
    }

    /// The job as it is now, if the engine still has it in hand and nothing speaks against running
    /// it.
    pub async fn to_run(&self, engine: &str, id: i64) -> Result<Option<JobRow>> {
        let engine = engine.to_owned();
        let clauses = "WHERE j.id = ?1 AND j.engine = ?2 AND j.paused = 0 AND j.state IN ('queued', 'planned')";
        self.read(move |db| Ok(rows::select_jobs(db, clauses, params![id, engine])?.pop()))
            .await
    }

    /// Lets go of jobs: whoever can may take them.
    pub async fn let_go(&self, engine: &str, ids: Vec<i64>) -> Result<()> {
        let (engine, ids) = (engine.to_owned(), rows::json(&ids));
        let sql = "UPDATE jobs SET engine = NULL WHERE id IN (SELECT value FROM json_each(?1)) AND engine = ?2";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(sql)?
                    .execute(params![ids, engine])
                    .map(|_| ())
            })
            .await
    }

    /// The engines that have jobs in hand, or are needed by some.
    pub async fn engines(&self) -> Result<Vec<String>> {
        let sql = "SELECT engine FROM jobs WHERE engine IS NOT NULL UNION SELECT needs FROM jobs WHERE needs IS NOT NULL UNION SELECT engine FROM leaving";
        self.read(move |db| {
            db.prepare_cached(sql)?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// An engine has ended, well or not: what it had in hand, or alone could have run, is for
    /// whoever can.
    pub async fn engine_ended(&self, engine: &str) -> Result<()> {
        let engine = engine.to_owned();
        self.writer
            .write(move |tx| {
                tx.prepare_cached("UPDATE jobs SET engine = NULL WHERE engine = ?1")?
                    .execute(params![engine])?;
                tx.prepare_cached("DELETE FROM leaving WHERE engine = ?1")?
                    .execute(params![engine])?;
                tx.prepare_cached("UPDATE jobs SET needs = NULL WHERE needs = ?1")?
                    .execute(params![engine])
                    .map(|_| ())
            })
            .await
    }

    /// Records why an unfinished job waits, so that everyone can see it, and lets go of it. One
    /// that waits for a reason of its `own` lets go of its keys, too: nobody knows for how long it
    /// waits, and others may have the same. What another engine has in hand by now is that one's
    /// affair.
    pub async fn note_waiting(
        &self,
        engine: &str,
        job: i64,
        error: Error,
        own: bool,
    ) -> Result<()> {
        let engine = engine.to_owned();
        let sql = "UPDATE jobs SET error_code = ?2, error_message = ?3, error_hint = ?4, engine = NULL, \
                   state = CASE WHEN ?5 THEN 'queued' ELSE state END WHERE id = ?1 AND engine = ?6 AND state IN ('queued', 'planned')";
        self.writer
            .write(move |tx| {
                let Error {
                    code,
                    message,
                    hint,
                    ..
                } = &error;
                tx.prepare_cached(sql)?
                    .execute(params![job, code.as_str(), message, hint, own, engine])
                    .map(|_| ())
            })
            .await
    }

    /// Says why a job waits that this engine has in hand, or that it goes on.
    pub async fn tell_reason(&self, engine: &str, job: i64, reason: Option<Error>) -> Result<()> {
        let engine = engine.to_owned();
        let sql = "UPDATE jobs SET error_code = ?2, error_message = ?3, error_hint = ?4 \
                   WHERE id = ?1 AND engine = ?5 AND state IN ('queued', 'planned')";
        self.writer
            .write(move |tx| {
                let reason = reason.as_ref();
                let code = reason.map(|error| error.code.as_str());
                let message = reason.map(|error| &error.message);
                let hint = reason.and_then(|error| error.hint.as_ref());
                tx.prepare_cached(sql)?
                    .execute(params![job, code, message, hint, engine])
                    .map(|_| ())
            })
            .await
    }

    /// Lets unfinished jobs rest, or go on.
    pub async fn pause(&self, uids: Vec<String>, paused: bool) -> Result<()> {
        // What waits for an answer goes on by one, and by nothing else.
        let sql = "UPDATE jobs SET paused = ?2 WHERE uid = ?1 AND state IN ('queued', 'planned') AND error_code IS NOT 'location-asked'";
        self.writer
            .write(move |tx| {
                uids.iter().try_for_each(|uid| {
                    tx.prepare_cached(sql)?
                        .execute(params![uid, paused])
                        .map(|_| ())
                })
            })
            .await
    }

    /// Jobs by what they are doing, over all that people see.
    pub async fn tally(&self) -> Result<Tally> {
        self.read(|db| {
            let mut tally = Tally::default();
            let mut statement =
                db.prepare_cached("SELECT profile, kind, jobs FROM tally WHERE jobs > 0")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (profile, jobs) = (
                    row.get::<_, ProfileId>(0)?,
                    row.get::<_, i64>(2)?.unsigned_abs(),
                );
                match row.get_ref(1)?.as_str()? {
                    "done" => tally.done += jobs,
                    "failed" => tally.failed += jobs,
                    "held" => tally.of(profile).held += jobs,
                    "free" => tally.of(profile).free += jobs,
                    _ => {}
                }
            }
            Ok(tally)
        })
        .await
    }
}

/// Unfinished jobs of a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// They rest, or have something to say.
    pub held: u64,
    /// Nothing speaks against running them.
    pub free: u64,
}

/// How many jobs there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Unfinished ones by profile.
    pub unfinished: Vec<(ProfileId, Unfinished)>,
    /// Finished.
    pub done: u64,
    /// Failed.
    pub failed: u64,
}

impl Tally {
    /// Finished or failed.
    pub fn ended(&self) -> u64 {
        self.done + self.failed
    }

    fn of(&mut self, profile: ProfileId) -> &mut Unfinished {
        let place = match self
            .unfinished
            .iter()
            .position(|(known, _)| *known == profile)
        {
            Some(place) => place,
            None => {
                self.unfinished.push((profile, Unfinished::default()));
                self.unfinished.len() - 1
            }
        };
        &mut self.unfinished[place].1
    }

    /// The profiles that have unfinished jobs.
    pub fn profiles(&self) -> Vec<ProfileId> {
        self.unfinished
            .iter()
            .map(|(profile, _)| profile.clone())
            .collect()
    }
}

fn take_in_hand(
    tx: &Transaction<'_>,
    engine: &str,
    wanted: &Wanted,
) -> rusqlite::Result<Vec<InHand>> {
    let mut next: Vec<InHand> = Vec::new();
    for profile in profiles(tx, wanted)? {
        for sql in which(wanted, &profile) {
            let mut statement = tx.prepare_cached(&sql)?;
            let found = statement.query_map(
                params![profile, rows::json(&wanted.later), wanted.limit, engine],
                |row| {
                    Ok(InHand {
                        id: row.get(0)?,
                        profile: profile.clone(),
                        watched: row.get(1)?,
                    })
                },
            )?;
            next.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
        }
    }
    next.sort_unstable_by_key(|job| (job.watched, job.id));
    next.dedup_by_key(|job| job.id);
    next.truncate(wanted.limit as usize);
    // Who could not open the bucket is no reason any more where this engine can: the job goes on.
    // Every other reason stands until it goes on: somebody may wait for that with patience.
    let cured = "UPDATE jobs SET error_code = NULL, error_message = NULL, error_hint = NULL \
                 WHERE id = ?1 AND error_code IN ('credentials-missing', 'demo-unavailable')";
    for job in &next {
        tx.prepare_cached("UPDATE jobs SET engine = ?2 WHERE id = ?1")?
            .execute(params![job.id, engine])?;
        if !wanted.leads || wanted.serves.contains(&job.profile) {
            tx.prepare_cached(cured)?.execute(params![job.id])?;
        }
    }
    Ok(next)
}

/// What finds the jobs of a profile that an engine can run. One that does not lead does not go
/// through all that others do.
fn which(wanted: &Wanted, profile: &ProfileId) -> Vec<String> {
    if wanted.leads || wanted.serves.contains(profile) {
        return vec![next("jobs_next", "(needs IS NULL OR needs = ?4)")];
    }
    let mut sql = vec![next("jobs_needing", "needs = ?4")];
    if wanted.can_open.contains(profile) {
        // The same number of values for all.
        let unopened = "error_code = 'credentials-missing' AND ?4 IS NOT NULL";
        sql.push(next("jobs_unopened", unopened));
    }
    sql
}

/// The profiles that have jobs to be run.
fn profiles(tx: &Transaction<'_>, wanted: &Wanted) -> rusqlite::Result<Vec<ProfileId>> {
    let sql = "SELECT DISTINCT profile FROM tally WHERE kind IN ('held', 'free') AND jobs > 0 AND (?1 IS NULL OR profile = ?1) \
               AND profile NOT IN (SELECT value FROM json_each(?2))";
    tx.prepare_cached(sql)?
        .query_map(params![wanted.only, rows::json(&wanted.without)], |row| {
            row.get(0)
        })?
        .collect()
}
