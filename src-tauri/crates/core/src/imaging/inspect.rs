//! Everything worth knowing about a picture, for `tintype inspect` and the window.

use exif::{Exif, In, Rational, Tag, Value};
use serde::{Deserialize, Serialize};

use super::decode::{dimensions as decoded_dimensions, icc};
use crate::container::{gif, jpeg, png, riff};
use crate::content::Codec;
use crate::metadata::{self, captured_at, text};
use crate::privacy;

/// What a picture's file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Facts {
    /// What the content is, whatever the name says.
    pub format: String,
    /// Bytes.
    pub size: u64,
    /// Pixels across, the right way up; nothing if only a decoder could tell.
    pub width: Option<u32>,
    /// Pixels down, the right way up.
    pub height: Option<u32>,
    /// EXIF's orientation, 1 to 8.
    pub orientation: u8,
    /// The colour profile's own name; nothing without one (then it is sRGB).
    pub colour_profile: Option<String>,
    /// More than one frame.
    pub animated: bool,
    /// `2024-05-31T12:34:56`, in the camera's own time.
    pub captured: Option<String>,
    pub camera: Option<String>,
    pub lens: Option<String>,
    /// `1/250 s, f/2.8, ISO 100, 35 mm`
    pub exposure: Option<String>,
    pub artist: Option<String>,
    pub copyright: Option<String>,
    /// Whether anything in the file tells where it was taken.
    pub has_location: bool,
    /// Where it was taken, if EXIF says it in numbers.
    pub location: Option<Location>,
}

/// A place on earth, in degrees; north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
}

impl Facts {
    /// Year, month and day of capture.
    pub fn day(&self) -> Option<(i16, i8, i8)> {
        let captured: jiff::civil::DateTime = self.captured.as_ref()?.parse().ok()?;
        Some((captured.year(), captured.month(), captured.day()))
    }
}

/// Looks at a picture's file. Decodes no pixels.
pub fn facts(file: &[u8], codec: Codec, content_type: &str) -> Facts {
    let exif = metadata::exif(file, codec);
    let exif = exif.as_ref();
    let orientation = metadata::orientation_by(exif, file, codec);
    let size = dimensions(file, codec, orientation);
    let camera = exif.and_then(
        |exif| match (text(exif, Tag::Make), text(exif, Tag::Model)) {
            // Most models repeat the maker.
            (Some(make), Some(model)) if model.to_lowercase().starts_with(&make.to_lowercase()) => {
                Some(model)
            }
            (Some(make), Some(model)) => Some(format!("{make} {model}")),
            (make, model) => model.or(make),
        },
    );
    let raw = content_type
        .strip_prefix("image/x-")
        .filter(|_| codec == Codec::Raw);
    Facts {
        format: raw.map_or_else(|| codec.name().to_owned(), |raw| raw.replace('-', " ")),
        size: file.len() as u64,
        width: size.map(|size| size.0),
        height: size.map(|size| size.1),
        orientation,
        colour_profile: profile(file, codec),
        animated: match codec {
            Codec::Png => png::is_animated(file),
            Codec::Webp => riff::is_animated(file),
            Codec::Gif => gif::is_animated(file),
            _ => false,
        },
        captured: exif.and_then(captured_at).map(|time| time.to_string()),
        camera,
        lens: exif.and_then(|exif| text(exif, Tag::LensModel)),
        exposure: exif.and_then(exposure),
        artist: exif.and_then(|exif| text(exif, Tag::Artist)),
        copyright: exif.and_then(|exif| text(exif, Tag::Copyright)),
        has_location: privacy::tells_location(file, codec),
        location: exif.and_then(location),
    }
}

/// Pixels across and down, the right way up.
fn dimensions(file: &[u8], codec: Codec, orientation: u8) -> Option<(u32, u32)> {
    let (width, height) = match codec {
        Codec::Jpeg => jpeg::frame(file).map(|frame| (frame.width, frame.height))?,
        Codec::Raw => jpeg::largest_inside(file).map(|(_, frame)| (frame.width, frame.height))?,
        other => decoded_dimensions(file, other)?,
    };
    Some(if orientation >= 5 {
        (height, width)
    } else {
        (width, height)
    })
}

fn profile(file: &[u8], codec: Codec) -> Option<String> {
    let icc = match codec {
        Codec::Jpeg => jpeg::icc(file),
        Codec::Webp => riff::chunks(file)
            .find(|chunk| &chunk.kind == b"ICCP")
            .map(|chunk| chunk.data.to_vec()),
        Codec::Heic => heifer::read_metadata(file)
            .ok()
            .and_then(|metadata| metadata.icc_profile),
        other => icc(file, other),
    }?;
    let profile = moxcms::ColorProfile::new_from_slice(&icc).ok()?;
    let name = match profile.description? {
        moxcms::ProfileText::PlainString(name) => name,
        moxcms::ProfileText::Localizable(names) => names.into_iter().next()?.value,
        moxcms::ProfileText::Description(description) => description.ascii_string,
    };
    let name = name.trim_matches(['\0', ' ']);
    (!name.is_empty()).then(|| name.chars().take(metadata::LONGEST_TEXT).collect())
}

fn exposure(exif: &Exif) -> Option<String> {
    let number = |tag: Tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(values) => values
            .first()
            .copied()
            .filter(|value| value.denom != 0 && value.num != 0),
        Value::Short(values) => values.first().map(|value| Rational {
            num: u32::from(*value),
            denom: 1,
        }),
        Value::Long(values) => values.first().map(|value| Rational {
            num: *value,
            denom: 1,
        }),
        _ => None,
    };
    let time = number(Tag::ExposureTime).map(|time| {
        if time.num >= time.denom {
            format!("{} s", short(time.to_f64()))
        } else {
            format!("1/{} s", (1.0 / time.to_f64()).round())
        }
    });
    let aperture = number(Tag::FNumber).map(|number| format!("f/{}", short(number.to_f64())));
    let speed =
        number(Tag::PhotographicSensitivity).map(|speed| format!("ISO {}", short(speed.to_f64())));
    let length = number(Tag::FocalLength).map(|length| format!("{} mm", short(length.to_f64())));
    let parts: Vec<String> = [time, aperture, speed, length]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One digit after the point, if it is not zero.
fn short(number: f64) -> String {
    let rounded = format!("{number:.1}");
    rounded
        .strip_suffix(".0")
        .map_or_else(|| rounded.clone(), str::to_owned)
}

fn location(exif: &Exif) -> Option<Location> {
    let degrees = |tag: Tag, side: Tag, negative: u8| {
        let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
            return None;
        };
        let parts: Vec<f64> = parts.iter().take(3).map(Rational::to_f64).collect();
        let sum = parts
            .iter()
            .zip([1.0, 60.0, 3600.0])
            .map(|(part, unit)| part / unit)
            .sum::<f64>();
        let Value::Ascii(sides) = &exif.get_field(side, In::PRIMARY)?.value else {
            return None;
        };
        let sign = if sides.first()?.first()? == &negative {
            -1.0
        } else {
            1.0
        };
        (sum.is_finite() && parts.len() == 3).then_some(sign * sum)
    };
    Some(Location {
        latitude: degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?,
        longitude: degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?,
    })
}
