//! A fixed quality beside a quality that is looked for: bytes and scores of the same variants of
//! the same photographs.

use std::path::{Path, PathBuf};

use tintype_core::content::Codec;
use tintype_core::imaging::{Renderer, Source};
use tintype_core::metadata;
use tintype_core::settings::Limits;
use tintype_core::variant::{Format, Quality, Variant};

use crate::{Result, compare, on_white, opened, print};

const SIZES: [(u32, u32); 3] = [(800, 600), (400, 300), (200, 150)];
const FORMATS: [Format; 3] = [Format::Jpeg, Format::Webp, Format::Avif];
/// Where the curves of `imaging/quality.rs` have their points.
const POINTS: [u8; 12] = [5, 15, 25, 35, 45, 55, 65, 75, 82, 88, 94, 100];

/// What was made at one quality.
#[derive(Default)]
struct Sum {
    bytes: usize,
    scores: Vec<f64>,
    encoded: Vec<f64>,
}

impl Sum {
    fn mean(&self) -> f64 {
        self.scores.iter().sum::<f64>() / count(self.scores.len())
    }

    fn least(&self) -> f64 {
        self.scores.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Fixed quality 80 and the quality looked for whose scores have the same mean.
pub(crate) fn beside_fixed(photos: &Path) -> Result {
    let mut bench = Bench::new(photos)?;
    for format in FORMATS {
        let fixed = bench.made(format, Quality::Fixed(80))?;
        print(&format!("{:5} q80      {}", format.name(), told(&fixed)));
        // An integer below the mean, and the one above it.
        for (target, _) in (1..=100u8)
            .map(|target| (target, f64::from(target)))
            .filter(|(_, target)| (fixed.mean() - target).abs() < 1.0)
        {
            let found = bench.made(format, Quality::Auto(target))?;
            let ratio = count(found.bytes) / count(fixed.bytes);
            print(&format!(
                "{:5} auto:{target:<3} {}  {ratio:.3} of its bytes",
                format.name(),
                told(&found)
            ));
        }
    }
    Ok(())
}

/// Mean scores at fixed qualities: the curves a search begins with.
pub(crate) fn curves(photos: &Path) -> Result {
    let mut bench = Bench::new(photos)?;
    for format in FORMATS {
        for quality in POINTS {
            let made = bench.made(format, Quality::Fixed(quality))?;
            print(&format!(
                "{} ({quality}.0, {:.1}) least {:.1}",
                format.name(),
                made.mean(),
                made.least()
            ));
        }
    }
    Ok(())
}

fn told(sum: &Sum) -> String {
    format!(
        "{:8} bytes, score {:.2} (least {:.2}), quality {:.1}",
        sum.bytes,
        sum.mean(),
        sum.least(),
        sum.encoded.iter().sum::<f64>() / count(sum.encoded.len())
    )
}

#[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
fn count(number: usize) -> f64 {
    number as f64
}

struct Bench {
    photos: Vec<PathBuf>,
    renderer: Renderer,
}

impl Bench {
    fn new(folder: &Path) -> Result<Self> {
        let mut photos: Vec<PathBuf> = std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        photos.retain(|path| {
            path.extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("jpg"))
        });
        photos.sort();
        Ok(Self {
            photos,
            renderer: Renderer::new(Limits::default()),
        })
    }

    fn made(&mut self, format: Format, quality: Quality) -> Result<Sum> {
        let mut sum = Sum::default();
        for photo in self.photos.clone() {
            let bytes = std::fs::read(photo)?;
            for (width, height) in SIZES {
                // A watermark is not wanted, nor the short way through planes: the same pixels for
                // both.
                let of = |format, quality| Variant {
                    format,
                    quality,
                    linear: false,
                    ..Variant::sized(width, height)
                };
                let exact = self.one(&bytes, of(Format::Png, Quality::Fixed(80)))?;
                let made = self.one(&bytes, of(format, quality))?;
                let (reference, shown) =
                    (opened(&exact.0, "png")?, opened(&made.0, format.name())?);
                sum.bytes += made.0.len();
                sum.scores
                    .push(compare(&on_white(&reference), &on_white(&shown))?);
                sum.encoded.push(f64::from(made.1.unwrap_or_default()));
            }
        }
        Ok(sum)
    }

    fn one(&mut self, file: &[u8], variant: Variant) -> Result<(Vec<u8>, Option<u8>)> {
        let source = Source {
            file,
            codec: Codec::Jpeg,
            orientation: metadata::orientation(file, Codec::Jpeg),
        };
        let mut rendered = self.renderer.render(source, &[variant])?;
        let made = rendered.renditions.pop().ok_or("no variant")?;
        Ok((made.bytes.to_vec(), made.worth.quality))
    }
}
