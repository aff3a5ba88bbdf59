//! Files of watched folders.

use super::*;

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
