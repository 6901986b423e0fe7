//! One thread writes; whoever waits for a record waits for its commit. Records that come in while
//! a commit is under way share the next one, so that durability costs little under load.

use super::record::{self, Record};
use super::schema;
use crate::events::{Event, Observer};
use crate::model::{Fault, Sid};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Records of at most this many waiting customers share one commit, so that the first of them does
/// not wait for a whole crowd.
const BATCH_MAX: usize = 256;

/// The log is folded into the file at every this many pages of 4 KiB: often enough to stay small,
/// rare enough that hardly a commit waits for it.
const CHECKPOINT_PAGES: i64 = 4_000;

pub struct Writer {
    jobs: Sender<Job>,
    thread: JoinHandle<Result<(), Fault>>,
    path: PathBuf,
}

struct Job {
    subaccount: Sid,
    records: Vec<Record>,
    done: oneshot::Sender<Result<(), Fault>>,
}

impl Writer {
    pub fn start(connection: Connection, world: i64, path: PathBuf, observer: Arc<dyn Observer>) -> Writer {
        let (jobs, inbox) = channel();
        let file = path.clone();
        let thread = std::thread::spawn(move || work(connection, world, &file, &inbox, observer.as_ref()));
        Writer { jobs, thread, path }
    }

    pub async fn append(&self, subaccount: Sid, records: Vec<Record>) -> Result<(), Fault> {
        let (done, answer) = oneshot::channel();
        // A writer that has stopped gives the job back, and with it the sender that `answer` waits for.
        if self.jobs.send(Job { subaccount, records, done }).is_err() {
            return Err(stopped(&self.path));
        }
        answer.await.unwrap_or_else(|_| Err(stopped(&self.path)))
    }

    pub fn stop(self) -> Result<(), Fault> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|_| Err(stopped(&self.path)))
    }
}

fn stopped(path: &Path) -> Fault {
    Fault::new(
        format!("The ledger {} no longer writes", path.display()),
        "Nothing more was sent. Run the same command again: it goes on where each customer stood.",
    )
}

fn work(
    mut connection: Connection,
    world: i64,
    path: &Path,
    inbox: &Receiver<Job>,
    observer: &dyn Observer,
) -> Result<(), Fault> {
    let checkpoints = connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES);
    checkpoints.map_err(|error| schema::fault_of(path, &error))?;
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        batch.extend(inbox.try_iter().take(BATCH_MAX - 1));
        observer.on(&Event::LedgerWrites);
        let result = commit(&mut connection, world, &batch).map_err(|error| schema::fault_of(path, &error));
        observer.on(&Event::LedgerWrote);
        for job in batch {
            // A customer who no longer waits has been stopped; the record stands all the same.
            let _ = job.done.send(result.clone());
        }
        // After a failed write nothing is certain any more: whoever comes later hears that we stopped.
        result?;
    }
    let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    folded.map_err(|error| schema::fault_of(path, &error))
}

fn commit(connection: &mut Connection, world: i64, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for job in batch {
        for record in &job.records {
            record::write(&transaction, world, &job.subaccount, record)?;
        }
    }
    transaction.commit()
}
