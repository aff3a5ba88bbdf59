//! What is shown: plain words for a window or a terminal.

pub(super) mod health;
pub(super) mod previews;
pub(super) mod view;
