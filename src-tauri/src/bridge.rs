//! Engine events to the page, gathered so that it hears at most ten a second.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, DragDropEvent, Manager as _, WindowEvent};
use tauri_specta::Event as _;
use tintype_core::LocalPath;
use tintype_core::engine::{Event, JobView};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::running::Running;
use crate::tray;

const PACE: Duration = Duration::from_millis(100);

/// What changed since the last time, oldest first.
#[derive(Clone, Serialize, specta::Type, tauri_specta::Event)]
pub(crate) struct Changed(Vec<Event>);

/// Files that were dropped on the window.
#[derive(Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub(crate) struct Dropped(Vec<LocalPath>);

/// Hands files that were dropped to the page. Tauri's own event has no form for names that are no
/// Unicode.
pub(crate) fn hear_drops(window: &tauri::Window, event: &WindowEvent) {
    if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
        deliver(Dropped(paths.iter().map(|path| path.as_path().into()).collect()).emit(window));
    }
}

/// Changes were lost: the page asks for a new snapshot.
#[derive(Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub(crate) struct Resync;

/// Carries events to the page from now on, if there is an engine.
pub(crate) fn connect(app: &AppHandle) {
    if let Ok(handle) = app.state::<Running>().handle() {
        tauri::async_runtime::spawn(carry(app.clone(), handle.events()));
    }
}

async fn carry(app: AppHandle, mut events: Receiver<Event>) {
    loop {
        let first = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => {
                deliver(Resync.emit(&app));
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        tokio::time::sleep(PACE).await;
        let mut gathered = Gathered::default();
        gathered.add(first);
        while let Ok(event) = events.try_recv() {
            gathered.add(event);
        }
        let changes = gathered.into_events();
        tray::tell(&app, &changes);
        deliver(Changed(changes).emit(&app));
    }
}

fn deliver(sent: tauri::Result<()>) {
    if let Err(error) = sent {
        tracing::warn!(%error, "the page did not hear of a change");
    }
}

/// Only the last state of each job counts.
#[derive(Default)]
struct Gathered {
    jobs: HashMap<String, JobView>,
    others: Vec<Event>,
}

impl Gathered {
    fn add(&mut self, event: Event) {
        match event {
            Event::Jobs(jobs) => self
                .jobs
                .extend(jobs.into_iter().map(|job| (job.id.clone(), job))),
            Event::Forgotten(ids) => {
                ids.iter().for_each(|id| drop(self.jobs.remove(id)));
                self.others.push(Event::Forgotten(ids));
            }
            other => {
                self.others.retain(|known| {
                    std::mem::discriminant(known) != std::mem::discriminant(&other)
                });
                self.others.push(other);
            }
        }
    }

    fn into_events(self) -> Vec<Event> {
        let mut jobs: Vec<JobView> = self.jobs.into_values().collect();
        jobs.sort_by_key(|job| job.order);
        let jobs = (!jobs.is_empty()).then_some(Event::Jobs(jobs));
        self.others.into_iter().chain(jobs).collect()
    }
}
