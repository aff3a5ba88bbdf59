//! The tags of TIFF and EXIF, by what they tell (TIFF 6.0; EXIF 3.0; TIFF/EP; GeoTIFF, OGC
//! 19-008r4).

pub(super) const XMP: u16 = 700;
pub(super) const IPTC: u16 = 33723;
pub(super) const PHOTOSHOP: u16 = 34377;
/// Layers, each with metadata of its own.
pub(super) const PHOTOSHOP_LAYERS: u16 = 37724;
/// Where a thumbnail's JPEG lies, and its bytes.
pub(super) const JPEG_AT: u16 = 513;
pub(super) const JPEG_LENGTH: u16 = 514;

/// Tags of the GPS directory that tell no place: version, time, map datum, date.
pub(super) const PLACELESS: &[u16] = &[0, 7, 18, 29];

/// A sensor's filters and levels (TIFF/EP, DNG): without them the values are no picture.
pub(super) const CAMERAS: &[u16] = &[33421, 33422, 50706, 50714, 50721];

/// Where every pixel lies on earth, with GeoTIFF's forerunners and GDAL's notes.
pub(super) const GEOTIFF: &[u16] = &[
    33550, 33920, 33922, 34264, 34735, 34736, 34737, 42112, 42113, 50844,
];

/// What shows the picture: baseline and extended TIFF 6.0, the old and new JPEG tags,
/// sub-directories, volumes, ICC, LERC.
pub(super) const fn is_shown(tag: u16) -> bool {
    matches!(tag, 254..=259 | 262 | 263 | 266 | 273 | 274 | 277..=284 | 290..=293 | 296 | 297 | 301 | 317..=325 | 330 | 332 | 334..=336 | 338..=347 | 512..=532 | 32997 | 32998 | 34675 | 50674)
}

/// How many numbers say something under a tag that shows a picture, where that is bounded: by the
/// tag, by how many `samples` a pixel has, or by how many values one of so many `bits` can have.
pub(super) const fn most_numbers(tag: u16, samples: u32, bits: u32) -> u32 {
    let values = 1 << if bits > 16 { 16 } else { bits };
    match tag {
        273 | 279 | 324 | 325 | 330 | 343 | 347 | 519..=521 | 34675 => u32::MAX,
        258 | 280 | 281 | 338..=341 | 517 | 518 => samples,
        336 => samples.saturating_mul(2),
        291 => values,
        // Some write a whole table for fewer colours.
        301 | 320 => 3 * if values < 256 { 256 } else { values },
        297 | 318 | 321 | 530 => 2,
        529 | 50674 => 3,
        319 | 342 | 532 => 6,
        _ => 1,
    }
}

/// What is known to tell when, with what, by whom and how a picture was taken. Free text among it
/// is read before it stays.
pub(super) const fn is_known(tag: u16) -> bool {
    matches!(
        tag,
        // TIFF's own: description, camera, software, date, artist, host, how it is stored.
        254..=259 | 262 | 269..=272 | 274 | 277 | 282..=285 | 296 | 301 | 305 | 306 | 315 | 316 | 318 | 319 | 529..=532
        // Rating, rights.
        | 18246 | 18249 | 33432
        // Exposure, sensitivity, dates and their offsets from UTC.
        | 33434 | 33437 | 34850 | 34852 | 34855 | 34864..=34869 | 36864 | 36867 | 36868 | 36880..=36882
        | 37121 | 37122 | 37377..=37386 | 37396 | 37510 | 37520..=37522
        // Temperature, humidity and the like at the camera; Windows' texts.
        | 37888..=37893 | 40091..=40095 | 40960..=40963 | 41483..=41495 | 41728..=41730
        | 41985..=41996 | 42016 | 42032..=42037 | 42080..=42082 | 42240
        // Interoperability.
        | 1 | 2 | 4096..=4098
    )
}
