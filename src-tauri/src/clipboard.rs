//! The clipboard: what can be pasted, and links for others to paste.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use image::{ImageFormat, RgbaImage};
use tintype_core::error::{Code, Error, Result};

/// What was on the clipboard.
pub(crate) enum Pasted {
    Files(Vec<PathBuf>),
    /// A picture's file.
    Picture(Vec<u8>),
}

/// Kept open: on X11 and Wayland a text is only there while its owner lives.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl Clipboard {
    fn with<T>(
        &self,
        work: impl FnOnce(&mut arboard::Clipboard) -> std::result::Result<T, arboard::Error>,
    ) -> Result<T> {
        let failed = |error| {
            Error::new(
                Code::ClipboardEmpty,
                format!("the clipboard cannot be used: {error}"),
            )
            .hint("try again")
        };
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

    /// Files, else the picture the page was given (base64), else a picture.
    pub(crate) fn read(&self, given: Option<String>) -> Result<Pasted> {
        if let Ok(files) = self.with(|clipboard| clipboard.get().file_list())
            && !files.is_empty()
        {
            return Ok(Pasted::Files(files));
        }
        let nothing = || {
            Error::new(
                Code::ClipboardEmpty,
                "there is no picture and no file on the clipboard",
            )
            .hint("copy a picture, or files in the file manager, and paste again")
        };
        match given {
            Some(text) => base64::engine::general_purpose::STANDARD
                .decode(text)
                .map(Pasted::Picture)
                .map_err(|_| nothing()),
            None => self.read_picture().ok_or_else(nothing).map(Pasted::Picture),
        }
    }

    fn read_picture(&self) -> Option<Vec<u8>> {
        let picture = self.with(arboard::Clipboard::get_image).ok()?;
        let (width, height) = (
            u32::try_from(picture.width).ok()?,
            u32::try_from(picture.height).ok()?,
        );
        let mut png = Cursor::new(Vec::new());
        RgbaImage::from_raw(width, height, picture.bytes.into_owned())?
            .write_to(&mut png, ImageFormat::Png)
            .ok()?;
        Some(png.into_inner())
    }
}
