//! Transfer: objects into a bucket, retried where that helps, verified against what the bucket
//! says.

mod body;
mod client;
mod clock;
mod failure;
mod flow;
mod http;
mod log;
mod order;
mod pace;
mod parts;
mod progress;
mod reach;
mod retry;
mod s3;
mod send;
mod sent_headers;
mod signer;
mod store;
mod stranger;
mod sums;
mod watchdog;

pub use crate::held::{Held, META_MADE, META_SHA256, META_SOURCE, META_UPLOAD};
pub(crate) use flow::Room;
pub use flow::{Lane, Limits};
pub use log::{Begun, PartsLog, Recalled};
pub use order::{Order, Source, Still};
pub use progress::Progress;
pub use reach::S3;
pub use retry::Bucket;
pub use send::{Content, in_parts, send};
pub use signer::Signer;
pub use store::{Headers, Lookup, ObjectStore, Only, Page, Part, PartRules, Receipt};
