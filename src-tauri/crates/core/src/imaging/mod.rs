//! Imaging: bytes in, bytes out. One decode, all variants, each derived from the nearest larger
//! one.

mod animation;
mod attention;
mod colour;
mod decode;
mod encode;
mod inspect;
mod picture;
mod plan;
mod planar;
mod raster;
mod render;
mod resize;
mod watermark;
pub mod worker;

pub use decode::cost;
pub use inspect::{Facts, Location, inspect};
pub use picture::{Rendered, Rendition, Source};
pub use render::Renderer;

#[cfg(test)]
mod tests;
