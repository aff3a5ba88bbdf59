//! Files that are not taken apart: they go up as they are, or not at all.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::exif;
use super::forms;
use super::jpeg::pictures_tell;
use super::place::{in_bytes, in_drawing, in_text, without_entities};
use super::policy::Originals;
use super::walk::{Tells, Verdict, Walk};
use crate::container::tiff::Tiff;

/// How far into a CR3 its `moov` box reaches.
const CR3_HEAD: usize = 1 << 20;

/// How things look is said in numbers that are no places.
static STYLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?s-u)<(?:[A-Za-z_][\w.-]*:)?style\b.*?</(?:[A-Za-z_][\w.-]*:)?style>").ok()
});
/// What is not drawn, by whatever prefix.
static NOTES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)<(?:[A-Za-z_][\w.-]*:)?(?:metadata|foreignObject|script)\b|sodipodi:|inkscape:",
    )
    .ok()
});
static OWN_WORDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)<!--|<(?:[A-Za-z_][\w.-]*:)?(?:desc|title)\b").ok());

fn finds(pattern: &LazyLock<Option<Regex>>, text: &[u8]) -> bool {
    pattern
        .as_ref()
        .is_none_or(|pattern| pattern.is_match(text))
}

/// Text as it is, unless it holds pictures, metadata or an editor's notes.
pub(super) fn svg(walk: &mut Walk<'_>) {
    let file = walk.file;
    if file.starts_with(&[0x1f, 0x8b]) || file.contains(&0) {
        walk.tell(Tells::Place);
        return walk.refuse("it is a drawing that is compressed, or not written in single bytes");
    }
    let text = without_entities(file);
    let has = |wanted: &[u8]| text.windows(wanted.len()).any(|window| window == wanted);
    let unstyled = STYLES
        .as_ref()
        .map(|styles| styles.replace_all(&text, &b"<"[..]));
    let in_words = unstyled
        .as_deref()
        .is_none_or(|text| words(text).any(|words| in_text(words, &mut walk.budget)));
    if in_drawing(&text, &mut walk.budget) || in_words {
        walk.tell(Tells::Place);
        walk.refuse("it is a drawing that tells a place");
    }
    if has(b"data:") {
        // Nobody looks into the pictures in it.
        walk.tell(Tells::Place);
        walk.refuse("it is a drawing with pictures inside");
    }
    if finds(&NOTES, &text) {
        walk.refuse("it is a drawing with metadata inside");
    }
    if walk.originals == Originals::StripAll && finds(&OWN_WORDS, &text) {
        walk.refuse("it is a drawing with words about itself inside");
    }
    walk.stays(0..file.len());
}

/// What stands in comments, quoted sections, and between tags: whatever is no attribute of a
/// drawing's shapes, which are full of pairs of numbers.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'<' | b'>'))
        .filter(|part| {
            let is_tag = part.first().is_some_and(u8::is_ascii_alphabetic) && part.contains(&b'=');
            !is_tag && !part.trim_ascii().is_empty()
        })
}

/// Header, colours and pixels, and nothing behind them: the length in the header is the file's.
pub(super) fn bmp(walk: &mut Walk<'_>) {
    let file = walk.file;
    let told = file
        .get(2..6)
        .and_then(|length| length.first_chunk())
        .map(|length| u32::from_le_bytes(*length) as usize);
    if told != Some(file.len()) {
        walk.refuse("it has something behind its pixels");
        let tells = forms::unknown(
            file.get(told.unwrap_or_default()..).unwrap_or_default(),
            &mut walk.budget,
        );
        walk.tell(tells);
    }
    walk.stays(0..file.len());
}

/// What is looked through and not cleaned.
pub(super) fn unknown(walk: &mut Walk<'_>, why: &'static str) {
    let tells = forms::unknown(walk.file, &mut walk.budget);
    walk.tell(tells);
    walk.refuse(why);
}

/// Cameras' own formats: mostly TIFF under some number, some beside a JPEG.
pub(super) fn raw(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.refuse("it is a camera's raw file, which only its maker can rewrite");
    let tells = if file.get(4..8) == Some(b"ftyp") {
        cr3(walk)
    } else if Tiff::new(file).is_some() {
        match exif::verdict(file, Originals::StripAll, &mut walk.budget) {
            Verdict::Goes(tells) | Verdict::Becomes(_, tells) => tells,
            Verdict::Stays => Tells::NoPlace,
        }
    } else {
        // Its previews have what it has.
        pictures_tell(file, &mut walk.budget)
    };
    walk.tell(tells);
}

/// `CMT4`, inside Canon's box in `moov`, is a TIFF structure whose main directory is the GPS
/// directory.
fn cr3(walk: &mut Walk<'_>) -> Tells {
    let head = &walk.file[..walk.file.len().min(CR3_HEAD)];
    let at = head.windows(4).position(|window| window == b"CMT4");
    let block = at.and_then(|at| head.get(at + 4..)).unwrap_or_default();
    let placed = Tiff::new(block)
        .and_then(|tiff| tiff.first())
        .is_some_and(|gps| exif::is_placed(&gps, block));
    Tells::place_if(placed || in_bytes(head, &mut walk.budget), Tells::Anything)
}
