//! Where a file lies while questions about it are answered, whichever process that is.

use bytes::Bytes;

use super::speech::{Answer, Task};
use crate::content::{Codec, Content, Kind};
use crate::error::{Code, Error, Result};
use crate::imaging::{Renderer, Source, cost, facts};
use crate::metadata;
use crate::privacy;
use crate::settings::Limits;

/// Answers questions about one file after the other.
pub(super) struct Desk {
    limits: Limits,
    renderer: Option<Renderer>,
    file: Bytes,
    content: Option<Content>,
}

impl Desk {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            renderer: None,
            file: Bytes::new(),
            content: None,
        }
    }

    /// Another file comes.
    pub(super) fn clear(&mut self) {
        self.file = Bytes::new();
        self.content = None;
    }

    /// The file that is asked about from now on.
    pub(super) fn lay(&mut self, file: Bytes, content: Content) {
        self.file = file;
        self.content = Some(content);
    }

    /// # Errors
    /// As the question's own; `image-damaged` where a decoder gave up.
    pub(super) fn answer(&mut self, task: Task) -> Result<Answer> {
        // After a panic nothing of the renderer is trusted: the next question gets a fresh one.
        let mut renderer = self
            .renderer
            .take()
            .unwrap_or_else(|| Renderer::new(self.limits));
        let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.answer_with(&mut renderer, task)
        }));
        let Ok(answer) = answered else {
            return Err(gave_up());
        };
        self.renderer = Some(renderer);
        answer
    }

    fn answer_with(&mut self, renderer: &mut Renderer, task: Task) -> Result<Answer> {
        let content = self.content.as_ref().ok_or_else(gave_up)?;
        match task {
            Task::Clean(originals) => {
                // Its memory becomes the answer's; what is asked after it, is asked of a new visit.
                let file = std::mem::take(&mut self.file);
                let clean = privacy::strip(file.into(), content, originals)?;
                Ok(Answer::Cleaned(clean.into()))
            }
            Task::Facts => {
                let codec = codec(content)?;
                let facts = facts(&self.file, codec, &content.content_type);
                Ok(Answer::Facts(Box::new(facts)))
            }
            Task::Weigh(variants) => {
                let cost = cost(self.source(codec(content)?), &variants, self.limits);
                Ok(Answer::Weighed(cost))
            }
            Task::Render(variants) => {
                let source = self.source(codec(content)?);
                renderer.render(source, &variants).map(Answer::Rendered)
            }
        }
    }

    fn source(&self, codec: Codec) -> Source<'_> {
        Source {
            file: &self.file,
            codec,
            orientation: metadata::orientation(&self.file, codec),
        }
    }
}

fn codec(content: &Content) -> Result<Codec> {
    match content.kind {
        Kind::Image(codec) => Ok(codec),
        Kind::UnknownImage | Kind::Other => Err(Error::new(
            Code::ImageUnsupported,
            format!(
                "it is no picture this version knows ({})",
                content.content_type
            ),
        )),
    }
}

fn gave_up() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the picture is damaged: its decoder gave up on it",
    )
    .hint("open it in a viewer and save it again, or take it from the camera once more")
}
