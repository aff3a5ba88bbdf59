//! A file's result as the command line shows it.

use serde::Serialize;
use tintype_core::engine::{JobReport, Stage};
use tintype_core::link::Template;
use tintype_core::placeholder::Placeholder;
use tintype_core::variant::Worth;
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
    /// ThumbHash and dominant colour, where variants were made.
    #[serde(flatten)]
    pub(crate) placeholder: Option<Placeholder>,
    pub(crate) variants: Vec<VariantReport>,
    pub(crate) error: Option<Error>,
    /// What is printed in the URL's place.
    #[serde(skip)]
    pub(crate) link: Option<String>,
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
    #[serde(flatten)]
    pub(crate) worth: Worth,
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
                    worth: object.worth,
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
            placeholder: report.job.placeholder,
            variants,
            error: report.job.error,
            link: None,
        }
    }
}

impl FileReport {
    /// With the original's link in a shape of one's own.
    pub(crate) fn shaped(report: JobReport, shape: Option<&Template>) -> Self {
        let values = report
            .objects
            .first()
            .and_then(|original| report.link_values(original));
        let link = shape
            .zip(values)
            .map(|(shape, values)| shape.filled(&values));
        let file = Self::from(report);
        Self {
            link: link.filter(|_| file.url.is_some()),
            ..file
        }
    }

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
        } else if let Some(link) = self.link.as_ref().or(self.url.as_ref()) {
            terminal::print(link);
        }
        if let Some(error) = &self.error {
            terminal::say_error(error);
        }
    }
}
