//! One thread writes; whoever waits for a record waits for its commit. Records that come in while
//! a commit is under way share the next one, so that durability costs little under load.

use super::files::Files;
use super::record::{self, Record};
use super::schema;
use crate::events::{Event, Observer};
use crate::model::{Fault, Sid};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
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
    stopped: Stopped,
}

/// Why the writer has stopped. Whoever comes after it hears the cause, not only that nothing is written.
#[derive(Clone)]
struct Stopped {
    path: PathBuf,
    cause: Arc<OnceLock<Fault>>,
}

impl Stopped {
    fn fault(&self) -> Fault {
        self.cause.get().cloned().unwrap_or_else(|| {
            Fault::new(
                format!("The ledger {} is closed, and something is still to be written", self.path.display()),
                "This is a mistake in the program; please report it. Run the same command again: it goes on \
                 where each customer stood.",
            )
        })
    }
}

struct Job {
    subaccount: Sid,
    records: Vec<Record>,
    done: oneshot::Sender<Result<(), Fault>>,
}

impl Writer {
    pub fn start(connection: Connection, world: i64, files: Files, observer: Arc<dyn Observer>) -> Writer {
        let (jobs, inbox) = channel();
        let stopped = Stopped { path: files.ledger().to_owned(), cause: Arc::default() };
        let cause = stopped.cause.clone();
        let thread = std::thread::spawn(move || {
            let done = work(connection, world, &files, &inbox, observer.as_ref(), &cause);
            done.inspect_err(|fault| {
                cause.get_or_init(|| fault.clone());
            })
        });
        Writer { jobs, thread, stopped }
    }

    pub async fn append(&self, subaccount: Sid, records: Vec<Record>) -> Result<(), Fault> {
        let (done, answer) = oneshot::channel();
        // A writer that has stopped gives the job back, and with it the sender that `answer` waits for.
        if self.jobs.send(Job { subaccount, records, done }).is_err() {
            return Err(self.stopped.fault());
        }
        answer.await.unwrap_or_else(|_| Err(self.stopped.fault()))
    }

    pub fn stop(self) -> Result<(), Fault> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|_| Err(self.stopped.fault()))
    }
}

fn work(
    mut connection: Connection,
    world: i64,
    files: &Files,
    inbox: &Receiver<Job>,
    observer: &dyn Observer,
    cause: &OnceLock<Fault>,
) -> Result<(), Fault> {
    let fault = |error: rusqlite::Error| schema::fault_of(files.ledger(), &error);
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(fault)?;
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        // Whoever is about to write gets the chance to: a commit costs much more than a record in it.
        loop {
            std::thread::yield_now();
            let before = batch.len();
            batch.extend(inbox.try_iter().take(BATCH_MAX - before));
            if batch.len() == before || batch.len() == BATCH_MAX {
                break;
            }
        }
        observer.on(&Event::LedgerWrites);
        let result = commit(&mut connection, world, &batch).map_err(fault);
        // A file that was moved away takes a commit all the same.
        let result = result.and_then(|()| files.must_be_in_place());
        observer.on(&Event::LedgerWrote);
        if let Err(first) = &result {
            // Before anybody hears of it: what comes next is told the same.
            cause.get_or_init(|| first.clone());
        }
        for job in batch {
            // A customer who no longer waits has been stopped; the record stands all the same.
            let _ = job.done.send(result.clone());
        }
        // After a failed write nothing is certain any more: whoever comes later hears why.
        result?;
    }
    files.must_be_in_place()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fault)
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

#[cfg(test)]
mod tests {
    use super::super::Ledger;
    use crate::events::Nobody;
    use crate::ledger::{CustomerRun, Record};
    use crate::model::Sid;
    use std::sync::Arc;

    #[tokio::test]
    async fn whoever_comes_after_the_first_failure_hears_of_its_cause() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let ledger =
            Ledger::open(&path, &crate::products::FLOW, "world", 0, Arc::new(Nobody)).expect("a ledger");
        let customer = Sid::parse("AC0123456789abcdef0123456789abcdef").expect("a SID");
        let run = || {
            let run = CustomerRun { calls: 0, started_at: 0, finished_at: None, policy: None };
            vec![Record::Customer(run)]
        };
        ledger.append(&customer, run()).await.expect("written");
        std::fs::remove_file(&path).expect("it is there");
        for _ in 0..3 {
            let fault = ledger.append(&customer, run()).await.expect_err("nothing is written any more");
            assert!(fault.what().contains("deleted"), "{fault}");
        }
        assert!(ledger.close().expect_err("it cannot be folded").what().contains("deleted"));
    }
}
