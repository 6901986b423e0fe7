//! Runs that wait for reviews.

use crate::fixture::{Fixture, customer, with_every_product};
use crate::watch::{Killer, Moment};
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::Only;
use trusthub_onboard::facts::{Outcome, Submission};
use trusthub_onboard::sandbox::{
    Among, ApprovalAsked, Edit, Fault, Faults, Kind, Method, Reviewer, Rule, Settings, Undocumented, Verdict,
    When,
};

/// Requests whose path ends so.
fn reads(fixture: &Fixture, end: &str) -> usize {
    let requests = fixture.sandbox.requests().latest;
    requests.iter().filter(|it| it.method == Method::Get && it.path.ends_with(end)).count()
}

fn left_in_review(count: u32, submission: Submission) -> Fixture {
    let undocumented =
        Undocumented { profile_approval_asked: ApprovalAsked::AtReview, ..Undocumented::default() };
    let settings = Settings { undocumented, ..Settings::default() };
    let mut fixture = Fixture::set((1..=count).map(customer).collect(), settings);
    for customer in &fixture.customers {
        let (account, reviewer) = (customer.subaccount.to_string(), Some(Reviewer::LeavesInReview));
        fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    }
    (fixture.policy.submission, fixture.wait_ms) = (submission, 10_000);
    fixture
}

#[tokio::test]
async fn a_poll_reads_the_bundle_that_is_waited_for_and_nothing_else() {
    let fixture = left_in_review(2, Submission::ProductAfterApproval);
    let before_the_wait = Fixture { wait_ms: 0, ..left_in_review(2, Submission::ProductAfterApproval) };
    before_the_wait.run().await.expect("no fault");
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::AwaitingProfileApproval));
    for customer in &fixture.customers {
        let account = format!("/2010-04-01/Accounts/{}.json", customer.subaccount);
        assert_eq!(reads(&fixture, &account), 1, "the token is read once a run");
    }
    assert_eq!(reads(&fixture, "/v1/TrustProducts"), 2, "what is there is listed once a run and customer");
    // Ten polls of two customers, one request each.
    assert_eq!(fixture.sandbox.requests().count - before_the_wait.sandbox.requests().count, 20);
}

#[tokio::test]
async fn a_poll_of_two_submitted_bundles_reads_both() {
    let fixture = left_in_review(1, Submission::ProductNow);
    let before_the_wait = Fixture { wait_ms: 0, ..left_in_review(1, Submission::ProductNow) };
    before_the_wait.run().await.expect("no fault");
    assert_eq!(fixture.outcome().await, Outcome::Submitted);
    assert_eq!(fixture.sandbox.requests().count - before_the_wait.sandbox.requests().count, 20);
}

#[tokio::test]
async fn a_token_that_changes_during_a_long_wait_is_read_again() {
    let fixture = left_in_review(1, Submission::ProductAfterApproval);
    let account = fixture.customers[0].subaccount.to_string();
    let reads_of_it = Among::Matching(Method::Get, "/v1/CustomerProfiles/BU".to_owned());
    let rule = Rule { fault: Fault::RotateToken, among: reads_of_it, when: When::Nth(5) };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    assert_eq!(reads(&fixture, &format!("/2010-04-01/Accounts/{account}.json")), 2);
}

const DAY_MS: u64 = 86_400_000;

#[tokio::test]
async fn the_older_the_waits_the_fewer_the_reads_and_a_look_of_somebodys_own_is_at_once() {
    let (customers, days) = (20, 5);
    let mut fixture = left_in_review(customers, Submission::ProductAfterApproval);
    (fixture.wait_ms, fixture.poll_ms) = (0, 60_000);
    fixture.run().await.expect("no fault");
    let mut before = fixture.sandbox.requests().count;
    fixture.wait_ms = days * DAY_MS;
    fixture.run().await.expect("no fault");
    let count = fixture.sandbox.requests().count - before;
    // Once a minute would be 7,200 reads of each.
    let each = count / u64::from(customers);
    assert!((60..110).contains(&each), "{count} reads for {customers} customers over {days} days");
    for only in [Only::Everyone, Only::ToLookAt] {
        (fixture.wait_ms, fixture.only) = (0, only);
        before = fixture.sandbox.requests().count;
        let began = fixture.clock.now();
        fixture.run().await.expect("no fault");
        // The account, the profile, and the draft of the product, which a run lists.
        let of_each = (fixture.sandbox.requests().count - before) / u64::from(customers);
        assert!((2..=4).contains(&of_each), "{only:?}: {of_each}");
        assert!(fixture.clock.now() - began < 60_000, "{only:?}");
    }
}

/// A customer whose three products are in review, and the profile is approved.
async fn three_products_in_review() -> Fixture {
    let mut fixture = Fixture::with(vec![with_every_product(1)]);
    fixture.wait_ms = 0;
    fixture.run().await.expect("no fault");
    fixture.clock.set(fixture.clock.now() + 2_000);
    let (account, reviewer) = (fixture.customers[0].subaccount.to_string(), Some(Reviewer::LeavesInReview));
    fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Submitted);
    fixture
}

#[tokio::test]
async fn several_products_in_review_are_read_by_one_list() {
    let mut fixture = three_products_in_review().await;
    let before = fixture.sandbox.requests().count;
    fixture.wait_ms = 10_000;
    assert_eq!(fixture.outcome().await, Outcome::Submitted);
    // The primary profile, the account, and eleven looks.
    assert_eq!(fixture.sandbox.requests().count - before, 2 + 11);
    // Who only looks reads the profile by itself, and the products by a list.
    (fixture.wait_ms, fixture.only) = (0, Only::ToLookAt);
    let before = fixture.sandbox.requests().count;
    fixture.run().await.expect("no fault");
    assert_eq!(fixture.sandbox.requests().count - before, 3);
}

#[tokio::test]
async fn a_list_of_reviews_that_is_refused_lost_or_empty_hides_no_decision() {
    // The first of them is the list.
    let products = || Among::Matching(Method::Get, "/v1/TrustProducts".to_owned());
    let faults = [
        Fault::FailBefore(403),
        Fault::FailBefore(404),
        Fault::LoseReply,
        Fault::CutJson,
        Fault::EmptyBody,
        Fault::Html(502),
    ];
    for fault in faults {
        let mut fixture = three_products_in_review().await;
        decide_products(&fixture);
        let rule = Rule { fault: fault.clone(), among: products(), when: When::Nth(1) };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        fixture.only = Only::ToLookAt;
        fixture.run().await.expect("no fault");
        assert_eq!(fixture.report().outcome, Outcome::Approved, "{fault:?}");
    }
}

fn decide_products(fixture: &Fixture) {
    let products = fixture.made().into_iter().filter(|it| it.kind == Kind::TrustProduct);
    for product in products {
        let edit = Edit::Decide { bundle: product.sid, verdict: Verdict::Approved };
        fixture.sandbox.edit(edit).expect("an edit");
    }
}

#[tokio::test]
async fn a_look_that_is_cut_off_anywhere_is_made_again_with_the_same_end() {
    for moment in [Moment::Write, Moment::Sending, Moment::Sent] {
        // The first request looks up the primary profile, before there is anything to cut off.
        for at in if moment == Moment::Write { 1.. } else { 2.. } {
            let fixture = three_products_in_review().await;
            decide_products(&fixture);
            let killer = Killer::at(moment, at);
            let _ = fixture.run_watched(killer.clone()).await;
            fixture.run().await.expect("no fault");
            assert_eq!(fixture.report().outcome, Outcome::Approved, "{moment:?} {at}");
            fixture.has_every_sid(&format!("{moment:?} {at}"));
            if !killer.has_struck() {
                assert!(at > 2, "only {at}");
                break;
            }
        }
    }
}

/// From the very first request on, and for one customer alone.
#[tokio::test]
async fn a_gateway_that_answers_for_hours_is_outlasted_by_a_run_that_waits() {
    for fault in [Fault::FailBefore(503), Fault::Html(502), Fault::DropRequest] {
        for n in [2, 12, 25] {
            let mut fixture = Fixture::with(vec![customer(1)]);
            (fixture.wait_ms, fixture.poll_ms) = (DAY_MS, 60_000);
            // Some hours at a request a minute.
            let rule = Rule { fault: fault.clone(), among: Among::All, when: When::Between(n, n + 100) };
            fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{fault:?} from {n}");
            fixture.has_every_sid(&format!("{fault:?} from {n}"));
        }
    }
}

#[tokio::test]
async fn credentials_that_are_revoked_while_a_run_waits_end_it() {
    let mut fixture = left_in_review(3, Submission::ProductAfterApproval);
    (fixture.wait_ms, fixture.poll_ms) = (30 * DAY_MS, 60_000);
    let everything = Among::Matching(Method::Get, "/".to_owned());
    let rule = Rule { fault: Fault::FailBefore(401), among: everything, when: When::Between(120, u64::MAX) };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let began = fixture.clock.now();
    let fault = fixture.run().await.err().expect("it stops");
    assert!(fault.what().contains("credentials are refused"), "{fault}");
    assert!(fixture.clock.now() - began < DAY_MS);
}
