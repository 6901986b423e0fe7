//! Bundles that the row names and that we did not make.

use crate::checks::step_named;
use crate::fixture::{Fixture, PRIMARY, cell, customer};
use trusthub_onboard::check::Entry;
use trusthub_onboard::facts::{Code, Outcome, Reason, StepState};
use trusthub_onboard::flow::{BundleId, StepId};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, Sid};
use trusthub_onboard::products::{FLOW, PROFILE, VOICE_INTEGRITY};
use trusthub_onboard::report::Reporter;
use trusthub_onboard::sandbox::{BundleKind, Edit, Verdict};

fn add_bundle(fixture: &Fixture, bundle: BundleId, friendly_name: &str) -> String {
    let kind = match bundle.name {
        "customer_profile" => BundleKind::CustomerProfile,
        _ => BundleKind::TrustProduct,
    };
    let account = customer(1).subaccount.to_string();
    let edit = Edit::AddBundle { account, kind, friendly_name: friendly_name.to_owned() };
    fixture.sandbox.edit(edit).expect("an edit")
}

fn named(bundle: BundleId, sid: &str) -> Customer {
    let sid = Sid::parse(sid);
    match bundle.name {
        "customer_profile" => Customer { customer_profile: sid, ..customer(1) },
        _ => Customer { trust_product: sid, ..customer(1) },
    }
}

/// Puts an object of that type that was made by hand on a bundle.
fn by_hand(fixture: &Fixture, bundle: &str, object_type: &str, friendly_name: &str) -> String {
    let edit = Edit::AddObject {
        account: customer(1).subaccount.to_string(),
        object_type: object_type.to_owned(),
        friendly_name: friendly_name.to_owned(),
        attributes: "{}".to_owned(),
    };
    let object = fixture.sandbox.edit(edit).expect("an edit");
    put_on(fixture, bundle, &object);
    object
}

fn put_on(fixture: &Fixture, bundle: &str, object: &str) {
    let edit = Edit::AssignEntity { bundle: bundle.to_owned(), object: object.to_owned() };
    fixture.sandbox.edit(edit).expect("an edit");
}

fn reason(fixture: &Fixture, step: StepId) -> Reason {
    match fixture.facts().state(step) {
        Some(StepState::Refused { reason, .. }) => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn name(reason: &Reason) -> &str {
    match reason.code {
        Code::Ours(code) => code.name(),
        _ => "not ours",
    }
}

#[tokio::test]
async fn a_draft_that_holds_what_was_made_by_hand_is_refused_before_anything_is_made_and_all_of_it_is_named()
{
    for (bundle, types) in [
        (
            &PROFILE,
            vec![
                "authorized_representative_1",
                "customer_profile_business_information",
                "customer_profile_address",
            ],
        ),
        // The row of the test has a second representative; what the row does not ask for counts as well.
        (&PROFILE, vec!["authorized_representative_2"]),
        (&VOICE_INTEGRITY, vec!["voice_integrity_information"]),
    ] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let draft = add_bundle(&fixture, bundle, "By hand");
        let row = Customer { representative_2: None, ..named(bundle, &draft) };
        fixture.customers = vec![row];
        let objects: Vec<String> = types.iter().map(|it| by_hand(&fixture, &draft, it, "By hand")).collect();
        for _ in 0..2 {
            let end = fixture.end().await;
            assert_eq!(
                (end.outcome, end.failed.map(|key| key.step)),
                (Outcome::Refused, Some(bundle.made_by()))
            );
            let reason = reason(&fixture, bundle.made_by());
            assert_eq!(name(&reason), "holds_what_is_not_ours");
            let fields = reason.fields.clone().expect("what it holds");
            for (object_type, object) in types.iter().zip(&objects) {
                assert!(fields.contains(&format!("{object_type} {object}")), "{fields}");
            }
            assert_eq!((fixture.changing_calls(), fixture.made()), (0, vec![]));
        }
        for object in objects {
            fixture.sandbox.edit(Edit::Remove { sid: object }).expect("an edit");
        }
        assert_eq!(fixture.outcome().await, Outcome::Approved, "once they are gone");
    }
}

#[tokio::test]
async fn a_draft_that_is_linked_to_another_profile_is_refused_and_one_that_is_linked_to_ours_is_not() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let profile = add_bundle(&fixture, &PROFILE, "By hand");
    let product = add_bundle(&fixture, &VOICE_INTEGRITY, "By hand");
    let both = Customer { customer_profile: Sid::parse(&profile), ..named(&VOICE_INTEGRITY, &product) };
    fixture.customers = vec![both.clone()];
    put_on(&fixture, &profile, PRIMARY);
    let other = add_bundle(&fixture, &PROFILE, "Another one");
    put_on(&fixture, &product, &other);
    assert_eq!(fixture.outcome().await, Outcome::Refused);
    let fields = reason(&fixture, step_named("trust_product")).fields.expect("what it holds");
    assert!(fields.contains(&other) && !fields.contains(PRIMARY), "{fields}");
    let mut fixture = Fixture::with(vec![customer(1)]);
    let profile = add_bundle(&fixture, &PROFILE, "By hand");
    let product = add_bundle(&fixture, &VOICE_INTEGRITY, "By hand");
    fixture.customers =
        vec![Customer { customer_profile: Sid::parse(&profile), ..named(&VOICE_INTEGRITY, &product) }];
    put_on(&fixture, &profile, PRIMARY);
    put_on(&fixture, &product, &profile);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

#[tokio::test]
async fn a_draft_that_was_completed_by_us_is_found_so_without_its_ledger() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let draft = add_bundle(&fixture, &PROFILE, "By hand");
    fixture.customers = vec![named(&PROFILE, &draft)];
    fixture.policy.submission = trusthub_onboard::facts::Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    let made = fixture.made().len();
    fixture.ledger = fixture.folder.path().join("another.db");
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    assert_eq!(fixture.made().len(), made);
}

#[tokio::test]
async fn a_row_whose_cells_were_emptied_after_use_is_told_which_to_fill_again() {
    for (bundle, column) in [(&PROFILE, "customer_profile_sid"), (&VOICE_INTEGRITY, "trust_product_sid")] {
        for verdict in [Verdict::Approved, Verdict::Stuck, Verdict::Rejected(vec![18602])] {
            let mut fixture = Fixture::with(vec![customer(1)]);
            let taken = add_bundle(&fixture, bundle, "By hand");
            // Linked as ours would be, so that the link says nothing.
            if bundle == &PROFILE {
                put_on(&fixture, &taken, PRIMARY);
            }
            fixture
                .sandbox
                .edit(Edit::Decide { bundle: taken.clone(), verdict: verdict.clone() })
                .expect("an edit");
            fixture.customers = vec![named(bundle, &taken)];
            fixture.wait_ms = 10_000;
            let before = fixture.outcome().await;
            fixture.customers = vec![customer(1)];
            for _ in 0..2 {
                let calls = fixture.changing_calls();
                let end = fixture.end().await;
                let context = format!("{bundle:?}, {verdict:?}");
                assert_eq!(
                    (end.outcome, end.failed.map(|it| it.step)),
                    (Outcome::Refused, Some(bundle.made_by())),
                    "{context}"
                );
                assert_eq!(fixture.changing_calls(), calls, "{context}");
                let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id())
                    .expect("a ledger");
                let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, None);
                let line = results.row(&Entry::Valid(Box::new(customer(1)))).expect("a line");
                assert_eq!(cell(&line, "error_code"), "changed_after_submission");
                let message = cell(&line, "error_message");
                assert!(message.contains(column) && message.contains(&taken), "{message}");
            }
            fixture.customers = vec![named(bundle, &taken)];
            let ended = fixture.run().await.expect("no fault");
            assert!(ended.customers.values().all(|end| end.outcome == before), "as before");
        }
    }
}
