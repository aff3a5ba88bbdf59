//! XMP packets and IPTC blocks: whether they tell a place. One that does is taken out whole.

/// Properties of the XMP namespaces that tell a place: EXIF's GPS, IPTC's and Photoshop's addresses, regions of Google's
/// and Apple's panoramas.
const XMP_PLACES: &[&[u8]] =
    &[b"GPS", b"Location", b"photoshop:City", b"photoshop:State", b"photoshop:Country", b"CountryCode", b"Sublocation"];
/// IPTC-IIM datasets of record 2: content location, city, sublocation, state, country.
const IPTC_PLACES: &[u8] = &[26, 27, 90, 92, 95, 100, 101];

pub(super) fn tells_location(packet: &[u8]) -> bool {
    // Only what is XMP at all: any bytes may hold these letters by chance.
    let finds = |wanted: &[u8]| packet.windows(wanted.len()).any(|window| window == wanted);
    finds(b"http://ns.adobe.com/") && XMP_PLACES.iter().any(|place| finds(place))
}

/// Whether a Photoshop block (`8BIM` resources) holds an IPTC dataset of a place.
pub(super) fn iptc_tells_location(block: &[u8]) -> bool {
    block.windows(3).any(|window| window[0] == 0x1c && window[1] == 2 && IPTC_PLACES.contains(&window[2]))
}
