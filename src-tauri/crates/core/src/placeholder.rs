//! What a page shows while a picture loads: a blur of some 25 bytes, and one colour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// More bytes than any ThumbHash has.
const LONGEST_HASH: usize = 32;

/// A picture's stand-in, of its first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlaceholderText", into = "PlaceholderText")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "specta", specta(type = PlaceholderText))]
pub struct Placeholder {
    hash: Vec<u8>,
    colour: [u8; 3],
}

/// As it stands in JSON.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
struct PlaceholderText {
    /// [ThumbHash](https://github.com/evanw/thumbhash) in Base64.
    thumbhash: String,
    /// The colour that most of the picture has, `#rrggbb`.
    colour: String,
}

impl Placeholder {
    /// Of what was found out about a picture.
    pub(crate) const fn new(hash: Vec<u8>, colour: [u8; 3]) -> Self {
        Self { hash, colour }
    }

    /// What was written of one; nothing if it is none.
    pub fn read(thumbhash: &str, colour: &str) -> Option<Self> {
        let hash = STANDARD.decode(thumbhash).ok()?;
        let is_one = (5..=LONGEST_HASH).contains(&hash.len());
        let colour = hex::decode(colour.strip_prefix('#')?).ok()?;
        Some(Self {
            hash: Some(hash).filter(|_| is_one)?,
            colour: colour.try_into().ok()?,
        })
    }

    /// ThumbHash in Base64.
    pub fn thumbhash(&self) -> String {
        STANDARD.encode(&self.hash)
    }

    /// `#rrggbb`
    pub fn colour(&self) -> String {
        format!("#{}", hex::encode(self.colour))
    }
}

impl From<Placeholder> for PlaceholderText {
    fn from(placeholder: Placeholder) -> Self {
        Self {
            thumbhash: placeholder.thumbhash(),
            colour: placeholder.colour(),
        }
    }
}

impl TryFrom<PlaceholderText> for Placeholder {
    type Error = &'static str;

    fn try_from(written: PlaceholderText) -> std::result::Result<Self, Self::Error> {
        Self::read(&written.thumbhash, &written.colour).ok_or("no ThumbHash, or no colour")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nonsense_is_none() {
        let made = Placeholder::new(vec![7; 21], [9, 0, 255]);

        let read = Placeholder::read(&made.thumbhash(), &made.colour());

        assert_eq!(read.as_ref(), Some(&made));
        let long = STANDARD.encode([1; 99]);
        for (hash, colour) in [
            ("", "#000000"),
            (&*long, "#000000"),
            ("AAAAAAAA", "red"),
            ("<b>", "#0"),
        ] {
            assert_eq!(Placeholder::read(hash, colour), None, "{hash}, {colour}");
        }
    }
}
