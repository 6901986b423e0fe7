//! The seed flow by hand, from the first create to both approvals.

use serde_json::{Value, json};

use crate::fixture::*;

#[tokio::test]
async fn a_customer_goes_from_nothing_to_two_approvals() {
    let fixture = Fixture::new().await;
    let token = fixture.get(PARENT, &format!("/2010-04-01/Accounts/{SUB}.json")).await;
    assert_eq!((token.status, &token.body["auth_token"]), (200, &json!("sub-token")));
    let address = [
        ("CustomerName", "Acme Ltd"),
        ("Street", "1 Main St"),
        ("City", "Springfield"),
        ("Region", "IL"),
        ("PostalCode", "62701"),
        ("IsoCountry", "US"),
    ];
    let address = fixture.post(PARENT, &format!("/2010-04-01/Accounts/{SUB}/Addresses.json"), &address).await;
    assert_eq!((address.status, &address.body["account_sid"]), (201, &json!(SUB)));

    let profile = fixture.full_profile(&Parts { address: address.sid(), ..Parts::default() }).await;
    let evaluation =
        fixture.post(SUB, &format!("{profile}/Evaluations"), &[("PolicySid", SECONDARY_POLICY)]).await;
    assert_eq!((evaluation.status, &evaluation.body["status"]), (201, &json!("compliant")));
    assert_eq!(fixture.submit(&profile).await.body["status"], json!("pending-review"));
    assert_eq!(fixture.status(&profile).await, "pending-review");
    fixture.advance_ms(500);
    assert_eq!(fixture.status(&profile).await, "in-review");
    fixture.advance_ms(500);
    assert_eq!(fixture.status(&profile).await, "twilio-approved");

    let product = fixture.full_product(&profile, &voice_information()).await;
    let form = [("PolicySid", VOICE_INTEGRITY_POLICY)];
    let evaluation = fixture.post(SUB, &format!("{product}/Evaluations"), &form).await;
    assert_eq!(evaluation.body["status"], json!("compliant"), "{}", evaluation.body);
    assert_eq!(fixture.submit(&product).await.status, 200);
    fixture.advance_ms(1_000);
    let approved = fixture.get(SUB, &product).await;
    assert_eq!(approved.body["status"], json!("twilio-approved"));
    assert_eq!(approved.body["errors"], Value::Null);
}

#[tokio::test]
async fn the_snapshot_lists_what_was_made_in_order_and_tells_it_from_what_was_there() {
    use trusthub_onboard::sandbox::Kind;
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let made: Vec<_> = fixture.sandbox.resources().into_iter().filter(|resource| !resource.seeded).collect();
    let kinds: Vec<Kind> = made.iter().map(|resource| resource.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::CustomerProfile,
            Kind::EntityAssignment,
            Kind::SupportingDocument,
            Kind::EntityAssignment,
            Kind::EndUser,
            Kind::EntityAssignment,
            Kind::EndUser,
            Kind::EntityAssignment,
            Kind::ChannelEndpointAssignment,
        ]
    );
    assert!(profile.ends_with(&made[0].sid));
    assert_eq!(made[1].object_sid.as_deref(), Some(PRIMARY));
    assert_eq!(made[1].bundle_sid.as_ref(), Some(&made[0].sid));
    assert_eq!(made[8].object_sid.as_deref(), Some(NUMBER));
    assert!(made.iter().all(|resource| resource.account_sid == SUB));
    let requests = fixture.sandbox.requests();
    assert_eq!((requests.count, requests.latest.len()), (9, 9));
    assert_eq!(requests.latest[0].path, "/v1/CustomerProfiles");
}

#[tokio::test]
async fn the_same_calls_in_another_world_of_the_same_seed_get_the_same_sids() {
    let (one, other) = (Fixture::new().await, Fixture::new().await);
    assert_eq!(one.full_profile(&Parts::default()).await, other.full_profile(&Parts::default()).await);
    assert_eq!(one.sandbox.id(), other.sandbox.id());
    let third = Fixture::with(|settings| settings.world_seed = Some(8)).await;
    assert_ne!(one.sandbox.id(), third.sandbox.id());
    assert_ne!(one.make_profile().await, third.make_profile().await);
}

#[tokio::test]
async fn what_a_seed_leaves_out_is_made_from_the_rest() {
    use trusthub_onboard::sandbox::{Sandbox, Seed, SeedAccount, Settings};
    let open = || {
        let account = SeedAccount {
            sid: SUB.into(),
            phone_numbers: vec![(String::new(), "+14155550101".into()), (NUMBER.into(), String::new())],
            ..SeedAccount::default()
        };
        let seed = Seed { parent_sid: PARENT.into(), accounts: vec![account], ..Seed::default() };
        Sandbox::open(Settings::default(), seed).expect("it opens")
    };
    let list = async |sandbox: Sandbox| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = sandbox.serve(listener).expect("it serves");
        let url = format!("{}/2010-04-01/Accounts/{SUB}/IncomingPhoneNumbers.json", server.base_url());
        let token = trusthub_onboard::sandbox::on_demand_token(SUB);
        let reply = client().get(url).basic_auth(SUB, Some(token)).send().await.expect("an answer");
        let body: Value = serde_json::from_str(&reply.text().await.expect("a body")).expect("JSON");
        let rows = body["incoming_phone_numbers"].as_array().cloned().unwrap_or_default();
        let field = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        rows.iter().map(|row| (field(row, "sid"), field(row, "phone_number"))).collect::<Vec<_>>()
    };
    let numbers = list(open()).await;
    assert_eq!(numbers[0].0, NUMBER);
    assert!(numbers[0].1.starts_with("+14155") && numbers[0].1.len() == 12, "{numbers:?}");
    assert_eq!(numbers[1].1, "+14155550101");
    assert!(numbers[1].0.starts_with("PN") && numbers[1].0.len() == 34, "{numbers:?}");
    assert_eq!(list(open()).await, numbers, "the same in every world");
}

#[tokio::test]
async fn with_accounts_on_demand_any_subaccount_and_any_number_exist() {
    let fixture = Fixture::with(|settings| settings.accounts_on_demand = true).await;
    let account = "AC0000000000000000000000000000abcd";
    let read = fixture.get(PARENT, &format!("/2010-04-01/Accounts/{account}.json")).await;
    let token = trusthub_onboard::sandbox::on_demand_token(account);
    assert_eq!((read.status, &read.body["auth_token"]), (200, &json!(token)));
    let by_e164 =
        format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?PhoneNumber=%2B14155550199");
    let listed = fixture.get(PARENT, &by_e164).await;
    assert_eq!(listed.body["incoming_phone_numbers"][0]["phone_number"], json!("+14155550199"));
    let url = format!("{}/v1/CustomerProfiles", fixture.server.base_url());
    let form = profile_form("Any");
    let reply = fixture.send(fixture.client.post(url).basic_auth(account, Some(&token)).form(&form)).await;
    let profile = reply.expect("an answer").sid();
    let url =
        format!("{}/v1/CustomerProfiles/{profile}/ChannelEndpointAssignments", fixture.server.base_url());
    let form = [
        ("ChannelEndpointType", "phone-number"),
        ("ChannelEndpointSid", "PN000000000000000000000000000000aa"),
    ];
    let reply = fixture.send(fixture.client.post(url).basic_auth(account, Some(&token)).form(&form)).await;
    assert_eq!(reply.expect("an answer").status, 201);
}
