//! Watermarks: a picture or a line of text, laid over a finished variant.

use super::decode;
use super::picture::Source;
use super::plan::pixels;
use super::raster::Raster;
use super::resize::Resizing;
use crate::content::{self, Kind};
use crate::error::{Code, Error, Result};
use crate::settings::Limits;
use crate::variant::{Mark, Variant, Watermark};

/// Room to the edge, as a part of the variant's shorter side.
const MARGIN: f64 = 0.02;

pub(super) fn lay_over(
    raster: &mut Raster,
    mark: &Watermark,
    resizing: &mut Resizing,
    limits: Limits,
) -> Result<()> {
    let width = pixels(f64::from(raster.width) * f64::from(mark.size) / 100.0);
    let mut drawn = match &mark.what {
        Mark::Text(line) => decode::text(line, width, limits)?.ok_or_else(|| {
            Error::new(
                Code::WatermarkMissing,
                format!("no font on this computer has the letters of the watermark \"{line}\""),
            )
            .hint("install a font that has them, or use a picture as the watermark")
        })?,
        Mark::Picture(path) => {
            let whole = picture(path, limits)?;
            let height =
                pixels(f64::from(whole.height) * f64::from(width) / f64::from(whole.width));
            resizing.whole(&whole, (width, height.min(raster.height)), false)?
        }
    };
    fade(&mut drawn, mark.opacity);
    let margin = pixels(f64::from(raster.width.min(raster.height)) * MARGIN);
    let (x, y) = mark.position.point();
    let place = |room: u32, at: f64| {
        let free = f64::from(room.saturating_sub(2 * margin));
        (pixels(free * at + 1.0) - 1) + margin.min(room)
    };
    let left = place(raster.width.saturating_sub(drawn.width), x);
    let top = place(raster.height.saturating_sub(drawn.height), y);
    raster.draw(&drawn, left, top);
    Ok(())
}

fn picture(path: &std::path::Path, limits: Limits) -> Result<Raster> {
    let about = |error: Error| {
        Error::new(
            Code::WatermarkMissing,
            format!(
                "the watermark {} cannot be used: {}",
                path.display(),
                error.message
            ),
        )
        .hint("put the picture back, or choose another one for the watermark")
    };
    let file = std::fs::read(path).map_err(|error| about(Error::from_io(&error, path)))?;
    let name = path.to_string_lossy();
    let Kind::Image(codec) =
        content::sniff(&file[..file.len().min(content::SNIFF_LEN)], &name).kind
    else {
        return Err(about(Error::new(
            Code::ImageUnsupported,
            "it is no picture this version can decode",
        )));
    };
    let source = Source {
        file: &file,
        codec,
        orientation: crate::metadata::orientation(&file, codec),
    };
    let whole = Variant {
        fit: crate::variant::Fit::Inside,
        ..Variant::sized(2048, 2048)
    };
    decode::Decoder::default()
        .decode(source, &[whole], limits)
        .map(|decoded| decoded.raster)
        .map_err(about)
}

/// Makes every pixel let more through.
fn fade(raster: &mut Raster, percent: u8) {
    if !raster.alpha {
        raster.pixels = raster
            .pixels
            .chunks_exact(3)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect();
        raster.alpha = true;
    }
    for pixel in raster.pixels.chunks_exact_mut(4) {
        pixel[3] = u8::try_from(u32::from(pixel[3]) * u32::from(percent) / 100).unwrap_or(u8::MAX);
    }
}
