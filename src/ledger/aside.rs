//! What happens to the files of a ledger that nobody has open: copies, losses, another clock. A rehearsal does it
//! on purpose.

use super::files::beside;
use super::schema;
use crate::model::Fault;
use std::fs;
use std::io;
use std::path::Path;

/// A ledger is more than one file: what was not yet taken over into the database is in the second.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// Puts a copy in the place of another ledger, with files of its own.
///
/// # Errors
/// A file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    remove(to)?;
    for end in ENDS {
        let from = beside(from, end);
        if from.exists() {
            fs::copy(&from, beside(to, end))?;
        }
    }
    Ok(())
}

/// Removes a ledger.
///
/// # Errors
/// A file is there and cannot be removed.
pub fn remove(ledger: &Path) -> io::Result<()> {
    for end in ENDS {
        match fs::remove_file(beside(ledger, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
    }
    Ok(())
}

/// Moves all times of a ledger, as if the clock had been set the other way since.
///
/// # Errors
/// The file is no ledger of this format, or cannot be written.
pub fn shift_times(ledger: &Path, by_ms: i64) -> Result<(), Fault> {
    let connection = schema::open_as_it_is(ledger)?;
    let shift = "UPDATE steps SET at = at + ?1;
                 UPDATE customers SET started_at = started_at + ?1, finished_at = finished_at + ?1;
                 UPDATE history SET at = at + ?1;
                 UPDATE misrouted SET at = at + ?1;";
    for statement in shift.split_terminator(';') {
        connection.execute(statement, [by_ms]).map_err(|error| schema::fault_of(ledger, &error))?;
    }
    Ok(())
}
