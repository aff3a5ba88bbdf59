//! What the page may ask for. Each command only hands its request on; errors go to the page as they
//! are.

use tauri::State;
use tauri_plugin_dialog::DialogExt as _;
use tintype_core::LocalPath;
use tintype_core::engine::{
    DayView, EndView, JobReport, JobView, Part, PlaceView, ProfileDraft, Snapshot, StepResult, Wish,
};
use tintype_core::error::{Code, Error, Result};
use tintype_core::folder::WatchedFolder;
use tintype_core::home::Home;
use tintype_core::imaging::Facts;
use tintype_core::profile::{Fix, OnConflict, OnLocation, Profile, Provider, provider};
use tintype_core::settings::{Bandwidth, Settings};
use tintype_core::variant::Variant;

use crate::clipboard::{Clipboard, Pasted};
use crate::running::Running;

type Engine<'a> = State<'a, Running>;

/// So many jobs at a time.
const PAGE: u32 = 200;

/// Everything to begin with.
#[tauri::command]
#[specta::specta]
pub(crate) async fn snapshot(engine: Engine<'_>) -> Result<Snapshot> {
    engine.handle()?.snapshot().await
}

/// The providers a profile can be of.
#[tauri::command]
#[specta::specta]
pub(crate) fn providers() -> Vec<Provider> {
    provider::all().copied().collect()
}

/// A profile as it is before anything is filled in.
#[tauri::command]
#[specta::specta]
pub(crate) fn blank_profile() -> Profile {
    Profile {
        provider: "aws".into(),
        ..Profile::default()
    }
}

/// A job with its objects.
#[tauri::command]
#[specta::specta]
pub(crate) async fn job(engine: Engine<'_>, id: String) -> Result<JobReport> {
    engine.handle()?.job(&id).await
}

/// Queues files and folders; without a profile, for the default one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn upload(
    engine: Engine<'_>,
    paths: Vec<LocalPath>,
    profile: Option<String>,
) -> Result<()> {
    engine
        .handle()?
        .enqueue(
            paths.into_iter().map(Into::into).collect(),
            profile,
            Wish::default(),
        )
        .await
        .map(|_| ())
}

/// Asks a person for files. Here, and not in the page, since names of files may be no Unicode.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_files(app: tauri::AppHandle) -> Result<Vec<LocalPath>> {
    let picked = app
        .dialog()
        .file()
        .set_title("Choose pictures and other files")
        .blocking_pick_files();
    Ok(picked
        .unwrap_or_default()
        .into_iter()
        .filter_map(|file| file.into_path().ok())
        .map(Into::into)
        .collect())
}

/// Asks a person for a folder.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_folder(app: tauri::AppHandle) -> Result<Option<LocalPath>> {
    let picked = app
        .dialog()
        .file()
        .set_title("Choose a folder")
        .blocking_pick_folder();
    Ok(picked
        .and_then(|folder| folder.into_path().ok())
        .map(Into::into))
}

/// What a picture's file says of itself.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect(engine: Engine<'_>, path: LocalPath) -> Result<Facts> {
    engine.handle()?.inspect(&path).await
}

/// What is on the clipboard, as files to upload: files first, else the picture the page was given
/// (base64) or, without one, the picture that is there.
#[tauri::command]
#[specta::specta]
pub(crate) async fn paste(
    engine: Engine<'_>,
    clipboard: State<'_, Clipboard>,
    picture: Option<String>,
) -> Result<Vec<LocalPath>> {
    match clipboard.read(picture)? {
        Pasted::Files(paths) => Ok(paths.into_iter().map(Into::into).collect()),
        Pasted::Picture(bytes) => Ok(vec![engine.handle()?.keep_pasted(bytes).await?.into()]),
    }
}

/// Tries failed jobs again; with a choice for keys that are taken.
#[tauri::command]
#[specta::specta]
pub(crate) async fn retry(
    engine: Engine<'_>,
    ids: Vec<String>,
    choice: Option<OnConflict>,
) -> Result<()> {
    engine.handle()?.retry(ids, choice).await
}

/// Lets jobs rest, or go on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause(engine: Engine<'_>, ids: Vec<String>, paused: bool) -> Result<()> {
    engine.handle()?.pause(ids, paused).await
}

/// A person's word on uploads that wait for one; without a choice they do not go up at all.
#[tauri::command]
#[specta::specta]
pub(crate) async fn answer(
    engine: Engine<'_>,
    ids: Vec<String>,
    choice: Option<OnLocation>,
) -> Result<()> {
    match choice {
        Some(choice) => engine.handle()?.answer(ids, choice).await,
        None => engine.handle()?.withdraw(ids).await,
    }
}

/// Lets all uploads rest, or go on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause_all(engine: Engine<'_>, paused: bool) -> Result<()> {
    engine.handle()?.pause_all(paused).await.map(|_| ())
}

/// Sets how fast bytes may leave.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_bandwidth(engine: Engine<'_>, bandwidth: Bandwidth) -> Result<()> {
    engine.handle()?.set_bandwidth(bandwidth).await.map(|_| ())
}

/// Takes finished jobs out of the list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget(engine: Engine<'_>, ids: Vec<String>) -> Result<()> {
    engine.handle()?.forget(ids).await
}

/// Jobs by name, folder, key or profile, newest first, a page at a time.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search(
    engine: Engine<'_>,
    text: String,
    behind: Option<i64>,
) -> Result<Vec<JobView>> {
    engine.handle()?.found(&text, behind, PAGE).await
}

/// Failed jobs, newest first, a page at a time.
#[tauri::command]
#[specta::specta]
pub(crate) async fn failed(engine: Engine<'_>, behind: Option<i64>) -> Result<Vec<JobView>> {
    engine.handle()?.failed(behind, PAGE).await
}

/// Unfinished jobs, the ones that come next first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn upcoming(engine: Engine<'_>) -> Result<Vec<JobView>> {
    engine.handle()?.upcoming(PAGE).await
}

/// The ids of all entries of a part of the library between two, both included.
#[tauri::command]
#[specta::specta]
pub(crate) async fn between(
    engine: Engine<'_>,
    part: Part,
    first: EndView,
    last: EndView,
) -> Result<Vec<String>> {
    engine.handle()?.between(part, first, last).await
}

/// The days of a part of the library, with how many entries each has.
#[tauri::command]
#[specta::specta]
pub(crate) async fn days(engine: Engine<'_>, part: Part) -> Result<Vec<DayView>> {
    engine.handle()?.days(part).await
}

/// Entries of a part of the library, wherever one looks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn entries(
    engine: Engine<'_>,
    part: Part,
    place: PlaceView,
) -> Result<Vec<JobView>> {
    engine.handle()?.entries(part, place).await
}

/// Makes sure there is a profile for the bucket on this computer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn use_demo(engine: Engine<'_>) -> Result<Settings> {
    engine.handle()?.use_demo().await
}

/// Adds or changes a profile.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_profile(engine: Engine<'_>, draft: ProfileDraft) -> Result<Settings> {
    engine.handle()?.save_profile(draft).await
}

/// Removes a profile and its secret.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_profile(engine: Engine<'_>, name: String) -> Result<Settings> {
    engine.handle()?.remove_profile(name).await
}

/// Makes a profile the default one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_default_profile(engine: Engine<'_>, name: String) -> Result<Settings> {
    engine.handle()?.set_default_profile(name).await
}

/// Sends a small object through a profile.
#[tauri::command]
#[specta::specta]
pub(crate) async fn test_profile(engine: Engine<'_>, name: String) -> Result<Vec<StepResult>> {
    engine.handle()?.test_profile(&name, None).await
}

/// Sets what the test of a profile found to be right.
#[tauri::command]
#[specta::specta]
pub(crate) async fn fix_profile(engine: Engine<'_>, name: String, fixes: Vec<Fix>) -> Result<()> {
    engine.handle()?.fix_profile(&name, fixes).await.map(|_| ())
}

/// Puts the rights that a profile's key needs on the clipboard.
#[tauri::command]
#[specta::specta]
pub(crate) async fn copy_rights(
    engine: Engine<'_>,
    clipboard: State<'_, Clipboard>,
    name: String,
) -> Result<()> {
    clipboard.write(&engine.handle()?.rights(&name).await?)
}

/// The same for a profile that is not saved yet.
#[tauri::command]
#[specta::specta]
pub(crate) async fn test_draft(engine: Engine<'_>, draft: ProfileDraft) -> Result<Vec<StepResult>> {
    engine.handle()?.test_draft(draft).await
}

/// Watches a folder from now on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_folder(engine: Engine<'_>, folder: WatchedFolder) -> Result<Settings> {
    engine.handle()?.add_folder(folder).await
}

/// A folder as most people mean it, not watched yet.
#[tauri::command]
#[specta::specta]
pub(crate) fn blank_folder(path: LocalPath, profile: String) -> WatchedFolder {
    WatchedFolder::new(path, profile)
}

/// Variants as people write them.
#[tauri::command]
#[specta::specta]
pub(crate) fn variant_specs(variants: Vec<Variant>) -> Vec<String> {
    variants.iter().map(ToString::to_string).collect()
}

/// Variants that people wrote.
#[tauri::command]
#[specta::specta]
pub(crate) fn parse_variants(specs: Vec<String>) -> Result<Vec<Variant>> {
    specs.iter().map(|spec| spec.parse()).collect()
}

/// Changes how a watched folder is meant.
#[tauri::command]
#[specta::specta]
pub(crate) async fn change_folder(engine: Engine<'_>, folder: WatchedFolder) -> Result<Settings> {
    engine.handle()?.change_folder(folder).await
}

/// Compares a watched folder with what is on record, now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn look_at_folder(engine: Engine<'_>, path: LocalPath) -> Result<()> {
    engine.handle()?.look_at_folder(path.into()).await
}

/// Lets a folder rest, or wakes it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause_folder(
    engine: Engine<'_>,
    path: LocalPath,
    paused: bool,
) -> Result<Settings> {
    engine.handle()?.pause_folder(path.into(), paused).await
}

/// Stops watching a folder.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_folder(engine: Engine<'_>, path: LocalPath) -> Result<Settings> {
    engine.handle()?.remove_folder(path.into()).await
}

/// Keeps the objects of files that were deleted from a folder, after all.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_removed(engine: Engine<'_>, path: LocalPath) -> Result<()> {
    engine.handle()?.keep_removed(path.into()).await
}

/// Removes the objects of files that were deleted from a folder, without waiting any longer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_now(engine: Engine<'_>, path: LocalPath) -> Result<()> {
    engine.handle()?.remove_now(path.into()).await
}

/// Puts a damaged settings file aside and starts with fresh ones.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_afresh(app: tauri::AppHandle, engine: Engine<'_>) -> Result<()> {
    let Err(Error {
        code: Code::SettingsDamaged,
        ..
    }) = engine.handle().map(|_| ())
    else {
        return engine.restart();
    };
    let path = Home::locate()?.settings();
    let aside = path.with_extension("damaged.toml");
    std::fs::rename(&path, &aside).map_err(|error| Error::from_io(&error, &path))?;
    engine.restart()?;
    crate::bridge::connect(&app);
    Ok(())
}
