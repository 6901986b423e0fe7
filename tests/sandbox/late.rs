//! Requests that are carried out later than they were answered, or later than they were lost.

use serde_json::json;
use trusthub_onboard::sandbox::{Among, Fault, Faults};

use crate::fixture::*;

#[tokio::test]
async fn an_update_is_answered_as_carried_out_and_is_so_only_later() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let end_user =
        format!("/v1/EndUsers/{}", fixture.make_end_user("authorized_representative_1", &json!({})).await);
    let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
    for (path, name, key) in [
        (&profile, "FriendlyName", "friendly_name"),
        (&end_user, "FriendlyName", "friendly_name"),
        (&address, "Street", "street"),
    ] {
        let before = fixture.get(SUB, path).await.body;
        fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
        let answer = fixture.post(SUB, path, &[(name, "New")]).await;
        assert_eq!((answer.status, &answer.body[key]), (200, &json!("New")), "{path}");
        assert_eq!(fixture.get(SUB, path).await.body, before, "{path}: nothing has changed yet");
        fixture.advance_ms(4_999);
        assert_eq!(fixture.get(SUB, path).await.body, before, "{path}: nor just before its time");
        fixture.advance_ms(1);
        assert_eq!(fixture.get(SUB, path).await.body[key], json!("New"), "{path}");
    }
}

#[tokio::test]
async fn a_submission_that_is_carried_out_late_begins_its_review_then() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
    let answer = fixture.submit(&profile).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("pending-review")));
    assert_eq!(fixture.status(&profile).await, "draft");
    fixture.advance_ms(5_500);
    assert_eq!(fixture.status(&profile).await, "in-review", "its review takes a second from the fifth on");
    fixture.advance_ms(500);
    assert_eq!(fixture.status(&profile).await, "twilio-approved");
}

#[tokio::test]
async fn what_comes_between_an_answer_and_its_work_is_not_undone() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
    fixture.post(SUB, &profile, &[("FriendlyName", "Late")]).await;
    fixture.post(SUB, &profile, &[("Email", "new@isv.example")]).await;
    fixture.advance_ms(5_000);
    let body = fixture.get(SUB, &profile).await.body;
    assert_eq!((&body["friendly_name"], &body["email"]), (&json!("Late"), &json!("new@isv.example")));
}

#[tokio::test]
async fn a_late_update_of_what_is_in_review_by_then_comes_to_nothing() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
    assert_eq!(fixture.post(SUB, &profile, &[("FriendlyName", "Late")]).await.status, 200);
    fixture.submit(&profile).await;
    fixture.advance_ms(5_000);
    assert_eq!(fixture.get(SUB, &profile).await.body["friendly_name"], json!("Acme"));
}

#[tokio::test]
async fn what_is_refused_or_created_is_not_put_off() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
    assert_eq!(fixture.post(SUB, &profile, &[("Email", "nobody")]).await.refusal(), (400, 20422));
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::ApplyLate(5_000)));
    let created = fixture.make_profile().await;
    assert_eq!(
        fixture.status(&format!("/v1/CustomerProfiles/{created}")).await,
        "draft",
        "under its own SID"
    );
}

#[tokio::test]
async fn a_lost_request_is_carried_out_after_all() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let lose_next =
        || fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::LoseReplyApplyLate(5_000)));
    let count = || fixture.sandbox.resources().len();
    let before = count();

    lose_next();
    assert!(
        fixture.try_post("/v1/CustomerProfiles", &profile_form("Late")).await.is_err(),
        "no answer comes"
    );
    lose_next();
    assert!(fixture.try_post(&profile, &[("FriendlyName", "Renamed late")]).await.is_err());
    lose_next();
    assert!(fixture.try_post(&profile, &[("Status", "pending-review")]).await.is_err());
    assert_eq!((count(), fixture.status(&profile).await.as_str()), (before, "draft"));

    fixture.advance_ms(4_999);
    assert_eq!((count(), fixture.status(&profile).await.as_str()), (before, "draft"));
    fixture.advance_ms(1);
    assert_eq!(count(), before + 1, "the creation is seen without a request");
    let body = fixture.get(SUB, &profile).await.body;
    assert_eq!((&body["friendly_name"], &body["status"]), (&json!("Renamed late"), &json!("pending-review")));
}
