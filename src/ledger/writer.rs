//! One thread writes; whoever waits for a record waits for its commit. Records that come in while
//! a commit is under way share the next one, so that durability costs little under load.

use super::files::Files;
use super::record::{self, Record, StepStatements};
use super::schema;
use crate::events::{Event, Observer};
use crate::model::{Fault, Sid};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Records of at most this many waiting customers share one commit, so that the first of them does
/// not wait for a whole crowd.
const BATCH_MAX: usize = 256;

/// For more than so many nobody waits: the commit is shared already, and the fast ones are not to be held up.
const BATCH_ENOUGH: usize = 8;

/// How long others are waited for, in milliseconds. It is little beside a request, which takes a hundred or more, and
/// at 2,000 calls/s it halves the commits, which saves a quarter of the processor's time.
const GATHER_MAX_MS: u64 = 4;

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
    let mut is_crowded = false;
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        gather(inbox, &mut batch, is_crowded);
        is_crowded = batch.len() > 1;
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

/// Takes in what waits to be written. Where several customers write at a time, others are about to: a commit costs much
/// more than a record in it, so that they are waited for. A customer who is alone waits for nobody.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, and none of the run's waits")]
fn gather(inbox: &Receiver<Job>, batch: &mut Vec<Job>, is_crowded: bool) {
    batch.extend(inbox.try_iter().take(BATCH_MAX - batch.len()));
    if batch.len() == 1 && !is_crowded {
        return;
    }
    for _ in 0..GATHER_MAX_MS {
        if batch.len() >= BATCH_ENOUGH {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
        batch.extend(inbox.try_iter().take(BATCH_MAX - batch.len()));
    }
}

fn commit(connection: &mut Connection, world: i64, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut steps = StepStatements::of(&transaction)?;
    for job in batch {
        for record in &job.records {
            record::write(&transaction, &mut steps, world, &job.subaccount, record)?;
        }
    }
    drop(steps);
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::super::Ledger;
    use super::*;
    use crate::events::Nobody;
    use crate::ledger::CustomerRun;

    #[test]
    fn a_commit_takes_in_whoever_waits_up_to_a_most() {
        let (jobs, inbox) = channel();
        let customer = Sid::parse("AC0123456789abcdef0123456789abcdef").expect("a SID");
        let job = || Job { subaccount: customer.clone(), records: vec![], done: oneshot::channel().0 };
        let taken = |is_crowded| {
            let mut batch = vec![job()];
            gather(&inbox, &mut batch, is_crowded);
            batch.len()
        };
        assert_eq!((taken(false), taken(true)), (1, 1), "nobody else is there");
        for _ in 0..BATCH_MAX + 10 {
            jobs.send(job()).expect("a receiver");
        }
        assert_eq!((taken(false), taken(false), taken(true)), (BATCH_MAX, 12, 1));
    }

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
