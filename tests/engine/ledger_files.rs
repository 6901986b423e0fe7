//! What happens to the files of the ledger while a run works with them, and before it opens them.

use crate::fixture::{Fixture, customer};
use crate::watch::watching;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use trusthub_onboard::events::Event;

fn beside(ledger: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", ledger.display()))
}

/// Runs one customer and does something to the ledger when the nth request goes out. Gives how many went out.
async fn sent_when(at: u64, fixture: &Fixture, act: impl Fn(&Path) + Send + Sync + 'static) -> (u64, String) {
    let sent = Arc::new(AtomicU64::new(0));
    let (counter, ledger) = (sent.clone(), fixture.ledger.clone());
    let observer = watching(move |event| {
        if let Event::Sending(_) = event
            && counter.fetch_add(1, Ordering::SeqCst) + 1 == at
        {
            act(&ledger);
        }
    });
    let fault = fixture.run_until(observer, CancellationToken::new()).await.err().expect("a fault");
    (sent.load(Ordering::SeqCst), fault.to_string())
}

#[tokio::test]
async fn nothing_is_sent_any_more_once_the_ledger_was_deleted_moved_or_replaced() {
    type Act = fn(&Path);
    let acts: [(&str, Act); 5] = [
        ("deleted", |ledger| std::fs::remove_file(ledger).expect("deleted")),
        ("moved away", |ledger| std::fs::rename(ledger, beside(ledger, ".old")).expect("moved")),
        ("replaced", |ledger| {
            std::fs::copy(ledger, beside(ledger, ".copy")).expect("copied");
            std::fs::rename(beside(ledger, ".copy"), ledger).expect("replaced");
        }),
        ("deleted", |ledger| std::fs::remove_file(beside(ledger, "-wal")).expect("deleted")),
        ("deleted", |ledger| std::fs::remove_file(beside(ledger, "-shm")).expect("deleted")),
    ];
    for (word, act) in acts {
        // A read of the parent, the first reads of the customer, creations.
        for at in [1, 2, 4, 5, 9, 16] {
            let mut fixture = Fixture::with(vec![customer(1)]);
            fixture.concurrency = 1;
            let (sent, fault) = sent_when(at, &fixture, act).await;
            assert_eq!(sent, at, "{word} at {at}: {fault}");
            assert!(fault.contains(word) && fault.contains("ledger.db"), "{fault}");
        }
    }
}

#[tokio::test]
async fn a_ledger_that_was_torn_while_its_log_was_folded_in_for_the_first_time_is_whole_again() {
    let fixture = Fixture::with(vec![customer(1)]);
    let (before, log) = (fixture.folder.path().join("before"), fixture.folder.path().join("log"));
    let ledger = fixture.ledger.clone();
    let (to, log_to) = (before.clone(), log.clone());
    let copying = watching(move |event| {
        if let Event::LedgerWrote = event {
            std::fs::copy(&ledger, &to).expect("a copy");
            std::fs::copy(beside(&ledger, "-wal"), &log_to).expect("a copy");
        }
    });
    fixture.run_watched(copying).await.expect("no fault");
    let calls = fixture.changing_calls();
    let (before, log) = (std::fs::read(before).expect("bytes"), std::fs::read(log).expect("bytes"));
    let after = std::fs::read(&fixture.ledger).expect("bytes");
    assert!(before.len() == 4096 && after.len() > 5 * 4096, "nothing was folded in before the end");
    let mut torn = vec![("not begun".to_owned(), before.clone())];
    for pages in 1..after.len() / 4096 {
        let last_pages = [&before[..], &after[4096..(pages + 1) * 4096]].concat();
        torn.push((format!("the first page is missing, {pages} others are there"), last_pages));
        torn.push((format!("only {pages} pages are there"), after[..pages * 4096].to_vec()));
    }
    for sectors in 1..8 {
        let half = [&after[..sectors * 512], &before[sectors * 512..], &after[4096..]].concat();
        torn.push((format!("{sectors} sectors of the first page are there"), half));
        let half = [&before[..sectors * 512], &after[sectors * 512..]].concat();
        torn.push((format!("{sectors} sectors of the first page are missing"), half));
    }
    torn.push(("the first page is nothing but zeros".to_owned(), [&[0; 4096], &after[4096..]].concat()));
    torn.push(("all is zeros".to_owned(), vec![0; after.len()]));
    torn.push(("the first page is noise".to_owned(), [&[0xa5; 4096], &after[4096..]].concat()));
    torn.push(("cut off within the first page".to_owned(), before[..1_000].to_vec()));
    for (what, file) in torn {
        for end in ["-shm", ".lock"] {
            let _ = std::fs::remove_file(beside(&fixture.ledger, end));
        }
        std::fs::write(&fixture.ledger, file).expect("a file");
        std::fs::write(beside(&fixture.ledger, "-wal"), &log).expect("a file");
        match fixture.run().await {
            Ok(ended) => assert!(ended.customers.is_empty(), "{what}: all was done before"),
            Err(fault) => panic!("{what}: {fault}"),
        }
        assert_eq!(fixture.changing_calls(), calls, "{what}");
    }
}

#[tokio::test]
async fn a_file_of_somebody_elses_is_left_as_it_is_also_beside_a_log_of_ours() {
    let fixture = Fixture::with(vec![customer(1)]);
    let log = fixture.folder.path().join("log");
    let (ledger, to) = (fixture.ledger.clone(), log.clone());
    let copying = watching(move |event| {
        if let Event::LedgerWrote = event {
            std::fs::copy(beside(&ledger, "-wal"), &to).expect("a copy");
        }
    });
    fixture.run_watched(copying).await.expect("no fault");
    let mut other = std::fs::read(&fixture.ledger).expect("bytes");
    other[68..72].copy_from_slice(b"MINE");
    for (content, word) in [
        (&b"row,subaccount_sid\n2,AC\n"[..], "is not a ledger"),
        (&other, "is not a ledger"),
        (b"", "damaged"),
    ] {
        std::fs::write(&fixture.ledger, content).expect("a file");
        std::fs::copy(&log, beside(&fixture.ledger, "-wal")).expect("a log");
        let fault = fixture.run().await.err().expect("a fault");
        assert!(fault.what().contains(word), "{fault}");
        assert_eq!(std::fs::read(&fixture.ledger).expect("bytes"), content);
        assert_eq!(
            std::fs::read(beside(&fixture.ledger, "-wal")).expect("a log"),
            std::fs::read(&log).expect("a log")
        );
    }
}

#[tokio::test]
async fn a_lock_that_another_program_holds_is_what_every_customer_hears_of() {
    let mut fixture = Fixture::with((1..=12).map(customer).collect());
    fixture.concurrency = 12;
    let ledger = fixture.ledger.clone();
    let (other, written) = (Mutex::new(None), AtomicU64::new(0));
    let observer = watching(move |event| {
        if let Event::LedgerWrote = event
            && written.fetch_add(1, Ordering::SeqCst) == 5
        {
            let connection = rusqlite::Connection::open(&ledger).expect("a database");
            connection.execute_batch("BEGIN IMMEDIATE").expect("held");
            *other.lock().expect("nobody died") = Some(connection);
        }
    });
    let fault = fixture.run_until(observer, CancellationToken::new()).await.err().expect("a fault");
    assert!(fault.what().contains("is held by another program"), "{fault}");
}
