//! An answer from another account than the one that was meant.

use crate::checks::path_of;

use crate::fixture::{Fixture, PARENT, PRIMARY, customer, token_of};
use crate::proxy::Proxy;
use crate::watch::watching;
use axum::http::{Method, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::products::{FLOW, PROFILE};
use trusthub_onboard::sandbox::{self, Among, Fault, Faults, Rule, When};

const OTHER: &str = "AC0000000000000000000000000000beef";
const MADE_THERE: &str = "BU0000000000000000000000000000beef";

const FORBIDDEN: &str = "This account may not be read.";

/// An API that creates in another account whatever the credentials say, and lets nobody read the second one.
async fn wrong_api() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}

async fn answer(method: Method, uri: Uri) -> impl IntoResponse {
    let row = customer(1);
    let own = row.subaccount.as_str();
    if uri.path().contains(customer(2).subaccount.as_str()) {
        let refusal = json!({"code": 20403, "message": FORBIDDEN, "status": 403});
        return (StatusCode::FORBIDDEN, [("content-type", "application/json")], refusal.to_string());
    }
    let body: Value = match (method.as_str(), uri.path()) {
        ("GET", path) if path.ends_with(&format!("Accounts/{own}.json")) => {
            json!({"sid": own, "owner_account_sid": PARENT, "status": "active", "auth_token": token_of(own)})
        }
        ("GET", path) if path.ends_with("IncomingPhoneNumbers.json") => {
            let number =
                json!({"sid": format!("PN{:032x}", 5), "account_sid": own, "phone_number": "+16285550001"});
            json!({"incoming_phone_numbers": [number]})
        }
        ("GET", "/v1/CustomerProfiles") if uri.query().is_some_and(|query| query.contains("Status=")) => {
            let policy = trusthub_onboard::engine::PRIMARY_PROFILE_POLICY;
            json!({"results": [{"sid": PRIMARY, "account_sid": PARENT, "policy_sid": policy, "status": "twilio-approved"}]})
        }
        ("GET", path) if path.ends_with("Addresses.json") => json!({"addresses": []}),
        ("GET", _) => json!({"results": [], "meta": {}}),
        _ => json!({"sid": MADE_THERE, "account_sid": OTHER, "status": "draft"}),
    };
    (StatusCode::OK, [("content-type", "application/json")], body.to_string())
}

#[tokio::test]
async fn an_answer_from_the_wrong_account_stops_the_run_and_is_written_down() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.elsewhere = Some(wrong_api().await);
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains(OTHER) && fault.what().contains(MADE_THERE), "{fault}");
    let ledger = rusqlite::Connection::open(&fixture.ledger).expect("a ledger");
    let misrouted: (String, String, String, String) = ledger
        .query_row("SELECT subaccount, step, sid, landed_in FROM misrouted", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .expect("one line");
    let expected =
        [customer(1).subaccount.as_str(), "customer_profile", MADE_THERE, OTHER].map(str::to_owned);
    assert_eq!([misrouted.0, misrouted.1, misrouted.2, misrouted.3], expected);
}

#[tokio::test]
async fn twilios_words_about_a_customer_outlive_the_fault_that_another_one_brings() {
    let mut fixture = Fixture::with(vec![customer(2), customer(1)]);
    fixture.concurrency = 1;
    fixture.elsewhere = Some(wrong_api().await);
    let ended = fixture
        .run_whatever_happens(watching(|_| ()), CancellationToken::new())
        .await
        .expect("the run can be started");
    assert!(ended.fault.is_some_and(|fault| fault.what().contains(MADE_THERE)));
    let end = &ended.customers[&customer(2).subaccount];
    assert_eq!(end.outcome, Outcome::Refused);
    assert_eq!(end.messages.first().map(|it| it.1.as_str()), Some(FORBIDDEN));
}

#[tokio::test]
async fn the_answer_to_a_submission_and_the_primary_profile_that_was_found_are_looked_at_too() {
    let among = |path: &str| Among::Matching(sandbox::Method::Post, path.to_owned());
    for bundle in FLOW.bundles_of(&customer(1)) {
        let fixture = Fixture::with(vec![customer(1)]);
        let its_own = format!("{}/BU", path_of(bundle));
        // Whatever is sent to the bundle itself comes after its four assignments, or more.
        let counted = if bundle == &PROFILE { 9 } else { 6 };
        let rule = Rule {
            fault: Fault::OtherAccount(OTHER.to_owned()),
            among: among(&its_own),
            when: When::Nth(counted),
        };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        let fault = fixture.run().await.err().expect("a fault");
        let step = bundle.submitted_by().name;
        assert!(fault.what().contains(OTHER) && fault.what().contains(step), "{fault}");
        let ledger = rusqlite::Connection::open(&fixture.ledger).expect("a ledger");
        let misrouted: (String, String) = ledger
            .query_row("SELECT step, landed_in FROM misrouted", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("one line");
        assert_eq!(misrouted, (step.to_owned(), OTHER.to_owned()));
        // What was submitted is found so by the next run, and not submitted again.
        fixture.sandbox.misbehave(Faults::default());
        assert_eq!(fixture.outcome().await, Outcome::Approved);
    }
    let fixture = Fixture::with(vec![customer(1)]);
    let proxy = Proxy::before(&fixture, None, |path, body| {
        if path == "/v1/CustomerProfiles" && body["results"][0]["sid"] == PRIMARY {
            body["results"][0]["account_sid"] = OTHER.into();
        }
    })
    .await;
    let fixture = Fixture { elsewhere: Some(proxy), ..fixture };
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains(PRIMARY), "{fault}");
    assert_eq!(fixture.made(), []);
}
