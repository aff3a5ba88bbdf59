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
    let template = handle.settings().await?.link_template;
    let text = text(&values(&report, &object)?, shape, &template)?;
    clipboard.write(&text)?;
    Ok(text)
}

/// Puts the links of many files on the clipboard, each on a line, in their order: of that variant,
/// or of the original where a file has none of that name. How many there are.
#[tauri::command]
#[specta::specta]
pub(crate) async fn copy_links(
    engine: State<'_, Running>,
    clipboard: State<'_, Clipboard>,
    jobs: Vec<String>,
    variant: Option<String>,
    shape: LinkFormat,
) -> Result<u32> {
    let handle = engine.handle()?;
    let template = handle.settings().await?.link_template;
    let mut lines = Vec::with_capacity(jobs.len());
    for job in jobs {
        // One that is gone meanwhile costs the others nothing.
        let Ok(report) = handle.job(&job).await else {
            continue;
        };
        let there = || report.objects.iter().filter(|object| object.url.is_some());
        let wanted = there().find(|object| object.variant == variant);
        if let Some(object) = wanted.or_else(|| there().next()) {
            lines.push(text(&values(&report, &object.id)?, shape, &template)?);
        }
    }
    if lines.is_empty() {
        let told = "none of these files is in the bucket yet";
        return Err(Error::new(Code::ObjectMissing, told));
    }
    clipboard.write(&lines.join("\n"))?;
    Ok(u32::try_from(lines.len()).unwrap_or(u32::MAX))
}

/// A link as it is pasted.
fn text(values: &Values<'_>, shape: LinkFormat, template: &str) -> Result<String> {
    if shape == LinkFormat::Own {
        return own(values, template);
    }
    let variants = values.variants.iter();
    let pictures: Vec<Linkable<'_>> = variants.map(|(_, variant)| variant.clone()).collect();
    Ok(link::format(shape, values.name, &values.own, &pictures))
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
