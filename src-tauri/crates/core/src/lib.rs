//! Tintype without a window: everything between a picture on this computer and its link.
//!
//! Start with [`engine::Engine`]; the other public modules are the words it speaks in.

pub mod container;
pub mod content;
mod digest;
pub mod engine;
pub mod error;
pub mod folder;
pub mod held;
pub mod home;
pub mod imaging;
pub mod intake;
pub mod journal;
pub mod key;
pub mod link;
pub mod local_path;
pub mod manifest;
pub mod metadata;
pub mod patterns;
pub mod placeholder;
pub mod privacy;
pub mod profile;
mod regular;
pub mod secret;
pub mod settings;
pub mod transfer;
pub mod variant;
mod watch;
pub mod worker;
#[doc(hidden)]
pub mod world;

pub use error::{Code, Error, Result};
pub use local_path::LocalPath;
