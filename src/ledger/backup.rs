//! A copy of a ledger beside it, made before its format is changed.

use super::files::beside;
use crate::facts::Time;
use crate::model::Fault;
use rusqlite::Connection;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// So many copies of one second are no accident any more, but a folder that lets nobody see its files.
const NAMES_MAX: u32 = 100;

/// Copies the open ledger to a new file beside it, whose name says the format and the date. When this returns the
/// copy is on the disk; only its owner may read it.
///
/// # Errors
/// The copy cannot be written. Nothing is left of it, and the ledger is as it was.
pub fn make(connection: &Connection, ledger: &Path, format: i64, now: Time) -> Result<PathBuf, Fault> {
    // SQLite follows links, and so does what stands beside the ledger.
    let real = std::fs::canonicalize(ledger).unwrap_or_else(|_| ledger.to_owned());
    copy(connection, &real, &format!(".format-{format}-{}", date(now))).map_err(|error| {
        Fault::new(
            format!(
                "The ledger {} has an older format ({format}), and no backup of it can be written beside it ({error})",
                ledger.display()
            ),
            "Nothing was changed and nothing was sent. Make room on the disk and make the folder of the ledger \
             writable, then run the same command again.",
        )
    })
}

fn copy(connection: &Connection, ledger: &Path, end: &str) -> io::Result<PathBuf> {
    let folder = ledger.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder)?;
    connection.backup("main", draft.path(), None::<fn(_)>).map_err(io::Error::other)?;
    draft.as_file().sync_all()?;
    for n in 1..=NAMES_MAX {
        let number = if n == 1 { String::new() } else { format!("-{n}") };
        let name = beside(ledger, &format!("{end}{number}.backup"));
        match draft.persist_noclobber(&name) {
            Ok(_) => {
                // Its name is to be on the disk too. Where a folder cannot be synced, the system cares for that.
                let _ = File::open(folder).and_then(|it| it.sync_all());
                return Ok(name);
            }
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => draft = taken.file,
            Err(other) => return Err(other.error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// Such as `2026-11-25T192611Z`: no colon, which some systems do not allow in names.
fn date(now: Time) -> String {
    let time = i64::try_from(now).ok().and_then(|it| jiff::Timestamp::from_millisecond(it).ok());
    time.unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H%M%SZ").to_string()
}
