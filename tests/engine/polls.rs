//! Runs that wait for reviews.

use crate::fixture::{Fixture, customer};
use trusthub_onboard::plan::{Outcome, Submission};
use trusthub_onboard::sandbox::{
    Among, ApprovalAsked, Edit, Fault, Faults, Method, Reviewer, Rule, Settings, Undocumented, When,
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
