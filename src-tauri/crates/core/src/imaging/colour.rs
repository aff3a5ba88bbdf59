//! Colour profiles: everything leaves as sRGB unless a variant keeps its source's.
//!
//! Transforms are moxcms', with the profile's perceptual intent, as libvips' default for
//! photographs.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use moxcms::{
    CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients, RenderingIntent,
    Transform8BitExecutor, TransformOptions,
};

use super::raster::Raster;

/// More profiles than a camera roll has; then the tables are made anew.
const KEPT: usize = 16;

/// What has to be done to a profile's pixels.
#[derive(Clone)]
enum Conversion {
    /// They are sRGB already, or the profile makes no sense: shown as they are.
    None,
    /// One grey value gives one colour.
    Grey(Arc<[[u8; 3]; 256]>),
    Rgb(Arc<Transform8BitExecutor>),
    Rgba(Arc<Transform8BitExecutor>),
    /// Four inks, 0 none to 255 full.
    Cmyk(Arc<Transform8BitExecutor>),
}

/// Conversions by profile, kept from picture to picture: a folder's photographs mostly share one.
#[derive(Default)]
pub(super) struct Colours {
    hasher: RandomState,
    known: HashMap<(u64, Layouts), Conversion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Layouts {
    Rgb,
    Rgba,
    Cmyk,
}

impl Colours {
    /// Converts a picture's colours to sRGB; without a profile they are that already.
    pub(super) fn convert(&mut self, mut raster: Raster, profile: Option<&[u8]>) -> Raster {
        let Some(profile) = profile else {
            return raster;
        };
        let channels = raster.channels();
        match self.conversion(
            profile,
            if raster.alpha {
                Layouts::Rgba
            } else {
                Layouts::Rgb
            },
        ) {
            Conversion::None | Conversion::Cmyk(_) => {}
            Conversion::Grey(table) => {
                for pixel in raster.pixels.chunks_exact_mut(channels) {
                    let grey = usize::from(pixel[0]);
                    pixel[..3].copy_from_slice(&table[grey]);
                }
            }
            Conversion::Rgb(transform) | Conversion::Rgba(transform) => {
                by_rows(
                    &*transform,
                    &mut raster.pixels,
                    raster.width as usize * channels,
                );
            }
        }
        raster
    }

    /// Whether a profile of three colours is sRGB, by whatever name.
    pub(super) fn is_srgb(&mut self, profile: &[u8]) -> bool {
        matches!(self.conversion(profile, Layouts::Rgb), Conversion::None)
    }

    /// Converts ink to sRGB, by the profile if it is one of four inks, else by a common press's.
    pub(super) fn cmyk_to_srgb(&mut self, inks: &[u8], profile: Option<&[u8]>) -> Vec<u8> {
        if let Some(profile) = profile
            && let Conversion::Cmyk(transform) = self.conversion(profile, Layouts::Cmyk)
        {
            let mut out = vec![0; inks.len() / 4 * 3];
            if transform.transform(inks, &mut out).is_ok() {
                return out;
            }
        }
        inks.chunks_exact(4)
            .flat_map(|ink| press(ink[0], ink[1], ink[2], ink[3]))
            .collect()
    }

    fn conversion(&mut self, profile: &[u8], layouts: Layouts) -> Conversion {
        let key = (self.hasher.hash_one(profile), layouts);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.known.len() >= KEPT {
            self.known.clear();
        }
        let made = make(profile, layouts).unwrap_or(Conversion::None);
        self.known.insert(key, made.clone());
        made
    }
}

/// Whether a profile is of three colours: its header says so (ICC.1:2022, 7.2.6).
pub(super) fn is_rgb(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"RGB ")
}

fn options() -> TransformOptions {
    TransformOptions {
        rendering_intent: RenderingIntent::Perceptual,
        ..TransformOptions::default()
    }
}

fn make(profile: &[u8], layouts: Layouts) -> Option<Conversion> {
    let source = ColorProfile::new_from_slice(profile).ok()?;
    let srgb = ColorProfile::new_srgb();
    let transform = |from, to| {
        source
            .create_transform_8bit(from, &srgb, to, options())
            .ok()
    };
    match (source.color_space, layouts) {
        (DataColorSpace::Gray, Layouts::Rgb | Layouts::Rgba) => {
            let transform = transform(Layout::Gray, Layout::Rgb)?;
            let grey: Vec<u8> = (0..=255).collect();
            let mut colours = [0; 768];
            transform.transform(&grey, &mut colours).ok()?;
            let mut table = [[0; 3]; 256];
            table
                .iter_mut()
                .zip(colours.chunks_exact(3))
                .for_each(|(to, from)| to.copy_from_slice(from));
            Some(Conversion::Grey(Arc::new(table)))
        }
        (DataColorSpace::Rgb, Layouts::Rgb) => {
            let transform = transform(Layout::Rgb, Layout::Rgb)?;
            (!changes_nothing(&*transform)).then_some(Conversion::Rgb(transform))
        }
        (DataColorSpace::Rgb, Layouts::Rgba) => {
            let rgb = source
                .create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options())
                .ok()?;
            let transform = transform(Layout::Rgba, Layout::Rgba)?;
            (!changes_nothing(&*rgb)).then_some(Conversion::Rgba(transform))
        }
        (DataColorSpace::Cmyk, Layouts::Cmyk) => {
            transform(Layout::Rgba, Layout::Rgb).map(Conversion::Cmyk)
        }
        _ => None,
    }
}

/// Whether a profile is sRGB under another name: tried on 125 colours, no channel moves by more
/// than one step. Then the pixels are left alone, which is both exact and free.
fn changes_nothing(transform: &Transform8BitExecutor) -> bool {
    let steps = [0, 64, 128, 192, 255];
    let colours: Vec<u8> = (0..125)
        .flat_map(|n: usize| [steps[n / 25], steps[n / 5 % 5], steps[n % 5]])
        .collect();
    let mut out = vec![0; colours.len()];
    transform.transform(&colours, &mut out).is_ok()
        && colours.iter().zip(&out).all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// In place, by way of one row: the transform wants two buffers.
fn by_rows(transform: &Transform8BitExecutor, pixels: &mut [u8], row: usize) {
    let mut before = vec![0; row];
    for line in pixels.chunks_exact_mut(row) {
        before.copy_from_slice(line);
        // Rows of equal length and layout cannot fail; if one did, it would stay as it was.
        if transform.transform(&before, line).is_err() {
            line.copy_from_slice(&before);
        }
    }
}

/// The profile of code points (ITU-T H.273).
pub(super) fn cicp_profile(primaries: u8, transfer: u8) -> Option<ColorProfile> {
    Some(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: primaries.try_into().ok()?,
        transfer_characteristics: transfer.try_into().ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

/// Ink to sRGB without a profile: a polynomial fitted to US Web Coated (SWOP) v2, its coefficients
/// those of pdf.js (`DeviceCmykCS` in `src/core/colorspace.js`).
fn press(c: u8, m: u8, y: u8, k: u8) -> [u8; 3] {
    let [c, m, y, k] = [c, m, y, k].map(|ink| f32::from(ink) / 255.0);
    let red = c * (-4.387_332 * c + 54.486_15 * m + 18.822_905 * y + 212.256_62 * k - 285.233_1)
        + m * (1.714_976_3 * m - 5.609_673_6 * y - 17.873_87 * k - 5.497_006_4)
        + y * (-2.521_734 * y - 21.248_923 * k + 17.511_927)
        + k * (-21.861_221 * k - 189.481_81);
    let green = c * (8.841_041 * c + 60.118_027 * m + 6.871_425_6 * y + 31.159_1 * k - 79.297_08)
        + m * (-15.310_361 * m + 17.575_25 * y + 131.352_51 * k - 190.945_33)
        + y * (4.444_339 * y + 9.863_286 * k - 24.867_416)
        + k * (-20.737_325 * k - 187.804_54);
    let blue = c
        * (0.884_252_24 * c + 8.078_677 * m + 30.899_783 * y - 0.238_832_39 * k - 14.183_577)
        + m * (10.495_933 * m + 63.023_785 * y + 50.606_957 * k - 112.238_84)
        + y * (0.032_960_41 * y + 115.603_84 * k - 193.582_1)
        + k * (-22.338_168 * k - 180.126_14);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a byte first"
    )]
    [red, green, blue].map(|channel| (255.0 + channel).round().clamp(0.0, 255.0) as u8)
}

/// sRGB's curve (IEC 61966-2-1).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte first"
)]
pub(super) fn encoded(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let code = if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (code * 255.0).round() as u8
}

/// A colour of CIE L*a*b* whose white is D50, as sRGB (ISO 13655's D50; Bradford's adaptation to
/// D65 and sRGB's primaries, IEC 61966-2-1, are in the matrix).
pub(super) fn of_lab([light, a, b]: [f32; 3]) -> [u8; 3] {
    const WHITE: [f32; 3] = [0.964_22, 1.0, 0.825_21];
    const TO_LINEAR: [[f32; 3]; 3] = [
        [3.133_856, -1.616_867, -0.490_615],
        [-0.978_768, 1.916_142, 0.033_454],
        [0.071_945, -0.228_991, 1.405_243],
    ];
    let y = (light + 16.0) / 116.0;
    let cube = |f: f32| {
        if f > 6.0 / 29.0 {
            f * f * f
        } else {
            (f - 4.0 / 29.0) * 3.0 * (6.0_f32 / 29.0).powi(2)
        }
    };
    let whole = [y + a / 500.0, y, y - b / 200.0].map(cube);
    let xyz = [0, 1, 2].map(|at| whole[at] * WHITE[at]);
    TO_LINEAR.map(|row| encoded(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(profile: &ColorProfile, pixel: [u8; 3]) -> [u8; 3] {
        let raster = Raster {
            width: 1,
            height: 1,
            alpha: false,
            pixels: pixel.to_vec(),
        };
        let icc = profile.encode().expect("profile");
        Colours::default()
            .convert(raster, Some(&icc))
            .pixels
            .try_into()
            .expect("pixel")
    }

    #[test]
    fn wide_colours_become_srgb() {
        // Display P3 (234, 51, 35) is sRGB red (CSS Color 4, its sample conversions:
        // color(display-p3 0.9175 0.2003 0.1386)).
        let red = one(&ColorProfile::new_display_p3(), [234, 51, 35]);
        assert!(red[0] >= 254 && red[1] <= 3 && red[2] <= 3, "{red:?}");
        // Adobe RGB (219, 0, 0) is sRGB red, too.
        let red = one(&ColorProfile::new_adobe_rgb(), [219, 0, 0]);
        assert!(red[0] >= 253 && red[1] <= 3 && red[2] <= 3, "{red:?}");
    }

    #[test]
    fn srgb_and_nonsense_change_nothing() {
        assert_eq!(
            one(&ColorProfile::new_srgb(), [12, 130, 250]),
            [12, 130, 250]
        );
        let raster = Raster {
            width: 1,
            height: 1,
            alpha: false,
            pixels: vec![1, 2, 3],
        };
        assert_eq!(
            Colours::default()
                .convert(raster, Some(b"no profile"))
                .pixels,
            [1, 2, 3]
        );
    }

    #[test]
    fn grey_follows_its_curve() {
        let linear = ColorProfile::new_gray_with_gamma(1.0);
        let [r, g, b] = one(&linear, [55, 55, 55]);
        assert!(
            r == g && g == b && r.abs_diff(128) <= 2,
            "{r}: a linear 0.216 is a middle grey in sRGB"
        );
    }

    #[test]
    fn ink_without_a_profile_looks_printed() {
        assert_eq!(press(0, 0, 0, 0), [255; 3]);
        assert!(press(0, 0, 0, 255).iter().all(|channel| *channel < 60));
        let [r, g, b] = press(255, 0, 0, 0);
        assert!(r < 40 && g > 140 && b > 200, "cyan");
    }
}
