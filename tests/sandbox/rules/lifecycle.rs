//! From draft to a verdict, and what cannot change on the way.

use serde_json::{Value, json};
use trusthub_onboard::sandbox::{
    ApprovalAsked, Edit, RejectionErrors, Reviewer, Stance, SubmissionAnswer, Verdict,
};

use crate::fixture::*;

/// Status and codes of a bundle whose review is over.
async fn verdict(fixture: &Fixture, bundle: &str) -> (String, Vec<u64>) {
    fixture.advance_ms(1_000);
    let body = fixture.get(SUB, bundle).await.body;
    let codes = body["errors"].as_array().cloned().unwrap_or_default();
    let status = body["status"].as_str().unwrap_or_default().to_owned();
    (status, codes.iter().filter_map(|error| error["code"].as_u64()).collect())
}

fn rejected(codes: &[u64]) -> (String, Vec<u64>) {
    ("twilio-rejected".to_owned(), codes.to_vec())
}

fn approved() -> (String, Vec<u64>) {
    ("twilio-approved".to_owned(), Vec::new())
}

#[tokio::test]
async fn only_drafts_and_rejected_bundles_are_submitted() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    for wrong in ["draft", "in-review", "twilio-approved", "twilio-rejected"] {
        let reply = fixture.post(SUB, &profile, &[("Status", wrong)]).await;
        assert_eq!(
            (reply.status, reply.message()),
            (400, "User cannot perform this status update"),
            "{wrong}"
        );
    }
    assert_eq!(fixture.post(SUB, &profile, &[("Status", "open")]).await.refusal(), (400, 22203));
    assert_eq!(fixture.submit(&profile).await.status, 200);
    assert_eq!(fixture.submit(&profile).await.message(), "User cannot perform this status update");
    assert_eq!(verdict(&fixture, &profile).await, approved());
    assert_eq!(fixture.submit(&profile).await.message(), "User cannot perform this status update");
}

#[tokio::test]
async fn an_incomplete_profile_is_taken_and_then_rejected_and_can_be_sent_again() {
    let fixture = Fixture::new().await;
    let mut parts = Parts::default();
    parts.business["business_type"] = json!("Company");
    let profile = fixture.full_profile(&parts).await;
    assert_eq!(fixture.submit(&profile).await.status, 200);
    assert_eq!(verdict(&fixture, &profile).await, rejected(&[18602]));
    let list = fixture.get(SUB, &format!("{profile}/EntityAssignments")).await.body;
    let business = list["results"][1]["object_sid"].as_str().unwrap_or_default().to_owned();
    let attributes = Parts::default().business.to_string();
    let reply = fixture.post(SUB, &format!("/v1/EndUsers/{business}"), &[("Attributes", &attributes)]).await;
    assert_eq!(reply.status, 200, "a rejected bundle can be edited");
    assert_eq!(fixture.submit(&profile).await.status, 200);
    assert_eq!(verdict(&fixture, &profile).await, approved());
}

#[tokio::test]
async fn what_is_under_review_or_approved_cannot_change() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let list = fixture.get(SUB, &format!("{profile}/EntityAssignments")).await.body;
    let representative = format!("/v1/EndUsers/{}", list["results"][0]["object_sid"].as_str().unwrap_or(""));
    let assignment =
        format!("{profile}/EntityAssignments/{}", list["results"][0]["sid"].as_str().unwrap_or(""));
    let document =
        format!("/v1/SupportingDocuments/{}", list["results"][2]["object_sid"].as_str().unwrap_or(""));
    let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
    let spare = fixture.make_end_user("authorized_representative_2", &json!({})).await;
    assert_eq!(fixture.post(SUB, &address, &[("Street", "2 Main St")]).await.status, 200);
    fixture.submit(&profile).await;
    for state in ["PENDING_REVIEW", "IN_REVIEW", "TWILIO_APPROVED"] {
        let update = fixture.post(SUB, &representative, &[("FriendlyName", "New")]).await;
        assert_eq!(update.refusal(), (400, 70002));
        assert_eq!(
            update.message(),
            "Cannot update end-user. A bundle it belongs to is in an immutable state."
        );
        assert_eq!(fixture.post(SUB, &document, &[("FriendlyName", "New")]).await.refusal(), (400, 70002));
        assert_eq!(fixture.post(SUB, &address, &[("Street", "3 Main St")]).await.refusal(), (400, 21630));
        assert_eq!(fixture.post(SUB, &profile, &[("FriendlyName", "New")]).await.refusal(), (400, 60711));
        let assign =
            fixture.post(SUB, &format!("{profile}/EntityAssignments"), &[("ObjectSid", &spare)]).await;
        assert_eq!(assign.refusal(), (400, 70002));
        assert!(assign.message().contains(state), "{}", assign.message());
        assert_eq!(fixture.delete(SUB, &assignment).await.refusal(), (400, 70002));
        assert_eq!(fixture.delete(SUB, &profile).await.refusal(), (400, 21647));
        fixture.advance_ms(500);
    }
    assert_eq!(fixture.assign_number(&profile, SECOND_NUMBER).await.status, 201, "numbers may still come");
}

#[tokio::test]
async fn numbers_under_review_are_a_setting() {
    let fixture = Fixture::with(|settings| settings.undocumented.numbers_in_review = Stance::Refused).await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.submit(&profile).await;
    assert_eq!(fixture.assign_number(&profile, SECOND_NUMBER).await.refusal(), (400, 70002));
    fixture.advance_ms(1_000);
    assert_eq!(fixture.assign_number(&profile, SECOND_NUMBER).await.status, 201);
}

#[tokio::test]
async fn a_draft_is_renamed_and_deleted_and_status_goes_without_a_name() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let renamed = fixture.post(SUB, &profile, &[("FriendlyName", "New"), ("Email", "new@isv.example")]).await;
    assert_eq!((renamed.status, &renamed.body["friendly_name"]), (200, &json!("New")));
    assert_eq!(fixture.post(SUB, &profile, &[("FriendlyName", "")]).await.refusal(), (400, 20422));
    let both = [("Status", "pending-review"), ("FriendlyName", "Newer")];
    assert_eq!(fixture.post(SUB, &profile, &both).await.refusal(), (400, 22204));
    assert_eq!(fixture.status(&profile).await, "draft");
    assert_eq!(fixture.delete(SUB, &profile).await.status, 204);
    assert_eq!(fixture.get(SUB, &profile).await.refusal(), (404, 20404));
}

#[tokio::test]
async fn the_primary_policy_is_for_the_console() {
    let fixture = Fixture::new().await;
    let text =
        "This operation is restricted via API for Primary Customer Profiles. Use Twilio Console instead.";
    let form = [("FriendlyName", "Acme"), ("Email", "ops@isv.example"), ("PolicySid", PRIMARY_POLICY)];
    let create = fixture.post(SUB, "/v1/CustomerProfiles", &form).await;
    assert_eq!((create.status, create.message()), (400, text));
    let submit =
        fixture.post(PARENT, &format!("/v1/CustomerProfiles/{PRIMARY}"), &[("Status", "draft")]).await;
    assert_eq!((submit.status, submit.message()), (400, text));
}

#[tokio::test]
async fn a_parent_that_is_no_reseller_cannot_make_secondary_profiles() {
    let fixture = Fixture::new().await;
    let identify = |identity: &str| {
        let object = fixture.sandbox.edit(Edit::AddObject {
            account: PARENT.into(),
            object_type: "customer_profile_business_information".into(),
            friendly_name: "Business".into(),
            attributes: json!({ "business_identity": identity }).to_string(),
        });
        let object = object.expect("a known account");
        let bundle = PRIMARY.to_owned();
        fixture.sandbox.edit(Edit::AssignEntity { bundle, object }).expect("both are known")
    };
    identify("direct_customer");
    let refused = fixture.post(SUB, "/v1/CustomerProfiles", &profile_form("Acme")).await;
    assert_eq!(
        (refused.status, refused.message()),
        (
            400,
            "Unable to create record: Secondary Customer Profile for direct_customer can only be created through \
             Twilio console."
        )
    );
    let reseller = Fixture::new().await;
    assert_eq!(reseller.post(SUB, "/v1/CustomerProfiles", &profile_form("Acme")).await.status, 201);
}

#[tokio::test]
async fn a_product_whose_profile_is_not_approved_is_rejected_with_11005() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let product = fixture.full_product(&profile, &voice_information()).await;
    fixture.submit(&profile).await;
    fixture.submit(&product).await;
    assert_eq!(verdict(&fixture, &product).await, rejected(&[11005]));
    assert_eq!(fixture.status(&profile).await, "twilio-approved");
    fixture.submit(&product).await;
    assert_eq!(verdict(&fixture, &product).await, approved());
}

#[tokio::test]
async fn approval_can_be_asked_only_when_the_product_is_decided() {
    let fixture = Fixture::with(|settings| {
        settings.undocumented.profile_approval_asked = ApprovalAsked::AtReview;
    })
    .await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let product = fixture.full_product(&profile, &voice_information()).await;
    fixture.submit(&profile).await;
    fixture.submit(&product).await;
    assert_eq!(verdict(&fixture, &product).await, approved());
}

#[tokio::test]
async fn reviewers_reject_by_the_documented_codes() {
    let profile_codes: [(&str, &str, u64); 2] = [
        ("business_registration_number", "12-345678", 18602),
        ("website_url", "https://other.example", 18606),
    ];
    for (field, value, code) in profile_codes {
        let fixture = Fixture::new().await;
        let mut parts = Parts::default();
        parts.business[field] = json!(value);
        let profile = fixture.full_profile(&parts).await;
        fixture.submit(&profile).await;
        assert_eq!(verdict(&fixture, &profile).await, rejected(&[code]), "{field}");
    }
    let mut no_url = Parts::default();
    no_url.business["website_url"] = json!("acme.example");
    let mut british = Parts::default();
    british.representative["phone_number"] = json!("+442079460101");
    for (parts, code) in [(no_url, 11001), (british, 11002)] {
        let fixture = Fixture::new().await;
        assert_eq!(product_verdict(&fixture, &parts).await, rejected(&[code]));
    }
}

#[tokio::test]
async fn a_voice_product_needs_an_address_in_the_us() {
    let fixture = Fixture::new().await;
    let form = [
        ("CustomerName", "Acme"),
        ("Street", "1 Main St"),
        ("City", "Toronto"),
        ("Region", "ON"),
        ("PostalCode", "M5H 2N2"),
        ("IsoCountry", "CA"),
    ];
    let address = fixture.make(&format!("/2010-04-01/Accounts/{SUB}/Addresses.json"), &form).await;
    let parts = Parts { address, ..Parts::default() };
    assert_eq!(product_verdict(&fixture, &parts).await, rejected(&[11003]));
}

/// The verdict on a product of a profile that is approved first.
async fn product_verdict(fixture: &Fixture, parts: &Parts) -> (String, Vec<u64>) {
    let profile = fixture.full_profile(parts).await;
    fixture.submit(&profile).await;
    assert_eq!(verdict(fixture, &profile).await, approved());
    let product = fixture.full_product(&profile, &voice_information()).await;
    fixture.submit(&product).await;
    verdict(fixture, &product).await
}

#[tokio::test]
async fn reviewers_can_be_told_what_to_decide() {
    let fixture = Fixture::new().await;
    let reviewer = |reviewer| {
        fixture.sandbox.edit(Edit::SetReviewer { account: SUB.into(), reviewer }).expect("a known account");
    };
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    reviewer(Some(Reviewer::RejectsAll(vec![18601])));
    fixture.submit(&profile).await;
    assert_eq!(verdict(&fixture, &profile).await, rejected(&[18601]));
    reviewer(Some(Reviewer::ApprovesAll));
    fixture.submit(&profile).await;
    assert_eq!(verdict(&fixture, &profile).await, approved());
    reviewer(Some(Reviewer::LeavesInReview));
    let stuck = fixture.full_profile_without_number(&Parts::default()).await;
    fixture.submit(&stuck).await;
    assert_eq!(verdict(&fixture, &stuck).await.0, "in-review");
    let bundle = stuck.rsplit('/').next().unwrap_or_default().to_owned();
    fixture.sandbox.edit(Edit::Decide { bundle, verdict: Verdict::Approved }).expect("a known bundle");
    assert_eq!(fixture.status(&stuck).await, "twilio-approved");
}

#[tokio::test]
async fn answers_that_are_not_documented_can_be_switched() {
    let fixture = Fixture::with(|settings| {
        settings.undocumented.submission_answer = SubmissionAnswer::InReview;
        settings.undocumented.rejection_errors = RejectionErrors::Null;
    })
    .await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    assert_eq!(fixture.submit(&profile).await.body["status"], "in-review");
    fixture.advance_ms(1_000);
    let body = fixture.get(SUB, &profile).await.body;
    assert_eq!((&body["status"], &body["errors"]), (&json!("twilio-rejected"), &Value::Null));
}
