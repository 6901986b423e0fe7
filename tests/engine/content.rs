//! What is submitted is what the sheet says, whatever the ledger remembers: content is proven by an answer
//! of the run that submits it.

use crate::changes::{
    corrected_name, one_number, one_representative, other_number, other_street, other_use_case, stage_for,
    with, world_of,
};
use crate::checks::step_named;
use crate::fixture::{Fixture, PRIMARY, cell, customer};
use crate::older_ledger::{copying, go_back};
use crate::proxy::Proxy;
use crate::watch::{Killer, Moment};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trusthub_onboard::check::Entry;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::CustomerEnd;
use trusthub_onboard::facts::{Code, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Address, Customer};
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::Reporter;
use trusthub_onboard::sandbox::{
    Edit, EmptyParameter, Kind, Method, Request, Settings, Stance, Undocumented,
};

fn other_ein() -> Customer {
    with(|it| it.business.registration_number = "987654321".to_owned())
}

fn other_email() -> Customer {
    with(|it| it.email = "someone@reseller.com".to_owned())
}

fn with_a_callback() -> Customer {
    with(|it| it.status_callback = Some("https://reseller.com/twilio".to_owned()))
}

fn with_a_suite() -> Customer {
    with(|it| {
        if let Address::New { street_secondary, .. } = &mut it.address {
            *street_secondary = "Suite 5".to_owned();
        }
    })
}

fn all_different() -> Customer {
    let mut row = other_ein();
    row.representative_1.last_name = "Nwosu".to_owned();
    row.representative_2 = None;
    row.address = other_street().address;
    row.voice_integrity = other_use_case().voice_integrity;
    row.phone_numbers = one_number().phone_numbers;
    row.friendly_name = "Another name".to_owned();
    row.email = other_email().email;
    row
}

fn variants() -> Vec<Customer> {
    vec![
        corrected_name(),
        other_ein(),
        other_street(),
        with_a_suite(),
        other_use_case(),
        other_email(),
        with_a_callback(),
        one_representative(),
        one_number(),
        other_number(),
        all_different(),
    ]
}

#[tokio::test]
async fn drafts_that_another_sheet_has_changed_since_the_ledger_was_saved_are_put_right() {
    for other in variants() {
        for (saved, run_since) in [(customer(1), other.clone()), (other.clone(), customer(1))] {
            let expected = world_of(&saved).await;
            let mut fixture = stage_for(&saved, &run_since);
            fixture.policy.submission = Submission::Never;
            let (observer, copies) = copying(&fixture, u64::MAX);
            fixture.run_watched(observer).await.expect("no fault");
            let last = copies.load(Ordering::SeqCst);
            fixture.customers = vec![run_since];
            assert_eq!(fixture.outcome().await, Outcome::Drafted);
            go_back(&fixture, last);
            fixture.customers = vec![saved];
            fixture.policy.submission = Submission::ProductAfterApproval;
            assert_eq!(fixture.outcome().await, Outcome::Approved);
            fixture.is_as_far_as_connected(&expected, "the folder was restored");
        }
    }
}

#[tokio::test]
async fn every_older_ledger_submits_what_the_sheet_says_after_another_sheet_was_run() {
    let expected = world_of(&customer(1)).await;
    let mut back_to = 0;
    loop {
        let mut fixture = stage_for(&customer(1), &all_different());
        fixture.policy.submission = Submission::Never;
        let (observer, copies) = copying(&fixture, u64::MAX);
        fixture.run_watched(observer).await.expect("no fault");
        if back_to >= copies.load(Ordering::SeqCst) {
            break;
        }
        fixture.customers = vec![all_different()];
        fixture.run().await.expect("no fault");
        go_back(&fixture, back_to);
        fixture.customers = vec![customer(1)];
        fixture.policy.submission = Submission::ProductAfterApproval;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "from ledger {back_to}");
        fixture.is_as_far_as_connected(&expected, &format!("from ledger {back_to}"));
        back_to += 3;
    }
    assert!(back_to > 20, "only {back_to} states of the ledger");
}

/// The run of one row is cut off at any request, its ledger is lost, and another row goes on.
#[tokio::test]
async fn a_row_that_changed_while_the_ledger_was_lost_is_what_is_submitted() {
    for (first, second) in [
        (customer(1), one_representative()),
        (customer(1), other_number()),
        (customer(1), all_different()),
        (all_different(), customer(1)),
    ] {
        let expected = world_of(&second).await;
        let mut approved = 0;
        for n in (2..).step_by(2) {
            let context = format!("the ledger was lost after request {n}");
            let mut fixture = stage_for(&first, &second);
            let killer = Killer::at(Moment::Sent, n);
            let cut = fixture.run_watched(killer.clone()).await;
            if !killer.has_struck() {
                break;
            }
            assert!(cut.is_err());
            go_back(&fixture, 0);
            fixture.customers = vec![second.clone()];
            let end = fixture.end().await;
            let submitted = fixture.made().into_iter().any(|it| it.status.is_some_and(|it| it != "draft"));
            match end.outcome {
                // Nothing was left to be done: what was submitted stays, and it is said that the sheet differs.
                Outcome::Approved if fixture.differs() => assert!(submitted, "{context}"),
                Outcome::Approved => {
                    approved += 1;
                    fixture.is_as_far_as_connected(&expected, &context);
                }
                Outcome::Refused => {
                    assert!(submitted, "{context}: refused before anything was submitted");
                    assert_eq!(end.code, Some(Code::Ours(OurCode::ChangedAfterSubmission)), "{context}");
                }
                other => panic!("{context}: {other:?}"),
            }
        }
        assert!(approved > 6, "only {approved} could still be corrected");
    }
}

/// Of the customer's drafts, by kind.
fn draft(fixture: &Fixture, kind: Kind) -> String {
    fixture.made().into_iter().find(|it| it.kind == kind).expect("a draft").sid
}

#[tokio::test]
async fn whatever_else_is_on_a_draft_of_ours_is_taken_off_before_it_is_submitted() {
    let expected = world_of(&customer(1)).await;
    for ledger_is_lost in [false, true] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.policy.submission = Submission::Never;
        fixture.run().await.expect("no fault");
        let account = customer(1).subaccount.to_string();
        let (profile, product) =
            (draft(&fixture, Kind::CustomerProfile), draft(&fixture, Kind::TrustProduct));
        let representative = fixture
            .sandbox
            .edit(Edit::AddObject {
                account: account.clone(),
                object_type: "authorized_representative_2".to_owned(),
                friendly_name: "By hand".to_owned(),
                attributes: "{}".to_owned(),
            })
            .expect("an edit");
        let number = "PN0000000000000000000000000000beef".to_owned();
        let e164 = "+14155550199".to_owned();
        if !ledger_is_lost {
            // A twin of an assignment; without a ledger either of the two may be kept.
            let twin = Edit::AssignEntity { bundle: profile.clone(), object: PRIMARY.to_owned() };
            fixture.sandbox.edit(twin).expect("an edit");
        }
        for edit in [
            Edit::AddNumber { account, number: number.clone(), e164 },
            // A second link, a stranger's end user on both, and a number.
            Edit::AssignEntity { bundle: profile.clone(), object: product.clone() },
            Edit::AssignEntity { bundle: profile.clone(), object: representative.clone() },
            Edit::AssignEntity { bundle: product.clone(), object: representative },
            Edit::AssignNumber { bundle: profile, number: number.clone() },
            Edit::AssignNumber { bundle: product, number },
        ] {
            fixture.sandbox.edit(edit).expect("an edit");
        }
        if ledger_is_lost {
            go_back(&fixture, 0);
        }
        fixture.policy.submission = Submission::ProductAfterApproval;
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        fixture.is_as_far_as_connected(&expected, &format!("ledger lost: {ledger_is_lost}"));
    }
}

/// What somebody took off or deleted by hand is made again, and the results name what is there.
#[tokio::test]
async fn whatever_is_missing_on_a_draft_of_ours_is_put_back_before_it_is_submitted() {
    let expected = world_of(&customer(1)).await;
    let kinds =
        [Kind::EntityAssignment, Kind::ChannelEndpointAssignment, Kind::EndUser, Kind::SupportingDocument];
    for kind in kinds {
        let probe = Fixture::with(vec![customer(1)]);
        probe.run().await.expect("no fault");
        let count = probe.made().iter().filter(|it| it.kind == kind).count();
        for nth in 0..count {
            let mut fixture = Fixture::with(vec![customer(1)]);
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            let taken =
                fixture.made().into_iter().filter(|it| it.kind == kind).nth(nth).expect("a resource").sid;
            fixture.remove(&taken).await;
            fixture.clock.set(fixture.clock.now() + 60_000);
            fixture.policy.submission = Submission::ProductAfterApproval;
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{kind:?} {nth}");
            fixture.is_as_far_as_connected(&expected, &format!("{kind:?} {nth} was taken off"));
        }
    }
}

/// A proxy that answers requests to a path with another value in a field.
async fn answering(
    fixture: &Fixture,
    path: &'static str,
    field: &'static str,
    value: &'static str,
) -> String {
    Proxy::before(fixture, None, move |at, json| {
        if at.contains(path) && json.get(field).is_some() {
            json[field] = value.into();
        }
    })
    .await
}

#[tokio::test]
async fn an_update_that_the_api_does_not_take_is_refused_with_the_fields_by_name() {
    let mut fixture = stage_for(&customer(1), &other_street());
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.policy.submission = Submission::ProductAfterApproval;
    fixture.customers = vec![other_street()];
    fixture.elsewhere = Some(answering(&fixture, "/Addresses/", "street", "101 Spear Street").await);
    let end = fixture.end().await;
    assert_eq!((end.outcome, end.code), (Outcome::Refused, Some(Code::Ours(OurCode::ContentNotTaken))));
    match fixture.facts().state(step_named("address")) {
        Some(StepState::Refused { reason, kept }) => {
            assert_eq!(reason.fields.as_deref(), Some("Street"));
            assert!(kept.is_some(), "the address is not lost");
        }
        other => panic!("{other:?}"),
    }
    assert!(fixture.made().iter().all(|it| it.status.as_deref().is_none_or(|status| status == "draft")));
    // It goes on where the API takes it after all.
    fixture.elsewhere = None;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

#[tokio::test]
async fn an_answer_older_than_the_update_is_followed_by_a_read() {
    let expected = world_of(&other_street()).await;
    let mut fixture = stage_for(&customer(1), &other_street());
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.policy.submission = Submission::ProductAfterApproval;
    fixture.customers = vec![other_street()];
    let answers = Arc::new(AtomicU64::new(0));
    let proxy = Proxy::before(&fixture, None, move |path, json| {
        if path.contains("/Addresses/") && answers.fetch_add(1, Ordering::SeqCst) == 0 {
            json["street"] = "101 Spear Street".into();
        }
    });
    fixture.elsewhere = Some(proxy.await);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as_far_as_connected(&expected, "after an old answer");
}

/// The right account, and another resource: of another kind, with another name, of another object.
#[tokio::test]
async fn an_answer_about_another_resource_is_no_answer() {
    let undisturbed = crate::checks::undisturbed(&[customer(1)]).await;
    for (path, field, value) in [
        ("/v1/EndUsers", "type", "authorized_representative_9"),
        ("/v1/EndUsers", "friendly_name", "Somebody else's"),
        ("/v1/SupportingDocuments", "type", "business_license"),
        ("/v1/CustomerProfiles", "policy_sid", "RN6433641899984f951173ef1738c3bdd0"),
        ("/EntityAssignments", "object_sid", "IT0000000000000000000000000000dead"),
        ("/ChannelEndpointAssignments", "channel_endpoint_sid", "PN0000000000000000000000000000dead"),
        ("/v1/CustomerProfiles/BU", "sid", "BU0000000000000000000000000000dead"),
    ] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let once = AtomicU64::new(0);
        let proxy = Proxy::before(&fixture, None, move |at, json| {
            let is_it = at.ends_with(path) || (path.ends_with("BU") && at.contains(path));
            if is_it && json.get(field).is_some() && once.fetch_add(1, Ordering::SeqCst) == 0 {
                json[field] = value.into();
            }
        });
        fixture.elsewhere = Some(proxy.await);
        let context = format!("{field} of {path}");
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        fixture.is_as(&undisturbed, &context);
    }
}

#[tokio::test]
async fn two_things_with_our_tag_are_both_named_also_where_the_ledger_knows_one() {
    let own = customer(1).subaccount;
    let name = |kind: &str| format!("Twin{}", trusthub_onboard::plan::tag(&own, kind));
    for (object_type, kind, step) in [
        ("authorized_representative_1", "rep1", step_named("representative_1")),
        ("customer_profile_address", "document", step_named("supporting_document")),
        ("voice_integrity_information", "voice", step_named("voice_integrity_information")),
    ] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.policy.submission = Submission::Never;
        fixture.run().await.expect("no fault");
        let known = fixture.facts().sid(step).expect("it was made").to_string();
        let edit = Edit::AddObject {
            account: own.to_string(),
            object_type: object_type.to_owned(),
            friendly_name: name(kind),
            attributes: "{}".to_owned(),
        };
        let twin = fixture.sandbox.edit(edit).expect("an edit");
        fixture.policy.submission = Submission::ProductAfterApproval;
        assert_eq!(fixture.outcome().await, Outcome::Unsure, "{kind}");
        match fixture.facts().state(step) {
            Some(StepState::Unsure { candidates }) => {
                let named: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                assert!(named.contains(&known) && named.contains(&twin), "{kind}: {named:?}");
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_bundle_whose_row_never_had_a_callback_is_updated_without_one() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.customers = vec![other_email()];
    fixture.policy.submission = Submission::ProductAfterApproval;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let bodies = fixture.sandbox.requests().latest;
    let updates = bodies
        .iter()
        .filter(|it| it.method == Method::Post && it.path.starts_with("/v1/CustomerProfiles/BU"));
    assert!(updates.count() > 0, "the profile was updated");
    let world = fixture.made();
    let profile = world.iter().find(|it| it.kind == Kind::CustomerProfile).expect("a profile");
    assert!(
        fixture
            .read(&format!("/v1/CustomerProfiles/{}", profile.sid))
            .await
            .contains("\"status_callback\":null")
    );
}

/// The API may clear a callback, refuse to, or take the request and leave it: nobody knows. The customer is onboarded
/// each time, and what stays is said.
#[tokio::test]
async fn a_callback_that_the_row_lost_is_cleared_before_the_submission_or_is_said_to_stay() {
    let ways = [
        (Stance::Accepted, EmptyParameter::Clears, false),
        (Stance::Accepted, EmptyParameter::IsNotGiven, true),
        (Stance::Refused, EmptyParameter::Clears, true),
    ];
    for (empty_status_callback, empty_parameter, stays) in ways {
        for ledger_is_lost in [false, true] {
            let context =
                format!("{empty_status_callback:?} {empty_parameter:?}, ledger lost: {ledger_is_lost}");
            let undocumented =
                Undocumented { empty_status_callback, empty_parameter, ..Undocumented::default() };
            let settings = Settings { undocumented, ..Settings::default() };
            let mut fixture = Fixture::set(vec![with_a_callback()], settings);
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            if ledger_is_lost {
                go_back(&fixture, 0);
            }
            fixture.customers = vec![customer(1)];
            fixture.policy.submission = Submission::ProductAfterApproval;
            let wait_ms = std::mem::take(&mut fixture.wait_ms);
            let end = fixture.end().await;
            assert_eq!(end.outcome, Outcome::AwaitingProfileApproval, "{context}");
            fixture.wait_ms = wait_ms;
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            for kind in [Kind::CustomerProfile, Kind::TrustProduct] {
                let sid = fixture.made().into_iter().find(|it| it.kind == kind).expect("a bundle").sid;
                let path = if kind == Kind::TrustProduct { "TrustProducts" } else { "CustomerProfiles" };
                let text = fixture.read(&format!("/v1/{path}/{sid}")).await;
                assert_eq!(text.contains("reseller.com/twilio"), stays, "{context}: {text}");
            }
            let is_said = |end: &CustomerEnd| end.remarks.iter().any(|it| it.contains("status callback"));
            assert_eq!(is_said(&end), stays, "{context}: {:?}", end.remarks);
        }
    }
}

/// Also where the same run waits for the reviews, and in the results.
#[tokio::test]
async fn a_callback_that_stays_is_said_at_the_end_of_a_run_that_waited_for_the_reviews() {
    let undocumented = Undocumented { empty_status_callback: Stance::Refused, ..Undocumented::default() };
    let settings = Settings { undocumented, ..Settings::default() };
    let mut fixture = Fixture::set(vec![with_a_callback()], settings);
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.customers = vec![customer(1)];
    fixture.policy.submission = Submission::ProductAfterApproval;
    let ended = fixture.run().await.expect("no fault");
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, Some(&ended));
    let line = results.row(&Entry::Valid(Box::new(customer(1)))).expect("a line");
    assert_eq!(cell(&line, "outcome"), "approved");
    let said = cell(&line, "error_message");
    for step in ["customer_profile", "trust_product"] {
        let words = format!("{step}: the status callback of an earlier row stays");
        assert_eq!(said.matches(&words).count(), 1, "{said}");
    }
}

/// The sandbox refuses an empty callback, as the description of the API does: neither drafts that are found again
/// after the ledger was lost nor corrected rows are updated with one, and nothing is asked twice because of it.
#[tokio::test]
async fn no_update_has_an_empty_callback_unless_there_is_one_to_clear() {
    for ledger_is_lost in [false, true] {
        for row in [customer(1), other_email(), all_different()] {
            let mut fixture = Fixture::with(vec![customer(1)]);
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            if ledger_is_lost {
                go_back(&fixture, 0);
            }
            fixture.customers = vec![row];
            fixture.policy.submission = Submission::ProductAfterApproval;
            assert_eq!(fixture.outcome().await, Outcome::Approved);
            for kind in ["/v1/CustomerProfiles/BU", "/v1/TrustProducts/BU"] {
                let is_update = |it: &&Request| {
                    it.method == Method::Post
                        && it.path.starts_with(kind)
                        && it.path.matches('/').count() == 3
                };
                let requests = fixture.sandbox.requests().latest;
                let updates: Vec<_> = requests.iter().filter(is_update).map(|it| it.status).collect();
                assert!(
                    !updates.is_empty() && updates.iter().all(|it| *it == Some(200)),
                    "{kind}: {updates:?}"
                );
            }
        }
    }
}

/// Nothing is read twice for the sake of the proof: what a run made and whose answer showed it is proven.
#[tokio::test]
async fn an_undisturbed_first_run_takes_not_one_request_more() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    // The requests of f082880, polls of the reviews among them.
    assert_eq!(fixture.sandbox.requests().count, UNDISTURBED);
}

/// Counted at commit f082880 with this same row.
const UNDISTURBED: u64 = 35;
