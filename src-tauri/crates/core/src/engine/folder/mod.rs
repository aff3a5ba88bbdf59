//! A folder's way: the thread that watches it, the jobs for what it found, and what becomes of an
//! uploaded file.

pub(super) mod folders;
pub(super) mod put_away;
