//! Where a file lies while questions about it are answered, whichever process that is.

use bytes::Bytes;

use super::speech::{Answer, Task};
use crate::content::{Codec, Content, Kind};
use crate::error::{Code, Error, Result};
use crate::imaging::{MarkFile, Renderer, Source, cost, facts};
use crate::metadata;
use crate::privacy::{self, Cleaned};
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
        self.lay(Bytes::new(), None);
    }

    /// The file that is asked about from now on.
    pub(super) fn lay(&mut self, file: Bytes, content: Option<Content>) {
        self.file = file;
        self.content = content;
        if let Some(renderer) = &mut self.renderer {
            renderer.forget();
        }
    }

    /// A picture that variants are marked with, as it is now.
    pub(super) fn mark(&mut self, mark: MarkFile) {
        self.renderer
            .get_or_insert_with(|| Renderer::new(self.limits))
            .give_mark(mark);
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
                let before = digest(renderer, &self.file, content);
                // Its memory becomes the answer's; what is asked after it, is asked of a new visit.
                let file = std::mem::take(&mut self.file);
                let Cleaned { bytes, left } = privacy::strip(file.into(), content, originals)?;
                if before.is_some_and(|before| digest(renderer, &bytes, content) != Some(before)) {
                    return Err(privacy::would_break());
                }
                let bytes = bytes.into();
                Ok(Answer::Cleaned { bytes, left })
            }
            Task::Facts => {
                let codec = codec(content)?;
                let facts = facts(&self.file, codec, &content.content_type);
                Ok(Answer::Facts(Box::new(facts)))
            }
            Task::Tells => Ok(Answer::Told(match content.kind {
                Kind::Image(codec) => privacy::tells_location(&self.file, codec),
                Kind::UnknownImage | Kind::Other => privacy::bytes_tell_location(&self.file),
            })),
            Task::Weigh(variants) => {
                let cost = cost(self.source(codec(content)?), &variants, self.limits);
                Ok(Answer::Weighed(cost))
            }
            Task::Render(variants) => {
                let source = self.source(codec(content)?);
                renderer.render(source, &variants).map(Answer::Rendered)
            }
            Task::TryOut(variant) => {
                let source = self.source(codec(content)?);
                let made = renderer.try_out(source, &variant)?;
                Ok(Answer::TriedOut(Box::new(made)))
            }
        }
    }

    fn source(&self, codec: Codec) -> Source<'_> {
        source(&self.file, codec)
    }
}

fn source(file: &[u8], codec: Codec) -> Source<'_> {
    Source {
        file,
        codec,
        orientation: metadata::orientation(file, codec),
    }
}

/// What a picture shows, if it can be decoded here.
fn digest(renderer: &mut Renderer, file: &[u8], content: &Content) -> Option<u64> {
    let codec = codec(content).ok()?;
    renderer.digest(source(file, codec)).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{SNIFF_LEN, sniff};
    use crate::variant::Variant;

    fn picture(width: u32, height: u32) -> (Bytes, Option<Content>) {
        let image = image::RgbImage::from_pixel(width, height, image::Rgb([9, 200, 30]));
        let mut file = std::io::Cursor::new(Vec::new());
        image::DynamicImage::ImageRgb8(image)
            .write_to(&mut file, image::ImageFormat::Png)
            .expect("encodes");
        let file = file.into_inner();
        let content = sniff(&file[..file.len().min(SNIFF_LEN)], "x");
        (file.into(), Some(content))
    }

    #[test]
    fn a_variant_is_tried_on_the_file_that_lies_there() {
        let mut desk = Desk::new(Limits::default());
        let mut tried_on = |(file, content): (Bytes, Option<Content>)| {
            desk.lay(file, content);
            let task = Task::TryOut(Box::new(Variant::sized(50, 50)));
            match desk.answer(task) {
                Ok(Answer::TriedOut(made)) => made.pixels,
                other => panic!("{other:?}"),
            }
        };

        assert_eq!(tried_on(picture(300, 200)), (50, 50));
        assert_eq!(tried_on(picture(20, 10)), (10, 10));
    }
}
