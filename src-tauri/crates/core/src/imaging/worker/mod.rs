//! Decoding in a process of its own: a crash or a bomb in a decoder takes neither the app nor the queue down.
//!
//! A worker is this same program, started with [`ARGUMENT`] alone. It reads requests from its standard input and
//! writes replies to its standard output, one after the other, until the input ends.
//!
//! Both ways a message is: the length of a JSON head (four bytes, little endian), the head, then the bytes whose
//! lengths the head tells.

mod pool;

use std::io::{Read, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Rendered, Renderer, Rendition, Source};
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::settings::Limits;
use crate::variant::Variant;
pub use pool::{Program, Workers};

/// The one argument a worker is started with.
pub const ARGUMENT: &str = "imaging-worker";

/// Memory besides the picture's pixels and its file: code, encoders, the variants.
const ROOM_MIB: u64 = 88;

#[derive(Serialize, Deserialize)]
struct Request {
    codec: Codec,
    orientation: u8,
    variants: Vec<Variant>,
    limits: Limits,
    length: usize,
}

#[derive(Serialize, Deserialize)]
enum Reply {
    Rendered {
        pixels: (u32, u32),
        renditions: Vec<(Rendition, usize)>,
        note: Option<Fault>,
    },
    Refused(Fault),
}

/// An error on its way between processes.
#[derive(Serialize, Deserialize)]
struct Fault {
    code: Code,
    message: String,
    hint: Option<String>,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self {
            code: error.code,
            message: error.message,
            hint: error.hint,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let error = Self::new(fault.code, fault.message);
        match fault.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Works as a worker and ends, if this process was started as one; to be called before anything else in `main`.
pub fn serve_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|argument| argument == ARGUMENT)
        && arguments.next().is_none()
    {
        // What a decoder has to say while it gives up is in the reply.
        std::panic::set_hook(Box::new(|_| {}));
        let served = serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock());
        std::process::exit(i32::from(served.is_err()));
    }
}

fn serve(input: &mut impl Read, output: &mut impl Write) -> std::io::Result<()> {
    let mut renderer: Option<Renderer> = None;
    let mut file = Vec::new();
    let mut limited = false;
    while let Some(request) = read_head::<Request>(input)? {
        if !std::mem::replace(&mut limited, true) {
            limit_memory(request.limits);
        }
        file.clear();
        input.take(request.length as u64).read_to_end(&mut file)?;
        let mut own = renderer
            .take()
            .unwrap_or_else(|| Renderer::new(request.limits));
        let source = Source {
            file: &file,
            codec: request.codec,
            orientation: request.orientation,
        };
        let rendered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            own.render(source, &request.variants)
        }));
        let rendered = match rendered {
            // After a panic the renderer's state is not trusted: the next request gets a fresh one.
            Err(_) => Err(gave_up()),
            Ok(rendered) => {
                renderer = Some(own);
                rendered
            }
        };
        reply(output, rendered)?;
        if file.capacity() > 64 << 20 {
            file = Vec::new();
        }
    }
    Ok(())
}

fn gave_up() -> Error {
    Error::new(
        Code::ImageDamaged,
        "the picture is damaged: its decoder gave up on it",
    )
    .hint("open it in a viewer and save it again, or take it from the camera once more")
}

/// Beyond this, allocation fails and the worker dies alone. Where the system has no such limit, the limits before each
/// allocation are what there is.
fn limit_memory(limits: Limits) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let bytes = (u64::from(limits.decode_mib) + ROOM_MIB) << 20;
        if let Err(error) = rlimit::Resource::DATA.set(bytes, bytes) {
            tracing::warn!(%error, "no memory limit for decoding");
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (limits, ROOM_MIB);
}

fn reply(output: &mut impl Write, rendered: Result<Rendered>) -> std::io::Result<()> {
    let (head, payloads) = match rendered {
        Err(error) => (Reply::Refused(error.into()), Vec::new()),
        Ok(Rendered {
            pixels,
            renditions,
            note,
        }) => {
            let payloads: Vec<Bytes> = renditions
                .iter()
                .map(|rendition| rendition.bytes.clone())
                .collect();
            let renditions = renditions.into_iter().map(|rendition| {
                let length = rendition.bytes.len();
                (rendition, length)
            });
            (
                Reply::Rendered {
                    pixels,
                    renditions: renditions.collect(),
                    note: note.map(Fault::from),
                },
                payloads,
            )
        }
    };
    write_head(output, &head)?;
    payloads
        .iter()
        .try_for_each(|payload| output.write_all(payload))?;
    output.flush()
}

fn write_head(output: &mut impl Write, head: &impl Serialize) -> std::io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).map_err(std::io::Error::other)?;
    output.write_all(&[&length.to_le_bytes()[..], &head].concat())
}

/// The next head; nothing where the other side has ended.
fn read_head<T: for<'de> Deserialize<'de>>(input: &mut impl Read) -> std::io::Result<Option<T>> {
    let mut length = [0; 4];
    if let Err(error) = input.read_exact(&mut length) {
        return if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Ok(None)
        } else {
            Err(error)
        };
    }
    let mut head = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut head)?;
    Ok(Some(serde_json::from_slice(&head)?))
}

/// Sends a picture to a worker and reads what it made of it.
fn ask(
    input: &mut impl Write,
    output: &mut impl Read,
    request: &Request,
    file: &[u8],
) -> std::io::Result<Result<Rendered>> {
    write_head(input, request)?;
    input.write_all(file)?;
    input.flush()?;
    match read_head(output)?.ok_or(std::io::ErrorKind::UnexpectedEof)? {
        Reply::Refused(fault) => Ok(Err(fault.into())),
        Reply::Rendered {
            pixels,
            renditions,
            note,
        } => {
            let renditions = renditions.into_iter().map(|(rendition, length)| {
                let mut bytes = vec![0; length];
                output.read_exact(&mut bytes)?;
                Ok(Rendition {
                    bytes: bytes.into(),
                    ..rendition
                })
            });
            let renditions = renditions.collect::<std::io::Result<_>>()?;
            Ok(Ok(Rendered {
                pixels,
                renditions,
                note: note.map(Error::from),
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_goes_both_ways() {
        let file = b"GIF89a, and then nothing";
        let request = Request {
            codec: Codec::Gif,
            orientation: 1,
            variants: vec![Variant::sized(4, 3)],
            limits: Limits {
                decode_mib: 1 << 20,
                ..Limits::default()
            },
            length: file.len(),
        };
        let mut asked = Vec::new();
        write_head(&mut asked, &request).expect("head");
        asked.extend(file);
        let mut answered = Vec::new();
        serve(&mut asked.as_slice(), &mut answered).expect("serves");
        let answer =
            ask(&mut Vec::new(), &mut answered.as_slice(), &request, file).expect("speaks");
        assert_eq!(answer.expect_err("no picture").code, Code::ImageDamaged);
    }
}
