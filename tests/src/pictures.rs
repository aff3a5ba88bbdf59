//! Pictures drawn by code, with what a camera writes: orientation, time, place.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use turbojpeg::Subsamp;

/// What the camera wrote.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    /// EXIF orientation, 1 to 8.
    pub orientation: u16,
    /// `YYYY:MM:DD HH:MM:SS`
    pub captured: &'static str,
    /// Writes a place, too.
    pub gps: bool,
}

/// A landscape: sky, sun, hills, some grain. Every seed gives another one.
pub fn landscape(width: u32, height: u32, seed: u32) -> RgbImage {
    let (w, h) = (width as f32, height as f32);
    let hue = (seed % 7) as f32 / 7.0;
    let sun = (
        w * (0.2 + 0.6 * ((seed * 37 % 100) as f32 / 100.0)),
        h * 0.28,
        h * 0.09,
    );
    let mut grain = seed.wrapping_mul(2_654_435_761) | 1;
    RgbImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let hill = |base: f32, size: f32, waves: f32| {
            h * base
                + h * size
                    * ((fx / w * waves + seed as f32).sin() + 0.4 * (fx / w * waves * 2.7).sin())
        };
        let colour = if fy > hill(0.82, 0.04, 9.0) {
            [52.0, 66.0 + 30.0 * hue, 40.0]
        } else if fy > hill(0.62, 0.08, 5.0) {
            [88.0, 104.0, 92.0 + 40.0 * hue]
        } else if (fx - sun.0).hypot(fy - sun.1) < sun.2 {
            [255.0, 244.0, 214.0]
        } else {
            let t = fy / (h * 0.7);
            [
                120.0 + 120.0 * t,
                160.0 + 50.0 * t * (1.0 - hue),
                214.0 - 80.0 * t * hue,
            ]
        };
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let noise = (grain % 13) as f32 - 6.0;
        Rgb(colour.map(|value: f32| (value + noise).clamp(0.0, 255.0) as u8))
    })
}

/// A JPEG file, with EXIF if a camera is given.
pub fn jpeg(picture: &RgbImage, camera: Option<Camera>) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let image = turbojpeg::Image {
        pixels: picture.as_raw().as_slice(),
        width,
        pitch: width * 3,
        height,
        format: turbojpeg::PixelFormat::RGB,
    };
    let plain = turbojpeg::compress(image, 88, Subsamp::Sub2x2)
        .expect("encodes")
        .to_vec();
    let Some(camera) = camera else { return plain };
    let exif = exif(camera);
    let length = u16::try_from(exif.len() + 2).expect("small").to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
}

/// A file of another format.
pub fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.clone())
        .write_to(&mut out, format)
        .expect("encodes");
    out.into_inner()
}

/// A drawing of layers of noise: minutes of work in a few lines.
pub fn slow_drawing(folder: &Path) -> PathBuf {
    let noise = "<filter id='n' width='1' height='1'><feTurbulence baseFrequency='.01' numOctaves='9'/></filter>";
    let layers = "<rect width='3000' height='3000' filter='url(#n)'/>".repeat(50);
    let start = "<svg xmlns='http://www.w3.org/2000/svg' width='3000' height='3000'>";
    crate::files::write(folder, "slow.svg", format!("{start}{noise}{layers}</svg>"))
}

/// What no codec makes smaller.
pub fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb([(); 3].map(|()| {
            // The numbers of Numerical Recipes' quick generator; its upper bits are the good ones.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    })
}

/// An EXIF block, big-endian, as in CIPA DC-008: IFD0 with orientation and two sub-IFDs, for time
/// and place.
fn exif(camera: Camera) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            &tag.to_be_bytes()[..],
            &kind.to_be_bytes(),
            &count.to_be_bytes(),
            &value,
        ]
        .concat()
    };
    let entries: u16 = if camera.gps { 3 } else { 2 };
    let exif_ifd = 8 + 2 + u32::from(entries) * 12 + 4;
    let captured_at = exif_ifd + 2 + 12 + 4;
    let gps_ifd = captured_at + 20;
    tiff.extend(entries.to_be_bytes());
    let [high, low] = camera.orientation.to_be_bytes();
    tiff.extend(entry(0x0112, 3, 1, [high, low, 0, 0]));
    tiff.extend(entry(0x8769, 4, 1, exif_ifd.to_be_bytes()));
    if camera.gps {
        tiff.extend(entry(0x8825, 4, 1, gps_ifd.to_be_bytes()));
    }
    tiff.extend([0; 4]);
    tiff.extend(1_u16.to_be_bytes());
    tiff.extend(entry(0x9003, 2, 20, captured_at.to_be_bytes()));
    tiff.extend([0; 4]);
    tiff.extend(camera.captured.as_bytes());
    tiff.push(0);
    if camera.gps {
        let degrees = gps_ifd + 2 + 2 * 12 + 4;
        tiff.extend(2_u16.to_be_bytes());
        tiff.extend(entry(0x0001, 2, 2, *b"N\0\0\0"));
        tiff.extend(entry(0x0002, 5, 3, degrees.to_be_bytes()));
        tiff.extend([0; 4]);
        for (over, under) in [(41_u32, 1_u32), (53, 1), (2500, 100)] {
            tiff.extend(over.to_be_bytes());
            tiff.extend(under.to_be_bytes());
        }
    }
    [b"Exif\0\0".as_slice(), &tiff].concat()
}

/// An upright picture as a camera held that way stores it.
fn as_stored(upright: RgbImage, orientation: u16) -> RgbImage {
    // Turning left is undone by turning right; the others undo themselves.
    let undone = match orientation {
        6 => 8,
        8 => 6,
        other => u8::try_from(other).expect("1 to 8"),
    };
    let mut picture = DynamicImage::ImageRgb8(upright);
    picture.apply_orientation(image::metadata::Orientation::from_exif(undone).expect("1 to 8"));
    picture.into_rgb8()
}

/// Some photographs as a camera would leave them: turned, with place, and one PNG among them.
pub fn samples(folder: &Path) -> Vec<PathBuf> {
    let taken = |width, height, seed, orientation, gps| {
        let camera = Camera {
            orientation,
            captured: "2026:07:04 18:30:00",
            gps,
        };
        jpeg(
            &as_stored(landscape(width, height, seed), orientation),
            Some(camera),
        )
    };
    let mut files = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("the folder can be written to");
        files.push(path);
    };
    add("Rome at noon.jpg", taken(2400, 1600, 1, 1, true));
    add("Rome, upright.jpg", taken(1600, 2400, 2, 6, true));
    add("upside down.jpg", taken(1600, 1200, 3, 3, false));
    add("mirrored.jpg", taken(1600, 1200, 4, 2, false));
    add(
        "screenshot.png",
        encoded(&landscape(1280, 800, 5), ImageFormat::Png),
    );
    files
}
