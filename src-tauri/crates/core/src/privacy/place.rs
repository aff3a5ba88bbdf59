//! Words and numbers that tell a place, in whatever they stand.

use std::sync::LazyLock;

use encoding_rs::{UTF_16BE, UTF_16LE};
use regex::bytes::Regex;

use crate::container::budget::Budget;

/// Names of properties in XMP that tell a place, in every namespace met so far: EXIF's GPS, the
/// drones', IPTC's and Photoshop's addresses, Adobe's films, mobile cells, machine tags.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?i-u):gps|:location|:[a-z]*location|latitude|longitude|:city|<(city|state|location|sublocation)[\s>]|places?\||dc:coverage|country|province|:state|cell:|cellid|geotag|altitude|geo:la|geo:lo|geo:alt",
    )
});
/// Words that people and programs use for one in free text.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?i-u)gps|latitude|longitude|geotag|geo:|\bgeoloc|\b(lat|lon|lng|long)\b["']?\s*[:=]|\b(lat|latitude|lon|longitude)(itude)?e7|\blat\.?\s*[-+]?\d{1,2}[.,]\d|^(location|place|city|country|address)$|\bmaps\.(app\.goo\.gl|apple\.com|google\.|me/)|google\.[a-z.]{2,6}/maps|goo\.gl/maps|openstreetmap\.org/|\bosm\.org/|\bwaze\.com/|bing\.com/maps|yandex\.[a-z.]{2,6}/maps|what3words|\bplus\.codes|\butm\s+(zone\s*)?\d{1,2}\s*[c-x]?\b"#,
    )
});
/// The same in the middle of anything, where short words come about by chance. Films tell theirs by
/// atoms and tracks (QuickTime; 3GPP TS 26.244 `loci`; GoPro; Google's `camm`).
static LONG_WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?i-u)latitude|longitude|geotag|exif:gps|location\.iso6709|loci\x00\x00\x00\x00|gopro met|cameramotionmetadata|camerametadatamotion",
    )
});
/// A number with three digits behind the point, as coordinates have them.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(?-u)[-+]?\d{1,3}\.\d{3,}"));
/// Open Location Codes ("plus codes"): eight of their twenty letters, a plus, and two or three.
static CODES: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"(?-u)\b[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}\b"));
/// Degrees with a point or a comma, and the quarter of the earth, before or behind.
static QUARTERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?-u)\d{1,3}[.,]\d+\s*(\xc2\xb0|\xc2\xba|\xb0|\xba|deg)\s*[NSEWO]\b|\b[NSEWO]\s*\d{1,3}[.,]\d+\s*(\xc2\xb0|\xc2\xba|\xb0|\xba|deg)|\b[NS]\s?\d{1,2}(\xc2\xb0|\xb0|\s)\s?\d{1,2}[.,]\d+.{1,6}?[EWO]\s?\d{1,3}(\xc2\xb0|\xb0|\s)\s?\d{1,2}[.,]\d+",
    )
});
/// ISO 6709: a sign and two or three digits, twice, and a point.
static ISO_6709: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(r"(?-u)[-+]\d{2}(\d{2}){0,2}\.\d+[-+]\d{3}(\d{2}){0,2}\.\d+([-+]\d+(\.\d+)?)?/?")
});
/// Degrees, minutes and seconds in figures alone: with colons, dashes or blanks between them and a
/// quarter of the earth, as receivers send them (NMEA 0183), in aviation's way, and in the Army's.
static FIGURES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?-u)\b\d{1,3}:\d{2}:\d{2}(\.\d+)?\s*[NSEWO]\b|\b[NS]\s*\d{1,2}:\d{2}:\d{2}|\b\d{1,3}-\d{2}-\d{2}(\.\d+)?[NSEW]\b|\$G[A-Z](RMC|GGA|GLL)\b|\b\d{4}\.\d{2,},[NS],\d{5}\.|\b\d{6}[NS]\s?\d{7}[EW]\b|\b[NS]\s?\d{1,2}\s\d{1,2}\s\d{1,2}(\.\d+)?\s+[EWO]\s?\d|\b\d{1,2}[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}\s?(\d{4}\s?\d{4}|\d{5}\s?\d{5})\b",
    )
});
/// Degrees with their minutes.
static DEGREES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?-u)\d{1,3}\s*(\xc2\xb0|\xc2\xba|\xb0|\xba|deg)\s*\d{1,2}([.,]\d+)?\s*('|\xc2?\xb4|\xe2\x80[\x99\xb2]|m)\s*([NSEWO]|\d{1,2}([.,]\d+)?\s*("|''|\xc2?\xb4|\xe2\x80[\x9d\xb3]|s))|(?-u)\b\d{1,3}d\d{1,2}m\d{1,2}"#,
    )
});

/// The pattern is a constant: whether it is one is known when it was tried once.
fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

fn finds(pattern: &LazyLock<Option<Regex>>, bytes: &[u8]) -> bool {
    pattern.as_ref().is_none_or(|found| found.is_match(bytes))
}

/// Numbers further apart than this are not a pair.
const NEAR: usize = 40;

/// Whether a line that people or programs wrote tells a place. UTF-16
/// reads like any other.
pub(super) fn in_text(text: &[u8], budget: &mut Budget) -> bool {
    if !budget.pays(text.len()) {
        return true;
    }
    let text = plain(&without_entities(&narrow(text)));
    finds(&WORDS, text.trim_ascii())
        || finds(&FIGURES, &text)
        || finds(&CODES, &text)
        || finds(&QUARTERS, &text)
        || finds(&ISO_6709, &text)
        || has_coordinates(&text, Alone::Counts)
        || has_coordinates(&with_points(&text), Alone::IsNothing)
}

/// Whether bytes of which nobody knows what they are tell a place in words.
pub(super) fn in_bytes(bytes: &[u8], budget: &mut Budget) -> bool {
    !budget.pays(bytes.len()) || finds(&LONG_WORDS, bytes) || has_coordinates(bytes, Alone::Counts)
}

/// Whether an XMP packet tells a place.
pub(super) fn in_xmp(packet: &[u8], budget: &mut Budget) -> bool {
    if !budget.pays(packet.len().saturating_mul(2)) {
        return true;
    }
    let text = without_entities(&narrow(packet));
    finds(&NAMES, &text) || finds(&LONG_WORDS, &text) || has_coordinates(&text, Alone::IsNothing)
}

/// Whether names and notes of a drawing do. Its paths are full of pairs of numbers.
pub(super) fn in_drawing(file: &[u8], budget: &mut Budget) -> bool {
    !budget.pays(file.len()) || finds(&NAMES, file) || finds(&LONG_WORDS, file)
}

/// IPTC-IIM datasets of record 2: content location, city, sublocation, state, country.
const IPTC_PLACES: &[u8] = &[26, 27, 90, 92, 95, 100, 101];

/// Whether an IPTC dataset of a place stands in it, or another one tells a place.
pub(super) fn in_iptc(block: &[u8], budget: &mut Budget) -> bool {
    if !budget.pays(block.len()) {
        return true;
    }
    let tells = |block: &[u8]| {
        let named = block
            .windows(3)
            .any(|window| window[0] == 0x1c && window[1] == 2 && IPTC_PLACES.contains(&window[2]));
        named || has_coordinates(block, Alone::Counts)
    };
    // libtiff writes it as numbers of four bytes, in the order of the computer it ran on.
    let swapped: Vec<u8> = block
        .chunks(4)
        .flat_map(|four| four.iter().rev())
        .copied()
        .collect();
    tells(block) || tells(&swapped)
}

/// UTF-16 as UTF-8, whichever way round; anything else without its zeros.
fn narrow(text: &[u8]) -> Vec<u8> {
    let zeros = |from: usize| {
        let every_other = text.iter().skip(from).step_by(2);
        every_other.filter(|byte| **byte == 0).count() * 4 > text.len().max(4)
    };
    let wide = match text {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ if zeros(1) => Some(UTF_16LE),
        _ if zeros(0) => Some(UTF_16BE),
        _ => None,
    };
    match wide {
        Some(wide) => wide.decode(text).0.into_owned().into_bytes(),
        None => text.iter().copied().filter(|byte| *byte != 0).collect(),
    }
}

/// Figures and points as ASCII has them, whether they are as wide as Chinese letters or written as
/// addresses write them.
fn plain(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, more @ ..] = rest {
        let (byte, behind) = match rest {
            // U+FF01 to U+FF3F.
            [0xef, 0xbc, low @ 0x81..=0xbf, behind @ ..] => (low - 0x60, behind),
            [b'%', b'2', b'e' | b'E', behind @ ..] => (b'.', behind),
            [b'%', b'2', b'c' | b'C', behind @ ..] => (b',', behind),
            [b'%', b'2', b'0', behind @ ..] => (b' ', behind),
            _ => (*first, more),
        };
        out.push(byte);
        rest = behind;
    }
    out
}

/// Decimal commas as points: those with four digits behind them, which no thousands have.
fn with_points(text: &[u8]) -> Vec<u8> {
    let digits = |at: usize, count: usize| {
        let behind = text.get(at..at + count);
        behind.is_some_and(|behind| behind.iter().all(u8::is_ascii_digit))
    };
    let is_comma = |at: usize| text[at] == b',' && at > 0 && digits(at - 1, 1) && digits(at + 1, 4);
    (0..text.len())
        .map(|at| if is_comma(at) { b'.' } else { text[at] })
        .collect()
}

/// XML's numbers for characters (`&#x38;`), read.
pub(super) fn without_entities(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"&#") {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let end = from.iter().take(12).position(|byte| *byte == b';');
        let read = end.and_then(|end| Some((end, character(from.get(2..end)?)?)));
        match read {
            Some((end, byte)) => {
                out.push(byte);
                rest = &from[end + 1..];
            }
            None => {
                out.extend_from_slice(b"&#");
                rest = &from[2..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Of those beyond ASCII none is part of a word or number that matters.
fn character(number: &[u8]) -> Option<u8> {
    let number = std::str::from_utf8(number).ok()?;
    let read = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    read.ok().map(|number| u8::try_from(number).unwrap_or(b'?'))
}

/// What one number without another near it is.
#[derive(Clone, Copy, PartialEq)]
enum Alone {
    /// With four digits behind the point it is a coordinate, to ten metres: nobody writes anything
    /// else like that in words.
    Counts,
    IsNothing,
}

/// Two or three numbers close together of which the first two can be a latitude and a longitude. A
/// longer row of them is something else (a curve, a matrix), and so are two fractions of one.
fn has_coordinates(bytes: &[u8], alone: Alone) -> bool {
    let Some(numbers) = NUMBER.as_ref() else {
        return true;
    };
    let (mut row, mut end): (Vec<&[u8]>, usize) = (Vec::new(), 0);
    for found in numbers.find_iter(bytes) {
        let between = &bytes[end..found.start()];
        if between.len() > NEAR || between.iter().any(u8::is_ascii_digit) {
            if is_place(&row, alone) {
                return true;
            }
            row.clear();
        }
        end = found.end();
        let is_part = matches!(between.last(), Some(b'0'..=b'9' | b'.' | b'_'));
        // A longer row is as much as a row of four.
        if !is_part && row.len() < 4 {
            row.push(found.as_bytes());
        }
    }
    is_place(&row, alone) || finds(&DEGREES, bytes)
}

fn is_place(row: &[&[u8]], alone: Alone) -> bool {
    let read = |number: &[u8]| {
        let text = std::str::from_utf8(number).ok();
        let read = text.and_then(|text| text.parse::<f64>().ok());
        read.map_or(f64::NAN, f64::abs)
    };
    match row {
        [number] if alone == Alone::Counts => {
            let decimals = number
                .iter()
                .rev()
                .take_while(|byte| **byte != b'.')
                .count();
            decimals >= 4 && (2.0..=180.0).contains(&read(number))
        }
        [first, second] | [first, second, _] => {
            let (first, second) = (read(first), read(second));
            first.min(second) <= 90.0 && first.max(second) <= 180.0 && first.max(second) > 2.0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &[u8]) -> bool {
        in_text(text, &mut Budget::of(text))
    }

    #[test]
    fn places_are_seen_in_free_text() {
        for told in [
            &b"GPSLatitude=48.2082 GPSLongitude=16.3738"[..],
            br#"{"MAPLatitude":48.2082,"MAPLongitude":16.3738}"#,
            b"Lat: 48.2082 Long: 16.3738 Stephansplatz",
            b"taken at 48.2082, 16.3738",
            b"+48.8583+002.2945/",
            b"+48.8583+002.2945+035.000/",
            "48°12'29.5\"N 16°22'25.7\"E".as_bytes(),
            b"48 deg 12' 29.50\" N",
            b"geo:48.2,16.4",
            b"Stephansplatz 48.2082",
            b"G\0P\0S\0 \x004\x008\0",
            b"location",
            "48,2082° N, 16,3738° E".as_bytes(),
            "N 48° 12.492 E 016° 22.428".as_bytes(),
            b"N48 12.492 E016 22.428",
            br#"{"lat":48.21,"lng":16.37}"#,
            "48.21°N 16.37°E".as_bytes(),
            b"+48.21+016.37/",
            b"48d12m29s N",
            b"8FWR6994+7F",
            b"UTM 33U 602000 5340000",
            b"https://maps.app.goo.gl/AbCd",
            b"4\08\0\xb0\x001\x002\0\x32\x202\x009\0.\x005\0\x33\x20N\0",
            b"48:12:29.5 N, 16:22:25.7 E",
            b"N48:12:29 E16:22:25",
            b"48-12-29N",
            b"$GPRMC,102030,A,4812.492,N,01622.428,E",
            b"481229N0162225E",
            b"N 48 12 29 E 16 22 25",
            "48º12´29´´N".as_bytes(),
            b"Lat 48.21 Lon 16.37",
            b"latE7=482082000",
            b"33UXP 02000 40000",
            "４８．２０８２, １６．３７３８".as_bytes(),
            b"48&#46;2082, 16&#46;3738",
            b"48%2E2082,16%2E3738",
            b"https://maps.google.com/?q=Stephansplatz",
            b"https://osm.org/go/0JrJ",
        ] {
            assert!(text(told), "{}", String::from_utf8_lossy(told));
        }
        for harmless in [
            &b"The cathedral at noon, 1/250 s, f/2.8"[..],
            b"on location with the crew",
            b"Lens 24.0-70.0 mm",
            b"crop 0.12345 0.67890",
            b"0.500000000,12.250000000,3.125000000,1.000000000",
            b"IMG_2034.8312 version 1.2.3456, 1.4142 of it",
            "20 °C at the lake".as_bytes(),
            b"f/2,8 at 1,250 s and 12,345 prints",
            b"turned by 90.5 deg, N 8 of 12",
            b"A+B 1+1 C+F",
            b"taken 2026:07:04 18:30:00, No. 12-10-2026",
            b"at 18:30:00 EST, 100% 20% off",
        ] {
            assert!(!text(harmless), "{}", String::from_utf8_lossy(harmless));
        }
    }

    #[test]
    fn an_escaped_word_is_the_word() {
        let packet = b"<dc:description>&#x34;8.2082, &#49;6.3738 &#; &#x1F600;</dc:description>";

        assert!(in_xmp(packet, &mut Budget::of(packet)));
    }

    #[test]
    fn what_cannot_be_paid_for_may_tell() {
        let mut budget = Budget::of(b"");
        while budget.pays(1 << 16) {}

        assert!(in_bytes(b"nothing", &mut budget));
    }
}
