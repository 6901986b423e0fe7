//! The durable record of every step: one SQLite file, readable with any SQLite tool.
//!
//! It holds account SIDs, step names, SIDs, codes, statuses, request ids and digests: never a
//! name, number, address, e-mail, token or message text. Its key is the world (Twilio, another base
//! URL, a sandbox) and the subaccount, so that a sorted, split, renamed or corrected sheet goes on
//! where each customer stood.

pub mod aside;
mod backup;
mod files;
mod history;
mod lock;
mod log;
mod policy;
mod record;
mod schema;
mod writer;
pub mod written;

pub use history::{Line, PastRun, PastState, Turn};
pub use record::{CustomerRun, Misrouted, Record};

use crate::events::Observer;
use crate::facts::{DigestKey, Facts, Time};
use crate::flow::{Flow, StepId};
use crate::model::{Fault, Sid};
use files::Files;
use lock::Lock;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use writer::Writer;

/// An open ledger, looked at from one world.
pub struct Ledger {
    path: PathBuf,
    /// The steps that it records, by name.
    flow: &'static Flow,
    world: i64,
    key: DigestKey,
    /// Reads go beside the writer: WAL lets both work at once.
    reader: Mutex<Connection>,
    writer: Option<Writer>,
    /// `None` where the ledger is only read.
    files: Option<Files>,
    is_young: bool,
    /// The format that it was seen to have. One that is only read may be carried forward meanwhile.
    format: i64,
    backup: Option<PathBuf>,
    /// Which run of the ledger this is, where it is written.
    run: Option<i64>,
    /// Whether records are dropped.
    drops: bool,
    _lock: Option<Lock>,
}

impl Ledger {
    /// Opens the ledger for a run, creating it where there is none. Only one process can have it
    /// open in this way. One of an older format is carried forward, after a [`Ledger::backup`] was made;
    /// `now`, in Unix milliseconds, is the date in its name.
    ///
    /// # Errors
    /// Another process has it open; it is damaged, from a newer version, or no ledger at all; the
    /// file cannot be created or written; the backup cannot be written.
    pub fn open(
        path: &Path,
        flow: &'static Flow,
        world: &str,
        now: Time,
        observer: Arc<dyn Observer>,
    ) -> Result<Ledger, Fault> {
        let lock = Lock::take(path)?;
        let (connection, backup) = schema::open_for_writing(path, now)?;
        let world = schema::world(&connection, world).map_err(|error| unusable(path, &error))?;
        let is_young = schema::is_young(&connection, path).map_err(|error| unusable(path, &error))?;
        let run = schema::begin_run(&connection, world, now).map_err(|error| unusable(path, &error))?;
        let reader = schema::open_beside_the_writer(path)?;
        // The first read opens the log: later, it might be another file by then.
        let key = schema::digest_key(&reader).map_err(|error| unusable(path, &error))?;
        let files = Files::of(path);
        let writer = Writer::start(connection, world, files.clone(), observer);
        Ok(Ledger {
            path: path.to_owned(),
            flow,
            world,
            key,
            reader: Mutex::new(reader),
            writer: Some(writer),
            files: Some(files),
            is_young,
            format: schema::VERSION,
            backup,
            run: Some(run),
            drops: false,
            _lock: Some(lock),
        })
    }

    /// Opens the ledger for a report. This works beside a running process, and reads also a ledger of an older
    /// format, which stays as it is.
    ///
    /// # Errors
    /// There is no such file, or it is damaged, from a newer version, or no ledger at all.
    pub fn open_for_reading(path: &Path, flow: &'static Flow, world: &str) -> Result<Ledger, Fault> {
        let reader = schema::open_for_reading(path)?;
        Ledger::only_read(path, flow, reader, world, false).map_err(|error| unusable(path, &error))
    }

    /// Opens the ledger for a run that only looks: as it is, or with nothing in it where there is none, or one that
    /// was cut off before it had its tables. What such a run would record is dropped.
    ///
    /// # Errors
    /// It is damaged, from a newer version, or no ledger at all.
    pub fn open_to_look(path: &Path, flow: &'static Flow, world: &str) -> Result<Ledger, Fault> {
        let there = std::fs::metadata(path).is_ok_and(|it| it.len() > 0);
        let there = there.then(|| schema::open_for_reading(path)).transpose()?;
        let has_tables = |it: &Connection| schema::format(it).is_ok_and(|format| format > 0);
        let open = || {
            let reader = there.filter(has_tables).map_or_else(schema::in_memory, Ok)?;
            Ledger::only_read(path, flow, reader, world, true)
        };
        open().map_err(|error| unusable(path, &error))
    }

    /// A ledger without a writer. With `drops`, what is to be recorded is taken and forgotten.
    fn only_read(
        path: &Path,
        flow: &'static Flow,
        reader: Connection,
        world: &str,
        drops: bool,
    ) -> rusqlite::Result<Ledger> {
        Ok(Ledger {
            path: path.to_owned(),
            flow,
            world: schema::known_world(&reader, world)?,
            key: schema::digest_key(&reader)?,
            format: schema::format(&reader)?,
            reader: Mutex::new(reader),
            writer: None,
            files: None,
            is_young: false,
            backup: None,
            run: None,
            drops,
            _lock: None,
        })
    }

    /// The key of this ledger's digests.
    pub fn key(&self) -> &DigestKey {
        &self.key
    }

    pub fn flow(&self) -> &'static Flow {
        self.flow
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether no run has waited for the visibility window with this file: it was created by this run or just
    /// before it, or it is an older copy that was put in its place. What an earlier run has made then may not
    /// show yet, and nothing here says that it was asked for.
    pub fn is_young(&self) -> bool {
        self.is_young
    }

    /// The copy of a ledger of an older format that was made when it was opened and carried forward; `None` where
    /// it had our format already.
    pub fn backup(&self) -> Option<&Path> {
        self.backup.as_deref()
    }

    /// Notes that a run has waited for the visibility window.
    ///
    /// # Errors
    /// The ledger cannot write.
    pub async fn note_watched(&self, parent: &Sid) -> Result<(), Fault> {
        self.append(parent, vec![Record::Watched(schema::fingerprint(&self.path))]).await
    }

    /// What is recorded of one customer, and of the last run that touched it: with [`CustomerRun::policy`] what
    /// that run decided can be said in its own terms.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn customer(&self, subaccount: &Sid) -> Result<(Facts, Option<CustomerRun>), Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let read = || -> rusqlite::Result<_> {
            // Both as of one moment; and the locks are taken once.
            let reader = reader.unchecked_transaction()?;
            let format = if self.format == schema::VERSION { self.format } else { schema::format(&reader)? };
            let facts = record::facts(&reader, self.flow, format, self.world, subaccount)?;
            let run = record::customer_run(&reader, self.flow, format, self.world, subaccount)?;
            Ok((facts, run))
        };
        read().map_err(|error| unusable(&self.path, &error))
    }

    /// When the state of a step was recorded.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn recorded_at(&self, subaccount: &Sid, step: StepId) -> Result<Option<Time>, Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        record::recorded_at(&reader, self.world, subaccount, step)
            .map_err(|error| unusable(&self.path, &error))
    }

    /// When each bundle of a customer was submitted, by the step that did it: those that stand submitted.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn submitted_at(&self, subaccount: &Sid) -> Result<Vec<(StepId, Time)>, Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let read = record::submitted_at(&reader, self.flow, self.world, subaccount);
        read.map_err(|error| unusable(&self.path, &error))
    }

    /// Makes sure before a request goes out that its answer would still be written to this ledger.
    ///
    /// # Errors
    /// A file of the ledger was deleted, moved or replaced: nothing more may be sent.
    pub fn must_be_in_place(&self) -> Result<(), Fault> {
        self.files.as_ref().map_or(Ok(()), Files::must_be_in_place)
    }

    /// Makes these records durable, all of them or none. When this returns they are on the disk.
    ///
    /// # Errors
    /// The ledger cannot write: nothing more may be sent.
    pub async fn append(&self, subaccount: &Sid, records: Vec<Record>) -> Result<(), Fault> {
        match &self.writer {
            Some(writer) => writer.append(subaccount.clone(), records).await,
            None if self.drops => Ok(()),
            None => Err(Fault::new(
                format!("The ledger {} is open for reading only", self.path.display()),
                "This is a mistake in the program; please report it.",
            )),
        }
    }

    /// Writes what is left and folds the write-ahead log into the file, so that one file remains.
    pub fn close(mut self) -> Result<(), Fault> {
        self.writer.take().map_or(Ok(()), Writer::stop)
    }
}

fn unusable(path: &Path, error: &rusqlite::Error) -> Fault {
    schema::fault_of(path, error)
}
