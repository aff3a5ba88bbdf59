//! Imaging: bytes in, bytes out. One decode, all variants, each derived from the nearest larger
//! one.

mod animation;
mod attention;
mod colour;
mod decode;
mod encode;
pub(crate) mod fonts;
mod hdr;
mod inspect;
mod meaning;
mod picture;
mod placeholder;
mod plan;
mod planar;
mod quality;
mod raster;
mod render;
mod resize;
mod score;
mod trial;
mod tried;
mod watermark;

pub use decode::cost;
pub use inspect::{Facts, Location, facts};
pub use picture::{Failure, Rendered, Rendition, Source};
pub use plan::whole;
pub use render::Renderer;
pub use watermark::{MarkFile, mark_files};

#[cfg(test)]
mod tests;
