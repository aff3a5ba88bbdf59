//! What deleted files had in the bucket.

use super::*;

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
    journal.keep_clock(Path::new("/w"), Some(0), 99).await?;
    assert_eq!(journal.due_removals(9).await?.len(), 0);
    journal.keep_clock(Path::new("/w"), Some(99), 1).await?;
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
async fn engines_that_see_a_folder_at_the_same_time_do_not_add_up() -> Result<()> {
    let (_dir, journal) = open();
    journal.keep_folder(&watched()).await?;
    let folder = Path::new("/w");

    let begun = journal.keep_clock(folder, None, 1000).await?;
    let both = [
        journal.keep_clock(folder, begun, 60).await?,
        journal.keep_clock(folder, begun, 50).await?,
    ];
    let alone = journal.keep_clock(folder, both[1], 30).await?;

    assert_eq!((begun, both), (Some(0), [Some(60), Some(60)]));
    assert_eq!(alone, Some(90));
    let unknown = journal.keep_clock(Path::new("/x"), None, 1).await?;
    assert_eq!(unknown, None);
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
            ours: is_ours,
            etag: String::new(),
            pixels: None,
            worth: crate::variant::Worth::default(),
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
    // It may come to lie elsewhere: until that is known, nothing is removed, and nothing is
    // forgotten.
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
async fn a_trace_says_no_more_than_is_known() -> Result<()> {
    let (_dir, journal) = open();
    sent(&journal, "a").await?;
    let id = journal.enqueue("b".into(), vec![job("x")]).await?[0];
    let keys = ["a", "told", "new"].map(planned).to_vec();
    journal.plan(id, "t".into(), "xx".into(), keys).await?;
    journal.fail(id, Error::new(Code::FileMissing, "x")).await?;
    let uid = Some(journal.jobs(&[id]).await?.remove(0).uid);
    let perhaps = ["a", "new"].map(|key| (key.to_owned(), Trace::Perhaps));
    let on_record = |key| journal.object_on_record("t", key);
    let relied_on = async |but: &str| {
        let may = journal.may_replace(Path::new(but), "t", vec!["new".into()]);
        Ok::<_, Error>(!may.await?)
    };

    journal.unheard_of(id, perhaps.to_vec()).await?;
    let (a, new) = (on_record("a").await?, on_record("new").await?);
    let relies_on_a = !journal
        .may_replace(Path::new("/w/a"), "t", vec!["a".into()])
        .await?;
    journal
        .unheard_of(id, vec![("a".into(), Trace::Told)])
        .await?;
    let (told, relied_on_new) = (on_record("a").await?, relied_on("/y").await?);
    journal
        .unheard_of(id, vec![("a".into(), Trace::Untold)])
        .await?;
    let untold = on_record("a").await?;

    sent(&journal, "new").await?;

    let known = |row: Option<OnRecord>| row.map(|row| (row.sha256, row.upload));
    assert_eq!(known(a), Some(("sum of a".into(), uid.clone())));
    assert!(!relies_on_a, "x is not known to have sent what is there");
    assert_eq!(known(new), Some((String::new(), uid.clone())));
    assert!(relied_on_new, "whatever comes there is x's");
    assert!(
        !relied_on("/w/new").await?,
        "that is another's: x relies on nothing there"
    );
    assert_eq!(known(told), Some(("sum of a".into(), uid.clone())));
    assert_eq!(known(untold), Some((String::new(), uid)));
    Ok(())
}
