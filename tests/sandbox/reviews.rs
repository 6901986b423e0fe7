//! A person at Twilio who decides now.

use serde_json::json;
use trusthub_onboard::sandbox::{Edit, Verdict};

use crate::fixture::*;

fn review(fixture: &Fixture, verdict: Verdict) -> String {
    fixture.sandbox.edit(Edit::Review { account: SUB.into(), verdict }).expect("a known account")
}

#[tokio::test]
async fn what_is_in_review_is_decided_now_and_nothing_after_it() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let other = fixture.full_profile_without_number(&Parts::default()).await;
    fixture.submit(&profile).await;
    let decided = review(&fixture, Verdict::Rejected(vec![18602, 18603]));
    assert!(profile.ends_with(&decided), "{decided}");
    let body = fixture.get(SUB, &profile).await.body;
    assert_eq!(body["status"], json!("twilio-rejected"), "at once");
    assert_eq!(body["errors"], json!([{ "code": 18602 }, { "code": 18603 }]));
    assert_eq!(fixture.status(&other).await, "draft", "a draft is left alone");
    fixture.submit(&profile).await;
    fixture.advance_ms(1_000);
    assert_eq!(fixture.status(&profile).await, "twilio-approved", "the next one follows the rules");
}

#[tokio::test]
async fn with_nothing_in_review_the_next_submission_is_decided_so_and_only_that() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    assert_eq!(review(&fixture, Verdict::Rejected(vec![18606])), "");
    fixture.submit(&profile).await;
    assert_eq!(fixture.status(&profile).await, "pending-review", "it takes its time");
    fixture.advance_ms(1_000);
    assert_eq!(fixture.get(SUB, &profile).await.body["errors"], json!([{ "code": 18606 }]));
    fixture.submit(&profile).await;
    fixture.advance_ms(1_000);
    assert_eq!(fixture.status(&profile).await, "twilio-approved");
    let empty = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    assert_eq!(review(&fixture, Verdict::Approved), "");
    fixture.submit(&empty).await;
    fixture.advance_ms(1_000);
    assert_eq!(fixture.status(&empty).await, "twilio-approved", "whatever is in it");
}

#[tokio::test]
async fn a_submission_that_is_refused_or_ignored_uses_nothing_up() {
    use trusthub_onboard::sandbox::{Among, Fault, Faults};
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    review(&fixture, Verdict::Rejected(vec![18601]));
    assert_eq!(fixture.post(SUB, &profile, &[("Status", "draft")]).await.status, 400);
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::IgnoreSubmission));
    fixture.submit(&profile).await;
    fixture.submit(&profile).await;
    fixture.advance_ms(1_000);
    assert_eq!(fixture.status(&profile).await, "twilio-rejected");
}

#[tokio::test]
async fn with_accounts_on_demand_an_account_can_be_told_of_before_its_first_request() {
    let fixture = Fixture::with(|settings| settings.accounts_on_demand = true).await;
    let account = "AC0000000000000000000000000000abcd".to_owned();
    let reject = |account: &str| {
        let verdict = Verdict::Rejected(vec![18601]);
        fixture.sandbox.edit(Edit::Review { account: account.to_owned(), verdict })
    };
    assert_eq!(reject(&account).expect("it exists now"), "");
    assert!(reject("AC12").is_err(), "what is no SID never exists");
    let strict = Fixture::new().await;
    assert!(strict.sandbox.edit(Edit::Review { account, verdict: Verdict::Approved }).is_err());
}
