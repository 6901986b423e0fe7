//! What was made by hand in the same account: never taken for ours, and never put aside in silence.

use crate::checks::step_named;
use crate::checks::{sids, undisturbed};
use crate::fixture::{Fixture, cell, customer};
use trusthub_onboard::check::Entry;
use trusthub_onboard::engine::Only;
use trusthub_onboard::facts::{Code, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{Key, StepId};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Address, Customer, Sid};
use trusthub_onboard::plan::tag;
use trusthub_onboard::products::{FLOW, PROFILE};
use trusthub_onboard::report::Reporter;
use trusthub_onboard::sandbox::{
    Among, BundleKind, Edit, Fault, Faults, Kind, Resource, Reviewer, Rule, Verdict, When,
};

fn sid(text: &str) -> Sid {
    Sid::parse(text).expect("a SID")
}

fn account(customer: &Customer) -> String {
    customer.subaccount.to_string()
}

/// Names that resemble ours in one respect each.
fn similar_names(kind: &str) -> Vec<String> {
    let own = customer(1).subaccount;
    let other = customer(2).subaccount;
    vec![
        "Brightwater 1".to_owned(),
        format!("Brightwater 1{} (copy)", tag(&own, kind)),
        format!("Brightwater 1{}", tag(&own, "other")),
        format!("Brightwater 1{}", tag(&other, kind)),
        tag(&own, kind).trim_end_matches(']').to_owned(),
    ]
}

/// The attributes that the sandbox holds of what a whole run made, by type.
async fn attributes_of_the_real_one(object_type: &str) -> String {
    let fixture = Fixture::with(vec![customer(1)]);
    fixture.run().await.expect("no fault");
    let real = fixture.made().into_iter().find(|it| it.of == object_type);
    real.and_then(|it| it.attributes).expect("attributes")
}

#[tokio::test]
async fn an_end_user_or_document_made_by_hand_is_never_taken_for_ours() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for (object_type, kind) in [
        ("customer_profile_business_information", "business"),
        ("authorized_representative_1", "rep1"),
        ("voice_integrity_information", "voice"),
        ("customer_profile_address", "document"),
    ] {
        let attributes = attributes_of_the_real_one(object_type).await;
        for friendly_name in similar_names(kind) {
            // The answer to the creation is lost, so that the lists are searched.
            for lost in [None, Some(Fault::LoseReply), Some(Fault::DropRequest)] {
                let context = format!("{friendly_name:?}, {lost:?}");
                let fixture = Fixture::with(customers.clone());
                let by_hand = Edit::AddObject {
                    account: account(&customers[0]),
                    object_type: object_type.to_owned(),
                    friendly_name: friendly_name.clone(),
                    attributes: attributes.clone(),
                };
                let by_hand = fixture.sandbox.edit(by_hand).expect("an edit");
                if let Some(fault) = lost {
                    let rules = vec![Rule { fault, among: Among::Posts, when: When::Always }];
                    fixture.sandbox.misbehave(Faults { rules, ..Faults::default() });
                    fixture.run().await.expect("no fault");
                    fixture.sandbox.misbehave(Faults::default());
                }
                fixture.run_until_finished(2, &context).await;
                fixture.is_as(&undisturbed, &context);
                assert!(!sids(&fixture.facts()).contains(&by_hand), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_made_by_hand_is_never_taken_for_ours() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    let by_hand = "AD000000000000000000000000000000aa";
    for n in 9..=14 {
        // The account gets the address of a row that names one: it has the same lines as ours.
        let mut with_address = customer(1);
        with_address.address = Address::Existing(sid(by_hand));
        let mut fixture = Fixture::with(vec![with_address]);
        fixture.customers = customers.clone();
        fixture.sandbox.misbehave(Faults::nth(Among::All, n, Fault::LoseReply));
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        fixture.is_as(&undisturbed, &format!("request {n}"));
        assert!(!sids(&fixture.facts()).contains(by_hand));
    }
}

async fn refused_because_of(fixture: &Fixture, step: StepId, code: OurCode, sid: &str) {
    let before = fixture.changing_calls();
    let end = fixture.end().await;
    assert_eq!(end.outcome, Outcome::Refused);
    assert_eq!(end.failed, Some(Key::from(step)));
    match fixture.facts().state(step) {
        Some(StepState::Refused { reason, .. }) => {
            assert_eq!(reason.code, Code::Ours(code));
            assert_eq!(reason.sid.as_ref().map(Sid::as_str), Some(sid));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.changing_calls(), before, "nothing is changed");
}

fn add_bundle(fixture: &Fixture, of: u32, kind: BundleKind, friendly_name: &str) -> String {
    let account = account(&customer(of));
    let edit = Edit::AddBundle { account, kind, friendly_name: friendly_name.to_owned() };
    fixture.sandbox.edit(edit).expect("an edit")
}

#[tokio::test]
async fn somebodys_earlier_bundle_under_our_policy_is_named_and_left_alone() {
    for (kind, step, mark_kind) in [
        (BundleKind::CustomerProfile, step_named("customer_profile"), "profile"),
        (BundleKind::TrustProduct, step_named("trust_product"), "product"),
    ] {
        for friendly_name in similar_names(mark_kind) {
            let fixture = Fixture::with(vec![customer(1)]);
            let by_hand = add_bundle(&fixture, 1, kind, &friendly_name);
            refused_because_of(&fixture, step, OurCode::ExistsAlready, &by_hand).await;
            // Asked again by the next run, and still there.
            refused_because_of(&fixture, step, OurCode::ExistsAlready, &by_hand).await;
        }
    }
}

#[tokio::test]
async fn a_customer_goes_on_once_somebodys_earlier_bundle_is_gone() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    let fixture = Fixture::with(customers);
    let by_hand = add_bundle(&fixture, 1, BundleKind::CustomerProfile, "By hand");
    assert_eq!(fixture.outcome().await, Outcome::Refused);
    fixture.sandbox.edit(Edit::Remove { sid: by_hand }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&undisturbed, "after the bundle was removed");
}

#[tokio::test]
async fn a_draft_that_the_row_names_is_completed_and_bears_our_mark_from_then_on() {
    let undisturbed = undisturbed(&[customer(1)]).await;
    let mut fixture = Fixture::with(vec![customer(1)]);
    let profile = add_bundle(&fixture, 1, BundleKind::CustomerProfile, "By hand");
    let product = add_bundle(&fixture, 1, BundleKind::TrustProduct, "By hand");
    fixture.customers[0].customer_profile = Some(sid(&profile));
    fixture.customers[0].trust_product = Some(sid(&product));
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let facts = fixture.facts();
    assert_eq!(facts.sid(step_named("customer_profile")), Some(&sid(&profile)));
    assert_eq!(facts.sid(step_named("trust_product")), Some(&sid(&product)));
    // All but the two bundles was made by requests.
    assert_eq!(fixture.world().len() + 2, undisturbed.len());
    let name = |sid: &str| {
        let all = fixture.sandbox.resources();
        all.into_iter().find(|it| it.sid == sid).expect("the bundle").friendly_name
    };
    assert!(name(&profile).ends_with(&tag(&fixture.customers[0].subaccount, "profile")));
    assert!(name(&product).ends_with(&tag(&fixture.customers[0].subaccount, "product")));
}

/// A fixture whose customer has a profile that was made by hand and decided.
fn with_profile(verdict: Option<Verdict>) -> (Fixture, String) {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let profile = add_bundle(&fixture, 1, BundleKind::CustomerProfile, "By hand");
    if let Some(verdict) = verdict {
        fixture.sandbox.edit(Edit::Decide { bundle: profile.clone(), verdict }).expect("an edit");
    }
    fixture.customers[0].customer_profile = Some(sid(&profile));
    (fixture, profile)
}

#[tokio::test]
async fn an_approved_profile_that_the_row_names_only_gets_its_missing_numbers() {
    let (fixture, profile) = with_profile(Some(Verdict::Approved));
    let number = "PN00000000000000000000000000000001".to_owned();
    fixture.sandbox.edit(Edit::AssignNumber { bundle: profile.clone(), number }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let made = fixture.made();
    let on = |bundle: &str| made.iter().filter(|it| it.bundle_sid.as_deref() == Some(bundle)).count();
    assert_eq!(on(&profile), 1, "the second number");
    let product = made.iter().find(|it| it.kind == Kind::TrustProduct).expect("a product");
    assert_eq!(on(&product.sid), 4, "its end user, the profile, two numbers");
    assert_eq!(made.iter().filter(|it| it.kind == Kind::EndUser).count(), 1);
    assert_eq!(made.len(), 7, "{made:#?}");
    let calls = fixture.changing_calls();
    assert!(fixture.run().await.expect("no fault").customers.is_empty(), "it is finished");
    assert_eq!(fixture.changing_calls(), calls);
}

#[tokio::test]
async fn a_profile_in_review_that_the_row_names_is_waited_for() {
    let (mut fixture, profile) = with_profile(Some(Verdict::Stuck));
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.sandbox.edit(Edit::Decide { bundle: profile, verdict: Verdict::Approved }).expect("an edit");
    fixture.wait_ms = 60_000;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

#[tokio::test]
async fn a_rejected_profile_that_the_row_names_is_said_to_be_rejected() {
    let (fixture, profile) = with_profile(Some(Verdict::Rejected(vec![18602])));
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    assert_eq!(fixture.facts().status(&PROFILE), Some(BundleStatus::TwilioRejected));
    assert!(fixture.made().iter().all(|it| it.bundle_sid.as_deref() != Some(profile.as_str())));
}

#[tokio::test]
async fn a_bundle_that_the_row_names_and_that_does_not_fit_is_refused() {
    let mut elsewhere = Fixture::with(vec![customer(1), customer(2)]);
    let foreign = add_bundle(&elsewhere, 2, BundleKind::CustomerProfile, "Another account's");
    let product = add_bundle(&elsewhere, 1, BundleKind::TrustProduct, "Not a profile");
    elsewhere.customers.truncate(1);
    for named in [&foreign, &product, "BU0000000000000000000000000000dead"] {
        elsewhere.customers[0].customer_profile = Some(sid(named));
        refused_because_of(&elsewhere, step_named("customer_profile"), OurCode::NotSuchABundle, named).await;
    }
}

#[tokio::test]
async fn a_row_that_names_another_bundle_than_the_one_that_was_approved_is_told_so() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let begun = fixture.facts().sid(step_named("customer_profile")).expect("a profile").to_string();
    let other = add_bundle(&fixture, 1, BundleKind::CustomerProfile, "By hand");
    fixture.customers[0].customer_profile = Some(sid(&other));
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let remarks = fixture.report().remarks;
    let differs = remarks.iter().find(|it| it.code == "sheet_differs").expect("it is said");
    assert!(differs.columns.iter().any(|it| it.column == "customer_profile_sid"), "{:?}", differs.columns);
    assert!(fixture.made().iter().any(|it| it.sid == begun));
}

#[tokio::test]
async fn two_things_with_our_mark_are_left_to_a_person_and_nothing_more_is_made() {
    let own = customer(1).subaccount;
    let name = |kind: &str| format!("Twin{}", tag(&own, kind));
    for (object_type, kind, step) in [
        ("customer_profile_business_information", "business", step_named("business_information")),
        ("customer_profile_address", "document", step_named("supporting_document")),
        ("voice_integrity_information", "voice", step_named("voice_integrity_information")),
    ] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let twin = || {
            let (account, object_type) = (own.to_string(), object_type.to_owned());
            let attributes = "{}".to_owned();
            let edit = Edit::AddObject { account, object_type, friendly_name: name(kind), attributes };
            fixture.sandbox.edit(edit).expect("an edit")
        };
        let twins = [twin(), twin()];
        unsure_of(&mut fixture, step, &twins).await;
        fixture.sandbox.edit(Edit::Remove { sid: twins[0].clone() }).expect("an edit");
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        assert_eq!(fixture.facts().sid(step).map(Sid::as_str), Some(twins[1].as_str()));
    }
    for (bundle, kind, step) in [
        (BundleKind::CustomerProfile, "profile", step_named("customer_profile")),
        (BundleKind::TrustProduct, "product", step_named("trust_product")),
    ] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let twins =
            [add_bundle(&fixture, 1, bundle, &name(kind)), add_bundle(&fixture, 1, bundle, &name(kind))];
        unsure_of(&mut fixture, step, &twins).await;
    }
}

async fn unsure_of(fixture: &mut Fixture, step: StepId, twins: &[String; 2]) {
    for _ in 0..2 {
        let end = fixture.end().await;
        assert_eq!((end.outcome, end.failed), (Outcome::Unsure, Some(Key::from(step))));
        match fixture.facts().state(step) {
            Some(StepState::Unsure { candidates }) => {
                let mut named: Vec<&str> = candidates.iter().map(Sid::as_str).collect();
                let mut twins: Vec<&str> = twins.iter().map(String::as_str).collect();
                named.sort_unstable();
                twins.sort_unstable();
                assert_eq!(named, twins);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fixture.made(), [], "nothing is made");
    are_said(fixture, step, twins).await;
}

/// The run that has just ended, `results` and `status` name the step, both SIDs and the way out.
async fn are_said(fixture: &mut Fixture, step: StepId, twins: &[String; 2]) {
    let ended = fixture.run().await.expect("no fault");
    fixture.only = Only::ToLookAt;
    let looked = fixture.run().await.expect("no fault");
    fixture.only = Only::Everyone;
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    for ended in [Some(&ended), Some(&looked), None] {
        let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, ended);
        let line = results.row(&Entry::Valid(Box::new(fixture.customers[0].clone()))).expect("a line");
        let cells = ["outcome", "failed_step", "error_code"].map(|column| cell(&line, column));
        assert_eq!(cells, ["unsure", step.name, "unsure"]);
        assert!(twins.iter().all(|it| cell(&line, "error_message").contains(it)), "{:?}", line);
        let way_out = format!("resolve {} {step}", fixture.customers[0].subaccount);
        assert!(cell(&line, "hint").contains(&way_out), "{:?}", line);
    }
}

#[tokio::test]
async fn two_things_with_our_mark_are_named_whatever_a_lost_ledger_finds_before_them() {
    let own = customer(1).subaccount;
    for (bundle, kind, step) in [
        (None, "rep1", step_named("representative_1")),
        (Some(BundleKind::TrustProduct), "product", step_named("trust_product")),
    ] {
        for reviewer in [None, Some(Reviewer::LeavesInReview), Some(Reviewer::RejectsAll(vec![18602]))] {
            for submission in [Submission::Never, Submission::ProductAfterApproval] {
                let mut fixture = Fixture::with(vec![customer(1)]);
                fixture.policy.submission = submission;
                fixture.wait_ms = 0;
                let account = own.to_string();
                fixture
                    .sandbox
                    .edit(Edit::SetReviewer { account, reviewer: reviewer.clone() })
                    .expect("an edit");
                fixture.run().await.expect("no fault");
                let made = fixture.made();
                let kinds = |it: &&Resource| match bundle {
                    None => it.kind == Kind::EndUser && it.of == "authorized_representative_1",
                    Some(_) => it.kind == Kind::TrustProduct,
                };
                let first = made.iter().find(kinds).map(|it| it.sid.clone());
                let twin = || match bundle {
                    Some(bundle) => add_bundle(&fixture, 1, bundle, &format!("Twin{}", tag(&own, kind))),
                    None => {
                        let edit = Edit::AddObject {
                            account: own.to_string(),
                            object_type: "authorized_representative_1".to_owned(),
                            friendly_name: format!("Twin{}", tag(&own, kind)),
                            attributes: "{}".to_owned(),
                        };
                        fixture.sandbox.edit(edit).expect("an edit")
                    }
                };
                let twins = [first.unwrap_or_else(twin), twin()];
                fixture.ledger = fixture.folder.path().join("another.db");
                are_said(&mut fixture, step, &twins).await;
            }
        }
    }
}
