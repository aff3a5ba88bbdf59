//! The journal on a real database file.

use std::path::PathBuf;

use super::*;
use crate::folder::{Seen, Skipped, Stamp, WatchedFolder};
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
async fn a_job_is_in_one_hand_only() -> Result<()> {
    let (_dir, journal) = open();
    let own = NewJob {
        needs: Some("standby".into()),
        ..job("own")
    };
    let ids = journal
        .enqueue("b".into(), vec![job("1"), own, job("2")])
        .await?;
    assert_eq!(names(&next(&journal, "leader").await?), ["1", "2"]);
    assert!(next(&journal, "other").await?.is_empty());
    let standby = Wanted {
        can_open: vec!["demo".into()],
        limit: 9,
        ..Wanted::default()
    };
    assert_eq!(
        journal
            .take_in_hand("standby", standby.clone())
            .await?
            .len(),
        1,
        "what it alone has the credentials for"
    );
    // Paused after it was taken in hand: it is not started.
    let paused = journal.jobs(&[ids[0]]).await?.remove(0).uid;
    journal.pause(vec![paused], true).await?;
    assert!(
        journal.to_run("leader", ids[0]).await?.is_none()
            && journal.to_run("leader", ids[2]).await?.is_some()
    );
    journal
        .note_waiting(
            "standby",
            ids[2],
            Error::new(Code::ServerBusy, "not its affair"),
            false,
        )
        .await?;
    assert!(
        journal
            .to_run("leader", ids[2])
            .await?
            .is_some_and(|job| job.error.is_none())
    );
    journal
        .note_waiting(
            "leader",
            ids[2],
            Error::new(Code::CredentialsMissing, "none here"),
            false,
        )
        .await?;
    assert_eq!(
        journal.take_in_hand("standby", standby).await?[0].id,
        ids[2],
        "given up for want of credentials"
    );
    let mut engines = journal.engines().await?;
    engines.sort();
    assert_eq!(engines, ["leader", "standby"]);
    journal.engine_ended("standby").await?;
    assert_eq!(
        names(&next(&journal, "leader").await?),
        ["own", "2"],
        "nobody else can have them now"
    );
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
    let rows = journal.recent("", &[], 9).await?;
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
            journal.recent("", &[], 9).await?.len(),
            journal.tally().await?.done
        ),
        (0, 0)
    );
    assert_eq!(journal.jobs(&[id]).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_key_belongs_to_one_content_while_a_job_is_unfinished() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("1"), job("2"), job("3")])
        .await?;
    let plan = |id, sha: &str| journal.plan(id, "t".into(), sha.into(), vec![planned("k")]);
    assert_eq!(plan(ids[0], "aa").await?, Claim::New);
    assert_eq!(plan(ids[1], "bb").await?, Claim::Busy);
    assert_eq!(
        plan(ids[2], "aa").await?,
        Claim::Granted,
        "the same content may share its key"
    );
    journal
        .fail(ids[0], Error::new(Code::AccessDenied, "no"))
        .await?;
    journal
        .fail(ids[2], Error::new(Code::AccessDenied, "no"))
        .await?;
    assert_eq!(
        plan(ids[1], "bb").await?,
        Claim::Granted,
        "a failed job lets go"
    );
    assert!(journal.is_claimed("t", "k").await?);
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
    assert_eq!(journal.recent("100%", &[], 10).await?.len(), 1);
    assert_eq!(journal.recent("", &[], 10).await?.len(), 2);
    Ok(())
}

fn upload_key(job: i64, sha256: &str) -> UploadKey {
    UploadKey {
        job,
        profile: "demo".into(),
        target: "t".into(),
        key: "k".into(),
        sha256: sha256.into(),
    }
}

fn part(number: i32) -> PartRow {
    PartRow {
        number,
        size: 8,
        etag: format!("e{number}"),
        crc32: None,
    }
}

#[tokio::test]
async fn an_upload_goes_on_with_the_parts_it_has() -> Result<()> {
    let (_dir, journal) = open();
    let job = journal.enqueue("b".into(), vec![job("film")]).await?[0];
    assert_eq!(journal.upload(upload_key(job, "aa")).await?, None);
    journal
        .intend_upload(upload_key(job, "aa"), Some(vec!["theirs".into()]))
        .await?;
    assert_eq!(
        journal
            .upload(upload_key(job, "aa"))
            .await?
            .map(|row| row.upload),
        Some(None),
        "whether it began is not known"
    );
    journal.begin_upload(job, "id".into(), 8).await?;
    for number in [2, 1, 2] {
        journal.add_part(job, part(number)).await?;
    }
    let row = journal
        .upload(upload_key(job, "aa"))
        .await?
        .expect("on record");
    assert_eq!(
        (row.upload.as_deref(), row.part_size, row.parts),
        (Some("id"), 8, vec![part(1), part(2)])
    );
    assert_eq!(journal.orphans().await?, []);
    Ok(())
}

#[tokio::test]
async fn what_nobody_goes_on_with_is_an_orphan_until_it_is_aborted() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue(
            "b".into(),
            vec![job("changed"), job("failed"), job("whole")],
        )
        .await?;
    for (id, name) in ids.iter().zip(["one", "two", "three"]) {
        journal.intend_upload(upload_key(*id, "aa"), None).await?;
        journal.begin_upload(*id, name.into(), 8).await?;
    }
    assert_eq!(
        journal.upload(upload_key(ids[0], "other bytes")).await?,
        None
    );
    journal
        .fail(ids[1], Error::new(Code::AccessDenied, "no"))
        .await?;
    let outcome = outcome(1);
    journal.finish(ids[2], outcome, Vec::new()).await?;
    let uploads = |orphans: Vec<Orphan>| {
        orphans
            .into_iter()
            .filter_map(|orphan| orphan.upload)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        uploads(journal.orphans().await?),
        ["one", "two", "three"],
        "also what a finished job did not need"
    );
    journal.forget_upload("t".into(), "three".into()).await?;
    assert_eq!(uploads(journal.orphans().await?), ["one", "two"]);
    journal.forget_upload("t".into(), "one".into()).await?;
    assert_eq!(uploads(journal.orphans().await?), ["two"]);
    Ok(())
}

#[tokio::test]
async fn people_come_before_folders_and_resting_jobs_not_at_all() -> Result<()> {
    let (_dir, journal) = open();
    let found = NewJob {
        watched: "/w".into(),
        ..job("found")
    };
    let ids = journal
        .enqueue(
            "b".into(),
            vec![
                found,
                job("dropped"),
                job("resting"),
                NewJob {
                    profile: "out".into(),
                    ..job("out")
                },
            ],
        )
        .await?;
    let resting = journal.jobs(&[ids[2]]).await?.remove(0).uid;
    journal.pause(vec![resting.clone()], true).await?;
    let all = Wanted {
        leads: true,
        limit: 9,
        ..Wanted::default()
    };
    let take = async |wanted: Wanted| {
        let taken: Vec<i64> = journal
            .take_in_hand("e", wanted)
            .await?
            .into_iter()
            .map(|job| job.id)
            .collect();
        journal.let_go("e", taken.clone()).await.map(|()| taken)
    };
    assert_eq!(
        take(Wanted {
            without: vec!["out".into()],
            ..all.clone()
        })
        .await?,
        [ids[1], ids[0]]
    );
    assert_eq!(
        take(Wanted {
            later: vec![ids[1]],
            ..all.clone()
        })
        .await?,
        [ids[3], ids[0]]
    );
    assert_eq!(
        take(Wanted {
            only: Some("out".into()),
            limit: 1,
            ..all.clone()
        })
        .await?,
        [ids[3]]
    );
    journal.pause(vec![resting], false).await?;
    assert_eq!(take(all).await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn the_tally_is_kept_by_the_database() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("1"), job("2"), job("3")])
        .await?;
    let counts = async || {
        let tally = journal.tally().await?;
        let unfinished = tally
            .unfinished
            .first()
            .map_or(Unfinished::default(), |(_, unfinished)| *unfinished);
        Ok::<_, Error>((unfinished.free, unfinished.held, tally.done, tally.failed))
    };
    journal
        .fail(ids[0], Error::new(Code::AccessDenied, "no"))
        .await?;
    assert_eq!(counts().await?, (2, 0, 0, 1));
    next(&journal, "e").await?;
    journal
        .note_waiting("e", ids[1], Error::new(Code::ServerBusy, "busy"), false)
        .await?;
    journal
        .pause(vec![journal.jobs(&[ids[2]]).await?.remove(0).uid], true)
        .await?;
    assert_eq!(counts().await?, (0, 2, 0, 1));
    let failed = journal.jobs(&[ids[0]]).await?.remove(0).uid;
    journal
        .requeue(vec![failed.clone()], Some(OnConflict::Overwrite))
        .await?;
    assert_eq!(counts().await?, (1, 2, 0, 0));
    assert_eq!(
        journal.jobs(&[ids[0]]).await?[0].on_conflict,
        Some(OnConflict::Overwrite)
    );
    journal
        .fail(ids[0], Error::new(Code::AccessDenied, "no"))
        .await?;
    journal.forget(vec![failed]).await?;
    assert_eq!(counts().await?, (0, 2, 0, 0));
    Ok(())
}

#[tokio::test]
async fn keys_that_differ_in_case_only_are_twins() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("1"), job("2")])
        .await?;
    let key = |key: &str| {
        vec![PlannedObject {
            uid: uuid::Uuid::new_v4().to_string(),
            variant: None,
            key: key.into(),
        }]
    };
    journal
        .plan(ids[0], "t".into(), "aa".into(), key("Größe.jpg"))
        .await?;
    let sent = SentObject {
        uid: journal.objects(ids[0]).await?.remove(0).uid,
        key: "Größe.jpg".into(),
        sent: true,
        etag: String::new(),
        pixels: None,
        size: 1,
        sha256: "aa".into(),
        content_type: "x".into(),
        url: "u".into(),
    };
    journal.finish(ids[0], outcome(1), vec![sent]).await?;
    assert_eq!(
        journal
            .plan(ids[1], "t".into(), "bb".into(), key("GRO\u{308}ße.JPG"))
            .await?,
        Claim::Twin
    );
    assert_eq!(
        journal
            .plan(ids[1], "t".into(), "bb".into(), key("größe-2.jpg"))
            .await?,
        Claim::New
    );
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
        seen: Some(seen(&path, mtime_ns)),
        ..job(name)
    }
}

#[tokio::test]
async fn a_file_that_changes_under_way_goes_again_and_one_that_is_known_does_not() -> Result<()> {
    let (_dir, journal) = open();
    let id = journal.enqueue("b".into(), vec![found("a", 1)]).await?[0];
    assert_eq!(
        journal.enqueue("c".into(), vec![found("a", 2)]).await?,
        [id],
        "one job for one file"
    );
    let row = journal.jobs(&[id]).await?.remove(0);
    journal.finish(id, outcome(1), Vec::new()).await?;
    assert_eq!(journal.jobs(&[id]).await?[0].state, JobState::Done);
    let next = journal
        .goes_on_as(&row)
        .await?
        .expect("what was sent is not what is there");
    journal.finish(next, outcome(2), Vec::new()).await?;
    assert_eq!(journal.goes_on_as(&row).await?, None);
    assert_eq!(
        journal.enqueue("d".into(), vec![found("a", 2)]).await?,
        [next],
        "it is in the bucket as it is"
    );
    assert_ne!(
        journal.enqueue("e".into(), vec![found("a", 3)]).await?,
        [next]
    );
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_moved_before_it_is_sent_goes_under_its_new_name() -> Result<()> {
    let (_dir, journal) = open();
    let id = journal.enqueue("b".into(), vec![found("a", 1)]).await?[0];
    journal
        .moved("/w".into(), vec![("/w/a".into(), seen("/w/b", 1))])
        .await?;
    let row = journal.jobs(&[id]).await?.remove(0);
    assert_eq!(
        (row.name.as_str(), row.source),
        ("b", PathBuf::from("/w/b"))
    );
    journal.take_back(id).await?;
    assert_eq!(
        journal.jobs(&[id]).await?.len(),
        1,
        "it is looked for under its new name once more"
    );
    journal.take_back(id).await?;
    assert_eq!(
        (
            journal.jobs(&[id]).await?.len(),
            journal
                .on_record(&watched(), &"demo".into())
                .await?
                .known
                .len()
        ),
        (0, 0)
    );
    Ok(())
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_looked_for() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal.enqueue("b".into(), vec![job("a.jpg")]).await?;
    journal
        .intend_upload(upload_key(ids[0], "aa"), None)
        .await?;
    journal
        .fail(ids[0], Error::new(Code::AccessDenied, "no"))
        .await?;
    let orphans = journal.orphans().await?;
    assert_eq!((orphans.len(), orphans[0].upload.as_ref()), (1, None));
    Ok(())
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
        sent: true,
        etag: "e".into(),
        pixels: None,
        size: 1,
        sha256: format!("sum of {name}"),
        content_type: "x".into(),
        url: format!("https://x/{name}"),
    }
}

fn removal_keys(objects: &[Removable]) -> Vec<&str> {
    objects.iter().map(|object| object.key.as_str()).collect()
}

#[tokio::test]
async fn a_deleted_file_is_removed_when_its_folder_was_seen_for_long_enough_unless_it_comes_back()
-> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    for name in ["a", "b", "c"] {
        sent(&journal, name).await?;
    }
    journal
        .gone("/w".into(), vec!["/w/a".into(), "/w/b".into()], Some(100))
        .await?;
    journal.add_watched(Path::new("/w"), 99).await?;
    assert_eq!(journal.due_removals(9).await?.len(), 0);
    journal.add_watched(Path::new("/w"), 1).await?;
    journal.enqueue("again".into(), vec![found("a", 2)]).await?;
    let due = journal.due_removals(9).await?;
    assert_eq!(due.len(), 1, "a is back");
    let objects = journal.removable(&due[0]).await?;
    assert_eq!(removal_keys(&objects), ["b"]);
    assert_eq!(
        journal.begin_leaving(&due[0], &objects[0], "e").await?,
        Leave::Now
    );
    let other = journal.enqueue("o".into(), vec![job("other")]).await?[0];
    assert_eq!(
        journal
            .plan(other, "t".into(), "xx".into(), vec![planned("b")])
            .await?,
        Claim::Leaving
    );
    journal.end_leaving(&objects[0], true).await?;
    assert_eq!(
        journal
            .plan(other, "t".into(), "xx".into(), vec![planned("c2")])
            .await?,
        Claim::New
    );
    journal.removed(&due[0]).await?;
    let jobs = journal.jobs_with(&objects).await?;
    assert_eq!(
        (
            journal.jobs(&jobs).await?[0].url.as_ref(),
            journal.due_removals(9).await?.len()
        ),
        (None, 0)
    );
    Ok(())
}

#[tokio::test]
async fn whoever_speaks_against_a_removal_is_heard_at_the_last_moment() -> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    for name in ["a", "b"] {
        sent(&journal, name).await?;
    }
    journal
        .gone("/w".into(), vec!["/w/a".into(), "/w/b".into()], Some(0))
        .await?;
    let due = journal.due_removals(9).await?;
    let objects = [
        journal.removable(&due[0]).await?.remove(0),
        journal.removable(&due[1]).await?.remove(0),
    ];
    // Another file is on its way to that key.
    let other = journal.enqueue("o".into(), vec![job("other")]).await?[0];
    journal
        .plan(other, "t".into(), "xx".into(), vec![planned("a")])
        .await?;
    assert_eq!(
        journal.begin_leaving(&due[0], &objects[0], "e").await?,
        Leave::Later
    );
    // A person keeps what was deleted.
    journal.keep_removals(Path::new("/w")).await?;
    assert_eq!(
        journal.begin_leaving(&due[1], &objects[1], "e").await?,
        Leave::Never
    );
    assert!(!journal.is_leaving(Path::new("/w")).await?);
    Ok(())
}

#[tokio::test]
async fn all_that_a_file_ever_was_is_removed_with_it_and_nothing_that_was_only_found() -> Result<()>
{
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    for (mtime, key, is_ours) in [(1, "a", true), (2, "a-2", true), (3, "a-3", false)] {
        let id = journal.enqueue(key.into(), vec![found("a", mtime)]).await?[0];
        let object = PlannedObject {
            uid: super::new_id(),
            variant: None,
            key: key.into(),
        };
        journal
            .plan(id, "t".into(), format!("sum {key}"), vec![object.clone()])
            .await?;
        let object = SentObject {
            uid: object.uid,
            key: key.into(),
            sent: is_ours,
            etag: String::new(),
            pixels: None,
            size: 1,
            sha256: format!("sum {key}"),
            content_type: "x".into(),
            url: "u".into(),
        };
        journal.finish(id, outcome(mtime), vec![object]).await?;
    }
    journal
        .gone("/w".into(), vec!["/w/a".into()], Some(0))
        .await?;
    let due = journal.due_removals(9).await?;
    assert_eq!(
        removal_keys(&journal.removable(&due[0]).await?),
        ["a", "a-2"]
    );
    Ok(())
}

#[tokio::test]
async fn what_is_out_of_the_list_is_removed_all_the_same() -> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    let id = sent(&journal, "a").await?;
    journal
        .forget(vec![journal.jobs(&[id]).await?.remove(0).uid])
        .await?;
    journal
        .gone("/w".into(), vec!["/w/a".into()], Some(0))
        .await?;
    let due = journal.due_removals(9).await?;
    assert_eq!(removal_keys(&journal.removable(&due[0]).await?), ["a"]);
    Ok(())
}

#[tokio::test]
async fn what_another_file_needs_is_not_removed() -> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    sent(&journal, "a").await?;
    assert!(
        journal
            .may_replace(Path::new("/w/a"), "t", vec!["b".into(), "a".into()])
            .await?
    );
    let twin = NewJob {
        source: "/elsewhere/a".into(),
        ..job("a")
    };
    let id = journal.enqueue("t".into(), vec![twin]).await?[0];
    let object = PlannedObject {
        uid: super::new_id(),
        variant: None,
        key: "a".into(),
    };
    journal
        .plan(id, "t".into(), "sum of a".into(), vec![object])
        .await?;
    assert!(
        !journal
            .may_replace(Path::new("/w/a"), "t", vec!["b".into(), "a".into()])
            .await?
    );
    journal
        .gone("/w".into(), vec!["/w/a".into()], Some(0))
        .await?;
    let due = journal.due_removals(9).await?;
    // It may come to lie elsewhere: until that is known, nothing is removed, and nothing is forgotten.
    let removable = journal.removable(&due[0]).await?;
    assert_eq!(
        journal.begin_leaving(&due[0], &removable[0], "e").await?,
        Leave::Later
    );
    journal.finish(id, outcome(1), vec![sent_as("a")]).await?;
    assert_eq!(
        journal.removable(&due[0]).await?.len(),
        0,
        "it relies on the object"
    );
    Ok(())
}

#[tokio::test]
async fn a_bucket_has_one_name_however_it_is_spelled() -> Result<()> {
    let (_dir, journal) = open();
    let target = async |profile: &str, bucket: &str, spelled: &str| {
        journal.target(&profile.into(), bucket, spelled).await
    };
    assert_eq!(
        target("p", "b", "http://127.0.0.1|b").await?,
        "http://127.0.0.1|b"
    );
    assert_eq!(
        target("p", "b", "https://localhost|b").await?,
        "http://127.0.0.1|b",
        "the profile's address was edited"
    );
    assert_eq!(
        target("q", "b", "https://localhost|b").await?,
        "http://127.0.0.1|b",
        "another profile of that spelling"
    );
    assert_eq!(
        target("p", "c", "https://localhost|c").await?,
        "https://localhost|c",
        "another bucket"
    );
    Ok(())
}

#[tokio::test]
async fn strikingly_many_deletions_wait_for_a_person() -> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    let names: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    for name in &names {
        sent(&journal, name).await?;
    }
    let gone = |names: &[String]| {
        names
            .iter()
            .map(|name| PathBuf::from(format!("/w/{name}")))
            .collect::<Vec<_>>()
    };
    journal
        .gone("/w".into(), gone(&names[..10]), Some(0))
        .await?;
    assert_eq!(
        (
            journal.removals(Path::new("/w")).await?.held,
            journal.due_removals(99).await?.len()
        ),
        (0, 10)
    );
    journal
        .gone("/w".into(), gone(&names[10..22]), Some(0))
        .await?;
    assert_eq!(
        (
            journal.removals(Path::new("/w")).await?.held,
            journal.due_removals(99).await?.len()
        ),
        (22, 0)
    );
    journal.hasten_removals(Path::new("/w")).await?;
    assert_eq!(journal.due_removals(99).await?.len(), 22);
    journal.keep_removals(Path::new("/w")).await?;
    assert_eq!(journal.removals(Path::new("/w")).await?.files, 0);
    Ok(())
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
async fn a_move_of_which_nothing_is_on_record_is_said_and_not_made_up() -> Result<()> {
    let (_dir, journal) = open();
    let id = journal.enqueue("b".into(), vec![found("a", 1)]).await?[0];
    journal.take_back(id).await?;
    assert_eq!(
        journal
            .moved("/w".into(), vec![("/w/a".into(), seen("/w/b", 1))])
            .await?,
        [PathBuf::from("/w/b")]
    );
    assert_eq!(
        journal
            .on_record(&watched(), &"demo".into())
            .await?
            .known
            .len(),
        0
    );
    Ok(())
}

#[tokio::test]
async fn another_profile_and_another_rule_make_files_new() -> Result<()> {
    let (_dir, journal) = open();
    let id = sent(&journal, "a").await?;
    journal
        .skip(
            "/w".into(),
            vec![Seen {
                skipped: Some(Skipped::NoPicture),
                ..seen("/w/notes", 1)
            }],
        )
        .await?;
    let known = async |folder: WatchedFolder| {
        journal
            .on_record(&folder, &folder.profile.as_str().into())
            .await
            .map(|record| record.known.len())
    };
    assert_eq!(known(watched()).await?, 2);
    assert_eq!(
        known(WatchedFolder {
            all_files: true,
            ..watched()
        })
        .await?,
        1
    );
    assert_eq!(
        known(WatchedFolder {
            profile: "other".into(),
            all_files: true,
            ..watched()
        })
        .await?,
        0
    );
    let to_other = NewJob {
        profile: "other".into(),
        ..found("a", 1)
    };
    assert_ne!(journal.enqueue("c".into(), vec![to_other]).await?, [id]);
    Ok(())
}

#[tokio::test]
async fn a_folder_that_is_let_go_is_looked_at_anew_but_for_what_is_on_its_way() -> Result<()> {
    let (_dir, journal) = open();
    sent(&journal, "a").await?;
    journal.enqueue("b".into(), vec![found("b", 1)]).await?;
    journal.begin_folder(Path::new("/w")).await?;
    journal.end_folder(Path::new("/w")).await?;
    let record = journal.on_record(&watched(), &"demo".into()).await?;
    assert_eq!(
        record
            .known
            .into_iter()
            .map(|(path, _)| path)
            .collect::<Vec<_>>(),
        [PathBuf::from("/w/b")]
    );
    assert!(record.first_time);
    Ok(())
}

#[tokio::test]
async fn a_job_that_an_ended_engine_had_in_hand_is_shared_again() -> Result<()> {
    let (_dir, journal) = open();
    let id = journal.enqueue("b".into(), vec![job("a")]).await?[0];
    next(&journal, "killed").await?;
    journal
        .plan(id, "t".into(), "aa".into(), vec![planned("k")])
        .await?;
    journal.engine_ended("killed").await?;
    assert_eq!(journal.enqueue("c".into(), vec![job("a")]).await?, [id]);
    Ok(())
}

#[tokio::test]
async fn an_old_journal_is_brought_up_to_date_with_all_it_knows()
-> std::result::Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("journal.sqlite");
    let old = Connection::open(&path)?;
    schema::MIGRATIONS[..4]
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
