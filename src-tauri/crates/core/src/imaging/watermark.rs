//! Watermarks: a picture or a line of text, laid over a finished variant.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::colour::Colours;
use super::decode::{self, Decoded};
use super::picture::Source;
use super::plan::pixels;
use super::raster::Raster;
use super::resize::Resizing;
use crate::content::{self, Kind};
use crate::error::{Code, Error, Result};
use crate::regular;
use crate::settings::Limits;
use crate::variant::{Mark, Variant, Watermark};

/// Room to the edge, as a part of the variant's shorter side.
const MARGIN: f64 = 0.02;

/// Marks that are kept.
const MOST: usize = 8;

/// A mark's file has no more bytes than that.
const LARGEST: u64 = 32 << 20;

/// The file of a mark, read by who may read files.
#[derive(Debug, Clone)]
pub struct MarkFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes, or why there are none.
    pub read: Result<Bytes>,
}

/// The files of the pictures that these variants are marked with. Blocks.
pub fn mark_files(variants: &[Variant]) -> Vec<MarkFile> {
    let marks = variants
        .iter()
        .filter_map(|variant| variant.watermark.as_ref());
    let mut paths: Vec<&PathBuf> = marks
        .filter_map(|mark| match &mark.what {
            Mark::Picture(path) => Some(path),
            Mark::Text(_) => None,
        })
        .collect();
    paths.sort();
    paths.dedup();
    let read = |path: &Path| {
        let mut bytes = Vec::new();
        let read = regular::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
        read.map_err(|error| Error::from_io(&error, path))?;
        Ok(bytes.into())
    };
    paths
        .into_iter()
        .map(|path| MarkFile {
            read: read(path),
            path: path.clone(),
        })
        .collect()
}

/// Pictures that are laid over others, decoded once for as long as they stay as they are.
#[derive(Default)]
pub(super) struct Marks {
    given: HashMap<PathBuf, Result<Bytes>>,
    known: HashMap<PathBuf, (u64, Raster)>,
    colours: Colours,
}

impl Marks {
    /// The file of a mark, as it is now.
    pub(super) fn give(&mut self, mark: MarkFile) {
        if self.given.len() >= MOST {
            self.given.clear();
        }
        self.given.insert(mark.path, mark.read);
    }

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
        let file = match self.given.get(path) {
            Some(Ok(file)) => file.clone(),
            Some(Err(error)) => return Err(unusable(path, error)),
            None => return Err(unusable(path, &gone())),
        };
        let stamp = {
            let mut hasher = DefaultHasher::new();
            file.hash(&mut hasher);
            hasher.finish()
        };
        if self
            .known
            .get(path)
            .is_none_or(|(known, _)| *known != stamp)
        {
            let decoded = picture(path, &file, limits)?;
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
            None => Err(unusable(path, &gone())),
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

fn gone() -> Error {
    Error::new(Code::FileMissing, "it was not given")
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

fn picture(path: &Path, file: &[u8], limits: Limits) -> Result<Decoded> {
    let about = |error: Error| unusable(path, &error);
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
        file,
        codec,
        orientation: crate::metadata::orientation(file, codec),
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
