//! AVIF in.

use std::ffi::CStr;

use crate::{Error, bytes, check, out_of_memory, point, sys, too_large};

/// The colours of a decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colour {
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273: primaries, transfer characteristics, matrix coefficients.
    Cicp(u8, u8, u8),
}

impl Colour {
    /// Whether its curve is that of SMPTE ST 2084 (PQ) or ARIB STD-B67 (HLG).
    pub const fn is_hdr(&self) -> bool {
        matches!(self, Self::Cicp(_, 16 | 18, _))
    }
}

/// A decoded picture: the first frame, as stored (not yet turned).
#[derive(Debug, Clone)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// `width * height` pixels of red, green, blue and alpha, not premultiplied.
    pub rgba: Samples,
    /// Whether the file has an alpha plane; without one alpha is 255 everywhere.
    pub alpha: bool,
    pub colour: Colour,
    /// The `irot` and `imir` properties as an EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Frames in the file, 1 for a still.
    pub frames: u32,
}

/// The numbers of a picture, over the whole range of their type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    Eight(Vec<u8>),
    /// Of a picture of more than eight bits whose curve is one of HDR's, which eight are too few for.
    Sixteen(Vec<u16>),
}

impl Samples {
    /// As eight bits, rounded: 65,535 / 255 = 257.
    pub fn eight(self) -> Vec<u8> {
        let rounded = |deep: u16| u8::try_from((u32::from(deep) + 128) / 257).unwrap_or(u8::MAX);
        match self {
            Self::Eight(numbers) => numbers,
            Self::Sixteen(numbers) => numbers.into_iter().map(rounded).collect(),
        }
    }
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
    decoder.picture()
}

/// All frames of a file, one after the other.
///
/// # Errors
/// As [`header`].
pub fn frames(file: &[u8], max_pixels: u32) -> Result<Frames<'_>, Error> {
    let decoder = Decoder::parse(file, max_pixels)?;
    Ok(Frames {
        left: decoder.frames(),
        decoder,
    })
}

/// Pictures that follow each other in time; only one is held.
pub struct Frames<'a> {
    decoder: Decoder<'a>,
    left: u32,
}

impl Frames<'_> {
    /// How often they are to be played; 0: for ever.
    pub fn plays(&self) -> u32 {
        // SAFETY: `raw` is live.
        let repeated = unsafe { (*self.decoder.raw).repetitionCount };
        u32::try_from(repeated).map_or(0, |repeated| repeated.saturating_add(1))
    }
}

impl Iterator for Frames<'_> {
    /// A picture, and for how many milliseconds it is shown.
    type Item = Result<(Picture, u32), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let picture = self
            .decoder
            .next_image()
            .and_then(|()| self.decoder.picture());
        if picture.is_err() {
            self.left = 0;
        }
        Some(picture.map(|picture| (picture, self.decoder.milliseconds())))
    }
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

/// A number of a picture.
trait Sample: Copy + Default {}
impl Sample for u8 {}
impl Sample for u16 {}

/// Pixels as red, green, blue and alpha.
fn rgba<T: Sample>(image: &sys::avifImage, crop: Option<[u32; 4]>) -> Result<Vec<T>, Error> {
    let mut rgb = sys::avifRGBImage::default();
    // SAFETY: both pointers are to live values; the call only fills in `rgb`.
    unsafe { sys::avifRGBImageSetDefaults(&raw mut rgb, image) };
    rgb.depth = if size_of::<T>() == 1 { 8 } else { 16 };
    rgb.format = sys::AVIF_RGB_FORMAT_RGBA;
    let row = image.width as usize * 4;
    let mut rgba = vec![T::default(); row * image.height as usize];
    rgb.pixels = rgba.as_mut_ptr().cast();
    rgb.rowBytes = u32::try_from(row * size_of::<T>()).map_err(|_| too_large())?;
    // SAFETY: `pixels` has `rowBytes` × `height` bytes, as RGBA of that depth needs, is aligned to
    // its numbers, and outlives the call.
    check(unsafe { sys::avifImageYUVToRGB(image, &raw mut rgb) })?;
    let Some([left, top, width, height]) = crop else {
        return Ok(rgba);
    };
    let rows = rgba
        .chunks_exact(row)
        .skip(top as usize)
        .take(height as usize);
    Ok(rows
        .flat_map(|row| &row[left as usize * 4..(left + width) as usize * 4])
        .copied()
        .collect())
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

    /// The frame that was decoded last.
    fn picture(&self) -> Result<Picture, Error> {
        let image = self.image()?;
        let crop = crop(image);
        let colour = match bytes(&image.icc) {
            Some(icc) => Colour::Icc(icc),
            None => Colour::Cicp(
                point(image.colorPrimaries),
                point(image.transferCharacteristics),
                point(image.matrixCoefficients),
            ),
        };
        let rgba = if image.depth > 8 && colour.is_hdr() {
            Samples::Sixteen(rgba(image, crop)?)
        } else {
            Samples::Eight(rgba(image, crop)?)
        };
        Ok(Picture {
            width: crop.map_or(image.width, |crop| crop[2]),
            height: crop.map_or(image.height, |crop| crop[3]),
            rgba,
            alpha: self.has_alpha(),
            colour,
            orientation: orientation(image),
            frames: self.frames(),
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a day first"
    )]
    fn milliseconds(&self) -> u32 {
        // SAFETY: `raw` is live.
        let seconds = unsafe { (*self.raw).imageTiming.duration };
        (seconds * 1000.0).round().clamp(0.0, 86_400_000.0) as u32
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
