//! What an evaluation decides, and what `--evaluate` and `--no-submit` change about that.

use crate::checks::step_named;
use crate::fixture::{Fixture, cell, customer};
use crate::proxy::Proxy;
use crate::watch::{die, watching};
use std::sync::Arc;
use trusthub_onboard::check::Entry;
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::{Code, Evaluate, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::flow::{Method, StepId};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::Customer;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::Reporter;
use trusthub_onboard::sandbox::Kind;

/// A row whose profile does not pass, and one whose product does not.
fn noncompliant() -> [(Customer, StepId); 2] {
    let (mut profile, mut product) = (customer(1), customer(1));
    profile.representative_1.business_title = String::new();
    product.voice_integrity.use_case = "No use case of theirs".into();
    [(profile, step_named("customer_profile_evaluation")), (product, step_named("trust_product_evaluation"))]
}

async fn is_refused_for_its_evaluation(fixture: &Fixture, step: StepId) {
    let end = fixture.end().await;
    assert_eq!((end.outcome, end.failed.map(|key| key.step)), (Outcome::Refused, Some(step)));
    assert_eq!(end.code, Some(Code::Ours(OurCode::Noncompliant)));
    let kind = if step == step_named("customer_profile_evaluation") {
        Kind::CustomerProfile
    } else {
        Kind::TrustProduct
    };
    let bundles = fixture.made().into_iter().filter(|it| it.kind == kind);
    assert!(bundles.filter_map(|it| it.status).all(|status| status == "draft"), "nothing is submitted");
}

/// What the results say of the only customer.
fn message(fixture: &Fixture) -> String {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, None);
    let line = results.row(&Entry::Valid(Box::new(fixture.customers[0].clone()))).expect("a line");
    assert_eq!(cell(&line, "outcome"), "drafted");
    cell(&line, "error_message")
}

#[tokio::test]
async fn a_draft_that_was_only_warned_of_is_not_submitted_by_a_run_that_refuses() {
    for (row, step) in noncompliant() {
        let mut fixture = Fixture::with(vec![row]);
        (fixture.policy.evaluate, fixture.policy.submission) = (Evaluate::Warn, Submission::Never);
        assert_eq!(fixture.outcome().await, Outcome::Drafted);
        let message = message(&fixture);
        assert!(message.contains("noncompliant") && !message.contains("submitted all the same"), "{message}");
        (fixture.policy.evaluate, fixture.policy.submission) =
            (Evaluate::Refuse, Submission::ProductAfterApproval);
        is_refused_for_its_evaluation(&fixture, step).await;
    }
}

#[tokio::test]
async fn a_run_that_warned_and_was_cut_off_before_its_submission_leaves_the_next_one_free_to_refuse() {
    for (row, step) in noncompliant() {
        let mut fixture = Fixture::with(vec![row]);
        fixture.policy.evaluate = Evaluate::Warn;
        let collection = if step == step_named("customer_profile_evaluation") {
            "/v1/CustomerProfiles/"
        } else {
            "/v1/TrustProducts/"
        };
        let observer = watching(move |event| {
            if let Event::Sending(request) = event {
                let to_the_bundle =
                    request.path.starts_with(collection) && request.path.split('/').count() == 4;
                if request.method == Method::Post && to_the_bundle {
                    die();
                }
            }
        });
        assert!(fixture.run_watched(observer).await.is_err());
        assert!(matches!(fixture.facts().state(step), Some(StepState::Done { .. })));
        fixture.policy.evaluate = Evaluate::Refuse;
        is_refused_for_its_evaluation(&fixture, step).await;
    }
}

#[tokio::test]
async fn a_bundle_that_was_submitted_with_a_warning_and_rejected_is_not_judged_again() {
    let [(row, _), _] = noncompliant();
    let mut fixture = Fixture::with(vec![row]);
    fixture.policy.evaluate = Evaluate::Warn;
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    let calls = fixture.changing_calls();
    fixture.policy.evaluate = Evaluate::Refuse;
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    assert_eq!(fixture.changing_calls(), calls);
}

#[tokio::test]
async fn without_evaluations_none_is_asked_for_and_both_bundles_are_submitted() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.policy.evaluate = Evaluate::Off;
    let evaluations = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = evaluations.clone();
    let observer = watching(move |event| {
        if let Event::Sending(request) = event
            && request.path.contains("Evaluations")
        {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let ended = fixture.run_watched(observer).await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    assert_eq!(evaluations.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert!(fixture.sandbox.resources().iter().all(|it| it.kind != Kind::Evaluation));
    let approved = fixture.made().into_iter().filter(|it| it.status.as_deref() == Some("twilio-approved"));
    assert_eq!(approved.count(), 2);
}

#[tokio::test]
async fn a_requirement_that_fails_says_its_own_reason_beside_those_of_its_fields() {
    let mut row = customer(1);
    row.business.industry = "NOT_ONE_OF_THEM".into();
    let fixture = Fixture::with(vec![row]);
    let evaluation = serde_json::json!({
        "results": [{
            "object_type": "customer_profile_business_information", "passed": false,
            "failure_reason": "A business information is there twice", "error_code": 22214,
            "invalid": [{"object_field": "business_name", "failure_reason": "is missing", "error_code": 22215}],
        }],
    });
    let proxy = Proxy::before(&fixture, None, move |path, body| {
        if path.ends_with("/Evaluations") {
            for (field, value) in evaluation.as_object().expect("an object") {
                body[field] = value.clone();
            }
        }
    })
    .await;
    let fixture = Fixture { elsewhere: Some(proxy), ..fixture };
    let end = fixture.end().await;
    assert_eq!(end.outcome, Outcome::Refused);
    let words = &end.messages[0].1;
    assert!(
        words.contains("A business information is there twice") && words.contains("is missing"),
        "{words}"
    );
}
