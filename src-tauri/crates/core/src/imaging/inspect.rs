//! Everything worth knowing about a picture, for `tintype inspect` and the window.

use serde::{Deserialize, Serialize};

use super::decode::{dimensions as decoded_dimensions, icc, jxl_moves, tiff_turned_as};
use crate::container::{gif, jpeg, png, riff};
use crate::content::Codec;
use crate::metadata::{self, Exif, tag};
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
    let exif = Exif::of(file, codec);
    let exif = exif.as_ref();
    let text = |tag| exif.and_then(|exif| exif.text(tag));
    let orientation = metadata::orientation(file, codec);
    let size = dimensions(file, codec, orientation);
    let camera = match (text(tag::MAKE), text(tag::MODEL)) {
        // Most models repeat the maker.
        (Some(make), Some(model)) if model.to_lowercase().starts_with(&make.to_lowercase()) => {
            Some(model)
        }
        (Some(make), Some(model)) => Some(format!("{make} {model}")),
        (make, model) => model.or(make),
    };
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
            Codec::Avif => {
                tintype_avif::header(file, u32::MAX).is_ok_and(|header| header.frames > 1)
            }
            Codec::Jxl => jxl_moves(file),
            _ => false,
        },
        captured: exif
            .and_then(Exif::captured_at)
            .map(|time| time.to_string()),
        camera,
        lens: text(tag::LENS_MODEL),
        exposure: exif.and_then(exposure),
        artist: text(tag::ARTIST),
        copyright: text(tag::COPYRIGHT),
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
    let orientation = match codec {
        Codec::Tiff => tiff_turned_as(file).unwrap_or(orientation),
        _ => orientation,
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

fn exposure(exif: &Exif<'_>) -> Option<String> {
    let number = |tag| {
        let (over, under) = exif.fraction(tag)?;
        (over != 0 && under != 0).then(|| f64::from(over) / f64::from(under))
    };
    let time = number(tag::EXPOSURE_TIME).map(|time| {
        if time >= 1.0 {
            format!("{} s", short(time))
        } else {
            format!("1/{} s", (1.0 / time).round())
        }
    });
    let aperture = number(tag::F_NUMBER).map(|number| format!("f/{}", short(number)));
    let speed = number(tag::SENSITIVITY).map(|speed| format!("ISO {}", short(speed)));
    let length = number(tag::FOCAL_LENGTH).map(|length| format!("{} mm", short(length)));
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

fn location(exif: &Exif<'_>) -> Option<Location> {
    Some(Location {
        latitude: exif.degrees(tag::GPS_LATITUDE, tag::GPS_LATITUDE_REF, b'S')?,
        longitude: exif.degrees(tag::GPS_LONGITUDE, tag::GPS_LONGITUDE_REF, b'W')?,
    })
}
