//! The tables, and everything about opening the file.

use super::files::beside;
use super::{backup, log};
use crate::facts::{DigestKey, Time};
use crate::model::Fault;
use crate::private;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the tables. A newer one is refused, because it may mean more than we can read; an
/// older one is carried forward step by step, and is read as it is by who only reads.
pub const VERSION: i64 = FORMATS.len() as i64;

/// What makes each format of the one before it, beginning with an empty database. What was released once is
/// changed no more.
const FORMATS: [&str; 3] = [FORMAT_1, FORMAT_2, FORMAT_3];

/// Marks the file as ours in SQLite's header: the letters THOB.
const APPLICATION_ID: i64 = 0x5448_4f42;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A reader beside a writer never waits in WAL mode, and there is one writer. This is for the
/// moments in which another program, such as a backup, holds the file.
const BUSY_WAIT: Duration = Duration::from_secs(5);

const FORMAT_1: &str = "
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE worlds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    -- Where each step of each customer stands. Times are Unix milliseconds.
    CREATE TABLE steps (
        world INTEGER NOT NULL REFERENCES worlds (id),
        subaccount TEXT NOT NULL,
        step TEXT NOT NULL,
        part TEXT NOT NULL,
        state TEXT NOT NULL,
        sid TEXT,
        digest BLOB,
        http_status INTEGER,
        code TEXT,
        detail TEXT,
        request_id TEXT,
        -- What stands in the way of a refused step.
        other_sid TEXT,
        at INTEGER NOT NULL,
        PRIMARY KEY (world, subaccount, step, part)
    ) STRICT, WITHOUT ROWID;
    -- The last run that touched a customer.
    CREATE TABLE customers (
        world INTEGER NOT NULL REFERENCES worlds (id),
        subaccount TEXT NOT NULL,
        calls INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        PRIMARY KEY (world, subaccount)
    ) STRICT, WITHOUT ROWID;
    -- What was created in another account than the one that was meant.
    CREATE TABLE strays (
        world INTEGER NOT NULL REFERENCES worlds (id),
        subaccount TEXT NOT NULL,
        step TEXT NOT NULL,
        sid TEXT,
        landed_in TEXT,
        request_id TEXT,
        at INTEGER NOT NULL
    ) STRICT;
    INSERT INTO secrets VALUES ('digest_key', randomblob(32)), ('watched', x'');
";

const FORMAT_2: &str = "
    ALTER TABLE strays RENAME TO misrouted;
    -- What is known of the content where there is no digest of it: `unknown`, or `before_us` for a bundle that
    -- was submitted before us. Without a version, a digest is one of format 1; sixteen zero bytes are none.
    ALTER TABLE steps ADD COLUMN content TEXT;
    ALTER TABLE steps ADD COLUMN digest_version INTEGER;
    -- The policy of the last run, in the words of its flags.
    ALTER TABLE customers ADD COLUMN submission TEXT;
    ALTER TABLE customers ADD COLUMN evaluate TEXT;
    ALTER TABLE customers ADD COLUMN refused_numbers TEXT;
    ALTER TABLE customers ADD COLUMN existing TEXT;
    ALTER TABLE customers ADD COLUMN policy_sids TEXT;
    -- Every state that each step of each customer has been in, in the order in which they were written. Lines are
    -- only ever added.
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        world INTEGER NOT NULL REFERENCES worlds (id),
        subaccount TEXT NOT NULL,
        step TEXT NOT NULL,
        part TEXT NOT NULL,
        state TEXT NOT NULL,
        sid TEXT,
        other_sid TEXT,
        http_status INTEGER,
        code TEXT,
        detail TEXT,
        request_id TEXT,
        at INTEGER NOT NULL
    ) STRICT;
    -- What a ledger of format 1 knows is where its history begins.
    INSERT INTO history (world, subaccount, step, part, state, sid, other_sid, http_status, code, detail,
            request_id, at)
        SELECT world, subaccount, step, part, state, sid, other_sid, http_status, code, detail, request_id, at
        FROM steps ORDER BY at;
";

const FORMAT_3: &str = "
    -- Each command that has opened the ledger for writing: what it did are the lines of the history after `after`,
    -- up to those of the next one. Only one of them can have it open.
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        world INTEGER NOT NULL REFERENCES worlds (id),
        started_at INTEGER NOT NULL,
        after INTEGER NOT NULL
    ) STRICT;
";

/// Opens or creates the file and brings it to our version. A ledger of an older format is copied beside it first:
/// the second of what is given back is where that copy is.
pub fn open_for_writing(path: &Path, now: Time) -> Result<(Connection, Option<PathBuf>), Fault> {
    create_private(path)?;
    look_before_touching(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let fault = |error| fault_of(path, &error);
    must_be_whole(&connection).map_err(fault)?;
    let backup = match format(&connection).map_err(fault)? {
        0 | VERSION => None,
        older => Some(backup::make(&connection, path, older, now)?),
    };
    prepare(&connection).map_err(fault)?;
    Ok((connection, backup))
}

/// Opens a ledger of ours that nobody has open, whatever its format.
pub fn open_as_it_is(path: &Path) -> Result<Connection, Fault> {
    look_before_touching(path)?;
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// The format of an open ledger: 0 where it has no tables yet.
pub fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Opens an existing file beside whoever writes it.
pub fn open_for_reading(path: &Path) -> Result<Connection, Fault> {
    let is_empty = std::fs::metadata(path).is_ok_and(|it| it.len() == 0);
    if !path.exists() || is_empty {
        return Err(Fault::new(
            format!("There is no ledger at {}", path.display()),
            "Start `run` first, go to the folder where it ran, or name the ledger with --ledger FILE.",
        ));
    }
    look_before_touching(path)?;
    open_beside_the_writer(path)
}

/// A ledger without a file and without a record.
pub fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    prepare(&connection)?;
    Ok(connection)
}

/// Opens a ledger that this process has open already. Nothing else may open and close its file meanwhile:
/// that would drop the locks of the connections that there are.
pub fn open_beside_the_writer(path: &Path) -> Result<Connection, Fault> {
    // Not read-only: in WAL mode a reader keeps its place in the shared index file.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| fault_of(path, &error))?;
    Ok(connection)
}

/// Notes that a command begins to write, and says which run of the ledger that is. Where the last one has written
/// nothing, there was none: its number is used again.
pub fn begin_run(connection: &Connection, world: i64, now: Time) -> rusqlite::Result<i64> {
    let after: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) FROM history", [], |row| row.get(0))?;
    let unused = connection
        .query_row("SELECT max(id) FROM runs HAVING max(after) = ?1", [after], |row| row.get::<_, i64>(0))
        .optional()?;
    connection.execute(
        "INSERT OR REPLACE INTO runs (id, world, started_at, after) VALUES (?1, ?2, ?3, ?4)",
        rusqlite::params![unused, world, now, after],
    )?;
    Ok(unused.unwrap_or_else(|| connection.last_insert_rowid()))
}

/// The number of a world, which is made known if it is new.
pub fn world(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.execute("INSERT OR IGNORE INTO worlds (name) VALUES (?1)", [name])?;
    connection.query_row("SELECT id FROM worlds WHERE name = ?1", [name], |row| row.get(0))
}

/// The number of a world; -1, which no record has, where the ledger does not know it.
pub fn known_world(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let id = connection.query_row("SELECT id FROM worlds WHERE name = ?1", [name], |row| row.get(0));
    Ok(id.optional()?.unwrap_or(-1))
}

/// The key of the digests, which was made when the ledger was.
pub fn digest_key(connection: &Connection) -> rusqlite::Result<DigestKey> {
    connection
        .query_row("SELECT value FROM secrets WHERE name = 'digest_key'", [], |row| row.get(0))
        .map(DigestKey::new)
}

/// Whether this file is new to the runs: it was just created, or it is a copy that took the place of another.
/// `watched` names the file with which a run has waited for the visibility window; a ledger of an older
/// version has none, and counts as watched.
pub fn is_young(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let this = fingerprint(path);
    connection.execute("INSERT OR IGNORE INTO secrets VALUES ('watched', ?1)", [&this])?;
    let watched: Vec<u8> =
        connection.query_row("SELECT value FROM secrets WHERE name = 'watched'", [], |row| row.get(0))?;
    Ok(watched != this)
}

/// Which file this is: its number on the disk, and when it came to be there, because numbers are used again.
pub fn fingerprint(path: &Path) -> Vec<u8> {
    let Ok(metadata) = std::fs::metadata(path) else { return vec![0] };
    let created = metadata.created().ok().and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
    let mut fingerprint = created.map_or(0, |it| it.as_nanos()).to_le_bytes().to_vec();
    #[cfg(unix)]
    fingerprint.extend(std::os::unix::fs::MetadataExt::ino(&metadata).to_le_bytes());
    fingerprint
}

/// What SQLite's error means to a person.
pub fn fault_of(ledger: &Path, error: &rusqlite::Error) -> Fault {
    let code = error.sqlite_error_code();
    let reason = match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    let path = ledger.display();
    match code {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::new(
            format!("The ledger {path} is damaged ({reason})"),
            "It was left as it is. Restore it from a backup or move it away: with a new ledger, \
             everything that bears our tag is found again and taken over.",
        ),
        Some(ErrorCode::DiskFull) => full(&format!("the disk with the ledger {path} is full")),
        Some(ErrorCode::SystemIoFailure) if let Some(limit) = limit_reached(ledger) => {
            full(&format!("the ledger {path} cannot grow: {limit}"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Fault::new(
            format!("The ledger {path} cannot be opened for writing ({reason})"),
            "Check the permissions of the file and of its folder, or name another place with --ledger.",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::new(
            format!("The ledger {path} is held by another program"),
            "Close the program that has it open, then run the same command again.",
        ),
        _ => Fault::new(
            format!("The ledger {path} cannot be used ({reason})"),
            "Nothing more was sent. Check the disk, then run the same command again.",
        ),
    }
}

fn full(what: &str) -> Fault {
    let what = format!("{}{}", what[..1].to_uppercase(), &what[1..]);
    Fault::new(what, "Nothing more was sent. Make room, then run the same command again.")
}

/// Which limit keeps the ledger from growing, if one does. SQLite tells a full disk from a broken one, but not
/// a quota that is used up or a limit on the size of a file: what it could not do is tried once more.
fn limit_reached(ledger: &Path) -> Option<&'static str> {
    let folder = ledger.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let lengths =
        ["", "-wal", "-shm"].map(|end| std::fs::metadata(beside(ledger, end)).map_or(0, |it| it.len()));
    let end = lengths.into_iter().max().unwrap_or(0);
    let grow = || {
        let mut file = tempfile::tempfile_in(folder)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(&[0; GROWTH_TRIED])?;
        file.sync_all()
    };
    match grow().err()?.kind() {
        ErrorKind::StorageFull => Some("its disk is full"),
        ErrorKind::QuotaExceeded => Some("the quota of its user is used up"),
        ErrorKind::FileTooLarge => Some("a limit on the size of a file is reached (ulimit -f)"),
        _ => None,
    }
}

/// As much as SQLite adds to a file of its own at once, at most: the index of its log.
const GROWTH_TRIED: usize = 32 * 1024;

fn create_private(path: &Path) -> Result<(), Fault> {
    let made = private::file(OpenOptions::new().create_new(true).write(true)).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Fault::new(
            format!("The ledger {} cannot be created ({error})", path.display()),
            "Check that the folder exists and may be written to, or name another place with --ledger.",
        )),
    }
}

/// Tells a foreign file before SQLite opens it, so that nothing of it is changed.
fn look_before_touching(path: &Path) -> Result<(), Fault> {
    let unreadable = |error: std::io::Error| {
        Fault::new(
            format!("The ledger {} cannot be read ({error})", path.display()),
            "Check the permissions of the file, or name another one with --ledger.",
        )
    };
    let mut start = vec![];
    let read = std::fs::File::open(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut start));
    read.map_err(unreadable)?;
    // What is in the log counts more than what is in the file: power may have gone while it was folded in.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let logged = log::first_page(&beside(&real, "-wal")).map_err(unreadable)?;
    let logged = logged.map(|page| kind_of(&page)).filter(|kind| matches!(kind, Kind::Ours | Kind::Newer(_)));
    match (start.is_empty(), logged) {
        // SQLite would throw the log away.
        (true, Some(_)) => Err(Fault::new(
            format!(
                "The ledger {} is damaged: it is empty, and its log {}-wal is not",
                path.display(),
                path.display()
            ),
            "Both were left as they are. Restore the ledger from a backup or move both away: with a new ledger, \
             everything that bears our tag is found again and taken over.",
        )),
        (true, _) => Ok(()),
        (false, logged) => match logged.filter(|_| may_be_torn(&start)).unwrap_or_else(|| kind_of(&start)) {
            Kind::Ours => Ok(()),
            // A ledger whose very first transaction was cut off.
            Kind::Blank if std::fs::metadata(path).is_ok_and(|it| it.len() <= 4096) => Ok(()),
            Kind::Newer(version) => Err(Fault::new(
                format!(
                    "The ledger {} was written by a newer version of trusthub-onboard (format {version}, \
                     this one knows {VERSION})",
                    path.display()
                ),
                "It was left as it is. Use the newer version.",
            )),
            Kind::Blank | Kind::Foreign => Err(Fault::new(
                format!("{} is not a ledger of this program", path.display()),
                "It was left as it is. Name another file with --ledger; it is created if it is not there.",
            )),
        },
    }
}

/// SQLite's header.
const HEADER_BYTES: u64 = 100;

enum Kind {
    Ours,
    Newer(i64),
    /// A database in which nothing is yet.
    Blank,
    Foreign,
}

/// What the beginning of a database says it is.
fn kind_of(start: &[u8]) -> Kind {
    // Bytes 68 to 71 of SQLite's header are the application id, 60 to 63 the user version.
    let number = |at: usize| {
        start.get(at..at + 4).map(|it| i64::from(u32::from_be_bytes([it[0], it[1], it[2], it[3]])))
    };
    match (start.starts_with(MAGIC), number(68), number(60)) {
        (true, Some(APPLICATION_ID), Some(version)) if version > VERSION => Kind::Newer(version),
        (true, Some(APPLICATION_ID), Some(_)) => Kind::Ours,
        (true, Some(0), Some(0)) => Kind::Blank,
        _ => Kind::Foreign,
    }
}

/// Whether a file may be a ledger that was cut off while its log was folded into it for the first time: what
/// stands there is a database without anything in it, or nothing that anybody could read.
fn may_be_torn(start: &[u8]) -> bool {
    match kind_of(start) {
        Kind::Ours | Kind::Newer(_) | Kind::Blank => true,
        Kind::Foreign => {
            let is_text = std::str::from_utf8(start).is_ok_and(|it| !it.contains('\0'));
            !start.starts_with(MAGIC) && !is_text
        }
    }
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, Fault> {
    // Before it is opened, because the files beside it take its mode.
    for end in ["", "-wal", "-shm", ".lock"] {
        private::narrow(&beside(path, end));
    }
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| fault_of(path, &error))?;
    connection.busy_timeout(BUSY_WAIT).map_err(|error| fault_of(path, &error))?;
    Ok(connection)
}

/// Reads the whole file once, which takes a second or two for a hundred thousand customers: damage
/// that is met only in mid-run would be met after requests that rest on what was lost.
fn must_be_whole(connection: &Connection) -> rusqlite::Result<()> {
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => {
            let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            // SQLite's own list is long and says nothing to a person.
            Err(rusqlite::Error::SqliteFailure(corrupt, Some("its pages do not fit together".to_owned())))
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // FULL, because NORMAL may lose the last commits on a power cut: "was this sent?" would be lost.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS a plain fsync does not reach the disk; elsewhere these two change nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    let before = format(connection)?;
    if before < VERSION {
        let forward = FORMATS[before.unsigned_abs() as usize..].concat();
        let done = connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             {forward}
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             COMMIT;"
        ));
        if done.is_err() {
            // The error says why; a connection that is closed rolls back all the same.
            let _ = connection.execute_batch("ROLLBACK");
        }
        done?;
    }
    Ok(())
}
