//! A variant: one rendition of an image (`400x300 cover jpeg q80`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// How an image meets the box it is made for. Nothing is ever enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Fit {
    /// The whole image, no larger than the box.
    Inside,
    /// The box's ratio, filled; what sticks out is cut off evenly on both sides.
    #[default]
    Cover,
    /// The whole image in a box of exactly this size, the rest filled: white, or transparent where the format can.
    Contain,
}

/// What a variant is encoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Format {
    /// Progressive JPEG; transparency becomes white.
    #[default]
    Jpeg,
    /// PNG, lossless; quality has no effect.
    Png,
    /// Lossy WebP.
    Webp,
}

impl Format {
    /// The usual file extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// The media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The name in specifications and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// Whether a file extension (without dot, any case) already says this format.
    pub fn owns_extension(self, extension: &str) -> bool {
        let extension = extension.to_ascii_lowercase();
        match self {
            Self::Jpeg => matches!(extension.as_str(), "jpg" | "jpeg" | "jpe" | "jfif"),
            Self::Png => extension == "png",
            Self::Webp => extension == "webp",
        }
    }
}

/// One rendition: name, box in pixels, fit, format, quality.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Variant {
    /// Stands for it in keys and links; letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Pixels, 1 to 16,384.
    pub width: u32,
    /// Pixels, 1 to 16,384.
    pub height: u32,
    /// How the image meets the box.
    #[serde(default)]
    pub fit: Fit,
    /// What it is encoded as.
    #[serde(default)]
    pub format: Format,
    /// 1 to 100.
    #[serde(default = "default_quality")]
    pub quality: u8,
}

const LARGEST_SIDE: u32 = 16_384;

const fn default_quality() -> u8 {
    80
}

impl Variant {
    /// A variant of the default kind (cover, JPEG, quality 80), named by its size.
    pub fn sized(width: u32, height: u32) -> Self {
        Self {
            name: format!("{width}x{height}"),
            width,
            height,
            fit: Fit::default(),
            format: Format::default(),
            quality: default_quality(),
        }
    }

    /// What Tintype makes unless told otherwise: 800x600, 400x300, 200x150.
    pub fn defaults() -> Vec<Self> {
        vec![Self::sized(800, 600), Self::sized(400, 300), Self::sized(200, 150)]
    }

    /// Checks the numbers and the name.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(Code::VariantInvalid, format!("variant \"{}\": {why}", self.name))
                .hint("write NAME=WxH:FIT:FORMAT:QUALITY, for example web=1600x1200:inside:jpeg:80"))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.name.is_empty() || !self.name.chars().all(plain) || self.name.starts_with('.') {
            return refuse("its name may have letters, digits, \".\", \"_\" and \"-\" only".into());
        }
        for (side, what) in [(self.width, "width"), (self.height, "height")] {
            if !(1..=LARGEST_SIDE).contains(&side) {
                return refuse(format!("its {what} is {side}, not 1 to {LARGEST_SIDE}"));
            }
        }
        if !(1..=100).contains(&self.quality) {
            return refuse(format!("its quality is {}, not 1 to 100", self.quality));
        }
        Ok(())
    }

    /// Checks a whole list: each one, and that no two share a name.
    pub fn check_all(variants: &[Self]) -> Result<()> {
        for (index, variant) in variants.iter().enumerate() {
            variant.check()?;
            if variants[..index].iter().any(|earlier| earlier.name == variant.name) {
                return Err(Error::new(Code::VariantInvalid, format!("two variants are named \"{}\"", variant.name))
                    .hint("give each variant a name of its own"));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fit = match self.fit {
            Fit::Inside => "inside",
            Fit::Cover => "cover",
            Fit::Contain => "contain",
        };
        write!(f, "{}x{}:{fit}:{}:{}", self.width, self.height, self.format.name(), self.quality)
    }
}

impl FromStr for Variant {
    type Err = Error;

    /// Reads `NAME=WxH:FIT:FORMAT:QUALITY`; everything after the size may be left out, and so may `NAME=`.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: String| {
            Error::new(Code::VariantInvalid, format!("variant \"{text}\" {why}"))
                .hint("write NAME=WxH:FIT:FORMAT:QUALITY, for example web=1600x1200:inside:jpeg:80")
        };
        let (name, spec) = match text.split_once('=') {
            Some((name, spec)) => (Some(name), spec),
            None => (None, text),
        };
        let mut parts = spec.split(':');
        let size = parts.next().unwrap_or_default();
        let (width, height) = size
            .split_once(['x', 'X'])
            .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)))
            .ok_or_else(|| refuse(format!("has no size like 400x300 but \"{size}\"")))?;
        let fit = match parts.next().unwrap_or("cover") {
            "inside" => Fit::Inside,
            "cover" => Fit::Cover,
            "contain" => Fit::Contain,
            other => return Err(refuse(format!("asks for the fit \"{other}\"; there are inside, cover, contain"))),
        };
        let format = match parts.next().unwrap_or("jpeg") {
            "jpeg" | "jpg" => Format::Jpeg,
            "png" => Format::Png,
            "webp" => Format::Webp,
            other => return Err(refuse(format!("asks for the format \"{other}\"; there are jpeg, png, webp"))),
        };
        let quality = match parts.next() {
            None => default_quality(),
            Some(q) => q
                .trim_start_matches('q')
                .parse()
                .map_err(|_| refuse(format!("asks for the quality \"{q}\", not a number from 1 to 100")))?,
        };
        if let Some(rest) = parts.next() {
            return Err(refuse(format!("has \"{rest}\" after the quality")));
        }
        let name = name.map_or_else(|| size.to_owned(), str::to_owned);
        let variant = Self { name, width, height, fit, format, quality };
        variant.check()?;
        Ok(variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() -> Result<()> {
        let web: Variant = "web=1600x1200:inside:webp:75".parse()?;
        assert_eq!((web.width, web.height, web.fit, web.format, web.quality), (1600, 1200, Fit::Inside, Format::Webp, 75));
        assert_eq!(format!("web={web}").parse::<Variant>()?, web);
        Ok(())
    }

    #[test]
    fn fills_in_what_is_left_out() -> Result<()> {
        assert_eq!("400x300".parse::<Variant>()?, Variant::sized(400, 300));
        Ok(())
    }

    #[test]
    fn refuses_nonsense_in_a_sentence() {
        for bad in [
            "",
            "web=",
            "web=0x5",
            "web=5x99999",
            "a/b=5x5",
            "..=5x5",
            "w=5x5:stretch",
            "w=5x5:cover:bmp",
            "w=5x5:cover:png:0",
            "w=5x5:cover:png:200",
            "w=5x5:cover:png:80:x",
        ] {
            let error = bad.parse::<Variant>().map(|v| v.name).expect_err(bad);
            assert_eq!(error.code, Code::VariantInvalid, "{bad}");
            assert!(error.hint.is_some());
        }
    }
}
