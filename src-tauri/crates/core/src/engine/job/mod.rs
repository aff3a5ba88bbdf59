//! A job's way: its file is read and its variants made, keys are planned and compared with the
//! bucket, objects are sent, and its end is recorded. Begin with `attempt`.

pub(super) mod attempt;
mod compare;
pub(super) mod live;
mod making;
mod objects;
mod plan;
mod policy;
mod record;
mod sending;
mod unheard;
pub(super) mod verdict;
mod work;
