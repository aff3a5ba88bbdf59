//! AVIF in and out: libavif with libaom behind [`decode`] and [`encode`].
//!
//! libaom was chosen over rav1e by measurement: at equal score it is about four times as fast and
//! its files are smaller (`cargo xtask bench images` measures what is left to the distance from
//! sharp).

mod sys;

use std::ffi::CStr;
use std::fmt;

// Linked, not called from here.
use libaom_sys as _;

/// What libavif said, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// One phrase.
    pub message: String,
    /// The file asks for more than the limits allow.
    pub too_large: bool,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The colours of a decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colour {
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273: primaries, transfer characteristics, matrix coefficients.
    Cicp(u8, u8, u8),
}

/// A decoded picture: the first frame, as stored (not yet turned).
#[derive(Debug, Clone)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// `width * height` pixels of four bytes, RGBA, not premultiplied.
    pub rgba: Vec<u8>,
    /// Whether the file has an alpha plane; without one alpha is 255 everywhere.
    pub alpha: bool,
    pub colour: Colour,
    /// The `irot` and `imir` properties as an EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Frames in the file, 1 for a still.
    pub frames: u32,
}

/// What a file says of itself before any pixel is decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    pub width: u32,
    pub height: u32,
    pub orientation: u8,
    pub icc: Option<Vec<u8>>,
    /// Frames in the file, 1 for a still.
    pub frames: u32,
}

/// How a picture is encoded.
#[derive(Debug, Clone, Copy)]
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

/// Reads what a file says of itself.
///
/// # Errors
/// What libavif cannot parse, and pictures of more than `max_pixels`.
pub fn header(file: &[u8], max_pixels: u32) -> Result<Header, Error> {
    let decoder = Decoder::parse(file, max_pixels)?;
    let image = decoder.image()?;
    let crop = crop(image);
    Ok(Header {
        width: crop.map_or(image.width, |crop| crop[2]),
        height: crop.map_or(image.height, |crop| crop[3]),
        orientation: orientation(image),
        icc: bytes(&image.icc),
        frames: decoder.frames(),
    })
}

/// Decodes the first frame.
///
/// # Errors
/// What libavif cannot decode, and pictures of more than `max_pixels`.
pub fn decode(file: &[u8], max_pixels: u32) -> Result<Picture, Error> {
    let mut decoder = Decoder::parse(file, max_pixels)?;
    decoder.next_image()?;
    let image = decoder.image()?;
    let crop = crop(image);
    let mut rgb = sys::avifRGBImage::default();
    // SAFETY: both pointers are to live values; the call only fills in `rgb`.
    unsafe { sys::avifRGBImageSetDefaults(&raw mut rgb, image) };
    rgb.depth = 8;
    rgb.format = sys::AVIF_RGB_FORMAT_RGBA;
    let row = image.width as usize * 4;
    let mut rgba = vec![0; row * image.height as usize];
    rgb.pixels = rgba.as_mut_ptr();
    rgb.rowBytes = u32::try_from(row).map_err(|_| too_large())?;
    // SAFETY: `pixels` has `rowBytes` × `height` bytes, as RGBA of 8 bits needs, and outlives the
    // call.
    check(unsafe { sys::avifImageYUVToRGB(image, &raw mut rgb) })?;
    let colour = match bytes(&image.icc) {
        Some(icc) => Colour::Icc(icc),
        None => Colour::Cicp(
            point(image.colorPrimaries),
            point(image.transferCharacteristics),
            point(image.matrixCoefficients),
        ),
    };
    if let Some([left, top, width, height]) = crop {
        let rows = rgba
            .chunks_exact(row)
            .skip(top as usize)
            .take(height as usize);
        rgba = rows
            .flat_map(|row| &row[left as usize * 4..(left + width) as usize * 4])
            .copied()
            .collect();
    }
    Ok(Picture {
        width: crop.map_or(image.width, |crop| crop[2]),
        height: crop.map_or(image.height, |crop| crop[3]),
        rgba,
        alpha: decoder.has_alpha(),
        colour,
        orientation: orientation(image),
        frames: decoder.frames(),
    })
}

/// Encodes a picture of `width` × `height` pixels of three (RGB) or four (RGBA, not premultiplied)
/// bytes.
///
/// # Errors
/// Sizes that do not fit the pixels or AV1, and what libaom refuses.
pub fn encode(
    pixels: &[u8],
    (width, height): (u32, u32),
    alpha: bool,
    options: Options<'_>,
) -> Result<Vec<u8>, Error> {
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
    let encoder = Encoder::new(options)?;
    encoder.write(&image)
}

fn check(result: sys::avifResult) -> Result<(), Error> {
    if result == sys::AVIF_RESULT_OK {
        return Ok(());
    }
    // SAFETY: libavif returns a pointer to a string that is never freed.
    let text = unsafe { CStr::from_ptr(sys::avifResultToString(result)) };
    Err(Error {
        message: text.to_string_lossy().to_lowercase(),
        too_large: result == sys::AVIF_RESULT_OUT_OF_MEMORY,
    })
}

fn too_large() -> Error {
    Error {
        message: "the picture is larger than the limit".into(),
        too_large: true,
    }
}

fn out_of_memory() -> Error {
    Error {
        message: "no memory".into(),
        too_large: true,
    }
}

fn point<T: TryInto<u8>>(code: T) -> u8 {
    code.try_into().unwrap_or(2)
}

/// A copy of one of libavif's buffers; nothing if it is empty.
fn bytes(buffer: &sys::avifRWData) -> Option<Vec<u8>> {
    if buffer.data.is_null() || buffer.size == 0 {
        return None;
    }
    // SAFETY: libavif keeps `size` bytes at `data` for as long as the image that holds the buffer
    // lives.
    Some(unsafe { std::slice::from_raw_parts(buffer.data, buffer.size) }.to_vec())
}

/// `irot` turns by quarters against the clock, then `imir` mirrors (ISO/IEC 23008-12, 6.5.10 and
/// 6.5.12).
fn orientation(image: &sys::avifImage) -> u8 {
    let turned = image.transformFlags & sys::AVIF_TRANSFORM_IROT != 0;
    let mirrored = image.transformFlags & sys::AVIF_TRANSFORM_IMIR != 0;
    let quarters = if turned { image.irot.angle & 3 } else { 0 };
    // Axis 0 exchanges top and bottom, axis 1 left and right.
    match (mirrored.then_some(image.imir.axis), quarters) {
        (None, 0) => 1,
        (None, 1) => 8,
        (None, 2) => 3,
        (None, _) => 6,
        (Some(0), 0) | (Some(1), 2) => 4,
        (Some(0), 1) | (Some(1), 3) => 5,
        (Some(0), 2) | (Some(1), 0) => 2,
        (Some(_), _) => 7,
    }
}

/// The clean aperture (`clap`), to be cut out before turning: left, top, width, height. One that
/// makes no sense is passed over, as libavif's own tools do.
fn crop(image: &sys::avifImage) -> Option<[u32; 4]> {
    if image.transformFlags & sys::AVIF_TRANSFORM_CLAP == 0 {
        return None;
    }
    let mut rect = sys::avifCropRect::default();
    let mut diagnosis = sys::avifDiagnostics::default();
    let size = (image.width, image.height);
    // SAFETY: all pointers are to live values; the call only fills in `rect` and `diagnosis`.
    let valid = unsafe {
        sys::avifCropRectFromCleanApertureBox(
            &raw mut rect,
            &raw const image.clap,
            size.0,
            size.1,
            &raw mut diagnosis,
        )
    };
    let inside = |start: u32, length: u32, side: u32| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
    };
    (valid != 0 && inside(rect.x, rect.width, size.0) && inside(rect.y, rect.height, size.1))
        .then_some([rect.x, rect.y, rect.width, rect.height])
}

struct Decoder<'a> {
    raw: *mut sys::avifDecoder,
    _file: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> Decoder<'a> {
    fn parse(file: &'a [u8], max_pixels: u32) -> Result<Self, Error> {
        // SAFETY: no arguments; null means that there is no memory.
        let raw = unsafe { sys::avifDecoderCreate() };
        if raw.is_null() {
            return Err(out_of_memory());
        }
        let decoder = Self {
            raw,
            _file: std::marker::PhantomData,
        };
        // SAFETY: `raw` is live and ours alone.
        let settings = unsafe { &mut *raw };
        settings.maxThreads = 1;
        // libavif knows no limit above 2^28.
        settings.imageSizeLimit = max_pixels.min(1 << 28);
        settings.ignoreXMP = 1;
        settings.ignoreExif = 1;
        settings.strictFlags = 0;
        // SAFETY: the file outlives the decoder by the lifetime `'a`.
        check(unsafe { sys::avifDecoderSetIOMemory(raw, file.as_ptr(), file.len()) })?;
        // SAFETY: `raw` is live and has its input.
        let parsed = check(unsafe { sys::avifDecoderParse(raw) });
        parsed.map_err(|error| {
            // SAFETY: as above.
            let diagnosis = unsafe { CStr::from_ptr((&raw const (*raw).diag.error).cast()) }
                .to_string_lossy()
                .into_owned();
            let too_large = error.too_large
                || diagnosis.contains("too large")
                || diagnosis.contains("imageSizeLimit");
            Error { too_large, ..error }
        })?;
        Ok(decoder)
    }

    fn next_image(&mut self) -> Result<(), Error> {
        // SAFETY: `raw` is live and parsed.
        check(unsafe { sys::avifDecoderNextImage(self.raw) })
    }

    fn image(&self) -> Result<&sys::avifImage, Error> {
        // SAFETY: `raw` is live; its image, once there, lives as long as the decoder, which `self`
        // borrows.
        unsafe { (*self.raw).image.as_ref() }.ok_or_else(|| Error {
            message: "no picture in the file".into(),
            too_large: false,
        })
    }

    fn has_alpha(&self) -> bool {
        // SAFETY: `raw` is live.
        unsafe { (*self.raw).alphaPresent != 0 }
    }

    fn frames(&self) -> u32 {
        // SAFETY: `raw` is live.
        u32::try_from(unsafe { (*self.raw).imageCount }).unwrap_or(1)
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: `raw` came from avifDecoderCreate and is freed once.
        unsafe { sys::avifDecoderDestroy(self.raw) };
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

    fn write(&self, image: &Image) -> Result<Vec<u8>, Error> {
        let mut output = sys::avifRWData::default();
        // SAFETY: encoder and image are live; the output starts out empty and is freed below.
        let written = check(unsafe { sys::avifEncoderWrite(self.0, image.0, &raw mut output) });
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

#[cfg(test)]
mod tests;
