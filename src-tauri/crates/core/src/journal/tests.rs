//! The journal on a real database file.

use super::*;
use crate::variant::Variant;

fn job(name: &str) -> NewJob {
    NewJob {
        source: PathBuf::from("/photos").join(name),
        name: name.into(),
        folder: String::new(),
        profile: "demo".into(),
        watched: PathBuf::new(),
        variants: Variant::defaults(),
        seen: None,
        refused: None,
    }
}

fn planned(key: &str) -> PlannedObject {
    PlannedObject { uid: uuid::Uuid::new_v4().to_string(), variant: None, key: key.into() }
}

fn open() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(&dir.path().join("journal.sqlite")).expect("journal opens");
    (dir, journal)
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_shares_what_is_on_its_way() -> Result<()> {
    let (_dir, journal) = open();
    let first = journal.enqueue("one".into(), vec![job("b.jpg"), job("a.jpg")]).await?;
    let second = journal.enqueue("two".into(), vec![job("a.jpg"), job("c.jpg")]).await?;
    assert_eq!(second[0], first[1], "a.jpg is on its way already");
    let names: Vec<String> = journal.batch("two").await?.into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["a.jpg", "c.jpg"]);
    assert_eq!(journal.unfinished().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_key_belongs_to_one_content_while_a_job_is_unfinished() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal.enqueue("b".into(), vec![job("1"), job("2"), job("3")]).await?;
    let plan = |id, sha: &str| journal.plan(id, "t".into(), sha.into(), vec![planned("k")]);
    assert_eq!(plan(ids[0], "aa").await?, Claim::Granted);
    assert_eq!(plan(ids[1], "bb").await?, Claim::Taken);
    assert_eq!(plan(ids[2], "aa").await?, Claim::Granted, "the same content may share its key");
    journal.fail(ids[0], Error::new(Code::AccessDenied, "no")).await?;
    journal.fail(ids[2], Error::new(Code::AccessDenied, "no")).await?;
    assert_eq!(plan(ids[1], "bb").await?, Claim::Granted, "a failed job lets go");
    assert!(journal.is_claimed("t", "k").await?);
    Ok(())
}

#[tokio::test]
async fn a_refused_job_is_recorded_as_failed_with_its_sentence() -> Result<()> {
    let (_dir, journal) = open();
    let refused = NewJob { refused: Some(Error::new(Code::FileMissing, "gone").hint("look")), ..job("x") };
    journal.enqueue("b".into(), vec![refused]).await?;
    let row = journal.batch("b").await?.remove(0);
    assert_eq!((row.state, row.error.map(|e| (e.code, e.hint))), (JobState::Failed, Some((Code::FileMissing, Some("look".into())))));
    Ok(())
}

#[tokio::test]
async fn one_bad_request_leaves_its_group_alone() -> Result<()> {
    let (_dir, journal) = open();
    let bad = journal.writer.write(|tx| tx.execute("INSERT INTO nowhere VALUES (1)", []));
    let good = journal.enqueue("b".into(), vec![job("a")]);
    let (bad, good) = tokio::join!(bad, good);
    assert!(bad.is_err());
    assert_eq!(good?.len(), 1);
    assert_eq!(journal.unfinished().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn search_takes_wildcards_literally() -> Result<()> {
    let (_dir, journal) = open();
    journal.enqueue("b".into(), vec![job("100%.jpg"), job("1000.jpg")]).await?;
    assert_eq!(journal.recent("100%", 10).await?.len(), 1);
    assert_eq!(journal.recent("", 10).await?.len(), 2);
    Ok(())
}
