//! Privacy of originals: what tells where a picture was taken is found, and taken out without touching the pixels.
//!
//! Fails closed: what cannot be cleaned, or does not read back clean, is an error and is not uploaded.

mod exif;
mod heif;
mod jpeg;
mod png;
mod tiff;
mod webp;
mod xmp;

use serde::{Deserialize, Serialize};

use crate::container::{bmff, jpeg as segments, png as chunks, riff};
use crate::content::{Codec, Content, Kind};
use crate::error::{Code, Error, Result};
use crate::metadata;

/// What happens to the originals on their way into a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Originals {
    /// Every byte as it is.
    #[default]
    Keep,
    /// GPS, maker notes, thumbnails and whatever else tells the place are taken out; date, camera, rights stay.
    StripLocation,
    /// All metadata is taken out; the orientation and the colours stay.
    StripAll,
}

/// A cleaned file or why there is none.
type Cleaned = std::result::Result<Vec<u8>, String>;

/// Whether anything in a picture's file tells where it was taken.
pub fn tells_location(file: &[u8], codec: Codec) -> bool {
    let by_exif = || metadata::block(file, codec).is_some_and(|block| exif::tells_location(&block));
    let beside = || match codec {
        Codec::Jpeg => segments::headers(file).any(|segment| jpeg::tells_location(&segment)),
        Codec::Png => chunks::chunks(file).any(|chunk| png::tells_location(&chunk)),
        Codec::Webp => riff::chunks(file).any(|chunk| &chunk.kind == b"XMP " && xmp::tells_location(chunk.data)),
        Codec::Heic | Codec::Avif => bmff::items(file).iter().any(|item| heif::tells_location(file, item)),
        Codec::Gif => xmp::tells_location(file),
        _ => false,
    };
    by_exif() || beside()
}

/// Takes out what the policy says, reads the result back and checks it.
///
/// # Errors
/// `cannot-strip`: the file must not go up.
pub fn strip(file: &[u8], content: &Content, originals: Originals) -> Result<Vec<u8>> {
    let refuse = |why: String| {
        Error::new(Code::CannotStrip, format!("its metadata cannot be stripped ({why}), so it was not uploaded"))
            .hint("convert it to JPEG or PNG, or upload it with a profile that keeps originals as they are")
    };
    let codec = match content.kind {
        _ if originals == Originals::Keep => return Ok(file.to_vec()),
        Kind::Image(codec) => codec,
        // Plain text has no hidden part.
        Kind::Other if content.content_type.starts_with("text/") => return Ok(file.to_vec()),
        Kind::UnknownImage | Kind::Other => return Err(refuse(format!("it is {}", content.content_type))),
    };
    let clean = match codec {
        Codec::Jpeg => jpeg::strip(file, originals),
        Codec::Png => png::strip(file, originals),
        Codec::Webp => webp::strip(file, originals),
        Codec::Tiff => tiff::strip(file, originals),
        Codec::Heic | Codec::Avif => heif::strip(file, originals),
        Codec::Jxl => heif::strip_jxl(file),
        Codec::Gif => gif(file, originals),
        Codec::Bmp | Codec::Svg => Ok(file.to_vec()),
        Codec::Ico if chunks::embedded_metadata(file) => Err("it has metadata in one of its pictures".into()),
        Codec::Ico => Ok(file.to_vec()),
        Codec::Raw => Err("it is a camera's raw file, which only its maker can rewrite".into()),
    };
    let clean = clean.map_err(refuse)?;
    check(file, &clean, codec, originals).map_err(refuse)?;
    Ok(clean)
}

/// Reads the cleaned file back as any program would.
fn check(file: &[u8], clean: &[u8], codec: Codec, originals: Originals) -> std::result::Result<(), String> {
    if tells_location(clean, codec) {
        return Err("a location is still in it after cleaning".into());
    }
    let turned = |file: &[u8]| metadata::read(file, codec).orientation;
    if turned(file) != turned(clean) {
        return Err("it would be turned the wrong way without its metadata".into());
    }
    if originals == Originals::StripAll && codec != Codec::Tiff {
        let left = metadata::block(clean, codec).is_some_and(|block| exif::says_more_than_orientation(&block));
        if left {
            return Err("metadata is still in it after cleaning".into());
        }
    }
    Ok(())
}

/// A GIF holds metadata in extensions only, and rarely: without them it is clean as it is.
fn gif(file: &[u8], originals: Originals) -> Cleaned {
    let has = |wanted: &[u8]| file.windows(wanted.len()).any(|window| window == wanted);
    if has(b"XMP DataXMP") {
        return Err("it is a GIF with XMP in it".into());
    }
    // An extension of the comment kind, after a block's end or the header's.
    if originals == Originals::StripAll && has(&[0x00, 0x21, 0xfe]) {
        return Err("it is a GIF with comments in it".into());
    }
    Ok(file.to_vec())
}

#[cfg(test)]
mod tests;
