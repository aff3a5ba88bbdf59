//! HEIC and AVIF: metadata items are overwritten where they lie, so that nothing moves; JPEG XL:
//! boxes are left out.

use super::pieces::{Piece, put_together};
use super::policy::{Cleaned, Originals};
use super::{exif, xmp};
use crate::container::bmff::{Item, boxes, items};
use crate::metadata::heif_tiff_at;

pub(super) fn tells_location(file: &[u8], item: &Item) -> bool {
    let content: Vec<u8> = item
        .extents
        .iter()
        .flat_map(|at| &file[at.clone()])
        .copied()
        .collect();
    match &item.kind {
        b"Exif" => heif_tiff_at(&content).is_some_and(|at| exif::tells_location(&content[at..])),
        b"mime" => xmp::tells_location(&content),
        _ => false,
    }
}

pub(super) fn strip(mut file: Vec<u8>, originals: Originals) -> Cleaned {
    let whole = boxes(&file, 0..file.len());
    let items = items(&file);
    let metas = whole.iter().filter(|found| &found.kind == b"meta").count();
    if items.is_empty() || metas != 1 {
        return Err("its items cannot be told apart".into());
    }
    let end = whole.last().map_or(0, |last| last.whole.end);
    if items
        .iter()
        .any(|item| item.extents.is_empty() && is_picture(item))
        || items
            .iter()
            .flat_map(|item| &item.extents)
            .any(|at| at.end > end)
    {
        return Err("it is cut off".into());
    }
    for item in items {
        if !is_picture(&item) && item.extents.is_empty() {
            return Err("it keeps metadata in a place that cannot be found".into());
        }
        match &item.kind {
            b"Exif" => overwrite(&mut file, &item, |content| cleaned_exif(content, originals))?,
            b"mime"
                if originals == Originals::StripLocation
                    && is_plain_xmp(&file, &item)
                    && !tells_location(&file, &item) => {}
            // Compressed or unknown: nobody knows what it tells.
            _ if !is_picture(&item) => {
                overwrite(&mut file, &item, |content| Some(vec![b' '; content.len()]))?
            }
            _ => {}
        }
    }
    for found in &whole {
        match &found.kind {
            b"ftyp" | b"meta" | b"mdat" | b"idat" => {}
            b"moov" | b"moof" => return Err("it has a film in it".into()),
            // A maker's own box becomes empty space, and empty space is emptied.
            _ => {
                file[found.whole.start + 4..found.whole.start + 8].copy_from_slice(b"free");
                file[found.content.clone()].fill(0);
            }
        }
    }
    // What follows the last box is no part of the picture.
    file.truncate(end);
    Ok(file)
}

/// Coded pictures, and the ways pictures are derived from others (ISO/IEC 23008-12, MIAF, AV1, ISO
/// 21496-1).
fn is_picture(item: &Item) -> bool {
    matches!(
        &item.kind,
        b"hvc1"
            | b"av01"
            | b"avc1"
            | b"jpeg"
            | b"grid"
            | b"iovl"
            | b"iden"
            | b"tmap"
            | b"lhv1"
            | b"hvt1"
            | b"unci"
    )
}

/// An XMP packet that can be read as it lies there.
fn is_plain_xmp(file: &[u8], item: &Item) -> bool {
    let begins = item
        .extents
        .first()
        .and_then(|at| file.get(at.clone()))
        .is_some_and(|content| content.trim_ascii_start().starts_with(b"<"));
    begins && item.content_type == b"application/rdf+xml"
}

/// The item's content, cleaned and filled up to its old length.
fn cleaned_exif(content: &[u8], originals: Originals) -> Option<Vec<u8>> {
    let at = heif_tiff_at(content)?;
    let mut clean = exif::clean(&content[at..], originals)
        .unwrap_or_else(|| b"MM\0*\0\0\0\x08\0\0\0\0\0\0".to_vec());
    let mut out = vec![0; 4];
    out.append(&mut clean);
    (out.len() <= content.len()).then(|| {
        out.resize(content.len(), 0);
        out
    })
}

fn overwrite(
    out: &mut [u8],
    item: &Item,
    new: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<(), String> {
    let content: Vec<u8> = item
        .extents
        .iter()
        .flat_map(|at| &out[at.clone()])
        .copied()
        .collect();
    let new = new(&content).ok_or("its EXIF cannot be cleaned in its place")?;
    let mut rest = new.as_slice();
    for at in &item.extents {
        let (now, later) = rest
            .split_at_checked(at.len())
            .ok_or("its EXIF cannot be cleaned in its place")?;
        out[at.clone()].copy_from_slice(now);
        rest = later;
    }
    Ok(())
}

/// A bare codestream holds no metadata; a container holds it in boxes beside the pixels, which are
/// all left out.
pub(super) fn strip_jxl(file: Vec<u8>) -> Cleaned {
    if file.starts_with(&[0xff, 0x0a]) {
        return Ok(file);
    }
    let all = boxes(&file, 0..file.len());
    let has_picture = all
        .iter()
        .any(|found| matches!(&found.kind, b"jxlc" | b"jxlp"));
    if !has_picture || all.last().is_none_or(|last| last.whole.end != file.len()) {
        return Err("it is cut off".into());
    }
    let kept = all.into_iter().filter(|found| {
        // `brob` is compressed metadata, `jbrd` rebuilds a JPEG with all it carried.
        matches!(
            &found.kind,
            b"JXL " | b"ftyp" | b"jxll" | b"jxlc" | b"jxlp" | b"jxli"
        )
    });
    let pieces: Vec<Piece> = kept.map(|found| Piece::Kept(found.whole)).collect();
    Ok(put_together(file, &pieces))
}

/// EXIF and XMP boxes of a JPEG XL; what is compressed counts as telling.
pub(super) fn jxl_tells_location(file: &[u8]) -> bool {
    boxes(file, 0..file.len()).iter().any(|found| {
        let content = &file[found.content.clone()];
        match &found.kind {
            b"Exif" => heif_tiff_at(content).is_some_and(|at| exif::tells_location(&content[at..])),
            b"xml " => xmp::tells_location(content),
            b"brob" => true,
            _ => false,
        }
    })
}

/// How far into a CR3 its `moov` box reaches.
const CR3_HEAD: usize = 1 << 20;

/// `CMT4`, inside Canon's box in `moov`, is a TIFF structure whose main directory is the GPS
/// directory.
pub(super) fn cr3_tells_location(file: &[u8]) -> bool {
    let head = &file[..file.len().min(CR3_HEAD)];
    let at = head.windows(4).position(|window| window == b"CMT4");
    at.and_then(|at| head.get(at + 4..))
        .is_some_and(exif::is_placed_gps)
}
