//! A file at the wall: handed over once, asked about as often as needed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SemaphorePermit;

use super::desk::Desk;
use super::pool::{Program, Workers};
use super::process::{Life, Process};
use super::speech::{Answer, Task, ask, give, give_marks, most_memory};
use super::watchdog::End;
use crate::content::Content;
use crate::error::{Code, Error, Result};
use crate::imaging::{Facts, MarkFile, Rendered, Rendition, mark_files, whole};
use crate::privacy::{self, Left, Originals};
use crate::variant::{Quality, Variant};
use crate::world::blocking;

/// A worker ends a question that takes too long by itself; after so long more it is ended.
const GRACE: Duration = Duration::from_secs(2);
/// A worker that has had a larger file is not kept.
const KEPT: u64 = 64 << 20;

/// One file and whoever answers questions about it, on a core of its own.
pub struct Visit<'a> {
    workers: &'a Workers,
    _core: SemaphorePermit<'a>,
    file: Bytes,
    /// Its bytes, also when they are given away.
    length: u64,
    content: Arc<Content>,
    /// What variants are marked with.
    marks: Vec<MarkFile>,
    /// Who has the file; nobody before the first question, and after one that was the end of them.
    pub(super) host: Option<Process>,
}

impl Workers {
    /// A visit with a file, when a core is free.
    ///
    /// # Errors
    /// `closing`.
    pub async fn visit(&self, file: Bytes, content: Content) -> Result<Visit<'_>> {
        Ok(Visit {
            workers: self,
            _core: self.core().await?,
            length: file.len() as u64,
            file,
            content: Arc::new(content),
            marks: Vec::new(),
            host: None,
        })
    }
}

impl<'a> Visit<'a> {
    /// What the file says of itself. Keys are made of it: so a worker that died, of whatever, is no
    /// answer, and another one is asked.
    ///
    /// # Errors
    /// `image-unsupported`; `image-too-slow`, `image-damaged`, if it was the end of both workers.
    pub async fn facts(&mut self) -> Result<Facts> {
        let answer = match self.ask(Task::Facts).await {
            Err(error) if self.host.is_none() && error.code == Code::ImageDamaged => {
                self.ask(Task::Facts).await?
            }
            answer => answer?,
        };
        match answer {
            Answer::Facts(facts) => Ok(*facts),
            _ => Err(crashed()),
        }
    }

    /// Whether a picture or film tells where it was taken.
    ///
    /// # Errors
    /// `image-too-slow`, `image-damaged`, if it was the end of whoever looked.
    pub async fn tells_location(&mut self) -> Result<bool> {
        match self.ask(Task::Tells).await? {
            Answer::Told(told) => Ok(told),
            _ => Err(crashed()),
        }
    }

    /// All variants of the picture.
    ///
    /// # Errors
    /// As [`crate::imaging::Renderer::render`]; `image-too-slow` beyond the time limit;
    /// `image-damaged` if the decoder crashed.
    pub async fn render(&mut self, variants: Vec<Variant>) -> Result<Rendered> {
        let _memory = self.prepared(&variants).await?;
        match self.ask(Task::Render(variants)).await? {
            Answer::Rendered(rendered) => Ok(rendered),
            _ => Err(crashed()),
        }
    }

    /// One variant, with its score, of a picture that may be decoded already.
    ///
    /// # Errors
    /// As [`Visit::render`].
    pub(super) async fn try_out(&mut self, variant: Variant) -> Result<Rendition> {
        // It is scored, whatever its quality.
        let scored = Variant {
            quality: Quality::Auto(Quality::TARGET),
            ..variant.clone()
        };
        let _memory = self.prepared(&[scored]).await?;
        match self.ask(Task::TryOut(Box::new(variant))).await? {
            Answer::TriedOut(rendition) => Ok(*rendition),
            _ => Err(crashed()),
        }
    }

    /// Room for the pixels, and the marks at hand.
    async fn prepared(&mut self, variants: &[Variant]) -> Result<SemaphorePermit<'a>> {
        let Answer::Weighed(bytes) = self.ask(Task::Weigh(variants.to_vec())).await? else {
            return Err(crashed());
        };
        let workers = self.workers;
        let memory = workers.memory(bytes).await?;
        if variants.iter().any(|variant| variant.watermark.is_some()) {
            let marked = variants.to_vec();
            self.marks = blocking("reading watermarks", move || mark_files(&marked)).await?;
        }
        Ok(memory)
    }

    /// The file without what the policy takes out, and what was to be seen of that. The last question: a large file is not held
    /// beside its cleaned copy.
    ///
    /// # Errors
    /// `cannot-strip`, also where it was the end of the worker.
    pub async fn clean(mut self, originals: Originals) -> Result<(Bytes, Option<Left>)> {
        // It is decoded before and after, to see that it shows the same.
        let cost = match self.ask(Task::Weigh(vec![whole()])).await {
            Ok(Answer::Weighed(bytes)) => bytes,
            // Nothing to decode, or nothing that can be: what is wrong with it, cleaning says.
            _ => 0,
        };
        let workers = self.workers;
        let _memory = workers.memory(cost).await?;
        if self.host.is_some() {
            // They have it.
            self.file = Bytes::new();
        }
        match self.ask(Task::Clean(originals)).await {
            Ok(Answer::Cleaned { bytes, left }) => Ok((bytes, left)),
            Ok(_) => Err(privacy::given_up(crashed())),
            Err(error) => Err(privacy::given_up(error)),
        }
    }

    async fn ask(&mut self, task: Task) -> Result<Answer> {
        let Program::Own(program) = self.workers.program() else {
            return self.answer_here(task).await;
        };
        if self.host.is_none()
            && let Some(idle) = self.workers.idle()
        {
            // One that waited may have been ended by the system meanwhile: that is not the
            // picture's fault.
            if let Some(answer) = self.ask_of(idle, true, &task).await? {
                return answer;
            }
        }
        let (host, is_new) = match self.host.take() {
            Some(host) => (host, false),
            None => (self.start(program).await?, true),
        };
        self.ask_of(host, is_new, &task)
            .await?
            .ok_or_else(crashed)?
    }

    async fn start(&self, program: &Path) -> Result<Process> {
        let (program, limits) = (program.to_owned(), self.workers.limits());
        blocking("starting a worker", move || {
            Process::start(&program, limits)
        })
        .await?
    }

    /// More bytes than an answer has.
    fn most(&self, task: &Task) -> u64 {
        match task {
            // What is written anew may be filled up a little.
            Task::Clean(_) => self.length + (64 << 10),
            Task::TryOut(variant) => variant.most_bytes().saturating_mul(2),
            _ => most_memory(self.workers.limits()),
        }
    }

    /// What a worker says; nothing if it died over it.
    async fn ask_of(
        &mut self,
        mut host: Process,
        is_new: bool,
        task: &Task,
    ) -> Result<Option<Result<Answer>>> {
        let limits = self.workers.limits();
        let (waited, most) = (Waited(Some(Arc::clone(&host.life))), self.most(task));
        let (file, content, task) = (self.file.clone(), Arc::clone(&self.content), task.clone());
        let marks = std::mem::take(&mut self.marks);
        let asked = tokio::task::spawn_blocking(move || {
            let given = if is_new {
                give(&mut host.input, &content, &file)
            } else {
                Ok(())
            };
            drop(file);
            let given = given.and_then(|()| give_marks(&mut host.input, &marks));
            let answer = given.and_then(|()| ask(&mut host.input, &mut host.output, &task, most));
            (host, answer)
        });
        let within = Duration::from_secs(u64::from(limits.seconds.max(1)));
        match tokio::time::timeout(within + GRACE, asked).await {
            Ok(Ok((host, Ok(answer)))) => {
                waited.end_well();
                self.host = Some(host);
                Ok(Some(answer))
            }
            Ok(_) => match waited.end() {
                Some(End::TooSlow) => Err(too_slow(limits.seconds)),
                Some(End::TooLarge) => Err(crashed()),
                None => Ok(None),
            },
            Err(_) => Err(too_slow(limits.seconds)),
        }
    }

    async fn answer_here(&self, task: Task) -> Result<Answer> {
        let mut desk = Desk::new(self.workers.limits());
        desk.lay(self.file.clone(), Some(Content::clone(&self.content)));
        self.marks.iter().cloned().for_each(|mark| desk.mark(mark));
        tokio::task::spawn_blocking(move || desk.answer(task))
            .await
            .unwrap_or_else(|_| Err(crashed()))
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        // A large file would stay in its memory.
        if self.length <= KEPT {
            self.workers.rest(self.host.take());
        }
    }
}

/// An answer that is waited for. Who does not wait any more ends the worker, whose core and memory
/// are another's by then.
struct Waited(Option<Arc<Life>>);

impl Waited {
    fn end_well(mut self) {
        self.0 = None;
    }

    fn end(mut self) -> Option<End> {
        self.0.take().and_then(|life| life.end())
    }
}

impl Drop for Waited {
    fn drop(&mut self) {
        if let Some(life) = self.0.take() {
            life.end();
        }
    }
}

fn too_slow(seconds: u32) -> Error {
    Error::new(
        Code::ImageTooSlow,
        format!("the picture took longer than {seconds} s to decode"),
    )
    .hint("the original is uploaded as it is; make it smaller, or raise the limit (seconds)")
}

fn crashed() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the picture made its decoder crash, or asked it for more memory than the limit",
    )
    .hint("open it in a viewer and save it again; the original is uploaded as it is")
}
