//! One process per ledger.

use crate::model::Fault;
use crate::private;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Held as long as the process works with the ledger; the system lets go of it at any end, a
/// `kill -9` included. Closing any handle of the database file drops SQLite's own locks, so that this is
/// closed after the last connection.
pub struct Lock {
    _beside: File,
    /// The database itself, however many names it has and whatever became of the file beside it. Only on Linux
    /// does such a lock (flock) leave SQLite's own (fcntl) alone.
    _database: Option<File>,
}

impl Lock {
    /// # Errors
    /// Another process holds it, or the file cannot be created.
    pub fn take(ledger: &Path) -> Result<Lock, Fault> {
        refuse_network_file_systems(ledger)?;
        // Two names of one ledger must meet at one lock.
        let real = std::fs::canonicalize(ledger).unwrap_or_else(|_| ledger.to_owned());
        let mut name = real.into_os_string();
        name.push(".lock");
        let path = PathBuf::from(name);
        let file = private::file(OpenOptions::new().create(true).truncate(false).write(true)).open(&path).map_err(
            |error| {
                Fault::new(
                    format!("The ledger cannot be locked: {} cannot be created ({error})", path.display()),
                    "Check that the folder exists and may be written to, or name another place with --ledger.",
                )
            },
        )?;
        held(&file, ledger)?;
        let database = database(ledger);
        if let Some(database) = &database {
            held(database, ledger)?;
        }
        Ok(Lock { _beside: file, _database: database })
    }
}

/// The database to be locked, which is created where there is none. What cannot be opened is named when SQLite
/// is to open it.
fn database(ledger: &Path) -> Option<File> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mut options = OpenOptions::new();
    private::file(options.create(true).truncate(false).read(true).write(true)).open(ledger).ok()
}

fn held(file: &File, ledger: &Path) -> Result<(), Fault> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Fault::new(
            format!("Another process is working with the ledger {}", ledger.display()),
            "Wait until it ends, or stop it; a second run on the same ledger could do things twice. How everyone stands \
             meanwhile is said by `results` and `report`, which only read.",
        )),
        Err(TryLockError::Error(error)) => Err(Fault::new(
            format!("The ledger {} cannot be locked ({error})", ledger.display()),
            "Put the ledger on a local disk with --ledger: some network file systems have no locks.",
        )),
    }
}

/// The network file systems that Linux knows by a number of their own [statfs(2)]: locks and the shared
/// index of the write-ahead log cannot be relied on there. 9p is not among them, because virtual
/// machines reach their own host's disk by it.
const NETWORK_FILE_SYSTEMS: [(u64, &str); 7] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
];

/// The name of a network file system, by its number.
fn network_file_system(number: u64) -> Option<&'static str> {
    NETWORK_FILE_SYSTEMS.into_iter().find(|it| it.0 == number).map(|it| it.1)
}

fn refuse_network_file_systems(ledger: &Path) -> Result<(), Fault> {
    #[cfg(target_os = "linux")]
    {
        let folder = ledger.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The number fits into 32 bits on every machine, whatever type it is given in.
        let number = rustix::fs::statfs(folder).map(|it| it.f_type as u64 & 0xffff_ffff);
        if let Some(name) = number.ok().and_then(network_file_system) {
            return Err(Fault::new(
                format!("The ledger {} would lie on a network file system ({name})", ledger.display()),
                "Put it on a local disk with --ledger: elsewhere two machines could work with it at once.",
            ));
        }
    }
    let _ = ledger;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(network_file_system(0x6969), Some("NFS"));
        // ext4, tmpfs, btrfs.
        for local in [0xef53, 0x0102_1994, 0x9123_683e] {
            assert_eq!(network_file_system(local), None);
        }
    }
}
