//! What the program and its workers say to each other.
//!
//! Both ways a message is: the length of a JSON head (four bytes, little endian), the head, then
//! the bytes whose lengths the head tells. Neither side believes the other's lengths: a worker may
//! have been taken over by the file it reads.

use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::LocalPath;
use crate::content::Content;
use crate::error::{Code, Error, Result};
use crate::imaging::{Facts, MarkFile, Rendered, Rendition};
use crate::intake::LARGEST_PICTURE;
use crate::privacy::{Left, Originals};
use crate::settings::Limits;
use crate::variant::{Format, Variant, Worth};

/// The one argument a worker is started with.
pub const ARGUMENT: &str = "imaging-worker";

/// More than any head has: some dozens of variants are named in the longest.
const LONGEST_HEAD: usize = 1 << 20;

/// Memory besides the picture's pixels and its file: code, encoders, the variants.
const ROOM_MIB: u64 = 88;

/// Bytes a worker may take: it can clean the largest file, however little decoding may take.
pub(super) fn most_memory(limits: Limits) -> u64 {
    (u64::from(limits.decode_mib) << 20).max(LARGEST_PICTURE) + (ROOM_MIB << 20)
}

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// What it may take. The first, and once.
    Begin { limits: Limits },
    /// A file, whose bytes follow; all that is asked from now on is about it. Not answered.
    File { content: Content, length: usize },
    /// The file of a mark, whose bytes follow if it could be read. Not answered.
    Mark {
        path: LocalPath,
        read: std::result::Result<usize, Error>,
    },
    /// Answered by one [`Reply`].
    Asked(Task),
}

/// A question about a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Task {
    /// What it says of itself.
    Facts,
    /// Whether it tells where it was taken.
    Tells,
    /// It, without what the policy takes out.
    Clean(Originals),
    /// Bytes of memory that making these variants will take.
    Weigh(Vec<Variant>),
    /// These variants of it.
    Render(Vec<Variant>),
    /// This variant, with its score; others may be asked for next.
    TryOut(Box<Variant>),
}

impl Task {
    /// What of an answer is the worker's to say. Names and kinds are those that were asked for: of
    /// them keys, types and paths are made.
    fn as_asked(&self, answer: &mut Answer) {
        let (variants, rendered) = match (self, answer) {
            (Self::Render(variants), Answer::Rendered(rendered)) => (variants, rendered),
            (Self::TryOut(asked), Answer::TriedOut(made)) => return name_as(made, asked),
            _ => return,
        };
        for failure in &mut rendered.failures {
            if let Some(asked) = variants.get(failure.index) {
                failure.error = failure.error.clone().about(&asked.name);
            }
        }
        let failed: Vec<usize> = rendered
            .failures
            .iter()
            .map(|failure| failure.index)
            .collect();
        let made = variants.iter().enumerate();
        let made = made.filter(|(index, _)| !failed.contains(index));
        for (rendition, (_, asked)) in rendered.renditions.iter_mut().zip(made) {
            name_as(rendition, asked);
        }
    }

    /// Whether an answer can be one to this question.
    fn is_answered_by(&self, answer: &Answer, lengths: &[u64]) -> bool {
        match (self, answer) {
            (Self::Facts, Answer::Facts(_))
            | (Self::Tells, Answer::Told(_))
            | (Self::Weigh(_), Answer::Weighed(_)) => lengths.is_empty(),
            (Self::Clean(_), Answer::Cleaned { .. }) | (Self::TryOut(_), Answer::TriedOut(_)) => {
                lengths.len() == 1
            }
            (Self::Render(variants), Answer::Rendered(rendered)) => {
                let (made, failures) = (rendered.renditions.len(), &rendered.failures);
                let noted = rendered.note.as_ref();
                let in_order = failures.is_sorted_by(|one, next| one.index < next.index);
                let known = failures.iter().all(|failure| {
                    let is_told =
                        is_of_the_file(failure.error.code) || failure.error.code == Code::Internal;
                    failure.index < variants.len() && is_told
                });
                lengths.len() == made
                    && made + failures.len() == variants.len()
                    && in_order
                    && known
                    && noted.is_none_or(|note| is_of_the_file(note.code))
            }
            _ => false,
        }
    }
}

/// What was made is called as it was asked for, and worth no more than anything can be.
fn name_as(rendition: &mut Rendition, asked: &Variant) {
    let Worth { quality, score } = &mut rendition.worth;
    *quality = quality.filter(|quality| (1..=100).contains(quality));
    *score = score.filter(|score| *score <= 100.0);
    let format = match asked.format {
        Format::Auto => rendition.variant.format,
        format => format,
    };
    rendition.variant = Variant {
        format,
        ..asked.clone()
    };
}

/// What a file's question is answered with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Facts(Box<Facts>),
    Told(bool),
    Cleaned {
        #[serde(skip)]
        bytes: Bytes,
        left: Option<Left>,
    },
    Weighed(u64),
    Rendered(Rendered),
    TriedOut(Box<Rendition>),
}

impl Answer {
    /// The bytes that follow the head.
    fn payloads(&self) -> Vec<Bytes> {
        match self {
            Self::Facts(_) | Self::Told(_) | Self::Weighed(_) => Vec::new(),
            Self::Cleaned { bytes, .. } => vec![bytes.clone()],
            Self::TriedOut(rendition) => vec![rendition.bytes.clone()],
            Self::Rendered(rendered) => rendered
                .renditions
                .iter()
                .map(|rendition| rendition.bytes.clone())
                .collect(),
        }
    }

    fn fill(&mut self, payloads: Vec<Bytes>) {
        match self {
            Self::Facts(_) | Self::Told(_) | Self::Weighed(_) => {}
            Self::Cleaned { bytes, .. } => {
                payloads.into_iter().for_each(|payload| *bytes = payload);
            }
            Self::TriedOut(made) => {
                payloads
                    .into_iter()
                    .for_each(|payload| made.bytes = payload);
            }
            Self::Rendered(rendered) => rendered
                .renditions
                .iter_mut()
                .zip(payloads)
                .for_each(|(rendition, payload)| rendition.bytes = payload),
        }
    }
}

/// What of its rights a worker could not give away.
#[derive(Serialize, Deserialize)]
struct Ready {
    kept: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    Answered { answer: Answer, lengths: Vec<u64> },
    Refused(Error),
}

/// Tells a new worker what it may take, and hears that it is ready: that it is of the same version,
/// and confined before it sees anybody's file.
pub(super) fn begin(
    input: &mut impl Write,
    output: &mut impl Read,
    limits: Limits,
) -> IoResult<()> {
    write_head(input, &Said::Begin { limits })?;
    input.flush()?;
    let Ready { kept } = read_head(output)?.ok_or(ErrorKind::UnexpectedEof)?;
    for right in kept {
        tracing::warn!(right, "a worker keeps a right it does not need");
    }
    Ok(())
}

/// A worker's answer to that.
pub(super) fn ready(output: &mut impl Write, kept: Vec<String>) -> IoResult<()> {
    write_head(output, &Ready { kept })?;
    output.flush()
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

/// Gives a worker the files of marks, as they are now.
pub(super) fn give_marks(input: &mut impl Write, marks: &[MarkFile]) -> IoResult<()> {
    for MarkFile { path, read } in marks {
        let length = read.as_ref().map(Bytes::len).map_err(Clone::clone);
        let said = Said::Mark {
            path: path.as_path().into(),
            read: length,
        };
        write_head(input, &said)?;
        input.write_all(read.as_ref().map_or(&[], |bytes| bytes))?;
    }
    Ok(())
}

/// Asks a worker about the file it was given. It cannot hold more than `most` bytes, and so does not
/// answer more.
pub(super) fn ask(
    input: &mut impl Write,
    output: &mut impl Read,
    task: &Task,
    most: u64,
) -> IoResult<Result<Answer>> {
    write_head(input, &Said::Asked(task.clone()))?;
    input.flush()?;
    let (mut answer, lengths) = match read_head(output)?.ok_or(ErrorKind::UnexpectedEof)? {
        Reply::Refused(error) if is_of_the_file(error.code) => return Ok(Err(error)),
        Reply::Refused(_) => return Err(no_answer()),
        Reply::Answered { answer, lengths } => (answer, lengths),
    };
    let all = lengths
        .iter()
        .try_fold(0, |all: u64, length| all.checked_add(*length));
    if !task.is_answered_by(&answer, &lengths) || all.is_none_or(|all| all > most) {
        return Err(no_answer());
    }
    task.as_asked(&mut answer);
    let payloads = lengths.into_iter().map(|length| {
        // Takes memory as the bytes come, not as they are promised.
        let mut bytes = Vec::new();
        output.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length {
            Ok(bytes.into())
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    });
    answer.fill(payloads.collect::<IoResult<_>>()?);
    Ok(Ok(answer))
}

fn no_answer() -> IoError {
    IoError::new(ErrorKind::InvalidData, "no answer to that")
}

/// What a worker can know to be wrong. Of buckets, settings and computers it knows nothing.
const fn is_of_the_file(code: Code) -> bool {
    matches!(
        code,
        Code::ImageDamaged
            | Code::ImageTooLarge
            | Code::ImageUnsupported
            | Code::ImageFlattened
            | Code::CannotStrip
            | Code::WatermarkMissing
    )
}

/// A worker's reply to a question.
pub(super) fn reply(output: &mut impl Write, answered: Result<Answer>) -> IoResult<()> {
    let (reply, payloads) = match answered {
        Err(error) => (Reply::Refused(error), Vec::new()),
        Ok(answer) => {
            let payloads = answer.payloads();
            let lengths = payloads.iter().map(|bytes| bytes.len() as u64).collect();
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

/// Every question, answered by that.
#[cfg(fuzzing)]
pub(super) fn answered(said: &[u8]) {
    let variants = vec![Variant::sized(4, 3), Variant::sized(8, 6)];
    let tasks = [
        Task::Facts,
        Task::Tells,
        Task::Clean(Originals::StripAll),
        Task::Weigh(variants.clone()),
        Task::TryOut(Box::new(Variant::sized(4, 3))),
        Task::Render(variants),
    ];
    for task in tasks {
        // The end of a worker that says nonsense, or an answer of the right kind.
        let _ = ask(&mut Vec::new(), &mut &said[..], &task, 1 << 20);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(task: &Task, said: &[u8]) -> IoResult<Result<Answer>> {
        ask(&mut Vec::new(), &mut &said[..], task, 4)
    }

    /// Four bytes, and a promise of that many.
    fn cleaned(lengths: &[u64]) -> Vec<u8> {
        let mut said = Vec::new();
        let reply = Reply::Answered {
            answer: Answer::Cleaned {
                bytes: Bytes::new(),
                left: None,
            },
            lengths: lengths.to_vec(),
        };
        write_head(&mut said, &reply).expect("head");
        said.extend([7; 4]);
        said
    }

    fn refused(code: Code) -> Vec<u8> {
        let mut said = Vec::new();
        let reply = Reply::Refused(Error::new(code, "it said so"));
        write_head(&mut said, &reply).expect("head");
        said
    }

    #[test]
    fn what_is_made_is_called_as_it_was_asked_for() {
        let mut named = Variant::sized(4, 3);
        named.name = "x/../../elsewhere".into();
        let rendition = Rendition {
            variant: named,
            pixels: (4, 3),
            worth: Worth::default(),
            bytes: Bytes::new(),
        };
        let answer = Answer::Rendered(Rendered {
            pixels: (4, 3),
            renditions: vec![rendition],
            failures: Vec::new(),
            placeholder: None,
            note: None,
        });
        let mut said = Vec::new();
        let lengths = vec![0];
        write_head(&mut said, &Reply::Answered { answer, lengths }).expect("head");

        let answer = asked(&Task::Render(vec![Variant::sized(4, 3)]), &said);

        let Ok(Ok(Answer::Rendered(rendered))) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(rendered.renditions[0].variant, Variant::sized(4, 3));
    }

    #[test]
    fn what_a_worker_promises_is_not_believed() {
        let clean = Task::Clean(Originals::StripAll);

        let honest = asked(&clean, &cleaned(&[4])).expect("speaks");
        let lies = [
            asked(&clean, &cleaned(&[5])),
            asked(&clean, &cleaned(&[u64::MAX])),
            asked(&clean, &cleaned(&[2, 2])),
            asked(&clean, &[0xff; 4]),
            asked(&Task::Facts, &cleaned(&[4])),
            asked(&clean, &refused(Code::BucketFull)),
        ];

        assert!(matches!(honest, Ok(Answer::Cleaned { bytes, .. }) if *bytes == [7; 4]));
        for lie in lies {
            let told = lie.expect_err("not believed");
            assert_eq!(told.kind(), ErrorKind::InvalidData);
        }
        let cut_off = &cleaned(&[4])[..cleaned(&[4]).len() - 1];
        let told = asked(&clean, cut_off).expect_err("not whole");
        assert_eq!(told.kind(), ErrorKind::UnexpectedEof);
    }
}
