//! Watermarks: a picture or a line of text, laid over a finished variant.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::colour::Colours;
use super::decode::{self, Decoded};
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

/// Marks that are kept.
const MOST: usize = 8;

/// Pictures that are laid over others, decoded once for as long as they stay as they are.
#[derive(Default)]
pub(super) struct Marks {
    known: HashMap<PathBuf, (Stamp, Raster)>,
    colours: Colours,
}

/// A file as it was read: bytes, and when it was written.
type Stamp = (u64, Option<SystemTime>);

impl Marks {
    pub(super) fn lay_over(
        &mut self,
        raster: &mut Raster,
        mark: &Watermark,
        resizing: &mut Resizing,
        limits: Limits,
    ) -> Result<()> {
        let width = pixels(f64::from(raster.width) * f64::from(mark.size) / 100.0);
        let drawn = match &mark.what {
            Mark::Text(line) => decode::text(line, width, limits)?.ok_or_else(|| {
                Error::new(
                    Code::WatermarkMissing,
                    format!("no font on this computer has the letters of the watermark \"{line}\""),
                )
                .hint("install a font that has them, or use a picture as the watermark")
            })?,
            Mark::Picture(path) => {
                let whole = self.picture(path, limits)?;
                // As wide as it is meant to be, but no higher than the picture.
                let shape = f64::from(whole.height) / f64::from(whole.width);
                let width = width.min(pixels(f64::from(raster.height) / shape));
                let height = pixels(f64::from(width) * shape).min(raster.height);
                resizing.whole(whole, (width, height), false)?
            }
        };
        place(raster, drawn, mark);
        Ok(())
    }

    fn picture(&mut self, path: &Path, limits: Limits) -> Result<&Raster> {
        let read = std::fs::metadata(path);
        let stamp = read
            .map(|meta| (meta.len(), meta.modified().ok()))
            .map_err(|error| unusable(path, &Error::from_io(&error, path)))?;
        if self
            .known
            .get(path)
            .is_none_or(|(known, _)| *known != stamp)
        {
            let decoded = picture(path, limits)?;
            if self.known.len() >= MOST {
                self.known.clear();
            }
            let raster = self
                .colours
                .convert(decoded.raster, decoded.profile.as_deref());
            self.known.insert(path.to_owned(), (stamp, raster));
        }
        match self.known.get(path) {
            Some((_, raster)) => Ok(raster),
            None => Err(unusable(
                path,
                &Error::new(Code::Internal, "it is gone again"),
            )),
        }
    }
}

/// Draws a mark where it is meant to be.
fn place(raster: &mut Raster, mut drawn: Raster, mark: &Watermark) {
    fade(&mut drawn, mark.opacity);
    let margin = pixels(f64::from(raster.width.min(raster.height)) * MARGIN);
    let (x, y) = mark.position.point();
    let at = |room: u32, at: f64| {
        let free = f64::from(room.saturating_sub(2 * margin));
        (pixels(free * at + 1.0) - 1) + margin.min(room)
    };
    let left = at(raster.width.saturating_sub(drawn.width), x);
    let top = at(raster.height.saturating_sub(drawn.height), y);
    raster.draw(&drawn, left, top);
}

fn unusable(path: &Path, error: &Error) -> Error {
    Error::new(
        Code::WatermarkMissing,
        format!(
            "the watermark {} cannot be used: {}",
            path.display(),
            error.message
        ),
    )
    .hint("put the picture back, or choose another one for the watermark")
}

fn picture(path: &Path, limits: Limits) -> Result<Decoded> {
    let about = |error: Error| unusable(path, &error);
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
