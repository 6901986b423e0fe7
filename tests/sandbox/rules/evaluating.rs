//! What evaluations find.

use serde_json::{Value, json};
use trusthub_onboard::sandbox::Stance;

use crate::fixture::*;

async fn evaluate(fixture: &Fixture, bundle: &str, policy: &str) -> Value {
    let reply = fixture.post(SUB, &format!("{bundle}/Evaluations"), &[("PolicySid", policy)]).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.body
}

/// Requirement, field and code of everything that failed.
fn failures(evaluation: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = evaluation["results"].as_array().cloned().unwrap_or_default();
    let mut failures = Vec::new();
    for result in results {
        if let Some(code) = result["error_code"].as_u64() {
            failures.push((text(&result["requirement_name"]), String::new(), code));
        }
        for field in result["invalid"].as_array().cloned().unwrap_or_default() {
            let code = field["error_code"].as_u64().unwrap_or_default();
            failures.push((text(&result["requirement_name"]), text(&field["object_field"]), code));
        }
    }
    failures
}

#[tokio::test]
async fn an_empty_profile_lacks_every_requirement_by_its_code() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let evaluation = evaluate(&fixture, &profile, SECONDARY_POLICY).await;
    assert_eq!(evaluation["status"], "noncompliant");
    let found = failures(&evaluation);
    let has = |requirement: &str, field: &str, code: u64| {
        found.iter().any(|f| (f.0.as_str(), f.1.as_str(), f.2) == (requirement, field, code))
    };
    assert!(has("customer_profile_business_information", "", 22214));
    assert!(has("customer_profile_business_information", "business_name", 22215));
    assert!(has("authorized_representative_1", "", 22214));
    assert!(has("customer_profile_address", "", 22216));
    assert!(has("customer_profile_address", "address_sids", 22219));
    assert!(found.iter().any(|f| f.0 == "primary_customer_profile" && f.1 == "bundle_sid"));
    assert!(found.iter().all(|f| f.0 != "authorized_representative_2"), "the second one may be missing");
    assert_eq!(fixture.status(&profile).await, "draft", "evaluating changes nothing");
}

#[tokio::test]
async fn every_field_of_the_business_is_checked() {
    let fixture = Fixture::new().await;
    let bad = [
        ("business_type", json!("Limited Liability Company")),
        ("business_industry", json!("technology")),
        ("business_identity", json!("isv")),
        ("business_registration_identifier", json!("SSN")),
        ("business_regions_of_operation", json!("USA_AND_CANADA;EUROPE")),
        ("business_name", json!("")),
        ("business_registration_number", json!(123456789)),
        ("website_url", Value::Null),
    ];
    let parts = Parts::default();
    let profile = fixture.full_profile(&parts).await;
    assert_eq!(evaluate(&fixture, &profile, SECONDARY_POLICY).await["status"], "compliant");
    let end_user = end_user_of(&fixture, &profile, "customer_profile_business_information").await;
    for (field, value) in bad {
        let mut business = parts.business.clone();
        business[field] = value;
        let form = [("Attributes", business.to_string())];
        let form = [(form[0].0, form[0].1.as_str())];
        assert_eq!(fixture.post(SUB, &format!("/v1/EndUsers/{end_user}"), &form).await.status, 200);
        let evaluation = evaluate(&fixture, &profile, SECONDARY_POLICY).await;
        let requirement = "customer_profile_business_information".to_owned();
        assert_eq!(failures(&evaluation), [(requirement, field.to_owned(), 22215)]);
    }
}

#[tokio::test]
async fn every_field_of_a_representative_is_checked() {
    let fixture = Fixture::new().await;
    let bad =
        [("phone_number", "4155550111"), ("email", "ada"), ("job_position", "Boss"), ("first_name", "")];
    for (field, value) in bad {
        let mut parts = Parts::default();
        parts.representative[field] = json!(value);
        let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
        let end_user = fixture.make_end_user("authorized_representative_1", &parts.representative).await;
        fixture.attach(&profile, &end_user).await;
        let found = failures(&evaluate(&fixture, &profile, SECONDARY_POLICY).await);
        let fields: Vec<&str> = found
            .iter()
            .filter(|failure| failure.0 == "authorized_representative_1")
            .map(|failure| failure.1.as_str())
            .collect();
        assert_eq!(fields, [field]);
    }
}

#[tokio::test]
async fn a_wrong_use_case_is_answered_with_the_whole_list() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.submit(&profile).await;
    fixture.advance_ms(1_000);
    let mut information = voice_information();
    information["use_case"] = json!("customer support");
    information["business_employee_count"] = json!(10);
    let product = fixture.full_product(&profile, &information).await;
    let evaluation = evaluate(&fixture, &product, VOICE_INTEGRITY_POLICY).await;
    let invalid = &evaluation["results"][0]["invalid"];
    let reason = invalid[0]["failure_reason"].as_str().unwrap_or_default();
    assert!(
        reason.starts_with("Use Case should be one of Identify & Verification Asset Management"),
        "{reason}"
    );
    assert!(reason.ends_with("First Responder Survey/Research"));
    assert_eq!(invalid[1]["object_field"], "business_employee_count", "a number is no string");
    assert_eq!(invalid.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_product_with_an_unapproved_profile_fails_in_the_bundles_status_alone() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let product = fixture.full_product(&profile, &voice_information()).await;
    let evaluation = evaluate(&fixture, &product, VOICE_INTEGRITY_POLICY).await;
    assert_eq!(evaluation["status"], "noncompliant");
    let found = failures(&evaluation);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("customer_profile", "bundle_status"));
    assert_eq!(evaluation["results"][1]["invalid"][0]["friendly_name"], "Supporting Bundle Status");
}

#[tokio::test]
async fn a_document_must_name_one_address_of_its_own_account() {
    let fixture = Fixture::new().await;
    let code = async |attributes: Value| {
        let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
        let attributes = attributes.to_string();
        let form =
            [("FriendlyName", "Address"), ("Type", "customer_profile_address"), ("Attributes", &attributes)];
        let document = fixture.make("/v1/SupportingDocuments", &form).await;
        fixture.attach(&profile, &document).await;
        let found = failures(&evaluate(&fixture, &profile, SECONDARY_POLICY).await);
        found.into_iter().find(|failure| failure.1 == "address_sids").map(|failure| failure.2)
    };
    assert_eq!(code(json!({ "address_sids": ADDRESS })).await, None);
    assert_eq!(code(json!({ "address_sids": "AD000000000000000000000000000000ff" })).await, Some(22219));
    let form = [
        ("CustomerName", "Globex"),
        ("Street", "1 Main St"),
        ("City", "Springfield"),
        ("Region", "IL"),
        ("PostalCode", "62701"),
        ("IsoCountry", "US"),
    ];
    let foreign =
        fixture.post(SIBLING, &format!("/2010-04-01/Accounts/{SIBLING}/Addresses.json"), &form).await;
    assert_eq!(code(json!({ "address_sids": foreign.sid() })).await, Some(22219));
    assert_eq!(code(json!({ "address_sids": [ADDRESS] })).await, Some(22217));
    assert_eq!(code(json!({})).await, Some(22219));
}

#[tokio::test]
async fn two_documents_of_one_type_are_one_too_many_but_one_assigned_twice_is_one() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let list =
        fixture.get(SUB, &format!("{profile}/EntityAssignments?ObjectType=customer_profile_address")).await;
    fixture.attach(&profile, list.body["results"][0]["object_sid"].as_str().unwrap_or_default()).await;
    assert_eq!(evaluate(&fixture, &profile, SECONDARY_POLICY).await["status"], "compliant");
    let document = fixture.make_document(ADDRESS).await;
    let assignment = fixture.attach(&profile, &document).await;
    assert_eq!(evaluate(&fixture, &profile, SECONDARY_POLICY).await["status"], "noncompliant");
    fixture.delete(SUB, &format!("{profile}/EntityAssignments/{assignment}")).await;
    assert_eq!(evaluate(&fixture, &profile, SECONDARY_POLICY).await["status"], "compliant");
}

#[tokio::test]
async fn the_evaluation_call_itself_can_be_refused() {
    let fixture = Fixture::with(|settings| settings.undocumented.evaluation_call = Stance::Refused).await;
    let path = format!("/v1/CustomerProfiles/{}/Evaluations", fixture.make_profile().await);
    let reply = fixture.post(SUB, &path, &[("PolicySid", SECONDARY_POLICY)]).await;
    assert_eq!(reply.refusal(), (400, 70002));
    let fixture = Fixture::new().await;
    let path = format!("/v1/CustomerProfiles/{}/Evaluations", fixture.make_profile().await);
    let reply = fixture.post(SUB, &path, &[("PolicySid", VOICE_INTEGRITY_POLICY)]).await;
    assert_eq!(reply.refusal(), (400, 70002), "another policy than the bundle's");
}

async fn end_user_of(fixture: &Fixture, bundle: &str, object_type: &str) -> String {
    let list = fixture.get(SUB, &format!("{bundle}/EntityAssignments?ObjectType={object_type}")).await;
    list.body["results"][0]["object_sid"].as_str().unwrap_or_default().to_owned()
}
