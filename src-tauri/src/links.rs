//! Links of what is in the bucket: copied in any shape, opened.

use tauri::State;
use tauri_plugin_opener::OpenerExt as _;
use tintype_core::engine::JobReport;
use tintype_core::error::{Code, Error, Result};
use tintype_core::link::{self, LinkFormat, Linkable, Values};

use crate::clipboard::Clipboard;
use crate::running::Running;

/// Puts the link of one object on the clipboard, and returns it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn copy_link(
    engine: State<'_, Running>,
    clipboard: State<'_, Clipboard>,
    job: String,
    object: String,
    shape: LinkFormat,
) -> Result<String> {
    let handle = engine.handle()?;
    let report = handle.job(&job).await?;
    let values = values(&report, &object)?;
    let text = match shape {
        LinkFormat::Own => own(&values, &handle.settings().await?.link_template)?,
        shape => {
            let pictures: Vec<Linkable<'_>> = values
                .variants
                .iter()
                .map(|(_, variant)| variant.clone())
                .collect();
            link::format(shape, values.name, &values.own, &pictures)
        }
    };
    clipboard.write(&text)?;
    Ok(text)
}

/// Opens the link of one object in the browser.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_link(
    app: tauri::AppHandle,
    engine: State<'_, Running>,
    job: String,
    object: String,
) -> Result<()> {
    let report = engine.handle()?.job(&job).await?;
    let url = values(&report, &object)?.own.url;
    let failed = |error| {
        let told = format!("no browser could be opened: {error}");
        Error::new(Code::Internal, told)
    };
    app.opener().open_url(url, None::<&str>).map_err(failed)
}

fn values<'a>(report: &'a JobReport, object: &str) -> Result<Values<'a>> {
    let mut objects = report.objects.iter();
    let chosen = objects.find(|known| known.id == object);
    let values = chosen.and_then(|chosen| report.link_values(chosen));
    values.ok_or_else(|| Error::new(Code::ObjectMissing, "this file is not in the bucket yet"))
}

/// The link in the person's own shape.
fn own(values: &Values<'_>, template: &str) -> Result<String> {
    if template.is_empty() {
        let told = "there is no link template of your own yet";
        return Err(Error::new(Code::TemplateToken, told).hint("set link_template in the settings"));
    }
    Ok(link::Template::parse(template)?.filled(values))
}
