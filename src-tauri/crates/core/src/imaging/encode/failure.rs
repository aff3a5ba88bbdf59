//! What an encoder says, as an error.

use crate::error::{Code, Error};

pub(super) fn failed(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::Internal,
        format!("the {what} could not be written: {error}"),
    )
}
