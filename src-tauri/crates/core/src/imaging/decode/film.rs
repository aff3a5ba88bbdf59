//! Pictures that follow each other in time: every frame whole, upright, one after the other.

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{
    AnimationDecoder as _, ColorType, Delay, DynamicImage, ImageDecoder as _, ImageResult, Rgba,
};
use jxl_oxide::{AllocTracker, EnumColourEncoding, JxlImage, JxlThreadPool, RenderingIntent};

use super::still::assemble;
use super::stored::{Stored, check, damaged, into_raster, unsupported};
use crate::container::{gif, png, riff};
use crate::content::Codec;
use crate::error::Result;
use crate::imaging::meaning::Meaning;
use crate::imaging::picture::Source;
use crate::imaging::raster::Raster;
use crate::settings::Limits;

/// The frames of a file, and how often they are played; 0: for ever.
pub(in crate::imaging) struct Film<'a> {
    pub(in crate::imaging) frames: Frames<'a>,
    pub(in crate::imaging) plays: u16,
}

type Frames<'a> = Box<dyn Iterator<Item = Result<(Raster, Delay)>> + 'a>;

impl<'a> Film<'a> {
    pub(in crate::imaging) fn of(source: Source<'a>, limits: Limits) -> Result<Self> {
        let Source {
            file,
            codec,
            orientation,
        } = source;
        let input = Cursor::new(file);
        let of_image = |frames: image::Frames<'a>| -> Frames<'a> {
            Box::new(frames.map(move |frame| by_image(frame, orientation)))
        };
        let broken = |error| damaged(&error);
        match codec {
            Codec::Gif => Ok(Self {
                frames: of_image(GifDecoder::new(input).map_err(broken)?.into_frames()),
                plays: gif::plays(file),
            }),
            Codec::Webp => {
                let mut decoder = WebPDecoder::new(input).map_err(broken)?;
                // What a frame leaves behind is cleared only if it is known to what. The decoder
                // does so in four bytes a pixel, which a picture without alpha does not have.
                if decoder.color_type().has_alpha() {
                    decoder.set_background_color(Rgba([0; 4])).map_err(broken)?;
                }
                Ok(Self {
                    frames: of_image(decoder.into_frames()),
                    plays: riff::plays(file),
                })
            }
            Codec::Png => Ok(Self {
                frames: of_image(
                    PngDecoder::new(input)
                        .and_then(PngDecoder::apng)
                        .map_err(broken)?
                        .into_frames(),
                ),
                plays: png::plays(file),
            }),
            Codec::Avif => avif(file, limits),
            Codec::Jxl => jxl(file, limits),
            _ => Err(unsupported(&"its frames")),
        }
    }
}

fn by_image(frame: ImageResult<image::Frame>, orientation: u8) -> Result<(Raster, Delay)> {
    let frame = frame.map_err(|error| damaged(&error))?;
    let delay = frame.delay();
    let image = DynamicImage::ImageRgba8(frame.into_buffer());
    let (raster, _) = Stored::whole(image, Meaning::Srgb, orientation).shown();
    Ok((raster, delay))
}

fn avif(file: &[u8], limits: Limits) -> Result<Film<'_>> {
    let frames = tintype_avif::frames(file, super::avif::most_pixels(limits));
    let frames = frames.map_err(|error| super::avif::refused(&error))?;
    let plays = u16::try_from(frames.plays()).unwrap_or(u16::MAX);
    let frames = frames.map(|frame| {
        let (picture, milliseconds) = frame.map_err(|error| super::avif::refused(&error))?;
        let (raster, _) = super::avif::stored(picture)?.shown();
        Ok((raster, Delay::from_numer_denom_ms(milliseconds, 1)))
    });
    Ok(Film {
        frames: Box::new(frames),
        plays,
    })
}

/// What all that a decoder holds may come to.
fn tracker(limits: Limits) -> AllocTracker {
    AllocTracker::with_limit(usize::try_from(limits.decode_bytes()).unwrap_or(usize::MAX))
}

/// Each frame as sRGB, by the decoder itself.
fn jxl(file: &[u8], limits: Limits) -> Result<Film<'_>> {
    let mut image = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(tracker(limits))
        .read(Cursor::new(file))
        .map_err(|error| damaged(&error))?;
    check(
        (image.width(), image.height()),
        // Four numbers with a point for each pixel, and as bytes.
        u64::from(image.width()) * u64::from(image.height()) * 20,
        limits,
    )?;
    let time = image.image_header().metadata.animation.as_ref();
    let time = time.map(|time| (time.num_loops, time.tps_numerator, time.tps_denominator));
    let (plays, ticks, seconds) = time.ok_or_else(|| unsupported(&"it has one frame"))?;
    image.request_color_encoding(EnumColourEncoding::srgb(RenderingIntent::Perceptual));
    let plays = u16::try_from(plays).unwrap_or(u16::MAX);
    let frames = (0..image.num_loaded_keyframes()).map(move |index| {
        let render = image.render_frame(index).map_err(|error| damaged(&error))?;
        let mut stream = render.stream();
        let (width, height, channels) = (stream.width(), stream.height(), stream.channels());
        let mut pixels = vec![0; (width * height * channels) as usize];
        stream.write_to_buffer::<u8>(&mut pixels);
        let kind = match channels {
            1 => ColorType::L8,
            2 => ColorType::La8,
            3 => ColorType::Rgb8,
            _ => ColorType::Rgba8,
        };
        let image = assemble(kind, width, height, pixels)
            .ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
        let milliseconds =
            u64::from(render.duration()) * 1000 * u64::from(seconds) / u64::from(ticks.max(1));
        let milliseconds = u32::try_from(milliseconds).unwrap_or(u32::MAX);
        let delay = Delay::from_numer_denom_ms(milliseconds, 1);
        Ok((into_raster(image), delay))
    });
    Ok(Film {
        frames: Box::new(frames),
        plays,
    })
}
