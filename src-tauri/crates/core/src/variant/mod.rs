//! A variant: one rendition of an image (`400x300 cover jpeg q80`).

mod quality;
mod text;
mod words;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
pub use quality::{Quality, Worth};
pub use words::{Effort, Fit, Format, Gravity};

/// One rendition: name, box in pixels, fit, format, quality, and what is rarely changed.
///
/// As text: `NAME=WxH:FIT:FORMAT:QUALITY:OPTION…`, see
/// [`Variant::from_str`](std::str::FromStr::from_str).
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
    /// How good it is to look.
    #[serde(default)]
    pub quality: Quality,
    /// What stays when something is cut off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gravity: Gravity,
    /// Red, green, blue: behind what is transparent or does not fill its box. Without one:
    /// transparent where the format can, else white.
    #[serde(default, skip_serializing_if = "is_default")]
    pub background: Option<[u8; 3]>,
    /// Only this rectangle of the image, before anything else.
    #[serde(default, skip_serializing_if = "is_default")]
    pub region: Option<Region>,
    /// Only the largest part of this ratio (width to height), before the fit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ratio: Option<(u32, u32)>,
    /// How much time the encoder may take.
    #[serde(default, skip_serializing_if = "is_default")]
    pub effort: Effort,
    /// A JPEG in one pass, for readers that know no progressive ones.
    #[serde(default, skip_serializing_if = "is_default")]
    pub baseline: bool,
    /// Small images are enlarged to the box; by default nothing is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enlarge: bool,
    /// Resized in linear light: right for fine light patterns; by default in gamma space, as is
    /// usual.
    #[serde(default, skip_serializing_if = "is_default")]
    pub linear: bool,
    /// WebP without loss.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lossless: bool,
    /// The first frame only, also where the format can move.
    #[serde(default, skip_serializing_if = "is_default")]
    pub still: bool,
    /// The colours and the ICC profile as in the source; by default colours are converted to sRGB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep_icc: bool,
    /// Artist and copyright of the source are written into the variant; nothing else ever is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep_copyright: bool,
    /// Laid over the finished picture.
    #[serde(default, skip_serializing_if = "is_default")]
    pub watermark: Option<Watermark>,
}

/// A rectangle in pixels of the upright image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Region {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// A picture or a line of text laid over a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Watermark {
    /// What is laid over.
    pub what: Mark,
    /// Where it lies.
    #[serde(default = "southeast")]
    pub position: Gravity,
    /// Percent, 1 to 100.
    #[serde(default = "default_opacity")]
    pub opacity: u8,
    /// Its width in percent of the variant's, 1 to 100.
    #[serde(default = "default_size")]
    pub size: u8,
}

/// The content of a watermark.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Mark {
    /// Path of a PNG or any other picture.
    Picture(std::path::PathBuf),
    /// One line, in the system's sans-serif face.
    Text(String),
}

const LARGEST_SIDE: u32 = 16_384;
const GRAMMAR: &str =
    "write NAME=WxH:FIT:FORMAT:QUALITY:OPTION, for example web=1600x1200:inside:jpeg:80";

const fn southeast() -> Gravity {
    Gravity::Southeast
}

const fn default_opacity() -> u8 {
    60
}

const fn default_size() -> u8 {
    25
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Variant {
    /// More bytes than one of these takes in memory: for PNG and what is lossless its pixels, else
    /// a byte for each.
    pub fn most_bytes(&self) -> u64 {
        let pixels = u64::from(self.width) * u64::from(self.height);
        (64 << 10) + if self.is_exact() { pixels * 4 } else { pixels }
    }

    /// Whether its pixels come out as they went in, so that no quality matters.
    pub const fn is_exact(&self) -> bool {
        !self.format.is_lossy() || self.lossless && matches!(self.format, Format::Webp)
    }

    /// A variant of the default kind (cover, JPEG, quality 80), named by its size.
    pub fn sized(width: u32, height: u32) -> Self {
        Self {
            name: format!("{width}x{height}"),
            width,
            height,
            fit: Fit::default(),
            format: Format::default(),
            quality: Quality::default(),
            gravity: Gravity::default(),
            background: None,
            region: None,
            ratio: None,
            effort: Effort::default(),
            baseline: false,
            enlarge: false,
            linear: false,
            lossless: false,
            still: false,
            keep_icc: false,
            keep_copyright: false,
            watermark: None,
        }
    }

    /// What Tintype makes unless told otherwise: 800x600, 400x300, 200x150.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::sized(800, 600),
            Self::sized(400, 300),
            Self::sized(200, 150),
        ]
    }

    /// Checks the numbers and the name.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(
                Code::VariantInvalid,
                format!("variant \"{}\": {why}", self.name),
            )
            .hint(GRAMMAR))
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
        let percents = self.watermark.as_ref().map(|mark| {
            [
                (mark.opacity, "watermark's opacity"),
                (mark.size, "watermark's size"),
            ]
        });
        for (number, what) in [(self.quality.number(), "quality")]
            .into_iter()
            .chain(percents.into_iter().flatten())
        {
            if !(1..=100).contains(&number) {
                return refuse(format!("its {what} is {number}, not 1 to 100"));
            }
        }
        if self
            .ratio
            .is_some_and(|(width, height)| width == 0 || height == 0)
        {
            return refuse("its ratio has a side of 0".into());
        }
        if self
            .region
            .is_some_and(|region| region.width == 0 || region.height == 0)
        {
            return refuse("its region has a side of 0".into());
        }
        if self
            .watermark
            .as_ref()
            .is_some_and(|mark| mark.position == Gravity::Attention)
        {
            return refuse("a watermark lies at a fixed place, not at \"attention\"".into());
        }
        Ok(())
    }

    /// Checks a whole list: each one, and that no two share a name.
    pub fn check_all(variants: &[Self]) -> Result<()> {
        for (index, variant) in variants.iter().enumerate() {
            variant.check()?;
            if variants[..index]
                .iter()
                .any(|earlier| earlier.name == variant.name)
            {
                return Err(Error::new(
                    Code::VariantInvalid,
                    format!("two variants are named \"{}\"", variant.name),
                )
                .hint("give each variant a name of its own"));
            }
        }
        Ok(())
    }
}
