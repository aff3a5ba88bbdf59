//! HDR to SDR: what shines brighter than paper is drawn together, so that white stays white.
//!
//! Curves of ITU-R BT.2100; drawn together by ITU-R BT.2446-1, method C (6.1.4): brightness up to a
//! third of HDR's white keeps its place, what is above follows a logarithm.

use super::colour::{cicp_profile, encoded};
use super::raster::{Raster, rounded};

/// How brightness is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    Pq,
    Hlg,
}

/// How a picture's numbers become light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hdr {
    curve: Curve,
    /// Luminance of each colour.
    luminance: [f32; 3],
    /// To linear sRGB.
    to_srgb: [[f32; 3]; 3],
}

impl Hdr {
    /// With primaries by their code point (ITU-T H.273).
    pub(super) fn new(curve: Curve, primaries: u8) -> Option<Self> {
        const LINEAR: u8 = 8;
        let own = cicp_profile(primaries, LINEAR)?;
        let matrix = own.transform_matrix(&moxcms::ColorProfile::new_srgb()).v;
        let luminance = own.rgb_to_xyz_matrix().v[1];
        Some(Self {
            curve,
            luminance: luminance.map(narrow),
            to_srgb: matrix.map(|row| row.map(narrow)),
        })
    }

    /// Shows a picture of eight bits as sRGB.
    pub(super) fn show(self, raster: &mut Raster) {
        let light = self.table(u8::MAX.into());
        let channels = raster.channels();
        for pixel in raster.pixels.chunks_exact_mut(channels) {
            let codes = [pixel[0], pixel[1], pixel[2]];
            let shown = self.pixel(codes.map(|code| light[usize::from(code)]));
            pixel[..3].copy_from_slice(&shown);
        }
    }

    /// Shows pixels of sixteen bits as sRGB of eight: eight are too few steps for such a curve's
    /// shadows. The fourth number is alpha, which is left out unless `alpha`.
    pub(super) fn shown(self, pixels: impl Iterator<Item = [u16; 4]>, alpha: bool) -> Vec<u8> {
        let light = self.table(u16::MAX);
        let channels = if alpha { 4 } else { 3 };
        let mut out = Vec::with_capacity(pixels.size_hint().0 * channels);
        for [red, green, blue, opacity] in pixels {
            let codes = [red, green, blue];
            out.extend(self.pixel(codes.map(|code| light[usize::from(code)])));
            if alpha {
                out.push(rounded(opacity));
            }
        }
        out
    }

    /// The light of every code, of which the last is the brightest.
    fn table(self, last: u16) -> Vec<f32> {
        let codes = (0..=last).map(|code| f32::from(code) / f32::from(last));
        codes.map(|code| self.light(code)).collect()
    }

    /// What is shown of a pixel's light.
    fn pixel(self, light: [f32; 3]) -> [u8; 3] {
        let light = self.displayed(light);
        let ratio = ratio(dot(self.luminance, light));
        self.to_srgb
            .map(|row| encoded(dot(row, light.map(|part| part * ratio))))
    }

    /// Candela per square metre of a code of 0 to 1; for HLG, of the scene.
    fn light(self, code: f32) -> f32 {
        match self.curve {
            Curve::Pq => {
                let power = code.powf(1.0 / 78.843_75);
                let over = (power - 0.835_937_5).max(0.0);
                10_000.0 * (over / (18.851_563 - 18.6875 * power)).powf(1.0 / 0.159_301_76)
            }
            Curve::Hlg if code <= 0.5 => code * code / 3.0,
            Curve::Hlg => (((code - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0,
        }
    }

    /// As a display of 1,000 candela per square metre shows it.
    fn displayed(self, light: [f32; 3]) -> [f32; 3] {
        match self.curve {
            Curve::Pq => light,
            Curve::Hlg => {
                let system = 1000.0 * dot(self.luminance, light).powf(0.2);
                light.map(|part| part * system)
            }
        }
    }
}

/// Light of linear sRGB, of which 1 is white, as sRGB.
pub(super) fn shown(light: &[f32]) -> Vec<u8> {
    /// HDR's white (ITU-R BT.2408, 2.2).
    const WHITE: f32 = 203.0;
    let luminance = [0.2126, 0.7152, 0.0722];
    let pixels = light.chunks_exact(3).flat_map(|pixel| {
        let pixel = [pixel[0], pixel[1], pixel[2]].map(|part| (part * WHITE).max(0.0));
        let ratio = ratio(dot(luminance, pixel));
        pixel.map(|part| encoded(part * ratio))
    });
    pixels.collect()
}

/// What light of that brightness is multiplied with, so that SDR's white is 1.
fn ratio(bright: f32) -> f32 {
    if bright > 0.0 {
        drawn_together(bright) / 100.0 / bright
    } else {
        0.0
    }
}

/// Per cent of SDR's white.
fn drawn_together(bright: f32) -> f32 {
    const KNEE: f32 = 58.5 / 0.838_02;
    if bright < KNEE {
        0.838_02 * bright
    } else {
        15.099_68 * (bright / KNEE - 0.742_04).ln() + 78.994_39
    }
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a colour needs no more digits"
)]
const fn narrow(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(curve: Curve, code: u8) -> [u8; 3] {
        let mut raster = Raster {
            width: 1,
            height: 1,
            alpha: false,
            pixels: vec![code; 3],
        };
        Hdr::new(curve, 9).expect("BT.2020").show(&mut raster);
        raster.pixels.try_into().expect("pixel")
    }

    #[test]
    fn white_stays_white_and_grey_stays_grey() {
        // 203 candela per square metre (ITU-R BT.2408, 2.2): 58 % of PQ, 75 % of HLG.
        for (curve, white) in [(Curve::Pq, 148), (Curve::Hlg, 191)] {
            let [r, g, b] = shown(curve, white);
            assert!(
                r >= 240 && r.abs_diff(g) <= 1 && g.abs_diff(b) <= 1,
                "{r} {g} {b}"
            );
            assert_eq!(shown(curve, 255), [255; 3]);
            assert_eq!(shown(curve, 0), [0; 3]);
        }
        // 26 candela per square metre, 18 % of a third more than a hundred: a middle grey.
        let [grey, ..] = shown(Curve::Pq, 97);
        assert!((110..=135).contains(&grey), "{grey}");
    }
}
