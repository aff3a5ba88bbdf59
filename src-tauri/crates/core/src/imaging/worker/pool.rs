//! The workers: as many as cores, started when needed, replaced when they die or take too long.

use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::speech::{ARGUMENT, Request, ask};
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::imaging::{Rendered, Renderer, Source, cost};
use crate::settings::Limits;
use crate::variant::Variant;

/// Who decodes.
#[derive(Debug, Clone, Default)]
pub enum Program {
    /// This process: for tests, and where a caller trusts its pictures.
    #[default]
    Here,
    /// Processes of that program, which calls [`super::serve_if_asked`] first.
    Own(PathBuf),
}

impl Program {
    /// The program that is running now.
    pub fn current() -> Self {
        std::env::current_exe().map_or(Self::Here, Self::Own)
    }
}

/// Makes variants with all cores, within the memory budget.
pub struct Workers {
    program: Program,
    limits: Limits,
    /// One permit for each core.
    cores: Semaphore,
    /// One permit for each MiB of pixels.
    memory: Semaphore,
    idle: Mutex<Vec<Worker>>,
}

impl Workers {
    /// No process is started yet.
    pub fn new(program: Program, limits: Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let memory = Semaphore::new(limits.memory_mib.max(1) as usize);
        Self {
            program,
            limits,
            cores: Semaphore::new(cores),
            memory,
            idle: Mutex::default(),
        }
    }

    /// How many pictures are worked on at once.
    pub fn cores(&self) -> usize {
        std::thread::available_parallelism().map_or(2, usize::from)
    }

    /// Waits for a free core. Takes none of the memory budget yet: that is known when the picture
    /// is.
    ///
    /// # Errors
    /// `closing`.
    pub async fn core(&self) -> Result<SemaphorePermit<'_>> {
        self.cores.acquire().await.map_err(|_| closing())
    }

    /// Makes all variants of a picture; call with a [`Workers::core`] held.
    ///
    /// # Errors
    /// As [`Renderer::render`]; `image-too-slow` beyond the time limit; `image-damaged` if the decoder crashed.
    pub async fn render(
        &self,
        file: Bytes,
        codec: Codec,
        orientation: u8,
        variants: Vec<Variant>,
    ) -> Result<Rendered> {
        let (shared, specs, limits) = (file.clone(), variants.clone(), self.limits);
        // Headers are read here, which takes a moment for a large raw file.
        let cost = move || {
            cost(
                Source {
                    file: &shared,
                    codec,
                    orientation,
                },
                &specs,
                limits,
            )
        };
        let cost = tokio::task::spawn_blocking(cost)
            .await
            .map_err(|_| crashed())?;
        let mib = u32::try_from(cost >> 20).unwrap_or(u32::MAX) + 1;
        let _memory = self
            .memory
            .acquire_many(mib.min(self.limits.memory_mib.max(1)))
            .await
            .map_err(|_| closing())?;
        let Program::Own(program) = &self.program else {
            let limits = self.limits;
            let here = move || {
                Renderer::new(limits).render(
                    Source {
                        file: &file,
                        codec,
                        orientation,
                    },
                    &variants,
                )
            };
            return tokio::task::spawn_blocking(here)
                .await
                .unwrap_or_else(|_| Err(crashed()));
        };
        let request = Arc::new(Request {
            codec,
            orientation,
            variants,
            limits: self.limits,
            length: file.len(),
        });
        // One that waited may have been ended by the system meanwhile: that is not the picture's
        // fault.
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(worker) = idle
            && let Some(answer) = self.ask(worker, &request, &file).await?
        {
            return answer;
        }
        self.ask(Worker::start(program)?, &request, &file)
            .await?
            .ok_or_else(crashed)?
    }

    /// What a worker makes of a picture; nothing if it died over it.
    async fn ask(
        &self,
        mut worker: Worker,
        request: &Arc<Request>,
        file: &Bytes,
    ) -> Result<Option<Result<Rendered>>> {
        let (life, request, file) = (Arc::clone(&worker.life), Arc::clone(request), file.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let answer = ask(&mut worker.input, &mut worker.output, &request, &file);
            (worker, answer)
        });
        match tokio::time::timeout(
            Duration::from_secs(u64::from(self.limits.seconds.max(1))),
            asked,
        )
        .await
        {
            Ok(Ok((worker, Ok(answer)))) => {
                self.idle
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(worker);
                Ok(Some(answer))
            }
            // Dropped here: a worker that did not answer is not asked again.
            Ok(_) => Ok(None),
            Err(_) => {
                life.end();
                let told = format!(
                    "the picture took longer than {} s to decode",
                    self.limits.seconds
                );
                let hint = "the original is uploaded as it is; make it smaller, or raise the limit (seconds)";
                Err(Error::new(Code::ImageTooSlow, told).hint(hint))
            }
        }
    }
}

fn closing() -> Error {
    Error::new(Code::Closing, "Tintype is closing")
}

fn crashed() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the picture made its decoder crash, or asked it for more memory than the limit",
    )
    .hint("open it in a viewer and save it again; the original is uploaded as it is")
}

struct Worker {
    input: ChildStdin,
    output: ChildStdout,
    life: Arc<Life>,
}

/// Ends the process with its last owner, or earlier.
struct Life(Mutex<Child>);

impl Life {
    fn end(&self) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = child.kill().and_then(|()| child.wait()) {
            tracing::warn!(%error, "a worker could not be ended");
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

impl Worker {
    fn start(program: &PathBuf) -> Result<Self> {
        let missing = |why: String| {
            Error::new(
                Code::Internal,
                format!(
                    "pictures cannot be decoded: {} does not start ({why})",
                    program.display()
                ),
            )
            .hint("start Tintype again; if it was updated meanwhile, that is why")
        };
        let mut command = Command::new(program);
        command
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|error| missing(error.to_string()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                widen(&input);
                Ok(Self {
                    input,
                    output,
                    life: Arc::new(Life(Mutex::new(child))),
                })
            }
            _ => Err(missing("it has no pipes".into())),
        }
    }
}

/// A photograph goes through the pipe in a few pieces instead of fifty.
fn widen(pipe: &ChildStdin) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20) {
        tracing::debug!(%error, "the pipe to a worker stays narrow");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = pipe;
}
