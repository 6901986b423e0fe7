//! A person at Twilio who decides now.

use serde_json::json;
use trusthub_onboard::sandbox::{Edit, Verdict};

use crate::stand::*;

fn review(stand: &Stand, verdict: Verdict) -> String {
    stand.sandbox.edit(Edit::Review { account: SUB.into(), verdict }).expect("a known account")
}

#[tokio::test]
async fn what_is_in_review_is_decided_now_and_nothing_after_it() {
    let stand = Stand::new().await;
    let profile = stand.full_profile(&Parts::default()).await;
    let other = stand.full_profile_without_number(&Parts::default()).await;
    stand.submit(&profile).await;
    let decided = review(&stand, Verdict::Rejected(vec![18602, 18603]));
    assert!(profile.ends_with(&decided), "{decided}");
    let body = stand.get(SUB, &profile).await.body;
    assert_eq!(body["status"], json!("twilio-rejected"), "at once");
    assert_eq!(body["errors"], json!([{ "code": 18602 }, { "code": 18603 }]));
    assert_eq!(stand.status(&other).await, "draft", "a draft is left alone");
    stand.submit(&profile).await;
    stand.advance_ms(1_000);
    assert_eq!(stand.status(&profile).await, "twilio-approved", "the next one follows the rules");
}

#[tokio::test]
async fn with_nothing_in_review_the_next_submission_is_decided_so_and_only_that() {
    let stand = Stand::new().await;
    let profile = stand.full_profile(&Parts::default()).await;
    assert_eq!(review(&stand, Verdict::Rejected(vec![18606])), "");
    stand.submit(&profile).await;
    assert_eq!(stand.status(&profile).await, "pending-review", "it takes its time");
    stand.advance_ms(1_000);
    assert_eq!(stand.get(SUB, &profile).await.body["errors"], json!([{ "code": 18606 }]));
    stand.submit(&profile).await;
    stand.advance_ms(1_000);
    assert_eq!(stand.status(&profile).await, "twilio-approved");
    let empty = format!("/v1/CustomerProfiles/{}", stand.make_profile().await);
    assert_eq!(review(&stand, Verdict::Approved), "");
    stand.submit(&empty).await;
    stand.advance_ms(1_000);
    assert_eq!(stand.status(&empty).await, "twilio-approved", "whatever is in it");
}

#[tokio::test]
async fn a_submission_that_is_refused_or_ignored_uses_nothing_up() {
    use trusthub_onboard::sandbox::{Among, Fault, Faults};
    let stand = Stand::new().await;
    let profile = stand.full_profile(&Parts::default()).await;
    review(&stand, Verdict::Rejected(vec![18601]));
    assert_eq!(stand.post(SUB, &profile, &[("Status", "draft")]).await.status, 400);
    stand.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::IgnoreSubmission));
    stand.submit(&profile).await;
    stand.submit(&profile).await;
    stand.advance_ms(1_000);
    assert_eq!(stand.status(&profile).await, "twilio-rejected");
}

#[tokio::test]
async fn with_accounts_on_demand_an_account_can_be_told_of_before_its_first_request() {
    let stand = Stand::with(|settings| settings.accounts_on_demand = true).await;
    let account = "AC0000000000000000000000000000abcd".to_owned();
    let reject = |account: &str| {
        let verdict = Verdict::Rejected(vec![18601]);
        stand.sandbox.edit(Edit::Review { account: account.to_owned(), verdict })
    };
    assert_eq!(reject(&account).expect("it exists now"), "");
    assert!(reject("AC12").is_err(), "what is no SID never exists");
    let strict = Stand::new().await;
    assert!(strict.sandbox.edit(Edit::Review { account, verdict: Verdict::Approved }).is_err());
}
