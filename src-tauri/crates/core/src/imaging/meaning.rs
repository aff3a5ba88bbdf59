//! What a picture's numbers mean: told by an ICC profile, by code points (ITU-T H.273), or by PNG's
//! own chunks.

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, ToneReprCurve};

use super::colour::cicp_profile;
use super::hdr::{Curve, Hdr};
use crate::container::png;

/// What a picture's numbers mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Srgb,
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Brighter than any print, and than most screens.
    Hdr(Hdr),
}

impl From<Option<Vec<u8>>> for Meaning {
    fn from(profile: Option<Vec<u8>>) -> Self {
        let Some(profile) = profile else {
            return Self::Srgb;
        };
        match code_points(&profile).and_then(|(primaries, transfer)| hdr_of(primaries, transfer)) {
            // Its curves are for who knows no HDR.
            Some(hdr) => Self::Hdr(hdr),
            None => Self::Icc(profile),
        }
    }
}

/// Without any they are sRGB's.
const fn told(primaries: u8) -> u8 {
    match primaries {
        0 | NOT_TOLD => BT709,
        told => told,
    }
}

fn hdr_of(primaries: u8, transfer: u8) -> Option<Hdr> {
    let curve = match transfer {
        PQ => Curve::Pq,
        HLG => Curve::Hlg,
        _ => return None,
    };
    Hdr::new(curve, told(primaries))
}

/// Those that a profile says it stands for (ICC.1:2022, 9.2.17).
fn code_points(profile: &[u8]) -> Option<(u8, u8)> {
    let count = u32::from_be_bytes(*profile.get(128..)?.first_chunk()?);
    let tags = profile.get(132..)?.chunks_exact(12).take(count as usize);
    let tag = tags.into_iter().find(|tag| tag.starts_with(b"cicp"))?;
    let at = u32::from_be_bytes(*tag[4..].first_chunk()?) as usize;
    let data = profile.get(at..)?;
    data.starts_with(b"cicp").then_some(())?;
    Some((*data.get(8)?, *data.get(9)?))
}

/// Code points of H.273.
const BT709: u8 = 1;
const NOT_TOLD: u8 = 2;
const SRGB: u8 = 13;
const PQ: u8 = 16;
const HLG: u8 = 18;

impl Meaning {
    /// By code points.
    pub(super) fn of_cicp(primaries: u8, transfer: u8) -> Self {
        let primaries = told(primaries);
        if let Some(hdr) = hdr_of(primaries, transfer) {
            return Self::Hdr(hdr);
        }
        // BT.709's curve is shown as sRGB's, as every viewer does.
        let transfer = if matches!(transfer, 0..=2 | 6 | 14 | 15) {
            SRGB
        } else {
            transfer
        };
        if (primaries, transfer) == (BT709, SRGB) {
            return Self::Srgb;
        }
        cicp_profile(primaries, transfer)
            .and_then(|profile| profile.encode().ok())
            .map_or(Self::Srgb, Self::Icc)
    }

    /// By PNG's chunks, of which the first of these counts: code points, a profile, sRGB, a gamma
    /// with or without the colours it is of (W3C PNG, third edition, 4.3).
    pub(super) fn of_png(file: &[u8], profile: Option<Vec<u8>>) -> Self {
        let before_pixels = || png::chunks(file).take_while(|chunk| &chunk.kind != b"IDAT");
        let find = |kind: &[u8; 4]| before_pixels().find(|chunk| &chunk.kind == kind);
        if let Some([primaries, transfer, ..]) = find(b"cICP").map(|chunk| chunk.data) {
            return Self::of_cicp(*primaries, *transfer);
        }
        if profile.is_some() || find(b"sRGB").is_some() {
            return profile.into();
        }
        let Some(gamma) = find(b"gAMA").and_then(|chunk| number(chunk.data, 0)) else {
            return Self::Srgb;
        };
        let colours = find(b"cHRM").and_then(|chunk| chromaticities(chunk.data));
        of_gamma(gamma, colours).into()
    }
}

/// A number of `gAMA` or `cHRM`, which count hundred thousandths.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a colour needs no more digits"
)]
fn number(data: &[u8], index: usize) -> Option<f32> {
    let bytes = data.get(index * 4..index * 4 + 4)?.first_chunk()?;
    Some((f64::from(u32::from_be_bytes(*bytes)) / 100_000.0) as f32)
}

/// White, red, green and blue.
fn chromaticities(data: &[u8]) -> Option<[Chromaticity; 4]> {
    let one = |index: usize| {
        let (x, y) = (number(data, index * 2)?, number(data, index * 2 + 1)?);
        (y > 0.0).then(|| Chromaticity::new(x, y))
    };
    Some([one(0)?, one(1)?, one(2)?, one(3)?])
}

/// sRGB's white and primaries, as `cHRM` tells them (ITU-R BT.709).
const SRGB_COLOURS: [(f32, f32); 4] = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)];

/// A profile of such numbers; nothing where they are sRGB's, or no colours.
fn of_gamma(gamma: f32, colours: Option<[Chromaticity; 4]>) -> Option<Vec<u8>> {
    let srgb = SRGB_COLOURS.map(|(x, y)| Chromaticity::new(x, y));
    let is_near = |a: f32, b: f32| (a - b).abs() < 0.002;
    let colours = colours.unwrap_or(srgb);
    let is_srgb = colours
        .iter()
        .zip(&srgb)
        .all(|(a, b)| is_near(a.x, b.x) && is_near(a.y, b.y));
    // 0.45455 stands for sRGB in every file that has it.
    if !(0.01..=10.0).contains(&gamma) || is_srgb && is_near(gamma, 1.0 / 2.2) {
        return None;
    }
    let [white, red, green, blue] = colours;
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
    let curve = ToneReprCurve::Parametric(vec![1.0 / gamma]);
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
    profile.encode().ok()
}

#[cfg(test)]
mod tests {
    use super::super::colour::Colours;
    use super::super::raster::Raster;
    use super::*;

    fn shown(meaning: &Meaning, pixel: [u8; 3]) -> [u8; 3] {
        let raster = Raster {
            width: 1,
            height: 1,
            alpha: false,
            pixels: pixel.to_vec(),
        };
        let profile = match meaning {
            Meaning::Icc(profile) => Some(profile.as_slice()),
            _ => None,
        };
        let shown = Colours::default().convert(raster, profile);
        shown.pixels.try_into().expect("pixel")
    }

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let chunks = chunks
            .iter()
            .map(|(kind, data)| png::chunk(kind, data).expect("chunk"));
        [png::SIGNATURE.to_vec(), chunks.collect::<Vec<_>>().concat()].concat()
    }

    #[test]
    fn code_points_become_profiles() {
        assert_eq!(Meaning::of_cicp(1, 13), Meaning::Srgb);
        assert_eq!(Meaning::of_cicp(2, 2), Meaning::Srgb);
        let red = shown(&Meaning::of_cicp(12, 13), [234, 51, 35]);
        assert!(red[0] >= 254 && red[1] <= 3, "P3: {red:?}");
        let [grey, ..] = shown(&Meaning::of_cicp(1, 8), [128; 3]);
        assert!(grey.abs_diff(188) <= 1, "linear: {grey}");
        let [grey, ..] = shown(&Meaning::of_cicp(1, 5), [128; 3]);
        assert!(grey.abs_diff(104) <= 2, "gamma 2.8: {grey}");
        assert!(matches!(Meaning::of_cicp(9, 16), Meaning::Hdr(_)));
    }

    #[test]
    fn a_profile_that_stands_for_hdr_is_hdr() {
        let profile = |transfer| cicp_profile(9, transfer).and_then(|made| made.encode().ok());
        assert!(matches!(Meaning::from(profile(PQ)), Meaning::Hdr(_)));
        assert!(matches!(Meaning::from(profile(SRGB)), Meaning::Icc(_)));
        let cut = profile(PQ).map(|made| made[..140].to_vec());
        assert!(matches!(Meaning::from(cut), Meaning::Icc(_)));
    }

    #[test]
    fn a_png_says_it_in_its_own_ways() {
        let gamma = |gamma: u32| png(&[(b"gAMA", &gamma.to_be_bytes())]);
        let [grey, ..] = shown(&Meaning::of_png(&gamma(100_000), None), [55; 3]);
        assert!(grey.abs_diff(128) <= 2, "linear: {grey}");
        assert_eq!(Meaning::of_png(&gamma(45_455), None), Meaning::Srgb);
        assert_eq!(Meaning::of_png(&gamma(0), None), Meaning::Srgb);
        let p3 = png(&[
            (b"cICP", &[12, 13, 0, 1]),
            (b"gAMA", &100_000_u32.to_be_bytes()),
        ]);
        let red = shown(&Meaning::of_png(&p3, None), [234, 51, 35]);
        assert!(
            red[0] >= 254 && red[1] <= 3,
            "code points come first: {red:?}"
        );
        // BT.2020's colours with a gamma of 2.2.
        let told = [
            31_270_u32, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600,
        ];
        let told: Vec<u8> = told
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect();
        let wide = png(&[(b"gAMA", &45_455_u32.to_be_bytes()), (b"cHRM", &told)]);
        let red = shown(&Meaning::of_png(&wide, None), [200, 60, 40]);
        assert!(red[0] > 225 && red[1] < 60, "wider than sRGB: {red:?}");
    }
}
