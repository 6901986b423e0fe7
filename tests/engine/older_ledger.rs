//! Restarts from older copies of the ledger, or from none.

use crate::checks::{sids, undisturbed};
use crate::fixture::{Fixture, with_every_product};
use crate::watch::{die, watching};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trusthub_onboard::events::{Event, Observer};
use trusthub_onboard::facts::{Outcome, Submission};
use trusthub_onboard::sandbox::Kind;

/// Copies the ledger after every commit into `copies/1`, `copies/2` and so on, and cuts the run off
/// after so many of them.
pub fn copying(fixture: &Fixture, stop_after: u64) -> (Arc<dyn Observer>, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let (counter, ledger, folder) = (count.clone(), fixture.ledger.clone(), copies(fixture));
    std::fs::create_dir_all(&folder).expect("a folder");
    let observer = watching(move |event| {
        if let Event::LedgerWrote = event {
            let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
            copy(&ledger, &folder.join(n.to_string()));
            if n == stop_after {
                die();
            }
        }
    });
    (observer, count)
}

fn copies(fixture: &Fixture) -> PathBuf {
    fixture.folder.path().join("copies")
}

/// As a backup of a running program would have it: the file and its write-ahead log.
fn copy(ledger: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let named = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        match named(ledger).exists() {
            true => drop(std::fs::copy(named(ledger), named(to)).expect("a copy")),
            false => drop(std::fs::remove_file(named(to))),
        }
    }
    let _ = std::fs::remove_file(format!("{}-shm", to.display()));
}

/// Puts a copy in the ledger's place; the 0th one is none at all.
pub fn go_back(fixture: &Fixture, to: u64) {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", fixture.ledger.display()));
    }
    if to > 0 {
        copy(&copies(fixture).join(to.to_string()), &fixture.ledger);
    }
}

#[tokio::test]
async fn a_finished_customer_is_found_again_from_every_older_ledger_and_nothing_is_changed() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    let fixture = Fixture::with(customers);
    let (observer, count) = copying(&fixture, u64::MAX);
    fixture.run_watched(observer).await.expect("no fault");
    let calls = fixture.changing_calls();
    for back_to in 0..count.load(Ordering::SeqCst) {
        go_back(&fixture, back_to);
        assert_eq!(fixture.outcome().await, Outcome::Approved, "from ledger {back_to}");
        fixture.is_as(&undisturbed, &format!("from ledger {back_to}"));
        assert_eq!(fixture.changing_calls(), calls, "from ledger {back_to}");
    }
}

#[tokio::test]
async fn a_customer_cut_off_anywhere_goes_on_from_any_older_ledger_and_makes_nothing_twice() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    // A sample of all pairs, which are hundreds of runs each of which is cut off and repeated: the crash tests
    // stop at every write, the test above goes back to every state, and what counts here is that the two meet.
    // The stops stand before and after each kind of step: bundle, address, assignments, numbers, submission,
    // and the same of the product.
    for stopped_at in [3, 5, 8, 12, 15, 18, 20, 22, 24, 27] {
        for back_to in (0..stopped_at).rev().step_by(3) {
            let context = format!("stopped at {stopped_at}, back to {back_to}");
            let fixture = Fixture::with(customers.clone());
            let (observer, _) = copying(&fixture, stopped_at);
            fixture.run_watched(observer).await.err().expect("it was cut off");
            go_back(&fixture, back_to);
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn several_customers_go_on_from_any_older_ledger() {
    let customers: Vec<_> = (1..=3).map(with_every_product).collect();
    let undisturbed = undisturbed(&customers).await;
    let fixture = Fixture::with(customers);
    let (observer, count) = copying(&fixture, u64::MAX);
    fixture.run_watched(observer).await.expect("no fault");
    for back_to in (0..count.load(Ordering::SeqCst)).step_by(7) {
        go_back(&fixture, back_to);
        fixture.run().await.expect("no fault");
        fixture.is_as(&undisturbed, &format!("from ledger {back_to}"));
    }
}

#[tokio::test]
async fn drafts_are_found_again_without_a_ledger_and_submitted() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    let mut fixture = Fixture::with(customers);
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    go_back(&fixture, 0);
    fixture.policy.submission = Submission::ProductAfterApproval;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&undisturbed, "from drafts");
}

#[tokio::test]
async fn without_a_ledger_every_sid_comes_back() {
    let fixture = Fixture::with(vec![with_every_product(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    // Evaluations are made again where they are needed, so they need not be found again.
    let of_evaluations: Vec<String> = fixture
        .sandbox
        .resources()
        .into_iter()
        .filter(|it| it.kind == Kind::Evaluation)
        .map(|it| it.sid)
        .collect();
    let mut before = sids(&fixture.facts());
    before.retain(|sid| !of_evaluations.contains(sid));
    go_back(&fixture, 0);
    let end = fixture.end().await;
    assert_eq!(end.outcome, Outcome::Approved, "{:?} {:?} {:?}", end.failed, end.code, end.messages);
    let after = sids(&fixture.facts());
    assert!(before.is_subset(&after), "lost: {:?}", before.difference(&after).collect::<Vec<_>>());
}
