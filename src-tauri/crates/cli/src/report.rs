//! A file's result as the command line shows it.

use serde::Serialize;
use tintype_core::engine::{JobReport, Stage};
use tintype_core::{Code, Error, LocalPath};

use crate::terminal;

/// One file, for programs. The names are part of the command's interface.
#[derive(Serialize)]
pub(crate) struct FileReport {
    pub(crate) source: LocalPath,
    pub(crate) status: Status,
    pub(crate) key: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) variants: Vec<VariantReport>,
    pub(crate) error: Option<Error>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Uploaded,
    Present,
    /// Its key is taken by other content, and the profile says to leave it so.
    Skipped,
    Failed,
    /// In history only: not finished yet.
    Queued,
}

#[derive(Serialize)]
pub(crate) struct VariantReport {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) url: Option<String>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) size: Option<u64>,
    pub(crate) format: Option<String>,
}

impl From<JobReport> for FileReport {
    fn from(report: JobReport) -> Self {
        let status = match report.job.stage {
            Stage::Done
                if report
                    .job
                    .error
                    .as_ref()
                    .is_some_and(|error| error.code == Code::Skipped) =>
            {
                Status::Skipped
            }
            Stage::Done if report.job.present => Status::Present,
            Stage::Done => Status::Uploaded,
            Stage::Failed => Status::Failed,
            _ => Status::Queued,
        };
        let finished = matches!(status, Status::Uploaded | Status::Present);
        let (mut key, mut variants) = (None, Vec::new());
        for object in report.objects.into_iter().filter(|_| finished) {
            match object.variant {
                None => key = Some(object.key),
                Some(name) => variants.push(VariantReport {
                    name,
                    key: object.key,
                    url: object.url,
                    width: object.width,
                    height: object.height,
                    size: object.size,
                    format: object
                        .content_type
                        .and_then(|kind| kind.strip_prefix("image/").map(str::to_owned)),
                }),
            }
        }
        Self {
            source: report.job.source,
            status,
            key,
            url: report.job.url.filter(|_| finished),
            size: report.job.size,
            sha256: report.sha256,
            content_type: report.content_type,
            variants,
            error: report.job.error,
        }
    }
}

impl FileReport {
    /// Not finished, and nobody waits for it any longer: for this command it failed.
    pub(crate) fn given_up(mut self) -> Self {
        if self.status == Status::Queued {
            self.status = Status::Failed;
            let name = self
                .source
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let error = self
                .error
                .get_or_insert_with(|| Error::new(Code::ServerBusy, "it was not finished in time"));
            let stays = format!(
                "{name} stays queued: it goes up with the next `tintype upload`, or when the app runs"
            );
            error.hint = Some(
                error
                    .hint
                    .take()
                    .into_iter()
                    .chain([stays])
                    .collect::<Vec<_>>()
                    .join("; "),
            );
        }
        self
    }

    pub(crate) fn is_well(&self) -> bool {
        self.status != Status::Failed
            && self.error.as_ref().is_none_or(|error| error.code.is_note())
    }

    /// The link on stdout, anything wrong on stderr; or all of it as JSON.
    pub(crate) fn print(&self, json: bool) {
        if json {
            terminal::print_json(self);
        } else if let Some(url) = &self.url {
            terminal::print(url);
        }
        if let Some(error) = &self.error {
            terminal::say_error(error);
        }
    }
}
