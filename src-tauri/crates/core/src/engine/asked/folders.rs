//! What a handle can ask about watched folders.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::asked::handle::EngineHandle;
use crate::engine::folder::put_away::bring_all_back;
use crate::engine::queue::request::Request;
use crate::error::{Code, Error, Result};
use crate::folder::{Deleted, Inner, WatchedFolder};
use crate::journal;
use crate::settings::Settings;
use crate::watch::{self, News};
use crate::world::blocking;

/// By so much a folder's clock goes on at most between two looks at it, where nobody watches it
/// (milliseconds).
const AT_ONCE: i64 = 300_000;
/// A removal that is under way when a person keeps what was deleted is over after this.
const UNDER_WAY: Duration = Duration::from_secs(40);

/// What is still being written is waited for no longer than this by one look at folders.
const WRITING: Duration = Duration::from_secs(20);

/// What one look at folders came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// The batch of what is new.
    pub batch: String,
    /// Files that are still being written, and are left for another time.
    pub writing: usize,
    /// Why some of the folders, or of what is in them, could not be looked at; the rest was.
    pub blind: Vec<Error>,
}

impl EngineHandle {
    /// Queues what is new in watched folders, once. `folders` empty: all that are not paused.
    /// Those that are not in the settings are taken `like` that one.
    ///
    /// What is finished begins at once; what is still being written is waited for a while, and then
    /// left for another time.
    pub async fn reconcile(
        &self,
        folders: Vec<PathBuf>,
        profile: Option<String>,
        like: &WatchedFolder,
    ) -> Result<Reconciled> {
        let settings = self.settings().await?;
        let until = Instant::now() + WRITING;
        let mut looked = Reconciled {
            batch: journal::new_id(),
            writing: 0,
            blind: Vec::new(),
        };
        let chosen = self.chosen(&settings, folders, profile.as_deref(), like)?;
        for folder in chosen.clone() {
            let inner = folder.inner(settings.folders.iter().chain(&chosen));
            self.stages.pass(std::slice::from_ref(&folder));
            self.stages.journal.keep_folder(&folder).await?;
            let one = self.reconcile_one(&settings, (&folder, inner), until, &looked.batch);
            match one.await {
                Ok((writing, blind)) => {
                    looked.writing += writing;
                    looked.blind.extend(blind);
                }
                // What others have is not kept from going up, and from being told of.
                Err(error) => looked.blind.push(error),
            }
        }
        Ok(looked)
    }

    /// How many of a folder's files are still being written in the end, and what could not be
    /// looked at.
    async fn reconcile_one(
        &self,
        settings: &Settings,
        (folder, inner): (&WatchedFolder, Vec<Inner>),
        until: Instant,
        batch: &str,
    ) -> Result<(usize, Vec<Error>)> {
        let (journal, path) = (&self.stages.journal, folder.path.to_path_buf());
        let profile = settings.profile_for(folder)?.id.clone();
        'anew: loop {
            bring_all_back(journal, &path).await?;
            let on_record = journal.on_record(folder, &profile).await?;
            let start = watch::Start {
                folder: folder.clone(),
                on_record,
                inner: inner.clone(),
            };
            let mut once =
                blocking("looking at a folder", move || watch::Once::look(start)).await??;
            journal.looked_once(&path, AT_ONCE).await?;
            loop {
                let news;
                (once, news) = blocking("looking at files", move || {
                    let news = once.news();
                    (once, news)
                })
                .await?;
                if !self.take_note(settings, folder, news, batch).await? {
                    continue 'anew;
                }
                let Some(due) = once.next_due() else { break };
                let wait = due.saturating_duration_since(Instant::now());
                if Instant::now() + wait > until {
                    break;
                }
                tokio::time::sleep(wait).await;
            }
            journal.begin_folder(&path).await?;
            return Ok((once.writing(), once.blind()));
        }
    }

    /// Puts on record what has become of files, and queues what is finished. False: files whose
    /// jobs ended between the move and the look at it are to be looked for again.
    async fn take_note(
        &self,
        settings: &Settings,
        folder: &WatchedFolder,
        news: News,
        batch: &str,
    ) -> Result<bool> {
        let (journal, path) = (&self.stages.journal, folder.path.to_path_buf());
        journal.add_mounts(&path, news.drives).await?;
        journal
            .gone(path.clone(), news.gone, folder.grace())
            .await?;
        let lost = journal.moved(path.clone(), news.moved).await?;
        let profile = settings.profile_for(folder)?;
        let needs = self.needed_for(profile);
        let (new, skipped) = crate::engine::folder::folders::sorted(
            settings,
            (folder, profile),
            news.finished,
            needs.as_deref(),
        );
        journal.skip(path, skipped).await?;
        if !new.is_empty() {
            self.enqueue_in(batch.to_owned(), new).await?;
        }
        Ok(lost.is_empty())
    }

    /// Puts away what these folders have in the bucket, as they are meant; `reconcile` names them
    /// in the same way.
    pub async fn put_away(
        &self,
        folders: Vec<PathBuf>,
        profile: Option<String>,
        like: &WatchedFolder,
    ) -> Result<Vec<Error>> {
        let folders = self.chosen(&self.settings().await?, folders, profile.as_deref(), like)?;
        self.ask(|answer| Request::PutAway(folders, answer)).await
    }

    /// The folders meant: those given (with their own profile if they are known), or all that are
    /// not paused.
    fn chosen(
        &self,
        settings: &Settings,
        given: Vec<PathBuf>,
        profile: Option<&str>,
        like: &WatchedFolder,
    ) -> Result<Vec<WatchedFolder>> {
        if given.is_empty() {
            return Ok(settings
                .folders
                .iter()
                .filter(|folder| !folder.paused)
                .cloned()
                .collect());
        }
        let folder = |path: PathBuf| {
            let path = WatchedFolder::locate(&path)?;
            let known = settings.folders.iter().find(|known| {
                known.path == path && profile.is_none() && *like == WatchedFolder::default()
            });
            let folder = match known {
                Some(known) => WatchedFolder {
                    paused: false,
                    ..known.clone()
                },
                None => WatchedFolder {
                    path: path.into(),
                    profile: settings.profile(profile)?.id.to_reference(),
                    ..like.clone()
                },
            };
            folder.check().map(|()| folder)
        };
        given.into_iter().map(folder).collect()
    }

    /// Watches folders for as long as the engine runs, without remembering them.
    pub async fn watch(
        &self,
        folders: Vec<PathBuf>,
        profile: Option<String>,
        like: &WatchedFolder,
    ) -> Result<Vec<WatchedFolder>> {
        let settings = self.settings().await?;
        let chosen = self.chosen(&settings, folders, profile.as_deref(), like)?;
        for folder in &chosen {
            watch::check(&folder.path)?;
        }
        self.ask(|answer| Request::Watch(chosen.clone(), answer))
            .await?;
        Ok(chosen)
    }

    /// Adds a watched folder.
    pub async fn add_folder(&self, mut folder: WatchedFolder) -> Result<Settings> {
        folder.path = WatchedFolder::locate(&folder.path)?.into();
        folder.check()?;
        watch::check(&folder.path)?;
        self.edit(move |settings| {
            let profile = Some(folder.profile.as_str()).filter(|name| !name.is_empty());
            folder.profile = settings.profile(profile)?.name.clone();
            if settings
                .folders
                .iter()
                .any(|known| known.path == folder.path)
            {
                return Err(Error::new(
                    Code::FolderInvalid,
                    format!("{} is watched already", folder.path.display()),
                )
                .hint("remove it first, or change its settings"));
            }
            folder.check_among(&settings.folders)?;
            settings.folders.push(folder);
            Ok(())
        })
        .await
    }

    /// Changes how a watched folder is meant.
    pub async fn change_folder(&self, mut folder: WatchedFolder) -> Result<Settings> {
        folder.check()?;
        let (path, keeps) = (folder.path.to_path_buf(), folder.deleted == Deleted::Keep);
        let settings = self
            .edit(move |settings| {
                folder.profile = settings.profile_for(&folder)?.name.clone();
                folder.check_among(&settings.folders)?;
                settings
                    .folders
                    .iter_mut()
                    .filter(|known| known.path == folder.path)
                    .for_each(|known| known.clone_from(&folder));
                Ok(())
            })
            .await?;
        if keeps {
            self.keep_removed(path).await?;
        }
        Ok(settings)
    }

    /// Compares a watched folder with what is on record, now.
    pub async fn look_at_folder(&self, path: PathBuf) -> Result<()> {
        self.ask(|answer| Request::Look(path, answer)).await
    }

    /// Lets a watched folder rest, or wakes it.
    pub async fn pause_folder(&self, path: PathBuf, paused: bool) -> Result<Settings> {
        self.edit(move |settings| {
            settings
                .folders
                .iter_mut()
                .filter(|folder| folder.path == path)
                .for_each(|folder| folder.paused = paused);
            Ok(())
        })
        .await
    }

    /// Stops watching a folder; its files and the bucket stay as they are.
    pub async fn remove_folder(&self, path: PathBuf) -> Result<Settings> {
        let gone = path.clone();
        let settings = self
            .edit(move |settings| {
                settings.folders.retain(|folder| folder.path != gone);
                Ok(())
            })
            .await?;
        self.keep_removed(path.clone()).await?;
        self.stages.journal.end_folder(&path).await?;
        Ok(settings)
    }

    /// The objects of files that were deleted from a watched folder stay in the bucket after all.
    pub async fn keep_removed(&self, path: PathBuf) -> Result<()> {
        self.stages.journal.keep_removals(&path).await?;
        // What was asked a moment before this may be on its way to the bucket: when this is done,
        // nothing more goes.
        let start = Instant::now();
        while self.stages.journal.is_leaving(&path).await? && start.elapsed() < UNDER_WAY {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.ask(Request::FoldersChanged).await
    }

    /// The objects of files that were deleted from a watched folder are removed now, without
    /// waiting any longer.
    pub async fn remove_now(&self, path: PathBuf) -> Result<()> {
        self.stages.journal.hasten_removals(&path).await?;
        self.ask(Request::FoldersChanged).await
    }
}
