//! Imaging: bytes in, bytes out. One decode, all variants, each derived from the nearest larger one.

mod decode;
mod encode;
mod plan;
mod resize;

pub use decode::MAX_PIXELS;

use crate::content::Kind;
use crate::error::{Code, Error, Result};
use crate::metadata::Metadata;
use crate::variant::{Fit, Variant};

/// A finished variant.
#[derive(Debug, Clone)]
pub struct Rendition {
    /// What was asked for.
    pub variant: Variant,
    /// Its real size in pixels.
    pub pixels: (u32, u32),
    /// The encoded file.
    pub bytes: bytes::Bytes,
}

/// All that was made of one picture.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The picture's own size in pixels, the right way up.
    pub pixels: (u32, u32),
    /// In the order asked for.
    pub renditions: Vec<Rendition>,
}

/// Eight bits a channel, sRGB, the right way up.
#[derive(Debug, Clone)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) alpha: bool,
    /// `width * height` pixels of three (RGB) or four (RGBA, not premultiplied) bytes.
    pub(crate) pixels: Vec<u8>,
}

impl Raster {
    pub(crate) const fn channels(&self) -> usize {
        if self.alpha { 4 } else { 3 }
    }
}

/// Decodes a picture once and makes all variants of it.
///
/// # Errors
/// `image-damaged`, `image-too-large` or `image-unsupported`; never a panic, whatever the bytes.
pub fn render(file: &[u8], kind: Kind, metadata: Metadata, variants: &[Variant]) -> Result<Rendered> {
    let Kind::Image(format) = kind else {
        return Err(Error::new(Code::ImageUnsupported, "this version cannot decode pictures of this kind")
            .hint("the original is uploaded as it is; convert it to JPEG, PNG or WebP for variants"));
    };
    let decoded = decode::decode(file, format, metadata.orientation, variants)?;
    let mut done: Vec<(usize, Made)> = Vec::with_capacity(variants.len());
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(u64::from(variants[index].width) * u64::from(variants[index].height)));
    for index in order {
        let frame = plan::frame(decoded.full, &variants[index]);
        let made = {
            let earlier = done.iter().map(|(_, made)| made).rev().find(|made| made.can_become(&frame));
            Made::from(frame, earlier, &decoded.raster, decoded.full)?
        };
        done.push((index, made));
    }
    done.sort_by_key(|(index, _)| *index);
    let renditions = done.into_iter().map(|(index, made)| finish(made, &variants[index])).collect::<Result<_>>()?;
    Ok(Rendered { pixels: decoded.full, renditions })
}

/// A resized picture that smaller ones of the same view may be derived from.
struct Made {
    frame: plan::Frame,
    raster: Raster,
}

impl Made {
    fn from(frame: plan::Frame, earlier: Option<&Self>, base: &Raster, full: (u32, u32)) -> Result<Self> {
        let raster = match earlier {
            Some(larger) => resize::whole(&larger.raster, frame.size)?,
            None => resize::view(base, frame.view.scaled(full, (base.width, base.height)), frame.size)?,
        };
        Ok(Self { frame, raster })
    }

    /// The same view, at least twice the size or exactly the size: so no pixel is interpolated twice over nothing.
    fn can_become(&self, wanted: &plan::Frame) -> bool {
        let large_enough = |have: u32, want: u32| have == want || have >= want.saturating_mul(2);
        self.frame.view.same_as(&wanted.view)
            && large_enough(self.raster.width, wanted.size.0)
            && large_enough(self.raster.height, wanted.size.1)
    }
}

fn finish(made: Made, variant: &Variant) -> Result<Rendition> {
    let raster = match variant.fit {
        Fit::Contain => resize::pad(&made.raster, (variant.width, variant.height), variant.format),
        Fit::Inside | Fit::Cover => made.raster,
    };
    let bytes = encode::encode(&raster, variant)?.into();
    Ok(Rendition { variant: variant.clone(), pixels: (raster.width, raster.height), bytes })
}

#[cfg(test)]
mod tests;
