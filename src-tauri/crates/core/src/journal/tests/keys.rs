//! Keys, uploads in parts, and names of buckets.

use super::*;

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
        ours: true,
        etag: String::new(),
        pixels: None,
        worth: crate::variant::Worth::default(),
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
