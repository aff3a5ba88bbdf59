//! A picture that a person tries variants on: decoded once, as long as that is large enough.

use super::decode::Decoded;
use super::encode::Carried;
use super::picture::{Rendition, Source};
use super::plan;
use super::render::{Renderer, settle};
use super::score::Reference;
use crate::error::{Code, Error, Result};
use crate::variant::Variant;

impl Renderer {
    /// One variant, as [`Renderer::render`] makes it, and its score whatever its quality; of what
    /// moves the first frame. The picture is the same as the last time, unless it was
    /// [forgotten](Renderer::forget).
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn try_out(&mut self, source: Source<'_>, variant: &Variant) -> Result<Rendition> {
        let wanted = std::slice::from_ref(variant);
        let decoded = match self.tried.take().filter(|tried| suffices(tried, variant)) {
            Some(tried) => tried,
            None => self.decoder.decode(source, wanted, self.limits)?,
        };
        self.tried = Some(decoded.clone());
        let profile = decoded.profile.clone();
        let (mut made, _) = self.resize_all(decoded, wanted);
        let raster = made.pop().ok_or_else(nothing_made)??.raster;
        let variant = Variant {
            format: settle(variant.format, &raster, false),
            ..variant.clone()
        };
        let raster = self.compose(raster, &variant)?;
        let carried = Carried {
            icc: profile.as_deref().filter(|_| variant.keep_icc),
            rights: None,
        };
        let mut made = self.encoder.finished(&raster, &variant, carried)?;
        if made.worth.score.is_none() && !variant.is_exact() {
            let score = Reference::of_middle(&raster)
                .and_then(|middle| middle.score(&made.bytes, variant.format));
            made.worth.score = Some(score?);
        }
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
fn suffices(decoded: &Decoded, variant: &Variant) -> bool {
    let frame = plan::frame(decoded.full, variant, None);
    let have = f64::from(decoded.raster.width) / f64::from(decoded.full.0);
    have >= frame.scale().min(1.0) - 1e-6
}

fn nothing_made() -> Error {
    Error::new(Code::Internal, "a preview was made of nothing")
}
