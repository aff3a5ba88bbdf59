//! What the program and its workers say to each other.
//!
//! Both ways a message is: the length of a JSON head (four bytes, little endian), the head, then
//! the bytes whose lengths the head tells. Neither side believes the other's lengths: a worker may
//! have been taken over by the file it reads.

use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::error::{Error, Result};
use crate::imaging::{Facts, Rendered};
use crate::privacy::Originals;
use crate::settings::Limits;
use crate::variant::Variant;

/// The one argument a worker is started with.
pub const ARGUMENT: &str = "imaging-worker";

/// More than any head has: some dozens of variants are named in the longest.
const LONGEST_HEAD: usize = 1 << 20;

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// What it may take. The first, and once.
    Begin { limits: Limits },
    /// A file, whose bytes follow; all that is asked from now on is about it. Not answered.
    File { content: Content, length: usize },
    /// Answered by one [`Reply`].
    Asked(Task),
}

/// A question about a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Task {
    /// What it says of itself.
    Facts,
    /// It, without what the policy takes out.
    Clean(Originals),
    /// Bytes of memory that making these variants will take.
    Weigh(Vec<Variant>),
    /// These variants of it.
    Render(Vec<Variant>),
}

impl Task {
    /// Whether an answer can be one to this question about a file of that length.
    fn is_answered_by(&self, answer: &Answer, lengths: &[usize], file: usize) -> bool {
        match (self, answer) {
            (Self::Facts, Answer::Facts(_)) | (Self::Weigh(_), Answer::Weighed(_)) => {
                lengths.is_empty()
            }
            (Self::Clean(_), Answer::Cleaned(_)) => lengths.len() == 1 && lengths[0] <= file,
            (Self::Render(variants), Answer::Rendered(rendered)) => {
                let counted = [rendered.renditions.len(), lengths.len()];
                counted == [variants.len(); 2]
                    && variants
                        .iter()
                        .zip(lengths)
                        .all(|(variant, length)| *length as u64 <= variant.most_bytes())
            }
            _ => false,
        }
    }
}

/// What a file's question is answered with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Facts(Box<Facts>),
    Cleaned(#[serde(skip)] Bytes),
    Weighed(u64),
    Rendered(Rendered),
}

impl Answer {
    /// The bytes that follow the head.
    fn payloads(&self) -> Vec<Bytes> {
        match self {
            Self::Facts(_) | Self::Weighed(_) => Vec::new(),
            Self::Cleaned(bytes) => vec![bytes.clone()],
            Self::Rendered(rendered) => rendered
                .renditions
                .iter()
                .map(|rendition| rendition.bytes.clone())
                .collect(),
        }
    }

    fn fill(&mut self, payloads: Vec<Bytes>) {
        match self {
            Self::Facts(_) | Self::Weighed(_) => {}
            Self::Cleaned(bytes) => payloads.into_iter().for_each(|payload| *bytes = payload),
            Self::Rendered(rendered) => rendered
                .renditions
                .iter_mut()
                .zip(payloads)
                .for_each(|(rendition, payload)| rendition.bytes = payload),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    Answered { answer: Answer, lengths: Vec<usize> },
    Refused(Error),
}

/// Tells a new worker what it may take.
pub(super) fn begin(input: &mut impl Write, limits: Limits) -> IoResult<()> {
    write_head(input, &Said::Begin { limits })
}

/// Gives a worker a file.
pub(super) fn give(input: &mut impl Write, content: &Content, file: &[u8]) -> IoResult<()> {
    let said = Said::File {
        content: content.clone(),
        length: file.len(),
    };
    write_head(input, &said)?;
    input.write_all(file)?;
    input.flush()
}

/// Asks a worker about the file it was given, of that length.
pub(super) fn ask(
    input: &mut impl Write,
    output: &mut impl Read,
    task: &Task,
    file: usize,
) -> IoResult<Result<Answer>> {
    write_head(input, &Said::Asked(task.clone()))?;
    input.flush()?;
    let (mut answer, lengths) = match read_head(output)?.ok_or(ErrorKind::UnexpectedEof)? {
        Reply::Refused(error) => return Ok(Err(error)),
        Reply::Answered { answer, lengths } => (answer, lengths),
    };
    if !task.is_answered_by(&answer, &lengths, file) {
        return Err(IoError::new(ErrorKind::InvalidData, "no answer to that"));
    }
    let payloads = lengths.into_iter().map(|length| {
        let mut bytes = vec![0; length];
        output.read_exact(&mut bytes).map(|()| bytes.into())
    });
    answer.fill(payloads.collect::<IoResult<_>>()?);
    Ok(Ok(answer))
}

/// A worker's reply to a question.
pub(super) fn reply(output: &mut impl Write, answered: Result<Answer>) -> IoResult<()> {
    let (reply, payloads) = match answered {
        Err(error) => (Reply::Refused(error), Vec::new()),
        Ok(answer) => {
            let payloads = answer.payloads();
            let lengths = payloads.iter().map(Bytes::len).collect();
            (Reply::Answered { answer, lengths }, payloads)
        }
    };
    write_head(output, &reply)?;
    payloads
        .iter()
        .try_for_each(|payload| output.write_all(payload))?;
    output.flush()
}

fn write_head(output: &mut impl Write, head: &impl Serialize) -> IoResult<()> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).map_err(IoError::other)?;
    output.write_all(&[&length.to_le_bytes()[..], &head].concat())
}

/// The next head; nothing where the other side has ended.
pub(super) fn read_head<T: for<'de> Deserialize<'de>>(
    input: &mut impl Read,
) -> IoResult<Option<T>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_HEAD {
        return Err(IoError::new(ErrorKind::InvalidData, "a head without end"));
    }
    let mut head = vec![0; length];
    input.read_exact(&mut head)?;
    Ok(Some(serde_json::from_slice(&head)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(task: &Task, file: usize, said: &[u8]) -> IoResult<Result<Answer>> {
        ask(&mut Vec::new(), &mut &said[..], task, file)
    }

    fn cleaned(length: usize) -> Vec<u8> {
        let mut said = Vec::new();
        let reply = Reply::Answered {
            answer: Answer::Cleaned(Bytes::new()),
            lengths: vec![length],
        };
        write_head(&mut said, &reply).expect("head");
        said.extend([7; 4]);
        said
    }

    #[test]
    fn what_a_worker_promises_is_not_believed() {
        let clean = Task::Clean(Originals::StripAll);

        let honest = answered(&clean, 4, &cleaned(4)).expect("speaks");
        let longer_than_its_file = answered(&clean, 4, &cleaned(5));
        let beyond_all_memory = answered(&clean, 4, &cleaned(usize::MAX));
        let an_endless_head = answered(&clean, 4, &[0xff; 4]);
        let something_else = answered(&Task::Facts, 4, &cleaned(4));

        assert!(matches!(honest, Ok(Answer::Cleaned(bytes)) if *bytes == [7; 4]));
        for lie in [
            longer_than_its_file,
            beyond_all_memory,
            an_endless_head,
            something_else,
        ] {
            assert_eq!(
                lie.expect_err("not believed").kind(),
                ErrorKind::InvalidData
            );
        }
    }
}
