//! What a user may choose about a run, and the files that it works with.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer};
use crate::watch::{Killer, Moment, watching};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Interrupted, Only};
use trusthub_onboard::events::{Event, Nobody};
use trusthub_onboard::facts::{Outcome, Submission};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox::{
    ApprovalAsked, Edit, Faults, Kind, Method, Reviewer, Settings, Undocumented,
};

fn rows(count: u32) -> Vec<trusthub_onboard::model::Customer> {
    (1..=count).map(customer).collect()
}

#[tokio::test]
async fn both_bundles_can_be_submitted_in_one_run() {
    let profile_approval_asked = ApprovalAsked::AtReview;
    let undocumented = Undocumented { profile_approval_asked, ..Undocumented::default() };
    let expected = undisturbed(&rows(1)).await;
    let mut fixture = Fixture::set(rows(1), Settings { undocumented, ..Settings::default() });
    fixture.policy.submission = Submission::ProductNow;
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::Submitted);
    let statuses = |fixture: &Fixture| -> Vec<String> {
        fixture.made().into_iter().filter_map(|it| it.status).collect()
    };
    assert_eq!(statuses(&fixture), ["pending-review", "pending-review"]);
    fixture.wait_ms = 60_000;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "both at once");
}

#[tokio::test]
async fn a_product_that_came_before_its_approved_profile_is_submitted_again_once() {
    let expected = undisturbed(&rows(1)).await;
    let mut fixture = Fixture::with(rows(1));
    fixture.policy.submission = Submission::ProductNow;
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::Submitted, "it waits for the profile");
    fixture.wait_ms = 60_000;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "rejected in between");
}

#[tokio::test]
async fn a_product_whose_profile_is_rejected_stays_rejected() {
    let mut fixture = Fixture::with(rows(1));
    let account = fixture.customers[0].subaccount.to_string();
    let reviewer = Some(Reviewer::RejectsAll(vec![11005]));
    fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    fixture.policy.submission = Submission::ProductNow;
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    let before = fixture.sandbox.requests().latest.iter().filter(|it| it.method == Method::Post).count();
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    let after = fixture.sandbox.requests().latest.iter().filter(|it| it.method == Method::Post).count();
    assert_eq!(before, after, "nothing is submitted again");
}

#[tokio::test]
async fn drafts_are_made_without_any_submission_and_a_later_run_submits_them() {
    let expected = undisturbed(&rows(1)).await;
    let mut fixture = Fixture::with(rows(1));
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    assert!(fixture.made().iter().all(|it| it.status.as_deref().is_none_or(|it| it == "draft")));
    assert!(fixture.run().await.expect("no fault").customers.is_empty(), "there is no more to draft");
    fixture.policy.submission = Submission::ProductAfterApproval;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "from drafts");
}

#[tokio::test]
async fn without_a_wait_the_run_ends_at_the_review_and_the_same_run_later_goes_on() {
    let expected = undisturbed(&rows(2)).await;
    let mut fixture = Fixture::with(rows(2));
    fixture.wait_ms = 0;
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::AwaitingProfileApproval));
    assert_eq!(ended.interrupted, Interrupted::No);
    let before = fixture.changing_calls();
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::AwaitingProfileApproval));
    assert_eq!(fixture.changing_calls(), before, "a look changes nothing");
    fixture.clock.set(fixture.clock.now() + 2_000);
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Submitted));
    fixture.clock.set(fixture.clock.now() + 2_000);
    let before = fixture.sandbox.requests().count;
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    assert!(fixture.sandbox.requests().count - before <= 1 + 2 * 2, "the account and the product each");
    fixture.is_as(&expected, "in four runs");
}

#[tokio::test]
async fn only_failed_takes_those_who_were_begun_and_did_not_end_well() {
    let mut fixture = Fixture::with(rows(4));
    let suspend = |n: u32, status: &str| Edit::SetAccountStatus {
        account: customer(n).subaccount.to_string(),
        status: status.to_owned(),
    };
    fixture.sandbox.edit(suspend(2, "suspended")).expect("an edit");
    let everyone = std::mem::take(&mut fixture.customers);
    fixture.customers = everyone[..2].to_vec();
    fixture.run().await.expect("no fault");
    // The third is cut off in the middle, the fourth is never begun.
    fixture.customers = everyone[2..3].to_vec();
    assert!(fixture.run_watched(Killer::at(Moment::Sent, 12)).await.is_err());
    fixture.sandbox.edit(suspend(2, "active")).expect("an edit");
    fixture.customers = everyone.clone();
    fixture.only = Only::Failed;
    let ended = fixture.run().await.expect("no fault");
    let taken: BTreeMap<_, _> = ended.customers.iter().map(|(sid, end)| (sid.clone(), end.outcome)).collect();
    let expected = [2, 3].map(|n| (customer(n).subaccount, Outcome::Approved));
    assert_eq!(taken, expected.into_iter().collect());
}

#[tokio::test]
async fn a_customer_cut_off_at_its_very_first_request_counts_as_begun() {
    for at in [2, 3, 5] {
        let mut fixture = Fixture::with(rows(1));
        assert!(fixture.run_watched(Killer::at(Moment::Sending, at)).await.is_err());
        fixture.only = Only::Failed;
        assert_eq!(fixture.run().await.expect("no fault").customers.len(), 1, "request {at}");
    }
}

#[tokio::test]
async fn a_limit_takes_the_first_unfinished_customers() {
    let mut fixture = Fixture::with(rows(5));
    fixture.limit = Some(2);
    for expected in [vec![1, 2], vec![3, 4], vec![5], vec![]] {
        let ended = fixture.run().await.expect("no fault");
        let mut taken: Vec<_> = ended.customers.into_keys().collect();
        taken.sort();
        let expected: Vec<_> = expected.into_iter().map(|n| customer(n).subaccount).collect();
        assert_eq!(taken, expected);
    }
}

#[tokio::test]
async fn a_run_that_is_told_to_end_finishes_its_calls_and_loses_nothing() {
    let expected = undisturbed(&rows(3)).await;
    for at in (2..=100).step_by(9) {
        let fixture = Fixture::with(rows(3));
        let drain = CancellationToken::new();
        let (token, sent, in_flight) = (drain.clone(), AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
        let flying = in_flight.clone();
        let observer = watching(move |event| match event {
            Event::Sending(_) => {
                flying.fetch_add(1, Ordering::SeqCst);
                if sent.fetch_add(1, Ordering::SeqCst) + 1 == at {
                    token.cancel();
                }
            }
            Event::Sent(..) => drop(flying.fetch_sub(1, Ordering::SeqCst)),
            _ => (),
        });
        let before_the_end = fixture.run_until(observer, drain).await.expect("no fault");
        assert_eq!(before_the_end.interrupted, Interrupted::Yes);
        assert_eq!(in_flight.load(Ordering::SeqCst), 0, "every call was finished");
        fixture.has_every_sid(&format!("told to end at request {at}"));
        fixture.run().await.expect("no fault");
        fixture.is_as(&expected, &format!("told to end at request {at}"));
    }
}

#[tokio::test]
async fn a_run_that_is_told_to_end_does_not_sit_out_a_long_pause() {
    use trusthub_onboard::sandbox::{Among, Fault, Rule, When};
    let fixture = Fixture::with(rows(1));
    let drain = CancellationToken::new();
    let rule = Rule { fault: Fault::Throttle(Some(60)), among: Among::Posts, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let token = drain.clone();
    let tries = Arc::new(AtomicU64::new(0));
    let counter = tries.clone();
    let observer = watching(move |event| {
        if let Event::Sent(_, response) = event
            && response.status == Some(429)
        {
            counter.fetch_add(1, Ordering::SeqCst);
            token.cancel();
        }
    });
    let ended = fixture.run_until(observer, drain).await.expect("no fault");
    assert_eq!(ended.interrupted, Interrupted::Yes);
    assert_eq!(tries.load(Ordering::SeqCst), 1, "it is not asked again");
    assert_eq!(fixture.made(), []);
}

#[tokio::test]
async fn a_clock_that_is_set_back_between_runs_changes_nothing() {
    let expected = undisturbed(&rows(1)).await;
    for at in [3, 8, 10, 15, 20, 24] {
        let fixture = Fixture::with(rows(1));
        let lag = trusthub_onboard::sandbox::Lag { lists_ms: 9_000, ..Default::default() };
        fixture.sandbox.misbehave(Faults { lag, ..Faults::default() });
        let start = fixture.clock.now();
        assert!(fixture.run_watched(Killer::at(Moment::Sent, at)).await.is_err());
        fixture.set_back(3_600_000);
        let ended = fixture.run().await.expect("no fault");
        assert_eq!(ended.customers.len(), 1);
        fixture.is_as(&expected, &format!("cut off at {at}"));
        assert!(fixture.clock.now() < start, "it does not wait for the old time to come");
    }
}

/// All bytes of the files beside and including the ledger.
fn files(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = ledger.parent().expect("a folder");
    let files = std::fs::read_dir(folder).expect("a folder").flatten().filter(|it| it.path().is_file());
    files
        .map(|it| (it.file_name().to_string_lossy().into_owned(), std::fs::read(it.path()).expect("bytes")))
        .filter(|(name, _)| !name.ends_with(".lock"))
        .collect()
}

#[tokio::test]
async fn a_second_run_on_the_same_ledger_is_told_so_at_once() {
    let fixture = Fixture::with(rows(1));
    let first = Ledger::open(&fixture.ledger, &FLOW, "world", 0, Arc::new(Nobody)).expect("a ledger");
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("Another process"), "{fault}");
    assert!(Ledger::open_for_reading(&fixture.ledger, &FLOW, "world").is_ok(), "a report works beside it");
    first.close().expect("closed");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

#[tokio::test]
async fn a_ledger_that_is_none_is_left_as_it_is() {
    let contents: [&[u8]; 3] = [b"row,subaccount_sid\n2,AC\n", b"SQLite format 3", &[7; 5_000]];
    for content in contents {
        let fixture = Fixture::with(rows(1));
        std::fs::write(&fixture.ledger, content).expect("a file");
        let before = files(&fixture.ledger);
        let fault = fixture.run().await.err().expect("a fault");
        assert!(fault.what().contains("is not a ledger"), "{fault}");
        assert_eq!(files(&fixture.ledger), before);
    }
    let fixture = Fixture::with(rows(1));
    let other = rusqlite::Connection::open(&fixture.ledger).expect("a database");
    other
        .execute_batch("CREATE TABLE mine (it TEXT); INSERT INTO mine VALUES ('precious');")
        .expect("a table");
    drop(other);
    let before = files(&fixture.ledger);
    assert!(fixture.run().await.err().expect("a fault").what().contains("is not a ledger"));
    assert_eq!(files(&fixture.ledger), before);
}

#[tokio::test]
async fn a_ledger_from_a_newer_version_is_left_as_it_is() {
    let fixture = Fixture::with(rows(1));
    fixture.run().await.expect("no fault");
    let newer = rusqlite::Connection::open(&fixture.ledger).expect("a database");
    newer.execute_batch("PRAGMA journal_mode = delete; PRAGMA user_version = 99;").expect("a version");
    drop(newer);
    let before = files(&fixture.ledger);
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("newer version"), "{fault}");
    assert!(Ledger::open_for_reading(&fixture.ledger, &FLOW, "world").is_err());
    assert_eq!(files(&fixture.ledger), before);
}

#[tokio::test]
async fn a_ledger_that_is_damaged_anywhere_stops_the_run_and_is_left_as_it_is() {
    let healthy = Fixture::with(rows(3));
    healthy.run().await.expect("no fault");
    let bytes = std::fs::read(&healthy.ledger).expect("bytes");
    assert!(bytes.len() > 5 * 4096);
    let pages = bytes.len() / 4096;
    let mut damages: Vec<(String, Vec<u8>)> = (1..pages)
        .map(|page| {
            let mut damaged = bytes.clone();
            damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
            (format!("page {page} of {pages}"), damaged)
        })
        .collect();
    damages.push(("cut in half".to_owned(), bytes[..bytes.len() / 2].to_vec()));
    damages.push(("cut in a page".to_owned(), bytes[..bytes.len() - 1_000].to_vec()));
    let mut first_page = bytes.clone();
    first_page[110..4_000].fill(0xa5);
    damages.push(("the first page".to_owned(), first_page));
    for (what, damaged) in damages {
        let fixture = Fixture::with(rows(3));
        std::fs::write(&fixture.ledger, &damaged).expect("a file");
        let before = files(&fixture.ledger);
        let fault = fixture.run().await.err().unwrap_or_else(|| panic!("{what}: no fault"));
        assert!(fault.what().contains("damaged"), "{what}: {fault}");
        assert_eq!(files(&fixture.ledger), before, "{what}");
        assert_eq!((fixture.changing_calls(), fixture.made()), (0, vec![]), "{what}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_of_a_ledger_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::with(rows(1));
    let folder = fixture.folder.path().to_owned();
    let seen = Arc::new(std::sync::Mutex::new(BTreeMap::new()));
    let (notes, watched) = (seen.clone(), folder.clone());
    let observer = watching(move |event| {
        if let Event::LedgerWrote = event {
            for file in std::fs::read_dir(&watched).expect("a folder").flatten() {
                let mode = file.metadata().expect("a mode").permissions().mode() & 0o777;
                notes.lock().expect("notes").insert(file.file_name().to_string_lossy().into_owned(), mode);
            }
        }
    });
    fixture.run_watched(observer).await.expect("no fault");
    let seen = seen.lock().expect("notes");
    for suffix in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(seen.get(&format!("ledger.db{suffix}")), Some(&0o600), "{suffix}");
    }
    // One file remains, and the lock.
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 2);
    assert!(fixture.made().iter().any(|it| it.kind == Kind::CustomerProfile));
}

#[tokio::test]
async fn what_has_been_submitted_is_never_said_to_be_a_draft() {
    let said = |fixture: &Fixture| {
        let ledger =
            Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
        let results = trusthub_onboard::report::Reporter::new(&FLOW, Some(&ledger), &fixture.policy, None);
        let row = trusthub_onboard::check::Entry::Valid(Box::new(fixture.customers[0].clone()));
        results.row(&row).expect("a line").outcome
    };
    for (reviewer, submission, outcome) in [
        (Reviewer::LeavesInReview, Submission::ProductAfterApproval, Outcome::AwaitingProfileApproval),
        (Reviewer::LeavesInReview, Submission::ProductNow, Outcome::Submitted),
        (Reviewer::RejectsAll(vec![18602]), Submission::ProductAfterApproval, Outcome::Rejected),
    ] {
        let undocumented =
            Undocumented { profile_approval_asked: ApprovalAsked::AtReview, ..Undocumented::default() };
        let mut fixture = Fixture::set(rows(1), Settings { undocumented, ..Settings::default() });
        let account = fixture.customers[0].subaccount.to_string();
        fixture.sandbox.edit(Edit::SetReviewer { account, reviewer: Some(reviewer) }).expect("an edit");
        (fixture.policy.submission, fixture.wait_ms) = (submission, 10_000);
        assert_eq!(fixture.outcome().await, outcome);
        // As `results`, as `run --no-submit`, and as `status --no-submit` say it.
        fixture.policy.submission = Submission::Never;
        assert_eq!(said(&fixture), outcome);
        let calls = fixture.changing_calls();
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, outcome);
        fixture.only = Only::ToLookAt;
        assert_eq!(fixture.outcome().await, outcome);
        assert_eq!((fixture.changing_calls(), said(&fixture)), (calls, outcome));
    }
}

#[tokio::test]
async fn a_product_that_is_ready_beside_an_approved_profile_is_said_to_be_so() {
    let mut fixture = Fixture::with(rows(1));
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.clock.set(fixture.clock.now() + 2_000);
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::ProfileApproved);
    fixture.policy.submission = Submission::ProductAfterApproval;
    fixture.wait_ms = 600_000;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}
