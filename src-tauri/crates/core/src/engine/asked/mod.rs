//! What one can ask of an engine: through a handle, which sends the actor requests and hears its
//! events.

pub(super) mod folders;
pub(super) mod handle;
pub(super) mod library;
mod patience;
pub(super) mod profiles;
mod rebuild;
mod sought;
pub(super) mod verify;
pub(super) mod waiting;
