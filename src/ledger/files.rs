//! The ledger's files under their names: what was opened must still be there.
//!
//! An open file can be deleted, moved or replaced, and whoever has it open goes on writing to what nobody
//! will find again.

use crate::model::Fault;
use std::path::{Path, PathBuf};

/// The files of an open ledger, as they were when it was opened.
#[derive(Clone)]
pub struct Files {
    ledger: PathBuf,
    opened: Vec<(PathBuf, Option<Identity>)>,
}

impl Files {
    /// The database and what SQLite keeps beside it as long as it is open: the write-ahead log and its index.
    pub fn of(ledger: &Path) -> Files {
        let ledger = ledger.to_owned();
        // SQLite follows links, and names what stands beside it after the file at their end.
        let real = std::fs::canonicalize(&ledger).unwrap_or_else(|_| ledger.clone());
        let mut opened = vec![(ledger.clone(), identity(&ledger))];
        for end in ["-wal", "-shm"] {
            let path = beside(&real, end);
            let identity = identity(&path);
            if identity.is_some() {
                opened.push((path, identity));
            }
        }
        Files { ledger, opened }
    }

    pub fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// # Errors
    /// One of the files is gone, or another file has its name.
    pub fn must_be_in_place(&self) -> Result<(), Fault> {
        let Some((path, _)) = self.opened.iter().find(|(path, opened)| identity(path) != *opened) else {
            return Ok(());
        };
        let what = if path.exists() { "was replaced" } else { "was deleted or moved away" };
        Err(Fault::new(
            format!("{} {what} while this run was writing to it", path.display()),
            "Nothing more was sent. Put the ledger back as it was, with what stands beside it, then run the same \
             command again; without it everything that bears our tag is found again and taken over.",
        ))
    }
}

/// A file that stands beside the ledger.
pub fn beside(ledger: &Path, end: &str) -> PathBuf {
    let mut name = ledger.to_owned().into_os_string();
    name.push(end);
    PathBuf::from(name)
}

/// Which file on the disk a name stands for.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()))
}

/// Elsewhere an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some(())
}
