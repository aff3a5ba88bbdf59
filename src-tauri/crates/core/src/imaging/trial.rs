//! A picture that a person tries variants on: decoded once, as long as that is large enough.

use super::colour;
use super::decode::Decoded;
use super::encode::Carried;
use super::picture::{Rendition, Source};
use super::plan;
use super::render::{Renderer, settle};
use crate::content::Codec;
use crate::error::{Code, Error, Result};
use crate::metadata;
use crate::variant::Variant;

impl Renderer {
    /// One variant, as [`Renderer::render`] makes it but for what moves, of which it is the first
    /// frame; and its score, whatever its quality. The picture is the same as the last time, unless
    /// it was [forgotten](Renderer::forget).
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn try_out(&mut self, source: Source<'_>, variant: &Variant) -> Result<Rendition> {
        let wanted = std::slice::from_ref(variant);
        let decoded = match self
            .tried
            .take()
            .filter(|tried| suffices(tried, variant, source.codec))
        {
            Some(tried) => tried,
            None => self.decoder.decode(source, wanted, self.limits)?,
        };
        self.tried = Some(decoded.clone());
        let profile = decoded.profile.clone();
        let profile = profile.filter(|profile| colour::is_rgb(profile));
        let (mut made, shown) = self.resize_all(decoded, wanted);
        self.decoder.recycle(shown.pixels);
        let raster = made.pop().ok_or_else(nothing_made)??.raster;
        let variant = Variant {
            format: settle(variant.format, &raster, false),
            ..variant.clone()
        };
        let raster = self.compose(raster, &variant)?;
        let rights = variant
            .keep_copyright
            .then(|| metadata::rights(source.file, source.codec));
        let carried = Carried {
            icc: profile.as_deref().filter(|_| variant.keep_icc),
            rights: rights.as_ref(),
        };
        let made = self.encoder.scored(&raster, &variant, carried)?;
        Ok(Rendition {
            pixels: (raster.width, raster.height),
            variant,
            worth: made.worth,
            bytes: made.bytes.into(),
        })
    }

    /// Another picture comes.
    pub fn forget(&mut self) {
        self.tried = None;
    }
}

/// Whether nothing would be gained by decoding at another scale.
fn suffices(decoded: &Decoded, variant: &Variant, codec: Codec) -> bool {
    // A drawing has no size of its own: it is drawn for the variant.
    if codec == Codec::Svg {
        return false;
    }
    let frame = plan::frame(decoded.full, variant, None);
    let have = f64::from(decoded.raster.width) / f64::from(decoded.full.0);
    have >= frame.scale().min(1.0) - 1e-6
}

fn nothing_made() -> Error {
    Error::new(Code::Internal, "a preview was made of nothing")
}
