//! A bucket: reached as its profile says, looked at as a stranger sees it, examined by the doctor.

pub(super) mod check;
pub(super) mod doctor;
pub(super) mod free_keys;
pub(super) mod rights;
pub(super) mod same_content;
mod steps;
pub(super) mod stores;
