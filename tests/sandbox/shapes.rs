//! Key sets of answers, compared with the API description's examples.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::*;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

#[tokio::test]
async fn bundles_have_the_keys_of_the_api_description() {
    let fixture = Fixture::new().await;
    let bundle = "sid account_sid policy_sid friendly_name status email status_callback valid_until date_created \
                  date_updated url links errors";
    let profile =
        fixture.get(SUB, &format!("/v1/CustomerProfiles/{}", fixture.make_profile().await)).await.body;
    assert_eq!(keys(&profile), words(bundle));
    let links = "customer_profiles_entity_assignments customer_profiles_evaluations \
                 customer_profiles_channel_endpoint_assignment";
    assert_eq!(keys(&profile["links"]), words(links));
    assert_eq!(profile["date_created"], "2026-01-01T00:00:00Z");
    let url = format!(
        "{}/v1/CustomerProfiles/{}",
        fixture.server.base_url(),
        profile["sid"].as_str().unwrap_or("")
    );
    assert_eq!(profile["url"], url.as_str());
    let product = fixture.get(SUB, &format!("/v1/TrustProducts/{}", fixture.make_product().await)).await.body;
    assert_eq!(keys(&product), words(bundle));
    let links = "trust_products_entity_assignments trust_products_evaluations \
                 trust_products_channel_endpoint_assignment";
    assert_eq!(keys(&product["links"]), words(links));
}

#[tokio::test]
async fn what_hangs_on_a_bundle_has_the_keys_of_the_api_description() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let first = |list: &Value| list["results"][0].clone();
    let entity = first(&fixture.get(SUB, &format!("{profile}/EntityAssignments")).await.body);
    assert_eq!(keys(&entity), words("sid customer_profile_sid account_sid object_sid date_created url"));
    let channel = first(&fixture.get(SUB, &format!("{profile}/ChannelEndpointAssignments")).await.body);
    let expected =
        "sid customer_profile_sid account_sid channel_endpoint_sid channel_endpoint_type date_created url";
    assert_eq!(keys(&channel), words(expected));
    let product = fixture.full_product(&profile, &voice_information()).await;
    let entity = first(&fixture.get(SUB, &format!("{product}/EntityAssignments")).await.body);
    assert_eq!(keys(&entity), words("sid trust_product_sid account_sid object_sid date_created url"));

    let form = [("PolicySid", SECONDARY_POLICY)];
    let evaluation = fixture.post(SUB, &format!("{profile}/Evaluations"), &form).await.body;
    let expected = "sid account_sid policy_sid customer_profile_sid status date_created url results";
    assert_eq!(keys(&evaluation), words(expected));
    let result = &evaluation["results"][0];
    let expected = "friendly_name object_type passed failure_reason error_code valid invalid \
                    requirement_friendly_name requirement_name";
    assert_eq!(keys(result), words(expected));
    let expected = "object_field friendly_name passed failure_reason error_code";
    assert_eq!(keys(&result["valid"][0]), words(expected));
    let fetched = fixture
        .get(SUB, &format!("{profile}/Evaluations/{}", evaluation["sid"].as_str().unwrap_or("")))
        .await;
    assert_eq!(fetched.body, evaluation, "evaluations are kept");
}

#[tokio::test]
async fn objects_have_the_keys_of_the_api_description() {
    let fixture = Fixture::new().await;
    let end_user = fixture.make_end_user("voice_integrity_information", &voice_information()).await;
    let end_user = fixture.get(SUB, &format!("/v1/EndUsers/{end_user}")).await.body;
    let expected = "date_updated sid friendly_name account_sid url date_created attributes type";
    assert_eq!(keys(&end_user), words(expected));
    assert_eq!(end_user["attributes"], voice_information());
    let document = fixture.make_document(ADDRESS).await;
    let document = fixture.get(SUB, &format!("/v1/SupportingDocuments/{document}")).await.body;
    let expected =
        "date_updated sid friendly_name account_sid url date_created attributes type status mime_type";
    assert_eq!(keys(&document), words(expected));
    assert_eq!(document["status"], "DRAFT");
}

#[tokio::test]
async fn the_2010_api_has_the_keys_of_its_description() {
    let fixture = Fixture::new().await;
    let base = format!("/2010-04-01/Accounts/{SUB}");
    let account = fixture.get(PARENT, &format!("{base}.json")).await.body;
    let expected = "auth_token date_created date_updated friendly_name owner_account_sid sid status \
                    subresource_uris type uri";
    assert_eq!(keys(&account), words(expected));
    assert_eq!(account["owner_account_sid"], PARENT);
    assert_eq!(account["date_created"], "Thu, 01 Jan 2026 00:00:00 +0000");
    let address = fixture.get(SUB, &format!("{base}/Addresses/{ADDRESS}.json")).await.body;
    let expected = "account_sid city customer_name date_created date_updated emergency_enabled friendly_name \
                    iso_country postal_code region sid street street_secondary validated verified uri";
    assert_eq!(keys(&address), words(expected));
    let number = fixture.get(SUB, &format!("{base}/IncomingPhoneNumbers/{NUMBER}.json")).await.body;
    let expected = "account_sid address_requirements address_sid api_version beta capabilities date_created \
                    date_updated emergency_status emergency_address_sid emergency_address_status friendly_name \
                    identity_sid origin phone_number sid sms_application_sid sms_fallback_method sms_fallback_url \
                    sms_method sms_url status_callback status_callback_method trunk_sid uri \
                    voice_application_sid voice_caller_id_lookup voice_fallback_method voice_fallback_url \
                    voice_method voice_url bundle_sid voice_receive_mode status type subresource_uris";
    assert_eq!(keys(&number), words(expected));
    assert_eq!(number["phone_number"], "+14155550101");
}

#[tokio::test]
async fn errors_and_headers_look_as_the_api_sends_them() {
    let fixture = Fixture::new().await;
    let reply = fixture.get(SUB, "/v1/CustomerProfiles/BU000000000000000000000000000000ff").await;
    assert_eq!(keys(&reply.body), words("code message more_info status"));
    assert_eq!(reply.refusal(), (404, 20404));
    assert_eq!(
        reply.message(),
        "The requested resource /v1/CustomerProfiles/BU000000000000000000000000000000ff was not found"
    );
    assert_eq!(reply.body["more_info"], "https://www.twilio.com/docs/errors/20404");
    let header =
        |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request_id = header("Twilio-Request-Id");
    assert_eq!((request_id.len(), &request_id[..2]), (34, "RQ"));
    assert_eq!(header("Twilio-Concurrent-Requests"), "1");
    assert!(header("Twilio-Request-Duration").parse::<f64>().is_ok());
}

#[tokio::test]
async fn the_secondary_policy_reads_as_documented() {
    let fixture = Fixture::new().await;
    let policy = fixture.get(SUB, &format!("/v1/Policies/{SECONDARY_POLICY}")).await.body;
    assert_eq!(policy["friendly_name"], "Secondary Customer Profile of type Business");
    let requirements = &policy["requirements"];
    assert_eq!(requirements["end_user"][0]["fields"].as_array().map(Vec::len), Some(9));
    assert_eq!(requirements["end_user"][2]["type"], "authorized_representative_2");
    let document = &requirements["supporting_document"][0][0];
    assert_eq!(document["accepted_documents"][0]["type"], "customer_profile_address");
    let profile = &requirements["supporting_customer_profiles"][0];
    assert_eq!(profile["requirement_name"], "primary_customer_profile");
    let voice = fixture.get(SUB, &format!("/v1/Policies/{VOICE_INTEGRITY_POLICY}")).await.body;
    assert_eq!(voice["requirements"]["supporting_document"], serde_json::json!([[]]));
    let unknown = fixture.get(SUB, "/v1/Policies/RN000000000000000000000000000000ff").await;
    assert_eq!(unknown.refusal(), (404, 20404));
    let by_name = fixture.get(SUB, "/v1/EndUserTypes/authorized_representative_1").await;
    assert_eq!(by_name.body["machine_name"], "authorized_representative_1");
    let types = fixture.get(SUB, "/v1/SupportingDocumentTypes").await.body;
    assert_eq!(types["meta"]["key"], "supporting_document_types");
}
