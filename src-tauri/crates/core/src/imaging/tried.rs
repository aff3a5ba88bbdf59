//! What is kept of a picture while a person tries variants on it.

use super::decode::Decoded;
use super::score::Model;
use crate::variant::{Format, Variant};

/// A picture as it was decoded, and as it looked at last.
pub(super) struct Tried {
    pub(super) decoded: Decoded,
    pub(super) look: Option<Look>,
}

/// A variant before it is encoded.
pub(super) struct Look {
    /// Of which quality does not matter.
    pub(super) of: Variant,
    pub(super) format: Format,
    pub(super) model: Model<'static>,
}
