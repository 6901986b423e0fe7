//! Lists: filters, pages and their limits.

use serde_json::{Value, json};

use crate::fixture::*;

fn sids(list: &Value, key: &str) -> Vec<String> {
    let rows = list[key].as_array().expect("rows");
    rows.iter().map(|row| row["sid"].as_str().expect("a sid").to_owned()).collect()
}

#[tokio::test]
async fn bundles_are_filtered_by_exact_name_status_and_policy() {
    let fixture = Fixture::new().await;
    let acme = fixture.make("/v1/CustomerProfiles", &profile_form("Acme")).await;
    let longer = fixture.make("/v1/CustomerProfiles", &profile_form("Acme Ltd")).await;
    let found = async |query: &str| {
        sids(&fixture.get(SUB, &format!("/v1/CustomerProfiles?{query}")).await.body, "results")
    };
    assert_eq!(found("FriendlyName=Acme").await, std::slice::from_ref(&acme));
    assert_eq!(found("FriendlyName=acme").await, [""; 0]);
    assert_eq!(found("").await, [longer.clone(), acme.clone()]);
    fixture.submit(&format!("/v1/CustomerProfiles/{acme}")).await;
    assert_eq!(found("Status=pending-review").await, [acme]);
    assert_eq!(found(&format!("Status=draft&PolicySid={SECONDARY_POLICY}")).await, [longer]);
    assert_eq!(found(&format!("PolicySid={VOICE_INTEGRITY_POLICY}")).await, [""; 0]);
    let unknown = fixture.get(SUB, "/v1/CustomerProfiles?Status=open").await;
    assert_eq!(unknown.refusal(), (400, 22203));
}

#[tokio::test]
async fn the_primary_profile_is_found_in_the_parent_by_policy_and_status() {
    let fixture = Fixture::new().await;
    let path = format!("/v1/CustomerProfiles?PolicySid={PRIMARY_POLICY}&Status=twilio-approved");
    assert_eq!(sids(&fixture.get(PARENT, &path).await.body, "results"), [PRIMARY]);
    assert_eq!(sids(&fixture.get(SUB, &path).await.body, "results"), [""; 0]);
}

#[tokio::test]
async fn assignments_are_filtered_by_type_and_by_number() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let entities = fixture
        .get(SUB, &format!("{profile}/EntityAssignments?ObjectType=customer_profile_address"))
        .await
        .body;
    assert_eq!(sids(&entities, "results").len(), 1);
    assert!(entities["results"][0]["object_sid"].as_str().is_some_and(|sid| sid.starts_with("RD")));
    let channels = async |query: String| {
        sids(
            &fixture.get(SUB, &format!("{profile}/ChannelEndpointAssignments?{query}")).await.body,
            "results",
        )
        .len()
    };
    assert_eq!(channels(format!("ChannelEndpointSid={NUMBER}")).await, 1);
    assert_eq!(channels(format!("ChannelEndpointSid={SECOND_NUMBER}")).await, 0);
    assert_eq!(channels(format!("ChannelEndpointSids={SECOND_NUMBER},{NUMBER}")).await, 1);
}

#[tokio::test]
async fn pages_are_followed_by_their_urls_and_new_rows_shift_nothing() {
    let fixture = Fixture::new().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(fixture.make("/v1/CustomerProfiles", &profile_form(&format!("Acme {n}"))).await);
    }
    let first =
        fixture.get(SUB, &format!("/v1/CustomerProfiles?PolicySid={SECONDARY_POLICY}&PageSize=2")).await.body;
    assert_eq!(first["meta"]["key"], "results");
    assert_eq!(first["meta"]["page_size"], 2);
    assert_eq!(first["meta"]["previous_page_url"], Value::Null);
    let mut seen = sids(&first, "results");
    fixture.make_profile().await;
    let mut next = first["meta"]["next_page_url"].clone();
    while let Some(url) = next.as_str() {
        let path = url.strip_prefix(fixture.server.base_url()).expect("the request's own host");
        assert!(path.contains(&format!("PolicySid={SECONDARY_POLICY}")), "filters come back: {path}");
        let page = fixture.get(SUB, path).await.body;
        seen.extend(sids(&page, "results"));
        next = page["meta"]["next_page_url"].clone();
    }
    made.reverse();
    assert_eq!(seen, made);
}

#[tokio::test]
async fn page_sizes_and_page_tokens_are_checked() {
    let fixture = Fixture::new().await;
    let refusal = async |query: &str| fixture.get(SUB, &format!("/v1/EndUsers?{query}")).await.refusal();
    assert_eq!(fixture.get(SUB, "/v1/EndUsers?PageSize=1000").await.status, 200);
    assert_eq!(refusal("PageSize=1001").await, (400, 20007));
    assert_eq!(refusal("PageSize=0").await, (400, 20422));
    assert_eq!(refusal("PageToken=PAIT00000000000000000000000000000000").await, (400, 21481));
    assert_eq!(refusal("PageToken=%C3%A9").await, (400, 21481));
    assert_eq!(refusal("Page=1").await, (400, 21481));
}

#[tokio::test]
async fn the_2010_lists_carry_relative_uris() {
    let fixture = Fixture::new().await;
    let base = format!("/2010-04-01/Accounts/{SUB}/IncomingPhoneNumbers.json");
    let first = fixture.get(PARENT, &format!("{base}?PageSize=1")).await.body;
    assert_eq!(sids(&first, "incoming_phone_numbers"), [SECOND_NUMBER]);
    assert_eq!((&first["start"], &first["end"], &first["page"]), (&json!(0), &json!(0), &json!(0)));
    let next = first["next_page_uri"].as_str().expect("a next page");
    assert!(next.starts_with("/2010-04-01/"));
    let second = fixture.get(PARENT, next).await.body;
    assert_eq!(sids(&second, "incoming_phone_numbers"), [NUMBER]);
    assert_eq!(second["next_page_uri"], Value::Null);
    let back = second["previous_page_uri"].as_str().expect("a previous page");
    assert_eq!(sids(&fixture.get(PARENT, back).await.body, "incoming_phone_numbers"), [SECOND_NUMBER]);
    let by_part = fixture.get(SUB, &format!("{base}?PhoneNumber=0101")).await.body;
    assert_eq!(sids(&by_part, "incoming_phone_numbers"), [NUMBER]);
    let by_pattern = fixture.get(SUB, &format!("{base}?PhoneNumber=%2B1415*102")).await.body;
    assert_eq!(sids(&by_pattern, "incoming_phone_numbers"), [SECOND_NUMBER]);
    let accounts = fixture.get(PARENT, "/2010-04-01/Accounts.json").await.body;
    assert_eq!(sids(&accounts, "accounts"), [SIBLING, SUB, PARENT]);
    let addresses =
        fixture.get(SUB, &format!("/2010-04-01/Accounts/{SUB}/Addresses.json?IsoCountry=US")).await.body;
    assert_eq!(sids(&addresses, "addresses"), [ADDRESS]);
}
