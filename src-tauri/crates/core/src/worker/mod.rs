//! The wall: files of strangers are read in a process of its own, which can do nothing but read
//! them.
//!
//! Beyond the first bytes that tell a file's kind ([`crate::content::sniff`]), no picture is
//! parsed in the app's own process: what a file says of itself, what is taken out of it, and what
//! is made of it are asked of a worker. A crash or a bomb costs that answer and nothing else.
//!
//! A worker is this same program, started with [`ARGUMENT`] and the folder of its person's fonts. It is given a file on its
//! standard input, then questions about it, and answers on its standard output, until the input
//! ends.

mod desk;
mod look;
mod pool;
mod process;
mod serve;
mod speech;
mod trial;
mod visit;
mod watchdog;

pub use pool::{Program, Workers};
pub use serve::serve_if_asked;
pub use speech::ARGUMENT;
pub use visit::Visit;

/// For `cargo xtask fuzz`.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// A worker's answer, whatever it is.
    pub fn answered(said: &[u8]) {
        super::speech::answered(said);
    }
}
