//! No statement of what an engine does all the time goes through a whole table.

use std::sync::{Mutex, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;

/// What SQLite was asked. The hook of a connection knows nothing but the statement.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(sql.to_owned());
    }
}

/// Tables that stay small, whatever becomes of the list: one row for each profile, folder, engine,
/// upload in parts or object that is leaving, or for each number that was handed over.
const SMALL: [&str; 11] = [
    "tally",
    "folders",
    "leaving",
    "mounts",
    "bucket_names",
    "profile_buckets",
    "uploads",
    "u",
    "json_each",
    "p",
    "CONSTANT",
];
/// Indices of what is in hand, or due: as long as what they are for.
const SHORT: [&str; 3] = ["jobs_in_hand", "jobs_needing", "removals_next"];

/// What a tick asks, and what is asked around each job.
async fn a_tick(journal: &Journal, jobs: &[i64], uid: &str) -> Result<()> {
    let (folder, wanted) = (Path::new("/photos"), || Wanted {
        leads: true,
        limit: 4,
        later: jobs.to_vec(),
        can_open: vec!["demo".into()],
        ..Wanted::default()
    });
    journal.engines().await?;
    journal.data_version().await?;
    journal.tally().await?;
    journal.news_of(jobs).await?;
    journal.take_in_hand("one", wanted()).await?;
    let other = Wanted {
        leads: false,
        ..wanted()
    };
    journal.take_in_hand("two", other).await?;
    journal.to_run("one", jobs[0]).await?;
    journal.job(uid).await?;
    journal.seen_by_job(jobs[0]).await?;
    let busy = Error::new(Code::ServerBusy, "later");
    journal.note_waiting("one", jobs[0], busy, true).await?;
    journal.let_go("one", jobs.to_vec()).await?;
    let (target, sha256) = ("target".to_owned(), "aa".to_owned());
    let planned = vec![planned("key")];
    journal.plan(jobs[1], target, sha256, planned).await?;
    let traces = vec![("key".to_owned(), Trace::Perhaps)];
    journal.unheard_of(jobs[1], traces).await?;
    journal.object_on_record("target", "key").await?;
    let sent = vec![sent_as("key")];
    journal.finish(jobs[1], outcome(1), sent).await?;
    journal.unfinished_after(0, 50).await?;
    journal.batch_states("b", 0, 50).await?;
    journal.folder_counts(folder).await?;
    journal.removals(folder).await?;
    journal.keep_clock(folder, Some(0), 1).await?;
    journal.to_put_away(folder, Some(jobs[0])).await?;
    journal.messages(MessageKind::Webhook, 4).await?;
    journal.messages(MessageKind::Manifest, 4).await?;
    journal.known_uploads("target", "key").await?;
    journal.orphans().await?;
    for removal in journal.due_removals(4).await? {
        journal.removable(&removal).await?;
    }
    Ok(())
}

#[tokio::test]
async fn nothing_that_is_asked_all_the_time_scans_a_table() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("journal.sqlite");
    let traced = || {
        let mut db = schema::open(&path).expect("opens");
        db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))
            .expect("traces");
        db
    };
    let journal = Journal::over([traced(), traced(), traced()], &path).expect("opens");
    let found: Vec<NewJob> = (0..20).map(|number| job(&number.to_string())).collect();
    let jobs = journal.enqueue("b".into(), found).await.expect("queues");
    let uid = journal.jobs(&jobs).await.expect("reads")[0].uid.clone();
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).clear();

    a_tick(&journal, &jobs, &uid).await.expect("ticks");

    let asked = std::mem::take(&mut *ASKED.lock().unwrap_or_else(PoisonError::into_inner));
    let known = ["SELECT", "UPDATE", "INSERT", "DELETE", "WITH"];
    let db = schema::open(&path).expect("opens");
    let mut explained = 0;
    for sql in asked
        .iter()
        .filter(|sql| known.iter().any(|word| sql.trim_start().starts_with(word)))
    {
        let mut plan = db
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("explains");
        for place in 1..=plan.parameter_count() {
            plan.raw_bind_parameter(place, None::<i64>).expect("binds");
        }
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().expect("explains") {
            let step: String = row.get(3).expect("a step");
            // To go through all that a bucket has is as much.
            assert!(!step.ends_with("(target=?)"), "{step}\nof {sql}");
            let Some(table) = step.strip_prefix("SCAN ") else {
                continue;
            };
            let table = table.split(' ').next().unwrap_or_default();
            let short = SHORT.iter().any(|index| step.contains(index));
            assert!(SMALL.contains(&table) || short, "{step}\nof {sql}");
        }
        explained += 1;
    }
    assert!(explained > 20, "{explained} statements were seen");
    Ok(())
}
