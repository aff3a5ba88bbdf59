//! How the journal is opened, and brought up to date.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::failure::sql_error;
use super::layouts::MIGRATIONS;
use super::words;
use super::writer::WAIT;
use crate::error::{Code, Error, Result};

/// Opens the database as decided (WAL, FULL, foreign keys) and migrates it.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path).map_err(|error| sql_error(&error))?;
    prepare(&mut connection).map_err(|error| sql_error(&error))?;
    words::prepare(&connection).map_err(|error| sql_error(&error))?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(WAIT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Otherwise a statement is planned anew whenever a value is bound that might let it use a partial
    // index: a sixth of the CPU time of sending small files.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let version = |connection: &Connection| {
        connection
            .pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))
            .map(|layout| layout as usize)
    };
    let found = version(connection).map_err(|error| sql_error(&error))?;
    if found > MIGRATIONS.len() {
        return Err(Error::new(
            Code::JournalNewer,
            format!(
                "{} was written by a newer Tintype (layout {found}; this one knows {})",
                path.display(),
                MIGRATIONS.len()
            ),
        )
        .hint("update Tintype; nothing was changed"));
    }
    if found == MIGRATIONS.len() {
        return Ok(());
    }
    let mut upgrade = || -> rusqlite::Result<()> {
        // A table that takes another's place must not take along what refers to it.
        connection.pragma_update(None, "foreign_keys", false)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have migrated while this one waited for the lock.
        let found = version(&tx)?;
        for migration in MIGRATIONS.iter().skip(found) {
            tx.execute_batch(migration)?;
        }
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
        tx.commit()?;
        connection.pragma_update(None, "foreign_keys", true)
    };
    upgrade().map_err(|error| sql_error(&error))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn sqlite_is_free_of_the_wal_reset_corruption() {
        // SQLite 3.7.0 to 3.51.2 can corrupt a database when a WAL is reset:
        // https://sqlite.org/wal.html
        assert!(
            rusqlite::version_number() >= 3_051_003,
            "bundled SQLite is {}",
            rusqlite::version()
        );
    }

    #[test]
    fn a_statement_is_planned_once() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let db = open(&dir.path().join("journal.sqlite")).expect("opens");
        let planned_anew = || {
            let sql = "SELECT id FROM jobs WHERE state = ?1 AND hidden = ?2";
            let mut named = db.prepare(sql).expect("is SQL");
            for state in ["queued", "done", "failed"] {
                assert!(!named.exists([state, "0"]).expect("is read"));
            }
            named.get_status(StatementStatus::RePrepare)
        };

        let as_opened = planned_anew();
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, false)
            .expect("is set");

        assert_eq!((as_opened, planned_anew() > 0), (0, true));
        Ok(())
    }

    #[test]
    fn a_newer_journal_is_left_alone() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("journal.sqlite");
        let db = Connection::open(&path).expect("opens");
        db.pragma_update(None, "user_version", 99).expect("writes");
        drop(db);
        let error = open(&path).map(|_| ()).expect_err("newer");
        assert_eq!(error.code, Code::JournalNewer);
        Ok(())
    }

    #[test]
    fn a_damaged_journal_is_said() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("journal.sqlite");
        std::fs::write(&path, vec![7u8; 8192])?;
        assert_eq!(
            open(&path).map(|_| ()).expect_err("damaged").code,
            Code::JournalDamaged
        );
        Ok(())
    }
}
