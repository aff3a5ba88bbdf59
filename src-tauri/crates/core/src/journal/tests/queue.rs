//! What is taken in hand, by whom, and in which order.

use super::*;

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
    assert!(
        journal.jobs(&[ids[2]]).await?[0].error.is_none(),
        "which is no reason any more: who waits for it goes on"
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
async fn who_serves_a_bucket_takes_its_jobs_whoever_leads() -> Result<()> {
    let (_dir, journal) = open();
    journal
        .enqueue("b".into(), vec![job("1"), job("2")])
        .await?;
    let of = |profile: &str| Wanted {
        serves: vec![profile.into()],
        limit: 9,
        ..Wanted::default()
    };

    let others = journal.take_in_hand("serving", of("other")).await?;
    let own = journal.take_in_hand("serving", of("demo")).await?;

    assert!(others.is_empty());
    assert_eq!(own.len(), 2);
    Ok(())
}

#[tokio::test]
async fn taking_a_job_in_hand_cures_only_what_this_engine_can_cure() -> Result<()> {
    let (_dir, journal) = open();
    let ids = journal
        .enqueue("b".into(), vec![job("closed"), job("busy")])
        .await?;
    let serving = Wanted {
        serves: vec!["demo".into()],
        limit: 9,
        ..Wanted::default()
    };
    journal.take_in_hand("serving", serving.clone()).await?;
    for (id, code) in ids
        .iter()
        .zip([Code::DemoUnavailable, Code::EndpointUnreachable])
    {
        let error = Error::new(code, "later");
        journal.note_waiting("serving", *id, error, false).await?;
    }

    journal.take_in_hand("serving", serving).await?;

    let mut rows = journal.jobs(&ids).await?;
    rows.sort_by_key(|row| row.id);
    let reasons: Vec<_> = rows
        .into_iter()
        .map(|row| row.error.map(|error| error.code))
        .collect();
    assert_eq!(
        reasons,
        [None, Some(Code::EndpointUnreachable)],
        "who waits with patience has to see that it does not go on"
    );
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
