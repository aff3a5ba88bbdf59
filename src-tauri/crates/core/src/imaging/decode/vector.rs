//! SVG, drawn at the size that is needed. No scripts, and nothing outside of the file is read.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::Encoding;
use image::{DynamicImage, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use super::stored::{Stored, check, damaged, scale_needed, too_large};
use crate::container::svg::is_readable;
use crate::error::Result;
use crate::imaging::fonts;
use crate::imaging::meaning::Meaning;
use crate::imaging::plan::whole;
use crate::settings::Limits;
use crate::variant::Variant;

pub(super) fn decode(file: &[u8], variants: &[Variant], limits: Limits) -> Result<Stored> {
    let (tree, is_whole) = parse(file)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    // A vector picture has no pixels of its own: as many as the largest variant needs, or its
    // nominal size.
    let nominal = (
        crate::imaging::plan::pixels(f64::from(width)),
        crate::imaging::plan::pixels(f64::from(height)),
    );
    let enlarged: Vec<Variant> = variants
        .iter()
        .map(|variant| Variant {
            // As large as the picture itself is its nominal size.
            enlarge: *variant != whole(),
            ..variant.clone()
        })
        .collect();
    let scale = scale_needed(nominal, &enlarged).max(if variants.is_empty() { 1.0 } else { 0.0 });
    let stored = draw(&tree, scale, limits)?;
    Ok(Stored {
        damaged: (!is_whole).then(|| "it shows another file, which is not opened".into()),
        ..stored
    })
}

/// The nominal size.
pub(super) fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    let (tree, _) = parse(file).ok()?;
    Some((
        crate::imaging::plan::pixels(f64::from(tree.size().width())),
        crate::imaging::plan::pixels(f64::from(tree.size().height())),
    ))
}

/// Draws text or any other SVG at its nominal size times `scale`.
fn draw(tree: &Tree, scale: f64, limits: Limits) -> Result<Stored> {
    let side = |side: f32| crate::imaging::plan::pixels(f64::from(side) * scale);
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    check(
        (width, height),
        (u64::from(width) * u64::from(height)).saturating_mul(4),
        limits,
    )?;
    let mut canvas =
        Pixmap::new(width, height).ok_or_else(|| too_large(&"there is no memory for it"))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a scale needs no more than six digits"
    )]
    resvg::render(
        tree,
        Transform::from_scale(scale as f32, scale as f32),
        &mut canvas.as_mut(),
    );
    let pixels = canvas.pixels().iter().flat_map(|pixel| {
        let pixel = pixel.demultiply();
        [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
    });
    let image = RgbaImage::from_raw(width, height, pixels.collect())
        .ok_or_else(|| damaged(&"its size does not fit its pixels"))?;
    Ok(Stored::whole(
        DynamicImage::ImageRgba8(image),
        Meaning::Srgb,
        1,
    ))
}

/// The drawing, and whether all that belongs to it is in the file.
fn parse(file: &[u8]) -> Result<(Tree, bool)> {
    let is_whole = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&is_whole);
    let mut options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            // Files and addresses named in the picture are not opened.
            resolve_string: Box::new(move |_, _| {
                told.store(false, Ordering::Relaxed);
                None
            }),
        },
        ..Options::default()
    };
    let text = in_utf8(file);
    let file = text.as_ref();
    if !is_readable(&String::from_utf8_lossy(file)) {
        return Err(too_large(&"it has more names in it than any drawing"));
    }
    // Of one that is compressed it is not known.
    let has_text = file.starts_with(&[0x1f, 0x8b]) || file.windows(5).any(|five| five == b"<text");
    if has_text {
        options.fontdb = fonts::all();
        if let Some(family) = fonts::plain_family(&options.fontdb) {
            options.font_family = family;
        }
    }
    let tree = Tree::from_data(file, &options).map_err(|error| damaged(&error))?;
    Ok((tree, is_whole.load(Ordering::Relaxed)))
}

/// The text as UTF-8, whatever its mark or its declaration says that it is.
fn in_utf8(file: &[u8]) -> Cow<'_, [u8]> {
    let told = Encoding::for_bom(file).map(|(encoding, _)| encoding);
    let wide = match file {
        [b'<', 0, ..] => Some(encoding_rs::UTF_16LE),
        [0, b'<', ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    match told.or(wide).or_else(|| declared(file)) {
        None => Cow::Borrowed(file),
        Some(encoding) if encoding == encoding_rs::UTF_8 => Cow::Borrowed(file),
        Some(encoding) => Cow::Owned(encoding.decode(file).0.into_owned().into_bytes()),
    }
}

/// `<?xml version="1.0" encoding="ISO-8859-1"?>`
fn declared(file: &[u8]) -> Option<&'static Encoding> {
    let end = file.iter().take(256).position(|byte| *byte == b'>')?;
    let line = std::str::from_utf8(file.get(..end)?).ok()?;
    let told = line.strip_prefix("<?xml")?.split_once("encoding")?.1;
    let quoted = told.trim_start_matches([' ', '=']);
    let quote = quoted
        .chars()
        .next()
        .filter(|mark| matches!(mark, '"' | '\''))?;
    Encoding::for_label(quoted[1..].split(quote).next()?.as_bytes())
}

/// One line of white text with a dark edge, as wide as asked for, for watermarks; nothing if no
/// font has its letters.
pub(in super::super) fn text(
    line: &str,
    width: u32,
    limits: Limits,
) -> Result<Option<crate::imaging::raster::Raster>> {
    let escaped: String = line
        .chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let draft = |width: f32, height: f32, x: f32, y: f32| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'><text x='{x}' y='{y}' font-size='100' \
             font-family='sans-serif' font-weight='600' fill='white' stroke='black' stroke-opacity='0.35' stroke-width='4' \
             paint-order='stroke'>{escaped}</text></svg>"
        )
    };
    // Once to learn how large the line is, once to draw it.
    let (measured, _) = parse(draft(10_000.0, 200.0, 0.0, 120.0).as_bytes())?;
    let bounds = measured.root().abs_stroke_bounding_box();
    if bounds.width() < 1.0 || bounds.height() < 1.0 {
        return Ok(None);
    }
    let picture = draft(
        bounds.width(),
        bounds.height(),
        -bounds.x(),
        120.0 - bounds.y(),
    );
    let (tree, _) = parse(picture.as_bytes())?;
    let drawn = draw(&tree, f64::from(width) / f64::from(bounds.width()), limits)?;
    Ok(Some(super::stored::into_raster(drawn.image)))
}
