//! HEIC and AVIF: metadata items are overwritten where they lie, so that nothing moves; JPEG XL: boxes are left out.

use super::{Cleaned, Originals, exif, xmp};
use crate::container::bmff::{Item, boxes, items};
use crate::metadata::heif_tiff_at;

pub(super) fn tells_location(file: &[u8], item: &Item) -> bool {
    let content: Vec<u8> = item.extents.iter().flat_map(|at| &file[at.clone()]).copied().collect();
    match &item.kind {
        b"Exif" => heif_tiff_at(&content).is_some_and(|at| exif::tells_location(&content[at..])),
        b"mime" => xmp::tells_location(&content),
        _ => false,
    }
}

pub(super) fn strip(file: &[u8], originals: Originals) -> Cleaned {
    let mut out = file.to_vec();
    let whole = boxes(file, 0..file.len());
    let items = items(file);
    if items.is_empty() {
        return Err("its items cannot be told apart".into());
    }
    for item in items {
        let is_metadata = matches!(&item.kind, b"Exif" | b"mime" | b"uri ");
        if is_metadata && item.extents.is_empty() {
            return Err("it keeps metadata in a place that cannot be found".into());
        }
        match &item.kind {
            b"Exif" => overwrite(&mut out, &item, |content| cleaned_exif(content, originals))?,
            b"mime" | b"uri " if originals == Originals::StripAll || tells_location(file, &item) => {
                overwrite(&mut out, &item, |content| Some(vec![b' '; content.len()]))?;
            }
            _ => {}
        }
    }
    for found in &whole {
        match &found.kind {
            b"ftyp" | b"meta" | b"mdat" | b"free" | b"skip" | b"idat" => {}
            b"moov" | b"moof" => return Err("it has a film in it".into()),
            // A maker's own box becomes empty space.
            _ => {
                out[found.whole.start + 4..found.whole.start + 8].copy_from_slice(b"free");
                out[found.content.clone()].fill(0);
            }
        }
    }
    // What follows the last box is no part of the picture.
    out.truncate(whole.last().map_or(0, |last| last.whole.end));
    Ok(out)
}

/// The item's content, cleaned and filled up to its old length.
fn cleaned_exif(content: &[u8], originals: Originals) -> Option<Vec<u8>> {
    let at = heif_tiff_at(content)?;
    let mut clean = exif::clean(&content[at..], originals).unwrap_or_else(|| b"MM\0*\0\0\0\x08\0\0\0\0\0\0".to_vec());
    let mut out = vec![0; 4];
    out.append(&mut clean);
    (out.len() <= content.len()).then(|| {
        out.resize(content.len(), 0);
        out
    })
}

fn overwrite(out: &mut [u8], item: &Item, new: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Result<(), String> {
    let content: Vec<u8> = item.extents.iter().flat_map(|at| &out[at.clone()]).copied().collect();
    let new = new(&content).ok_or("its EXIF cannot be cleaned in its place")?;
    let mut rest = new.as_slice();
    for at in &item.extents {
        let (now, later) = rest.split_at_checked(at.len()).ok_or("its EXIF cannot be cleaned in its place")?;
        out[at.clone()].copy_from_slice(now);
        rest = later;
    }
    Ok(())
}

/// A bare codestream holds no metadata; a container holds it in boxes beside the pixels, which are all left out.
pub(super) fn strip_jxl(file: &[u8]) -> Cleaned {
    if file.starts_with(&[0xff, 0x0a]) {
        return Ok(file.to_vec());
    }
    let kept = boxes(file, 0..file.len()).into_iter().filter(|found| {
        // `brob` is compressed metadata, `jbrd` rebuilds a JPEG with all it carried.
        matches!(&found.kind, b"JXL " | b"ftyp" | b"jxll" | b"jxlc" | b"jxlp" | b"jxli")
    });
    Ok(kept.flat_map(|found| &file[found.whole]).copied().collect())
}
