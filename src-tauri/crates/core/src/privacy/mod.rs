//! Privacy of originals: what tells where a picture was taken is found, and taken out without
//! touching the pixels.
//!
//! Fails closed: what cannot be cleaned, or does not read back clean, is an error and is not
//! uploaded.

mod exif;
mod gif;
mod heif;
mod jpeg;
mod pieces;
mod png;
mod policy;
mod tiff;
mod webp;
mod xmp;

pub use policy::Originals;

use crate::container::{bmff, gif as blocks, jpeg as segments, png as chunks, riff};
use crate::content::{Codec, Content, Kind};
use crate::error::{Code, Error, Result};
use crate::metadata;
use policy::Cleaned;

/// Whether anything in a picture's file tells where it was taken.
pub fn tells_location(file: &[u8], codec: Codec) -> bool {
    let by_exif = || metadata::block(file, codec).is_some_and(|block| exif::tells_location(&block));
    let beside = || match codec {
        Codec::Jpeg => segments::headers(file).any(|segment| jpeg::tells_location(&segment)),
        Codec::Png => chunks::chunks(file).any(|chunk| png::tells_location(&chunk)),
        Codec::Webp => riff::chunks(file)
            .any(|chunk| &chunk.kind == b"XMP " && xmp::tells_location(chunk.data)),
        Codec::Heic | Codec::Avif => bmff::items(file)
            .iter()
            .any(|item| heif::tells_location(file, item)),
        Codec::Gif => blocks::blocks(file).any(|block| gif::tells_location(&block)),
        Codec::Jxl => heif::jxl_tells_location(file),
        Codec::Svg => xmp::names_a_place(file),
        // Canon's CR3 has a box for the place alone; only its beginning is looked at.
        Codec::Raw if file.get(4..8) == Some(b"ftyp") => heif::cr3_tells_location(file),
        _ => false,
    };
    by_exif() || beside()
}

/// Takes out what the policy says, reads the result back and checks it. The result takes the memory
/// of the file, so that a large one is held once.
///
/// # Errors
/// `cannot-strip`: the file must not go up.
pub fn strip(file: Vec<u8>, content: &Content, originals: Originals) -> Result<Vec<u8>> {
    let codec = match content.kind {
        _ if originals == Originals::Keep => return Ok(file),
        Kind::Image(codec) => codec,
        Kind::Other if is_plain_text(&file, content) => return Ok(file),
        Kind::UnknownImage | Kind::Other => return Err(refusal(content)),
    };
    let turned = metadata::orientation(&file, codec);
    let clean = match codec {
        Codec::Jpeg => jpeg::strip(file, originals),
        Codec::Png => png::strip(file, originals),
        Codec::Webp => webp::strip(file, originals),
        Codec::Tiff => tiff::strip(file, originals),
        Codec::Heic | Codec::Avif => heif::strip(file, originals),
        Codec::Jxl => heif::strip_jxl(file),
        Codec::Gif => gif::strip(file, originals),
        Codec::Svg => svg(file, originals),
        Codec::Bmp => bmp(file),
        Codec::Ico => Err("it is an icon, whose pictures may hold anything".into()),
        Codec::Raw => Err("it is a camera's raw file, which only its maker can rewrite".into()),
    };
    let clean = clean.map_err(refuse)?;
    if metadata::orientation(&clean, codec) != turned {
        return Err(refuse(
            "it would be turned the wrong way without its metadata".into(),
        ));
    }
    check(&clean, codec, originals).map_err(refuse)?;
    Ok(clean)
}

/// Why a file of that kind does not go up, whatever is in it.
pub fn refusal(content: &Content) -> Error {
    refuse(format!("it is {}", content.content_type))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn refuse(why: String) -> Error {
    Error::new(
        Code::CannotStrip,
        format!("its metadata cannot be stripped ({why}), so it was not uploaded"),
    )
    .hint("convert it to JPEG or PNG, or upload it with a profile that keeps originals as they are")
}

/// What happened to whoever was to clean a file is why it cannot be cleaned.
pub(crate) fn given_up(error: Error) -> Error {
    match error.code {
        Code::ImageDamaged | Code::ImageTooSlow => refuse(error.message),
        _ => error,
    }
}

/// Reads the cleaned file back as any program would.
fn check(clean: &[u8], codec: Codec, originals: Originals) -> std::result::Result<(), String> {
    if tells_location(clean, codec) {
        return Err("a location is still in it after cleaning".into());
    }
    if originals == Originals::StripAll && codec != Codec::Tiff {
        let left = metadata::block(clean, codec)
            .is_some_and(|block| exif::says_more_than_orientation(&block));
        if left {
            return Err("metadata is still in it after cleaning".into());
        }
    }
    Ok(())
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

/// Text as it is, unless it holds pictures, metadata or an editor's notes.
fn svg(file: Vec<u8>, originals: Originals) -> Cleaned {
    let has = |wanted: &[u8]| file.windows(wanted.len()).any(|window| window == wanted);
    if has(b"data:")
        || has(b"<metadata")
        || has(b"sodipodi:")
        || has(b"inkscape:")
        || xmp::names_a_place(&file)
    {
        return Err("it is a drawing with metadata or pictures inside".into());
    }
    if originals == Originals::StripAll && (has(b"<!--") || has(b"<desc") || has(b"<title")) {
        return Err("it is a drawing with words about itself inside".into());
    }
    Ok(file)
}

/// Header, colours and pixels, and nothing behind them: the length in the header is the file's.
fn bmp(file: Vec<u8>) -> Cleaned {
    let told = file
        .get(2..6)
        .and_then(|length| length.first_chunk())
        .map(|length| u32::from_le_bytes(*length) as usize);
    if told == Some(file.len()) {
        Ok(file)
    } else {
        Err("it has something behind its pixels".into())
    }
}

#[cfg(test)]
mod tests;
