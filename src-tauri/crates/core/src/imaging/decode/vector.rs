//! SVG, drawn at the size that is needed. No scripts, and nothing outside of the file is read.

use std::sync::Arc;

use image::{DynamicImage, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, fontdb};

use super::stored::{Stored, check, damaged, scale_needed, too_large};
use crate::error::Result;
use crate::settings::Limits;
use crate::variant::Variant;

/// The system's fonts, looked for when the first text is met.
#[derive(Default)]
pub(in super::super) struct Fonts(Option<Arc<fontdb::Database>>);

impl Fonts {
    fn get(&mut self) -> Arc<fontdb::Database> {
        Arc::clone(self.0.get_or_insert_with(|| {
            let mut database = fontdb::Database::new();
            database.load_system_fonts();
            // Generic families are names of faces here: of some that every system has one of.
            if let Some(family) = plain_family(&database) {
                database.set_sans_serif_family(&family);
                database.set_serif_family(&family);
            }
            Arc::new(database)
        }))
    }
}

const PLAIN: &[&str] = &[
    "DejaVu Sans",
    "Noto Sans",
    "Liberation Sans",
    "Segoe UI",
    "Helvetica Neue",
    "Helvetica",
    "Arial",
];

fn plain_family(database: &fontdb::Database) -> Option<String> {
    let has = |family: &&str| {
        database
            .faces()
            .any(|face| face.families.iter().any(|(name, _)| name == *family))
    };
    let first = || {
        database
            .faces()
            .next()
            .and_then(|face| Some(face.families.first()?.0.clone()))
    };
    PLAIN
        .iter()
        .copied()
        .find(has)
        .map(str::to_owned)
        .or_else(first)
}

pub(super) fn decode(
    file: &[u8],
    variants: &[Variant],
    limits: Limits,
    fonts: &mut Fonts,
) -> Result<Stored> {
    let tree = parse(file, fonts)?;
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
            enlarge: true,
            ..variant.clone()
        })
        .collect();
    let scale = scale_needed(nominal, &enlarged).max(if variants.is_empty() { 1.0 } else { 0.0 });
    draw(&tree, scale, limits)
}

/// The nominal size.
pub(super) fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    let tree = parse(file, &mut Fonts::default()).ok()?;
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
        u64::from(width) * u64::from(height) * 4,
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
    Ok(Stored::whole(DynamicImage::ImageRgba8(image), None, 1))
}

fn parse(file: &[u8], fonts: &mut Fonts) -> Result<Tree> {
    let mut options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            // Files and addresses named in the picture are not opened.
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    if file.windows(5).any(|window| window == b"<text") {
        options.fontdb = fonts.get();
        if let Some(family) = plain_family(&options.fontdb) {
            options.font_family = family;
        }
    }
    Tree::from_data(file, &options).map_err(|error| damaged(&error))
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
    let mut fonts = Fonts::default();
    // Once to learn how large the line is, once to draw it.
    let measured = parse(draft(10_000.0, 200.0, 0.0, 120.0).as_bytes(), &mut fonts)?;
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
    let tree = parse(picture.as_bytes(), &mut fonts)?;
    let drawn = draw(&tree, f64::from(width) / f64::from(bounds.width()), limits)?;
    Ok(Some(super::stored::into_raster(drawn.image)))
}
