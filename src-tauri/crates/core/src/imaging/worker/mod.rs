//! Decoding in a process of its own: a crash or a bomb in a decoder takes neither the app nor the
//! queue down.
//!
//! A worker is this same program, started with [`ARGUMENT`] alone. It reads requests from its
//! standard input and writes replies to its standard output, one after the other, until the input
//! ends.

mod pool;
mod speech;

use std::io::{Read, Write};

use bytes::Bytes;

use super::{Rendered, Renderer, Source};
use crate::error::{Code, Error, Result};
use crate::settings::Limits;
pub use pool::{Program, Workers};
pub use speech::ARGUMENT;
use speech::{Fault, Reply, Request, read_head, write_head};

/// Memory besides the picture's pixels and its file: code, encoders, the variants.
const ROOM_MIB: u64 = 88;

/// Works as a worker and ends, if this process was started as one; to be called before anything
/// else in `main`.
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

/// Beyond this, allocation fails and the worker dies alone. Where the system has no such limit, the
/// limits before each allocation are what there is.
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

#[cfg(test)]
mod tests {
    use super::speech::ask;
    use super::*;
    use crate::content::Codec;
    use crate::variant::Variant;

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
