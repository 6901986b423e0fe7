//! Who may reach what.

use trusthub_onboard::sandbox::Edit;

use crate::fixture::*;

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_none_and_refused() {
    let fixture = Fixture::new().await;
    let url = format!("{}/v1/CustomerProfiles", fixture.server.base_url());
    let none = fixture.send(fixture.client.get(&url)).await.expect("an answer");
    assert_eq!((none.refusal(), none.message()), ((401, 20003), "Authenticate"));
    assert!(none.headers.contains_key("www-authenticate"));
    let wrong = fixture.send(fixture.client.get(&url).basic_auth(SUB, Some("sibling-token"))).await;
    assert_eq!(wrong.expect("an answer").refusal(), (401, 20003));
    let unknown = fixture.send(fixture.client.get(&url).basic_auth("someone", Some("sub-token"))).await;
    assert_eq!(unknown.expect("an answer").message(), "Authentication Error - invalid username");
    assert_eq!(fixture.get(SUB, "/v1/CustomerProfiles").await.status, 200);
}

#[tokio::test]
async fn trust_hub_acts_on_the_account_that_authenticates() {
    let fixture = Fixture::new().await;
    let made = fixture.post(PARENT, "/v1/CustomerProfiles", &profile_form("Acme")).await;
    assert_eq!(made.body["account_sid"], PARENT);
    let own = fixture.make_profile().await;
    let path = format!("/v1/CustomerProfiles/{own}");
    assert_eq!(fixture.get(SUB, &path).await.status, 200);
    assert_eq!(fixture.get(PARENT, &path).await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SIBLING, &path).await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SUB, &format!("/v1/TrustProducts/{own}")).await.refusal(), (404, 20404));
}

#[tokio::test]
async fn the_2010_api_lets_a_parent_reach_its_subaccounts_and_nobody_else() {
    let fixture = Fixture::new().await;
    let account = |sid: &str| format!("/2010-04-01/Accounts/{sid}.json");
    assert_eq!(fixture.get(PARENT, &account(SUB)).await.status, 200);
    assert_eq!(fixture.get(SUB, &account(SUB)).await.status, 200);
    assert_eq!(fixture.get(SUB, &account(PARENT)).await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SUB, &account(SIBLING)).await.refusal(), (404, 20404));
    let address = format!("/2010-04-01/Accounts/{SIBLING}/Addresses/{ADDRESS}.json");
    assert_eq!(fixture.get(PARENT, &address).await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SUB, &format!("/2010-04-01/Accounts/{SUB}")).await.refusal(), (404, 20404));
}

#[tokio::test]
async fn a_suspended_account_is_refused_until_it_is_active_again() {
    let fixture = Fixture::new().await;
    let set = |account: &str, status: &str| {
        let (account, status) = (account.to_owned(), status.to_owned());
        fixture.sandbox.edit(Edit::SetAccountStatus { account, status }).expect("it is set");
    };
    set(SUB, "suspended");
    assert_eq!(fixture.get(SUB, "/v1/EndUsers").await.refusal(), (403, 20005));
    let seen = fixture.get(PARENT, &format!("/2010-04-01/Accounts/{SUB}.json")).await;
    assert_eq!(seen.body["status"], "suspended");
    assert_eq!(fixture.get(SIBLING, "/v1/EndUsers").await.status, 200);
    set(SUB, "active");
    assert_eq!(fixture.get(SUB, "/v1/EndUsers").await.status, 200);
    set(PARENT, "suspended");
    assert_eq!(fixture.get(SUB, "/v1/EndUsers").await.refusal(), (403, 20005), "its parent is suspended");
}

#[tokio::test]
async fn after_a_rotation_only_the_new_token_opens() {
    let fixture = Fixture::new().await;
    let token = fixture.sandbox.edit(Edit::RotateToken { account: SUB.into() }).expect("a token");
    assert_eq!(fixture.get(SUB, "/v1/EndUsers").await.refusal(), (401, 20003));
    let read = fixture.get(PARENT, &format!("/2010-04-01/Accounts/{SUB}.json")).await;
    assert_eq!(read.body["auth_token"], token.as_str());
    let url = format!("{}/v1/EndUsers", fixture.server.base_url());
    let reply = fixture.send(fixture.client.get(url).basic_auth(SUB, Some(token))).await;
    assert_eq!(reply.expect("an answer").status, 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.get(SUB, "/v1/Unknown").await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SUB, "/v1/CustomerProfiles.json").await.refusal(), (404, 20404));
    assert_eq!(fixture.delete(SUB, "/v1/CustomerProfiles").await.refusal(), (405, 20004));
    let put = fixture.send(fixture.request(reqwest::Method::PUT, SUB, "/v1/EndUsers")).await;
    assert_eq!(put.expect("an answer").refusal(), (405, 20004));
}
