//! Inside a worker: what it is told, and what it answers.

use std::io::{Read, Result as IoResult, Write};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;

use super::desk::Desk;
use super::speech::{ARGUMENT, Said, Task, most_memory, read_head, ready, reply};
use super::watchdog::Watchdog;
use crate::content::Content;
use crate::imaging::{MarkFile, fonts};
use crate::settings::Limits;

/// Works as a worker and ends, if this process was started as one; to be called before anything
/// else in `main`.
pub fn serve_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|argument| argument == ARGUMENT)
    {
        // The environment does not tell whose it is.
        let own_fonts = arguments.next().map(PathBuf::from);
        // Where it leads to: links on the way may be out of reach afterwards.
        let own_fonts = own_fonts.map(|own| own.canonicalize().unwrap_or(own));
        // What a decoder has to say while it gives up is in the reply.
        std::panic::set_hook(Box::new(|_| {}));
        let kept = tintype_confine::this_process(own_fonts.as_deref());
        own_fonts.into_iter().for_each(fonts::add_own);
        let dog = Watchdog::of_this_process();
        // Whoever asked is gone: so is this process, whatever it is about.
        let alone = || std::process::exit(0);
        let mut output = std::io::stdout().lock();
        let served = serve(std::io::stdin(), &mut output, kept, &dog, alone);
        std::process::exit(i32::from(served.is_err()));
    }
}

/// What is heard, with the bytes that belong to it.
enum Heard {
    Begin(Limits),
    Coming,
    File(Bytes, Content),
    Mark(MarkFile),
    Asked(Task),
}

/// Listens on a thread of its own, so that the end of the input is heard while a picture is worked
/// on.
fn serve(
    mut input: impl Read + Send,
    output: &mut impl Write,
    kept: Vec<String>,
    dog: &Watchdog,
    alone: impl FnOnce() + Send,
) -> IoResult<()> {
    std::thread::scope(|scope| {
        let (hearing, heard) = mpsc::channel();
        let listening = scope.spawn(move || {
            // Whoever answers ends first only where nobody reads the answers any more.
            let tell = |heard| hearing.send(heard).map_err(std::io::Error::other);
            while let Some(said) = read_head::<Said>(&mut input)? {
                match said {
                    Said::Begin { limits } => tell(Heard::Begin(limits))?,
                    Said::Mark { path, read } => {
                        let read = match read {
                            Ok(length) => Ok(bytes(&mut input, length)?),
                            Err(error) => Err(error),
                        };
                        let path = path.into();
                        tell(Heard::Mark(MarkFile { path, read }))?;
                    }
                    Said::Asked(task) => tell(Heard::Asked(task))?,
                    Said::File { content, length } => {
                        // Two files are not held at once.
                        tell(Heard::Coming)?;
                        let file = bytes(&mut input, length)?;
                        tell(Heard::File(file, content))?;
                    }
                }
            }
            alone();
            Ok(())
        });
        answer_all(&heard, output, kept, dog)?;
        listening
            .join()
            .unwrap_or_else(|_| Err(std::io::Error::other("the listener ended early")))
    })
}

fn bytes(input: &mut impl Read, length: usize) -> IoResult<Bytes> {
    let mut bytes = Vec::with_capacity(length);
    input.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn answer_all(
    heard: &mpsc::Receiver<Heard>,
    output: &mut impl Write,
    kept: Vec<String>,
    dog: &Watchdog,
) -> IoResult<()> {
    let mut desk = Desk::new(Limits::default());
    let mut within = Duration::MAX;
    for heard in heard {
        match heard {
            Heard::Begin(limits) => {
                limit_memory(most_memory(limits), dog);
                within = Duration::from_secs(u64::from(limits.seconds.max(1)));
                desk = Desk::new(limits);
                ready(output, kept.clone())?;
            }
            Heard::Coming => desk.clear(),
            Heard::File(file, content) => desk.lay(file, Some(content)),
            Heard::Mark(mark) => desk.mark(mark),
            Heard::Asked(task) => {
                dog.begin(within);
                let answered = desk.answer(task);
                dog.done();
                reply(output, answered)?;
            }
        }
    }
    Ok(())
}

/// By the system, and by the watchdog where that was not seen to hold.
fn limit_memory(bytes: u64, dog: &Watchdog) {
    let limited = tintype_confine::limit_memory(bytes);
    if let Err(error) = &limited {
        tracing::warn!(%error, "the system does not limit the memory for decoding");
    }
    if limited.is_err() || cfg!(not(target_os = "linux")) {
        dog.limit_memory(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::speech::{ask, begin, give};
    use super::*;
    use crate::content::sniff;
    use crate::error::Code;
    use crate::variant::Variant;

    #[test]
    fn a_conversation_goes_both_ways_until_its_input_ends() {
        let file = b"GIF89a, and then nothing";
        let task = Task::Render(vec![Variant::sized(4, 3)]);
        let mut said = Vec::new();
        let nobody = &mut std::io::empty();
        let limits = Limits {
            decode_mib: 1 << 20,
            ..Limits::default()
        };
        assert!(begin(&mut said, nobody, limits).is_err(), "not yet ready");
        give(&mut said, &sniff(file, "x.gif"), file).expect("file");
        let asking = ask(&mut said, nobody, &task, 0);
        assert!(asking.is_err(), "nobody has answered yet");
        let (mut answered, mut ended) = (Vec::new(), false);

        let dog = Watchdog::asleep();
        let kept = Vec::new();
        serve(said.as_slice(), &mut answered, kept, &dog, || ended = true).expect("serves");

        let mut answered = answered.as_slice();
        begin(&mut Vec::new(), &mut answered, limits).expect("ready");
        let answer = ask(&mut Vec::new(), &mut answered, &task, 0);
        let answer = answer.expect("speaks");
        assert_eq!(answer.expect_err("no picture").code, Code::ImageDamaged);
        assert!(ended, "whoever asked is gone");
    }
}
