//! What the program and its workers say to each other.
//!
//! Both ways a message is: the length of a JSON head (four bytes, little endian), the head, then
//! the bytes whose lengths the head tells.

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::imaging::picture::{Rendered, Rendition};
use crate::settings::Limits;
use crate::variant::Variant;

/// The one argument a worker is started with.
pub const ARGUMENT: &str = "imaging-worker";

#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) codec: Codec,
    pub(super) orientation: u8,
    pub(super) variants: Vec<Variant>,
    pub(super) limits: Limits,
    pub(super) length: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    Rendered {
        pixels: (u32, u32),
        renditions: Vec<(Rendition, usize)>,
        note: Option<Fault>,
    },
    Refused(Fault),
}

/// An error on its way between processes.
#[derive(Serialize, Deserialize)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) hint: Option<String>,
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

pub(super) fn write_head(output: &mut impl Write, head: &impl Serialize) -> std::io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).map_err(std::io::Error::other)?;
    output.write_all(&[&length.to_le_bytes()[..], &head].concat())
}

/// The next head; nothing where the other side has ended.
pub(super) fn read_head<T: for<'de> Deserialize<'de>>(
    input: &mut impl Read,
) -> std::io::Result<Option<T>> {
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
pub(super) fn ask(
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
