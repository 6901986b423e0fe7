//! Rows that change between runs: what is submitted is what the sheet says last, and what has been
//! submitted is not touched.

use crate::checks::path_of;
use crate::checks::step_named;
use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer};
use crate::watch::{Killer, Moment};
use trusthub_onboard::facts::{Code, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::flow::BundleId;
use trusthub_onboard::model::{Address, Customer, PhoneNumbers, Sid};
use trusthub_onboard::products::{FLOW, PROFILE, VOICE_INTEGRITY};
use trusthub_onboard::sandbox::{Edit, Kind, Lag, Reviewer, Settings, Stance, Undocumented};

/// A customer with one thing changed.
pub fn with(change: impl FnOnce(&mut Customer)) -> Customer {
    let mut customer = customer(1);
    change(&mut customer);
    customer
}

pub fn corrected_name() -> Customer {
    with(|it| it.business.name = "Brightwater Dental Group".to_owned())
}

pub fn one_representative() -> Customer {
    with(|it| it.representative_2 = None)
}

pub fn one_number() -> Customer {
    with(|it| {
        if let PhoneNumbers::Listed(numbers) = &mut it.phone_numbers {
            numbers.truncate(1);
        }
    })
}

pub fn other_number() -> Customer {
    with(|it| {
        if let PhoneNumbers::Listed(numbers) = &mut it.phone_numbers {
            numbers.remove(0);
        }
    })
}

pub fn existing_address() -> Customer {
    let sid = Sid::parse("AD000000000000000000000000000000aa").expect("a SID");
    with(|it| it.address = Address::Existing(sid))
}

pub fn other_street() -> Customer {
    with(|it| {
        if let Address::New { street, .. } = &mut it.address {
            *street = "1 Harbor Way".to_owned();
        }
    })
}

pub fn other_use_case() -> Customer {
    with(|it| it.voice_integrity.use_case = "Customer Support".into())
}

/// A sandbox that knows what both rows name, with the first of them to be run.
pub fn stage_for(first: &Customer, second: &Customer) -> Fixture {
    let mut all = first.clone();
    if let Address::Existing(_) = second.address {
        all.address = second.address.clone();
    }
    all.phone_numbers = customer(1).phone_numbers;
    // Otherwise a callback that the row has lost stays, which is said and tried elsewhere.
    let undocumented = Undocumented { empty_status_callback: Stance::Accepted, ..Undocumented::default() };
    let mut fixture = Fixture::set(vec![all], Settings { undocumented, ..Settings::default() });
    fixture.customers = vec![first.clone()];
    fixture
}

pub async fn world_of(row: &Customer) -> Vec<String> {
    let fixture = stage_for(row, row);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.world()
}

/// The first row up to each request, then the second row.
async fn corrected_anywhere(first: Customer, second: Customer, lag: Lag) {
    let expected = world_of(&second).await;
    let mut approved = 0;
    // With the lags, the same request is asked for many times over.
    let step = if lag == NO_LAG { 1 } else { 4 };
    for n in (2..).step_by(step) {
        let context = format!("the row was changed after request {n}, {lag:?}");
        let mut fixture = stage_for(&first, &second);
        let faults = trusthub_onboard::sandbox::Faults { lag, ..Default::default() };
        fixture.sandbox.misbehave(faults);
        let killer = Killer::at(Moment::Sent, n);
        let cut = fixture.run_watched(killer.clone()).await;
        if !killer.has_struck() {
            assert!(approved > 15, "only {approved} could still be corrected");
            return;
        }
        assert!(cut.is_err());
        fixture.customers = vec![second.clone()];
        let before = fixture.sandbox.requests().count;
        match fixture.outcome().await {
            // All had been submitted, and that the row differs is said.
            Outcome::Approved if fixture.differs() => {
                let made = fixture.made();
                let mut statuses = made.iter().filter_map(|it| it.status.as_deref());
                assert!(statuses.all(|it| it == "twilio-approved"), "{context}");
            }
            Outcome::Approved => {
                approved += 1;
                fixture.is_as_far_as_connected(&expected, &context);
            }
            Outcome::Refused => {
                let submitted =
                    fixture.made().into_iter().any(|it| it.status.is_some_and(|it| it != "draft"));
                assert!(submitted, "{context}: refused before anything was submitted");
                let requests = fixture.sandbox.requests();
                let new = requests.latest.into_iter().skip(before as usize);
                let changing = new.filter(|it| it.method != trusthub_onboard::sandbox::Method::Get).count();
                assert_eq!(changing, 0, "{context}");
                let changed =
                    fixture.facts().states().any(|(_, state)| matches!(state, StepState::Refused { .. }));
                assert!(!changed || submitted);
            }
            other => panic!("{context}: {other:?}"),
        }
    }
}

const NO_LAG: Lag = Lag { lists_ms: 0, objects_ms: 0, share: 1.0 };

/// A conflict (20409, 70003) says that something changed meanwhile: it is read, and asked for again.
#[tokio::test]
async fn one_conflict_does_not_refuse_an_update_or_a_removal() {
    use trusthub_onboard::sandbox::{Among, Fault, Faults, Method};
    let update = Among::Matching(Method::Post, "/v1/EndUsers/IT".to_owned());
    let removal = Among::Matching(Method::Delete, "/EntityAssignments/".to_owned());
    let number = Among::Matching(Method::Delete, "/ChannelEndpointAssignments/".to_owned());
    for (second, among) in
        [(corrected_name(), update), (one_representative(), removal), (one_number(), number)]
    {
        let expected = world_of(&second).await;
        for fault in [Fault::FailBefore(409), Fault::FailAfter(409)] {
            let context = format!("{fault:?} at {among:?}");
            let mut fixture = stage_for(&customer(1), &second);
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            fixture.customers = vec![second.clone()];
            fixture.policy.submission = Submission::ProductAfterApproval;
            fixture.sandbox.misbehave(Faults::nth(among.clone(), 1, fault));
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            fixture.is_as_far_as_connected(&expected, &context);
        }
    }
}

/// Twice the same answer, and reading in between, is a no.
#[tokio::test]
async fn a_conflict_that_stays_refuses_an_update() {
    use trusthub_onboard::sandbox::{Among, Fault, Faults, Method, Rule, When};
    let mut fixture = stage_for(&customer(1), &corrected_name());
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.customers = vec![corrected_name()];
    let among = Among::Matching(Method::Post, "/v1/EndUsers/IT".to_owned());
    let rule = Rule { fault: Fault::FailBefore(409), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let before = fixture.sandbox.requests().latest.len();
    assert_eq!(fixture.outcome().await, Outcome::Refused);
    let requests = fixture.sandbox.requests().latest.into_iter().skip(before);
    let updates = requests.filter(|it| it.method == Method::Post && it.path.contains("/IT")).count();
    assert_eq!(updates, 2);
}

#[tokio::test]
async fn a_corrected_name_or_street_is_what_is_submitted() {
    corrected_anywhere(customer(1), corrected_name(), NO_LAG).await;
    corrected_anywhere(customer(1), other_street(), NO_LAG).await;
}

#[tokio::test]
async fn a_corrected_use_case_is_what_is_submitted() {
    corrected_anywhere(customer(1), other_use_case(), NO_LAG).await;
}

#[tokio::test]
async fn a_second_representative_added_or_taken_out_is_so_when_submitted() {
    corrected_anywhere(customer(1), one_representative(), NO_LAG).await;
    corrected_anywhere(one_representative(), customer(1), NO_LAG).await;
}

#[tokio::test]
async fn a_number_added_or_taken_out_is_so_when_submitted() {
    corrected_anywhere(customer(1), one_number(), NO_LAG).await;
    corrected_anywhere(customer(1), other_number(), NO_LAG).await;
    corrected_anywhere(one_number(), other_number(), NO_LAG).await;
}

#[tokio::test]
async fn an_address_by_sid_and_by_columns_can_take_each_others_place() {
    corrected_anywhere(customer(1), existing_address(), NO_LAG).await;
    corrected_anywhere(existing_address(), customer(1), NO_LAG).await;
}

#[tokio::test]
async fn a_row_changed_while_lists_and_objects_lag_is_what_is_submitted() {
    let lag = Lag { lists_ms: 9_000, objects_ms: 9_000, share: 1.0 };
    corrected_anywhere(customer(1), corrected_name(), lag).await;
    corrected_anywhere(customer(1), one_representative(), lag).await;
    corrected_anywhere(customer(1), other_number(), lag).await;
}

#[tokio::test]
async fn a_row_changed_back_and_forth_is_submitted_as_it_is_last() {
    let expected = world_of(&customer(1)).await;
    for first in (5..24).step_by(3) {
        for second in [3, 6, 9, 12] {
            let mut fixture = stage_for(&customer(1), &existing_address());
            let mut between = one_number();
            between.business.name = "Brightwater Dental Group".to_owned();
            between.representative_2 = None;
            between.address = existing_address().address;
            for (row, at) in [(customer(1), first), (between, second)] {
                fixture.customers = vec![row];
                // What was submitted by the first run stops the second before that request.
                let _ = fixture.run_watched(Killer::at(Moment::Sent, at)).await;
            }
            fixture.customers = vec![customer(1)];
            let submitted =
                fixture.made().iter().any(|it| it.status.as_deref().is_some_and(|it| it != "draft"));
            if fixture.outcome().await == Outcome::Refused {
                assert!(submitted, "cut off at {first}, then at {second}");
                continue;
            }
            fixture.is_as_far_as_connected(&expected, &format!("cut off at {first}, then at {second}"));
        }
    }
}

#[tokio::test]
async fn a_status_callback_that_the_row_has_lost_is_taken_off_both_bundles() {
    let undocumented = Undocumented { empty_status_callback: Stance::Accepted, ..Undocumented::default() };
    let mut fixture = Fixture::set(vec![customer(1)], Settings { undocumented, ..Settings::default() });
    fixture.policy.submission = Submission::Never;
    fixture.customers[0].status_callback = Some("https://example.com/hook".to_owned());
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    fixture.customers = vec![customer(1)];
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    for bundle in FLOW.bundles_of(&customer(1)) {
        let sid = fixture.facts().sid(bundle.made_by()).expect("a bundle").to_string();
        let body = fixture.read(&format!("{}/{sid}", path_of(bundle))).await;
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["email"], "status@reseller.com");
        assert!(body["status_callback"].is_null(), "{body}");
    }
}

#[tokio::test]
async fn a_row_corrected_after_a_refused_evaluation_is_amended_in_place_and_submitted() {
    let expected = undisturbed(&[customer(1)]).await;
    let mut fixture = Fixture::with(vec![with(|it| it.representative_1.business_title = String::new())]);
    let end = fixture.end().await;
    assert_eq!(end.outcome, Outcome::Refused);
    assert_eq!(end.failed.map(|key| key.step), Some(step_named("customer_profile_evaluation")));
    let made = fixture.made().len();
    fixture.customers = vec![customer(1)];
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "corrected");
    assert!(fixture.made().len() > made);
}

#[tokio::test]
async fn a_row_changed_after_its_submission_is_refused_or_said_to_differ_and_nothing_is_changed() {
    for changed in [corrected_name(), other_street(), one_representative(), one_number(), other_use_case()] {
        for bundle in FLOW.bundles_of(&customer(1)) {
            let mut fixture = stage_for(&customer(1), &customer(1));
            let is_product = bundle == &VOICE_INTEGRITY;
            if !is_product {
                // The profile stays in review, the product stays a draft.
                let reviewer = Some(Reviewer::LeavesInReview);
                let account = customer(1).subaccount.to_string();
                fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
                fixture.wait_ms = 0;
            }
            fixture.run().await.expect("no fault");
            let (world, calls) = (fixture.world(), fixture.changing_calls());
            fixture.customers = vec![changed.clone()];
            let outcome = fixture.outcome().await;
            if !is_product && changed.voice_integrity.use_case != customer(1).voice_integrity.use_case {
                // What belongs to the product may still be changed.
                assert_eq!(outcome, Outcome::AwaitingProfileApproval);
                continue;
            }
            if is_product {
                // Nothing is left to be done.
                assert_eq!((outcome, fixture.differs()), (Outcome::Approved, true));
                assert_eq!((fixture.world(), fixture.changing_calls()), (world, calls));
                continue;
            }
            if changed.phone_numbers != customer(1).phone_numbers {
                // A number that is in review stays there.
                assert_eq!((outcome, fixture.differs()), (Outcome::AwaitingProfileApproval, true));
                assert_eq!(fixture.changing_calls(), calls + 1, "it is off the draft of the product");
                continue;
            }
            assert_eq!(outcome, Outcome::Refused);
            let refused = fixture.facts().states().any(|(_, state)| match state {
                StepState::Refused { reason, .. } => {
                    reason.code == Code::Ours(OurCode::ChangedAfterSubmission)
                }
                _ => false,
            });
            let end = fixture.end().await;
            assert!(refused || end.failed.is_some());
            assert_eq!((fixture.world(), fixture.changing_calls()), (world, calls));
        }
    }
}

async fn rejected(reject: BundleId) -> Fixture {
    let fixture = Fixture::with(vec![customer(1)]);
    let account = customer(1).subaccount.to_string();
    let reviewer = |reviewer| Edit::SetReviewer { account: account.clone(), reviewer };
    let mut fixture = fixture;
    if reject == &VOICE_INTEGRITY {
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        fixture.clock.set(trusthub_onboard::clock::Clock::now(fixture.clock.as_ref()) + 2_000);
        fixture.wait_ms = 600_000;
    }
    fixture.sandbox.edit(reviewer(Some(Reviewer::RejectsAll(vec![18602])))).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    fixture.sandbox.edit(reviewer(None)).expect("an edit");
    fixture
}

#[tokio::test]
async fn a_rejected_customer_whose_row_is_unchanged_stays_rejected_without_another_change() {
    for bundle in FLOW.bundles_of(&customer(1)) {
        let fixture = rejected(bundle).await;
        let (calls, world) = (fixture.changing_calls(), fixture.world());
        for _ in 0..2 {
            assert_eq!(fixture.outcome().await, Outcome::Rejected);
            assert_eq!((fixture.changing_calls(), fixture.world()), (calls, world.clone()));
        }
    }
}

#[tokio::test]
async fn a_rejected_customer_whose_row_was_corrected_is_submitted_again_in_place_once() {
    for (bundle, row) in [(&PROFILE, corrected_name()), (&VOICE_INTEGRITY, other_use_case())] {
        let expected = world_of(&row).await;
        let mut fixture = rejected(bundle).await;
        fixture.customers = vec![row];
        let calls = fixture.changing_calls();
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{bundle:?}");
        fixture.is_as(&expected, "corrected after a rejection");
        let path = |kind| fixture.made().into_iter().find(|it| it.kind == kind).expect("a bundle").sid;
        let kind = match bundle.name {
            "customer_profile" => Kind::CustomerProfile,
            _ => Kind::TrustProduct,
        };
        let path = format!("{}/{}", path_of(bundle), path(kind));
        let requests = fixture.sandbox.requests().latest;
        let changing = requests.iter().filter(|it| it.method != trusthub_onboard::sandbox::Method::Get);
        let submissions = changing.skip(calls).filter(|it| it.path == path).count();
        assert_eq!(submissions, 1, "{bundle:?}");
    }
}

#[tokio::test]
async fn a_resubmission_that_is_refused_is_tried_again_by_the_next_run() {
    use trusthub_onboard::sandbox::{Among, Fault, Faults, Method, Rule, When};
    let expected = world_of(&corrected_name()).await;
    let mut fixture = rejected(&PROFILE).await;
    fixture.customers = vec![corrected_name()];
    let sid = fixture.facts().sid(step_named("customer_profile")).expect("a profile").to_string();
    let among = Among::Matching(Method::Post, format!("/v1/CustomerProfiles/{sid}"));
    // Whatever is sent to the bundle itself, but not to what is below it.
    let rule = Rule { fault: Fault::FailBefore(400), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    assert_eq!(fixture.outcome().await, Outcome::Refused);
    fixture.sandbox.misbehave(Faults::default());
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "submitted again");
}
