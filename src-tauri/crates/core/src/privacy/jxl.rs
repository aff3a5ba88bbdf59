//! JPEG XL: a bare codestream holds no metadata; a container holds it in boxes beside the pixels
//! (ISO/IEC 18181-2).

use super::exif;
use super::forms;
use super::walk::{Tells, Verdict, Walk};
use crate::container::bmff::boxes;
use crate::container::packed::unbrotlied;
use crate::metadata::heif_tiff_at;

/// What the first box has to say.
const SIGNATURE: &[u8] = b"\r\n\x87\n";
/// What the box behind the signature has to say.
const BRANDS: &[u8] = b"jxl \0\0\0\0jxl ";

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    if file.starts_with(&[0xff, 0x0a]) {
        let tells = forms::unknown(file, &mut walk.budget);
        walk.tell(tells);
        return walk.stays(0..file.len());
    }
    let (mut at, mut has_picture, mut order) = (0, false, Order::default());
    for found in boxes(file, 0..file.len()) {
        at = found.whole.end;
        has_picture |= matches!(&found.kind, b"jxlc" | b"jxlp");
        let content = &file[found.content.clone()];
        let verdict = match &found.kind {
            kind if !order.has_place_for(*kind, content) => {
                Verdict::Goes(forms::unknown(content, &mut walk.budget))
            }
            b"ftyp" if content != BRANDS => {
                Verdict::Becomes(BRANDS.to_vec(), forms::unknown(content, &mut walk.budget))
            }
            b"jxll" if content.len() != 1 => {
                Verdict::Goes(forms::unknown(content, &mut walk.budget))
            }
            b"JXL " | b"ftyp" | b"jxll" | b"jxlc" | b"jxlp" => Verdict::Stays,
            b"brob" => packed(content, walk),
            kind => plain(kind, content, walk),
        };
        let kind = if &found.kind == b"brob" {
            *b"Exif"
        } else {
            found.kind
        };
        walk.decide(found.whole, verdict, |new| {
            let length = u32::try_from(new.len() + 8).ok()?.to_be_bytes();
            Some([&length[..], &kind, new].concat())
        });
    }
    if !has_picture || at != file.len() {
        walk.refuse("it is cut off");
    }
    let rest = file.get(at..).unwrap_or_default();
    if !rest.is_empty() {
        let tells = forms::unknown(rest, &mut walk.budget);
        walk.goes(&(at..file.len()), tells);
    }
}

/// Which box that shows the picture may come next (ISO/IEC 18181-2, 9).
#[derive(Default)]
struct Order {
    met: Vec<[u8; 4]>,
    has_ended: bool,
}

impl Order {
    /// Each once, but for parts of the picture, of which the last says that it is the last.
    fn has_place_for(&mut self, kind: [u8; 4], content: &[u8]) -> bool {
        let is_new = !self.met.contains(&kind);
        if is_new && is_shown(kind) {
            self.met.push(kind);
        }
        match &kind {
            b"jxlp" => {
                let number = content.first().copied().unwrap_or_default();
                let is_last = number & 0x80 > 0;
                let has_ended = self.has_ended;
                self.has_ended |= is_last;
                !has_ended
            }
            b"jxlc" => !std::mem::replace(&mut self.has_ended, true),
            b"JXL " => is_new && content == SIGNATURE,
            kind => is_new || !is_shown(*kind),
        }
    }
}

const fn is_shown(kind: [u8; 4]) -> bool {
    matches!(&kind, b"JXL " | b"ftyp" | b"jxll" | b"jxlc" | b"jxlp")
}

fn plain(kind: &[u8; 4], content: &[u8], walk: &mut Walk<'_>) -> Verdict {
    let (originals, budget) = (walk.originals, &mut walk.budget);
    match kind {
        b"Exif" => {
            let at = heif_tiff_at(content).unwrap_or_default();
            match exif::verdict(&content[at..], originals, budget) {
                Verdict::Stays if at == 0 || at == 4 => Verdict::Stays,
                Verdict::Stays => Verdict::Goes(Tells::Anything),
                Verdict::Becomes(new, tells) => {
                    Verdict::Becomes([&[0; 4][..], &new].concat(), tells)
                }
                goes @ Verdict::Goes(_) => goes,
            }
        }
        b"xml " => forms::xmp(content, originals, budget),
        // What rebuilds a JPEG with all it carried, and whatever else.
        _ => Verdict::Goes(forms::unknown(content, budget)),
    }
}

/// Compressed by brotli, behind its kind.
fn packed(content: &[u8], walk: &mut Walk<'_>) -> Verdict {
    let Some((kind, stream)) = content.split_first_chunk() else {
        return Verdict::Goes(Tells::Anything);
    };
    // What cannot be read may tell.
    match unbrotlied(stream, &mut walk.budget) {
        Some(inner) => plain(kind, &inner, walk),
        None => Verdict::Goes(Tells::Place),
    }
}
