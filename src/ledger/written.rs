//! The CSV files that this program wrote, known again by what is in them.
//!
//! A workbook bears our mark inside. A CSV file has no place for one that would not disturb its readers, so a
//! digest of its content is kept here, in the ledger of the run that wrote it: no name and no content. Where
//! the ledger is lost, the file counts as somebody else's, which is the safe side.

use super::schema;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How many files are remembered: those of the last three hundred runs.
const FILES_MAX: u64 = 1_000;

/// How long a moment is waited for in which nobody else writes. A run's own records come first.
const BUSY_WAIT: Duration = Duration::from_secs(2);

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS written_files (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE) STRICT";

/// Remembers a file by the SHA-256 of its content. Whether that went well is not said: a file that is not
/// remembered counts as somebody else's.
pub fn remember(ledger: &Path, content: &[u8]) {
    let _ = open(ledger).and_then(|connection| {
        connection.execute_batch(TABLE)?;
        let digest = keyed(&connection, content)?;
        connection.execute("INSERT OR REPLACE INTO written_files (digest) VALUES (?1)", [digest])?;
        connection.execute(
            "DELETE FROM written_files WHERE id <= (SELECT max(id) FROM written_files) - ?1",
            [FILES_MAX],
        )
    });
}

/// Whether a file with this content was written by a run with this ledger.
pub fn knows(ledger: &Path, content: &[u8]) -> bool {
    let found = open(ledger).and_then(|connection| {
        let digest = keyed(&connection, content)?;
        connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM written_files WHERE digest = ?1)",
            [digest],
            |row| row.get(0),
        )
    });
    found.unwrap_or(false)
}

/// With the ledger's own key: what a short file holds cannot be guessed from its digest.
fn keyed(connection: &Connection, content: &[u8]) -> rusqlite::Result<[u8; 16]> {
    let mut hasher = schema::digest_key(connection)?.hasher();
    hasher.add(content);
    Ok(hasher.finish())
}

/// Opens a ledger that is there.
fn open(ledger: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        ledger,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_WAIT)?;
    Ok(connection)
}
