//! Whether an object may be sent without asking first if its key is free: half of the requests for
//! a small file.
//!
//! Only where keys have been free lately (else the bytes would travel for nothing), and only where
//! the bucket was seen to refuse a taken key by itself: what a provider promises is not enough to
//! risk an object for.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use bytes::Bytes;

use crate::error::{Code, Result};
use crate::transfer::{Bucket, Headers, Only, Progress, Receipt};

/// So many free keys in a row, and the next is expected to be free.
const IN_A_ROW: u32 = 8;
/// A larger object is worth the question.
pub(in crate::engine) const SMALL: u64 = 1 << 20;

const UNKNOWN: u8 = 0;
const ASKING: u8 = 1;
const REFUSES: u8 = 2;
const IGNORES: u8 = 3;

/// What is known of one bucket.
#[derive(Default)]
pub(in crate::engine) struct FreeKeys {
    in_a_row: AtomicU32,
    taken: AtomicU8,
}

impl FreeKeys {
    /// `proven`: the doctor saw the bucket refuse a taken key.
    pub(in crate::engine) fn new(proven: bool) -> Self {
        Self {
            taken: AtomicU8::new(if proven { REFUSES } else { UNKNOWN }),
            ..Self::default()
        }
    }

    /// A look at a key showed it free, or taken.
    pub(in crate::engine) fn note(&self, free: bool) {
        if free {
            // Enough is enough; it never wraps.
            let _ = self
                .in_a_row
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                    Some((count + 1).min(IN_A_ROW))
                });
        } else {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
    }

    fn are_likely(&self) -> bool {
        self.in_a_row.load(Ordering::Relaxed) >= IN_A_ROW
    }

    /// Whether the next new key may be taken for free until the bucket says otherwise.
    pub(in crate::engine) fn may_assume(&self) -> bool {
        self.are_likely() && self.taken.load(Ordering::Relaxed) == REFUSES
    }

    /// Whether it is worth finding out what the bucket does with a taken key; true for one asker
    /// only.
    pub(in crate::engine) fn begin_proof(&self) -> bool {
        self.are_likely()
            && self
                .taken
                .compare_exchange(UNKNOWN, ASKING, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Sends an object that has just arrived once more, as if its key were free: it is the same,
    /// whatever happens.
    pub(in crate::engine) async fn prove(
        &self,
        bucket: &Bucket,
        key: &str,
        bytes: Bytes,
        headers: &Headers,
    ) {
        let again = bucket.call(0, || async {
            bucket
                .store
                .put(
                    key,
                    bytes.clone(),
                    headers,
                    &Only::IfAbsent,
                    &Progress::default(),
                )
                .await
        });
        self.taken.store(verdict(&again.await), Ordering::Relaxed);
    }
}

fn verdict(again: &Result<Receipt>) -> u8 {
    match again {
        Err(error) if error.code == Code::KeyTaken => REFUSES,
        Ok(_) => IGNORES,
        Err(error) => {
            tracing::debug!(%error, "what the bucket does with a taken key could not be found out yet");
            UNKNOWN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn row(keys: &FreeKeys, free: u32) {
        (0..free).for_each(|_| keys.note(true));
    }

    #[test]
    fn nothing_is_assumed_of_a_bucket_that_was_not_seen_to_refuse() {
        let keys = FreeKeys::new(false);
        row(&keys, IN_A_ROW - 1);
        assert!(!keys.begin_proof(), "too early");
        row(&keys, 1);
        assert!(!keys.may_assume());
        assert!(keys.begin_proof() && !keys.begin_proof(), "one asks");
        keys.taken.store(
            verdict(&Ok(Receipt {
                etag: String::new(),
                proven: true,
            })),
            Ordering::Relaxed,
        );
        assert!(
            !keys.may_assume() && !keys.begin_proof(),
            "it takes the place of what is there"
        );
    }

    #[test]
    fn a_taken_key_makes_careful_again() {
        let keys = FreeKeys::new(true);
        row(&keys, IN_A_ROW);
        assert!(keys.may_assume());
        keys.note(false);
        assert!(!keys.may_assume());
        row(&keys, IN_A_ROW);
        assert!(keys.may_assume());
        assert_eq!(verdict(&Err(Error::new(Code::KeyTaken, "taken"))), REFUSES);
        assert_eq!(verdict(&Err(Error::new(Code::ServerBusy, "busy"))), UNKNOWN);
    }
}
