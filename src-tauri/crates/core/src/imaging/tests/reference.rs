//! Colours compared with an independent colour engine, Little CMS, over the whole of each space: the
//! mean CIEDE2000 difference is at most 1, which nobody sees.

use lcms2::{
    CIELab, CIELabExt as _, CIExyY, CIExyYTRIPLE, Intent, PixelFormat, Profile, ToneCurve,
    Transform,
};

use super::tiffs::{fields, tiff};
use super::*;

/// 0 to 255 in nine steps.
const STEPS: [u8; 9] = [0, 32, 64, 96, 128, 160, 192, 224, 255];

/// Every mixture of nine steps of three, 27 to a row.
fn mixtures() -> Vec<[u8; 3]> {
    let step = |n: usize| STEPS[n % 9];
    (0..729)
        .map(|n| [step(n / 81), step(n / 9), step(n)])
        .collect()
}

fn picture() -> RgbImage {
    let pixels = mixtures().concat();
    RgbImage::from_raw(27, 27, pixels).expect("27 x 27")
}

/// Of PNG, with chunks behind its header.
fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let plain = encoded(&DynamicImage::ImageRgb8(picture()), ImageFormat::Png);
    let told = chunks
        .iter()
        .flat_map(|(kind, data)| container::png::chunk(kind, data).expect("chunk"));
    [&plain[..33], &told.collect::<Vec<_>>(), &plain[33..]].concat()
}

fn with_profile(icc: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    image::ImageEncoder::set_icc_profile(&mut encoder, icc.to_vec()).expect("profile");
    picture().write_with_encoder(encoder).expect("encodes");
    file
}

fn shown(file: &[u8]) -> Vec<[u8; 3]> {
    let made = render_as(file, 1, &["v=27x27:cover:png"]).expect("renders");
    made[0]
        .pixels()
        .map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]])
        .collect()
}

fn point(x: f64, y: f64) -> CIExyY {
    CIExyY { x, y, Y: 1.0 }
}

const D65: (f64, f64) = (0.3127, 0.3290);
const P3: [(f64, f64); 3] = [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)];
const BT2020: [(f64, f64); 3] = [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046)];
const BT709: [(f64, f64); 3] = [(0.640, 0.330), (0.300, 0.600), (0.150, 0.060)];

/// A space by its colours and curve.
fn space(colours: [(f64, f64); 3], curve: &ToneCurve) -> Profile {
    let [red, green, blue] = colours.map(|(x, y)| point(x, y));
    let primaries = CIExyYTRIPLE {
        Red: red,
        Green: green,
        Blue: blue,
    };
    Profile::new_rgb(&point(D65.0, D65.1), &primaries, &[curve; 3]).expect("profile")
}

/// sRGB's curve (IEC 61966-2-1) as Little CMS writes it.
fn srgb_curve() -> ToneCurve {
    let numbers = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];
    ToneCurve::new_parametric(4, &numbers).expect("curve")
}

/// What Little CMS shows of those numbers.
fn expected<T: lcms2::Pod>(numbers: &[T], profile: &Profile, format: PixelFormat) -> Vec<[u8; 3]> {
    let srgb = Profile::new_srgb();
    let transform: Transform<T, [u8; 3]> = Transform::new(
        profile,
        format,
        &srgb,
        PixelFormat::RGB_8,
        Intent::RelativeColorimetric,
    )
    .expect("transform");
    let mut out = vec![[0; 3]; numbers.len()];
    transform.transform_pixels(numbers, &mut out);
    out
}

/// CIE L*a*b* with D50 as its white.
fn lab_space() -> Profile {
    let white = point(0.345_7, 0.358_5);
    Profile::new_lab4_context(lcms2::GlobalContext::new(), &white).expect("Lab")
}

fn lab(pixels: &[[u8; 3]]) -> Vec<CIELab> {
    let (srgb, intent) = (Profile::new_srgb(), Intent::RelativeColorimetric);
    let transform: Transform<[u8; 3], [f64; 3]> = Transform::new(
        &srgb,
        PixelFormat::RGB_8,
        &lab_space(),
        PixelFormat::Lab_DBL,
        intent,
    )
    .expect("transform");
    let mut out = vec![[0.0; 3]; pixels.len()];
    transform.transform_pixels(pixels, &mut out);
    out.into_iter()
        .map(|[light, a, b]| CIELab { L: light, a, b })
        .collect()
}

/// CIEDE2000 differences of two pictures, the mean and what only one pixel in twenty exceeds.
fn difference(seen: &[[u8; 3]], expected: &[[u8; 3]]) -> (f64, f64) {
    assert_eq!(seen.len(), expected.len());
    let pairs = lab(seen).into_iter().zip(lab(expected));
    let all = pairs.map(|(seen, expected)| seen.cie2000_delta_e(&expected, 1.0, 1.0, 1.0));
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "some hundred pixels")]
    let count = all.len() as f64;
    (all.iter().sum::<f64>() / count, all[all.len() * 19 / 20])
}

fn compare(what: &str, file: &[u8], expected: &[[u8; 3]]) {
    let (mean, most) = difference(&shown(file), expected);
    assert!(
        mean <= 1.0 && most <= 3.0,
        "{what}: the mean difference is {mean:.2}, one pixel in twenty is off by {most:.2}"
    );
}

#[test]
fn profiles_of_three_colours_are_followed() {
    for (name, profile) in [
        ("Display P3", moxcms::ColorProfile::new_display_p3()),
        ("Adobe RGB", moxcms::ColorProfile::new_adobe_rgb()),
        ("ProPhoto RGB", moxcms::ColorProfile::new_pro_photo_rgb()),
        ("BT.2020", moxcms::ColorProfile::new_bt2020()),
    ] {
        let icc = profile.encode().expect("profile");
        let own = Profile::new_icc(&icc).expect("profile");
        let wanted = expected(&mixtures(), &own, PixelFormat::RGB_8);
        compare(name, &with_profile(&icc), &wanted);
    }
}

#[test]
fn code_points_and_gammas_are_followed() {
    let gamma = |exponent: f64| ToneCurve::new(exponent);
    let number = |value: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small"
        )]
        let whole = (value * 100_000.0).round() as u32;
        whole.to_be_bytes()
    };
    let colours = |all: [(f64, f64); 3]| {
        let points = [D65, all[0], all[1], all[2]];
        points
            .map(|(x, y)| [number(x), number(y)].concat())
            .concat()
    };
    let (linear, dark) = (number(1.0), number(1.0 / 1.8));
    for (name, chunks, profile) in [
        (
            "cICP P3",
            vec![(b"cICP", vec![12, 13, 0, 1])],
            space(P3, &srgb_curve()),
        ),
        (
            "cICP BT.2020",
            vec![(b"cICP", vec![9, 13, 0, 1])],
            space(BT2020, &srgb_curve()),
        ),
        (
            "cICP linear",
            vec![(b"cICP", vec![1, 8, 0, 1])],
            space(BT709, &gamma(1.0)),
        ),
        (
            "gAMA 1",
            vec![(b"gAMA", linear.to_vec())],
            space(BT709, &gamma(1.0)),
        ),
        (
            "gAMA 1/1.8, cHRM P3",
            vec![(b"gAMA", dark.to_vec()), (b"cHRM", colours(P3))],
            space(P3, &gamma(1.8)),
        ),
    ] {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|(kind, data)| (*kind, data.as_slice()))
            .collect();
        let wanted = expected(&mixtures(), &profile, PixelFormat::RGB_8);
        compare(name, &png(&chunks), &wanted);
    }
}

#[test]
fn an_avif_of_linear_light_is_followed() {
    let pixels = mixtures().concat();
    let options = tintype_avif::Options {
        quality: 100,
        ..tintype_avif::Options::default()
    };
    let mut file = tintype_avif::encode(&pixels, (27, 27), false, options).expect("encodes");
    let plain = shown(&file);
    // The curve, behind the box's kind and the primaries.
    let at = file
        .windows(4)
        .position(|four| four == b"nclx")
        .expect("code points")
        + 6;
    file[at..at + 2].copy_from_slice(&[0, 8]);

    // What the encoder lost is no fault of the colours: it is in `plain`, too.
    let wanted = expected(
        &plain,
        &space(BT709, &ToneCurve::new(1.0)),
        PixelFormat::RGB_8,
    );
    compare("AVIF of linear light", &file, &wanted);
}

#[test]
fn greys_follow_their_curve() {
    let profile = Profile::new_gray(&point(D65.0, D65.1), &ToneCurve::new(1.8)).expect("profile");
    let icc = profile.icc().expect("bytes");
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    image::ImageEncoder::set_icc_profile(&mut encoder, icc).expect("profile");
    let shade = |x, y| u8::try_from((y * 27 + x) % 256).expect("a byte");
    let picture = image::GrayImage::from_fn(27, 27, |x, y| image::Luma([shade(x, y)]));
    picture.write_with_encoder(encoder).expect("encodes");

    let wanted = expected(picture.as_raw(), &profile, PixelFormat::GRAY_8);
    compare("grey", &file, &wanted);
}

/// A press as simple as can be, as an ICC profile: inks to CIE L*a*b* by a table of nine steps each
/// (ICC.1:2022, 10.10).
fn press() -> Vec<u8> {
    let short = |value: u16| value.to_be_bytes();
    let word = |value: u32| value.to_be_bytes();
    let whole = [short(0), short(u16::MAX)].concat();
    let mut table = [&b"mft2"[..], &word(0), &[4, 3, 9, 0]].concat();
    for n in 0..9 {
        table.extend(word(if n % 4 == 0 { 0x1_0000 } else { 0 }));
    }
    table.extend([short(2), short(2)].concat());
    table.extend(whole.repeat(4));
    let left = |n: usize| 255 - u32::from(STEPS[n % 9]);
    let paper = (0..9 * 729).map(|n: usize| {
        let (light, inks) = (left(n), [n / 729, n / 81, n / 9].map(left));
        inks.map(|ink| u8::try_from(ink * light / 255).expect("a byte"))
    });
    let paper: Vec<[u8; 3]> = paper.collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range"
    )]
    let number = |value: f64| short(value.round().clamp(0.0, 65_535.0) as u16);
    for colour in lab(&paper) {
        table.extend(number(colour.L * 652.8));
        table.extend(number((colour.a + 128.0) * 256.0));
        table.extend(number((colour.b + 128.0) * 256.0));
    }
    table.extend(whole.repeat(3));
    table.resize(table.len().next_multiple_of(4), 0);

    let white = [
        &b"XYZ \0\0\0\0"[..],
        &word(0xf6d6),
        &word(0x1_0000),
        &word(0xd32d),
    ]
    .concat();
    let name = [&b"desc\0\0\0\0"[..], &word(6), b"press\0", &[0; 78 + 4]].concat();
    let rights = b"text\0\0\0\0nobody's\0\0\0\0".to_vec();
    let tags = [
        (b"desc", name),
        (b"cprt", rights),
        (b"wtpt", white),
        (b"A2B0", table),
    ];
    let mut out = vec![0; 128];
    out[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    out[12..24].copy_from_slice(b"prtrCMYKLab ");
    out[36..40].copy_from_slice(b"acsp");
    out[68..80].copy_from_slice(&[word(0xf6d6), word(0x1_0000), word(0xd32d)].concat());
    let small = |length: usize| u32::try_from(length).expect("small");
    let mut at = 128 + 4 + tags.len() * 12;
    out.extend(word(small(tags.len())));
    for (kind, data) in &tags {
        out.extend(*kind);
        out.extend([word(small(at)), word(small(data.len()))].concat());
        at += data.len();
    }
    out.extend(tags.iter().flat_map(|(_, data)| data.clone()));
    let length = word(small(out.len()));
    out[..4].copy_from_slice(&length);
    out
}

#[test]
fn inks_follow_their_profile() {
    let icc = press();
    let profile = Profile::new_icc(&icc).expect("profile");
    // Black in three steps along each row of nine.
    let inks: Vec<[u8; 4]> = (0..729)
        .map(|n: usize| {
            let [c, m, y] = mixtures()[n];
            [c, m, y, [0, 60, 140][n % 3]]
        })
        .collect();
    let wanted = expected(&inks, &profile, PixelFormat::CMYK_8);

    let mut told = fields((27, 27), &[8; 4], 5);
    told.push((34_675, 7, icc.iter().map(|byte| u32::from(*byte)).collect()));
    compare("TIFF of inks", &tiff(&told, &inks.concat(), 0), &wanted);
}

#[test]
fn lightness_and_differences_follow_the_formula() {
    let all: Vec<[u8; 3]> = mixtures();
    let lab = all.iter().map(|[light, a, b]| {
        [
            f64::from(*light) / 2.55,
            f64::from(*a) - 128.0,
            f64::from(*b) - 128.0,
        ]
    });
    let lab: Vec<[f64; 3]> = lab.collect();
    let wanted = expected(&lab, &lab_space(), PixelFormat::Lab_DBL);
    // CIE L*a*b*: differences are signed.
    let stored: Vec<u8> = all
        .iter()
        .flat_map(|[light, a, b]| [*light, a.wrapping_sub(128), b.wrapping_sub(128)])
        .collect();
    let file = tiff(&fields((27, 27), &[8; 3], 8), &stored, 0);
    compare("TIFF of lightness", &file, &wanted);
}
