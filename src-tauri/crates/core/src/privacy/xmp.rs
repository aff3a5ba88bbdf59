//! XMP packets and IPTC blocks: whether they tell a place. One that may is taken out whole.

/// Words in the names of properties that tell a place, in every namespace met so far (EXIF's GPS,
/// the drones', IPTC's and Photoshop's addresses, mobile cells), compared without case.
const PLACES: &[&[u8]] = &[
    b":gps",
    b":location",
    b"latitude",
    b"longitude",
    b":city",
    b"country",
    b"province",
    b":state",
    b"cell:",
    b"cellid",
    b"geotag",
    b"altitude",
];
/// IPTC-IIM datasets of record 2: content location, city, sublocation, state, country.
const IPTC_PLACES: &[u8] = &[26, 27, 90, 92, 95, 100, 101];

/// Whether an XMP packet tells a place, or is written so that it cannot be told (UTF-16,
/// compressed).
pub(super) fn tells_location(packet: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(packet) else {
        return true;
    };
    text.contains('\0') || names_a_place(packet)
}

/// Whether any of the words stands in a piece of metadata.
pub(super) fn names_a_place(data: &[u8]) -> bool {
    let lower = data.to_ascii_lowercase();
    PLACES
        .iter()
        .any(|place| lower.windows(place.len()).any(|window| window == *place))
}

/// Whether a Photoshop block (`8BIM` resources) holds an IPTC dataset of a place.
pub(super) fn iptc_tells_location(block: &[u8]) -> bool {
    block
        .windows(3)
        .any(|window| window[0] == 0x1c && window[1] == 2 && IPTC_PLACES.contains(&window[2]))
}
