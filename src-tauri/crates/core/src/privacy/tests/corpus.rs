//! What `cargo xtask fuzz` begins with: the files that the tests draw.

use std::path::Path;

use super::*;

/// Writes them into the folder that `TINTYPE_WRITE_CORPUS` names, for the fuzz targets.
#[test]
fn every_kind_of_picture_is_in_the_corpus() -> std::io::Result<()> {
    let own = tempfile::tempdir()?;
    let wanted = std::env::var_os("TINTYPE_WRITE_CORPUS");
    let folder = wanted.as_deref().map_or(own.path(), Path::new);
    let mut kinds = std::collections::BTreeSet::new();
    for (number, file) in drawn().into_iter().enumerate() {
        let content = content::sniff(&file[..file.len().min(content::SNIFF_LEN)], "x.svg");
        if let content::Kind::Image(codec) = content.kind {
            kinds.insert(codec.name());
        }
        std::fs::write(folder.join(format!("drawn-{number:03}")), file)?;
    }

    let known = [
        "AVIF", "BMP", "GIF", "HEIC", "ICO", "JPEG", "PNG", "SVG", "TIFF", "WebP",
    ];
    for kind in known {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
    Ok(())
}

fn drawn() -> Vec<Vec<u8>> {
    let crafted = crafted::all().into_iter().map(|(_, file)| file);
    let formats = [
        ImageFormat::Bmp,
        ImageFormat::Gif,
        ImageFormat::Ico,
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Pnm,
        ImageFormat::Tga,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ];
    let plain = formats.into_iter().map(picture);
    let marked = [jpeg, png, webp, heic].map(|draw| draw(XMP_PLACE));
    let more = [avif(), tiff(), b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><desc>48.2, 16.3</desc><rect width='4' height='4'/></svg>".to_vec()];
    crafted.chain(plain).chain(marked).chain(more).collect()
}
