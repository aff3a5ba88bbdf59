//! Variants that a person tries on a picture before they are kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tauri::State;
use tintype_core::LocalPath;
use tintype_core::error::Result;
use tintype_core::variant::{Variant, Worth};

use crate::running::Running;

/// A variant as it would be uploaded.
#[derive(Serialize, specta::Type)]
pub(crate) struct Tried {
    /// Pixels across.
    width: u32,
    /// Pixels down.
    height: u32,
    /// Bytes.
    size: u64,
    /// How well it was encoded; the score of a large one is its middle's.
    #[serde(flatten)]
    worth: Worth,
    /// What an `<img>` takes: `data:image/jpeg;base64,…`
    data: String,
}

/// How a variant of a picture would look. The picture stays decoded meanwhile; nothing where another
/// variant was asked for since.
#[tauri::command]
#[specta::specta]
pub(crate) async fn try_variant(
    engine: State<'_, Running>,
    path: LocalPath,
    variant: Variant,
) -> Result<Option<Tried>> {
    variant.check()?;
    let made = engine.handle()?.try_out(&path, variant).await?;
    Ok(made.map(|made| Tried {
        width: made.pixels.0,
        height: made.pixels.1,
        size: made.bytes.len() as u64,
        worth: made.worth,
        data: format!(
            "data:{};base64,{}",
            made.variant.format.content_type(),
            STANDARD.encode(&made.bytes)
        ),
    }))
}

/// Nobody tries variants any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_trying(engine: State<'_, Running>) -> Result<()> {
    engine.handle()?.put_down().await;
    Ok(())
}
