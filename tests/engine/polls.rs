//! Runs that wait for reviews.

use crate::stage::{Stage, customer};
use trusthub_onboard::plan::{Outcome, Submission};
use trusthub_onboard::sandbox::{
    Among, ApprovalAsked, Edit, Fault, Faults, Method, Reviewer, Rule, Settings, Undocumented, When,
};

/// Requests whose path ends so.
fn reads(stage: &Stage, end: &str) -> usize {
    let requests = stage.sandbox.requests().latest;
    requests.iter().filter(|it| it.method == Method::Get && it.path.ends_with(end)).count()
}

fn left_in_review(count: u32, submission: Submission) -> Stage {
    let undocumented =
        Undocumented { profile_approval_asked: ApprovalAsked::AtReview, ..Undocumented::default() };
    let settings = Settings { undocumented, ..Settings::default() };
    let mut stage = Stage::set((1..=count).map(customer).collect(), settings);
    for customer in &stage.customers {
        let (account, reviewer) = (customer.subaccount.to_string(), Some(Reviewer::LeavesInReview));
        stage.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    }
    (stage.policy.submission, stage.wait_ms) = (submission, 10_000);
    stage
}

#[tokio::test]
async fn a_poll_reads_the_bundle_that_is_waited_for_and_nothing_else() {
    let stage = left_in_review(2, Submission::ProductAfterApproval);
    let before_the_wait = Stage { wait_ms: 0, ..left_in_review(2, Submission::ProductAfterApproval) };
    before_the_wait.run().await.expect("no fault");
    let ended = stage.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::AwaitingProfileApproval));
    for customer in &stage.customers {
        let account = format!("/2010-04-01/Accounts/{}.json", customer.subaccount);
        assert_eq!(reads(&stage, &account), 1, "the token is read once a run");
    }
    assert_eq!(reads(&stage, "/v1/TrustProducts"), 2, "what is there is listed once a run and customer");
    // Ten polls of two customers, one request each.
    assert_eq!(stage.sandbox.requests().count - before_the_wait.sandbox.requests().count, 20);
}

#[tokio::test]
async fn a_poll_of_two_submitted_bundles_reads_both() {
    let stage = left_in_review(1, Submission::ProductNow);
    let before_the_wait = Stage { wait_ms: 0, ..left_in_review(1, Submission::ProductNow) };
    before_the_wait.run().await.expect("no fault");
    assert_eq!(stage.outcome().await, Outcome::Submitted);
    assert_eq!(stage.sandbox.requests().count - before_the_wait.sandbox.requests().count, 20);
}

#[tokio::test]
async fn a_token_that_changes_during_a_long_wait_is_read_again() {
    let stage = left_in_review(1, Submission::ProductAfterApproval);
    let account = stage.customers[0].subaccount.to_string();
    let reads_of_it = Among::Matching(Method::Get, "/v1/CustomerProfiles/BU".to_owned());
    let rule = Rule { fault: Fault::RotateToken, among: reads_of_it, when: When::Nth(5) };
    stage.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    assert_eq!(stage.outcome().await, Outcome::AwaitingProfileApproval);
    assert_eq!(reads(&stage, &format!("/2010-04-01/Accounts/{account}.json")), 2);
}
