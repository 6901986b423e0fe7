//! What the API or the flow refuses: it is named, nothing is submitted, and the others go on.

use crate::checks::path_of;
use crate::checks::step_named;
use crate::checks::undisturbed;
use crate::fixture::{Fixture, PRIMARY, customer};
use trusthub_onboard::engine::CustomerEnd;
use trusthub_onboard::facts::{Code, Evaluate, Note, OurCode, Outcome, Reason, StepState};
use trusthub_onboard::facts::{RefusedNumbers, Submission};
use trusthub_onboard::flow::Key;
use trusthub_onboard::flow::{Part, StepId};
use trusthub_onboard::model::{Address, Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::products::{FLOW, PROFILE, VOICE_INTEGRITY};
use trusthub_onboard::sandbox::{
    Among, BundleKind, Edit, Fault, Faults, Kind, Method, Rule, Settings, Stance, Undocumented, When,
};

fn sid(text: &str) -> Sid {
    Sid::parse(text).expect("a SID")
}

/// Four numbers by their SIDs.
fn with_four_numbers() -> Customer {
    let numbers = (1..=4).map(|n| PhoneNumber::Sid(number(n))).collect();
    Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(1) }
}

fn number(n: u32) -> Sid {
    sid(&format!("PN{n:032x}"))
}

fn on_profile(number: &Sid) -> Key {
    Key { step: step_named("customer_profile_phone_numbers"), part: Part::number(number) }
}

fn reason(fixture: &Fixture, key: impl Into<Key>) -> Reason {
    match fixture.facts().state(key) {
        Some(StepState::Refused { reason, .. }) => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn nothing_is_submitted(fixture: &Fixture) {
    assert!(fixture.made().iter().all(|it| it.status.as_deref().is_none_or(|it| it == "draft")));
}

fn assigned(fixture: &Fixture) -> usize {
    fixture.made().iter().filter(|it| it.kind == Kind::ChannelEndpointAssignment).count()
}

async fn refused(fixture: &Fixture, step: StepId) -> CustomerEnd {
    let end = fixture.end().await;
    assert_eq!((end.outcome, end.failed.map(|key| key.step)), (Outcome::Refused, Some(step)));
    end
}

#[tokio::test]
async fn every_refused_number_is_named_and_nothing_is_submitted() {
    let fixture = Fixture::with(vec![with_four_numbers()]);
    for n in [1, 3] {
        fixture.sandbox.edit(Edit::ForbidNumber { number: number(n).to_string() }).expect("an edit");
    }
    for _ in 0..2 {
        let end = refused(&fixture, step_named("customer_profile_phone_numbers")).await;
        assert_eq!(end.messages.len(), 2, "both in Twilio's words");
        for n in [1, 3] {
            assert_eq!(reason(&fixture, on_profile(&number(n))).http_status, Some(400));
        }
        for n in [2, 4] {
            assert!(fixture.facts().is_done(on_profile(&number(n))), "its neighbours are assigned");
        }
        nothing_is_submitted(&fixture);
        assert_eq!(assigned(&fixture), 2);
    }
}

#[tokio::test]
async fn refused_numbers_can_be_left_out_if_one_remains() {
    let mut fixture = Fixture::with(vec![with_four_numbers()]);
    for n in [1, 3] {
        fixture.sandbox.edit(Edit::ForbidNumber { number: number(n).to_string() }).expect("an edit");
    }
    fixture.policy.refused_numbers = RefusedNumbers::Skip;
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.wait_ms = 60_000;
    let before = fixture.changing_calls();
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(assigned(&fixture), 4, "two numbers on two bundles");
    let asked_again = 2;
    assert_eq!(fixture.changing_calls() - before, 2 + asked_again, "one evaluation, one submission");
    for n in [2, 4] {
        fixture.sandbox.edit(Edit::ForbidNumber { number: number(n).to_string() }).expect("an edit");
    }
    let none = Fixture::with(vec![with_four_numbers()]);
    for n in 1..=4 {
        none.sandbox.edit(Edit::ForbidNumber { number: number(n).to_string() }).expect("an edit");
    }
    let none = Fixture { policy: fixture.policy.clone(), ..none };
    assert_eq!(none.outcome().await, Outcome::Refused);
    nothing_is_submitted(&none);
}

#[tokio::test]
async fn a_number_on_another_bundle_is_refused_by_naming_that_bundle() {
    let other_policy = Fixture::with(vec![customer(1), with_four_numbers()]);
    let mut fixture = other_policy;
    fixture.customers = vec![with_four_numbers()];
    let account = fixture.customers[0].subaccount.to_string();
    // Under a SID that the row names, so that it is not in the way itself.
    let add = |kind| Edit::AddBundle { account: account.clone(), kind, friendly_name: "By hand".to_owned() };
    let ours = fixture.sandbox.edit(add(BundleKind::CustomerProfile)).expect("an edit");
    let theirs = fixture.sandbox.edit(add(BundleKind::CustomerProfile)).expect("an edit");
    fixture.customers[0].customer_profile = Some(sid(&ours));
    let assign = Edit::AssignNumber { bundle: theirs.clone(), number: number(2).to_string() };
    fixture.sandbox.edit(assign).expect("an edit");
    refused(&fixture, step_named("customer_profile_phone_numbers")).await;
    let reason = reason(&fixture, on_profile(&number(2)));
    assert_eq!(reason.code, Code::Ours(OurCode::NumberElsewhere));
    assert_eq!((reason.sid, reason.http_status), (Some(sid(&theirs)), Some(409)));
    nothing_is_submitted(&fixture);
}

#[tokio::test]
async fn a_number_that_is_on_our_bundle_already_is_done() {
    let expected = undisturbed(&[customer(1)]).await;
    // The reply is lost, and the list shows the number only after the second request has met a 409.
    let fixture = Fixture::with(vec![customer(1)]);
    let numbers = Among::Matching(Method::Post, "ChannelEndpointAssignments".to_owned());
    let rule = Rule { fault: Fault::LoseReply, among: numbers, when: When::Nth(1) };
    let lag = trusthub_onboard::sandbox::Lag { lists_ms: 90_000, ..Default::default() };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], lag, ..Faults::default() });
    fixture.run_until_finished(3, "a number that does not show").await;
    fixture.is_as(&expected, "a number that does not show");
}

#[tokio::test]
async fn a_number_that_the_account_does_not_have_is_refused_and_its_neighbours_are_assigned() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let unknown = PhoneNumber::E164("+16285559999".to_owned());
    if let PhoneNumbers::Listed(numbers) = &mut fixture.customers[0].phone_numbers {
        numbers.push(unknown);
    }
    for _ in 0..2 {
        refused(&fixture, step_named("customer_profile_phone_numbers")).await;
        assert_eq!(assigned(&fixture), 2);
        nothing_is_submitted(&fixture);
    }
    let account = fixture.customers[0].subaccount.to_string();
    let (number, e164) = (format!("PN{:032x}", 99), "+16285559999".to_owned());
    fixture.sandbox.edit(Edit::AddNumber { account, number, e164 }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(assigned(&fixture), 6);
}

#[tokio::test]
async fn all_numbers_of_an_account_are_registered_and_none_at_all_is_a_refusal() {
    let all = Customer { phone_numbers: PhoneNumbers::All, ..customer(1) };
    let fixture = Fixture::with(vec![all.clone()]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(assigned(&fixture), 6, "three numbers on two bundles");
    let mut none =
        Fixture::with(vec![Customer { phone_numbers: PhoneNumbers::Listed(vec![]), ..customer(1) }]);
    none.customers = vec![all];
    refused(&none, step_named("phone_numbers")).await;
    assert_eq!(reason(&none, step_named("phone_numbers")).code, Code::Ours(OurCode::NoNumbers));
    assert_eq!(none.made(), []);
}

#[tokio::test]
async fn a_subaccount_that_is_suspended_closed_or_unknown_is_refused_and_the_others_go_on() {
    for status in ["suspended", "closed", "unknown"] {
        let mut fixture = Fixture::with(vec![customer(1), customer(2)]);
        let account = customer(1).subaccount.to_string();
        let code = match status {
            "unknown" => {
                fixture.customers[0].subaccount = sid("AC0000000000000000000000000000dead");
                OurCode::NotASubaccount
            }
            status => {
                let edit = Edit::SetAccountStatus { account: account.clone(), status: status.to_owned() };
                fixture.sandbox.edit(edit).expect("an edit");
                OurCode::AccountNotActive
            }
        };
        let ended = fixture.run().await.expect("no fault");
        let outcome = |n: usize| ended.customers[&fixture.customers[n].subaccount].outcome;
        assert_eq!((outcome(0), outcome(1)), (Outcome::Refused, Outcome::Approved), "{status}");
        assert_eq!(reason(&fixture, step_named("account")).code, Code::Ours(code));
        assert!(fixture.made().iter().all(|it| it.account_sid != account));
    }
}

#[tokio::test]
async fn a_refusal_is_forgotten_once_the_step_has_been_done() {
    let fixture = Fixture::with(vec![customer(1)]);
    let account = customer(1).subaccount.to_string();
    let status =
        |status: &str| Edit::SetAccountStatus { account: account.clone(), status: status.to_owned() };
    fixture.sandbox.edit(status("suspended")).expect("an edit");
    refused(&fixture, step_named("account")).await;
    fixture.sandbox.edit(status("active")).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert!(!fixture.facts().states().any(|(_, state)| matches!(state, StepState::Refused { .. })));
    assert!(fixture.run().await.expect("no fault").customers.is_empty(), "it is finished");
}

#[tokio::test]
async fn an_address_of_another_account_or_none_is_refused() {
    let theirs = sid("AD000000000000000000000000000000bb");
    let mut other = customer(2);
    other.address = Address::Existing(theirs.clone());
    for address in [theirs, sid("AD0000000000000000000000000000dead")] {
        let mut fixture = Fixture::with(vec![customer(1), other.clone()]);
        fixture.customers = vec![Customer { address: Address::Existing(address), ..customer(1) }];
        refused(&fixture, step_named("existing_address")).await;
        let code = reason(&fixture, step_named("existing_address")).code;
        assert_eq!(code, Code::Ours(OurCode::AddressNotUsable));
        assert_eq!(fixture.made(), []);
    }
}

#[tokio::test]
async fn wrong_credentials_of_the_parent_stop_the_run() {
    for wrong in ["", "wrong"] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.parent_token = wrong.to_owned();
        let fault = fixture.run().await.err().expect("a fault");
        assert!(fault.what().contains("credentials are refused"), "{fault}");
        assert!(!fault.to_string().contains("wrong\""), "{fault}");
        assert_eq!(fixture.made(), []);
    }
}

#[tokio::test]
async fn a_primary_profile_that_is_missing_stops_the_run_before_the_first_customer() {
    let mut seed = crate::fixture::seed(&[customer(1)]);
    seed.primary_profile_sid = String::new();
    let mut fixture = Fixture::seeded(vec![customer(1)], Settings::default(), seed);
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("no approved primary business profile"), "{fault}");
    fixture.primary_profile = Some(sid(PRIMARY));
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains(PRIMARY), "{fault}");
    assert_eq!(fixture.made(), []);
}

#[tokio::test]
async fn a_primary_profile_that_is_not_approved_stops_the_run() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let verdict = trusthub_onboard::sandbox::Verdict::Rejected(vec![]);
    fixture.sandbox.edit(Edit::Decide { bundle: PRIMARY.to_owned(), verdict }).expect("an edit");
    assert!(fixture.run().await.is_err());
    fixture.primary_profile = Some(sid(PRIMARY));
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("twilio-rejected"), "{fault}");
    assert_eq!(fixture.made(), []);
}

#[tokio::test]
async fn several_primary_profiles_stop_the_run_unless_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { journal: Some(folder.path().join("world")), ..Settings::default() };
    let first = Fixture::set(vec![customer(1)], settings.clone());
    drop(first);
    let mut seed = crate::fixture::seed(&[customer(1)]);
    seed.primary_profile_sid = "BU000000000000000000000000000000ee".to_owned();
    let mut fixture = Fixture::seeded(vec![customer(1)], settings, seed);
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains(PRIMARY) && fault.what().contains("ee"), "{fault}");
    fixture.primary_profile = Some(sid(PRIMARY));
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert!(fixture.made().iter().any(|it| it.object_sid.as_deref() == Some(PRIMARY)));
}

#[tokio::test]
async fn a_row_with_a_primary_profile_of_its_own_is_refused_alone_if_that_cannot_be_used() {
    let mut fixture = Fixture::with(vec![customer(1), customer(2)]);
    let unknown = sid("BU0000000000000000000000000000dead");
    fixture.customers[0].primary_profile = Some(unknown.clone());
    fixture.customers[1].primary_profile = Some(sid(PRIMARY));
    let ended = fixture.run().await.expect("no fault");
    let outcome = |n: usize| ended.customers[&fixture.customers[n].subaccount].outcome;
    assert_eq!((outcome(0), outcome(1)), (Outcome::Refused, Outcome::Approved));
    let reason = reason(&fixture, step_named("primary_profile_assignment"));
    assert_eq!((reason.code, reason.sid), (Code::Ours(OurCode::PrimaryProfile), Some(unknown)));
    fixture.customers[0].primary_profile = None;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

#[tokio::test]
async fn a_token_that_changes_in_mid_run_is_read_again() {
    let expected = undisturbed(&[customer(1)]).await;
    for n in 1..=33 {
        let fixture = Fixture::with(vec![customer(1)]);
        let account = Among::Account(customer(1).subaccount.to_string());
        fixture.sandbox.misbehave(Faults::nth(account, n, Fault::RotateToken));
        let outcome = fixture.outcome().await;
        assert_eq!(outcome, Outcome::Approved, "request {n}");
        fixture.is_as(&expected, &format!("request {n}"));
    }
}

#[tokio::test]
async fn an_account_suspended_in_mid_run_is_refused_and_the_others_go_on() {
    let expected = undisturbed(&[customer(1), customer(2)]).await;
    for suspended_http_status in [403, 401] {
        for n in [1, 5, 9, 14, 20, 25] {
            let undocumented = Undocumented { suspended_http_status, ..Undocumented::default() };
            let settings = Settings { undocumented, ..Settings::default() };
            let fixture = Fixture::set(vec![customer(1), customer(2)], settings);
            let account = customer(1).subaccount.to_string();
            let faults = Faults::nth(Among::Account(account.clone()), n, Fault::Suspend);
            fixture.sandbox.misbehave(faults);
            let ended = fixture.run().await.expect("no fault");
            let outcome = |n: usize| ended.customers[&fixture.customers[n].subaccount].outcome;
            let context = format!("HTTP {suspended_http_status}, request {n}");
            assert_eq!((outcome(0), outcome(1)), (Outcome::Refused, Outcome::Approved), "{context}");
            let status = "active".to_owned();
            fixture.sandbox.edit(Edit::SetAccountStatus { account, status }).expect("an edit");
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            fixture.is_as(&expected, &context);
        }
    }
}

#[tokio::test]
async fn a_noncompliant_bundle_is_refused_with_every_failing_field() {
    let mut row = customer(1);
    row.representative_1.business_title = String::new();
    row.business.industry = "NOT_ONE_OF_THEM".into();
    let mut fixture = Fixture::with(vec![row]);
    let end = refused(&fixture, step_named("customer_profile_evaluation")).await;
    let reason = reason(&fixture, step_named("customer_profile_evaluation"));
    let fields = reason.fields.expect("fields");
    for field in [
        "authorized_representative_1.business_title:22215",
        "customer_profile_business_information.business_industry:22215",
    ] {
        assert!(fields.contains(field), "{fields}");
    }
    assert_eq!(fields.split(',').count(), 2, "{fields}");
    assert!(end.messages[0].1.contains("business_title"), "{:?}", end.messages);
    nothing_is_submitted(&fixture);
    // Going on with a warning is a choice; the review then decides.
    fixture.policy.evaluate = Evaluate::Warn;
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    match fixture.facts().state(step_named("customer_profile_evaluation")) {
        Some(StepState::Done { note, .. }) => assert_eq!(*note, Some(Note::Noncompliant)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_product_whose_profile_is_only_not_approved_yet_is_not_refused_for_that() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    let evaluations = fixture.sandbox.resources().into_iter().filter(|it| it.kind == Kind::Evaluation);
    let statuses: Vec<_> = evaluations.filter_map(|it| it.status).collect();
    assert_eq!(statuses, ["compliant", "noncompliant"]);
}

#[tokio::test]
async fn an_evaluation_that_the_api_refuses_is_noted_and_the_submission_goes_on() {
    let undocumented = Undocumented { evaluation_call: Stance::Refused, ..Undocumented::default() };
    let settings = Settings { undocumented, ..Settings::default() };
    let fixture = Fixture::set(vec![customer(1)], settings);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    for step in [step_named("customer_profile_evaluation"), step_named("trust_product_evaluation")] {
        match fixture.facts().state(step) {
            Some(StepState::Done { note, .. }) => assert_eq!(*note, Some(Note::NotEvaluated)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_submission_that_changes_nothing_is_sent_again_but_not_for_ever() {
    let expected = undisturbed(&[customer(1)]).await;
    for bundle in FLOW.bundles_of(&customer(1)) {
        for ignored in [1, 2, 3] {
            let fixture = Fixture::with(vec![customer(1)]);
            // The sandbox ignores submissions only, so the other requests to the bundle go through.
            let rule = Rule { fault: Fault::IgnoreSubmission, among: Among::Posts, when: When::Always };
            let rules = vec![rule];
            let submissions = || {
                let requests = fixture.sandbox.requests().latest;
                let is = |path: &str| path.starts_with(&path_of(bundle)) && path.split('/').count() == 4;
                requests.iter().filter(|it| it.method == Method::Post && is(&it.path)).count()
            };
            if bundle == &VOICE_INTEGRITY && ignored < 3 {
                continue;
            }
            if ignored == 3 && bundle == &PROFILE {
                fixture.sandbox.misbehave(Faults { rules, ..Faults::default() });
                assert_eq!(fixture.outcome().await, Outcome::Unfinished);
                assert_eq!(submissions(), 3);
                fixture.sandbox.misbehave(Faults::default());
                assert_eq!(fixture.outcome().await, Outcome::Approved);
            } else {
                let first = if bundle == &PROFILE { 20 } else { 27 };
                let ignore =
                    |n| Rule { fault: Fault::IgnoreSubmission, among: Among::Posts, when: When::Nth(n) };
                let rules = (first..first + ignored).map(ignore).collect();
                fixture.sandbox.misbehave(Faults { rules, ..Faults::default() });
                fixture.run_until_finished(2, "an ignored submission").await;
            }
            fixture.is_as(&expected, &format!("{bundle:?}, {ignored} ignored"));
        }
    }
}
