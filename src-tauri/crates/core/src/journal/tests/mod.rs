//! The journal on a real database file.

mod folders;
mod keys;
mod queue;
mod removals;
mod scans;
mod sheet;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::*;
use crate::error::{Code, Error, Result};
use crate::folder::{Seen, Skipped, Stamp, WatchedFolder};
use crate::profile::OnConflict;
use crate::variant::Variant;

fn job(name: &str) -> NewJob {
    NewJob {
        source: PathBuf::from("/photos").join(name),
        name: name.into(),
        folder: String::new(),
        profile: "demo".into(),
        watched: PathBuf::new(),
        variants: Variant::defaults(),
        on_conflict: None,
        location: None,
        seen: None,
        refused: None,
        needs: None,
    }
}

/// What an engine that leads would take.
async fn next(journal: &Journal, engine: &str) -> Result<Vec<JobRow>> {
    let wanted = Wanted {
        leads: true,
        limit: 9,
        ..Wanted::default()
    };
    let taken = journal.take_in_hand(engine, wanted).await?;
    let mut rows = Vec::new();
    for job in taken {
        rows.extend(journal.to_run(engine, job.id).await?);
    }
    Ok(rows)
}

fn names(rows: &[JobRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

fn planned(key: &str) -> PlannedObject {
    PlannedObject {
        uid: uuid::Uuid::new_v4().to_string(),
        variant: None,
        key: key.into(),
    }
}

fn outcome(mtime_ns: i64) -> Outcome {
    Outcome {
        present: false,
        size: 1,
        mtime_ns,
        content_type: "x".into(),
        placeholder: None,
        warning: None,
        profile: "demo".into(),
        put_away: Some(false),
        tell: Vec::new(),
    }
}

fn open() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(&dir.path().join("journal.sqlite")).expect("journal opens");
    (dir, journal)
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_shares_what_is_on_its_way() -> Result<()> {
    let (_dir, journal) = open();
    let first = journal
        .enqueue("one".into(), vec![job("b.jpg"), job("a.jpg")])
        .await?;
    let second = journal
        .enqueue("two".into(), vec![job("a.jpg"), job("c.jpg")])
        .await?;
    assert_eq!(second[0], first[1], "a.jpg is queued already");
    assert_eq!(
        names(&journal.batch("two", 0, 9).await?),
        ["a.jpg", "c.jpg"]
    );
    assert_eq!(next(&journal, "e").await?.len(), 3);
    let third = journal
        .enqueue("three".into(), vec![job("a.jpg"), job("a.jpg")])
        .await?;
    assert!(
        third[0] != first[1] && third[0] == third[1],
        "somebody may have read it already; one batch shares its own"
    );
    let otherwise = NewJob {
        on_conflict: Some(OnConflict::Overwrite),
        ..job("a.jpg")
    };
    assert_ne!(
        journal.enqueue("four".into(), vec![otherwise]).await?[0],
        third[0],
        "another wish"
    );
    Ok(())
}

#[tokio::test]
async fn a_batch_says_how_far_its_jobs_are() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("1"), job("2"), job("1"), job("3")])
        .await?;
    next(&journal, "e").await?;
    journal
        .fail(ids[0], Error::new(Code::AccessDenied, "no"))
        .await?;
    journal
        .note_waiting("e", ids[1], Error::new(Code::ServerBusy, "busy"), false)
        .await?;
    let states = journal.batch_states("b", 1, 9).await?;
    let told: Vec<_> = states
        .iter()
        .map(|state| (state.position, state.ended, state.works, state.waits))
        .collect();
    assert_eq!(
        told,
        [
            (1, false, false, Some(Code::ServerBusy)),
            (2, true, false, None),
            (3, false, true, None)
        ]
    );
    assert_eq!(journal.batch_counts("b").await?, (2, 3));
    Ok(())
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_one_job() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("1"), job("2")])
        .await?;
    let future =
        "UPDATE jobs SET variants = '[{\"name\":\"x\",\"fit\":\"of the future\"}]' WHERE id = ?1";
    journal
        .writer
        .write(move |tx| tx.execute(future, params![ids[0]]))
        .await?;
    let rows = journal.found(Sought::default(), None, 9).await?;
    assert_eq!(
        (
            rows.len(),
            rows[1].unreadable.as_ref().map(|error| error.code)
        ),
        (2, Some(Code::JobUnreadable))
    );
    assert_eq!(rows[0].unreadable, None);
    Ok(())
}

#[tokio::test]
async fn what_is_taken_out_of_the_list_is_not_forgotten() -> Result<()> {
    let (_dir, journal) = open();
    let id = sent(&journal, "a").await?;
    let uid = journal.jobs(&[id]).await?.remove(0).uid;
    journal.forget(vec![uid]).await?;
    assert_eq!(
        (
            journal.found(Sought::default(), None, 9).await?.len(),
            journal.tally().await?.done
        ),
        (0, 0)
    );
    assert_eq!(journal.jobs(&[id]).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_job_is_recorded_as_failed_with_its_sentence() -> Result<()> {
    let (_dir, journal) = open();
    let refused = NewJob {
        refused: Some(Error::new(Code::FileMissing, "gone").hint("look")),
        ..job("x")
    };
    journal.enqueue("b".into(), vec![refused]).await?;
    let row = journal.batch("b", 0, 9).await?.remove(0);
    assert_eq!(
        (row.state, row.error.map(|e| (e.code, e.hint))),
        (
            JobState::Failed,
            Some((Code::FileMissing, Some("look".into())))
        )
    );
    Ok(())
}

#[tokio::test]
async fn one_bad_request_leaves_its_group_alone() -> Result<()> {
    let (_dir, journal) = open();
    let bad = journal
        .writer
        .write(|tx| tx.execute("INSERT INTO nowhere VALUES (1)", []));
    let good = journal.enqueue("b".into(), vec![job("a")]);
    let (bad, good) = tokio::join!(bad, good);
    assert!(bad.is_err());
    assert_eq!(good?.len(), 1);
    assert_eq!(next(&journal, "e").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn search_takes_wildcards_literally() -> Result<()> {
    let (_dir, journal) = open();
    journal
        .enqueue("b".into(), vec![job("100%.jpg"), job("1000.jpg")])
        .await?;
    assert_eq!(
        journal
            .found(Sought::new("100%", |_| Vec::new()), None, 10)
            .await?
            .len(),
        1
    );
    assert_eq!(journal.found(Sought::default(), None, 10).await?.len(), 2);
    Ok(())
}

fn seen(path: &str, mtime_ns: i64) -> Seen {
    Seen {
        path: path.into(),
        stamp: Stamp {
            size: 1,
            mtime_ns,
            inode: 1,
        },
        skipped: None,
    }
}

fn found(name: &str, mtime_ns: i64) -> NewJob {
    let path = format!("/w/{name}");
    NewJob {
        source: path.clone().into(),
        watched: "/w".into(),
        location: None,
        seen: Some(seen(&path, mtime_ns)),
        ..job(name)
    }
}

fn watched() -> WatchedFolder {
    WatchedFolder {
        path: "/w".into(),
        profile: "demo".into(),
        ..WatchedFolder::default()
    }
}

/// A watched file that was sent, and is there or not.
async fn sent(journal: &Journal, name: &str) -> Result<i64> {
    let id = journal.enqueue(name.into(), vec![found(name, 1)]).await?[0];
    let object = PlannedObject {
        uid: super::new_id(),
        variant: None,
        key: name.into(),
    };
    journal
        .plan(
            id,
            "t".into(),
            format!("sum of {name}"),
            vec![object.clone()],
        )
        .await?;
    journal
        .finish(
            id,
            outcome(1),
            vec![SentObject {
                uid: object.uid,
                ..sent_as(name)
            }],
        )
        .await?;
    Ok(id)
}

fn sent_as(name: &str) -> SentObject {
    SentObject {
        uid: super::new_id(),
        key: name.into(),
        ours: true,
        etag: "e".into(),
        pixels: None,
        worth: crate::variant::Worth::default(),
        size: 1,
        sha256: format!("sum of {name}"),
        content_type: "x".into(),
        url: format!("https://x/{name}"),
    }
}

#[tokio::test]
async fn a_number_is_never_given_again() -> Result<()> {
    let (_dir, journal) = open();
    let id = journal.enqueue("b".into(), vec![found("a", 1)]).await?[0];
    journal.take_back(id).await?;
    assert!(journal.enqueue("c".into(), vec![found("b", 1)]).await?[0] > id);
    Ok(())
}

#[tokio::test]
async fn an_old_journal_is_brought_up_to_date_with_all_it_knows()
-> std::result::Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("journal.sqlite");
    let old = Connection::open(&path)?;
    layouts::MIGRATIONS[..4]
        .iter()
        .try_for_each(|migration| old.execute_batch(migration))?;
    old.pragma_update(None, "user_version", 4)?;
    old.execute_batch(
        "INSERT INTO jobs(id, uid, source, name, folder, profile, variants, state, outcome, sha256, created_at) VALUES \
         (3, 'u3', x'2f61', 'a', '', 'demo', '[]', 'done', 'uploaded', 'aa', 1), (7, 'u7', x'2f62', 'b', '', 'demo', '[]', 'queued', NULL, NULL, 2), \
         (8, 'u8', x'6263', 'bc', '', 'demo', '[]', 'done', 'uploaded', 'cc', 3); \
         INSERT INTO objects(job, position, uid, target, key, folded, size, sha256, url) VALUES (3, 0, 'o3', 't', 'k', 'k', 1, 'aa', 'https://x/k'); \
         INSERT INTO outbox(kind, profile, job, due_at) VALUES ('webhook', 'demo', 3, 1), ('webhook', 'demo', 99, 1);",
    )?;
    drop(old);

    let journal = Journal::open(&path)?;

    let tally = journal.tally().await?;
    assert_eq!(
        (tally.done, tally.unfinished),
        (2, vec![("demo".into(), Unfinished { held: 0, free: 1 })])
    );
    assert_eq!(
        journal.job("u3").await?.and_then(|row| row.url).as_deref(),
        Some("https://x/k")
    );
    assert!(
        journal.job("u8").await?.is_some_and(|row| row.foreign),
        "a bare name came from a manifest"
    );
    assert_eq!(
        journal.messages(MessageKind::Webhook, 9).await?.len(),
        1,
        "of a job that is gone nothing is told"
    );
    assert!(journal.enqueue("b".into(), vec![job("new")]).await?[0] > 8);
    Ok(())
}
