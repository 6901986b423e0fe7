//! Values that the API description rules out, each beside one that it takes.

use serde_json::{Value, json};
use trusthub_onboard::sandbox::{EmptyParameter, Stance};

use crate::fixture::*;

fn addresses() -> String {
    format!("/2010-04-01/Accounts/{SUB}/Addresses.json")
}

/// An address in the US, changed as told.
fn address_with<'v>(changed: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    let mut form = vec![
        ("CustomerName", "Acme"),
        ("Street", "1 Main Street"),
        ("City", "Springfield"),
        ("Region", "IL"),
        ("PostalCode", "62701"),
        ("IsoCountry", "US"),
    ];
    form.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    form.extend(changed);
    form
}

#[tokio::test]
async fn a_status_that_is_none_cannot_be_listed_or_set() {
    let fixture = Fixture::new().await;
    for collection in ["CustomerProfiles", "TrustProducts"] {
        for status in ["", "foo", "Draft", "APPROVED"] {
            let list = fixture.get(SUB, &format!("/v1/{collection}?Status={status}")).await;
            assert_eq!(list.refusal(), (400, 22203), "{collection} {status:?}");
        }
        assert_eq!(fixture.get(SUB, &format!("/v1/{collection}?Status=twilio-rejected")).await.status, 200);
    }
    let product = format!("/v1/TrustProducts/{}", fixture.make_product().await);
    assert_eq!(fixture.post(SUB, &product, &[("Status", "approved")]).await.refusal(), (400, 22203));
    let accounts = fixture.get(PARENT, "/2010-04-01/Accounts.json?Status=open").await;
    assert_eq!(accounts.refusal(), (400, 20422), "the 2010 API knows no bundles");
}

#[tokio::test]
async fn a_sid_in_a_filter_or_a_form_has_the_pattern_of_a_sid() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    for wrong in
        ["foo", "PN123", "", "PN0000000000000000000000000000000g", "PN000000000000000000000000000000012"]
    {
        let list = fixture
            .get(SUB, &format!("{profile}/ChannelEndpointAssignments?ChannelEndpointSid={wrong}"))
            .await;
        assert_eq!(list.refusal(), (400, 20423), "{wrong:?}");
    }
    let list =
        fixture.get(SUB, &format!("{profile}/ChannelEndpointAssignments?ChannelEndpointSid={NUMBER}")).await;
    assert_eq!((list.status, &list.body["results"]), (200, &json!([])));
    for path in ["CustomerProfiles", "TrustProducts"] {
        assert_eq!(fixture.get(SUB, &format!("/v1/{path}?PolicySid={NUMBER}")).await.refusal(), (400, 20423));
    }
    let evaluate = fixture.post(SUB, &format!("{profile}/Evaluations"), &[("PolicySid", "RN1")]).await;
    assert_eq!(evaluate.refusal(), (400, 20423));
}

#[tokio::test]
async fn the_http_status_of_an_invalid_value_is_a_setting_and_that_of_a_missing_one_is_not() {
    let fixture = Fixture::with(|settings| settings.undocumented.invalid_parameter_http_status = 422).await;
    let with = async |name: &'static str, value: &'static str| {
        let mut form = profile_form("Acme").to_vec();
        form.retain(|(key, _)| *key != name);
        form.push((name, value));
        fixture.post(SUB, "/v1/CustomerProfiles", &form).await
    };
    assert_eq!(with("Email", "nobody").await.refusal(), (422, 20422));
    assert_eq!(with("PolicySid", "RN1").await.refusal(), (422, 20423));
    assert_eq!(with("Email", "").await.refusal(), (400, 20001));
    assert_eq!(with("PolicySid", VOICE_INTEGRITY_POLICY).await.refusal(), (400, 70002));
}

#[tokio::test]
async fn booleans_are_true_and_false_and_nothing_else() {
    let fixture = Fixture::new().await;
    for name in ["EmergencyEnabled", "AutoCorrectAddress"] {
        for wrong in ["True", "yes", "1", ""] {
            let reply = fixture.post(SUB, &addresses(), &address_with(&[(name, wrong)])).await;
            assert_eq!(reply.refusal(), (400, 20422), "{name}={wrong:?}");
        }
        for right in ["true", "false"] {
            let reply = fixture.post(SUB, &addresses(), &address_with(&[(name, right)])).await;
            assert_eq!(reply.status, 201, "{name}={right}");
            if name == "EmergencyEnabled" {
                assert_eq!(reply.body["emergency_enabled"], json!(right == "true"));
            }
        }
    }
    let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
    assert_eq!(fixture.post(SUB, &address, &[("EmergencyEnabled", "on")]).await.refusal(), (400, 20422));
    for (list, filter) in [("Addresses", "EmergencyEnabled"), ("IncomingPhoneNumbers", "Beta")] {
        let path = format!("/2010-04-01/Accounts/{SUB}/{list}.json?{filter}=");
        assert_eq!(fixture.get(SUB, &format!("{path}no")).await.refusal(), (400, 20422), "{list}");
        assert_eq!(fixture.get(SUB, &format!("{path}false")).await.status, 200, "{list}");
    }
}

#[tokio::test]
async fn countries_and_us_states_are_those_that_there_are() {
    let fixture = Fixture::new().await;
    let create = async |country: &'static str, region: &'static str| {
        fixture.post(SUB, &addresses(), &address_with(&[("IsoCountry", country), ("Region", region)])).await
    };
    for country in ["XX", "UK", "us", "USA", "ZZ"] {
        assert_eq!(create(country, "IL").await.refusal(), (400, 20422), "{country}");
    }
    for region in ["XX", "ON", "Springfield"] {
        assert_eq!(create("US", region).await.refusal(), (400, 21628), "{region}");
    }
    for (country, region) in [("US", "IL"), ("US", "Illinois"), ("US", "PR"), ("GB", "Kent"), ("BB", "XX")] {
        assert_eq!(create(country, region).await.status, 201, "{country} {region}");
    }
    let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
    assert_eq!(fixture.post(SUB, &address, &[("Region", "ZZ")]).await.refusal(), (400, 21628));
    assert_eq!(fixture.get(SUB, &format!("{}?IsoCountry=XX", addresses())).await.refusal(), (400, 20422));
    assert_eq!(fixture.get(SUB, &format!("{}?IsoCountry=GB", addresses())).await.status, 200);
}

#[tokio::test]
async fn a_post_has_the_content_type_of_a_form() {
    let fixture = Fixture::new().await;
    let body = "FriendlyName=Acme&Email=ops%40isv.example&PolicySid=RNdfbf3fae0e1107f8aded0e7cead80bf5";
    let post = async |content_type: Option<&str>| {
        let mut request = fixture.request(reqwest::Method::POST, SUB, "/v1/CustomerProfiles").body(body);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        fixture.send(request).await.expect("an answer")
    };
    for wrong in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencoded2"),
    ] {
        assert_eq!(post(wrong).await.refusal(), (400, 20001), "{wrong:?}");
    }
    assert!(fixture.sandbox.resources().iter().all(|resource| resource.seeded), "nothing is made");
    for right in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded ; charset=utf-8"] {
        assert_eq!(post(Some(right)).await.status, 201, "{right}");
    }
}

#[tokio::test]
async fn a_status_callback_is_a_url_that_can_be_called() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    for wrong in
        ["isv.example", "ftp://isv.example", "https://", "https://isv example/", "/hook", "https:hook"]
    {
        let reply = fixture.post(SUB, &profile, &[("StatusCallback", wrong)]).await;
        assert_eq!(reply.refusal(), (400, 20422), "{wrong}");
    }
    for right in ["https://isv.example/hook?a=b%20c", "http://isv.example:8080"] {
        let reply = fixture.post(SUB, &profile, &[("StatusCallback", right)]).await;
        assert_eq!((reply.status, &reply.body["status_callback"]), (200, &json!(right)));
    }
}

#[tokio::test]
async fn an_empty_status_callback_is_refused_or_taken() {
    for collection in ["CustomerProfiles", "TrustProducts"] {
        let policy = if collection == "CustomerProfiles" { SECONDARY_POLICY } else { VOICE_INTEGRITY_POLICY };
        let form = [
            ("FriendlyName", "Acme"),
            ("Email", "ops@isv.example"),
            ("PolicySid", policy),
            ("StatusCallback", "https://isv.example/hook"),
        ];
        let path = format!("/v1/{collection}");
        let empty = [&form[..3], &[("StatusCallback", "")]].concat();

        let strict = Fixture::with(|it| it.undocumented.empty_status_callback = Stance::Refused).await;
        assert_eq!(strict.post(SUB, &path, &empty).await.refusal(), (400, 20422), "{collection}");
        let bundle = format!("{path}/{}", strict.make(&path, &form).await);
        let both = [("FriendlyName", "New"), ("StatusCallback", "")];
        assert_eq!(strict.post(SUB, &bundle, &both).await.refusal(), (400, 20422), "{collection}");
        let kept = strict.get(SUB, &bundle).await.body;
        assert_eq!((&kept["friendly_name"], &kept["status_callback"]), (&json!("Acme"), &json!(form[3].1)));

        let lenient = Fixture::with(|it| it.undocumented.empty_status_callback = Stance::Accepted).await;
        let created = lenient.post(SUB, &path, &empty).await;
        assert_eq!((created.status, &created.body["status_callback"]), (201, &Value::Null));
        let bundle = format!("{path}/{}", lenient.make(&path, &form).await);
        let reply = lenient.post(SUB, &bundle, &both).await;
        assert_eq!((reply.status, &reply.body["status_callback"]), (200, &Value::Null), "it clears");
    }
}

#[tokio::test]
async fn an_empty_parameter_can_be_as_if_it_had_not_been_given() {
    for (rule, is_kept) in [(EmptyParameter::Clears, false), (EmptyParameter::IsNotGiven, true)] {
        let fixture = Fixture::with(|settings| {
            settings.undocumented.empty_status_callback = Stance::Accepted;
            settings.undocumented.empty_parameter = rule;
        })
        .await;
        let form = [&profile_form("Acme")[..], &[("StatusCallback", "https://isv.example/hook")]].concat();
        let profile = format!("/v1/CustomerProfiles/{}", fixture.make("/v1/CustomerProfiles", &form).await);
        let form = address_with(&[("StreetSecondary", "Suite 5"), ("FriendlyName", "HQ")]);
        let address =
            format!("/2010-04-01/Accounts/{SUB}/Addresses/{}.json", fixture.make(&addresses(), &form).await);
        let updates =
            [("StatusCallback", &profile), ("StreetSecondary", &address), ("FriendlyName", &address)];
        for (name, path) in updates {
            let key = match name {
                "StatusCallback" => "status_callback",
                "StreetSecondary" => "street_secondary",
                _ => "friendly_name",
            };
            let before = fixture.get(SUB, path).await.body[key].clone();
            assert!(before.as_str().is_some_and(|text| !text.is_empty()), "{name}");
            let answer = fixture.post(SUB, path, &[(name, "")]).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
            let after = fixture.get(SUB, path).await.body[key].clone();
            assert_eq!(answer.body[key], after, "{name}: the answer is what is read");
            assert_eq!(after == before, is_kept, "{name} under {rule:?}: {after}");
        }
    }
}
