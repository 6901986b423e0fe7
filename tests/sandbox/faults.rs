//! How the sandbox misbehaves.

use serde_json::json;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Kind, Lag, Limit, Method, Rule, When};

use crate::fixture::*;

/// Profiles that requests have made.
fn profiles(fixture: &Fixture) -> usize {
    let is_made = |kind: Kind, seeded: bool| kind == Kind::CustomerProfile && !seeded;
    fixture.sandbox.resources().iter().filter(|resource| is_made(resource.kind, resource.seeded)).count()
}

async fn create(fixture: &Fixture) -> Result<Reply, reqwest::Error> {
    fixture.try_post("/v1/CustomerProfiles", &profile_form("Acme")).await
}

/// Meets one fault at the first post, and checks that the next one is fine.
async fn meet(fault: Fault) -> (Fixture, Result<Reply, reqwest::Error>) {
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, fault));
    assert_eq!(fixture.get(SUB, "/v1/CustomerProfiles").await.status, 200, "a GET is not counted");
    let outcome = create(&fixture).await;
    (fixture, outcome)
}

#[tokio::test]
async fn a_lost_reply_was_carried_out_and_a_dropped_request_was_not() {
    let (fixture, outcome) = meet(Fault::LoseReply).await;
    let error = outcome.expect_err("no answer");
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    assert_eq!(profiles(&fixture), 1);
    assert_eq!(create(&fixture).await.expect("an answer").status, 201);
    let statuses: Vec<_> = fixture.sandbox.requests().latest.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), None, Some(201)]);
    let (fixture, outcome) = meet(Fault::DropRequest).await;
    assert!(outcome.is_err());
    assert_eq!(profiles(&fixture), 0);
    assert_eq!(create(&fixture).await.expect("an answer").status, 201);
}

#[tokio::test]
async fn server_errors_come_before_or_after_the_commit() {
    for (fault, status, code, made) in [
        (Fault::FailBefore(500), 500, 20500, 0),
        (Fault::FailBefore(503), 503, 20503, 0),
        (Fault::FailAfter(500), 500, 20500, 1),
        (Fault::FailAfter(503), 503, 20503, 1),
    ] {
        let (fixture, outcome) = meet(fault.clone()).await;
        assert_eq!(outcome.expect("an answer").refusal(), (status, code), "{fault:?}");
        assert_eq!(profiles(&fixture), made, "{fault:?}");
    }
}

#[tokio::test]
async fn bodies_arrive_torn_cut_empty_or_in_html() {
    let (fixture, outcome) = meet(Fault::TearBody).await;
    assert!(outcome.expect_err("half a body").is_decode() || profiles(&fixture) == 1);
    for fault in [Fault::TearBody, Fault::TearHeaders] {
        let (fixture, outcome) = meet(fault.clone()).await;
        assert!(outcome.is_err(), "{fault:?}");
        assert_eq!(profiles(&fixture), 1, "{fault:?}");
    }
    for (fault, status, made) in [
        (Fault::CutJson, 201, 1),
        (Fault::EmptyBody, 201, 1),
        (Fault::Html(200), 200, 1),
        (Fault::Html(201), 201, 1),
        (Fault::Html(502), 502, 0),
        (Fault::Html(404), 404, 0),
        (Fault::HtmlAfter(401), 401, 1),
        (Fault::HtmlAfter(404), 404, 1),
        (Fault::HtmlAfter(429), 429, 1),
    ] {
        let (fixture, outcome) = meet(fault.clone()).await;
        let reply = outcome.expect("an answer");
        assert_eq!((reply.status, &reply.body), (status, &serde_json::Value::Null), "{fault:?}");
        assert_eq!(profiles(&fixture), made, "{fault:?}");
    }
}

#[tokio::test]
async fn a_torn_body_comes_with_its_status_and_some_of_its_bytes() {
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::TearBody));
    let request = fixture.request(reqwest::Method::POST, SUB, "/v1/CustomerProfiles");
    let mut response = request.form(&profile_form("Acme")).send().await.expect("whole headers");
    assert_eq!(response.status().as_u16(), 201);
    let promised = response.content_length().expect("a length");
    let mut received = 0;
    while let Ok(chunk) = response.chunk().await {
        received += chunk.expect("the end is an error").len() as u64;
    }
    assert_eq!(received, promised / 2);
}

#[tokio::test]
async fn the_account_can_be_null_missing_or_anothers_in_an_answer() {
    let (_, outcome) = meet(Fault::NullAccount).await;
    let body = outcome.expect("an answer").body;
    assert!(body.get("account_sid").is_some_and(serde_json::Value::is_null) && body["sid"].is_string());
    let (_, outcome) = meet(Fault::NoAccount).await;
    let body = outcome.expect("an answer").body;
    assert!(body.get("account_sid").is_none() && body["sid"].is_string());
    let (fixture, outcome) = meet(Fault::OtherAccount(PARENT.into())).await;
    let reply = outcome.expect("an answer");
    assert_eq!(reply.body["account_sid"], PARENT);
    assert!(
        fixture.sandbox.resources().iter().any(|made| made.sid == reply.sid() && made.account_sid == SUB)
    );
}

#[tokio::test]
async fn tokens_rotate_and_accounts_are_suspended_in_mid_run() {
    let (fixture, outcome) = meet(Fault::RotateToken).await;
    assert_eq!(outcome.expect("an answer").refusal(), (401, 20003));
    let read = fixture.get(PARENT, &format!("/2010-04-01/Accounts/{SUB}.json")).await;
    assert_ne!(read.body["auth_token"], json!("sub-token"));
    let (fixture, outcome) = meet(Fault::Suspend).await;
    assert_eq!(outcome.expect("an answer").refusal(), (403, 20005));
    assert_eq!(fixture.get(SIBLING, "/v1/EndUsers").await.status, 200);
}

#[tokio::test]
async fn an_ignored_submission_is_answered_and_leaves_a_draft() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, Fault::IgnoreSubmission));
    let reply = fixture.submit(&profile).await;
    assert_eq!((reply.status, fixture.status(&profile).await.as_str()), (200, "draft"));
    fixture.submit(&profile).await;
    assert_eq!(fixture.status(&profile).await, "pending-review");
}

#[tokio::test]
async fn refused_connections_are_refused_and_come_back_on_the_same_port() {
    let (fixture, outcome) = meet(Fault::RefuseConnections(100)).await;
    assert!(outcome.is_err());
    let mut refused = 0;
    let back = loop {
        match create(&fixture).await {
            Ok(reply) => break reply,
            Err(error) => refused += usize::from(error.is_connect()),
        }
        tokio::task::yield_now().await;
    };
    assert!(refused > 0, "the port was closed");
    assert_eq!((back.status, profiles(&fixture)), (201, 1));
}

#[tokio::test]
async fn rules_count_only_their_own_requests() {
    let fixture = Fixture::new().await;
    let among = Among::Matching(Method::Post, "/EntityAssignments".into());
    fixture.sandbox.misbehave(Faults {
        rules: vec![Rule { fault: Fault::FailBefore(500), among, when: When::Between(2, 3) }],
        ..Faults::default()
    });
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let form = [("ObjectSid", PRIMARY)];
        statuses.push(fixture.post(SUB, &format!("{profile}/EntityAssignments"), &form).await.status);
    }
    assert_eq!(statuses, [201, 500, 500, 201]);
}

#[tokio::test]
async fn chance_follows_the_seed() {
    let run = async |seed: u64| {
        let fixture = Fixture::new().await;
        let rules = vec![Rule { fault: Fault::FailBefore(503), among: Among::All, when: When::Share(0.3) }];
        fixture.sandbox.misbehave(Faults { seed, rules, ..Faults::default() });
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(fixture.get(SUB, "/v1/EndUsers").await.status);
        }
        statuses
    };
    let first = run(1).await;
    assert_eq!(run(1).await, first);
    assert_ne!(run(2).await, first);
    let failed = first.iter().filter(|status| **status == 503).count();
    assert!((4..=20).contains(&failed), "{failed} of 40 at a share of 0.3");
}

#[tokio::test]
async fn a_delayed_request_is_carried_out_though_its_client_has_given_up() {
    for (fault, made_by_then) in [(Fault::DelayRequest(500), 0), (Fault::DelayAnswer(60_000), 1)] {
        let fixture = Fixture::new().await;
        fixture.sandbox.misbehave(Faults::nth(Among::Posts, 1, fault));
        let request = fixture
            .request(reqwest::Method::POST, SUB, "/v1/CustomerProfiles")
            .form(&profile_form("Acme"))
            .timeout(std::time::Duration::from_millis(50));
        let error = fixture.send(request).await.expect_err("the client gives up first");
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(profiles(&fixture), made_by_then);
        while profiles(&fixture) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(profiles(&fixture), 1);
    }
}

#[tokio::test]
async fn a_storm_brings_faults_of_all_kinds_and_leaves_requests_that_work() {
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults::storm(5, 0.7));
    let (mut lost, mut failed, mut fine) = (0, 0, 0);
    for _ in 0..100 {
        match create(&fixture).await {
            Err(_) => lost += 1,
            Ok(reply) if reply.status != 201 || reply.body.is_null() => failed += 1,
            Ok(_) => fine += 1,
        }
    }
    assert!(lost > 10 && failed > 20 && fine > 20, "{lost} lost, {failed} failed, {fine} fine");
    let made = profiles(&fixture);
    assert!(fine < made && made < 100, "{made} made: some without an answer, some not at all");
}

#[tokio::test]
async fn a_connection_can_close_after_a_good_answer() {
    let (fixture, outcome) = meet(Fault::CloseConnection).await;
    let reply = outcome.expect("an answer");
    assert_eq!(reply.status, 201);
    assert_eq!(reply.headers.get("connection").and_then(|value| value.to_str().ok()), Some("close"));
    assert_eq!(create(&fixture).await.expect("an answer").status, 201);
}

#[tokio::test]
async fn a_bucket_holds_a_tenth_of_a_second_and_fills_with_the_clock() {
    let limit = Limit { per_second: Some(50.0), retry_after_s: Some(1), ..Limit::default() };
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults { limit_per_account: limit, ..Faults::default() });
    let burst = async |account: &str| {
        let mut taken = 0;
        for _ in 0..8 {
            taken += usize::from(fixture.get(account, "/v1/EndUsers").await.status == 200);
        }
        taken
    };
    assert_eq!(burst(SUB).await, 5);
    assert_eq!(burst(SIBLING).await, 5, "each account has its own");
    let refused = fixture.get(SUB, "/v1/EndUsers").await;
    assert_eq!(refused.refusal(), (429, 20429));
    assert_eq!(refused.headers.get("retry-after").and_then(|value| value.to_str().ok()), Some("1"));
    fixture.advance_ms(40);
    assert_eq!(burst(SUB).await, 2);
    let limit = Limit { per_second: Some(1.0), ..Limit::default() };
    fixture.sandbox.misbehave(Faults { limit_global: limit, ..Faults::default() });
    assert_eq!((burst(SUB).await, burst(SIBLING).await), (2, 0), "never less than 2, over all accounts");
    assert!(fixture.get(SUB, "/v1/EndUsers").await.headers.get("retry-after").is_none());
}

#[tokio::test]
async fn a_refused_request_was_not_carried_out() {
    let fixture = Fixture::new().await;
    let limit = Limit { per_second: Some(1.0), ..Limit::default() };
    fixture.sandbox.misbehave(Faults { limit_global: limit, ..Faults::default() });
    for _ in 0..5 {
        let _ = create(&fixture).await;
    }
    assert_eq!(profiles(&fixture), 2);
    let (fixture, outcome) = meet(Fault::Throttle(Some(3))).await;
    assert_eq!(outcome.expect("an answer").refusal(), (429, 20429));
    assert_eq!(profiles(&fixture), 0);
}

#[tokio::test]
async fn concurrent_requests_above_the_limit_are_refused() {
    let fixture = Fixture::new().await;
    let limit = Limit { concurrent: Some(2), ..Limit::default() };
    fixture.sandbox.misbehave(Faults {
        limit_per_account: limit,
        latency_ms: 200..=200,
        ..Faults::default()
    });
    let get = || fixture.get(SUB, "/v1/EndUsers");
    let (a, b, c, other) = tokio::join!(get(), get(), get(), fixture.get(SIBLING, "/v1/EndUsers"));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!((statuses, other.status), ([200, 200, 429], 200));
    let most = [&a, &b, &c].iter().filter_map(|reply| reply.headers.get("twilio-concurrent-requests")).max();
    assert_eq!(most.and_then(|value| value.to_str().ok()), Some("3"));
    assert_eq!(get().await.status, 200, "what is answered is in flight no more");
}

#[tokio::test]
async fn new_resources_show_in_lists_only_after_the_lag() {
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults { lag: Lag { lists_ms: 300, ..Lag::default() }, ..Faults::default() });
    let profile = fixture.make_profile().await;
    let listed =
        async || fixture.get(SUB, "/v1/CustomerProfiles").await.body["results"].as_array().map(Vec::len);
    assert_eq!(listed().await, Some(0));
    assert_eq!(fixture.get(SUB, &format!("/v1/CustomerProfiles/{profile}")).await.status, 200);
    fixture.advance_ms(299);
    assert_eq!(listed().await, Some(0));
    fixture.advance_ms(1);
    assert_eq!(listed().await, Some(1));
}

#[tokio::test]
async fn one_resource_can_be_hidden_from_lists_by_call_number() {
    let fixture = Fixture::new().await;
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 2, Fault::Hide(300)));
    let (first, second) = (fixture.make_profile().await, fixture.make_profile().await);
    let listed = async || fixture.get(SUB, "/v1/CustomerProfiles").await.body["results"].clone();
    assert_eq!(listed().await.as_array().map(Vec::len), Some(1));
    assert_eq!(listed().await[0]["sid"], first.as_str());
    fixture.advance_ms(300);
    assert_eq!(listed().await[0]["sid"], second.as_str());
}

#[tokio::test]
async fn new_objects_can_be_assigned_only_after_the_lag() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    fixture.advance_ms(1_000);
    fixture.sandbox.misbehave(Faults { lag: Lag { objects_ms: 300, ..Lag::default() }, ..Faults::default() });
    let document = fixture.make_document(ADDRESS).await;
    let attach = async || {
        fixture.post(SUB, &format!("{profile}/EntityAssignments"), &[("ObjectSid", &document)]).await
    };
    assert_eq!(attach().await.refusal(), (404, 20404));
    assert_eq!(fixture.get(SUB, &format!("/v1/SupportingDocuments/{document}")).await.status, 404);
    fixture.advance_ms(300);
    assert_eq!(attach().await.status, 201);
}
