//! What the benchmarks measure with besides the programs themselves: the scaled JPEG decode alone,
//! one picture in memory, the score of finished variants.

mod quality;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};
use image::{DynamicImage, RgbImage, metadata::Orientation};
use tintype_core::content::Codec;
use tintype_core::imaging::{Renderer, Source};
use tintype_core::metadata;
use tintype_core::settings::Limits;
use tintype_core::variant::Variant;
use turbojpeg::{Decompressor, PixelFormat, ScalingFactor};

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "decode THREADS FILE… | one FILE ROUNDS SPEC | score PHOTOS OUT WxH… | \
     try FILE SPEC… | quality PHOTOS | curves PHOTOS";

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["decode", threads, files @ ..] => decode_alone(threads.parse()?, files),
        ["one", file, rounds, spec] => one(Path::new(file), rounds.parse()?, spec),
        ["score", photos, out, sizes @ ..] => score(Path::new(photos), Path::new(out), sizes),
        ["try", file, specs @ ..] => try_out(Path::new(file), specs),
        ["quality", photos] => quality::beside_fixed(Path::new(photos)),
        ["curves", photos] => quality::curves(Path::new(photos)),
        _ => Err(USAGE.into()),
    }
}

/// Decodes every JPEG at the scale that 800x600 needs, and does nothing with it: the distance to
/// what is possible.
fn decode_alone(threads: usize, files: &[&str]) -> Result {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || -> Result {
            let mut decoder = Decompressor::new()?;
            let mut pixels = Vec::new();
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let bytes = std::fs::read(file)?;
                let header = decoder.read_header(&bytes)?;
                let upright = metadata::orientation(&bytes, Codec::Jpeg) < 5;
                let (width, height) = if upright {
                    (header.width, header.height)
                } else {
                    (header.height, header.width)
                };
                let fits =
                    |denominator: &usize| width >= 800 * denominator && height >= 600 * denominator;
                let factor = ScalingFactor::new(1, [8, 4, 2].into_iter().find(fits).unwrap_or(1));
                decoder.set_scaling_factor(factor)?;
                let scaled = header.scaled(factor);
                pixels.resize(scaled.width * scaled.height * 3, 0);
                let image = turbojpeg::Image {
                    pixels: pixels.as_mut_slice(),
                    width: scaled.width,
                    pitch: scaled.width * 3,
                    height: scaled.height,
                    format: PixelFormat::RGB,
                };
                decoder.decompress(&bytes, image)?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })
}

/// One picture in memory, one thread: prints the median of milliseconds.
fn one(file: &Path, rounds: usize, spec: &str) -> Result {
    let bytes = std::fs::read(file)?;
    let codec = if bytes.starts_with(b"\x89PNG") {
        Codec::Png
    } else {
        Codec::Jpeg
    };
    let variants = [spec.parse::<Variant>()?];
    let mut renderer = Renderer::new(Limits::default());
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        renderer.render(
            Source {
                file: &bytes,
                codec,
                orientation: 1,
            },
            &variants,
        )?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    print(&times[times.len() / 2].to_string());
    Ok(())
}

/// Variants tried on one picture as by somebody who moves a slider: milliseconds, bytes and score of
/// each in turn.
fn try_out(file: &Path, specs: &[&str]) -> Result {
    let bytes = std::fs::read(file)?;
    let mut renderer = Renderer::new(Limits::default());
    for spec in specs {
        let variant = spec.parse::<Variant>()?;
        let start = Instant::now();
        let source = Source {
            file: &bytes,
            codec: Codec::Jpeg,
            orientation: metadata::orientation(&bytes, Codec::Jpeg),
        };
        let made = renderer.try_out(source, &variant)?;
        print(&format!(
            "{:6.1} ms  {:7} bytes  score {:?}  {spec}",
            start.elapsed().as_secs_f64() * 1000.0,
            made.bytes.len(),
            made.worth.score,
        ));
    }
    Ok(())
}

/// Mean SSIMULACRA2 of every variant against a full decode resized by Lanczos3 in gamma space, as
/// JSON by size.
fn score(photos: &Path, out: &Path, sizes: &[&str]) -> Result {
    let made: Vec<PathBuf> = std::fs::read_dir(out)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let mut report = serde_json::Map::new();
    let mut sums = vec![(0.0, 0.0); sizes.len()];
    for photo in std::fs::read_dir(photos)? {
        let photo = photo?.path();
        let stem = photo
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let variant = |size: &str| {
            made.iter().find(|path| {
                path.file_stem()
                    .is_some_and(|name| name.to_string_lossy() == format!("{stem}_{size}"))
            })
        };
        if !sizes.iter().any(|size| variant(size).is_some()) {
            continue;
        }
        let full = upright(&photo)?;
        for (size, sum) in sizes.iter().zip(&mut sums) {
            let Some(path) = variant(size) else { continue };
            let made = open(path)?;
            let reference = covered(&full, made.width(), made.height())?;
            sum.0 += compare(&reference, &made)?;
            sum.1 += 1.0;
        }
    }
    for (size, (sum, count)) in sizes.iter().zip(sums) {
        report.insert((*size).to_owned(), serde_json::json!(sum / count));
    }
    print(&serde_json::to_string(&report)?);
    Ok(())
}

fn upright(photo: &Path) -> Result<RgbImage> {
    let bytes = std::fs::read(photo)?;
    let codec = if bytes.starts_with(b"\x89PNG") {
        Codec::Png
    } else {
        Codec::Jpeg
    };
    let mut image = match codec {
        Codec::Jpeg => {
            let turbojpeg::Image {
                pixels,
                width,
                height,
                ..
            } = turbojpeg::decompress(&bytes, PixelFormat::RGB)?;
            let image = RgbImage::from_raw(u32::try_from(width)?, u32::try_from(height)?, pixels)
                .ok_or("pixels")?;
            DynamicImage::ImageRgb8(image)
        }
        _ => image::load_from_memory(&bytes)?,
    };
    let orientation = Orientation::from_exif(metadata::orientation(&bytes, codec));
    image.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    Ok(on_white(&image))
}

fn open(path: &Path) -> Result<RgbImage> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    Ok(on_white(&opened(&std::fs::read(path)?, &extension)?))
}

fn opened(bytes: &[u8], format: &str) -> Result<DynamicImage> {
    if format != "avif" {
        return Ok(image::load_from_memory(bytes)?);
    }
    let picture = tintype_avif::decode(bytes, 1 << 28)?;
    let rgba = image::RgbaImage::from_raw(picture.width, picture.height, picture.rgba.eight());
    Ok(DynamicImage::ImageRgba8(rgba.ok_or("pixels")?))
}

fn on_white(image: &DynamicImage) -> RgbImage {
    let rgba = image.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        image::Rgb([r, g, b].map(|value| {
            let mixed = (u32::from(value) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        }))
    })
}

fn covered(full: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    let from = ImageRef::new(full.width(), full.height(), full.as_raw(), PixelType::U8x3)?;
    let mut to = Image::new(width, height, PixelType::U8x3);
    Resizer::new().resize(
        &from,
        &mut to,
        &ResizeOptions::new().fit_into_destination(Some((0.5, 0.5))),
    )?;
    Ok(RgbImage::from_raw(width, height, to.into_vec()).ok_or("pixels")?)
}

fn compare(reference: &RgbImage, made: &RgbImage) -> Result<f64> {
    let (width, height) = made.dimensions();
    let row = width as usize * 3;
    let reference = PixelSlice::new(
        reference.as_raw(),
        width,
        height,
        row,
        PixelDescriptor::RGB8_SRGB,
    )
    .map_err(|error| error.to_string())?;
    let made = PixelSlice::new(
        made.as_raw(),
        width,
        height,
        row,
        PixelDescriptor::RGB8_SRGB,
    )
    .map_err(|error| error.to_string())?;
    Ok(compute_ssimulacra2(&reference, &made)?)
}

fn print(line: &str) {
    use std::io::Write as _;
    // Whoever measures reads it, or nobody does.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
