//! AVIF out.

use crate::{Error, bytes, check, out_of_memory, sys, too_large};

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// 0 (worst) to 100 (lossless).
    pub quality: u8,
    /// 0 (slowest) to 10 (fastest).
    pub speed: u8,
    /// Four by four colour samples instead of two by two.
    pub full_chroma: bool,
    /// Embedded as it is; without one the file says sRGB.
    pub icc: Option<&'a [u8]>,
    /// A TIFF structure, without the `Exif\0\0` before it.
    pub exif: Option<&'a [u8]>,
}

/// Encodes a picture of `width` × `height` pixels of three (RGB) or four (RGBA, not premultiplied)
/// bytes.
///
/// # Errors
/// Sizes that do not fit the pixels or AV1, and what libaom refuses.
pub fn encode(
    pixels: &[u8],
    size: (u32, u32),
    alpha: bool,
    options: Options<'_>,
) -> Result<Vec<u8>, Error> {
    let image = Image::of(pixels, size, alpha, options)?;
    let encoder = Encoder::new(options)?;
    encoder.add(&image, 1, sys::AVIF_ADD_IMAGE_FLAG_SINGLE)?;
    encoder.finish()
}

/// Pictures that follow each other in time, all of one size, with or without alpha.
pub struct Moving(Encoder);

impl Moving {
    /// `plays`: how often; 0: for ever.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(plays: u32, options: Options<'_>) -> Result<Self, Error> {
        let encoder = Encoder::new(options)?;
        encoder.plays(plays);
        Ok(Self(encoder))
    }

    /// Appends a whole picture, shown for so many milliseconds; see [`encode`].
    ///
    /// # Errors
    /// As [`encode`]; also for a picture that is unlike the first.
    pub fn push(
        &mut self,
        pixels: &[u8],
        size: (u32, u32),
        alpha: bool,
        milliseconds: u32,
    ) -> Result<(), Error> {
        let image = Image::of(pixels, size, alpha, Options::default())?;
        let shown = u64::from(milliseconds.max(1));
        self.0.add(&image, shown, sys::AVIF_ADD_IMAGE_FLAG_NONE)
    }

    /// The file.
    ///
    /// # Errors
    /// Without any picture; what libaom refuses.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        self.0.finish()
    }
}

struct Image(*mut sys::avifImage);

impl Image {
    fn new(width: u32, height: u32, full_chroma: bool) -> Result<Self, Error> {
        let format = if full_chroma {
            sys::AVIF_PIXEL_FORMAT_YUV444
        } else {
            sys::AVIF_PIXEL_FORMAT_YUV420
        };
        // SAFETY: plain numbers; null means that there is no memory.
        let raw = unsafe { sys::avifImageCreate(width, height, 8, format) };
        if raw.is_null() {
            Err(out_of_memory())
        } else {
            Ok(Self(raw))
        }
    }

    /// The pixels as brightness and colours.
    fn of(
        pixels: &[u8],
        (width, height): (u32, u32),
        alpha: bool,
        options: Options<'_>,
    ) -> Result<Self, Error> {
        let channels = if alpha { 4 } else { 3 };
        let row = width as usize * channels;
        if width == 0
            || height == 0
            || width > 65_536
            || height > 65_536
            || pixels.len() != row * height as usize
        {
            return Err(Error {
                message: format!("{} bytes are no {width} × {height} pixels", pixels.len()),
                too_large: false,
            });
        }
        let image = Image::new(width, height, options.full_chroma)?;
        image.describe(options)?;
        let rgb = sys::avifRGBImage {
            width,
            height,
            depth: 8,
            format: if alpha {
                sys::AVIF_RGB_FORMAT_RGBA
            } else {
                sys::AVIF_RGB_FORMAT_RGB
            },
            maxThreads: 1,
            // Only read from: the type has no const form.
            pixels: pixels.as_ptr().cast_mut(),
            rowBytes: u32::try_from(row).map_err(|_| too_large())?,
            ..sys::avifRGBImage::default()
        };
        // SAFETY: the image is live and of the same size; `pixels` has the rows checked above and is
        // only read.
        check(unsafe { sys::avifImageRGBToYUV(image.0, &raw const rgb) })?;
        Ok(image)
    }

    fn describe(&self, options: Options<'_>) -> Result<(), Error> {
        // SAFETY: live and ours alone.
        let image = unsafe { &mut *self.0 };
        image.yuvRange = sys::AVIF_RANGE_FULL;
        // sRGB with the matrix of BT.601, as every AVIF writer of photographs does.
        image.colorPrimaries = 1;
        image.transferCharacteristics = 13;
        image.matrixCoefficients = 6;
        if let Some(icc) = options.icc {
            image.colorPrimaries = 2;
            image.transferCharacteristics = 2;
            // SAFETY: the profile is copied before the call returns.
            check(unsafe { sys::avifImageSetProfileICC(self.0, icc.as_ptr(), icc.len()) })?;
        }
        if let Some(exif) = options.exif {
            // SAFETY: the metadata is copied before the call returns.
            check(unsafe { sys::avifImageSetMetadataExif(self.0, exif.as_ptr(), exif.len()) })?;
        }
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: came from avifImageCreate and is freed once.
        unsafe { sys::avifImageDestroy(self.0) };
    }
}

struct Encoder(*mut sys::avifEncoder);

impl Encoder {
    fn new(options: Options<'_>) -> Result<Self, Error> {
        // SAFETY: no arguments; null means that there is no memory.
        let raw = unsafe { sys::avifEncoderCreate() };
        if raw.is_null() {
            return Err(out_of_memory());
        }
        // SAFETY: live and ours alone.
        let encoder = unsafe { &mut *raw };
        encoder.maxThreads = 1;
        encoder.speed = i32::from(options.speed.min(10));
        encoder.quality = i32::from(options.quality.min(100));
        encoder.qualityAlpha = encoder.quality;
        Ok(Self(raw))
    }

    /// A thousand units of time a second, and how often all is played.
    fn plays(&self, plays: u32) {
        // SAFETY: live and ours alone.
        let encoder = unsafe { &mut *self.0 };
        encoder.timescale = 1000;
        encoder.repetitionCount = plays
            .checked_sub(1)
            .map_or(sys::AVIF_REPETITION_COUNT_INFINITE, |more| {
                i32::try_from(more).unwrap_or(i32::MAX)
            });
    }

    fn add(&self, image: &Image, shown: u64, flags: sys::avifAddImageFlags) -> Result<(), Error> {
        // SAFETY: encoder and image are live; the image is only read.
        check(unsafe { sys::avifEncoderAddImage(self.0, image.0, shown, flags) })
    }

    fn finish(&self) -> Result<Vec<u8>, Error> {
        let mut output = sys::avifRWData::default();
        // SAFETY: the encoder is live; the output starts out empty and is freed below.
        let written = check(unsafe { sys::avifEncoderFinish(self.0, &raw mut output) });
        let file = bytes(&output);
        // SAFETY: allocated by libavif or empty; not used after.
        unsafe { sys::avifRWDataFree(&raw mut output) };
        written?;
        file.ok_or_else(|| Error {
            message: "an empty file was written".into(),
            too_large: false,
        })
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: came from avifEncoderCreate and is freed once.
        unsafe { sys::avifEncoderDestroy(self.0) };
    }
}
