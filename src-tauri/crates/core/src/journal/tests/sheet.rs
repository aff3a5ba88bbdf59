//! The sheet and what is looked for, on a real database file.

use super::*;

/// A finished job of a profile, its number.
async fn done(journal: &Journal, name: &str, profile: &str) -> Result<i64> {
    let new = NewJob {
        profile: profile.into(),
        ..job(name)
    };
    let id = journal.enqueue(name.into(), vec![new]).await?[0];
    let key = format!("originals/{name}");
    let object = planned(&key);
    let sent = vec![SentObject {
        uid: object.uid.clone(),
        ..sent_as(&key)
    }];
    journal
        .plan(id, "t".into(), "aa".into(), vec![object])
        .await?;
    journal.finish(id, outcome(1), sent).await?;
    Ok(id)
}

async fn on(journal: &Journal, day: i64, id: i64) -> Result<()> {
    journal
        .writer
        .write(move |tx| {
            tx.execute("UPDATE jobs SET day = ?1 WHERE id = ?2", [day, id])
                .map(|_| ())
        })
        .await
}

async fn days(journal: &Journal, shelf: Shelf) -> Result<Vec<(i64, u32)>> {
    let days = journal.days(shelf).await?;
    Ok(days.iter().map(|day| (day.day, day.entries)).collect())
}

fn at(day: i64, behind: Option<i64>, skip: u32) -> Place {
    Place { day, behind, skip }
}

#[tokio::test]
async fn days_are_counted_as_jobs_come_and_go() -> Result<()> {
    let (_dir, journal) = open();
    let one = done(&journal, "one", "demo").await?;
    let two = done(&journal, "two", "web").await?;
    let three = done(&journal, "three", "web").await?;
    for (day, id) in [(10, one), (10, two), (11, three)] {
        on(&journal, day, id).await?;
    }

    assert_eq!(days(&journal, Shelf::All).await?, [(11, 1), (10, 2)]);
    assert_eq!(
        days(&journal, Shelf::Profile("web".into())).await?,
        [(11, 1), (10, 1)]
    );

    let uid = journal.jobs(&[three]).await?.remove(0).uid;
    journal.forget(vec![uid]).await?;
    assert_eq!(days(&journal, Shelf::All).await?, [(10, 2)], "taken out");
    journal.redo("again".into(), vec![two, three]).await?;
    assert_eq!(
        days(&journal, Shelf::All).await?,
        [(10, 1)],
        "on its way once more"
    );
    assert_eq!(
        days(&journal, Shelf::Profile("web".into())).await?,
        [] as [(i64, u32); 0]
    );
    Ok(())
}

#[tokio::test]
async fn entries_are_read_wherever_one_looks() -> Result<()> {
    let (_dir, journal) = open();
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let id = done(&journal, name, "demo").await?;
        on(&journal, 7, id).await?;
        ids.push(id);
    }
    let failed = journal.enqueue("x".into(), vec![job("x")]).await?[0];
    journal
        .fail(failed, Error::new(Code::AccessDenied, "no"))
        .await?;

    let first = journal.entries(Shelf::All, at(7, None, 0), 2).await?;
    let behind = journal
        .entries(Shelf::All, at(7, Some(ids[2]), 0), 2)
        .await?;
    let skipped = journal.entries(Shelf::All, at(7, None, 3), 2).await?;

    assert_eq!(names(&first), ["d", "c"]);
    assert_eq!(names(&behind), ["b", "a"]);
    assert_eq!(names(&skipped), ["a"]);
    let all = journal.between(Shelf::All, (7, i64::MAX), (7, 0)).await?;
    let some = journal.between(Shelf::All, (8, 0), (7, ids[2])).await?;
    assert_eq!((all.len(), &all[..2]), (4, &some[..]));
    assert_eq!(names(&journal.failed(None, 9).await?), ["x"]);
    Ok(())
}

#[tokio::test]
async fn words_are_found_in_names_folders_keys_and_profiles() -> Result<()> {
    let (_dir, journal) = open();
    done(&journal, "Größe der Bucht.jpg", "demo").await?;
    done(&journal, "beach at noon.jpg", "web").await?;
    done(&journal, "日本語の写真.png", "web").await?;
    let queued = NewJob {
        folder: "Trip/Rome".into(),
        ..job("on its way.jpg")
    };
    journal.enqueue("q".into(), vec![queued]).await?;
    let named = |word: &str| match "blog pictures".contains(word) {
        true => vec!["web".into()],
        false => Vec::new(),
    };
    let find = async |text: &str| -> Result<Vec<String>> {
        let rows = journal.found(Sought::new(text, named), None, 9).await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    };

    assert_eq!(find("GRÖSSE").await?, [] as [&str; 0], "ß is not ss");
    assert_eq!(find("GRÖßE bucht").await?, ["Größe der Bucht.jpg"]);
    assert_eq!(find("noon originals").await?, ["beach at noon.jpg"]);
    assert_eq!(
        find("blog").await?,
        ["日本語の写真.png", "beach at noon.jpg"]
    );
    assert_eq!(find("blog noon").await?, ["beach at noon.jpg"]);
    assert_eq!(find("写真").await?, ["日本語の写真.png"], "two signs");
    assert_eq!(find("本語の").await?, ["日本語の写真.png"]);
    assert_eq!(find("rome").await?, ["on its way.jpg"]);
    assert_eq!(find("\" OR \"").await?, [] as [&str; 0]);
    assert_eq!(find("").await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn the_next_page_begins_behind_the_last_entry() -> Result<()> {
    let (_dir, journal) = open();
    for name in ["photo-1", "photo-2", "other", "photo-3"] {
        done(&journal, name, "demo").await?;
    }
    let sought = || Sought::new("photo", |_| Vec::new());

    let first = journal.found(sought(), None, 2).await?;
    let second = journal.found(sought(), Some(first[1].id), 2).await?;

    assert_eq!(names(&first), ["photo-3", "photo-2"]);
    assert_eq!(names(&second), ["photo-1"]);
    Ok(())
}
