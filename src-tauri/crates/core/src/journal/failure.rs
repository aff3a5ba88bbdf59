//! What the database says, in sentences.

use crate::error::{Code, Error};

/// A database failure, told in a sentence.
pub(crate) fn sql_error(error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::new(Code::DiskFull, "the disk has no room for the journal")
                .hint("free some space; Tintype goes on where it stopped")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::new(
            Code::JournalDamaged,
            format!("the journal is damaged: {error}"),
        )
        .hint("move journal.sqlite away to start afresh; what is in the bucket stays there"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::new(
            Code::JournalBusy,
            "another program keeps the journal to itself for the moment",
        )
        .hint("end the program that has journal.sqlite open; Tintype goes on by itself"),
        _ => Error::new(
            Code::JournalDamaged,
            format!("the journal could not be used: {error}"),
        )
        .hint("check the rights of Tintype's data folder and the room on its disk"),
    }
}
