//! GIF: frames and what shows them are copied; comments and other programs' blocks are left out.

use super::pieces::{kept, put_together};
use super::policy::{Cleaned, Originals};
use super::xmp;
use crate::container::gif::{Block, Kind, blocks};

/// Loops and colours.
const SHOWN: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

pub(super) fn tells_location(block: &Block<'_>) -> bool {
    match block.kind {
        Kind::Comment | Kind::Other => xmp::names_a_place(block.whole),
        Kind::Application(name) => !SHOWN.contains(&&name) && xmp::names_a_place(block.whole),
        Kind::Header | Kind::Image | Kind::Control | Kind::Trailer => false,
    }
}

pub(super) fn strip(file: Vec<u8>, originals: Originals) -> Cleaned {
    let (mut out, mut ended) = (Vec::new(), false);
    for block in blocks(&file) {
        let stays = match block.kind {
            Kind::Header | Kind::Image | Kind::Control | Kind::Trailer => true,
            Kind::Application(name) => SHOWN.contains(&&name),
            Kind::Comment => originals == Originals::StripLocation && !tells_location(&block),
            Kind::Other => false,
        };
        if stays {
            out.push(kept(&file, block.whole));
        }
        ended |= block.kind == Kind::Trailer;
    }
    if ended {
        Ok(put_together(file, &out))
    } else {
        Err("it is cut off".into())
    }
}
