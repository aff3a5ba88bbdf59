//! Privacy of originals: what tells where a picture was taken is found, and taken out without
//! touching the pixels.
//!
//! Fails closed: what cannot be cleaned, or does not read back clean, is an error and is not
//! uploaded.

mod coded;
mod exif;
mod forms;
mod gif;
mod heif;
mod icc;
mod in_place;
mod inside;
mod jpeg;
mod jxl;
mod pieces;
mod place;
mod plain;
mod png;
mod policy;
mod svg;
mod tags;
mod tiff;
mod walk;
mod webp;

pub use policy::{Cleaned, Left, Originals};

use crate::container::budget::Budget;
use crate::content::{Codec, Content, Kind};
use crate::error::{Code, Error, Result};
use crate::metadata;
use walk::{Walk, Walked};

/// Whether anything in a picture's file tells where it was taken, or cannot be read so that it may.
pub fn tells_location(file: &[u8], codec: Codec) -> bool {
    carriers(file, codec, Originals::StripLocation).tells_place
}

/// The same of a file of another kind (a film), as far as its bytes say it in words or numbers.
pub fn bytes_tell_location(file: &[u8]) -> bool {
    forms::unknown(file, &mut Budget::of(file)) == walk::Tells::Place
}

/// Takes out what the policy says, and walks through the result once more. The result takes the
/// memory of the file, so that a large one is held once.
///
/// # Errors
/// `cannot-strip`: the file must not go up.
pub fn strip(file: Vec<u8>, content: &Content, originals: Originals) -> Result<Cleaned> {
    let codec = match content.kind {
        _ if originals == Originals::Keep => return Ok(as_it_is(file)),
        Kind::Image(codec) => codec,
        Kind::Other if is_plain_text(&file, content) => return Ok(as_it_is(file)),
        Kind::UnknownImage | Kind::Other => return Err(refusal(content)),
    };
    let turned = metadata::orientation(&file, codec);
    let walked = carriers(&file, codec, originals);
    if let Some(why) = walked.refused {
        return Err(refuse(why));
    }
    let clean = pieces::put_together(file, &walked.pieces);
    if metadata::orientation(&clean, codec) != turned {
        return Err(refuse(
            "it would be turned the wrong way without its metadata",
        ));
    }
    let again = carriers(&clean, codec, originals);
    if !again.is_clean || again.tells_place || again.refused.is_some() {
        return Err(refuse("metadata is still in it after cleaning"));
    }
    Ok(Cleaned {
        bytes: clean,
        left: walked.left,
    })
}

const fn as_it_is(bytes: Vec<u8>) -> Cleaned {
    Cleaned { bytes, left: None }
}

/// The walk through every part of a file that may tell something. What it finds is what is taken
/// out, and what may not be there afterwards.
fn carriers(file: &[u8], codec: Codec, originals: Originals) -> Walked {
    let mut walk = Walk::new(file, originals);
    match codec {
        Codec::Jpeg => jpeg::walk(&mut walk),
        Codec::Png => png::walk(&mut walk),
        Codec::Webp => webp::walk(&mut walk),
        Codec::Gif => gif::walk(&mut walk),
        Codec::Tiff => tiff::walk(&mut walk),
        Codec::Heic | Codec::Avif => heif::walk(&mut walk),
        Codec::Jxl => jxl::walk(&mut walk),
        Codec::Svg => svg::walk(&mut walk),
        Codec::Bmp => plain::bmp(&mut walk),
        Codec::Ico => plain::unknown(&mut walk, "it is an icon, whose pictures may hold anything"),
        Codec::Pnm | Codec::Tga | Codec::Hdr => {
            plain::unknown(&mut walk, "it is of a kind that holds anybody's words");
        }
        Codec::Raw => plain::raw(&mut walk),
    }
    walk.end()
}

/// Why a file of that kind does not go up, whatever is in it.
pub fn refusal(content: &Content) -> Error {
    refuse(&format!("it is {}", content.content_type))
}

fn refuse(why: &str) -> Error {
    Error::new(
        Code::CannotStrip,
        format!("its metadata cannot be stripped ({why}), so it was not uploaded"),
    )
    .hint("convert it to JPEG or PNG, or upload it with a profile that keeps originals as they are")
}

/// Cleaning it changed how it looks: a file that its reader and its cleaner understand otherwise.
pub(crate) fn would_break() -> Error {
    refuse("it would look different without its metadata")
}

/// What happened to whoever was to clean a file is why it cannot be cleaned.
pub(crate) fn given_up(error: Error) -> Error {
    match error.code {
        Code::ImageDamaged | Code::ImageTooSlow => refuse(&error.message),
        _ => error,
    }
}

/// Words without a hidden part: all of it is text, and nothing in it is a picture, a track or a
/// map.
fn is_plain_text(file: &[u8], content: &Content) -> bool {
    let is_text = content.content_type.starts_with("text/")
        && !file.contains(&0)
        && std::str::from_utf8(file).is_ok();
    is_text
        && !file.trim_ascii_start().starts_with(b"<")
        && !file.windows(11).any(|window| window == b"data:image/")
}

#[cfg(test)]
mod tests;
