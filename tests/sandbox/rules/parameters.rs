//! How parameters are read.

use serde_json::json;

use crate::fixture::*;

#[tokio::test]
async fn every_required_parameter_is_missed_by_name() {
    let fixture = Fixture::new().await;
    let profile = fixture.make_profile().await;
    let bundle = format!("/v1/CustomerProfiles/{profile}");
    let cases: [(&str, String, &[&str]); 6] = [
        (SUB, "/v1/CustomerProfiles".into(), &["FriendlyName", "Email", "PolicySid"]),
        (SUB, "/v1/EndUsers".into(), &["FriendlyName", "Type"]),
        (SUB, "/v1/SupportingDocuments".into(), &["FriendlyName", "Type"]),
        (SUB, format!("{bundle}/EntityAssignments"), &["ObjectSid"]),
        (SUB, format!("{bundle}/ChannelEndpointAssignments"), &["ChannelEndpointType", "ChannelEndpointSid"]),
        (
            PARENT,
            format!("/2010-04-01/Accounts/{SUB}/Addresses.json"),
            &["CustomerName", "Street", "City", "Region", "PostalCode", "IsoCountry"],
        ),
    ];
    for (account, path, names) in cases {
        for missing in names {
            let form: Vec<(&str, &str)> =
                names.iter().filter(|name| *name != missing).map(|name| (*name, sample(name))).collect();
            let reply = fixture.post(account, &path, &form).await;
            assert_eq!(reply.refusal(), (400, 20001), "{path} without {missing}: {}", reply.body);
            assert_eq!(reply.message(), format!("Missing required parameter {missing} in the post body"));
        }
    }
}

fn sample(name: &str) -> &'static str {
    match name {
        "Email" => "ops@isv.example",
        "PolicySid" => SECONDARY_POLICY,
        "Type" => "authorized_representative_1",
        "ChannelEndpointType" => "phone-number",
        "ChannelEndpointSid" => NUMBER,
        "IsoCountry" => "US",
        "PostalCode" => "94105",
        _ => "Acme",
    }
}

#[tokio::test]
async fn names_of_parameters_are_exact_and_unknown_ones_are_ignored() {
    let fixture = Fixture::new().await;
    let lower = [("friendlyName", "Acme"), ("Email", "ops@isv.example"), ("PolicySid", SECONDARY_POLICY)];
    let reply = fixture.post(SUB, "/v1/CustomerProfiles", &lower).await;
    assert_eq!(reply.message(), "Missing required parameter FriendlyName in the post body");
    let mut form = profile_form("Acme").to_vec();
    form.push(("Color", "blue"));
    assert_eq!(fixture.post(SUB, "/v1/CustomerProfiles", &form).await.status, 201);
}

#[tokio::test]
async fn a_json_body_is_refused_and_nothing_is_made() {
    let fixture = Fixture::new().await;
    let body = json!({ "FriendlyName": "Acme", "Email": "ops@isv.example", "PolicySid": SECONDARY_POLICY });
    let request = fixture
        .request(reqwest::Method::POST, SUB, "/v1/CustomerProfiles")
        .header("Content-Type", "application/json")
        .body(body.to_string());
    assert_eq!(fixture.send(request).await.expect("an answer").refusal(), (400, 20001));
    assert!(fixture.sandbox.resources().iter().all(|resource| resource.seeded));
}

#[tokio::test]
async fn attributes_must_be_a_json_object() {
    let fixture = Fixture::new().await;
    let create = async |attributes: &str| {
        let form =
            [("FriendlyName", "Rep"), ("Type", "authorized_representative_1"), ("Attributes", attributes)];
        fixture.post(SUB, "/v1/EndUsers", &form).await
    };
    assert_eq!(create("{}").await.status, 201);
    assert_eq!(create(r#"{"first_name":"Ada","anything":[1]}"#).await.status, 201, "checked later");
    for bad in ["{", "[]", "\"text\"", "null", ""] {
        assert_eq!(create(bad).await.refusal(), (400, 22207), "{bad:?}");
    }
}

#[tokio::test]
async fn malformed_values_are_refused() {
    let fixture = Fixture::new().await;
    let with = async |name: &str, value: &str| {
        let mut form = profile_form("Acme").to_vec();
        form.retain(|(key, _)| *key != name);
        form.push((name, value));
        fixture.post(SUB, "/v1/CustomerProfiles", &form).await
    };
    assert_eq!(with("StatusCallback", "https://isv.example/hook").await.status, 201);
    assert_eq!(with("StatusCallback", "isv.example").await.refusal(), (400, 20422));
    assert_eq!(with("Email", "nobody").await.refusal(), (400, 20422));
    assert_eq!(with("PolicySid", "RN123").await.refusal(), (400, 20423));
    assert_eq!(with("PolicySid", "RN000000000000000000000000000000ff").await.refusal(), (400, 70002));
    assert_eq!(with("PolicySid", VOICE_INTEGRITY_POLICY).await.refusal(), (400, 70002));
    assert_eq!(with("FriendlyName", &"x".repeat(255)).await.status, 201);
    assert_eq!(with("FriendlyName", &"x".repeat(256)).await.refusal(), (400, 20422));
    let unknown_type = [("FriendlyName", "Rep"), ("Type", "authorized_representative_3")];
    assert_eq!(fixture.post(SUB, "/v1/EndUsers", &unknown_type).await.refusal(), (400, 20422));
}

#[tokio::test]
async fn the_longest_name_is_a_setting() {
    let fixture = Fixture::with(|settings| settings.undocumented.friendly_name_chars_max = 64).await;
    let create =
        async |name: &str| fixture.post(SUB, "/v1/CustomerProfiles", &profile_form(name)).await.status;
    assert_eq!(create(&"é".repeat(64)).await, 201, "characters are counted, not bytes");
    assert_eq!(create(&"é".repeat(65)).await, 400);
}

#[tokio::test]
async fn addresses_are_validated() {
    let fixture = Fixture::new().await;
    let create = async |country: &str, postal_code: &str| {
        let form = [
            ("CustomerName", "Acme"),
            ("Street", "1 Main St"),
            ("City", "Springfield"),
            ("Region", "IL"),
            ("PostalCode", postal_code),
            ("IsoCountry", country),
        ];
        fixture.post(SUB, &format!("/2010-04-01/Accounts/{SUB}/Addresses.json"), &form).await
    };
    assert_eq!(create("US", "62701").await.status, 201);
    assert_eq!(create("US", "62701-1234").await.status, 201);
    assert_eq!(create("US", "627").await.refusal(), (400, 21628));
    assert_eq!(create("CA", "K1A 0B1").await.status, 201);
    assert_eq!(create("USA", "62701").await.refusal(), (400, 20422));
}
