//! How good a variant is to look, and is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number for the encoder, or what the finished picture has to be worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "QualityText", into = "QualityText")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "specta", specta(type = QualityText))]
pub enum Quality {
    /// The encoder's own scale, 1 to 100.
    Fixed(u8),
    /// The smallest file of at least this score by SSIMULACRA2 (90: no difference is seen side by
    /// side; 70: hard to tell; 50: seen at a second look), 1 to 100.
    Auto(u8),
}

/// As it stands in settings and JSON: `80`, `"auto"`, `"auto:70"`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
enum QualityText {
    Number(u8),
    Words(String),
}

impl Quality {
    /// A little less than photographs are worth on the average at [`Quality::default`] in JPEG (77):
    /// on a page the difference to the original is hard to tell.
    pub const TARGET: u8 = 75;
    const AUTO: &'static str = "auto";

    /// The encoder's number, or the score.
    pub const fn number(self) -> u8 {
        match self {
            Self::Fixed(number) | Self::Auto(number) => number,
        }
    }
}

impl Default for Quality {
    fn default() -> Self {
        Self::Fixed(80)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(number) => write!(f, "{number}"),
            Self::Auto(Self::TARGET) => f.write_str(Self::AUTO),
            Self::Auto(target) => write!(f, "{}:{target}", Self::AUTO),
        }
    }
}

impl FromStr for Quality {
    type Err = String;

    /// Reads `80`, `q80`, `auto` and `auto:70`.
    fn from_str(text: &str) -> Result<Self, String> {
        let nonsense = || {
            format!("asks for the quality \"{text}\", not a number from 1 to 100, auto or auto:NN")
        };
        let number = |digits: &str| digits.parse().map_err(|_| nonsense());
        match text.strip_prefix(Self::AUTO) {
            Some("") => Ok(Self::Auto(Self::TARGET)),
            Some(target) => number(target.strip_prefix(':').ok_or_else(nonsense)?).map(Self::Auto),
            None => number(text.strip_prefix('q').unwrap_or(text)).map(Self::Fixed),
        }
    }
}

impl From<Quality> for QualityText {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Fixed(number) => Self::Number(number),
            Quality::Auto(_) => Self::Words(quality.to_string()),
        }
    }
}

impl TryFrom<QualityText> for Quality {
    type Error = String;

    fn try_from(written: QualityText) -> Result<Self, String> {
        match written {
            QualityText::Number(number) => Ok(Self::Fixed(number)),
            QualityText::Words(words) => words.parse(),
        }
    }
}

/// How well a picture was encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Worth {
    /// What its encoder was asked for, 1 to 100; nothing for what loses nothing.
    pub quality: Option<u8>,
    /// SSIMULACRA2 against its pixels before they were encoded, where that was looked for: 100 is
    /// the same picture.
    pub score: Option<f64>,
}
