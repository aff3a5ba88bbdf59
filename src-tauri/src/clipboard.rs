//! The clipboard: what can be pasted, and links for others to paste.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use image::{ImageFormat, RgbaImage};
use tintype_core::error::{Code, Error, Result};

/// What was on the clipboard.
pub(crate) enum Pasted {
    Files(Vec<PathBuf>),
    /// A picture as a PNG file.
    Picture(Vec<u8>),
}

/// Kept open: on X11 and Wayland a text is only there while its owner lives.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl Clipboard {
    fn with<T>(&self, work: impl FnOnce(&mut arboard::Clipboard) -> std::result::Result<T, arboard::Error>) -> Result<T> {
        let failed = |error| Error::new(Code::ClipboardEmpty, format!("the clipboard cannot be used: {error}")).hint("try again");
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match open.take() {
            Some(clipboard) => clipboard,
            None => arboard::Clipboard::new().map_err(failed)?,
        };
        work(open.insert(clipboard)).map_err(failed)
    }

    pub(crate) fn write(&self, text: &str) -> Result<()> {
        self.with(|clipboard| clipboard.set_text(text))
    }

    pub(crate) fn read(&self) -> Result<Pasted> {
        if let Ok(files) = self.with(|clipboard| clipboard.get().file_list())
            && !files.is_empty()
        {
            return Ok(Pasted::Files(files));
        }
        let nothing = || {
            Error::new(Code::ClipboardEmpty, "there is no picture and no file on the clipboard")
                .hint("copy a picture, or files in the file manager, and paste again")
        };
        let picture = self.with(arboard::Clipboard::get_image).map_err(|_| nothing())?;
        let side = |pixels| u32::try_from(pixels).ok();
        let pixels = side(picture.width).zip(side(picture.height));
        let image = pixels.and_then(|(width, height)| RgbaImage::from_raw(width, height, picture.bytes.into_owned()));
        let mut png = Cursor::new(Vec::new());
        image.ok_or_else(nothing)?.write_to(&mut png, ImageFormat::Png).map_err(|_| nothing())?;
        Ok(Pasted::Picture(png.into_inner()))
    }
}
