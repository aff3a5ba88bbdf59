//! What a file is, told from its content; its name only helps where content says nothing.

use std::path::Path;

/// The kinds of file that matter to Tintype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture that can be decoded here.
    Image(image::ImageFormat),
    /// A picture that cannot be decoded by this version.
    UnknownImage,
    /// Anything else.
    Other,
}

/// Kind and media type of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is.
    pub kind: Kind,
    /// Its media type.
    pub content_type: String,
    /// Its name promises a picture that the content does not keep.
    pub false_image: bool,
}

/// How many bytes from the start [`sniff`] wants to see.
pub const SNIFF_LEN: usize = 8192;

const DECODABLE: &[image::ImageFormat] = &[
    image::ImageFormat::Jpeg,
    image::ImageFormat::Png,
    image::ImageFormat::Gif,
    image::ImageFormat::WebP,
    image::ImageFormat::Bmp,
    image::ImageFormat::Tiff,
];

/// Tells what a file is from its first bytes and its name.
pub fn sniff(head: &[u8], name: &str) -> Content {
    let by_name = mime_guess::from_path(Path::new(name)).first();
    let named_image = by_name.as_ref().is_some_and(|mime| mime.type_() == "image");
    if let Ok(format) = image::guess_format(head)
        && DECODABLE.contains(&format)
    {
        return Content { kind: Kind::Image(format), content_type: format.to_mime_type().into(), false_image: false };
    }
    if let Some(found) = infer::get(head) {
        let image = found.matcher_type() == infer::MatcherType::Image;
        let kind = if image { Kind::UnknownImage } else { Kind::Other };
        return Content { kind, content_type: found.mime_type().into(), false_image: named_image && !image };
    }
    // A vector picture needs no variants: it is every size already.
    if by_name.as_ref().is_some_and(|mime| mime.subtype() == "svg") && head.windows(4).any(|window| window == b"<svg") {
        return Content { kind: Kind::Other, content_type: "image/svg+xml".into(), false_image: false };
    }
    // The name's promise of a picture was not kept, so the name does not count.
    let text = !head.is_empty() && std::str::from_utf8(trim_partial(head)).is_ok() && !head.contains(&0);
    let content_type = match by_name {
        Some(mime) if !named_image => mime.essence_str().to_owned(),
        _ if text => "text/plain".to_owned(),
        _ => "application/octet-stream".to_owned(),
    };
    let content_type = if content_type.starts_with("text/") && text { format!("{content_type}; charset=utf-8") } else { content_type };
    Content { kind: Kind::Other, content_type, false_image: named_image }
}

/// The head may end inside a character of up to four bytes.
fn trim_partial(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
        let found = sniff(&png, "photo.jpg");
        assert_eq!((found.kind, found.content_type.as_str()), (Kind::Image(image::ImageFormat::Png), "image/png"));
        assert!(!found.false_image, "it is a picture, only of another kind");
    }

    #[test]
    fn a_false_image_is_seen() {
        let found = sniff(b"hello, I am a letter", "photo.jpg");
        assert_eq!((found.kind, found.content_type.as_str(), found.false_image), (Kind::Other, "text/plain; charset=utf-8", true));
    }

    #[test]
    fn other_files_get_their_type() {
        assert_eq!(sniff(b"%PDF-1.7 ...", "x").content_type, "application/pdf");
        assert_eq!(sniff(b"a { color: red }", "x.css").content_type, "text/css; charset=utf-8");
        assert_eq!(sniff(&[0, 1, 2], "x").content_type, "application/octet-stream");
        assert_eq!(sniff(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.svg").content_type, "image/svg+xml");
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        assert_eq!(sniff(heic, "x.heic").kind, Kind::UnknownImage);
    }
}
